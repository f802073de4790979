# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registrations with the assignment of their deployment profile, from the one list that knows it.

A single read says ``unknown`` where the list says it right, and version 1.0 does not say it at all. What counts as
assigned, and that it comes with a date: field reports; Microsoft Graph beta, windowsAutopilotProfileAssignmentStatus
(the spelling of ``assignedUnkownSyncState`` is the service's, which may correct it one day).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections import Counter
from collections.abc import Collection

from ...autopilot import serials
from ..devices.directory_device import instant
from ..devices.intune import AUTOPILOT_READ, INTUNE_PAGE, NO_DEVICE
from ..graph.client import GraphClient
from ..graph.errors import Purpose
from ..graph.fields import IDENTITY, LINE, TEXT, all_of, needed, object_of, or_null

ASSIGNED = ("assignedInSync", "assignedOutOfSync", "assignedUnkownSyncState", "assignedUnknownSyncState")
_PATH = "/deviceManagement/windowsAutopilotDeviceIdentities"
_UNKNOWN = ("unknown", "unknownFutureValue")
_NO_DETAIL = ("none", *_UNKNOWN)
_STATUS = "deploymentProfileAssignmentStatus"
_DETAIL = "deploymentProfileAssignmentDetailedStatus"
_SHOWN = ("manufacturer", "model", "enrollmentState", "userlessEnrollmentStatus", "deploymentProfileAssignedDateTime")
_KIND = object_of(
    {
        **all_of(*_SHOWN, "groupTag", "lastContactedDateTime", kind=or_null(TEXT)),
        **all_of("userPrincipalName", "displayName", kind=or_null(LINE)),
        **all_of("azureAdDeviceId", "azureActiveDirectoryDeviceId", "managedDeviceId", _STATUS, _DETAIL),
        "serialNumber": LINE,
        "id": needed(IDENTITY),
    }
)


@dataclasses.dataclass
class Registration:
    """One registration. ``shown`` is what the module returns of it, ``key`` its serial number as it is compared."""

    shown: dict[str, t.Any]
    key: str

    @property
    def id(self) -> str:
        return self.shown["id"]

    @property
    def label(self) -> str:
        """How sentences and findings name it."""
        return (self.shown["serial_usable"] and self.shown["serial_number"]) or self.id

    @property
    def final(self) -> bool:
        """Whether waiting for the assignment is of no use."""
        return self.shown["assignment"]["final"]


def registrations(client: GraphClient, keys: Collection[str] | None, ids: Collection[str]) -> list[Registration]:
    """The registrations with one of these serial numbers (serials.key) or ids, all where ``keys`` is None, in the order
    of their serial numbers. RequestFailure where the list cannot be read to its end."""
    found: list[Registration] = []
    count: Counter[str] = Counter()
    purpose = Purpose("list the devices of Windows Autopilot", AUTOPILOT_READ)
    for row in client.list(_PATH, purpose, {"$top": INTUNE_PAGE}, "beta", kind=_KIND):
        key = serials.key(row.get("serialNumber") or "")
        count[key] += 1
        if keys is None or key in keys or row["id"].lower() in ids:
            found.append(Registration(_shown(row), key))
    for one in found:
        one.shown["serial_usable"] = count[one.key] == 1 and not serials.is_placeholder(one.key)
    return sorted(found, key=lambda one: (one.key, one.id))


def _shown(row: dict) -> dict[str, t.Any]:
    status, detail = row.get(_STATUS), row.get(_DETAIL)
    since = date_or_none(row.get("deploymentProfileAssignedDateTime"))
    return {
        "id": row["id"].lower(),
        "serial_number": row.get("serialNumber"),
        "serial_usable": True,
        "manufacturer": row.get("manufacturer") or None,
        "model": row.get("model") or None,
        "name": row.get("displayName") or None,
        "group_tag": row.get("groupTag") or None,
        "user": row.get("userPrincipalName") or None,
        "enrollment_state": row.get("enrollmentState"),
        "last_contact": date_or_none(row.get("lastContactedDateTime")),
        "userless_enrollment": row.get("userlessEnrollmentStatus"),
        "device_id": _device(row.get("azureAdDeviceId")) or _device(row.get("azureActiveDirectoryDeviceId")),
        "managed_device_id": _device(row.get("managedDeviceId")),
        "assigned": _is_assigned(status, since),
        "assignment": {
            "status": status,
            "detail": detail,
            "at": since,
            "final": status not in ASSIGNED and (status == "failed" or detail not in (None, *_NO_DETAIL)),
        },
    }


def _is_assigned(status: str | None, since: str | None) -> bool | None:
    """None where nobody knows: an assignment without a date is not made yet, or not for certain."""
    if status in ASSIGNED:
        return True if since else None
    return None if status in (None, *_UNKNOWN) else False


def date_or_none(text: str | None) -> str | None:
    """A date of Graph as it is written, None for a text that is none."""
    return text if instant(text) is not None else None


def _device(identity: str | None) -> str | None:
    """An id of something. All zeros mean that there is none."""
    plain = (identity or "").strip().lower()
    return plain if plain and plain != NO_DEVICE else None
