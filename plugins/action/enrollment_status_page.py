# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.enrollment_status_page."""

from __future__ import annotations

from ..doc_fragments.approval import APPROVAL_SPEC
from ..modules.enrollment_status_page import ARGUMENT_SPEC, CONSTRAINTS
from ..plugin_utils.action import Action
from ..plugin_utils.tenant.resources import enrollment_status_page
from ..plugin_utils.tenant.side import TENANT_SIDE


class ActionModule(Action):
    _requires_connection = False
    sides = (TENANT_SIDE,)
    spec = {**APPROVAL_SPEC, **ARGUMENT_SPEC}
    constraints = CONSTRAINTS
    work = staticmethod(enrollment_status_page.ensure)
