# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which local accounts have a password that Windows LAPS keeps on the Entra device object, and nobody else knows.

Microsoft, "Configure policy settings for Windows LAPS" (roots and their order), "Windows LAPS account management modes"
(manual and automatic), LAPS CSP (values and defaults). An account is surely not LAPS's only where everything that could
make it LAPS's is known: a policy that changed leaves the last password of the account before it in Entra.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from . import operations as op
from .answers import Answer
from .reading import Key, fold

# Windows takes the first of these that has any value, and that one as a whole.
POLICIES = {
    "laps_mdm": r"SOFTWARE\Microsoft\Policies\LAPS",
    "laps_policy": r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\LAPS",
    "laps_config": r"SOFTWARE\Microsoft\Windows\CurrentVersion\LAPS\Config",
    # Microsoft LAPS of before 2023, which keeps passwords in Active Directory only.
    "laps_legacy": r"SOFTWARE\Policies\Microsoft Services\AdmPwd",
}
STATE = {"laps_state": r"SOFTWARE\Microsoft\Windows\CurrentVersion\LAPS\State"}
OBSERVATIONS = {name: op.registry_read(path) for name, path in (POLICIES | STATE).items()}

IN_ENTRA = 1
BUILT_IN = "-500"
AUTOMATIC = "AutomaticAccountManagement"
TARGET_BUILT_IN = 0
DEFAULT_PREFIX = "WLapsAdmin"
# A random name has this much of the prefix, and then digits.
PREFIX_LENGTH = 12
# The state has it where the last password went to Entra.
ENTRA_EXPIRY = "AzurePasswordExpiryTime"


def keeps(answer: Answer, member: dict) -> bool | None:
    """Whether LAPS keeps the password of this local member of Administrators in Entra; None where it may.

    ``member`` has ``sid`` and ``name``. Raises Unreadable where what decides cannot be read.
    """
    policy, state = _policy_into_entra(answer), answer["laps_state"].key()
    if _names_it(state, member) and (policy or ENTRA_EXPIRY in state.values):
        return True
    if policy:
        return _managed(policy, member)
    # The policy is gone, or says otherwise by now; the password that LAPS has set last is where it was.
    return None if ENTRA_EXPIRY in state.values and not _names_somebody(state) else False


def _policy_into_entra(answer: Answer) -> Key | None:
    """The root that rules, where it keeps passwords in Entra."""
    for name in POLICIES:
        policy = answer[name].key()
        if policy.values:
            return policy if name != "laps_legacy" and policy.number("BackupDirectory") == IN_ENTRA else None
    return None


def _managed(policy: Key, member: dict) -> bool | None:
    """By a policy that keeps passwords in Entra."""
    named, built_in = policy.text("AdministratorAccountName") or "", member["sid"].endswith(BUILT_IN)
    manual = _is(member, named) if named else built_in
    if not policy.number(f"{AUTOMATIC}Enabled"):
        return manual
    if policy.number(f"{AUTOMATIC}Target") == TARGET_BUILT_IN:
        return built_in or (None if manual else False)
    if _is_automatic(policy, member):
        return True
    # Before Windows 11 24H2 there is no automatic management: there the account is the manual one.
    return None if manual else False


def _is_automatic(policy: Key, member: dict) -> bool:
    """Whether it is the account that automatic management has made: by its name, or by the prefix of a random one."""
    name = policy.text(f"{AUTOMATIC}NameOrPrefix") or DEFAULT_PREFIX
    if _is(member, name):
        return True
    random = re.escape(fold(name[:PREFIX_LENGTH])) + "[0-9]+"
    return bool(re.fullmatch(random, fold(_plain(member["name"] or ""))))


def _names_it(state: Key, member: dict) -> bool:
    """Whether the state of LAPS has this account in one of its texts: its name, or its SID."""
    texts = [value for value in state.values.values() if isinstance(value, str) and value]
    return any(_is(member, text) or fold(text) == fold(member["sid"]) for text in texts)


def _names_somebody(state: Key) -> bool:
    return any("account" in name.lower() and value for name, value in state.values.items())


def _is(member: dict, name: str) -> bool:
    """Whether a member has this name; the names of members carry the computer's before a backslash."""
    return bool(member["name"]) and fold(_plain(member["name"])) == fold(_plain(name))


def _plain(name: str) -> str:
    return name.rsplit("\\", 1)[-1]
