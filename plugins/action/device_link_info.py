# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.device_link_info."""

from __future__ import annotations

from ..doc_fragments.findings import FINDINGS_SPEC
from ..doc_fragments.waiting import POLL_SPEC
from ..modules.device_link_info import ARGUMENT_SPEC
from ..plugin_utils.action import Action
from ..plugin_utils.device.autopilot import device_link
from ..plugin_utils.device.side import DEVICE_SIDE


class ActionModule(Action):
    sides = (DEVICE_SIDE,)
    spec = {**FINDINGS_SPEC, **POLL_SPEC, **ARGUMENT_SPEC}
    work = staticmethod(device_link.harvest)
