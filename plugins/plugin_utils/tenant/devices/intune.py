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

import dataclasses
from collections.abc import Iterable, Sequence

from ..graph import odata
from ..graph.batch import LARGEST, Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import FLAG, IDENTITY, LINE, TEXT, Kind, all_of, needed, object_of, or_null
from .unread import OF_THE_CALLER, answers_of, filter_ignored

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
_OF_DEVICE = object_of({"id": needed(IDENTITY), "azureADDeviceId": TEXT})
_INTUNE_SELECT = ("azureADDeviceId", *INTUNE_FIELDS.values())


@dataclasses.dataclass
class ManagedDevices:
    """``rows`` by device id, all that Intune has of it; ``unread`` says of which ids nobody knows that, and why."""

    rows: dict[str, list[dict]] = dataclasses.field(default_factory=dict)
    unread: dict[str, RequestFailure] = dataclasses.field(default_factory=dict)


def managed_devices(
    client: GraphClient, ids: Iterable[str] | None, more: Sequence[str] = (), few: int = LARGEST
) -> ManagedDevices:
    """The managed devices with these device ids (None: all). ``more`` names texts that are wanted as well.

    A few ids (so many as ``few``) are asked for one by one, 20 in one request. Of many the list is read. Where it
    cannot be read to its end, or has cost as many requests as asking would, each id is asked for: a list that was not
    read to its end does not tell how many records there are of a device. RequestFailure where all are wanted and cannot
    be read, and where no question has an answer. NO_DEVICE is in every record without a device id, and has none.
    """
    wanted = None if ids is None else sorted({identity.lower() for identity in ids} - {NO_DEVICE})
    if wanted is None:
        return ManagedDevices(_listed(client, None, more) or {})
    if len(wanted) > few:
        try:
            listed = _listed(client, wanted, more)
        except RequestFailure as failed:  # Perhaps by a record of another device.
            if failed.status in OF_THE_CALLER:
                raise
            listed = None
        if listed is not None:
            return ManagedDevices(listed)
    return _asked(client, wanted, more)


def _listed(client: GraphClient, wanted: list[str] | None, more: Sequence[str]) -> dict[str, list[dict]] | None:
    """The managed devices of the whole list with a wanted id; None where asking for these ids is cheaper."""
    found: dict[str, list[dict]] = {}
    keys = None if wanted is None else set(wanted)
    most = None if keys is None else INTUNE_PAGE * -(-len(keys) // LARGEST)
    purpose = Purpose("list the devices of Intune", INTUNE_READ)
    query: dict[str, str | int | bool] = {"$select": ",".join((*_INTUNE_SELECT, *more)), "$top": INTUNE_PAGE}
    rows = client.list("/deviceManagement/managedDevices", purpose, query, kind=_kind_with(more))
    for number, row in enumerate(rows):
        if most is not None and number >= most:
            return None
        key = str(row.get("azureADDeviceId") or "").lower()
        if key and key != NO_DEVICE and (keys is None or key in keys):
            found.setdefault(key, []).append(row)
    return found


def _kind_with(more: Sequence[str]) -> Kind:
    texts = object_of(all_of(*more, kind=or_null(TEXT)))
    return (lambda value: texts(MANAGED_KIND(value))) if more else MANAGED_KIND


def _asked(client: GraphClient, ids: list[str], more: Sequence[str]) -> ManagedDevices:
    """The managed devices with these device ids, one question each."""
    items = [
        Item(
            "GET",
            "/deviceManagement/managedDevices",
            Purpose(f"look up the device {key} in Intune", INTUNE_READ),
            {"$filter": odata.equals("azureADDeviceId", key), "$select": ",".join((*_INTUNE_SELECT, *more))},
            row_kind=_kind_with(more),
        )
        for key in ids
    ]
    found = ManagedDevices()
    for key, item, answer in zip(ids, items, answers_of(client, items)):
        try:
            rows = []
            for row in client.rows_of(item, answer):
                if str(row.get("azureADDeviceId")).lower() != key:
                    raise filter_ignored(key)
                rows.append(row)
        except RequestFailure as failed:
            found.unread[key] = failed
            continue
        if rows:
            found.rows[key] = rows
    return found


def recorded_record(identity: str, label: str) -> Item:
    """The question for one record by its own id: whether it is there, and which device id it carries."""
    return Item(
        "GET",
        odata.path("deviceManagement", "managedDevices", identity),
        Purpose(f"look up the Intune record of {label}", INTUNE_READ),
        {"$select": "id,azureADDeviceId"},
        kind=_OF_DEVICE,
    )
