# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Administrators and disks: what a device must not lose when it leaves."""

from __future__ import annotations

from .. import accounts, bitlocker
from ..accounts import Caller
from ..errors import WBEM_E_ACCESS_DENIED, cim_error
from .dispatch import operation


@operation("local_administrators")
def local_administrators(device, caller: Caller) -> dict:
    return {"machine_sid": device.machine_sid, "members": accounts.administrators(device)}


@operation("bitlocker")
def volumes(device, caller: Caller) -> dict:
    if not bitlocker.available(device):
        return {"available": False, "volumes": []}
    if not caller.elevated:
        raise cim_error("Access denied ", WBEM_E_ACCESS_DENIED)
    return {"available": True, "volumes": bitlocker.volumes(device)}


@operation("volume_encryption")
def volume_encryption(device, caller: Caller) -> dict:
    if not bitlocker.available(device):
        return {"available": False, "volumes": []}
    if not caller.elevated:
        raise cim_error("Access denied ", WBEM_E_ACCESS_DENIED)
    return {"available": True, "volumes": bitlocker.encryption(device)}


@operation("account_policy")
def account_policy(device, caller: Caller) -> dict:
    return dict(device.password_rules)
