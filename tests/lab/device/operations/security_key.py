# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fido_logon_policy."""

from __future__ import annotations

from .. import security_key
from ..accounts import Caller
from .dispatch import operation, require_elevated


@operation("fido_logon_policy")
def fido_logon_policy(device, caller: Caller, enabled: bool) -> dict:
    found = device.registry.get(security_key.POLICY, security_key.POLICY_VALUE)
    if found == 1 if enabled else found is None:
        return {"changed": False}
    require_elevated(caller)
    if enabled:
        device.registry.set(security_key.POLICY, {security_key.POLICY_VALUE: 1})
    else:
        device.registry.delete_value(security_key.POLICY, security_key.POLICY_VALUE)
    security_key.refresh(device)
    return {"changed": True}
