# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of a directory role, first of all Microsoft Entra Joined Device Local Administrator.

Source: Microsoft Graph, "unifiedRoleAssignment resource type" (which needs no activated role, as directoryRoles does);
Microsoft Entra, "Microsoft Entra built-in roles" for the template id. Eligible assignments (PIM) do not show there.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...options import bad_option
from ...task import Task
from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Permissions, Purpose
from ..graph.fields import IDENTITY, LINE, TEXT, all_of, needed, object_of
from . import references
from .directory import GROUP, USER, resolve
from .new_objects import ObjectReference

ROLE = "9f06204d-73c1-4d4c-880a-6edb90606fd8"
ASSIGNMENTS_PATH = "/roleManagement/directory/roleAssignments"
READ_ASSIGNMENTS = Purpose("read the members of the role", Permissions.same("RoleManagement.Read.Directory"))
WRITE_ASSIGNMENTS = Permissions.same("RoleManagement.ReadWrite.Directory")
WHOLE_TENANT = "/"
_ASSIGNMENT = object_of(
    {
        **all_of("id", "principalId", kind=needed(IDENTITY)),
        "directoryScopeId": needed(TEXT),
        "principal": object_of(all_of("@odata.type", "userPrincipalName", "displayName", kind=LINE)),
    }
)


def ensure(task: Task) -> dict:
    """The work of the module: ``{"members": [{id, kind, name, assignment_id}]}``."""
    args = task.args
    if args["users"] is None and args["groups"] is None:
        raise bad_option(
            "users", "neither users nor groups are named", "name some; with state exact an empty list is fine"
        )
    users = resolve(task.client, USER, args["users"] or [])
    groups = resolve(task.client, GROUP, args["groups"] or [])
    wanted = {found: name for named in (users, groups) for name, found in named.items()}
    role = _Role(
        task,
        {
            found: ObjectReference.of(kind, name, found)
            for kind, named in ((USER, users), (GROUP, groups))
            for name, found in named.items()
        },
    )
    present = role.read()
    add, take_out = references.difference(args["state"], wanted, present)
    names = {**{member: row["name"] for member, row in present.items()}, **wanted}
    references.bring(
        task,
        role.assignments,
        references.additions(role.assignments, add, names),
        references.removals(role.assignments, take_out, names),
    )
    present = role.seen
    if task.check_mode:
        made = {
            member: {"id": member, "kind": role.named[member].kind.noun, "name": wanted[member], "assignment_id": None}
            for member in add
        }
        present = {member: row for member, row in {**present, **made}.items() if member not in take_out}
    return {"members": sorted(present.values(), key=lambda row: (row["name"], row["id"]))}


class _Role:
    """The role's members in the whole tenant; ``seen`` are those of the last look, ``{object id: row}``. ``named`` are
    the members that the task names, by object id."""

    def __init__(self, task: Task, named: dict[str, ObjectReference]) -> None:
        self._client = task.client
        self.named = named
        self.seen: dict[str, dict] = {}
        self.assignments = references.ReferenceList("member", self.read, self._add, self._take_out, self._about)

    def read(self) -> dict[str, dict]:
        query = {"$filter": odata.equals("roleDefinitionId", ROLE), "$expand": "principal"}
        self.seen = {
            row["principalId"].lower(): _row(row)
            for row in self._client.list(ASSIGNMENTS_PATH, READ_ASSIGNMENTS, query, kind=_ASSIGNMENT)
            if row.get("directoryScopeId") == WHOLE_TENANT
        }
        return self.seen

    def _about(self, member: str) -> tuple[ObjectReference, ...]:
        return (self.named[member],) if member in self.named else ()

    def _add(self, member: str) -> Item:
        body = {
            "@odata.type": "#microsoft.graph.unifiedRoleAssignment",
            "roleDefinitionId": ROLE,
            "principalId": member,
            "directoryScopeId": WHOLE_TENANT,
        }
        return Item(
            "POST",
            ASSIGNMENTS_PATH,
            Purpose(f"make {member} a member of the role", WRITE_ASSIGNMENTS),
            body=body,
            idempotent=True,
        )

    def _take_out(self, member: str) -> Item:
        row = self.seen[member]
        purpose = Purpose(f"remove {row['name']} from the role", WRITE_ASSIGNMENTS)
        return Item("DELETE", ASSIGNMENTS_PATH + odata.path(row["assignment_id"]), purpose)


def _row(assignment: dict) -> dict:
    principal = assignment.get("principal") or {}
    kind = (principal.get("@odata.type") or "").rpartition(".")[2] or None
    name = principal.get("userPrincipalName") or principal.get("displayName") or assignment["principalId"]
    return {"id": assignment["principalId"].lower(), "kind": kind, "name": name, "assignment_id": assignment["id"]}
