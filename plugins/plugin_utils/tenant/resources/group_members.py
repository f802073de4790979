# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of an assigned group: users, groups and devices, added and taken out 20 in one request.

Source: Microsoft Graph, "Add members", "Remove member" (by reference), "List group members".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from ...options import bad_option
from ...task import Task
from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Permissions, Purpose
from ..graph.fields import ID_ONLY
from . import references
from .directory import DEVICE, GROUP, USER, Named, resolve
from .new_objects import NewObjects, ObjectReference

READ_MEMBERS = Purpose("read the members of the group", Permissions.same("GroupMember.Read.All"))
WRITE_MEMBERS = Permissions.same("GroupMember.ReadWrite.All")
MEMBER_KINDS = {"users": USER, "groups": GROUP, "devices": DEVICE}


@dataclasses.dataclass(frozen=True)
class WantedMember:
    """A member as the task names it."""

    name: str
    kind: Named


def wanted_members(task: Task, dynamic: bool) -> dict[str, WantedMember] | None:
    """{object id: member} of the members that the task names; None where it names none at all."""
    named = {option: task.args[option] for option in MEMBER_KINDS if task.args[option] is not None}
    if not named:
        return None
    if dynamic:
        raise bad_option(next(iter(named)), "the rule of a dynamic group decides who is in it", "leave the members out")
    members = {}
    for option, names in named.items():
        kind = MEMBER_KINDS[option]
        members.update({found: WantedMember(name, kind) for name, found in resolve(task.client, kind, names).items()})
    return members


class MemberChange:
    """What is to be done about the members of one group: known before anything is written, then written."""

    def __init__(self, task: Task, group_id: str | None, members: dict[str, WantedMember], made: bool = False) -> None:
        """``made``: the group was created a moment ago, or would be, and has no members. In check mode it has no id
        either."""
        self._task = task
        self._members = members
        self._group_id = group_id or "new"
        self._path = odata.path("groups", self._group_id, "members")
        self._owner = ObjectReference(GROUP, self._group_id)
        self._new = NewObjects(task.client)
        self._present = set() if made else self._read()
        add, take_out = references.difference(task.args["members_state"], members, self._present)
        self._add, self._take_out = add, take_out

    @property
    def needed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._add or self._take_out)

    def carry_out(self) -> list[str]:
        """Write it, and return the ids of all members, sorted."""
        entries = references.ReferenceList("member", self._read, self._added, self._taken_out, self._about)
        names = {identity: member.name for identity, member in self._members.items()}
        adding = references.additions(entries, self._add, names)
        references.bring(self._task, entries, adding, references.removals(entries, self._take_out, names))
        return sorted((self._present | set(self._add)) - set(self._take_out))

    def _read(self) -> set[str]:
        rows = self._new.bear(self._rows, (self._owner,), "the group")
        return {member["id"].lower() for member in rows}

    def _rows(self) -> list[dict]:
        return list(self._task.client.list(self._path, READ_MEMBERS, {"$select": "id", "$top": 999}, kind=ID_ONLY))

    def _about(self, member: str) -> tuple[ObjectReference, ...]:
        known = self._members.get(member)
        return (self._owner,) if known is None else (self._owner, ObjectReference.of(known.kind, known.name, member))

    def _added(self, member: str) -> Item:
        reference = {"@odata.id": f"{self._task.client.cloud_graph}/v1.0/directoryObjects/{member}"}
        purpose = Purpose(f"add the member {member}", WRITE_MEMBERS)
        return Item("POST", self._path + "/$ref", purpose, body=reference, idempotent=True)

    def _taken_out(self, member: str) -> Item:
        purpose = Purpose(f"remove the member {member}", WRITE_MEMBERS)
        return Item("DELETE", self._path + odata.path(member, "$ref"), purpose)
