# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of an assigned group: users, groups and devices, added and taken out 20 in one request.

Source: Microsoft Graph, "Add members", "Remove member" (by reference), "List group members".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...options import bad_option
from ...task import Task
from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Permissions, Purpose
from . import references
from .directory import DEVICE, GROUP, USER, resolve

READ_MEMBERS = Purpose("read the members of the group", Permissions.same("GroupMember.Read.All"))
WRITE_MEMBERS = Permissions.same("GroupMember.ReadWrite.All")
MEMBER_KINDS = {"users": USER, "groups": GROUP, "devices": DEVICE}


def wanted(task: Task, dynamic: bool) -> dict[str, str] | None:
    """{object id: as it was named} of the members that the task names; None where it names none at all."""
    named = {option: task.args[option] for option in MEMBER_KINDS if task.args[option] is not None}
    if not named:
        return None
    if dynamic:
        raise bad_option(next(iter(named)), "the rule of a dynamic group decides who is in it", "leave the members out")
    ids = {}
    for option, names in named.items():
        ids.update({found: name for name, found in resolve(task.client, MEMBER_KINDS[option], names).items()})
    return ids


def ensure(task: Task, group_id: str | None, members: dict[str, str], made: bool) -> list[str]:
    """Add or take out members, and return the ids of all, sorted. ``made``: the group was created a moment ago."""
    group = _members(task, group_id or "")
    present = set() if made else set(group.read())
    add, take_out = references.difference(task.args["members_state"], members, present)
    adding, removing = references.additions(group, add, members), references.removals(group, take_out, members)
    references.bring(task, group, adding, removing, new=made)
    return sorted((present | set(add)) - set(take_out))


def _members(task: Task, group_id: str) -> references.ReferenceList:
    # In check mode a group that is to be made has no id yet, and nothing is sent.
    path = odata.path("groups", group_id or "new", "members")

    def read() -> set[str]:
        return {member["id"].lower() for member in task.client.list(path, READ_MEMBERS, {"$select": "id", "$top": 999})}

    def add(member: str) -> Item:
        reference = {"@odata.id": f"{task.client.cloud_graph}/v1.0/directoryObjects/{member}"}
        purpose = Purpose(f"add the member {member}", WRITE_MEMBERS)
        return Item("POST", path + "/$ref", purpose, body=reference, idempotent=True)

    def take_out(member: str) -> Item:
        return Item("DELETE", path + odata.path(member, "$ref"), Purpose(f"remove the member {member}", WRITE_MEMBERS))

    return references.ReferenceList("member", read, add, take_out)
