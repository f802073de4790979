# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.ppkg_media."""

from __future__ import annotations

from ..modules.ppkg_media import ARGUMENT_SPEC, CONSTRAINTS
from ..plugin_utils.action import Action
from ..plugin_utils.media.work import lay_out


class ActionModule(Action):
    _requires_connection = False
    spec = ARGUMENT_SPEC
    constraints = CONSTRAINTS
    work = staticmethod(lay_out)
