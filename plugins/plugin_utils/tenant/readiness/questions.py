# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a readiness check asks the tenant: a handful of requests, whatever the number of users.

Sources: Microsoft Graph, "Get deviceRegistrationPolicy", "List policies" of Conditional Access (one request a second
for the whole tenant), "directoryObject: checkMemberGroups" (20 groups), "assignedPlan resource type".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterable, Mapping

from ...result import Failure
from ...task import Task
from ..corporate import identifiers
from ..devices import look_up
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import ID_ONLY, TEXT
from ..resources.mdm_scope import INTUNE_APP_ID, SCOPE_KIND
from .kinds import (
    ACCESS_POLICY_KIND,
    ENROLLMENT_KIND,
    PRINCIPAL_KIND,
    REGISTRATION_POLICY_KIND,
    SECURITY_DEFAULTS_KIND,
    USER_KIND,
)

INTUNE_ENROLLMENT = "d4ebce55-015a-49b5-a083-c84d1797ae8c"
REGISTRATION_SERVICE = "01cb2876-7ebd-4aa4-9cc9-d28bd4d359a9"
SYNC_FABRIC = "00000014-0000-0000-c000-000000000000"
JOIN_CLIENT = "b90d5b8f-5503-4153-b545-b31cecfaece2"  # AADJ CSP, which redeems bulk tokens
APPLICATIONS = {
    REGISTRATION_SERVICE: "Device Registration Service",
    INTUNE_APP_ID: "Microsoft Intune",
    INTUNE_ENROLLMENT: "Microsoft Intune Enrollment",
    SYNC_FABRIC: "Microsoft.SyncFabric",
    JOIN_CLIENT: "AADJ CSP",
}
#: Users that hold bulk tokens are named so, and by a GUID.
PACKAGE_USER = "package_"
MOST_GROUPS = 20
_USER_SELECT = "id,userPrincipalName,accountEnabled,userType,assignedPlans"
_POLICIES = Permissions.same("Policy.Read.All")
_USERS = Permissions.same("User.Read.All")
_MDM = Permissions(delegated=("Policy.Read.All",))

_TENANT = {
    "policy": Item(
        "GET",
        "/policies/deviceRegistrationPolicy",
        Purpose("read the device registration policy", Permissions.same("Policy.Read.DeviceConfiguration")),
        kind=REGISTRATION_POLICY_KIND,
    ),
    "defaults": Item(
        "GET",
        "/policies/identitySecurityDefaultsEnforcementPolicy",
        Purpose("read the security defaults", _POLICIES),
        kind=SECURITY_DEFAULTS_KIND,
    ),
    "access": Item(
        "GET",
        "/identity/conditionalAccess/policies",
        Purpose("list the Conditional Access policies", _POLICIES),
        row_kind=ACCESS_POLICY_KIND,
    ),
    "principals": Item(
        "GET",
        "/servicePrincipals",
        Purpose("look up Microsoft's service principals", Permissions.same("Application.Read.All")),
        {"$filter": odata.any_of("appId", APPLICATIONS), "$select": "appId,displayName,accountEnabled"},
        row_kind=PRINCIPAL_KIND,
    ),
}
# v1.0 shows the default restriction of platforms only, and of newer kinds not what is in them.
_ENROLLMENT = Item(
    "GET",
    "/deviceManagement/deviceEnrollmentConfigurations",
    Purpose("list the enrollment configurations", Permissions.same("DeviceManagementServiceConfig.Read.All")),
    row_kind=ENROLLMENT_KIND,
)
_IDENTIFIERS = Item(
    "GET",
    identifiers.IDENTIFIERS_PATH,
    Purpose("list the corporate identifiers", identifiers.IDENTIFIERS_READ),
    {"$top": identifiers.IDENTIFIERS_PAGE},
    row_kind=identifiers.IDENTIFIER_KIND,
)
_MDM_SCOPE = Item(
    "GET",
    odata.path("policies", "mobileDeviceManagementPolicies", INTUNE_APP_ID),
    Purpose("read the MDM scope", _MDM),
    kind=SCOPE_KIND,
)
# Not by $expand: that has no pages, and nobody sees that groups are missing in it.
_MDM_GROUPS = Item(
    "GET",
    odata.path("policies", "mobileDeviceManagementPolicies", INTUNE_APP_ID, "includedGroups"),
    Purpose("list the groups of the MDM scope", _MDM),
    {"$select": "id"},
    row_kind=ID_ONLY,
)

#: What was read, or the RequestFailure that says why it could not be.
Answered = t.Any


