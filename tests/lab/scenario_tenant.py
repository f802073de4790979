# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant as a scenario describes it: policies, people, groups, licences, objects. docs/lab.md has the options."""

from __future__ import annotations

import copy
import typing as t

from .clock import Clock
from .device.build import Package
from .tenant import Tenant, arriving, authentication, deployments, licences, objects, posture, preparation, roles
from .tenant.defaults import NO_MEMBERS, some_members


def shape(tenant: Tenant, options: dict[str, t.Any], packages: dict[str, Package], clock: Clock) -> None:
    """Apply the options of one tenant. Users first, then what names them."""
    _people(tenant, options, clock)
    for name, group in options.get("groups", {}).items():
        _group(tenant, name, group, packages)
    _objects(tenant, options, clock)
    preparation.shape(tenant, options, objects.utc_seconds(clock.utc()))
    authentication.shape(tenant, options, objects.utc_seconds(clock.utc()))
    posture.shape(tenant, options, clock.utc())
    arriving.shape(tenant, options, clock.elapsed())
    _join_and_enroll(tenant, options, packages)
    _sign_in(tenant, options, packages)
    _intune(tenant, options)
    tenant.registration_policy = _laid_over(tenant.registration_policy, options.get("registration_policy", {}))
    tenant.graph = {"faults": options.get("faults", []), "settings": options.get("settings", {})}


def user_named(tenant: Tenant, name: str) -> dict:
    """A user by the name of the scenario: with or without the domain."""
    found = tenant.user(name if "@" in name else f"{name}@{tenant.domains[0]}")
    if found is None:
        raise KeyError(name)
    return found


def _people(tenant: Tenant, options: dict[str, t.Any], clock: Clock) -> None:
    for name, count in options.get("skus", {}).items():
        licences.stock(tenant, name, count)
    for name, user in options.get("users", {}).items():
        upn = name if "@" in name else f"{name}@{tenant.domains[0]}"
        made = tenant.user(upn) or tenant.add_user(upn, name, userType="Member")
        made.update(
            displayName=user.get("name", made["displayName"]),
            accountEnabled=user.get("enabled", True),
            usageLocation=user.get("usage_location", "IT"),
        )
        for product in user.get("licences", []):
            licences.assign(tenant, made, product, objects.utc_seconds(clock.utc()), user.get("without", ()))
        for role in user.get("roles", []):
            tenant.assign_role(roles.SHORT[role], made["id"])
        for role in user.get("roles_in_a_unit", []):
            tenant.assign_role(roles.SHORT[role], made["id"], tenant.object_id("administrative unit"))
        for number in range(user.get("devices", 0)):
            label = f"{upn.partition('@')[0].upper()}-{number + 1}"[:15]
            objects.add_device(tenant, label, clock.utc(), owner=made)


def _group(tenant: Tenant, name: str, options: dict[str, t.Any], packages: dict[str, Package]) -> None:
    properties: dict[str, t.Any] = {"description": options.get("description")}
    if "unique_name" in options:
        properties["uniqueName"] = options["unique_name"]
    if options.get("role_assignable"):
        properties["isAssignableToRole"] = True
    if options.get("synchronised"):
        properties["onPremisesSyncEnabled"] = True
    if "rule" in options:
        properties.update(
            groupTypes=["DynamicMembership"],
            membershipRule=options["rule"],
            membershipRuleProcessingState="Paused" if options.get("paused") else "On",
        )
    members = [user_named(tenant, member)["id"] for member in options.get("members", [])]
    tenant.add_group(name, members + _package_users(tenant, options.get("packages", []), packages), **properties)


def _objects(tenant: Tenant, options: dict[str, t.Any], clock: Clock) -> None:
    for entry in options.get("devices", []):
        owner = user_named(tenant, entry["owner"]) if "owner" in entry else None
        count = entry.get("count", 1)
        for number in range(count):
            name = entry["name"] if count == 1 else f"{entry['name']}-{number + 1:05d}"
            objects.add_device(
                tenant,
                name,
                clock.utc(),
                trust=entry.get("trust", "AzureAd"),
                days=entry.get("days", 0),
                signed_in=entry.get("signed_in", True),
                enabled=entry.get("enabled", True),
                owner=owner,
                **entry.get("properties", {}),
            )
    tenant.autopilot_service = copy.deepcopy(options.get("autopilot_service", {}))
    deployments.furnish(tenant, options, clock.utc())
    for app_id in options.get("without_service_principals", []):
        for id_ in [id_ for id_, row in tenant.service_principals.items() if row["appId"] == app_id]:
            del tenant.service_principals[id_]


