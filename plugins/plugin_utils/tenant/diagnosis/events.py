# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry of the directory audits, and one enrollment failure of Intune, as the module shows them.

Sources: Microsoft Graph, "directoryAudit resource type" (details of a registration are pairs of texts),
"enrollmentTroubleshootingEvent resource type"; Microsoft Intune, "Troubleshoot Windows device enrollment errors".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ...untrusted import in_one_line
from ..graph.fields import LONGEST_NAME
from .ids import id_in

Row = dict[str, t.Any]
#: Activities that bring a device into the directory, in lower case.
REGISTERS = ("register device", "add device")
#: And out of it.
DELETES = ("delete device", "unregister device")
_ID_KEYS = ("device id", "deviceid")
_NAME_KEYS = ("device display name", "device name", "displayname")


def audit_device(row: Row) -> tuple[str | None, str | None]:
    """(device id in lower case, name) of the device that an entry is about."""
    details = {str(pair.get("key")).lower(): pair.get("value") for pair in row.get("additionalDetails") or ()}
    given = (id_in(details.get(key)) for key in _ID_KEYS)
    identity = next((value for value in given if value), None)
    name = next((named for key in _NAME_KEYS if (named := details.get(key))), None)
    # The id of a target is that of its object, which is another one.
    for target in row.get("targetResources") or ():
        if str(target.get("type")).lower() == "device":
            name = target.get("displayName") or name
    return identity, in_one_line(name, LONGEST_NAME) if name else None


def audit_user(row: Row) -> str | None:
    """Who did it, in lower case."""
    user = (row.get("initiatedBy") or {}).get("user") or {}
    return str(user["userPrincipalName"]).lower() if user.get("userPrincipalName") else None


def audit_failed(row: Row) -> bool:
    return str(row.get("result")).lower() in ("failure", "timeout")


def registers(row: Row) -> bool:
    """Whether the entry is about a device that comes into the directory."""
    return str(row.get("activityDisplayName")).strip().lower() in REGISTERS


def deletes(row: Row) -> bool:
    """Whether the entry is about a device that goes out of it."""
    return str(row.get("activityDisplayName")).strip().lower() in DELETES and not audit_failed(row)


def audit_view(row: Row, matched_by: str) -> dict[str, t.Any]:
    """As the module returns it."""
    device_id, name = audit_device(row)
    return {
        "utc": row.get("activityDateTime"),
        "activity": row.get("activityDisplayName"),
        "result": row.get("result"),
        "says": (row.get("resultReason") or None) if audit_failed(row) else None,
        "user": audit_user(row),
        "device_id": device_id,
        "device_name": name,
        "correlation_id": row.get("correlationId"),
        "matched_by": matched_by,
    }


def enrollment_device(row: Row) -> str | None:
    """The id of the device in Entra, in lower case."""
    return id_in(row.get("deviceId"))


def of_windows(row: Row) -> bool:
    """Whether an enrollment can be that of a device with Windows: people enroll their phones as well."""
    system, kind = str(row.get("operatingSystem") or "").lower(), str(row.get("enrollmentType") or "").lower()
    return (not system or "windows" in system) and not kind.startswith(("apple", "android"))


def enrollment_view(row: Row, matched_by: str) -> dict[str, t.Any]:
    """As the module returns it."""
    return {
        "utc": row.get("eventDateTime"),
        "category": row.get("failureCategory") or "unknown",
        "says": row.get("failureReason") or None,
        "enrollment_type": row.get("enrollmentType"),
        "user_id": row.get("userId") or None,
        "device_id": enrollment_device(row),
        "correlation_id": row.get("correlationId"),
        "matched_by": matched_by,
    }
