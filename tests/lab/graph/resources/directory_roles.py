# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory roles: /roleManagement/directory/roleAssignments, /roleDefinitions and the older /directoryRoles."""

from __future__ import annotations

from ...tenant import roles
from ..answers import Answer, Call, GraphError, bad_request, not_found
from ..query import Kind, Row, collection, entity, present
from ..routing import route
from ..types import check_body
from .groups import bound
from .kinds import DIRECTORY_OBJECT, directory_object, kind_of

READ = "RoleManagement.Read.Directory RoleManagement.ReadWrite.Directory Directory.Read.All Directory.ReadWrite.All"
WRITE = "RoleManagement.ReadWrite.Directory"
ADMINISTRATORS = (roles.PRIVILEGED_ROLE_ADMINISTRATOR,)
_ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
_BY_TEMPLATE = "/directoryRoles(roleTemplateId='{template}')"


def _principal(call: Call, row: Row) -> Row | None:
    found = directory_object(call, row["principalId"])
    if found is None:
        return None
    kind = kind_of(found)
    return {"@odata.type": f"#microsoft.graph.{kind.type}", **present(call, kind, found, {})}


def _definition(call: Call, row: Row) -> Row:
    return present(call, DEFINITION, _definitions()[row["roleDefinitionId"]], {})


ASSIGNMENT = Kind(
    "unifiedRoleAssignment",
    on_select=("condition", "appScopeId"),
    relations={"principal": _principal, "roleDefinition": _definition},
)
DEFINITION = Kind("unifiedRoleDefinition", pages=None)
ROLE = Kind("directoryRole", pages=None)


@route("GET", "/roleManagement/directory/roleDefinitions", READ)
def definitions(call: Call) -> Answer:
    return collection(call, DEFINITION, _definitions().values())


@route("GET", "/roleManagement/directory/roleDefinitions/{id}", READ)
def definition(call: Call) -> Answer:
    if call.params["id"].lower() not in roles.NAMES:
        raise not_found(call.params["id"])
    return entity(call, DEFINITION, _definitions()[call.params["id"].lower()])


@route("GET", _ASSIGNMENTS, READ)
def assignments(call: Call) -> Answer:
    """The service wants a filter on the definition or the principal."""
    if "$filter" not in call.query:
        raise bad_request("A $filter on roleDefinitionId or principalId is needed.")
    return collection(call, ASSIGNMENT, call.side.view.rows("role_assignments"))


@route("GET", _ASSIGNMENTS + "/{id}", READ)
def assignment(call: Call) -> Answer:
    found = call.side.view.get("role_assignments", call.params["id"])
    if found is None:
        raise not_found(call.params["id"])
    return entity(call, ASSIGNMENT, found)


@route("POST", _ASSIGNMENTS, WRITE, roles=ADMINISTRATORS)
def assign(call: Call) -> Answer:
    body = check_body(call.version, "unifiedRoleAssignment", call.object_body())
    for name in ("roleDefinitionId", "principalId", "directoryScopeId"):
        if not body.get(name):
            raise bad_request(f"The {name} is required.", target=name)
    template, principal = body["roleDefinitionId"].lower(), body["principalId"].lower()
    if template not in roles.NAMES:
        raise not_found(body["roleDefinitionId"])
    if body["directoryScopeId"] != "/":
        raise bad_request("The directory scope is not valid for this role.", target="directoryScopeId")
    _assignable(call, principal)
    tenant = call.side.tenant
    held = {(row["roleDefinitionId"], row["principalId"]) for row in tenant.role_assignments.values()}
    if (template, principal) in held:
        raise bad_request(
            "A conflicting object with one or more of the specified property values is present in the directory."
        )
    call.side.view.touch("role_assignments", tenant.object_id(f"role assignment/{template}/{principal}"))
    return entity(call, ASSIGNMENT, tenant.assign_role(template, principal), 201)


@route("DELETE", _ASSIGNMENTS + "/{id}", WRITE, roles=ADMINISTRATORS)
def unassign(call: Call) -> Answer:
    if call.params["id"] not in call.side.tenant.role_assignments:
        raise not_found(call.params["id"])
    call.side.view.touch("role_assignments", call.params["id"])
    del call.side.tenant.role_assignments[call.params["id"]]
    return Answer(204)


