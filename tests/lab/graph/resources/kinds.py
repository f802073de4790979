# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of directory objects: what an answer shows and what a filter may name.

Properties that a plain ``$filter`` takes: the reference pages of the types and "Advanced query capabilities on
Microsoft Entra ID objects"; where those say nothing, the advanced form is asked for.
"""

from __future__ import annotations

import typing as t

from ..answers import Call
from ..query import Kind, Row, typed

_DEVICE_INDEX = (
    "id",
    "deviceId",
    "displayName",
    "accountEnabled",
    "approximateLastSignInDateTime",
    "operatingSystem",
    "operatingSystemVersion",
    "isCompliant",
    "isManaged",
    "mdmAppId",
    "physicalIds",
    "deviceCategory",
    "deviceOwnership",
    "enrollmentProfileName",
    "onPremisesSyncEnabled",
)
_GROUP_DEFAULT = (
    "id",
    "deletedDateTime",
    "classification",
    "createdDateTime",
    "description",
    "displayName",
    "expirationDateTime",
    "groupTypes",
    "isAssignableToRole",
    "mail",
    "mailEnabled",
    "mailNickname",
    "membershipRule",
    "membershipRuleProcessingState",
    "onPremisesDomainName",
    "onPremisesLastSyncDateTime",
    "onPremisesNetBiosName",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled",
    "preferredDataLocation",
    "preferredLanguage",
    "proxyAddresses",
    "renewedDateTime",
    "resourceBehaviorOptions",
    "resourceProvisioningOptions",
    "securityEnabled",
    "securityIdentifier",
    "theme",
    "uniqueName",
    "visibility",
)
_USER_DEFAULT = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)


def _owners(call: Call, row: Row) -> list[Row]:
    return [typed(call, USER, user) for user in objects(call, "users", row.get("registeredOwners", []))]


def _members(call: Call, row: Row) -> list[Row]:
    return [typed(call, kind_of(member), member) for member in group_members(call, row)[:20]]


DEVICE = Kind(
    "device",
    directory=True,
    indexed=_DEVICE_INDEX,
    search=("displayName",),
    relations={"registeredOwners": _owners, "registeredUsers": _owners},
)
GROUP = Kind(
    "group",
    directory=True,
    default=_GROUP_DEFAULT,
    search=("displayName", "description"),
    indexed=(
        "id",
        "displayName",
        "mailNickname",
        "securityEnabled",
        "mailEnabled",
        "groupTypes",
        "uniqueName",
        "mail",
        "isAssignableToRole",
        "createdDateTime",
        "membershipRuleProcessingState",
    ),
    relations={"members": _members},
)
USER = Kind(
    "user",
    directory=True,
    default=_USER_DEFAULT,
    search=("displayName", "userPrincipalName", "mail"),
    indexed=(
        "id",
        "userPrincipalName",
        "displayName",
        "mail",
        "accountEnabled",
        "userType",
        "givenName",
        "surname",
        "usageLocation",
        "mailNickname",
        "assignedLicenses",
    ),
)
SERVICE_PRINCIPAL = Kind("servicePrincipal", directory=True, search=("displayName",))
DIRECTORY_OBJECT = Kind("directoryObject", directory=True)


def objects(call: Call, collection: str, ids: t.Iterable[str]) -> list[Row]:
    """Those of the ids that exist."""
    found = (call.side.view.get(collection, id_) for id_ in ids)
    return [row for row in found if row is not None]


def kind_of(row: Row) -> Kind:
    """By the properties that only one kind has."""
    if "deviceId" in row:
        return DEVICE
    if "groupTypes" in row:
        return GROUP
    return USER if "userPrincipalName" in row else SERVICE_PRINCIPAL


def directory_object(call: Call, id_: str) -> Row | None:
    """A user, device, group or service principal by its object id."""
    for collection in ("users", "devices", "groups", "service_principals"):
        found = call.side.view.get(collection, id_)
        if found is not None:
            return found
    return None


def group_members(call: Call, group: Row) -> list[Row]:
    """The direct members of a group."""
    return [row for row in (directory_object(call, id_) for id_ in group["members"]) if row is not None]
