# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device object of the directory says.

Sources: Microsoft Graph, "device resource type" (``physicalIds``); Microsoft Entra, "How to manage stale devices"
(how old a sign-in stamp may be).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import re
import typing as t
from collections.abc import Sequence

from .look_up import EXTENSION_ATTRIBUTES

JOIN_TYPES = {"AzureAd": "entra", "ServerAd": "hybrid", "Workplace": "registered"}
TRUST_TYPES = {join_type: trust for trust, join_type in JOIN_TYPES.items()}
SHOWN_DEVICES = 20
_EPOCH = datetime.datetime.fromtimestamp(0, datetime.timezone.utc)
_OFFSET = re.compile(r"(?:\.[0-9]{1,12})?([+-])([0-9]{2}):([0-9]{2})")
_ANCHOR, _GROUP_TAG = "[ztdid]:", "[orderid]:"


def is_autopilot_anchor(row: dict) -> bool:
    """Whether a Windows Autopilot registration stands behind the object: Autopilot breaks when it is deleted."""
    return autopilot_id(row) is not None


def autopilot_id(row: dict) -> str | None:
    """The id of the registration whose anchor the object is."""
    identity = _physical(row, _ANCHOR)
    return None if identity is None else identity.lower()


def _physical(row: dict, kind: str) -> str | None:
    """The value of a ``[KIND]:value`` among the physical ids."""
    for text in row.get("physicalIds") or ():
        if text.lower().startswith(kind):
            return text[len(kind) :]
    return None


def instant(text: str | None) -> datetime.datetime | None:
    """A date of Graph. None for null and for the years 1 and 9999, by which Intune says never."""
    if not text or text[:4] in ("0001", "9999"):
        return None
    try:
        return datetime.datetime.fromisoformat(text[:19]).replace(tzinfo=datetime.timezone.utc) - _offset(text[19:50])
    except (ValueError, OverflowError):
        return None


def _offset(rest: str) -> datetime.timedelta:
    """What stands behind the seconds of a time as its distance from UTC; none for Z and for what is none."""
    found = _OFFSET.fullmatch(rest)
    if found is None:
        return datetime.timedelta(0)
    distance = datetime.timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -distance if found[1] == "-" else distance


def newest(rows: Sequence[dict]) -> dict:
    """Of several records that Intune has of one device, that of the last contact; one without any is older than all."""
    return max(rows, key=lambda row: (instant(row.get("lastSyncDateTime")) or _EPOCH, str(row.get("lastSyncDateTime"))))


def inactive_days(row: dict, now: datetime.datetime) -> int | None:
    """Whole days since the last sign-in; where there never was one, since the registration.

    None where neither is known, and for an Autopilot object that has not joined yet: it is new, however old.
    """
    seen = instant(row.get("approximateLastSignInDateTime"))
    if seen is None and not is_autopilot_anchor(row):
        seen = instant(row.get("registrationDateTime"))
    return None if seen is None else max(0, (now - seen).days)


def restoring(deleted: list[tuple[str, dict]]) -> list[str]:
    """What people should know before these objects, each with its label, are deleted: which come back, and which nobody
    can bring back.

    Source: Microsoft Entra, "Soft delete for devices" (preview): Entra Connect restores hybrid joined ones by itself;
    those of Azure VMs with a managed identity are not kept.
    """
    hybrid = [label for label, row in deleted if JOIN_TYPES.get(row.get("trustType") or "") == "hybrid"]
    for_good = [label for label, row in deleted if row.get("profileType") == "SecureVM"]
    back = (
        "hybrid joined objects come back: Entra Connect restores them at its next synchronization, unless the computer "
        "object is deleted in AD or out of its scope"
    )
    told = ((back, hybrid), ("objects of Azure VMs cannot be restored once they are deleted", for_good))
    return [f"{sentence}: {some(labels)}" for sentence, labels in told if labels]


def some(labels: list[str]) -> str:
    """The first SHOWN_DEVICES of them, and how many more there are."""
    more = f"; and {len(labels) - SHOWN_DEVICES} more, see devices" if labels[SHOWN_DEVICES:] else ""
    return "; ".join(labels[:SHOWN_DEVICES]) + more


def shown(row: dict, now: datetime.datetime) -> dict[str, t.Any]:
    """A device as modules return it."""
    result = {
        "name": row.get("displayName"),
        "device_id": row.get("deviceId"),
        "object_id": row["id"],
        "enabled": row.get("accountEnabled"),
        "join_type": JOIN_TYPES.get(row.get("trustType") or ""),
        "last_sign_in": row.get("approximateLastSignInDateTime"),
        "registered": row.get("registrationDateTime"),
        "inactive_days": inactive_days(row, now),
        "operating_system": row.get("operatingSystem"),
        "os_version": row.get("operatingSystemVersion"),
        "compliant": row.get("isCompliant"),
        "managed": row.get("isManaged"),
        "mdm_app_id": row.get("mdmAppId"),
        "manufacturer": row.get("manufacturer"),
        "model": row.get("model"),
        # The reference writes company, the directory Company.
        "ownership": str(row.get("deviceOwnership") or "").lower() or None,
        "enrollment_profile": row.get("enrollmentProfileName"),
        "profile_type": row.get("profileType"),
        "autopilot_anchor": is_autopilot_anchor(row),
        "group_tag": _physical(row, _GROUP_TAG),
    }
    if "extensionAttributes" in row:
        result["extension_attributes"] = attributes(row)
    return result


def attributes(row: dict) -> dict[str, str | None]:
    """The fifteen extension attributes, null where unset."""
    given = row.get("extensionAttributes") or {}
    return {name: given.get(name) or None for name in EXTENSION_ATTRIBUTES}
