# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/directory/deletedItems: devices that can be restored for 30 days (Microsoft, "Soft delete for devices", preview)."""

from __future__ import annotations

from ...tenant import roles
from ..answers import Answer, Call, not_found
from ..query import collection, entity, present
from ..routing import route
from .kinds import DEVICE

# No application permission is published for devices here; those of the objects themselves are taken.
READ = "Device.Read.All Device.ReadWrite.All Directory.Read.All Directory.ReadWrite.All"
WRITE = "Device.ReadWrite.All Directory.ReadWrite.All"
ADMINISTRATORS = (roles.CLOUD_DEVICE_ADMINISTRATOR, roles.INTUNE_ADMINISTRATOR)


@route("GET", "/directory/deletedItems/graph.device", READ)
def list_devices(call: Call) -> Answer:
    return collection(call, DEVICE, call.side.view.rows("deleted_devices"))


@route("GET", "/directory/deletedItems/{id}", READ)
def read(call: Call) -> Answer:
    _find(call)
    answer = entity(call, DEVICE, call.side.tenant.deleted_devices[call.params["id"].lower()])
    answer.body["@odata.type"] = "#microsoft.graph.device"
    return answer


@route("DELETE", "/directory/deletedItems/{id}", WRITE, delegated="Directory.AccessAsUser.All", roles=ADMINISTRATORS)
def purge(call: Call) -> Answer:
    """Gone for good, with its BitLocker keys and local passwords."""
    found, tenant = _find(call), call.side.tenant
    del tenant.deleted_devices[found["id"]]
    tenant.local_credentials.pop(found["deviceId"], None)
    for id_ in [id_ for id_, key in tenant.recovery_keys.items() if key["deviceId"] == found["deviceId"]]:
        del tenant.recovery_keys[id_]
    return Answer(204)


@route(
    "POST", "/directory/deletedItems/{id}/restore", WRITE, delegated="Directory.AccessAsUser.All", roles=ADMINISTRATORS
)
def restore(call: Call) -> Answer:
    """The device is back, under its old ids; it counts as not compliant until it reports again."""
    found, tenant = _find(call), call.side.tenant
    call.side.view.touch("devices", found["id"])
    del tenant.deleted_devices[found["id"]]
    tenant.devices[found["id"]] = {**found, "deletedDateTime": None, "isCompliant": False}
    return Answer(
        200,
        {
            "@odata.context": f"{call.root}/$metadata#directoryObjects/$entity",
            "@odata.type": "#microsoft.graph.device",
            **present(call, DEVICE, tenant.devices[found["id"]], {}),
        },
    )


def _find(call: Call) -> dict:
    found = call.side.tenant.deleted_devices.get(call.params["id"].lower())
    if found is None:
        raise not_found(call.params["id"])
    return found
