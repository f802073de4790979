# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules in force for passwords of local accounts, beside those that an MDM asks for.

Sources: the WinNT provider of ADSI (MinPasswordLength and its neighbours; ages in seconds), DeviceLock in the Policy
CSP. Passwords of Entra accounts follow the tenant's rules, and no device knows them. Complexity is not told by ADSI.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...findings import Finding
from .. import operations as op
from ..first_sync import Told
from .points import MDM, Section, Seen, passed, told_of, unknown, warned

OBSERVATIONS = {"password_rules": op.account_policy()}
_ASKED = {
    "min_length": "MinDevicePasswordLength",
    "max_age_days": "DevicePasswordExpiration",
    "history": "DevicePasswordHistory",
    "lockout_threshold": "MaxDevicePasswordFailedAttempts",
    "complex_characters": "MinDevicePasswordComplexCharacters",
}
#: 0 where a password is wanted at all.
_WANTED = "DevicePasswordEnabled"
ASKED_POLICIES = {"DeviceLock": (_WANTED, *_ASKED.values())}
_DAY, _MINUTE = 86400, 60
#: ADSI's word for never.
_NEVER = 0xFFFFFFFF
DOC = "https://learn.microsoft.com/windows/client-management/mdm/policy-csp-devicelock"


def password_rules(seen: Seen) -> Section:
    """``{min_length, max_age_days, history, lockout_threshold, lockout_minutes, policy, refused}``."""
    told = Told()
    rules = told.of(lambda: {name: seen.answer["password_rules"][name] for name in _FIELDS}) or {}
    return {
        "min_length": rules.get("min_length"),
        "max_age_days": _of(rules.get("max_age"), _DAY),
        "history": rules.get("history"),
        "lockout_threshold": rules.get("lockout_threshold"),
        "lockout_minutes": _of(rules.get("lockout"), _MINUTE),
        "policy": told.of(lambda: _policy(seen)),
        "refused": told_of(told),
    }


_FIELDS = ("min_length", "max_age", "history", "lockout_threshold", "lockout")


def _of(seconds: int | None, unit: int) -> int | None:
    return None if seconds is None else 0 if seconds < 0 or seconds >= _NEVER else seconds // unit


def _policy(seen: Seen) -> dict[str, int]:
    """What an MDM asks for, where it wants a password at all. Raises Unreadable."""
    key = seen.policy("DeviceLock")
    if key.number(_WANTED) not in (None, 0):
        return {}
    asked = {name: key.number(value) for name, value in _ASKED.items()}
    return {name: number for name, number in asked.items() if number}


def judge(section: Section, seen: Seen) -> Iterator[Finding]:
    wanted, length = (section["policy"] or {}).get("min_length"), section["min_length"]
    if section["policy"] is None or (wanted and length is None):
        yield unknown("password_rules", section)
    elif wanted and length < wanted:
        yield warned(
            "password_rules",
            f"{length} characters are enough, and {MDM} asks for {wanted}",
            f"the policy asks for passwords of {wanted} characters, and Windows takes those of {length}",
            "synchronize the device, and look which other policy sets the length",
            doc=DOC,
            evidence=[{"min_length": length, "policy": section["policy"]}],
        )
    elif length is None:
        said = None if section["refused"] else "Windows does not say how long a password must be"
        yield unknown("password_rules", section, said)
    else:
        yield passed("password_rules", f"at least {length} characters")
