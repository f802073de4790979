# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/windowsAutopilotDeviceIdentities: devices registered with Autopilot, and the ways of its filters.

Filters: microsoft-graph-docs issues 9357 and 12174, msgraph-sdk-powershell issues 1260 and 2464. A single read does not
know the state of the profile, and ``updateDeviceProperties`` empties what its body leaves out: reports of many.
"""

from __future__ import annotations

import re

from ...tenant import autopilot
from ..answers import Answer, Call, intune_error
from ..filter import Node, walk
from ..query import Kind, Row, collection, entity
from ..routing import route
from .groups import refresh

READ = "DeviceManagementServiceConfig.Read.All DeviceManagementServiceConfig.ReadWrite.All"
WRITE = "DeviceManagementServiceConfig.ReadWrite.All"
SETTABLE = ("userPrincipalName", "addressableUserName", "groupTag", "displayName")
_ROOT = "/deviceManagement/windowsAutopilotDeviceIdentities"


def judge(call: Call, node: Node) -> Node:
    """Only contains() is understood, and not for every serial number; the rest is 400."""
    for part in walk(node):
        if part[0] == "compare" and part[2] == ("path", "serialNumber"):
            raise _refused(call)
        if part[0] == "call" and part[2][0] == ("path", "serialNumber") and re.search(r"[-\s]", str(part[2][1][1])):
            raise _refused(call)
        if (
            part[0] == "call"
            and part[2][0] == ("path", "displayName")
            and not all(row.get("displayName") for row in call.side.tenant.autopilot_devices.values())
        ):
            raise _refused(call)
    return node


def _refused(call: Call) -> Exception:
    return intune_error(400, "BadRequest", "An error has occurred", "/".join(call.path))


IDENTITY = Kind("windowsAutopilotDeviceIdentity", pages=(1000, 1000), rewrite=judge)


@route("GET", _ROOT, READ)
def list_identities(call: Call) -> Answer:
    _proceed(call)
    now = call.side.clock.elapsed()
    shown = [row for row in call.side.view.rows("autopilot_devices") if autopilot.is_listed(row, now)]
    return collection(call, IDENTITY, shown)


@route("GET", _ROOT + "/{id}", READ)
def read(call: Call) -> Answer:
    _proceed(call)
    unknown = {"deploymentProfileAssignmentStatus": "unknown", "deploymentProfileAssignedDateTime": None}
    return entity(call, IDENTITY, {**find(call), **unknown})


@route("DELETE", _ROOT + "/{id}", WRITE)
def delete(call: Call) -> Answer:
    found = find(call)
    call.side.view.touch("autopilot_devices", found["id"])
    autopilot.remove(call.side.directory, call.side.tenant, found["id"])
    return Answer(204)


@route("POST", _ROOT + "/deleteDevices", WRITE, versions=("v1.0",))
def delete_many(call: Call) -> Answer:
    """By serial number; that a deletion is accepted says nothing of when it is done."""
    serials = call.object_body().get("serialNumbers")
    if not isinstance(serials, list) or not all(isinstance(serial, str) for serial in serials):
        raise intune_error(400, "BadRequest", "serialNumbers is missing.", "/".join(call.path))
    states = []
    for serial in serials:
        known = call.side.tenant.autopilot_devices.values()
        found = [row for row in known if autopilot.same(row["serialNumber"], serial)]
        for row in found:
            call.side.view.touch("autopilot_devices", row["id"])
            autopilot.remove(call.side.directory, call.side.tenant, row["id"])
        state = ("accepted", None) if found else ("failed", "The device was not found.")
        states.append(
            {
                "@odata.type": "#microsoft.graph.deletedWindowsAutopilotDeviceState",
                "deviceRegistrationId": found[0]["id"] if found else None,
                "serialNumber": serial,
                "deletionState": state[0],
                "errorMessage": state[1],
            }
        )
    context = f"{call.root}/$metadata#Collection(microsoft.graph.deletedWindowsAutopilotDeviceState)"
    return Answer(200, {"@odata.context": context, "value": states})


@route("POST", _ROOT + "/{id}/updateDeviceProperties", WRITE)
def update(call: Call) -> Answer:
    body = call.object_body()
    unknown = set(body) - set(SETTABLE)
    if unknown:
        raise intune_error(400, "BadRequest", f"The parameter '{sorted(unknown)[0]}' is not known.")
    require_domain(call, body.get("userPrincipalName"))
    real = _real(call)
    real.update({name: body.get(name) or "" for name in SETTABLE})
    # The directory's object carries the tag that dynamic groups look at.
    device = call.side.tenant.device(real.get("azureActiveDirectoryDeviceId") or "")
    if device is not None:
        others = [text for text in device.get("physicalIds", []) if not text.lower().startswith("[orderid]:")]
        device["physicalIds"] = others + ([f"[OrderId]:{real['groupTag']}"] if real["groupTag"] else [])
    return Answer(204)


@route("POST", _ROOT + "/{id}/allowNextEnrollment", WRITE, versions=("beta",))
def allow_next_enrollment(call: Call) -> Answer:
    """A device that deploys itself may do so once more."""
    _real(call)["userlessEnrollmentStatus"] = "allowed"
    return Answer(204)


@route("POST", _ROOT + "/{id}/assignUserToDevice", WRITE)
def assign_user(call: Call) -> Answer:
    body = call.object_body()
    if not body.get("userPrincipalName"):
        raise intune_error(400, "BadRequest", "userPrincipalName is missing.", "/".join(call.path))
    require_domain(call, body["userPrincipalName"])
    real = _real(call)
    real.update(userPrincipalName=body["userPrincipalName"], addressableUserName=body.get("addressableUserName") or "")
    return Answer(204)


@route("POST", _ROOT + "/{id}/unassignUserFromDevice", WRITE)
def unassign_user(call: Call) -> Answer:
    _real(call).update(userPrincipalName="", addressableUserName="")
    return Answer(204)


def require_domain(call: Call, upn: str | None) -> None:
    """400 for a user of a foreign domain. Whether there is such a user nobody asks."""
    domain = (upn or "").rpartition("@")[2].lower()
    if upn and domain not in {known.lower() for known in call.side.tenant.domains}:
        raise intune_error(400, "BadRequest", f"The user {upn} is not valid for this tenant.", "/".join(call.path))


def find(call: Call) -> Row:
    """The registration that the path names. One that is not listed yet is not known by its id either."""
    found = call.side.view.get("autopilot_devices", call.params["id"].lower())
    known = found is not None and found["id"] in call.side.tenant.autopilot_devices
    if found is None or not known or not autopilot.is_listed(found, call.side.clock.elapsed()):
        raise intune_error(404, "ResourceNotFound", "Autopilot device not found", "/".join(call.path))
    return found


def _real(call: Call) -> Row:
    """The same, to be changed."""
    found = find(call)
    call.side.view.touch("autopilot_devices", found["id"])
    return call.side.tenant.autopilot_devices[found["id"]]


def _proceed(call: Call) -> None:
    tenant = call.side.tenant
    autopilot.proceed(call.side.directory, tenant)
    if tenant.autopilot_profiles:
        refresh(call)
        autopilot.assign_profiles(call.side.directory, tenant)
