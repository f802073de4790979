# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/users: who they are, what they may use, what they own."""

from __future__ import annotations

from ..answers import Answer, Call, GraphError, not_found
from ..query import Kind, Row, collection, count, entity
from ..routing import route
from .kinds import DEVICE, GROUP, USER, objects

READ = "User.ReadBasic.All User.Read.All User.ReadWrite.All Directory.Read.All Directory.ReadWrite.All"
READ_MORE = "User.Read.All User.ReadWrite.All Directory.Read.All Directory.ReadWrite.All"
MEMBERSHIP = (
    "User.Read.All Directory.Read.All Directory.ReadWrite.All GroupMember.ReadBasic.All GroupMember.Read.All "
    "Group.ReadBasic.All Group.Read.All"
)
LICENCE = Kind("licenseDetails", pages=None)
#: Most group ids that checkMemberGroups takes (reference page of directoryObject).
MOST_GROUPS = 20


@route("GET", "/users", READ)
def list_users(call: Call) -> Answer:
    return collection(call, USER, call.side.view.rows("users"))


@route("GET", "/users/{id}", READ)
def read(call: Call) -> Answer:
    return entity(call, USER, find(call))


@route("GET", "/users/{id}/licenseDetails", f"LicenseAssignment.Read.All {READ_MORE}")
def licences(call: Call) -> Answer:
    return collection(call, LICENCE, find(call).get("licenseDetails", []))


@route(
    "POST",
    "/users/{id}/checkMemberGroups",
    f"{MEMBERSHIP} User.ReadWrite.All Device.Read.All Application.Read.All Group.ReadWrite.All",
)
def check_member_groups(call: Call) -> Answer:
    """Which of the groups the user belongs to, through other groups too."""
    wanted = call.object_body().get("groupIds")
    if not isinstance(wanted, list) or not wanted or len(wanted) > MOST_GROUPS:
        raise GraphError(
            400, "Request_BadRequest", f"The number of values in 'groupIds' must be between 1 and {MOST_GROUPS}."
        )
    groups = call.side.tenant.groups_of(find(call)["id"])
    return Answer(
        200,
        {
            "@odata.context": f"{call.root}/$metadata#Collection(Edm.String)",
            "value": [id_ for id_ in wanted if str(id_).lower() in groups],
        },
    )


@route("GET", "/users/{id}/transitiveMemberOf", MEMBERSHIP)
def member_of(call: Call) -> Answer:
    found = objects(call, "groups", sorted(call.side.tenant.groups_of(find(call)["id"])))
    return collection(call, GROUP, found, mixed=lambda row: GROUP)


@route("GET", "/users/{id}/ownedDevices", READ_MORE)
@route("GET", "/users/{id}/registeredDevices", READ_MORE)
def owned(call: Call) -> Answer:
    return collection(call, DEVICE, _owned(call), mixed=lambda row: DEVICE)


@route("GET", "/users/{id}/ownedDevices/graph.device", READ_MORE)
@route("GET", "/users/{id}/registeredDevices/graph.device", READ_MORE)
def owned_devices(call: Call) -> Answer:
    return collection(call, DEVICE, _owned(call))


@route("GET", "/users/{id}/ownedDevices/$count", READ_MORE)
@route("GET", "/users/{id}/registeredDevices/$count", READ_MORE)
def count_owned(call: Call) -> Answer:
    return count(call, DEVICE, _owned(call))


def find(call: Call) -> Row:
    """The user that the path names by object id or user principal name."""
    key = call.params["id"]
    real = call.side.tenant.user(key)
    found = call.side.view.get("users", real["id"]) if real else None
    if found is None:
        raise not_found(key)
    return found


def _owned(call: Call) -> list[Row]:
    owner = find(call)["id"]
    return [row for row in call.side.view.rows("devices") if owner in row.get("registeredOwners", ())]
