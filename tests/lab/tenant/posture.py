# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Intune and Entra know of devices after their join: verdicts, states of policies, keys, users, domains.

Shapes: Microsoft Graph, "managedDevice", "deviceCompliancePolicyState", "deviceConfigurationState",
"bitlockerRecoveryKey", "domain". A list of states has no settings; one policy can have a row for the user and one for
the System account, both under the policy's id; ``settingName`` is null. The built-in policy judges each device.
"""

from __future__ import annotations

import datetime
import typing as t

from .objects import utc_seconds

if t.TYPE_CHECKING:
    from .model import Tenant

SYSTEM = "System account"
BUILT_IN = {
    "name": "Default Device Compliance Policy",
    "settings": [
        {"setting": f"DefaultDeviceCompliancePolicy.{name}", "state": "compliant"}
        for name in ("RequireUserExistence", "RequireRemainContact", "RequireDeviceCompliancePolicyAssigned")
    ],
}
NOBODY = "00000000-0000-0000-0000-000000000000"
#: What an enrolled device has told Intune of itself.
_OF_THE_DEVICE = ("serialNumber", "osVersion", "manufacturer", "model", "joinType", "autopilotEnrolled")


def shape(tenant: Tenant, options: dict[str, t.Any], now: datetime.datetime) -> None:
    """Apply the options of one tenant: ``managed`` by the names of device objects, ``domain_types`` by domain."""
    tenant.domain_types.update(options.get("domain_types", {}))
    for name, entry in options.get("managed", {}).items():
        for device in [row for row in tenant.devices.values() if row["displayName"] == name]:
            manage(tenant, device, entry, now)


def is_of(record: dict, device: dict) -> bool:
    """Whether a record of Intune is that of a device object."""
    return str(record["azureADDeviceId"]).lower() == device["deviceId"].lower()


def manage(tenant: Tenant, device: dict, entry: dict[str, t.Any], now: datetime.datetime) -> dict[str, t.Any]:
    """Intune's record of a device object, and what hangs on it."""

    def person(name: str) -> dict:
        found = tenant.user(name if "@" in name else f"{name}@{tenant.domains[0]}")
        if found is None:
            raise KeyError(name)
        return found

    user = person(entry["user"]) if entry.get("user") else None
    account = entry.get("enrolled_by", user["userPrincipalName"] if user else "")
    synced = now - datetime.timedelta(days=entry.get("sync_days", 0))
    enrolled = next((row for row in tenant.managed_devices.values() if is_of(row, device)), {})
    identity = enrolled.get("id") or tenant.object_id(f"managed/{device['deviceId']}")
    record = {
        "id": identity,
        "azureADDeviceId": device["deviceId"],
        "deviceName": device["displayName"],
        "serialNumber": f"SN-{device['displayName']}",
        "operatingSystem": "Windows",
        "osVersion": "10.0.26100.9278",
        "deviceEnrollmentType": "windowsBulkAzureDomainJoin"
        if account.startswith("package_")
        else "windowsAzureADJoin",
        "managementAgent": entry.get("agent", "mdm"),
        "complianceState": entry.get("compliance", "compliant"),
        "complianceGracePeriodExpirationDateTime": (
            utc_seconds(now + datetime.timedelta(days=entry["grace_days"]))
            if "grace_days" in entry
            else "9999-12-31T23:59:59Z"
        ),
        "enrolledDateTime": utc_seconds(now - datetime.timedelta(days=30)),
        "lastSyncDateTime": utc_seconds(synced),
        "isEncrypted": entry.get("encrypted", True),
        "managementState": "managed",
        "azureADRegistered": True,
        "deviceRegistrationState": "registered",
        "managedDeviceOwnerType": entry.get("owner", "company"),
        "userPrincipalName": account,
        "userId": user["id"] if user else "",
        "users": [user["id"]] if user else [],
    }
    record |= {name: enrolled[name] for name in _OF_THE_DEVICE if name in enrolled}
    tenant.managed_devices[identity] = record
    tenant.policy_states[identity] = {
        "deviceCompliancePolicyStates": _states(
            tenant, _with_built_in(entry.get("policies", [{"name": "Windows"}])), user
        ),
        "deviceConfigurationStates": _states(tenant, entry.get("configurations", []), user),
    }
    tenant.policy_reports[identity] = list(entry.get("report", []))
    for number, volume in enumerate(entry.get("keys", ["operatingSystemVolume"])):
        add_key(tenant, device, volume, number, now)
    device.setdefault("isCompliant", None)
    device.update(isManaged=True, isCompliant=entry.get("entra", record["complianceState"] == "compliant"))
    return record


def add_key(
    tenant: Tenant, device: dict, volume: str, number: int, now: datetime.datetime, protector: str | None = None
) -> dict[str, t.Any]:
    """A recovery key of BitLocker, by the id of its protector."""
    made = {
        "id": protector or tenant.object_id(f"recovery key/{device['deviceId']}/{number}"),
        "createdDateTime": utc_seconds(now),
        "deviceId": device["deviceId"],
        "volumeType": volume,
        "key": "123456-" * 7 + "123456",
    }
    tenant.recovery_keys[made["id"]] = made
    return made


def _with_built_in(policies: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    named = any(policy["name"] == BUILT_IN["name"] for policy in policies)
    return policies if named else [BUILT_IN, *policies]


def _states(tenant: Tenant, policies: list[dict[str, t.Any]], user: dict | None) -> list[dict[str, t.Any]]:
    made = []
    for policy in policies:
        system = policy.get("system", user is None)
        made.append(
            {
                "id": tenant.object_id(f"policy state/{policy['name']}"),
                "displayName": policy["name"],
                "platformType": "windows10AndLater",
                "settingCount": len(policy.get("settings", [])),
                "state": policy.get("state", "compliant"),
                "version": 1,
                "userId": NOBODY if system or user is None else user["id"],
                "userPrincipalName": SYSTEM if system or user is None else user["userPrincipalName"],
                "rows": [setting(one) for one in policy.get("settings", [])],
            }
        )
    return made


def setting(given: dict[str, t.Any]) -> dict[str, t.Any]:
    """The state of one setting, in Graph's shape."""
    return {
        "setting": given["setting"],
        "settingName": None,
        "instanceDisplayName": None,
        "state": given.get("state", "nonCompliant"),
        "errorCode": given.get("code", 0),
        "errorDescription": None,
        "currentValue": given.get("value"),
        "sources": [
            {"id": NOBODY, "displayName": name, "sourceType": "deviceConfiguration"}
            for name in given.get("sources", [])
        ],
    }
