# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/groups/{id}/members: who belongs to a group."""

from __future__ import annotations

from ..answers import Answer, Call, GraphError, bad_request, not_found
from ..query import Row, collection, count
from ..routing import route
from .group_protection import require_changeable
from .groups import DYNAMIC, bound, find, refresh
from .kinds import DEVICE, DIRECTORY_OBJECT, group_members, kind_of

READ_MEMBERS = (
    "GroupMember.ReadBasic.All GroupMember.Read.All GroupMember.ReadWrite.All Group.ReadBasic.All "
    "Group.Read.All Group.ReadWrite.All Directory.Read.All"
)
WRITE = "GroupMember.ReadWrite.All Group.ReadWrite.All Directory.ReadWrite.All"


@route("GET", "/groups/{id}/members", READ_MEMBERS)
def members(call: Call) -> Answer:
    refresh(call)
    return collection(call, DIRECTORY_OBJECT, group_members(call, find(call)), mixed=kind_of)


@route("GET", "/groups/{id}/transitiveMembers", READ_MEMBERS)
def transitive_members(call: Call) -> Answer:
    refresh(call)
    found: dict[str, Row] = {}
    waiting = [find(call)]
    while waiting:
        new = [row for row in group_members(call, waiting.pop()) if row["id"] not in found]
        found.update((row["id"], row) for row in new)
        waiting += [row for row in new if "groupTypes" in row]
    return collection(call, DIRECTORY_OBJECT, found.values(), mixed=kind_of)


@route("GET", "/groups/{id}/members/graph.device", READ_MEMBERS)
def devices(call: Call) -> Answer:
    refresh(call)
    return collection(call, DEVICE, [row for row in group_members(call, find(call)) if "deviceId" in row])


@route("GET", "/groups/{id}/members/$count", READ_MEMBERS)
def count_members(call: Call) -> Answer:
    refresh(call)
    return count(call, DIRECTORY_OBJECT, group_members(call, find(call)))


@route("POST", "/groups/{id}/members/$ref", WRITE)
def add(call: Call) -> Answer:
    real = _assigned(call)
    member = bound(call, call.object_body().get("@odata.id"))
    if member in real["members"]:
        raise bad_request(
            "One or more added object references already exist for the following modified properties: 'members'."
        )
    call.side.view.touch("groups", real["id"])
    real["members"].append(member)
    return Answer(204)


@route("DELETE", "/groups/{id}/members/{member}/$ref", WRITE)
def remove(call: Call) -> Answer:
    real, member = _assigned(call), call.params["member"].lower()
    if member not in real["members"]:
        raise not_found(member)
    call.side.view.touch("groups", real["id"])
    real["members"].remove(member)
    return Answer(204)


def _assigned(call: Call) -> Row:
    found = find(call)
    real = call.side.tenant.groups.get(found["id"])
    if real is None:
        raise not_found(found["id"])
    require_changeable(call, real)
    if DYNAMIC in real["groupTypes"]:
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    return real
