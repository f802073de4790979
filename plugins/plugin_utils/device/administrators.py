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

from . import laps
from . import operations as op
from .answers import Answer
from .reading import Unreadable
from .requirements import JoinRefusal

OBSERVATIONS = {"administrators": op.local_administrators()} | laps.OBSERVATIONS

ADMINISTRATOR_KINDS = {
    "entra": "an Entra account: it cannot sign in after the device has left",
    "domain": "a domain account: it is not a local one",
}
UNRESOLVED = "a SID that Windows cannot resolve to a local account"
LAPS_ONLY = "LAPS keeps its password on the Entra device object only, which may be deleted after the leave"
LAPS_POSSIBLE = (
    "LAPS may keep its password on the Entra device object, according to its policy or its state on the device"
)
LAPS_UNKNOWN = (
    "it is not known whether LAPS keeps its password on the Entra device object: the LAPS policies cannot be read"
)


def facts(answer: Answer, caller: dict) -> list[dict]:
    """Every member of the local group Administrators, in the order of Windows.

    ``{sid, name, kind, enabled, locked, password_expired, laps, counts, why_not}``; ``counts`` says that it can sign in
    after the leave, else ``why_not`` says why; ``laps`` is null where LAPS may keep its password in Entra, or its
    policies could not be read. ``caller`` are the facts of the connecting account. Empty where the group could not be
    read.
    """
    found = []
    for member in answer["administrators"].get("members", []):
        kept, kept_why = _kept(answer, member) if member["kind"] == "local" else (False, None)
        # Who connects knows the account's password.
        why_not = _why_not(member) or (kept_why if member["sid"] != caller["sid"] else None)
        found.append({**member, "laps": kept, "counts": why_not is None, "why_not": why_not})
    return found


def _kept(answer: Answer, member: dict) -> tuple[bool | None, str | None]:
    """Whether LAPS keeps a local member's password in Entra, and why it does not count for that."""
    try:
        kept = laps.keeps(answer, member)
    except Unreadable:
        return None, LAPS_UNKNOWN
    return kept, {True: LAPS_ONLY, None: LAPS_POSSIBLE}.get(kept)


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
        "enable a local administrator, or create one (ansible.windows.win_user), that is not locked and has a "
        "password that you know and that has not expired; then run the task again",
    )


def caller_refusal(answer: Answer, caller: dict) -> JoinRefusal | None:
    """Whether the connecting account is not a local one, so that it may stop working with the leave."""
    machine = answer["administrators"].get("machine_sid", None)
    if caller["system"] or (machine and caller["sid"].lower().startswith(f"{machine.lower()}-")):
        return None
    return JoinRefusal(
        "account_not_local",
        f"the connecting account {caller['account']} is not a local account of the device, and may stop working "
        "after the device has left",
        "connect with a local administrator, or set allow_account_loss=true if you have another way in",
    )


def shown(member: dict) -> str:
    """How a message names a member: its name, or its SID where nobody can resolve it."""
    return member["name"] or member["sid"]


def _why_not(member: dict) -> str | None:
    if member["kind"] != "local":
        return ADMINISTRATOR_KINDS.get(member["kind"], UNRESOLVED)
    if member["enabled"] is not True:
        return "it is disabled" if member["enabled"] is False else "it is not known whether it is enabled"
    for field, bad in (("locked", "it is locked out"), ("password_expired", "its password has expired")):
        if member[field] is not False:
            return bad if member[field] else f"it is not known whether {bad}"
    return None