@dataclasses.dataclass
class Person:
    """A user of the check. ``row`` and ``owned`` are what was read, or why not; ``groups`` those of the asked
    groups that the user belongs to. One that was ``found`` by a prefix nobody has named."""

    name: str
    row: Answered = None
    owned: Answered = None
    groups: Answered = dataclasses.field(default_factory=set)
    found: bool = False

    @property
    def known(self) -> bool:
        return isinstance(self.row, dict)

    @property
    def id(self) -> str:
        return self.row["id"].lower()

    @property
    def package(self) -> bool:
        """Whether nobody is behind it who could answer a prompt."""
        upn = self.row.get("userPrincipalName") if self.known else self.name
        return str(upn).lower().startswith(PACKAGE_USER)


def user_item(user: str) -> Item:
    """The question about a user by name or id."""
    purpose = Purpose(f"read the user {user}", _USERS)
    return Item("GET", odata.path("users", user), purpose, {"$select": _USER_SELECT}, kind=USER_KIND)


def ask(task: Task, more: Mapping[str, Item]) -> tuple[dict[str, Answered], list[Person]]:
    """Everything but memberships: what the tenant says, by the names of _TENANT, ``more`` and _of_beta, and the
    users."""
    client, args = task.client, task.args
    asked = {**_TENANT, **more}
    items = list(asked.values())
    prefixes, users = args["user_prefixes"] or [], list(dict.fromkeys(args["users"] or []))
    searches = [
        Item(
            "GET",
            "/users",
            Purpose(f"find the users whose name begins with {prefix!r}", _USERS),
            {
                "$filter": f"startswith(userPrincipalName,{odata.literal(prefix)})",
                "$select": _USER_SELECT,
            },
            row_kind=USER_KIND,
        )
        for prefix in prefixes
    ]
    reads = [user_item(user) for user in users]
    owned = [look_up.owned_item(user, ("id", "trustType", "isManaged")) for user in users]
    everything = [*items, *searches, *reads, *owned]
    read = iter(answered(client, everything))
    said = {name: next(read) for name in asked}
    found = [(prefix, next(read)) for prefix in prefixes]
    people = [Person(user, next(read)) for user in users]
    for person in people:
        person.owned = next(read)
    known = {person.id for person in people if person.known}
    for prefix, rows in found:
        if isinstance(rows, Failure) or not rows:
            people.append(Person(prefix + "*", rows))
            continue
        for row in rows:
            upn = row["userPrincipalName"]
            if upn.lower().startswith(prefix.lower()) and row["id"].lower() not in known:
                known.add(row["id"].lower())
                people.append(Person(upn, row, [], found=True))
    if args["expect_mdm"] or args["token_requesters"]:
        said |= _of_beta(task)
    return said, people


def answered(client: GraphClient, items: list[Item], version: str = "v1.0") -> list[Answered]:
    """What each item says, all pages of a list, or the RequestFailure that says why it could not be read."""
    answers: list[Answered] = []
    for item, answer in zip(items, client.batch(items, version)):
        try:
            answers.append(answer.require() if item.row_kind is None else list(client.rows_of(item, answer, version)))
        except RequestFailure as failed:
            answers.append(failed)
    return answers


def _of_beta(task: Task) -> dict[str, Answered]:
    """ "enrollment", "identifiers", and "mdm", the MDM scope of Intune, which a signed-in user alone may read."""
    asked = {"enrollment": _ENROLLMENT, "identifiers": _IDENTIFIERS} if task.args["expect_mdm"] else {}
    refused: dict[str, Answered] = {}
    try:
        task.client.require_delegated(_MDM_SCOPE.purpose.what, _MDM.delegated[0])
        asked |= {"mdm": _MDM_SCOPE, "groups": _MDM_GROUPS}
    except Failure as failure:
        if failure.error["name"] != "delegated_only":
            raise
        refused["mdm"] = failure
    said = dict(zip(asked, answered(task.client, list(asked.values()), "beta"))) if asked else {}
    groups = said.pop("groups", None)
    if isinstance(said.get("mdm"), dict) and said["mdm"]["appliesTo"] == "selected":
        said["mdm"] = groups if isinstance(groups, Failure) else {**said["mdm"], "includedGroups": groups}
    return said | refused


def ask_memberships(client: GraphClient, people: Iterable[Person], groups: Iterable[str]) -> None:
    """Fill ``groups`` of each user that exists, also through other groups."""
    wanted = sorted({group.lower() for group in groups})
    asked = [
        (person, wanted[start : start + MOST_GROUPS])
        for person in people
        if person.known
        for start in range(0, len(wanted), MOST_GROUPS)
    ]
    items = [
        Item(
            "POST",
            odata.path("users", person.id, "checkMemberGroups"),
            Purpose(f"read the groups of {person.name}", Permissions.same("GroupMember.Read.All")),
            body={"groupIds": part},
            reads=True,
            row_kind=TEXT,
        )
        for person, part in asked
    ]
    for (person, _part), item, answer in zip(asked, items, client.batch(items)):
        try:
            groups = {group.lower() for group in client.rows_of(item, answer)}
        except RequestFailure as failed:
            person.groups = failed
        else:
            if isinstance(person.groups, set):
                person.groups |= groups
