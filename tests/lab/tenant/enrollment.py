# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intune's word on an enrollment: licence, restriction, limit; and the record of one that it refuses.

Codes: Microsoft's mdmregistration constants (MENROLL_E_USERLICENSE, MENROLL_E_DEVICENOTSUPPORTED,
MENROLL_E_DEVICECAPREACHED), "Troubleshoot device enrollment". Categories: Microsoft Graph,
"enrollmentTroubleshootingEvent"; the words of ``failureReason`` are ours. A tenant that has bought no product with
Intune is one whose licences the lab does not look at.
"""

from __future__ import annotations

import dataclasses
import typing as t

from . import logs
from .licences import INTUNE as PLAN

if t.TYPE_CHECKING:
    from .model import Directory, Tenant

NO_LICENCE, NOT_SUPPORTED, CAP_REACHED = 0x80180018, 0x80180014, 0x80180013
RESTRICTED = "enrollmentRestrictionsEnforced"
_TYPE = "#microsoft.graph.deviceEnrollment"


@dataclasses.dataclass(frozen=True)
class Refusal:
    """``hresult`` is what the device makes of it; ``category`` and ``reason`` are the event's."""

    hresult: int
    category: str
    reason: str


def refusal(tenant: Tenant, user: dict | None, device: t.Any, personal: bool) -> Refusal | None:
    """Why Intune does not take a device. A package user (``user`` or None) needs no licence, has no limit, and meets
    the default restriction alone, as a corporate device."""
    person = user if user and not user["userPrincipalName"].startswith("package_") else None
    if person is not None and _sells_intune(tenant) and not _is_licensed(person):
        return Refusal(NO_LICENCE, "userValidation", "UserNotLicensed")
    if (found := _restriction(tenant, person, device, personal)) is not None:
        return found
    if person is not None and _enrolled(tenant, person) >= _limit(tenant, person):
        return Refusal(CAP_REACHED, RESTRICTED, "DeviceCapReached")
    return None


def record(
    directory: Directory,
    tenant: Tenant,
    found: Refusal,
    *,
    user_id: str | None,
    device_id: str | None,
    kind: str,
    version: str | None = None,
    correlation: str | None = None,
    late: float | None = None,
) -> dict[str, t.Any]:
    """The event of an enrollment that failed. ``device_id`` is the directory's."""
    request = directory.request_id()
    row = {
        "id": request,
        "eventDateTime": logs.moment(directory),
        "correlationId": correlation or request,
        "managedDeviceIdentifier": None,
        "operatingSystem": "Windows",
        "osVersion": version,
        "userId": user_id,
        "deviceId": device_id,
        "enrollmentType": kind,
        "failureCategory": found.category,
        "failureReason": found.reason,
        "eventName": "EnrollmentFailure",
    }
    return tenant.logs.write(logs.ENROLLMENTS, row, directory.elapsed(), late)


def _sells_intune(tenant: Tenant) -> bool:
    return any(
        plan["servicePlanId"] == PLAN[0] for sku in tenant.subscribed_skus.values() for plan in sku["servicePlans"]
    )


def _is_licensed(user: dict) -> bool:
    return any(
        plan["servicePlanId"] == PLAN[0] and plan["capabilityStatus"] == "Enabled"
        for plan in user.get("assignedPlans", [])
    )


def _restriction(tenant: Tenant, person: dict | None, device: t.Any, personal: bool) -> Refusal | None:
    """The first restriction by priority that is for the person decides; the default one is the last."""
    found = next((row for row in _mine(tenant, person, "PlatformRestriction")), None)
    rules = (found or {}).get("windowsRestriction") or (found or {}).get("platformRestriction") or {}
    if rules.get("platformBlocked"):
        return Refusal(NOT_SUPPORTED, RESTRICTED, "DeviceTypeNotSupported")
    if personal and rules.get("personalDeviceEnrollmentBlocked"):
        return Refusal(NOT_SUPPORTED, RESTRICTED, "PersonalDeviceEnrollmentBlocked")
    lowest, own = rules.get("osMinimumVersion") or "", f"10.0.{device.image.build}.{device.image.revision}"
    if lowest and _parts(own) < _parts(lowest):
        return Refusal(NOT_SUPPORTED, RESTRICTED, "OsVersionTooOld")
    return None


def _mine(tenant: Tenant, person: dict | None, kind: str) -> list[dict]:
    """Configurations of a kind that cover the person, those with a priority first."""
    rows = [row for row in tenant.enrollment_configurations if row.get("@odata.type", "").startswith(_TYPE + kind)]
    groups = tenant.groups_of(person["id"]) if person else set()

    def covers(row: dict) -> bool:
        if not row.get("priority"):
            return True
        if row.get("platformType", "windows") not in ("windows", "allPlatforms"):
            return False
        targets = [entry.get("target", entry) for entry in row.get("assignments", [])]
        return any(one.get("groupId") in groups for one in targets)

    return sorted(filter(covers, rows), key=lambda row: row.get("priority") or 10**6)


def _limit(tenant: Tenant, person: dict) -> int:
    return next((row["limit"] for row in _mine(tenant, person, "Limit")), 15)


def _enrolled(tenant: Tenant, person: dict) -> int:
    return sum(person["id"] == row.get("userId") for row in tenant.managed_devices.values())


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]
