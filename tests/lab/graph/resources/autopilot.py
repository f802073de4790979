# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/windowsAutopilotDeviceIdentities: devices registered with Autopilot, and the ways of its filters.

Filters: microsoft-graph-docs issues 9357 and 12174, msgraph-sdk-powershell issues 1260 and 2464.
"""

from __future__ import annotations

import re

from ..answers import Answer, Call, intune_error
from ..filter import Node, walk
from ..query import Kind, Row, collection, entity
from ..routing import route

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
    return collection(call, IDENTITY, call.side.view.rows("autopilot_devices"))


@route("GET", _ROOT + "/{id}", READ)
def read(call: Call) -> Answer:
    return entity(call, IDENTITY, find(call))


@route("DELETE", _ROOT + "/{id}", WRITE)
def delete(call: Call) -> Answer:
    found = find(call)
    call.side.view.touch("autopilot_devices", found["id"])
    call.side.tenant.autopilot_devices.pop(found["id"], None)
    return Answer(204)


@route("POST", _ROOT + "/{id}/updateDeviceProperties", WRITE)
def update(call: Call) -> Answer:
    found, body = find(call), call.object_body()
    unknown = set(body) - set(SETTABLE)
    if unknown:
        raise intune_error(400, "BadRequest", f"The parameter '{sorted(unknown)[0]}' is not known.")
    call.side.view.touch("autopilot_devices", found["id"])
    real = call.side.tenant.autopilot_devices[found["id"]]
    real.update(body)
    if "groupTag" in body:  # the directory's object carries the tag that dynamic groups look at
        device = call.side.tenant.device(real.get("azureActiveDirectoryDeviceId") or "")
        if device is not None:
            others = [text for text in device.get("physicalIds", []) if not text.lower().startswith("[orderid]:")]
            device["physicalIds"] = others + ([f"[OrderId]:{body['groupTag']}"] if body["groupTag"] else [])
    return Answer(204)


def find(call: Call) -> Row:
    found = call.side.view.get("autopilot_devices", call.params["id"].lower())
    if found is None or found["id"] not in call.side.tenant.autopilot_devices:
        raise intune_error(404, "ResourceNotFound", "Autopilot device not found", "/".join(call.path))
    return found
