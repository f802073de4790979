# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of a device, the members of its Administrators group, and the tokens they get."""

from __future__ import annotations

import dataclasses
import struct
import uuid

SYSTEM_SID = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"
POLICIES = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
#: Roles whose members administer every joined device: a join puts their SIDs into Administrators (Microsoft Entra,
#: "How to manage the local administrators group on Microsoft Entra joined devices"); a leave does not take them out.
ROLES = ("role/Global Administrator", "role/Microsoft Entra Joined Device Local Administrator")
#: The rules for passwords of a Windows that nobody has changed; ages and times in seconds, -1 never.
DEFAULT_RULES = {"min_length": 0, "max_age": 42 * 86400, "history": 0, "lockout_threshold": 10, "lockout": 600}


@dataclasses.dataclass
class Account:
    """One account that may sign in. ``kind`` is local, domain or entra.

    ``rid`` is the last number of a local account's SID (500: the built-in Administrator); the others have ``foreign``,
    a SID of their own. ``expired``: past its expiry date; None where that date cannot be read.
    """

    name: str
    rid: int
    password: str
    administrator: bool = True
    enabled: bool = True
    locked: bool = False
    password_expired: bool = False
    expired: bool | None = False
    kind: str = "local"
    foreign: str = ""

    @property
    def usable_at_all(self) -> bool:
        """It is enabled, and not past its end."""
        return self.enabled and not self.expired

    @property
    def usable(self) -> bool:
        """It can sign in with its password."""
        return self.usable_at_all and not self.locked and not self.password_expired

    def sid(self, machine_sid: str) -> str:
        return self.foreign or f"{machine_sid}-{self.rid}"


@dataclasses.dataclass(frozen=True)
class Member:
    """A member of Administrators that is no account of this device; ``name`` is None where nobody can resolve it."""

    sid: str
    name: str | None = None


@dataclasses.dataclass(frozen=True)
class Caller:
    """Who runs an operation. ``network_logon``: over WinRM, not at the console and not as a task; ``wow64``: from a
    32-bit process."""

    account: str
    sid: str
    system: bool = False
    elevated: bool = False
    network_logon: bool = True
    wow64: bool = False


SYSTEM = Caller(r"NT AUTHORITY\SYSTEM", SYSTEM_SID, system=True, elevated=True, network_logon=False)


def caller(device, account: str) -> Caller:
    """The token of an account over the network.

    A local administrator other than RID 500 gets a filtered token unless LocalAccountTokenFilterPolicy is 1 (documented
    by Microsoft as "UAC remote restrictions", which spare domain accounts).
    """
    name = account.rsplit("\\", 1)[-1]
    if name.lower() in ("system", "nt authority\\system"):
        return SYSTEM
    found = device.account(name)
    if found is None:
        return Caller(account, "S-1-5-7", elevated=False)
    unfiltered = device.registry.get(POLICIES, "LocalAccountTokenFilterPolicy", 0) == 1
    full = unfiltered or found.rid == 500 or found.kind != "local"
    return Caller(
        full_name(device, found),
        found.sid(device.machine_sid),
        elevated=found.administrator and full,
        wow64=device.wow64_shell,
    )


def full_name(device, account: Account) -> str:
    """DOMAIN\\name, as Windows prints it."""
    domain = {"local": device.hostname, "entra": "AzureAD"}.get(account.kind)
    return f"{domain or (device.domain or '').split('.')[0].upper()}\\{account.name}"


def can_sign_in(device, account: Account) -> bool:
    """Whether the device takes the account's password now.

    Entra accounts are gone once the device has left and was started again; domain accounts need the domain.
    """
    if not account.usable or (account.kind == "domain" and device.domain is None):
        return False
    from . import joinstate

    return account.kind != "entra" or joinstate.read(device) is not None or device.leave.unfinished


def kind_of(device, sid: str) -> str:
    """local, entra, domain or unknown, by the SID alone."""
    if sid.startswith(device.machine_sid + "-"):
        return "local"
    if sid.startswith("S-1-12-1-"):
        return "entra"
    return "domain" if sid.startswith("S-1-5-21-") else "unknown"


def administrators(device) -> list[dict]:
    """Every member of Administrators in the vocabulary's shape: accounts first, then what else is in the group."""
    members = [
        {
            "sid": account.sid(device.machine_sid),
            "name": full_name(device, account),
            "kind": account.kind,
            **(
                dict.fromkeys(("enabled", "locked", "password_expired"))
                if account.kind != "local"
                else {
                    "enabled": None if account.enabled and account.expired is None else account.usable_at_all,
                    "locked": account.locked,
                    "password_expired": account.password_expired,
                }
            ),
        }
        for account in device.local_accounts
        if account.administrator
    ]
    return members + [
        {
            "sid": member.sid,
            "name": member.name,
            "kind": kind_of(device, member.sid),
            "enabled": None,
            "locked": None,
            "password_expired": None,
        }
        for member in device.members
    ]


def has_local_administrator(device) -> bool:
    """Somebody can still get in: an enabled local administrator that can sign in."""
    return any(
        account.kind == "local" and account.administrator and account.usable for account in device.local_accounts
    )


def add_role_members(device, tenant) -> None:
    """What a join does to Administrators."""
    for role in ROLES:
        member = Member(entra_sid(tenant.object_id(role)))
        if member not in device.members:
            device.members.append(member)


def entra_sid(object_id: str) -> str:
    """The SID of an Entra object: its id as four 32-bit numbers (AADInternals)."""
    return "S-1-12-1-" + "-".join(str(part) for part in struct.unpack("<4I", uuid.UUID(object_id).bytes_le))
