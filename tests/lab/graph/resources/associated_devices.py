# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/tenantAssociatedDevices: devices associated with the tenant (beta; nobody has documented it).

Sources: the public tools WindowsDeviceLink (a second import is 409; a filter for a serial number may find nothing),
Get-AutopilotDeviceAssociation (a removal shows as 404, or as pendingRemoval) and APDP-DeviceAssociation-Service.
"""

from __future__ import annotations

from ...device import device_link
from ...tenant.objects import utc_seconds
from ..answers import Answer, Call, intune_error
from ..filter import Node
from ..query import Kind, Row, collection, entity
from ..routing import route

READ = "DeviceManagementServiceConfig.Read.All DeviceManagementServiceConfig.ReadWrite.All"
WRITE = "DeviceManagementServiceConfig.ReadWrite.All"
_ROOT = "/deviceManagement/tenantAssociatedDevices"
_NOTHING: Node = ("not", ("true",))


def _misses(call: Call, node: Node) -> Node:
    """A filter finds nothing, whatever is there."""
    return _NOTHING


ASSOCIATED = Kind("tenantAssociatedDevice", pages=(100, 100), rewrite=_misses)


@route("GET", _ROOT, READ, versions=("beta",))
def list_devices(call: Call) -> Answer:
    return collection(call, ASSOCIATED, call.side.view.rows("associated_devices"))


@route("GET", _ROOT + "/{id}", READ, versions=("beta",))
def read(call: Call) -> Answer:
    return entity(call, ASSOCIATED, find(call))


@route("POST", _ROOT + "/importTenantAssociatedDevice", WRITE, versions=("beta",))
def import_device(call: Call) -> Answer:
    body, tenant = call.object_body(), call.side.tenant
    try:
        info = device_link.read(body["deviceLink"])
    except (KeyError, ValueError, TypeError) as error:
        raise intune_error(400, "BadRequest", "The device link is not valid.") from error
    policy = body.get("devicePreparationPolicyId")
    _require_policy(call, policy)
    for other in call.side.directory.tenants.values():
        if any(_is_same(row, info) for row in other.associated_devices.values()):
            raise intune_error(409, "Conflict", "The device is already associated.")
    now = utc_seconds(call.side.clock.utc())
    row = {
        "id": tenant.object_id(f"association/{info['LinkId']}/{now}"),
        "serialNumber": info["SerialNumber"],
        "smbiosUuid": info["SmbiosUuid"],
        "manufacturerName": info["Manufacturer"],
        "modelName": info["ModelName"],
        "associationState": "preassociated",
        "preassociationDateTime": now,
        "preassociatedByUserPrincipalName": None,
        "devicePreparationPolicyId": policy,
        "devicePreparationPolicyAssignedDateTime": now if policy else None,
    }
    call.side.view.touch("associated_devices", row["id"])
    tenant.associated_devices[row["id"]] = row
    return entity(call, ASSOCIATED, row, 201)


@route("PATCH", _ROOT + "/{id}", WRITE, versions=("beta",))
def bind(call: Call) -> Answer:
    found, body = find(call), call.object_body()
    unknown = set(body) - {"devicePreparationPolicyId"}
    if unknown:
        raise intune_error(400, "BadRequest", f"The property '{sorted(unknown)[0]}' cannot be changed.")
    _require_policy(call, body.get("devicePreparationPolicyId"))
    call.side.view.touch("associated_devices", found["id"])
    call.side.tenant.associated_devices[found["id"]].update(
        devicePreparationPolicyId=body.get("devicePreparationPolicyId"),
        devicePreparationPolicyAssignedDateTime=utc_seconds(call.side.clock.utc()),
    )
    return Answer(204)


@route("DELETE", _ROOT + "/{id}", WRITE, versions=("beta",))
def delete(call: Call) -> Answer:
    """A device that has the mark in its firmware stays listed until it has cleared it."""
    found, rows = find(call), call.side.tenant.associated_devices
    call.side.view.touch("associated_devices", found["id"])
    if rows[found["id"]]["associationState"] == "preassociated":
        del rows[found["id"]]
    else:
        rows[found["id"]]["associationState"] = "pendingRemoval"
    return Answer(204)


def _require_policy(call: Call, identity: str | None) -> None:
    if identity is not None and identity not in call.side.tenant.configuration_policies:
        raise intune_error(400, "BadRequest", "The device preparation policy was not found.")


def _is_same(row: Row, info: dict) -> bool:
    return (row["serialNumber"], str(row["smbiosUuid"]).lower()) == (
        info["SerialNumber"],
        str(info["SmbiosUuid"]).lower(),
    )


def find(call: Call) -> Row:
    found = call.side.view.get("associated_devices", call.params["id"].lower())
    if found is None or found["id"] not in call.side.tenant.associated_devices:
        raise intune_error(404, "ResourceNotFound", "Associated device not found", "/".join(call.path))
    return found
