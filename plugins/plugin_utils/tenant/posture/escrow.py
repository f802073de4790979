# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery keys of BitLocker that Entra holds for each device, by the ids of their protectors; keys are not read.

Source: Microsoft Graph, "List recoveryKeys" (a list has no keys; a User-Agent is demanded), "bitlockerRecoveryKey
resource type" (``id`` is that of the protector).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ...findings import FAIL, PASS, UNKNOWN, WARN, Finding
from ..devices.unread import filter_ignored
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import USER_AGENT
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import IDENTITY, LINE, TEXT, needed, object_of, or_null
from .findings import said
from .run import Looked, Run

_PATH = "/informationProtection/bitlocker/recoveryKeys"
_READ = Permissions.same("BitlockerKey.ReadBasic.All")
_VOLUMES = {name.lower(): name for name in ("operatingSystemVolume", "fixedDataVolume", "removableDataVolume")}


def _volume(value: t.Any) -> str | None:
    """The kind of a volume, in whatever case; None where Entra has no name for it."""
    return _VOLUMES.get(value.lower()) if isinstance(value, str) else None


_KIND = object_of(
    {"id": needed(IDENTITY), "deviceId": needed(TEXT), "createdDateTime": or_null(LINE), "volumeType": _volume}
)
_SYSTEM = "operatingSystemVolume"
_LOST = "if Windows asks for the recovery key, nobody has it"


def ask(run: Run) -> None:
    """Fill ``escrow`` of every device."""
    items = [
        Item(
            "GET",
            _PATH,
            Purpose(f"list the recovery keys of {device.subject}", _READ),
            {"$filter": odata.equals("deviceId", device.device_id)},
            row_kind=_KIND,
            headers={"User-Agent": USER_AGENT},
        )
        for device in run.devices
    ]
    for device, rows in zip(run.devices, run.rows("escrow", "the recovery keys", items)):
        device.shown["escrow"] = None
        if isinstance(rows, RequestFailure):
            run.not_known(device, "escrow", "its recovery keys", rows)
            continue
        if any(row["deviceId"].lower() != device.device_id for row in rows):
            run.not_known(device, "escrow", "its recovery keys", filter_ignored(device.device_id, "Entra"))
            continue
        device.shown["escrow"] = [_shown(row) for row in rows]
        device.say(_judged(device, rows))


def _shown(row: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"id": row["id"], "volume": row.get("volumeType"), "created": row.get("createdDateTime")}


def _keys(rows: t.Any) -> str:
    return f"Entra holds {len(rows)} keys" if len(rows) != 1 else "Entra holds 1 key"


def _judged(device: Looked, rows: t.Any) -> Finding:
    intune = device.shown["intune"]
    encrypted = None if intune is None else intune["encrypted"]
    if rows:
        kinds = {row.get("volumeType") for row in rows}
        if encrypted and _SYSTEM not in kinds and None not in kinds:
            return said(
                "escrow",
                WARN,
                f"{_keys(rows)}, and none of the volume of Windows",
                _LOST,
                "back up the key of the system drive on the device (BackupToAAD-BitLockerKeyProtector)",
                "device",
            )
        return said("escrow", PASS, _keys(rows))
    if encrypted:
        return said(
            "escrow",
            FAIL,
            "Intune says that the device is encrypted, and Entra holds no recovery key",
            _LOST,
            "back up the keys on the device (BackupToAAD-BitLockerKeyProtector), or look for them elsewhere",
            "device",
        )
    if encrypted is None:
        return said(
            "escrow",
            UNKNOWN,
            "Entra holds no recovery key, and whether the device is encrypted is not known",
            f"if it is, {_LOST[0].lower()}{_LOST[1:]}",
            "look at BitLocker on the device",
            "device",
        )
    return said("escrow", PASS, "Intune says that the device is not encrypted")
