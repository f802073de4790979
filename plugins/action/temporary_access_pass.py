# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.temporary_access_pass."""

from __future__ import annotations

from ..modules.temporary_access_pass import ARGUMENT_SPEC
from ..plugin_utils.action import Action
from ..plugin_utils.tenant.side import TENANT_SIDE
from ..plugin_utils.tenant.users import temporary_access_pass


class ActionModule(Action):
    _requires_connection = False
    sides = (TENANT_SIDE,)
    spec = ARGUMENT_SPEC
    work = staticmethod(temporary_access_pass.ensure)
