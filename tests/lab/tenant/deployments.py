# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments as the tenant sees them: the registration of a device, its profile and status page, the events.

Shapes: Microsoft Graph beta, windowsAutopilotDeviceIdentity, windowsAutopilotDeploymentProfile,
windows10EnrollmentCompletionPageConfiguration, deviceManagementAutopilotEvent.
"""

from __future__ import annotations

import datetime
import typing as t

from .model import Tenant
from .objects import add_autopilot, utc_seconds

NO_DEVICE = "00000000-0000-0000-0000-000000000000"
ASSIGNED = ("assignedInSync", "assignedOutOfSync", "assignedUnkownSyncState")
PAGE = "#microsoft.graph.windows10EnrollmentCompletionPageConfiguration"
ALL_DEVICES = "#microsoft.graph.allDevicesAssignmentTarget"
ALL_USERS = "#microsoft.graph.allLicensedUsersAssignmentTarget"
GROUP = "#microsoft.graph.groupAssignmentTarget"
EXCLUSION = "#microsoft.graph.exclusionGroupAssignmentTarget"
#: What a tenant's default page does: nothing is shown or waited for.
DEFAULT_PAGE: dict[str, t.Any] = {"id": None, "displayName": None, "showInstallationProgress": False}


def identity_of(tenant: Tenant, serial: str) -> dict | None:
    """The registration of the device with this serial number."""
    return next((row for row in tenant.autopilot_devices.values() if row["serialNumber"] == serial), None)


def profile_of(tenant: Tenant, identity: dict) -> dict | None:
    """The profile that is assigned to a registered device; one for a user where the tenant keeps none at all."""
    if identity.get("deploymentProfileAssignmentStatus") not in ASSIGNED:
        return None
    if tenant.autopilot_profiles:
        return tenant.autopilot_profiles.get(identity.get("profile") or "")
    return {"displayName": None, "outOfBoxExperienceSetting": {"deviceUsageType": "singleUser"}}


def page_of(tenant: Tenant, device_object_id: str | None, user_id: str | None) -> dict:
    """The status page that a device and its user get: the assigned one with the lowest number, else the default."""
    pages = [row for row in tenant.enrollment_configurations if row.get("@odata.type") == PAGE]
    for page in sorted(pages, key=lambda row: row.get("priority") or 0):
        if page.get("priority") and covers(tenant, page.get("assignments", []), device_object_id, user_id):
            return page
    return next((page for page in pages if not page.get("priority")), DEFAULT_PAGE)


def covers(tenant: Tenant, assignments: list[dict], device_object_id: str | None, user_id: str | None) -> bool:
    """Whether targets of assignments cover a device or its user. An exclusion wins."""
    targets = [entry.get("target", entry) for entry in assignments]
    groups = {group for member in (device_object_id, user_id) if member for group in tenant.groups_of(member)}
    if any(target.get("@odata.type") == EXCLUSION and target.get("groupId") in groups for target in targets):
        return False
    return any(
        (target.get("@odata.type") == ALL_DEVICES and device_object_id is not None)
        or (target.get("@odata.type") == ALL_USERS and user_id is not None)
        or target.get("groupId") in groups
        for target in targets
    )


def furnish(tenant: Tenant, options: dict[str, t.Any], now: datetime.datetime) -> None:
    """What a scenario says of profiles, pages and registrations. A profile is for the devices with its group tag."""
    for given in options.get("autopilot_profiles", []):
        name, tag = given["displayName"], given.get("tag", "")
        group = tenant.add_group(
            f"Devices of {name}",
            [],
            groupTypes=["DynamicMembership"],
            membershipRule=f'(device.devicePhysicalIds -any (_ -eq "[OrderId]:{tag}"))',
            membershipRuleProcessingState="On",
        )
        identity = tenant.object_id(f"autopilot profile/{name}")
        tenant.autopilot_profiles[identity] = {
            "@odata.type": "#microsoft.graph.azureADWindowsAutopilotDeploymentProfile",
            "id": identity,
            "displayName": name,
            "outOfBoxExperienceSetting": {"deviceUsageType": "shared" if given.get("self_deploying") else "singleUser"},
            "assignments": [
                {"id": f"{identity}_{group['id']}_0", "target": {"@odata.type": GROUP, "groupId": group["id"]}}
            ],
        }
    for number, given in enumerate(options.get("status_pages", []), 1):
        tenant.enrollment_configurations.append(
            {
                "@odata.type": PAGE,
                "id": f"{tenant.object_id(f'status page/{number}')}_Windows10EnrollmentCompletionPageConfiguration",
                "displayName": given["displayName"],
                "priority": number,
                "showInstallationProgress": True,
                "installProgressTimeoutInMinutes": 60,
                "assignments": [{"target": {"@odata.type": ALL_DEVICES}}],
                **given.get("properties", {}),
            }
        )
    for given in options.get("autopilot", []):
        entry = dict(given)
        serial, profile, properties = entry.pop("serial"), entry.pop("profile", None), entry.pop("properties", {})
        row = add_autopilot(tenant, serial, now, **entry)
        if profile is not None:
            row.update(
                profile=tenant.object_id(f"autopilot profile/{profile}"),
                profile_due=0.0,
                deploymentProfileAssignmentStatus="assignedInSync",
                deploymentProfileAssignmentDetailedStatus="none",
                deploymentProfileAssignedDateTime=utc_seconds(now),
            )
        row.update(properties)


def deploys_itself(profile: dict | None) -> bool:
    """Whether a profile is one for devices without a user."""
    return profile is not None and (profile.get("outOfBoxExperienceSetting") or {}).get("deviceUsageType") == "shared"


class Event:
    """The row of one deployment in ``autopilotEvents``, written as the deployment goes."""

    def __init__(self, tenant: Tenant, identity: dict, profile: dict, page: dict, now: datetime.datetime) -> None:
        number = sum(row["deviceSerialNumber"] == identity["serialNumber"] for row in tenant.autopilot_events.values())
        self.began = now
        self.row: dict[str, t.Any] = {
            "id": tenant.object_id(f"autopilot event/{identity['id']}/{number}"),
            "eventDateTime": utc_seconds(now),
            "deviceRegisteredDateTime": utc_seconds(now),
            "enrollmentStartDateTime": utc_seconds(now),
            "deploymentStartDateTime": utc_seconds(now),
            "deviceSerialNumber": identity["serialNumber"],
            "deviceId": NO_DEVICE,
            "userId": NO_DEVICE,
            "userPrincipalName": "",
            "managedDeviceName": "",
            "enrollmentState": "unknown",
            "deploymentState": "inProgress",
            "deviceSetupStatus": "unknown",
            "accountSetupStatus": "unknown",
            "enrollmentType": "azureADJoinedUsingDeviceAuthWithAutopilotProfile"
            if deploys_itself(profile)
            else "azureADJoinedWithAutopilotProfile",
            "windowsAutopilotDeploymentProfileDisplayName": profile.get("displayName"),
            "windows10EnrollmentCompletionPageConfigurationDisplayName": page.get("displayName"),
            "windows10EnrollmentCompletionPageConfigurationId": page.get("id"),
        }
        tenant.autopilot_events[self.row["id"]] = self.row

    def tell(self, now: datetime.datetime, **properties: t.Any) -> None:
        """Something has happened."""
        self.row.update(properties, eventDateTime=utc_seconds(now))

    def end(self, now: datetime.datetime, state: str, **properties: t.Any) -> None:
        took = duration((now - self.began).total_seconds())
        times = {"deploymentEndDateTime": utc_seconds(now), "deploymentDuration": took, "deploymentTotalDuration": took}
        self.tell(now, deploymentState=state, **times, **properties)


def duration(seconds: float) -> str:
    """As Graph prints an Edm.Duration."""
    minutes, rest = divmod(round(seconds), 60)
    return f"PT{minutes}M{rest}S" if minutes else f"PT{rest}S"
