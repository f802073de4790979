# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration service providers that packages call. A handler raises CspError for a failing node."""

from __future__ import annotations

import datetime
import re
import uuid

from .. import security_key
from ..accounts import Account, Caller
from ..certificates import Certificate
from ..errors import E_NOT_SUPPORTED
from . import aadj
from .package import CspError

WLAN_PROFILES = r"C:\ProgramData\Microsoft\Wlansvc\Profiles\Interfaces"


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
    value = values.get(security_key.SETTING)
    if value is not None:
        security_key.by_package(device, value)


def _computer_name(device, pattern: str) -> str:
    """%SERIAL% and %RAND:n% replaced; at most 15 characters."""
    digits = str(uuid.UUID(device.new_id(f"rand/{pattern}")).int)
    name = pattern.replace("%SERIAL%", device.hardware.serial)
    return re.sub(r"%RAND:(\d{1,2})%", lambda match: digits[-int(match.group(1)) :], name)[:15]


async def apply_wifi(device, caller: Caller, values: dict[str, str]) -> None:
    """WiFi: a profile is a file of the service."""
    for path, value in values.items():
        steps = path.split("/")
        if steps[1:2] == ["Profile"] and steps[-1] == "WlanXml":
            device.files.make_directory(WLAN_PROFILES)
            device.files.write(_wlan_file(device, steps[2]), value.encode("utf-8"))


async def apply_certificates(device, caller: Caller, values: dict[str, str]) -> None:
    """RootCATrustedCertificates: a certificate of a store of the machine."""
    for path in values:
        _area, store, name, *_rest = path.split("/")
        if not any(one.store == store and one.subject == f"CN={name}" for one in device.certificates):
            start = device.utc().replace(microsecond=0)
            end = start + datetime.timedelta(days=3650)
            device.certificates.append(Certificate(f"CN={name}", f"CN={name}", start, end, False, store))


def revert(device, values: dict[str, str]) -> None:
    """What the removal of a package takes back of one of its files: of a few CSPs only."""
    for path in values:
        steps = path.split("/")
        if steps[0] == "PassportForWork":
            device.registry.delete(security_key.CSP)
        elif steps[0] == "WiFi":
            device.files.remove(_wlan_file(device, steps[2]))
        elif steps[0] == "RootCATrustedCertificates":
            device.certificates = [
                c for c in device.certificates if (c.store, c.subject) != (steps[1], f"CN={steps[2]}")
            ]


def _wlan_file(device, name: str) -> str:
    return rf"{WLAN_PROFILES}\{{{device.new_id(f'wlan/{name}').upper()}}}.xml"


HANDLERS = {
    "AADJ": aadj.apply,
    "Accounts": apply_accounts,
    "DevDetail": apply_dev_detail,
    "PassportForWork": apply_hello,
    "RootCATrustedCertificates": apply_certificates,
    "WiFi": apply_wifi,
}
