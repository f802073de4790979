# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users as a task names them: who is there, who may sign in, and in which groups of a policy they are.

Sources: Microsoft Graph, "Get user", "directoryObject: checkMemberGroups" (20 groups in one).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from ...result import Failure
from ..devices.unread import of_all
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import FLAG, IDENTITY, LINE, TEXT, needed, object_of
from ..resources.method_policy import ALL_USERS

MOST_GROUPS = 20
_READ = Permissions.same("User.Read.All")
_MEMBERSHIP = Permissions.same("GroupMember.Read.All")
_SELECT = "id,userPrincipalName,displayName,accountEnabled"
_KIND = object_of(
    {"id": needed(IDENTITY), "userPrincipalName": needed(LINE), "displayName": LINE, "accountEnabled": FLAG}
)


@dataclasses.dataclass
class Person:
    """A user as given, and what the tenant says: ``found`` is None, with the ``failure``, where it could not be
    read."""

    name: str
    row: Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    found: bool | None = None
    failure: Failure | None = None

    @property
    def id(self) -> str | None:
        return self.row["id"].lower() if self.row else None

    @property
    def enabled(self) -> bool | None:
        return self.row.get("accountEnabled")


def look_up(client: GraphClient, names: Sequence[str]) -> list[Person]:
    """The users, in the order of the names. RequestFailure where the caller may not read users at all."""
    items = [
        Item(
            "GET", odata.path("users", name), Purpose(f"read the user {name}", _READ), {"$select": _SELECT}, kind=_KIND
        )
        for name in names
    ]
    answers = client.batch(items) if items else []
    refused = [answer.failure for answer in answers if answer.failure is not None and not answer.says_absent]
    general = of_all(refused, len(names))
    if general is not None:
        raise general
    people = []
    for name, answer in zip(names, answers):
        if answer.failure is None:
            people.append(Person(name, answer.require(), True))
        elif answer.says_absent:
            people.append(Person(name, found=False))
        else:
            people.append(Person(name, failure=answer.failure))
    return people


Groups = frozenset[str]


def membership_items(users: Mapping[str, str], groups: Sequence[str]) -> list[tuple[str, Item]]:
    """The questions in which of these groups each user is, through other groups too: (user, item) by user and part.
    ``users`` are names for messages by object id; an answer has the ids of the groups as rows."""
    parts = [groups[start : start + MOST_GROUPS] for start in range(0, len(groups), MOST_GROUPS)]
    return [
        (
            identity,
            Item(
                "POST",
                odata.path("users", identity, "checkMemberGroups"),
                Purpose(f"read the groups of {users[identity]}", _MEMBERSHIP),
                body={"groupIds": list(part)},
                reads=True,
                row_kind=TEXT,
            ),
        )
        for identity in users
        for part in parts
    ]


def groups_of(
    client: GraphClient, users: Mapping[str, str], policy: Mapping[str, t.Any]
) -> dict[str, Groups | RequestFailure]:
    """In which groups that a policy targets each user is, through other groups too: ``users`` are names for messages by
    object id. Nothing is asked where the policy names none."""
    named = [*(policy.get("includeTargets") or []), *(policy.get("excludeTargets") or [])]
    wanted = sorted({target["id"].lower() for target in named} - {ALL_USERS})
    found: dict[str, Groups | RequestFailure] = {identity: frozenset() for identity in users}
    asked = membership_items(users, wanted)
    items = [item for _identity, item in asked]
    for (identity, item), answer in zip(asked, client.batch(items) if items else []):
        before = found[identity]
        if isinstance(before, RequestFailure):
            continue
        try:
            found[identity] = before | {str(one).lower() for one in client.rows_of(item, answer)}
        except RequestFailure as failed:
            found[identity] = failed
    return found


def targets_for(policy: Mapping[str, t.Any], groups: Groups) -> list[Mapping[str, t.Any]]:
    """The included targets of a policy that apply to a user in these groups: none where one excludes the user."""

    def applies(target: Mapping[str, t.Any]) -> bool:
        return target["id"].lower() == ALL_USERS or target["id"].lower() in groups

    if any(applies(target) for target in policy.get("excludeTargets") or []):
        return []
    return [target for target in policy.get("includeTargets") or [] if applies(target)]