# --- activated roles ----------------------------------------------------------------------------------------------


@route("GET", "/directoryRoles", READ)
def list_roles(call: Call) -> Answer:
    return collection(call, ROLE, call.side.view.rows("directory_roles"))


@route("POST", "/directoryRoles", WRITE, roles=ADMINISTRATORS)
def activate(call: Call) -> Answer:
    template = str(call.object_body().get("roleTemplateId", "")).lower()
    if template not in roles.NAMES:
        raise not_found(template)
    tenant = call.side.tenant
    if any(role["roleTemplateId"] == template for role in tenant.directory_roles.values()):
        raise bad_request(
            "A conflicting object with one or more of the specified property values is present in the directory."
        )
    role = {
        "id": tenant.object_id(f"directory role/{template}"),
        "roleTemplateId": template,
        "displayName": roles.NAMES[template],
        "description": roles.NAMES[template],
    }
    tenant.directory_roles[role["id"]] = role
    return entity(call, ROLE, role, 201)


@route("GET", "/directoryRoles/{id}", READ)
@route("GET", _BY_TEMPLATE, READ)
def read_role(call: Call) -> Answer:
    return entity(call, ROLE, _role(call))


@route("GET", "/directoryRoles/{id}/members", READ)
@route("GET", _BY_TEMPLATE + "/members", READ)
def members(call: Call) -> Answer:
    template = _role(call)["roleTemplateId"]
    ids = [a["principalId"] for a in call.side.view.rows("role_assignments") if a["roleDefinitionId"] == template]
    found = [row for row in (directory_object(call, id_) for id_ in ids) if row is not None]
    return collection(call, DIRECTORY_OBJECT, found, mixed=kind_of)


@route("POST", "/directoryRoles/{id}/members/$ref", WRITE, roles=ADMINISTRATORS)
@route("POST", _BY_TEMPLATE + "/members/$ref", WRITE, roles=ADMINISTRATORS)
def add_member(call: Call) -> Answer:
    template, tenant = _role(call)["roleTemplateId"], call.side.tenant
    principal = bound(call, call.object_body().get("@odata.id"))
    _assignable(call, principal)
    if template in {a["roleDefinitionId"] for a in tenant.role_assignments.values() if a["principalId"] == principal}:
        raise bad_request(
            "One or more added object references already exist for the following modified properties: 'members'."
        )
    tenant.assign_role(template, principal)
    return Answer(204)


@route("DELETE", "/directoryRoles/{id}/members/{member}/$ref", WRITE, roles=ADMINISTRATORS)
@route("DELETE", _BY_TEMPLATE + "/members/{member}/$ref", WRITE, roles=ADMINISTRATORS)
def remove_member(call: Call) -> Answer:
    template, member = _role(call)["roleTemplateId"], call.params["member"].lower()
    for id_, found in call.side.tenant.role_assignments.items():
        if (found["roleDefinitionId"], found["principalId"]) == (template, member):
            del call.side.tenant.role_assignments[id_]
            return Answer(204)
    raise not_found(member)


def _definitions() -> dict[str, Row]:
    return {
        template: {
            "id": template,
            "templateId": template,
            "displayName": name,
            "description": name,
            "isBuiltIn": True,
            "isEnabled": True,
            "version": "1",
            "resourceScopes": ["/"],
            "rolePermissions": [],
        }
        for template, name in roles.NAMES.items()
    }


def _role(call: Call) -> Row:
    key = call.params.get("template") or call.params["id"]
    for role in call.side.view.rows("directory_roles"):
        if key.lower() in (role["roleTemplateId"] if "template" in call.params else role["id"],):
            return role
    raise not_found(key)


def _assignable(call: Call, principal: str) -> None:
    found = directory_object(call, principal)
    if found is None:
        raise not_found(principal)
    if "groupTypes" in found and not found.get("isAssignableToRole"):
        raise GraphError(
            400,
            "Request_BadRequest",
            "The group is not assignable to a role: isAssignableToRole must have been set when it was created.",
        )
