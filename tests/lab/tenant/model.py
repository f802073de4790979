# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant holds. Users, groups, policies and devices are dicts as Microsoft Graph shapes them."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t
import uuid

NAMESPACE = uuid.UUID("1d0b3f38-2f51-4e38-9d7b-0f6f3f6a1c55")
#: Application ids documented by Microsoft and AADInternals.
INTUNE = "0000000a-0000-0000-c000-000000000000"
INTUNE_ENROLLMENT = "d4ebce55-015a-49b5-a083-c84d1797ae8c"
DEVICE_REGISTRATION = "01cb2876-7ebd-4aa4-9cc9-d28bd4d359a9"
REGISTER_DEVICE_ACTION = "urn:user:registerdevice"

ALL_MEMBERS = {"@odata.type": "#microsoft.graph.allDeviceRegistrationMembership"}
NO_MEMBERS = {"@odata.type": "#microsoft.graph.noDeviceRegistrationMembership"}
LIFETIME_DAYS = 180  # of a bulk token at most (Intune, "Bulk enrollment for Windows devices")


def some_members(users: list[str], groups: list[str]) -> dict:
    """The membership of named users and groups (object ids)."""
    return {
        "@odata.type": "#microsoft.graph.enumeratedDeviceRegistrationMembership", "users": users, "groups": groups}


@dataclasses.dataclass
class BulkToken:
    """A bulk token (BPRT). ``value`` is the secret; ``user_id`` its ``package_<guid>`` user."""

    value: str
    user_id: str
    issued: datetime.datetime
    expires: datetime.datetime


def default_registration_policy() -> dict:
    """``deviceRegistrationPolicy`` of a new tenant."""
    return {
        "id": "deviceRegistrationPolicy",
        "displayName": "Device Registration Policy",
        "description": "Tenant-wide policy that manages initial provisioning controls using quota restrictions, "
                       "additional authentication and authorization checks",
        "userDeviceQuota": 50,
        "multiFactorAuthConfiguration": "notRequired",
        "azureADRegistration": {"isAdminConfigurable": False, "allowedToRegister": dict(ALL_MEMBERS)},
        "azureADJoin": {
            "isAdminConfigurable": True, "allowedToJoin": dict(ALL_MEMBERS),
            "localAdmins": {"enableGlobalAdmins": True, "registeringUsers": dict(ALL_MEMBERS)},
        },
        "localAdminPassword": {"isEnabled": False},
    }


def default_mdm_policy() -> dict:
    """``mobileDeviceManagementPolicy`` of Microsoft Intune, covering everybody. ``includedGroups`` are object ids."""
    return {
        "id": INTUNE, "displayName": "Microsoft Intune", "description": "Microsoft Intune", "appliesTo": "all",
        "isValid": True, "isMdmEnrollmentDuringRegistrationDisabled": False,
        "discoveryUrl": "https://enrollment.manage.microsoft.com/enrollmentserver/discovery.svc",
        "termsOfUseUrl": "https://portal.manage.microsoft.com/TermsofUse.aspx",
        "complianceUrl": "https://portal.manage.microsoft.com/?portalAction=Compliance", "includedGroups": [],
    }


@dataclasses.dataclass
class Tenant:
    """One tenant. Collections are by object id, ``tokens`` by the token's value; ``devices`` are Graph's objects."""

    id: str
    name: str
    domains: list[str]
    users: dict[str, dict] = dataclasses.field(default_factory=dict)
    groups: dict[str, dict] = dataclasses.field(default_factory=dict)
    tokens: dict[str, BulkToken] = dataclasses.field(default_factory=dict)
    devices: dict[str, dict] = dataclasses.field(default_factory=dict)
    managed_devices: dict[str, dict] = dataclasses.field(default_factory=dict)
    registration_policy: dict = dataclasses.field(default_factory=default_registration_policy)
    mdm_policy: dict = dataclasses.field(default_factory=default_mdm_policy)
    conditional_access: list[dict] = dataclasses.field(default_factory=list)

    def object_id(self, purpose: str) -> str:
        """A GUID that is the same in every run for the same purpose."""
        return str(uuid.uuid5(NAMESPACE, f"{self.id}/{purpose}"))

    def add_user(self, upn: str, display_name: str, **properties: t.Any) -> dict:
        user = {"id": self.object_id(f"user/{upn}"), "userPrincipalName": upn, "displayName": display_name,
                "accountEnabled": True, **properties}
        self.users[user["id"]] = user
        return user

    def add_group(self, display_name: str, members: list[str]) -> dict:
        """A security group; ``members`` are object ids of users."""
        group = {"id": self.object_id(f"group/{display_name}"), "displayName": display_name, "securityEnabled": True,
                 "mailEnabled": False, "members": list(members)}
        self.groups[group["id"]] = group
        return group

    def issue_bulk_token(self, label: str, issued: datetime.datetime, days: float = LIFETIME_DAYS) -> BulkToken:
        """A new bulk token with its package user, as Windows Configuration Designer gets one."""
        guid = self.object_id(f"package/{label}")
        user = self.add_user(f"package_{guid}@{self.domains[0]}", f"package_{guid}")
        secret = "0.A" + "".join(uuid.uuid5(uuid.UUID(guid), str(part)).hex for part in range(8))
        token = BulkToken(secret, user["id"], issued, issued + datetime.timedelta(days=days))
        self.tokens[token.value] = token
        return token

    def groups_of(self, user_id: str) -> set[str]:
        return {group["id"] for group in self.groups.values() if user_id in group["members"]}

    def device(self, device_id: str) -> dict | None:
        """The device object with this deviceId."""
        return next((d for d in self.devices.values() if d["deviceId"] == device_id), None)


class Directory:
    """Every tenant of the world: what the token service and the registration service know."""

    def __init__(self, tenants: list[Tenant], clock) -> None:
        self.tenants = {tenant.id: tenant for tenant in tenants}
        self.clock = clock
        #: What the world publishes over https: address to content.
        self.web: dict[str, bytes] = {}
        self._requests = 0

    def find_token(self, value: str) -> tuple[Tenant, BulkToken] | None:
        for tenant in self.tenants.values():
            if value in tenant.tokens:
                return tenant, tenant.tokens[value]
        return None

    def device_auth_status(self, tenant_id: str, device_id: str) -> str:
        """What ``dsregcmd /status`` prints as DeviceAuthStatus when it can ask."""
        tenant = self.tenants.get(tenant_id)
        found = tenant.device(device_id) if tenant else None
        return "SUCCESS" if found and found["accountEnabled"] else "FAILED. Device is either disabled or deleted"

    def request_id(self) -> str:
        """The id of one request to a service, new with each."""
        self._requests += 1
        return str(uuid.uuid5(NAMESPACE, f"request/{self._requests}"))
