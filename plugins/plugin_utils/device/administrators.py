# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can still administer a device once it has left its tenant.

After a leave no Entra account can sign in any more; Microsoft tells to have an enabled local administrator first (Entra
devices FAQ, "How can I disconnect a Microsoft Entra joined device"). An account counts here only where everything that
must be known about it is known.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from . import operations as op
from .answers import Answer
from .reading import known
from .requirements import JoinRefusal

# Windows LAPS reads its policy from the first of these that has a setting (Microsoft, "Configure policy settings for
# Windows LAPS"). BackupDirectory 1 keeps the password on the Entra device object, and without a name LAPS manages
# RID 500.
LAPS_POLICIES = {
    "laps_mdm": r"SOFTWARE\Microsoft\Policies\LAPS",
    "laps_policy": r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\LAPS",
}
LAPS_IN_ENTRA = 1
OBSERVATIONS = {"administrators": op.local_administrators()} | {
    name: op.registry_read(path) for name, path in LAPS_POLICIES.items()
}

ADMINISTRATOR_KINDS = {
    "entra": "an Entra account: it cannot sign in once the device has left",
    "domain": "a domain account: it is not a local one",
}
UNRESOLVED = "a SID that Windows cannot resolve to a local account"
LAPS_ONLY = "LAPS keeps its password on the Entra device object only, which may be deleted with the leave"

LAPS_UNKNOWN = "whether LAPS keeps its password on the Entra device object cannot be known: its policies cannot be read"


def facts(answer: Answer, caller: dict) -> list[dict]:
    """Every member of the local group Administrators, in the order of Windows.

    ``{sid, name, kind, enabled, locked, password_expired, laps, counts, why_not}``; ``counts`` says that it can sign in
    after the leave, else ``why_not`` says why; ``laps`` is null where the policies of LAPS could not be read.
    ``caller`` are the facts of the connecting account. Empty where the group could not be read.
    """
    is_managed = known(lambda: _managed_by_laps(answer))
    found = []
    for member in answer["administrators"].get("members", []):
        laps = member["kind"] == "local" and (is_managed(member) if is_managed else None)
        why_not = _why_not(member, False if member["sid"] == caller["sid"] else laps)
        found.append({**member, "laps": laps, "counts": why_not is None, "why_not": why_not})
    return found


def laps_account(answer: Answer) -> str | None:
    """The account whose password LAPS keeps in Entra: its name, ``""`` for the built-in one, None without LAPS.

    Raises Unreadable.
    """
    for name in LAPS_POLICIES:
        policy = answer[name].key()
        if policy.values:
            in_entra = policy.number("BackupDirectory") == LAPS_IN_ENTRA
            return (policy.text("AdministratorAccountName") or "") if in_entra else None
    return None


def _managed_by_laps(answer: Answer) -> t.Callable[[dict], bool]:
    account = laps_account(answer)
    return lambda member: account is not None and _is_account(member, account)


def lockout_refusal(answer: Answer, caller: dict) -> JoinRefusal | None:
    """Whether nobody could administer the device after a leave: says which accounts there are and why none counts."""
    error = answer["administrators"].error
    if error:
        return JoinRefusal(
            "administrators_unreadable",
            f"the members of the group Administrators cannot be read: {error['message']}",
            "connect with a local administrator that has its full token, and look at the group on the device",
        )
    members = facts(answer, caller)
    if any(member["counts"] for member in members):
        return None
    found = "; ".join(f"{shown(member)}: {member['why_not']}" for member in members)
    found = found or "the group Administrators is empty"
    return JoinRefusal(
        "no_local_administrator",
        f"no local administrator could sign in after the leave ({found})",
        "enable a local administrator, or create one (ansible.windows.win_user), with a password you know, that is "
        "neither locked nor expired; then run the task again",
    )


def caller_refusal(answer: Answer, caller: dict) -> JoinRefusal | None:
    """Whether the connecting account is not a local one, so that it may stop working with the leave."""
    machine = answer["administrators"].get("machine_sid", None)
    if caller["system"] or (machine and caller["sid"].lower().startswith(f"{machine.lower()}-")):
        return None
    return JoinRefusal(
        "account_not_local",
        f"the connecting account {caller['account']} is not a local account of the device, and "
        "may stop working once the device has left",
        "connect with a local administrator, or set allow_account_loss=true where you know another way in",
    )


def shown(member: dict) -> str:
    """How a message names a member: its name, or its SID where nobody can resolve it."""
    return member["name"] or member["sid"]


def _why_not(member: dict, only_laps_knows: bool | None) -> str | None:
    if member["kind"] != "local":
        return ADMINISTRATOR_KINDS.get(member["kind"], UNRESOLVED)
    if member["enabled"] is not True:
        return "it is disabled" if member["enabled"] is False else "whether it is enabled cannot be known"
    for field, bad in (("locked", "it is locked out"), ("password_expired", "its password has expired")):
        if member[field] is not False:
            return bad if member[field] else f"whether {bad} cannot be known"
    return LAPS_UNKNOWN if only_laps_knows is None else LAPS_ONLY if only_laps_knows else None


def _is_account(member: dict, name: str) -> bool:
    """Whether a member is the account that LAPS names; names may carry the computer's before a backslash."""
    if not name:
        return member["sid"].endswith("-500")
    return (member["name"] or "").rsplit("\\", 1)[-1].lower() == name.lower()
