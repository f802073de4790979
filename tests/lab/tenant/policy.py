# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant's policies say about a user: pure functions over a tenant's data."""

from __future__ import annotations

from . import access
from .model import Tenant

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

    Other grant controls (compliant device and so on) cannot be met by a new device and count as ``block``.
    """
    error = access.judge(tenant, access.Attempt(user_id, registers=True)).error
    return None if not error else "mfa" if error == access.CODES["mfa"] else "block"
