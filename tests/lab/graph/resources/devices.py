# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/devices: the device objects of the directory."""

from __future__ import annotations

from ...tenant import audits, device_objects, roles
from ..answers import Answer, Call, GraphError, bad_request, not_found
from ..query import Row, collection, count, entity
from ..routing import route
from ..types import check_body, utc
from .kinds import DEVICE, GROUP, USER, objects

READ = "Device.Read.All Device.ReadWrite.All Directory.Read.All Directory.ReadWrite.All"
PEOPLE_READ = "Device.Read.All Directory.Read.All Directory.ReadWrite.All"
ADMINISTRATORS = (roles.CLOUD_DEVICE_ADMINISTRATOR, roles.INTUNE_ADMINISTRATOR)
BY_KEY = "/devices(deviceId='{deviceId}')"
#: What may be set on any device, also by an application (microsoft-graph-docs issue 16641).
EVERYWHERE = {"extensionAttributes"}
#: Kinds of devices that are kept for 30 days after deletion; Azure VMs are not ("Soft delete for devices", preview).
RESTORABLE = ("AzureAd", "ServerAd", "Workplace")


@route("GET", "/devices", READ, delegated=PEOPLE_READ)
def list_devices(call: Call) -> Answer:
    return collection(call, DEVICE, call.side.view.rows("devices"))


@route("GET", "/devices/$count", READ, delegated=PEOPLE_READ)
def count_devices(call: Call) -> Answer:
    return count(call, DEVICE, call.side.view.rows("devices"))


@route("GET", "/devices/{id}", READ, delegated=PEOPLE_READ)
@route("GET", BY_KEY, READ, delegated=PEOPLE_READ)
def read(call: Call) -> Answer:
    return entity(call, DEVICE, find(call))


@route(
    "PATCH",
    "/devices/{id}",
    "Device.ReadWrite.All Directory.ReadWrite.All",
    delegated="Directory.AccessAsUser.All",
    roles=ADMINISTRATORS,
)
@route(
    "PATCH",
    BY_KEY,
    "Device.ReadWrite.All Directory.ReadWrite.All",
    delegated="Directory.AccessAsUser.All",
    roles=ADMINISTRATORS,
)
def update(call: Call) -> Answer:
    found = _existing(call)
    changes = check_body(call.version, "device", call.object_body())
    if found.get("operatingSystem") != "Windows" and not call.caller.delegated and set(changes) - EVERYWHERE:
        raise bad_request("Properties other than ExtendedAttribute1..15 can be modified only on windows devices.")
    attributes = changes.pop("extensionAttributes", None)
    call.side.view.touch("devices", found["id"])
    real = call.side.tenant.devices[found["id"]]
    if isinstance(attributes, dict):  # the one complex property of which parts may be sent
        unknown = [name for name in attributes if name not in (f"extensionAttribute{n}" for n in range(1, 16))]
        if unknown:
            raise bad_request(f"Invalid property '{unknown[0]}'.", target=unknown[0])
        real["extensionAttributes"] = {**_no_attributes(), **(real.get("extensionAttributes") or {}), **attributes}
    named = {name[0].upper() + name[1:]: value for name, value in changes.items()}
    record(call, "Update device", "Update", audits.target("Device", real, named))
    real.update(changes)
    return Answer(204)


@route("DELETE", "/devices/{id}", "Device.ReadWrite.All", delegated="Directory.AccessAsUser.All", roles=ADMINISTRATORS)
@route("DELETE", BY_KEY, "Device.ReadWrite.All", delegated="Directory.AccessAsUser.All", roles=ADMINISTRATORS)
def delete(call: Call) -> Answer:
    """Gone from here; joined, hybrid joined and registered PCs wait in deletedItems, others are gone for good."""
    found, tenant = _existing(call), call.side.tenant
    if any(d.get("azureActiveDirectoryDeviceId") == found["deviceId"] for d in tenant.autopilot_devices.values()):
        # The refusal does not say why (PBKoning/..., memdocs issue 1435): the object is the anchor of an Autopilot
        # device.
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    call.side.view.touch("devices", found["id"])
    tenant.devices.pop(found["id"], None)
    for group in tenant.groups.values():
        if found["id"] in group["members"]:
            group["members"].remove(found["id"])
    if found.get("trustType") in RESTORABLE and found.get("profileType") != device_objects.SECURE_VM:
        tenant.deleted_devices[found["id"]] = {**found, "deletedDateTime": utc(call.side.clock.utc())}
    record(call, "Delete device", "Delete", audits.target("Device", found))
    return Answer(204)


@route("GET", "/devices/{id}/registeredOwners", READ, delegated=PEOPLE_READ)
@route("GET", "/devices/{id}/registeredUsers", READ, delegated=PEOPLE_READ)
@route("GET", BY_KEY + "/registeredOwners", READ, delegated=PEOPLE_READ)
def owners(call: Call) -> Answer:
    found = objects(call, "users", find(call).get("registeredOwners", []))
    return collection(call, USER, found, mixed=lambda row: USER)


@route("GET", "/devices/{id}/memberOf", READ, delegated=PEOPLE_READ)
@route("GET", "/devices/{id}/transitiveMemberOf", READ, delegated=PEOPLE_READ)
def member_of(call: Call) -> Answer:
    found = call.side.tenant.groups_of(find(call)["id"])
    return collection(call, GROUP, objects(call, "groups", sorted(found)), mixed=lambda row: GROUP)


def record(call: Call, activity: str, operation: str, target: Row) -> None:
    """An entry in the directory's log of what the caller has done."""
    caller, tenant = call.caller, call.side.tenant
    if caller.delegated:
        initiator = audits.by_user(tenant.users[caller.user_id or ""])
    else:
        initiator = audits.by_app(tenant, caller.client_id, tenant.applications[caller.client_id].name)
    audits.write(call.side.directory, tenant, activity, initiator, [target], operation=operation)


def find(call: Call) -> Row:
    """The device that the path names by object id or by deviceId."""
    key = call.params.get("deviceId")
    if key is not None:
        found = next((row for row in call.side.view.rows("devices") if row["deviceId"] == key.lower()), None)
    else:
        key = call.params["id"]
        found = call.side.view.get("devices", key.lower())
    if found is None:
        raise not_found(key)
    return found


def _existing(call: Call) -> Row:
    """The same, for a write: a device that only a lagging replica shows is not there."""
    found = find(call)
    if found["id"] not in call.side.tenant.devices:
        raise not_found(found["id"])
    return found


def _no_attributes() -> Row:
    return {f"extensionAttribute{number}": None for number in range(1, 16)}
