# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.wait_for_management."""

from __future__ import annotations

from ..doc_fragments.findings import FINDINGS_SPEC
from ..modules.wait_for_management import ARGUMENT_SPEC
from ..plugin_utils.action import Action
from ..plugin_utils.tenant.arrival import wait
from ..plugin_utils.tenant.side import TENANT_SIDE


class ActionModule(Action):
    _requires_connection = False
    sides = (TENANT_SIDE,)
    spec = {**FINDINGS_SPEC, **ARGUMENT_SPEC}
    work = staticmethod(wait.wait)
