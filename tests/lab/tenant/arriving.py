# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario says of Intune over time (option ``intune`` of a tenant), what people do to enrolled devices, and how
it all stands."""

from __future__ import annotations

import dataclasses
import typing as t

from . import arrival
from .enrolled import COMPLIANCE, DEFAULTS, DEVICES, Course, Imagined, Intune, Row

if t.TYPE_CHECKING:
    from .model import Tenant


def shape(tenant: Tenant, options: Row, directory_time: float) -> None:
    """The option ``intune`` of one tenant; objects in ``arriving`` enroll by themselves."""
    given = options.get("intune")
    if given is None:
        return
    seconds = {name: float(given.get(name, value)) for name, value in DEFAULTS.items()}
    policies = {one["name"]: {"kind": COMPLIANCE, "assigned": DEVICES, **one} for one in given.get("policies", [])}
    tenant.intune = Intune(seconds, policies, given.get("secure_by_default", False), given.get("encrypt_seconds"))
    for name, entry in given.get("arriving", {}).items():
        for device in [row for row in tenant.devices.values() if row["displayName"] == name]:
            tenant.intune.at(directory_time + entry.get("after", 0.0), _Arriving(tenant, device, entry))


@dataclasses.dataclass
class _Arriving:
    tenant: Tenant
    device: Row
    entry: Row

    def __call__(self, now: float) -> None:
        entry, tenant = self.entry, self.tenant
        user = _person(tenant, entry["user"]) if entry.get("user") else None
        encryption = entry.get("encryption")
        machine = Imagined()
        if encryption is not None:
            machine = Imagined(
                now, encryption.get("from", 0), encryption.get("seconds", 60.0), encryption.get("restart_after")
            )
        course = Course(
            _record(tenant, self.device, entry, user),
            self.device,
            machine,
            now,
            frozenset(entry.get("lacks", ())),
            entry.get("config_manager"),
        )
        signs_in = entry.get("signs_in")
        if signs_in is not None:
            course.users.append((now + signs_in.get("after", 0.0), _person(tenant, signs_in["user"])))
        arrival.enroll(tenant, course)


def _person(tenant: Tenant, name: str) -> Row:
    found = tenant.user(name if "@" in name else f"{name}@{tenant.domains[0]}")
    if found is None:
        raise KeyError(name)
    return found


def _record(tenant: Tenant, device: Row, entry: Row, user: Row | None) -> Row:
    account = entry.get("enrolled_by", user["userPrincipalName"] if user else "")
    bulk = not account or account.startswith("package_")
    return {
        "id": tenant.object_id(f"managed/{device['deviceId']}"),
        "azureADDeviceId": device["deviceId"],
        "deviceName": device["displayName"],
        "serialNumber": f"SN-{device['displayName']}",
        "operatingSystem": "Windows",
        "osVersion": "10.0.26100.9278",
        "deviceEnrollmentType": "windowsBulkAzureDomainJoin" if bulk else "windowsAzureADJoin",
        "managementAgent": entry.get("agent", "mdm"),
        "managementState": "managed",
        "azureADRegistered": True,
        "deviceRegistrationState": "registered",
        "managedDeviceOwnerType": "company",
        "userPrincipalName": account,
        "userId": user["id"] if user else "",
        "users": [user["id"]] if user else [],
    }


def of_name(tenant: Tenant, name: str) -> Course:
    """The course of a device by its name in Intune. KeyError where it has not enrolled."""
    for course in tenant.intune.courses.values() if tenant.intune else ():
        if course.record["deviceName"].lower() == name.lower():
            return course
    raise KeyError(name)


def sign_in(tenant: Tenant, course: Course, name: str, now: float) -> None:
    """Somebody signs in to the device, and it syncs. The primary user stays as it was."""
    course.users.append((now, _person(tenant, name)))
    arrival.sync(tenant, course, now)


def set_primary_user(tenant: Tenant, course: Course, name: str) -> None:
    """Somebody makes a person the primary user of the device."""
    course.record["users"] = [_person(tenant, name)["id"]]


def shown(tenant: Tenant, now: float) -> Row:
    """How it all stands, for tests."""
    intune = tenant.intune
    if intune is None:
        return {"policies": {}, "devices": {}}
    return {
        "policies": intune.policies,
        "devices": {
            course.record["deviceName"]: {
                "device_id": course.device["deviceId"],
                "enrolled": course.enrolled,
                "in_intune": course.record["id"] in tenant.managed_devices,
                "syncs": course.syncs,
                "compliance": course.record.get("complianceState"),
                "entra": course.device.get("isCompliant"),
                "encryption_percentage": course.machine.percentage(now),
                "attested": course.machine.attested(now),
                "signed_in": [user["userPrincipalName"] for moment, user in course.users if moment <= now],
                "policies": {
                    row["displayName"]: row["state"]
                    for name in arrival.COLLECTIONS.values()
                    for row in tenant.policy_states.get(course.record["id"], {}).get(name, [])
                },
            }
            for course in intune.courses.values()
        },
    }
