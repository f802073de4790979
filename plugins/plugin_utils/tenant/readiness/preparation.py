# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about Windows Autopilot device preparation, and about corporate identifiers, on which enrollments depend.

Sources: Microsoft, "Windows Autopilot device preparation" (the device group and its owner; a standard user
where the registration policy makes the registering user no administrator; which of a profile and a policy wins) and
"Identify devices as corporate-owned"; public tools for the names of the settings (one of them is misspelled by the
service). Which value of the account type means a standard user is published nowhere, and public tools disagree.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ...findings import FAIL, PASS, WARN, Finding
from ...result import Failure
from ..associations import policies
from ..corporate import identifiers
from ..devices.intune import AUTOPILOT_READ
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.fields import IDENTITY, LINE, TEXT, list_of, needed, object_of
from ..resources.memberships import membership_text
from .findings import DOCS, finding, unknown
from .questions import Answered, answered

#: "Intune Provisioning Client", in some tenants "Intune Autopilot ConfidentialClient".
PROVISIONING_CLIENT = "f1346770-5b25-470b-88bd-d5744ab7952c"
_SETTING = "enrollment_autopilot_dpp_"
GROUPS_SETTING, ACCOUNT_SETTING = _SETTING + "devicesecuritygroupids", _SETTING + "accountype"
_PROFILES = "/deviceManagement/windowsAutopilotDeploymentProfiles"
_SETTING_KIND = object_of(
    {
        "settingInstance": object_of(
            {
                "settingDefinitionId": TEXT,
                "choiceSettingValue": object_of({"value": TEXT}),
                "simpleSettingCollectionValue": list_of(object_of({"value": TEXT})),
            }
        )
    }
)
_ASSIGNMENT_KIND = object_of({"target": object_of({"@odata.type": TEXT, "groupId": TEXT})})
_PROFILE_KIND = object_of({"id": needed(IDENTITY), "displayName": LINE})
_OWNER_KIND = object_of({"id": needed(IDENTITY), "appId": TEXT})
_GROUP_READ = Permissions.same("GroupMember.Read.All")
#: Whoever is in this target gets it.
_EVERYBODY = ("allDevicesAssignmentTarget", "allLicensedUsersAssignmentTarget")


class Prepared(t.NamedTuple):
    """A device preparation policy: what was read of it, or why it could not be. ``owners`` by group."""

    name: str
    settings: Answered
    assignments: Answered
    owners: dict[str, Answered]


class Preparation(t.NamedTuple):
    """What a tenant has of device preparation; ``profiles`` are names and assignments of classic profiles."""

    policies: Answered
    profiles: Answered


def ask(client: GraphClient) -> Preparation:
    """All of it, in a few requests."""
    items = [
        policies.LIST,
        Item(
            "GET",
            _PROFILES,
            Purpose("list the Windows Autopilot profiles", AUTOPILOT_READ),
            {"$select": "id,displayName"},
            row_kind=_PROFILE_KIND,
        ),
    ]
    listed, profiles = answered(client, items, policies.VERSION)
    if isinstance(listed, Failure):
        return Preparation(listed, profiles)
    rows = [row for row in listed if policies.is_preparation(row)]
    classic = [] if isinstance(profiles, Failure) or not rows else profiles
    parts = [_part(row["id"], str(row.get("name")), name, kind) for row in rows for name, kind in _PARTS]
    assigned = [
        Item(
            "GET",
            _PROFILES + odata.path(row["id"], "assignments"),
            Purpose(f"list the assignments of the profile {row.get('displayName')}", AUTOPILOT_READ),
            row_kind=_ASSIGNMENT_KIND,
        )
        for row in classic
    ]
    read = answered(client, [*parts, *assigned], policies.VERSION) if parts or assigned else []
    pairs = [(read[2 * number], read[2 * number + 1]) for number in range(len(rows))]
    owners = _owners(client, [settings for settings, _assignments in pairs])
    found = [
        Prepared(str(row.get("name")), settings, assignments, {one: owners[one] for one in _groups(settings)})
        for row, (settings, assignments) in zip(rows, pairs)
    ]
    told = [(str(row.get("displayName")), one) for row, one in zip(classic, read[len(parts) :])]
    return Preparation(found, profiles if isinstance(profiles, Failure) else told)


_PARTS = (("settings", _SETTING_KIND), ("assignments", _ASSIGNMENT_KIND))


def _part(identity: str, name: str, part: str, kind: t.Any) -> Item:
    purpose = Purpose(f"read the {part} of the device preparation policy {name}", policies.POLICIES_READ)
    return Item("GET", policies.POLICIES_PATH + odata.path(identity, part), purpose, row_kind=kind)


def _owners(client: GraphClient, settings: list[Answered]) -> dict[str, Answered]:
    groups = sorted({group for one in settings for group in _groups(one)})
    items = [
        Item(
            "GET",
            odata.path("groups", group, "owners"),
            Purpose(f"list the owners of the group {group}", _GROUP_READ),
            row_kind=_OWNER_KIND,
        )
        for group in groups
    ]
    return dict(zip(groups, answered(client, items))) if items else {}


def _groups(settings: Answered) -> list[str]:
    """Ids of the device groups of a policy."""
    if isinstance(settings, Failure):
        return []
    values = [
        one.get("value")
        for row in _instances(settings, GROUPS_SETTING)
        for one in row["simpleSettingCollectionValue"] or ()
    ]
    return [value.lower() for value in values if value]


