# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.rollout_report."""

from __future__ import annotations

from ..modules.rollout_report import ARGUMENT_SPEC
from ..plugin_utils.action import Action
from ..plugin_utils.report.rollout import write_and_show


class ActionModule(Action):
    _requires_connection = False
    spec = ARGUMENT_SPEC
    work = staticmethod(write_and_show)
