# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant has for Windows Autopilot device preparation: policies, associated devices, corporate identifiers.

Settings as public tools that read and write them spell them (``accountype`` is spelled so): terraform-provider-
microsoft365, Microsoft365DSC issue 7280, CIPP.
"""

from __future__ import annotations

import typing as t
import uuid

from .furnish import add_service_principal
from .model import Tenant

#: "Intune Provisioning Client", which has to own the device group of a policy.
PROVISIONING_CLIENT = "f1346770-5b25-470b-88bd-d5744ab7952c"
TEMPLATES = {
    "user_driven": "80d33118-b7b4-40d8-b15f-81be745e053f_1",
    "association": "70d256b3-6120-4f88-9e00-0972ec64fc83_1",
}
_SETTING = "enrollment_autopilot_dpp_"
_MODEL = "#microsoft.graph.deviceManagementConfiguration"


def add_policy(
    tenant: Tenant,
    name: str,
    now: str,
    *,
    account: str = "standard",
    template: str = "user_driven",
    group: str | None = None,
    owned: bool = True,
    assigned: tuple[str, ...] = (),
) -> dict:
    """A device preparation policy. ``group`` is its device group by name, ``assigned`` the groups of its users;
    ``owned``: the provisioning client owns the device group."""
    groups = {row["displayName"]: row for row in tenant.groups.values()}
    settings = [_choice("accountype", {"administrator": "0", "standard": "1"}[account]), _simple("timeout", 60)]
    if group is not None:
        settings.append(_list("devicesecuritygroupids", [groups[group]["id"]]))
        client = _client(tenant)
        groups[group]["owners"] = [client["id"]] if owned else []
    policy: dict[str, t.Any] = {
        "id": tenant.object_id(f"preparation policy/{name}"),
        "name": name,
        "platforms": "windows10",
        "technologies": "enrollment",
        "createdDateTime": now,
        "lastModifiedDateTime": now,
        "isAssigned": bool(assigned),
        "settingCount": len(settings),
        "roleScopeTagIds": ["0"],
        "templateReference": {
            "templateId": TEMPLATES[template],
            "templateFamily": "enrollmentConfiguration",
            "templateDisplayName": "Device preparation",
            "templateDisplayVersion": "Version 1",
        },
        "settings": [{"id": str(number), "settingInstance": one} for number, one in enumerate(settings)],
        "assignments": [
            {
                "id": tenant.object_id(f"preparation policy/{name}/{number}"),
                "source": "direct",
                "target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": groups[one]["id"]},
            }
            for number, one in enumerate(assigned)
        ],
    }
    tenant.configuration_policies[policy["id"]] = policy
    return policy


def add_association(
    tenant: Tenant, serial: str, now: str, *, uuid: str | None = None, state: str = "associated", managed: str = ""
) -> dict:
    """A device that is associated; ``state`` is the service's word."""
    row: dict[str, t.Any] = {
        "id": tenant.object_id(f"association/{serial}"),
        "serialNumber": serial,
        "smbiosUuid": uuid or tenant.object_id(f"smbios/{serial}"),
        "manufacturerName": "Lab",
        "modelName": "Lab 14 G5",
        "associationState": state,
        "preassociationDateTime": now,
        "associationDateTime": None if state == "preassociated" else now,
        "managedDeviceId": managed or None,
        "managedDeviceName": serial if managed else None,
        "lastContactedDateTime": None if state == "preassociated" else now,
    }
    tenant.associated_devices[row["id"]] = row
    return row


def add_corporate_identifier(tenant: Tenant, text: str, now: str) -> dict:
    """``text`` is manufacturer, model and serial number with commas between."""
    row: dict[str, t.Any] = {
        "id": str(uuid.uuid5(uuid.UUID(tenant.id), f"corporate identifier/{text}")),
        "importedDeviceIdentifier": text,
        "importedDeviceIdentityType": "manufacturerModelSerial",
        "platform": "windows",
        "enrollmentState": "notContacted",
        "createdDateTime": now,
        "lastModifiedDateTime": now,
        "description": None,
    }
    tenant.corporate_identifiers[row["id"]] = row
    return row


def shape(tenant: Tenant, options: dict[str, t.Any], now: str) -> None:
    """What a scenario says of it."""
    for entry in options.get("preparation_policies", []):
        given: dict[str, t.Any] = {name: value for name, value in entry.items() if name != "name"}
        add_policy(tenant, entry["name"], now, **{**given, "assigned": tuple(entry.get("assigned", ()))})
    for entry in options.get("associations", []):
        add_association(tenant, entry["serial"], now, **{k: v for k, v in entry.items() if k != "serial"})
    for text in options.get("corporate_identifiers", []):
        add_corporate_identifier(tenant, text, now)


def _client(tenant: Tenant) -> dict:
    known = {row["appId"]: row for row in tenant.service_principals.values()}
    return known.get(PROVISIONING_CLIENT) or add_service_principal(
        tenant, PROVISIONING_CLIENT, "Intune Provisioning Client"
    )


def _choice(name: str, value: str) -> dict:
    return {
        "@odata.type": f"{_MODEL}ChoiceSettingInstance",
        "settingDefinitionId": _SETTING + name,
        "choiceSettingValue": {"value": f"{_SETTING}{name}_{value}", "children": []},
    }


def _simple(name: str, value: int) -> dict:
    return {
        "@odata.type": f"{_MODEL}SimpleSettingInstance",
        "settingDefinitionId": _SETTING + name,
        "simpleSettingValue": {"@odata.type": f"{_MODEL}IntegerSettingValue", "value": value},
    }


def _list(name: str, values: list[str]) -> dict:
    return {
        "@odata.type": f"{_MODEL}SimpleSettingCollectionInstance",
        "settingDefinitionId": _SETTING + name,
        "simpleSettingCollectionValue": [
            {"@odata.type": f"{_MODEL}StringSettingValue", "value": value} for value in values
        ],
    }
