# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/managedDevices: what Intune manages, with the filters it takes, ignores and misreads.

Filters: graph-explorer issue 3125, docs-contrib issues 2416 and 235, Intune-PowerShell-SDK issue 114,
msgraph-beta-sdk-dotnet issue 1156 (an unsupported filter is ignored: the answer is every device).
"""

from __future__ import annotations

from ...tenant import device_objects
from ..answers import Answer, Call, intune_error
from ..filter import Node, walk
from ..query import Kind, Row, collection, entity
from ..routing import route
from ..types import properties
from .kinds import USER, objects

READ = (
    "DeviceManagementManagedDevices.Read.All DeviceManagementManagedDevices.ReadWrite.All "
    "DeviceManagementConfiguration.Read.All DeviceManagementConfiguration.ReadWrite.All"
)
WRITE = "DeviceManagementManagedDevices.ReadWrite.All DeviceManagementConfiguration.ReadWrite.All"
ACTION = "DeviceManagementManagedDevices.PrivilegedOperations.All"
#: Properties that a $filter really looks at.
FILTERED = (
    "azureADDeviceId",
    "complianceState",
    "deviceName",
    "emailAddress",
    "id",
    "lastSyncDateTime",
    "enrolledDateTime",
    "managementAgent",
    "managedDeviceOwnerType",
    "model",
    "manufacturer",
    "operatingSystem",
    "osVersion",
    "serialNumber",
    "userPrincipalName",
)
TRUE: Node = ("true",)


def honour(call: Call, node: Node) -> Node:
    """What Intune makes of a filter."""
    kind = node[0]
    if kind == "or":
        if all(_named(part) == {"azureADDeviceId"} for part in node[1:]):
            return honour(call, node[1])  # of several device ids only the first counts
        return (kind, honour(call, node[1]), honour(call, node[2]))
    if kind == "and":
        return (kind, honour(call, node[1]), honour(call, node[2]))
    if kind == "not" or _named(node) - set(FILTERED):
        return TRUE
    if kind == "compare" and node[1] == "ne":
        return (kind, "eq", *node[2:])
    return node


def _named(node: Node) -> set[str]:
    return {part[1] for part in walk(node) if part[0] == "path"}


MANAGED_DEVICE = Kind(
    "managedDevice",
    pages=(1000, 1000),
    rewrite=honour,
    on_select=(
        "hardwareInformation",
        "ethernetMacAddress",
        "physicalMemoryInBytes",
        "notes",
        "processorArchitecture",
        "specificationVersion",
        "activationLockBypassCode",
    ),
)


@route("GET", "/deviceManagement/managedDevices", READ)
def list_devices(call: Call) -> Answer:
    return collection(call, MANAGED_DEVICE, [_known(call, row) for row in call.side.view.rows("managed_devices")])


@route("GET", "/deviceManagement/managedDevices/{id}", READ)
def read(call: Call) -> Answer:
    return entity(call, MANAGED_DEVICE, _known(call, find(call)))


@route("GET", "/deviceManagement/managedDevices/{id}/users", READ)
def primary_user(call: Call) -> Answer:
    """The primary user, whom a device that a package has joined has not."""
    return collection(call, USER, objects(call, "users", find(call).get("users", [])))


@route("DELETE", "/deviceManagement/managedDevices/{id}", WRITE)
def delete(call: Call) -> Answer:
    """Intune forgets the device; its object in the directory is managed no more."""
    found, tenant = find(call), call.side.tenant
    call.side.view.touch("managed_devices", found["id"])
    tenant.managed_devices.pop(found["id"], None)
    device = tenant.device(found.get("azureADDeviceId", ""))
    if device is not None:
        device.update(device_objects.FORGOTTEN)
    return Answer(204)


@route("POST", "/deviceManagement/managedDevices/{id}/syncDevice", ACTION)
@route("POST", "/deviceManagement/managedDevices/{id}/rebootNow", ACTION)
@route("POST", "/deviceManagement/managedDevices/{id}/retire", ACTION)
def act(call: Call) -> Answer:
    """Queued, and shown as pending; nothing happens on the simulated device."""
    found = find(call)
    now = f"{call.side.clock.utc():%Y-%m-%dT%H:%M:%SZ}"
    call.side.tenant.managed_devices[found["id"]].setdefault("deviceActionResults", []).append(
        {"actionName": call.path[-1], "actionState": "pending", "startDateTime": now, "lastUpdatedDateTime": now}
    )
    return Answer(204)


@route("POST", "/deviceManagement/managedDevices/{id}/wipe", f"{ACTION} {WRITE}")
def wipe(call: Call) -> Answer:
    """Queued. The device carries it out at its next contact: here a minute later, if it is on. That it does is all
    that Intune learns of it."""
    body, found = call.object_body(), find(call)
    known = {"keepEnrollmentData", "keepUserData", "macOsUnlockCode", "persistEsimDataPlan"}
    known |= {"useProtectedWipe", "obliterationBehavior"} if call.version == "beta" else set()
    if set(body) - known:
        odd = sorted(set(body) - known)[0]
        raise intune_error(400, "BadRequest", f"The parameter '{odd}' is not known.", "/".join(call.path))
    call.params["action"] = "wipe"
    answer = act(call)
    if call.side.directory.at_wipe is not None:
        result = call.side.tenant.managed_devices[found["id"]]["deviceActionResults"][-1]
        call.side.directory.at_wipe(found["azureADDeviceId"], body, result)
    return answer


def _known(call: Call, row: Row) -> Row:
    """What a version has no name for is ``unknownFutureValue`` in its answers, as its enumeration says."""
    kind = properties(call.version, "managedDevice")["deviceEnrollmentType"].rstrip("?!")
    known = row.get("deviceEnrollmentType", "unknown") in kind.removeprefix("enum:").split("|")
    return row if known else {**row, "deviceEnrollmentType": "unknownFutureValue"}


def find(call: Call) -> Row:
    found = call.side.view.get("managed_devices", call.params["id"].lower())
    if found is None or found["id"] not in call.side.tenant.managed_devices:
        raise intune_error(404, "ResourceNotFound", "Device not found", f"managedDevices('{call.params['id']}')")
    return found
