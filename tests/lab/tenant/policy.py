# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant's policies say about a user: pure functions over a tenant's data."""

from __future__ import annotations

from .defaults import DEVICE_REGISTRATION, INTUNE, INTUNE_ENROLLMENT
from .model import REGISTER_DEVICE_ACTION, Tenant

#: Trust types of devices that count against a user's quota.
COUNTED = ("AzureAd", "Workplace")


def may_join(tenant: Tenant, user_id: str) -> bool:
    """Whether "Users may join devices" covers the user."""
    membership = tenant.registration_policy["azureADJoin"]["allowedToJoin"]
    kind = membership["@odata.type"]
    if kind.endswith(".allDeviceRegistrationMembership"):
        return True
    if kind.endswith(".noDeviceRegistrationMembership"):
        return False
    return user_id in membership["users"] or bool(tenant.groups_of(user_id) & set(membership["groups"]))


def quota_left(tenant: Tenant, user_id: str) -> int:
    """Devices the user may still add; a package user is not counted (observed by AADInternals).

    Joined and registered devices count, hybrid ones do not (Microsoft, "Manage device identities").
    """
    if tenant.users[user_id]["userPrincipalName"].startswith("package_"):
        return 1
    owned = sum(
        1
        for device in tenant.devices.values()
        if user_id in device.get("registeredOwners", []) and device["trustType"] in COUNTED
    )
    return tenant.registration_policy["userDeviceQuota"] - owned


def mdm_applies(tenant: Tenant, user_id: str | None) -> bool:
    """Whether the MDM user scope covers the user (None: a join without a user)."""
    policy = tenant.mdm_policy
    if policy["appliesTo"] == "selected":
        return user_id is not None and bool(tenant.groups_of(user_id) & set(policy["includedGroups"]))
    return policy["appliesTo"] == "all"


def conditional_access_demands(tenant: Tenant, user_id: str) -> str | None:
    """``block``, ``mfa`` or None: what enabled policies demand of this user when registering a device.

    Other grant controls (compliant device and so on) cannot be met by a new device and count as ``block``. With
    security defaults there is no Conditional Access; that they ask a package user for MFA is a guess.
    """
    if tenant.security_defaults["isEnabled"]:
        return "mfa"
    demands = set()
    for policy in tenant.conditional_access:
        if policy["state"] != "enabled" or not _covers_user(tenant, policy["conditions"]["users"], user_id):
            continue
        if _covers_registration(policy["conditions"]["applications"]):
            controls = set((policy.get("grantControls") or {}).get("builtInControls", []))
            demands.add("mfa" if controls == {"mfa"} else "block" if controls else "")
    return "block" if "block" in demands else "mfa" if "mfa" in demands else None


def _covers_user(tenant: Tenant, users: dict, user_id: str) -> bool:
    groups, roles = tenant.groups_of(user_id), tenant.roles_of(user_id)
    if (
        user_id in users.get("excludeUsers", [])
        or groups & set(users.get("excludeGroups", []))
        or roles & set(users.get("excludeRoles", []))
    ):
        return False
    included = users.get("includeUsers", [])
    return (
        "All" in included
        or user_id in included
        or bool(groups & set(users.get("includeGroups", [])))
        or bool(roles & set(users.get("includeRoles", [])))
    )


def _covers_registration(applications: dict) -> bool:
    targets = {DEVICE_REGISTRATION, INTUNE, INTUNE_ENROLLMENT}
    if REGISTER_DEVICE_ACTION in applications.get("includeUserActions", []):
        return True
    if set(applications.get("excludeApplications", [])) & targets:
        return False
    included = set(applications.get("includeApplications", []))
    return "All" in included or bool(included & targets)
