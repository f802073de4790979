# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module user_method_info: who has a security key that the tenant takes.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t
from collections.abc import Mapping

from ...task import Task
from ..devices.unread import of_all, sentence
from ..graph.errors import GraphFailure
from ..graph.failures import RequestFailure
from ..resources.passkey_policy import PASSKEYS, rules_for
from ..resources.passkey_rules import Rules
from . import passkeys, people, registration_details
from .registration_details import Details

_NOT_REPORTED = "the report of registered methods does not have the user"


@dataclasses.dataclass
class _Read:
    """Everything that was read, by object id where it is about one user."""

    policy: Mapping[str, t.Any] | None
    passkeys: Mapping[str, list[dict[str, t.Any]] | RequestFailure]
    groups: Mapping[str, people.Groups | RequestFailure]
    details: Mapping[str, Details | None | RequestFailure]


def show(task: Task) -> dict[str, t.Any]:
    """The work of the module: ``{"users": [...], "totals": {...}, "policy_unread": text or None}``, and warnings."""
    client, args = task.client, task.args
    persons = people.look_up(client, args["users"])
    names = {person.id: person.name for person in persons if person.id is not None}
    registered = passkeys.of_users(client, names)
    general = of_all([one for one in registered.values() if isinstance(one, RequestFailure)], len(names))
    if general is not None:
        raise general
    policy, why = None, None
    try:
        policy = PASSKEYS.read(client)
    except GraphFailure as failed:
        why = sentence("the passkey method policy", failed)
    read = _Read(
        policy,
        registered,
        people.groups_of(client, names, policy) if policy is not None else {},
        registration_details.of_users(client, names) if args["registration_details"] else {},
    )
    rows = [_shown(person, read) for person in persons]
    ready = collections.Counter(row["security_key_ready"] for row in rows)
    result: dict[str, t.Any] = {
        "users": rows,
        "totals": {"ready": ready[True], "not_ready": ready[False], "unknown": ready[None]},
        "policy_unread": why,
    }
    warnings = _warnings(why, read)
    return result | ({"warnings": warnings} if warnings else {})


def _warnings(why: str | None, read: _Read) -> list[str]:
    told = [] if why is None else [f"{why}; whether keys are accepted is not known"]
    failed = [one for one in read.details.values() if isinstance(one, RequestFailure)]
    general = of_all(failed, len(read.details))
    return told + ([] if general is None else [sentence("the report of registered methods", general)])


def _shown(person: people.Person, read: _Read) -> dict[str, t.Any]:
    identity = person.id or ""
    keys, groups, details = read.passkeys.get(identity), read.groups.get(identity), read.details.get(identity)
    unread = [
        sentence(what, failed)
        for what, failed in (
            ("the user", person.failure),
            ("the passkeys", keys),
            ("the groups of the user", groups),
            ("the report of registered methods", details),
        )
        if isinstance(failed, RequestFailure)
    ]
    if identity in read.details and details is None:
        unread.append(_NOT_REPORTED)
    rows = keys if isinstance(keys, list) else None
    known = details if isinstance(details, Details) else Details("")
    in_scope, rules = _scope(read.policy, None if isinstance(groups, RequestFailure) else groups)
    listed = None if rows is None else [passkeys.shown(row, _accepted(row, rules)) for row in rows]
    return {
        "user": person.name,
        "object_id": person.id,
        "user_principal_name": person.row.get("userPrincipalName"),
        "display_name": person.row.get("displayName"),
        "found": person.found,
        "enabled": person.enabled,
        "passkeys": listed,
        "in_scope": in_scope,
        "security_key_ready": False if person.found is False else _ready(person.enabled, in_scope, listed),
        "passkey_limit_reached": None if listed is None else len(listed) >= passkeys.MOST_PASSKEYS,
        "mfa_capable": known.mfa_capable,
        "sspr_capable": known.sspr_capable,
        "passwordless_capable": known.passwordless_capable,
        "methods_registered": None if known.methods is None else list(known.methods),
        "reported": known.date,
        "unread": unread,
    }


def _scope(policy: Mapping[str, t.Any] | None, groups: people.Groups | None) -> tuple[bool | None, list[Rules] | None]:
    """Whether the policy is on and includes a user of these groups, and by which rules keys are taken; None where that
    is not known."""
    if policy is None:
        return None, None
    off = policy["state"] != "enabled"
    if groups is None:
        return (False if off else None), None
    targets = people.targets_for(policy, groups)
    return bool(targets) and not off, rules_for(policy, targets)


def _accepted(row: Mapping[str, t.Any], rules: list[Rules] | None) -> bool | None:
    """Whether one of the rules takes the key."""
    if rules is None:
        return None
    said = {one.takes(passkeys.aaguid_of(row), row.get("passkeyType")) for one in rules}
    return True if True in said else None if None in said else False


def _ready(enabled: bool | None, in_scope: bool | None, listed: list[dict[str, t.Any]] | None) -> bool | None:
    """Whether there is a security key for the lock screen; None where what was read does not decide it."""
    if enabled is False or in_scope is False:
        return False
    if listed is None:
        return None
    good = {key["accepted"] for key in listed if key["kind"] == passkeys.SECURITY_KEY}
    maybe = any(key["kind"] == passkeys.UNKNOWN and key["accepted"] is not False for key in listed)
    if True in good:
        return None if enabled is None or in_scope is None else True
    return None if None in good or maybe else False
