# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.device_reset."""

from __future__ import annotations

from ..doc_fragments.fact_name import FACT_NAME_SPEC
from ..doc_fragments.recorded import RECORDED_SPEC
from ..doc_fragments.waiting import POLL_SPEC
from ..modules.device_reset import ARGUMENT_SPEC, CONSTRAINTS
from ..plugin_utils.action import Action
from ..plugin_utils.device.reset.device_reset import reset
from ..plugin_utils.device.side import DEVICE_SIDE
from ..plugin_utils.report.recorded import Recorder


class ActionModule(Action):
    sides = (DEVICE_SIDE,)
    spec = {**FACT_NAME_SPEC, **RECORDED_SPEC, **POLL_SPEC, **ARGUMENT_SPEC}
    constraints = CONSTRAINTS
    refused = {"outcome": "refused", "proved": None, "phases": [], "left_behind": []}
    work = staticmethod(reset)
    around = Recorder("autopilot")
