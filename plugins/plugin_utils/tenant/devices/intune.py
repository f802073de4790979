# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed devices of Intune by the ids that the directory knows.

Sources: Microsoft Graph, "List managedDevices". Intune ignores a filter that it does not support and answers with every
device of the tenant, and of several device ids in one filter it looks at the first only (graph-explorer issue 3125,
msgraph-beta-sdk-dotnet issue 1156): rows are compared with the id that was asked for.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...result import Failure
from ..graph import odata
from ..graph.batch import LARGEST, Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.fields import FLAG, IDENTITY, LINE, TEXT, all_of, needed, object_of, or_null

INTUNE_READ = Permissions.same("DeviceManagementManagedDevices.Read.All")
AUTOPILOT_READ = Permissions.same("DeviceManagementServiceConfig.Read.All")
INTUNE_PAGE = 1000
NO_DEVICE = "00000000-0000-0000-0000-000000000000"
INTUNE_FIELDS = {
    "id": "id",
    "name": "deviceName",
    "serial_number": "serialNumber",
    "user": "userPrincipalName",
    "compliance": "complianceState",
    "management_agent": "managementAgent",
    "enrollment_type": "deviceEnrollmentType",
    "enrolled": "enrolledDateTime",
    "last_sync": "lastSyncDateTime",
    "encrypted": "isEncrypted",
    "os_version": "osVersion",
}
MANAGED_KIND = object_of(
    {
        **all_of(*INTUNE_FIELDS.values(), kind=or_null(TEXT)),
        **all_of("deviceName", "serialNumber", kind=LINE),
        "azureADDeviceId": TEXT,
        "id": needed(IDENTITY),
        "isEncrypted": or_null(FLAG),
    }
)
REGISTRATION_KIND = object_of(
    {
        **all_of(
            "groupTag",
            "userPrincipalName",
            "enrollmentState",
            "lastContactedDateTime",
            "displayName",
            kind=or_null(TEXT),
        ),
        **all_of("azureActiveDirectoryDeviceId", "managedDeviceId"),
        "serialNumber": LINE,
        "id": needed(IDENTITY),
    }
)
_INTUNE_SELECT = ("azureADDeviceId", *INTUNE_FIELDS.values())


def intune_rows(client: GraphClient, ids: Iterable[str] | None) -> dict[str, list[dict]]:
    """The managed devices by device id (None: all).

    A few ids are asked for one by one, 20 in one request. Of many the list is read, until all are found or it has cost
    as many requests as asking would; then the rest is asked for.
    """
    found: dict[str, list[dict]] = {}
    rest = None if ids is None else {identity.lower() for identity in ids}
    if rest is None or len(rest) > LARGEST:
        purpose = Purpose("list the devices of Intune", INTUNE_READ)
        query: dict[str, str | int | bool] = {"$select": ",".join(_INTUNE_SELECT), "$top": INTUNE_PAGE}
        most = None if rest is None else INTUNE_PAGE * -(-len(rest) // LARGEST)
        listed_all = True
        for number, row in enumerate(
            client.list("/deviceManagement/managedDevices", purpose, query, kind=MANAGED_KIND)
        ):
            if most is not None and number >= most:
                listed_all = False
                break
            key = str(row.get("azureADDeviceId") or "").lower()
            if key and key != NO_DEVICE and (rest is None or key in rest):
                found.setdefault(key, []).append(row)
        if rest is None or listed_all:
            return found
        rest -= set(found)
    found.update(_asked(client, sorted(rest)))
    return found


def _asked(client: GraphClient, ids: list[str]) -> dict[str, list[dict]]:
    """The managed devices with these device ids, one question each."""
    items = [
        Item(
            "GET",
            "/deviceManagement/managedDevices",
            Purpose(f"look up the device {key} in Intune", INTUNE_READ),
            {"$filter": odata.equals("azureADDeviceId", key), "$select": ",".join(_INTUNE_SELECT)},
            row_kind=MANAGED_KIND,
        )
        for key in ids
    ]
    found: dict[str, list[dict]] = {}
    for key, item, answer in zip(ids, items, client.batch(items)):
        for row in client.rows_of(item, answer):
            if str(row.get("azureADDeviceId")).lower() != key:
                raise _filter_ignored(key)
            found.setdefault(key, []).append(row)
    return found


def _filter_ignored(key: str) -> Failure:
    cause = "Intune ignored the filter for one device id and answered with other devices"
    fix = "run the task again, or read the whole tenant"
    return Failure(f"{cause}; {fix}", side="tenant", name="filter_ignored", cause=cause, fix=fix, evidence=[key])
