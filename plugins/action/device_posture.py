# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.device_posture."""

from __future__ import annotations

from ..doc_fragments.findings import FINDINGS_SPEC
from ..doc_fragments.recorded import RECORDED_SPEC
from ..modules.device_posture import ARGUMENT_SPEC
from ..plugin_utils.action import Action
from ..plugin_utils.device.posture import posture
from ..plugin_utils.device.side import DEVICE_SIDE, prepare_workers
from ..plugin_utils.report.recorded import Recorder

prepare_workers(posture.OBSERVATIONS)


class ActionModule(Action):
    sides = (DEVICE_SIDE,)
    spec = {**RECORDED_SPEC, **FINDINGS_SPEC, **ARGUMENT_SPEC}
    work = staticmethod(posture.look)
    around = Recorder("verify")
