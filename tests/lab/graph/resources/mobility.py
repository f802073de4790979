# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic enrollment: /policies/mobileDeviceManagementPolicies and /policies/mobileAppManagementPolicies (beta).

Microsoft Graph reference, "mobilityManagementPolicy": for signed-in users only; no application permission exists.
"""

from __future__ import annotations

import typing as t

from ...tenant import roles
from ..answers import Answer, Call, GraphError, bad_request, not_found
from ..query import Kind, Row, collection, entity, typed
from ..routing import Handler, route
from ..types import check_body
from .groups import bound
from .kinds import GROUP, objects

READ = "Policy.Read.All Policy.ReadWrite.MobilityManagement"
WRITE = "Policy.ReadWrite.MobilityManagement"
READERS = (roles.CLOUD_DEVICE_ADMINISTRATOR, roles.INTUNE_ADMINISTRATOR, roles.GLOBAL_READER)
WRITERS = (roles.CLOUD_DEVICE_ADMINISTRATOR, roles.INTUNE_ADMINISTRATOR)
URLS = ("discoveryUrl", "termsOfUseUrl", "complianceUrl")
APPLIES = ("none", "all", "selected")
#: Collection to the fields of ``Tenant`` that hold its rows.
POLICIES = {
    "mobileDeviceManagementPolicies": ("mdm_policy", "enrollment_policy"),
    "mobileAppManagementPolicies": ("mam_policy",),
}


def _included(call: Call, row: Row) -> list[Row]:
    return [typed(call, GROUP, group) for group in objects(call, "groups", row["includedGroups"])]


KINDS = {name: Kind(name[:-3] + "y", relations={"includedGroups": _included}) for name in POLICIES}


def _both(method: str, tail: str, permissions: str, administrators: tuple[str, ...]) -> t.Callable[[Handler], Handler]:
    """One route for each of the two collections."""

    def register(handler: Handler) -> Handler:
        for name in POLICIES:
            route(
                method,
                f"/policies/{name}{tail}",
                permissions,
                application=False,
                roles=administrators,
                versions=("beta",),
            )(handler)
        return handler

    return register


@_both("GET", "", READ, READERS)
def list_policies(call: Call) -> Answer:
    name = _name(call)
    return collection(call, KINDS[name], [call.side.view.one(field) for field in POLICIES[name]])


@_both("GET", "/{id}", READ, READERS)
def read(call: Call) -> Answer:
    return entity(call, KINDS[_name(call)], call.side.view.one(_field(call)))


@_both("PATCH", "/{id}", WRITE, WRITERS)
def update(call: Call) -> Answer:
    """URLs and appliesTo never in one request; ``selected`` comes by adding a group, ``all`` drops the groups."""
    field = _field(call)
    real = getattr(call.side.tenant, field)
    if not real["isValid"]:
        raise bad_request("The policy is not valid and cannot be updated.")
    body = call.object_body()
    changes = check_body("beta", KINDS[_name(call)].type, body)
    fixed = [name for name in ("displayName", "description", "isValid") if name in changes]
    if fixed:
        raise bad_request(f"Property '{fixed[0]}' is read-only and cannot be set.", target=fixed[0])
    applies = changes.get("appliesTo")
    if applies is not None and set(changes) & set(URLS):
        raise bad_request("appliesTo cannot be updated together with other properties of the policy.")
    if applies is not None and applies not in APPLIES:
        raise bad_request(f"Invalid value '{applies}' specified for property 'appliesTo'.", target="appliesTo")
    if applies == "selected":
        raise bad_request("appliesTo cannot be set to 'selected'; add a group to includedGroups.", target="appliesTo")
    call.side.view.touch(field)
    real.update(changes)
    if applies is not None:
        real["includedGroups"] = []
    return Answer(204)


@_both("GET", "/{id}/includedGroups", READ, READERS)
def included(call: Call) -> Answer:
    return collection(call, GROUP, objects(call, "groups", call.side.view.one(_field(call))["includedGroups"]))


@_both("POST", "/{id}/includedGroups/$ref", WRITE, WRITERS)
def include(call: Call) -> Answer:
    field = _field(call)
    real = getattr(call.side.tenant, field)
    group = bound(call, call.object_body().get("@odata.id"))
    if group not in call.side.tenant.groups:
        raise not_found(group)
    if group in real["includedGroups"]:
        raise bad_request(
            "One or more added object references already exist for the following modified properties: 'includedGroups'."
        )
    call.side.view.touch(field)
    real["includedGroups"].append(group)
    real["appliesTo"] = "selected"
    return Answer(204)


@_both("DELETE", "/{id}/includedGroups/{group}/$ref", WRITE, WRITERS)
def exclude(call: Call) -> Answer:
    """Without its last group a policy is for selected groups still, of which there are none."""
    field, group = _field(call), call.params["group"].lower()
    real = getattr(call.side.tenant, field)
    if group not in real["includedGroups"]:
        raise not_found(group)
    call.side.view.touch(field)
    real["includedGroups"].remove(group)
    return Answer(204)


def _name(call: Call) -> str:
    return next(name for name in POLICIES if name.lower() == call.path[1].lower())


def _field(call: Call) -> str:
    for field in POLICIES[_name(call)]:
        if getattr(call.side.tenant, field)["id"] == call.params["id"].lower():
            return field
    raise GraphError(404, "Request_ResourceNotFound", f"Resource '{call.params['id']}' does not exist.")