def _instances(settings: list[dict], name: str) -> list[dict]:
    instances = [row.get("settingInstance") or {} for row in settings]
    return [
        {"simpleSettingCollectionValue": None, **one}
        for one in instances
        if str(one.get("settingDefinitionId")).lower() == name
    ]


# --- findings ---


def preparation(found: Preparation, policy: Answered) -> Iterable[Finding]:
    """``policy`` is the registration policy."""
    identity, doc = "device_preparation", DOCS["preparation"]
    if isinstance(found.policies, Failure):
        yield unknown(identity, found.policies, doc=doc)
        return
    if not found.policies:
        yield finding(
            identity,
            FAIL,
            "the tenant has no device preparation policy",
            "a device that its user unpacks is joined without device preparation",
            "create a policy in the Intune admin center",
            doc=doc,
        )
    for one in found.policies:
        yield finding(identity, PASS, "the policy is there", subject=one.name, doc=doc)
        yield _group(one)
        yield _account(one, policy)
        yield _conflict(one, found.profiles)


def _group(one: Prepared) -> Finding:
    identity, doc = "preparation_group", DOCS["preparation_group"]
    if isinstance(one.settings, Failure):
        return unknown(identity, one.settings, one.name, doc)
    groups = _groups(one.settings)
    if not groups:
        return finding(
            identity,
            FAIL,
            "the policy names no device group",
            "its devices get into no group, and so get no apps and scripts",
            "give the policy a device group",
            one.name,
            doc,
        )
    for group in groups:
        owners = one.owners[group]
        if isinstance(owners, Failure):
            return unknown(identity, owners, one.name, doc)
        if not any(str(owner.get("appId")).lower() == PROVISIONING_CLIENT for owner in owners):
            return finding(
                identity,
                FAIL,
                f"the device group {group} is not owned by {PROVISIONING_CLIENT}",
                "Intune cannot add devices to the group, and they get no apps and scripts",
                "make the service principal with this id (Intune Provisioning Client) an owner of the group",
                one.name,
                doc,
            )
    return finding(identity, PASS, "the Intune Provisioning Client owns the device group", subject=one.name, doc=doc)


def _account(one: Prepared, policy: Answered) -> Finding:
    identity, doc = "preparation_account", DOCS["preparation_issues"]
    if isinstance(policy, Failure):
        return unknown(identity, policy, one.name, doc)
    local = ((policy.get("azureADJoin") or {}).get("localAdmins") or {}).get("registeringUsers")
    scope = membership_text(local)["scope"]
    if scope == "all":
        return finding(
            identity, PASS, "the registration policy makes registering users administrators", None, None, one.name, doc
        )
    if isinstance(one.settings, Failure):
        return unknown(identity, one.settings, one.name, doc)
    values = [(row.get("choiceSettingValue") or {}).get("value") for row in _instances(one.settings, ACCOUNT_SETTING)]
    said = ", ".join(str(value) for value in values if value) or "not set"
    return finding(
        identity,
        WARN,
        f"the account type is {said}, and local_administrators of the registration policy is {scope}",
        "if the policy makes its users standard users, provisioning is skipped with this registration policy",
        "set local_administrators of the registration policy to all, or make the users of the policy administrators",
        one.name,
        doc,
    )


def _conflict(one: Prepared, profiles: Answered) -> Finding:
    identity, doc = "preparation_conflict", DOCS["preparation"]
    for answer in (profiles, one.assignments):
        if isinstance(answer, Failure):
            return unknown(identity, answer, one.name, doc)
    ours, unread = _targets(one.assignments), None
    for name, assignments in profiles:
        if isinstance(assignments, Failure):
            unread = unknown(identity, assignments, one.name, doc)
            continue
        theirs = _targets(assignments)
        if theirs & ours or (theirs and (theirs | ours) & set(_EVERYBODY)):
            return finding(
                identity,
                WARN,
                f"the Windows Autopilot profile {name} is for the same people or devices",
                "a device that is registered in Windows Autopilot and not associated gets the profile, not this policy",
                "remove the registrations of devices that are to be prepared, or associate them",
                one.name,
                doc,
            )
    return unread or finding(
        identity, PASS, "no Windows Autopilot profile is for the same group", subject=one.name, doc=doc
    )


def _targets(assignments: list[dict]) -> set[str]:
    """Groups by their ids, and everybody by the type."""
    targets = [row.get("target") or {} for row in assignments]
    types = {str(one.get("@odata.type")).rpartition(".")[2] for one in targets}
    groups = {str(one["groupId"]).lower() for one in targets if one.get("groupId") and "xclusion" not in str(one)}
    return groups | (types & set(_EVERYBODY))


def corporate(listed: Answered) -> Finding:
    """Whether enrollments by users count as personal."""
    identity, doc = "corporate_identifier", DOCS["corporate"]
    if isinstance(listed, Failure):
        return unknown(identity, listed, doc=doc)
    count = sum(row.get("importedDeviceIdentityType") == identifiers.TYPE for row in listed)
    if not count:
        return finding(identity, PASS, "the tenant has no corporate identifiers of Windows devices", doc=doc)
    return finding(
        identity,
        WARN,
        f"the tenant has {count} corporate identifiers of Windows devices",
        "a device that a user enrolls and that is not listed counts as personal, unless it is corporate by Windows "
        "Autopilot, device association, a provisioning package, group policy or co-management",
        "upload the identifiers of the devices with winops.entra.corporate_identifier before they enroll",
        doc=doc,
    )
