# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.diagnose."""

from __future__ import annotations

from ..doc_fragments.findings import FINDINGS_SPEC
from ..doc_fragments.recorded import RECORDED_SPEC
from ..modules.diagnose import ARGUMENT_SPEC, CONSTRAINTS
from ..plugin_utils.action import Action
from ..plugin_utils.device.diagnosis import device_diagnosis
from ..plugin_utils.device.diagnosis.diagnose import diagnose
from ..plugin_utils.device.side import DEVICE_SIDE, prepare_workers
from ..plugin_utils.report.recorded import Recorder

prepare_workers(device_diagnosis.observations(device_diagnosis.DiagnosisScope()))


class ActionModule(Action):
    sides = (DEVICE_SIDE,)
    spec = {**RECORDED_SPEC, **FINDINGS_SPEC, **ARGUMENT_SPEC}
    constraints = CONSTRAINTS
    work = staticmethod(diagnose)
    around = Recorder("diagnose")
