# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration service providers that packages call. A handler raises CspError for a failing node."""

from __future__ import annotations

import re
import uuid

from ..accounts import Account, Caller
from ..errors import E_NOT_SUPPORTED
from . import aadj
from .package import CspError


async def apply_unknown(device, caller: Caller, values: dict[str, str]) -> None:
    """Settings that leave no trace in this model: they succeed."""


async def apply_dev_detail(device, caller: Caller, values: dict[str, str]) -> None:
    """DevDetail/Ext/Microsoft/DNSComputerName: the name that the next boot brings (Windows 10 2004 and later)."""
    pattern = values.get("DevDetail/Ext/Microsoft/DNSComputerName")
    if pattern is None:
        return
    if device.image.build < 19041:
        raise CspError(E_NOT_SUPPORTED, "DevDetail/Ext/Microsoft/DNSComputerName")
    device.set_name(_computer_name(device, pattern), active=False)


async def apply_accounts(device, caller: Caller, values: dict[str, str]) -> None:
    """Accounts: a computer name of the older kind, and local accounts."""
    for path, value in values.items():
        steps = path.split("/")
        if steps[1:3] == ["Domain", "ComputerName"]:
            device.set_name(_computer_name(device, value), active=False)
        elif len(steps) == 4 and steps[1] == "Users" and steps[3] == "Password" and device.account(steps[2]) is None:
            group = values.get(f"Accounts/Users/{steps[2]}/LocalUserGroup")
            rid = 1001 + len(device.local_accounts)
            device.local_accounts.append(Account(steps[2], rid, value, administrator=group == "2"))


async def apply_hello(device, caller: Caller, values: dict[str, str]) -> None:
    """PassportForWork: the security key setting lands under Policies."""
    value = values.get("PassportForWork/SecurityKey/UseSecurityKeyForSignin")
    if value is not None:
        device.registry.set(
            r"SOFTWARE\Microsoft\Policies\PassportForWork\SecurityKey", {"UseSecurityKeyForSignin": int(value)}
        )


def _computer_name(device, pattern: str) -> str:
    """%SERIAL% and %RAND:n% replaced; at most 15 characters."""
    digits = str(uuid.UUID(device.new_id(f"rand/{pattern}")).int)
    name = pattern.replace("%SERIAL%", device.hardware.serial)
    return re.sub(r"%RAND:(\d{1,2})%", lambda match: digits[-int(match.group(1)) :], name)[:15]


HANDLERS = {
    "AADJ": aadj.apply,
    "Accounts": apply_accounts,
    "DevDetail": apply_dev_detail,
    "PassportForWork": apply_hello,
}
