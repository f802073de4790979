# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.security_key_sign_in."""

from __future__ import annotations

from ..doc_fragments.findings import FINDINGS_SPEC
from ..modules.security_key_sign_in import ARGUMENT_SPEC
from ..plugin_utils.action import Action
from ..plugin_utils.device.side import DEVICE_SIDE, prepare_workers
from ..plugin_utils.device.sign_in.sign_in import observations, sign_in

prepare_workers(observations())


class ActionModule(Action):
    sides = (DEVICE_SIDE,)
    spec = {**FINDINGS_SPEC, **ARGUMENT_SPEC}
    work = staticmethod(sign_in)
