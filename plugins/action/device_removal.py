# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.device_removal."""

from __future__ import annotations

from ..doc_fragments.approval import APPROVAL_SPEC
from ..modules.device_removal import ARGUMENT_SPEC
from ..plugin_utils.action import Action
from ..plugin_utils.tenant.devices import removal
from ..plugin_utils.tenant.side import TENANT_SIDE


class ActionModule(Action):
    _requires_connection = False
    sides = (TENANT_SIDE,)
    spec = {**APPROVAL_SPEC, **ARGUMENT_SPEC}
    work = staticmethod(removal.remove)
