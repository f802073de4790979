# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.join."""

from __future__ import annotations

from ..doc_fragments.fact_name import FACT_NAME_SPEC
from ..doc_fragments.package import PACKAGE_CONSTRAINTS, PACKAGE_SPEC
from ..doc_fragments.recorded import RECORDED_SPEC
from ..doc_fragments.waiting import POLL_SPEC, REBOOT_SPEC
from ..modules.join import ARGUMENT_SPEC, CONSTRAINTS
from ..plugin_utils.action import Action
from ..plugin_utils.device.side import DEVICE_SIDE
from ..plugin_utils.package_tasks.work import join
from ..plugin_utils.report.recorded import Recorder


class ActionModule(Action):
    sides = (DEVICE_SIDE,)
    spec = {**FACT_NAME_SPEC, **RECORDED_SPEC, **PACKAGE_SPEC, **POLL_SPEC, **REBOOT_SPEC, **ARGUMENT_SPEC}
    constraints = {**PACKAGE_CONSTRAINTS, **CONSTRAINTS}
    refused = {"outcome": "refused", "phases": [], "left_behind": []}
    work = staticmethod(join)
    around = Recorder("join")
