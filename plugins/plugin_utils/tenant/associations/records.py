# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of devices that are associated with a tenant.

Microsoft describes them nowhere. Sources: the public tools WindowsDeviceLink, Get-AutopilotDeviceAssociation and
APDP-DeviceAssociation-Service, which run against the service. They found that a filter for a serial number may find
nothing although the device is there: so the whole list is read, and compared exactly.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ...autopilot.serials import is_placeholder
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.fields import IDENTITY, LINE, TEXT, all_of, needed, object_of, or_null

VERSION = "beta"
ASSOCIATIONS_PATH = "/deviceManagement/tenantAssociatedDevices"
IMPORT = f"{ASSOCIATIONS_PATH}/importTenantAssociatedDevice"
ASSOCIATIONS_READ = Permissions.same("DeviceManagementServiceConfig.Read.All")
WRITE = Permissions.same("DeviceManagementServiceConfig.ReadWrite.All")
DOC = "https://learn.microsoft.com/autopilot/device-preparation/device-association/overview"

NOT_ASSOCIATED = "absent"
PREASSOCIATED = "preassociated"
ASSOCIATED = "associated"
PENDING_REMOVAL = "pending_removal"
UNKNOWN = "unknown"
#: The service's words.
_STATES = {"preassociated": PREASSOCIATED, "associated": ASSOCIATED, "pendingremoval": PENDING_REMOVAL}
_DATES = ("preassociationDateTime", "associationDateTime", "lastContactedDateTime")
ASSOCIATION_KIND = object_of(
    {
        "id": needed(IDENTITY),
        **all_of("serialNumber", "managedDeviceName", kind=LINE),
        **all_of("smbiosUuid", "associationState", "devicePreparationPolicyId", "managedDeviceId", kind=TEXT),
        **all_of(*_DATES, kind=or_null(TEXT)),
    }
)


def listed(client: GraphClient) -> list[dict]:
    """All records of the tenant. RequestFailure where one page cannot be read, and where a tenant has no such list."""
    purpose = Purpose("list the associated devices", ASSOCIATIONS_READ)
    return list(client.list(ASSOCIATIONS_PATH, purpose, version=VERSION, kind=ASSOCIATION_KIND))


def state(row: dict | None) -> str:
    """One of the states above."""
    return NOT_ASSOCIATED if row is None else _STATES.get(str(row.get("associationState")).lower(), UNKNOWN)


def found(rows: Iterable[dict], serial: str | None, uuid: str | None) -> list[dict]:
    """The records of one device: by its exact serial number, by its SMBIOS UUID where that is a placeholder or not
    known. Where both are known on both sides, both must be the same."""
    by_serial = serial is not None and not is_placeholder(serial)
    return [row for row in rows if _is_of(row, serial if by_serial else None, uuid)]


def _is_of(row: dict, serial: str | None, uuid: str | None) -> bool:
    theirs = plain(row.get("smbiosUuid"))
    if serial is None:
        return uuid is not None and uuid == theirs
    return row.get("serialNumber") == serial and (uuid is None or not theirs or uuid == theirs)


def plain(uuid: t.Any) -> str:
    return str(uuid or "").strip("{}").lower()


def removal(row: dict, label: str) -> Item:
    """The request that removes a record, which is sent once."""
    return Item(
        "DELETE",
        ASSOCIATIONS_PATH + odata.path(row["id"]),
        Purpose(f"remove the association of {label}", WRITE),
        once=True,
    )


def is_gone(row: dict | None) -> bool:
    """Whether a removal has been taken: the record stays until the device has cleared the mark in its firmware."""
    return state(row) in (NOT_ASSOCIATED, PENDING_REMOVAL)
