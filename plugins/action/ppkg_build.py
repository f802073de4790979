# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.ppkg_build."""

from __future__ import annotations

from ..modules.ppkg_build import ARGUMENT_SPEC, CONSTRAINTS
from ..plugin_utils.action import Action
from ..plugin_utils.device.side import DEVICE_SIDE
from ..plugin_utils.package_tasks.build import build


class ActionModule(Action):
    sides = (DEVICE_SIDE,)
    spec = ARGUMENT_SPEC
    constraints = CONSTRAINTS
    refused = {"phases": [], "left_behind": []}
    work = staticmethod(build)