def _join_and_enroll(tenant: Tenant, options: dict[str, t.Any], packages: dict[str, Package]) -> None:
    join, mdm = options.get("join", "all"), options.get("mdm", "all")
    rules = tenant.registration_policy
    if join == "none":
        rules["azureADJoin"]["allowedToJoin"] = dict(NO_MEMBERS)
    elif join != "all":
        group = tenant.add_group("Package users who may join", _package_users(tenant, join, packages))
        others = _groups_named(tenant, options.get("join_groups", []))
        rules["azureADJoin"]["allowedToJoin"] = some_members([], [group["id"], *others])
    if options.get("mfa"):
        rules["multiFactorAuthConfiguration"] = "required"
    rules["userDeviceQuota"] = options.get("quota", rules["userDeviceQuota"])
    if isinstance(mdm, list):
        people = [user["id"] for user in tenant.users.values() if user["userPrincipalName"].startswith("lab.user@")]
        group = tenant.add_group("Users in the MDM scope", _package_users(tenant, mdm, packages) + people)
        others = _groups_named(tenant, options.get("mdm_groups", []))
        tenant.mdm_policy.update({"appliesTo": "selected", "includedGroups": [group["id"], *others]})
    else:
        tenant.mdm_policy["appliesTo"] = mdm


def _with_ids(tenant: Tenant, given: t.Any) -> t.Any:
    """A copy with the ids of the groups and users that a scenario names (``includeGroups``, ``groupId``, ...)."""
    groups = {row["displayName"]: row["id"] for row in tenant.groups.values()}
    users = {row["userPrincipalName"].partition("@")[0]: row["id"] for row in tenant.users.values()}
    known = {"includeGroups": groups, "excludeGroups": groups, "groupId": groups}
    known.update(includeUsers=users, excludeUsers=users)

    def ids(value: t.Any, names: dict[str, str] | None) -> t.Any:
        if isinstance(value, dict):
            return {key: ids(one, known.get(key)) for key, one in value.items()}
        if isinstance(value, list):
            return [ids(one, names) for one in value]
        return names.get(value, value) if names and isinstance(value, str) else value

    return ids(given, None)


def _groups_named(tenant: Tenant, names: list[str]) -> list[str]:
    return [row["id"] for row in tenant.groups.values() if row["displayName"] in names]


def _sign_in(tenant: Tenant, options: dict[str, t.Any], packages: dict[str, Package]) -> None:
    for control, labels in options.get("conditional_access", {}).items():
        tenant.conditional_access.append(
            {
                "id": tenant.object_id(f"conditional access/{control}"),
                "displayName": f"Lab: {control}",
                "state": "enabled",
                "conditions": {
                    "users": {"includeUsers": _package_users(tenant, labels, packages)},
                    "applications": {"includeApplications": ["All"]},
                },
                "grantControls": {"operator": "OR", "builtInControls": [control]},
            }
        )
    for number, policy in enumerate(options.get("conditional_access_policies", [])):
        tenant.conditional_access.append(
            {
                "id": tenant.object_id(f"conditional access policy/{number}"),
                "displayName": f"Policy {number + 1}",
                "state": "enabled",
                "conditions": {"users": {}, "applications": {}},
                "grantControls": None,
                **_with_ids(tenant, policy),
            }
        )
    for number, restriction in enumerate(options.get("enrollment_restrictions", []), 1):
        tenant.enrollment_configurations.append(
            {
                "id": f"{tenant.object_id(f'enrollment restriction/{number}')}_SinglePlatformRestriction",
                "displayName": f"Restriction {number}",
                "priority": number,
                **_with_ids(tenant, restriction),
            }
        )
    by_name = {group["displayName"]: identity for identity, group in tenant.groups.items()}
    for number, limit in enumerate(options.get("enrollment_limits", []), 1):
        identity = f"{tenant.object_id(f'enrollment limit/{number}')}_Limit"
        tenant.enrollment_configurations.append(
            {
                "@odata.type": "#microsoft.graph.deviceEnrollmentLimitConfiguration",
                "id": identity,
                "displayName": limit.get("name", f"Limit {number}"),
                "priority": number,
                "limit": limit["limit"],
                "assignments": [
                    {
                        "id": f"{identity}_{by_name[name]}",
                        "target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": by_name[name]},
                        "source": "direct",
                        "sourceId": identity,
                    }
                    for name in limit.get("groups", [])
                ],
            }
        )
    tenant.security_defaults["isEnabled"] = options.get("security_defaults", False)


def _intune(tenant: Tenant, options: dict[str, t.Any]) -> None:
    """Apps, and what a second administrator has to approve."""
    for entry in options.get("apps", []):
        for number in range(entry.get("count", 1)):
            name = entry["name"] if entry.get("count", 1) == 1 else f"{entry['name']} {number + 1}"
            kind = entry.get("type", "win32LobApp")
            identity = tenant.object_id(f"app/{kind}/{name}")
            tenant.mobile_apps[identity] = {
                "@odata.type": f"#microsoft.graph.{kind}",
                "id": identity,
                "displayName": name,
            }
    for setting, value in options.get("multi_admin_approval", {}).items():
        setattr(tenant.approvals, setting, value)


def _package_users(tenant: Tenant, labels: list[str], packages: dict[str, Package]) -> list[str]:
    upns = {packages[label].upn for label in labels}
    return [user["id"] for user in tenant.users.values() if user["userPrincipalName"] in upns]


def _laid_over(below: t.Any, above: t.Any) -> t.Any:
    """Maps are merged; anything else is replaced, a membership (with @odata.type) as a whole."""
    if not isinstance(below, dict) or not isinstance(above, dict) or "@odata.type" in above:
        return copy.deepcopy(above)
    return {**below, **{name: _laid_over(below.get(name), value) for name, value in above.items()}}
