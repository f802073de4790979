# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of a directory role, first of all Microsoft Entra Joined Device Local Administrator.

Source: Microsoft Graph, "unifiedRoleAssignment resource type" (which needs no activated role, as directoryRoles does);
Microsoft Entra, "Microsoft Entra built-in roles" for the template id. Eligible assignments (PIM) do not show there.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools

from ...options import bad_option
from ..graph import odata
from ..graph.errors import GraphFailure, Permissions, Purpose
from ..task import TenantTask
from .directory import GROUP, USER, resolve
from .engine import Step, apply, settle
from .mdm_scope import already_there

ROLE = "9f06204d-73c1-4d4c-880a-6edb90606fd8"
PATH = "/roleManagement/directory/roleAssignments"
READ = Purpose("read the members of the role", Permissions.same("RoleManagement.Read.Directory"))
WRITE = Permissions.same("RoleManagement.ReadWrite.Directory")
WHOLE_TENANT = "/"


def ensure(task: TenantTask) -> dict:
    """The work of the module: ``{"members": [{id, kind, name, assignment_id}]}``."""
    args = task.args
    if args["users"] is None and args["groups"] is None:
        raise bad_option(
            "users", "neither users nor groups are named", "name some; with state exact an empty list is fine"
        )
    users = resolve(task.client, USER, args["users"] or [])
    groups = resolve(task.client, GROUP, args["groups"] or [])
    wanted = {found: name for named in (users, groups) for name, found in named.items()}
    present = _read(task)
    add = [] if args["state"] == "absent" else [member for member in wanted if member not in present]
    remove = {
        "present": [],
        "absent": [member for member in wanted if member in present],
        "exact": sorted(set(present) - set(wanted)),
    }[args["state"]]
    apply(
        task,
        [
            *(
                Step([(f"member {wanted[member]}", "absent", "present")], functools.partial(_add, task, member))
                for member in add
            ),
            *(
                Step(
                    [(f"member {present[member]['name']}", "present", "absent")],
                    functools.partial(_take, task, present[member]),
                )
                for member in remove
            ),
        ],
    )
    if task.check_mode:
        kinds = {**dict.fromkeys(users.values(), "user"), **dict.fromkeys(groups.values(), "group")}
        present.update(
            {
                member: {"id": member, "kind": kinds[member], "name": wanted[member], "assignment_id": None}
                for member in add
            }
        )
        present = {member: row for member, row in present.items() if member not in remove}
    elif add or remove:
        present = settle(
            task,
            lambda: _read(task),
            lambda seen: set(add) <= set(seen) and not set(remove) & set(seen),
            "the change of members",
        )
    return {"members": sorted(present.values(), key=lambda row: (row["name"], row["id"]))}


def _read(task: TenantTask) -> dict[str, dict]:
    """{object id: row} of the members in the whole tenant."""
    query = {"$filter": odata.equals("roleDefinitionId", ROLE), "$expand": "principal"}
    return {
        row["principalId"].lower(): _row(row)
        for row in task.client.list(PATH, READ, query)
        if row.get("directoryScopeId") == WHOLE_TENANT
    }


def _row(assignment: dict) -> dict:
    principal = assignment.get("principal") or {}
    kind = str(principal.get("@odata.type", "")).rpartition(".")[2] or None
    name = principal.get("userPrincipalName") or principal.get("displayName") or assignment["principalId"]
    return {"id": assignment["principalId"].lower(), "kind": kind, "name": name, "assignment_id": assignment["id"]}


def _add(task: TenantTask, member: str) -> None:
    body = {
        "@odata.type": "#microsoft.graph.unifiedRoleAssignment",
        "roleDefinitionId": ROLE,
        "principalId": member,
        "directoryScopeId": WHOLE_TENANT,
    }
    try:
        task.client.post(PATH, body, Purpose(f"make {member} a member of the role", WRITE))
    except GraphFailure as refused:
        if not already_there(refused):
            raise


def _take(task: TenantTask, row: dict) -> None:
    task.client.delete(PATH + odata.path(row["assignment_id"]), Purpose(f"take {row['name']} out of the role", WRITE))
