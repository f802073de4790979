# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant holds. Users, groups, policies and devices are dicts as Microsoft Graph shapes them."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import re
import typing as t
import uuid

from . import authentication, defaults
from .approvals import Approvals
from .enrolled import Intune
from .logs import Logs

if t.TYPE_CHECKING:
    from .applications import Application

NAMESPACE = uuid.UUID("1d0b3f38-2f51-4e38-9d7b-0f6f3f6a1c55")
REGISTER_DEVICE_ACTION = "urn:user:registerdevice"
LIFETIME_DAYS = 180  # of a bulk token at most (Intune, "Bulk enrollment for Windows devices")


@dataclasses.dataclass
class BulkToken:
    """A bulk token (BPRT). ``value`` is the secret; ``user_id`` its ``package_<guid>`` user, ``upn`` that one's name,
    which the logs know when the user is gone."""

    value: str
    user_id: str
    issued: datetime.datetime
    expires: datetime.datetime
    upn: str = ""


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
    registration_policy: dict = dataclasses.field(default_factory=defaults.registration_policy)
    mdm_policy: dict = dataclasses.field(default_factory=defaults.mdm_policy)
    conditional_access: list[dict] = dataclasses.field(default_factory=list)
    enrollment_policy: dict = dataclasses.field(default_factory=defaults.enrollment_policy)
    enrollment_configurations: list[dict] = dataclasses.field(default_factory=defaults.enrollment_configurations)
    mam_policy: dict = dataclasses.field(default_factory=defaults.mam_policy)
    security_defaults: dict = dataclasses.field(default_factory=defaults.security_defaults)
    service_principals: dict[str, dict] = dataclasses.field(default_factory=dict)
    subscribed_skus: dict[str, dict] = dataclasses.field(default_factory=dict)
    autopilot_devices: dict[str, dict] = dataclasses.field(default_factory=dict)
    #: Receipts of imports, deployment profiles with their "assignments", deployment events: by id.
    autopilot_imports: dict[str, dict] = dataclasses.field(default_factory=dict)
    autopilot_profiles: dict[str, dict] = dataclasses.field(default_factory=dict)
    autopilot_events: dict[str, dict] = dataclasses.field(default_factory=dict)
    #: How Autopilot's service behaves, and what it has in hand: tests/lab/tenant/autopilot.py.
    autopilot_service: dict = dataclasses.field(default_factory=dict)
    associated_devices: dict[str, dict] = dataclasses.field(default_factory=dict)
    corporate_identifiers: dict[str, dict] = dataclasses.field(default_factory=dict)
    configuration_policies: dict[str, dict] = dataclasses.field(default_factory=dict)
    mobile_apps: dict[str, dict] = dataclasses.field(default_factory=dict)
    approvals: Approvals = dataclasses.field(default_factory=Approvals)
    #: What users sign in with: tests/lab/tenant/authentication.py. Passkeys and passes are by the user's object id.
    passkey_policy: dict = dataclasses.field(default_factory=authentication.passkey_policy)
    pass_policy: dict = dataclasses.field(default_factory=authentication.pass_policy)
    methods_policy: dict = dataclasses.field(default_factory=authentication.methods_policy)
    passkeys: dict[str, list[dict]] = dataclasses.field(default_factory=dict)
    passes: dict[str, dict] = dataclasses.field(default_factory=dict)
    passes_made: int = 0
    registration_details: dict[str, dict] = dataclasses.field(default_factory=dict)
    #: What Intune knows of devices after their join, by the id of its record: tests/lab/tenant/posture.py.
    policy_states: dict[str, dict[str, list[dict]]] = dataclasses.field(default_factory=dict)
    policy_reports: dict[str, list[dict]] = dataclasses.field(default_factory=dict)
    #: Intune over time, None where a scenario says nothing of it: tests/lab/tenant/arrival.py.
    intune: Intune | None = None
    domain_types: dict[str, str] = dataclasses.field(default_factory=dict)
    #: When What If was last answered, in seconds of the world, and how often it was asked too soon.
    evaluated_at: float | None = None
    evaluations_refused: int = 0
    deleted_devices: dict[str, dict] = dataclasses.field(default_factory=dict)
    directory_roles: dict[str, dict] = dataclasses.field(default_factory=dict)
    role_assignments: dict[str, dict] = dataclasses.field(default_factory=dict)
    local_credentials: dict[str, dict] = dataclasses.field(default_factory=dict)
    recovery_keys: dict[str, dict] = dataclasses.field(default_factory=dict)
    #: Sign-ins, audits, and enrollments that Intune refused.
    logs: Logs = dataclasses.field(default_factory=Logs)
    #: Faults and settings that the tenant's Graph begins with.
    graph: dict = dataclasses.field(default_factory=dict)
    #: App registrations by client id. They hold secrets: not for showing.
    applications: dict[str, Application] = dataclasses.field(default_factory=dict)

    def object_id(self, purpose: str) -> str:
        """A GUID that is the same in every run for the same purpose."""
        return str(uuid.uuid5(NAMESPACE, f"{self.id}/{purpose}"))

    def add_user(self, upn: str, display_name: str, **properties: t.Any) -> dict:
        user = {
            "id": self.object_id(f"user/{upn}"),
            "userPrincipalName": upn,
            "displayName": display_name,
            "accountEnabled": True,
            **properties,
        }
        self.users[user["id"]] = user
        return user

    def add_group(self, display_name: str, members: list[str], **properties: t.Any) -> dict:
        """A security group; ``members`` are object ids of users, devices or groups."""
        group = {
            "id": self.object_id(f"group/{display_name}"),
            "displayName": display_name,
            "securityEnabled": True,
            "mailEnabled": False,
            "mailNickname": re.sub(r"[^A-Za-z0-9]", "", display_name)[:64] or "group",
            "groupTypes": [],
            "members": list(members),
            **properties,
        }
        self.groups[group["id"]] = group
        return group

    def issue_bulk_token(self, label: str, issued: datetime.datetime, days: float = LIFETIME_DAYS) -> BulkToken:
        """A new bulk token with its package user, as Windows Configuration Designer gets one."""
        guid = self.object_id(f"package/{label}")
        user = self.add_user(f"package_{guid}@{self.domains[0]}", f"package_{guid}")
        secret = "0.A" + "".join(uuid.uuid5(uuid.UUID(guid), str(part)).hex for part in range(8))
        expires = issued + datetime.timedelta(days=days)
        token = BulkToken(secret, user["id"], issued, expires, user["userPrincipalName"])
        self.tokens[token.value] = token
        return token

    def user(self, name: str) -> dict | None:
        """By object id or user principal name."""
        if name in self.users:
            return self.users[name]
        wanted = name.casefold()
        return next((u for u in self.users.values() if u["userPrincipalName"].casefold() == wanted), None)

    def groups_of(self, member_id: str) -> set[str]:
        """Ids of the groups that a user, device or group belongs to, directly or through other groups."""
        found: set[str] = set()
        waiting = [member_id]
        while waiting:
            member = waiting.pop()
            new = {group["id"] for group in self.groups.values() if member in group["members"]} - found
            found |= new
            waiting += new
        return found

    def roles_of(self, principal_id: str) -> set[str]:
        """Template ids of the directory roles of a principal in the whole tenant, its own and those of its groups."""
        principals = {principal_id} | self.groups_of(principal_id)
        return {
            one["roleDefinitionId"]
            for one in self.role_assignments.values()
            if one["principalId"] in principals and one["directoryScopeId"] == "/"
        }

    def assign_role(self, template_id: str, principal_id: str, unit: str | None = None) -> dict:
        """Make a principal an active member of a directory role, for the tenant or for an administrative unit."""
        place = f"/{unit}" if unit else ""
        assignment = {
            "id": self.object_id(f"role assignment/{template_id}/{principal_id}{place}"),
            "roleDefinitionId": template_id,
            "principalId": principal_id,
            "directoryScopeId": f"/administrativeUnits/{unit}" if unit else "/",
        }
        self.role_assignments[assignment["id"]] = assignment
        return assignment

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
        #: What tells a device that Intune wipes it: (its id in the directory, the body of the wipe, Intune's
        #: own row of it).
        self.at_wipe: t.Callable[[str, dict, dict], None] | None = None
        #: How long ago what is written into the logs now has happened.
        self.back = datetime.timedelta()
        self._requests = 0

    def now(self) -> datetime.datetime:
        """The true time of what happens in the tenant."""
        return self.clock.utc() - self.back

    def elapsed(self) -> float:
        """The second of the lab of what happens in the tenant; below zero before the lab began."""
        return self.clock.elapsed() - self.back.total_seconds()

    @contextlib.contextmanager
    def earlier(self, minutes: float) -> t.Iterator[None]:
        """What is done within has happened so many minutes ago."""
        before, self.back = self.back, datetime.timedelta(minutes=minutes)
        try:
            yield
        finally:
            self.back = before

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
