# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""App registrations: what may ask for tokens, how it proves who it is, and what it may do."""

from __future__ import annotations

import dataclasses
import secrets

from .model import Tenant

#: Every application permission that the product's modules name (Microsoft Graph permissions reference).
READ = (
    "Policy.Read.DeviceConfiguration",
    "Policy.Read.All",
    "Policy.Read.ConditionalAccess",
    "Domain.Read.All",
    "Group.Read.All",
    "GroupMember.Read.All",
    "User.Read.All",
    "LicenseAssignment.Read.All",
    "Device.Read.All",
    "DeviceManagementManagedDevices.Read.All",
    "DeviceManagementServiceConfig.Read.All",
    "DeviceManagementConfiguration.Read.All",
    "DeviceManagementApps.Read.All",
    "RoleManagement.Read.Directory",
    "Application.Read.All",
    "Organization.Read.All",
    "DeviceLocalCredential.ReadBasic.All",
    "BitlockerKey.ReadBasic.All",
    "Policy.Read.AuthenticationMethod",
    "AuditLog.Read.All",
    "UserAuthMethod-Passkey.Read.All",
    "UserAuthMethod-TAP.Read.All",
)
WRITE = (
    "Policy.ReadWrite.DeviceConfiguration",
    "Group.ReadWrite.All",
    "GroupMember.ReadWrite.All",
    "Device.ReadWrite.All",
    "DeviceManagementManagedDevices.ReadWrite.All",
    "DeviceManagementManagedDevices.PrivilegedOperations.All",
    "DeviceManagementServiceConfig.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
    "DeviceLocalCredential.Read.All",
    "Policy.ReadWrite.AuthenticationMethod",
    "UserAuthMethod-TAP.ReadWrite.All",
)
#: Delegated permissions of the app that signs users in by device code.
DELEGATED = (
    "Policy.Read.All",
    "Policy.ReadWrite.MobilityManagement",
    "Policy.ReadWrite.DeviceConfiguration",
    "User.Read",
    "Directory.AccessAsUser.All",
    *READ,
    *WRITE,
)
#: The app registrations of a tenant: name to permissions.
SETS: dict[str, tuple[str, ...]] = {
    "everything": READ + WRITE,
    "nothing": (),
    "reader": READ,
    "registration_policy": ("Policy.ReadWrite.DeviceConfiguration",),
    "groups": ("Group.ReadWrite.All",),
    "group_creator": ("Group.Create",),
    "devices": ("Device.ReadWrite.All",),
    "device_reader": ("Device.Read.All",),
    "intune": ("DeviceManagementManagedDevices.ReadWrite.All", "DeviceManagementServiceConfig.ReadWrite.All"),
    "service_config": ("DeviceManagementServiceConfig.Read.All",),
    "roles": ("RoleManagement.ReadWrite.Directory",),
    "readiness": (
        "Policy.Read.DeviceConfiguration",
        "Policy.Read.All",
        "User.Read.All",
        "GroupMember.Read.All",
        "LicenseAssignment.Read.All",
        "Application.Read.All",
    ),
}


@dataclasses.dataclass
class Application:
    """An app registration with its service principal. ``federated`` are (issuer, subject) pairs it trusts;
    ``certificates`` DER bytes; ``public`` apps sign users in and have no secret."""

    name: str
    client_id: str
    object_id: str
    permissions: frozenset[str]
    delegated: frozenset[str] = frozenset()
    secrets: list[str] = dataclasses.field(default_factory=list)
    certificates: list[bytes] = dataclasses.field(default_factory=list)
    federated: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    public: bool = False


def register(
    tenant: Tenant, name: str, permissions: tuple[str, ...], *, public: bool = False, delegated: tuple[str, ...] = ()
) -> Application:
    """Add an app registration to a tenant, with a new secret unless it is public."""
    application = Application(
        name,
        tenant.object_id(f"application/{name}"),
        tenant.object_id(f"service principal/{name}"),
        frozenset(permissions),
        frozenset(delegated),
        [] if public else [secrets.token_urlsafe(30)],
        public=public,
    )
    tenant.applications[application.client_id] = application
    return application


def register_all(tenant: Tenant) -> None:
    """The app registrations of every lab tenant."""
    for name, permissions in SETS.items():
        register(tenant, name, permissions)
    register(tenant, "device_code", (), public=True, delegated=DELEGATED)
    register(tenant, "device_code_without_permissions", (), public=True, delegated=("User.Read",))
    register(tenant, "managed_identity", READ + WRITE)
