# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.first_contact."""

from __future__ import annotations

from ..doc_fragments.fact_name import FACT_NAME_SPEC
from ..doc_fragments.waiting import POLL_SPEC
from ..modules.first_contact import ARGUMENT_SPEC
from ..plugin_utils.action import Action
from ..plugin_utils.device.meeting import first_contact
from ..plugin_utils.device.side import DEVICE_SIDE, prepare_workers

prepare_workers(first_contact.observations())


class ActionModule(Action):
    sides = (DEVICE_SIDE,)
    spec = {**FACT_NAME_SPEC, **POLL_SPEC, **ARGUMENT_SPEC}
    work = staticmethod(first_contact.meet)
