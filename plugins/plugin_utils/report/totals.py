# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a rollout: a record of every device, and how many there are of each outcome.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from .records import ID_FIELDS

REPORT_OUTCOMES = (
    "joined",
    "disconnected",
    "fit",
    "healthy",
    "unchanged",
    "would_join",
    "would_disconnect",
    "unfit",
    "unhealthy",
    "refused",
    "failed",
    "unreachable",
    "not_started",
)
JOINED = ("joined", "unchanged")


def report(records: Mapping[str, dict | None], generated: str, directory: list[dict] | None = None) -> dict:
    """The report from one record (or None: not started yet) a device: ``{generated, totals, devices}``.

    ``generated`` is a time (UTC text). With ``directory`` (devices as winops.entra.directory_device_info returns them)
    each joined device says what the directory knows of it, and the totals how many it knows.
    """
    devices = [{"device": name, **(record or {"outcome": "not_started"})} for name, record in records.items()]
    if directory is not None:
        _prove(devices, directory)
    counted = Counter(device["outcome"] for device in devices)
    totals = {name: counted[name] for name in REPORT_OUTCOMES if counted[name]}
    if directory is not None:
        known = [device["directory"]["found"] for device in devices if "directory" in device]
        totals |= {"in_directory": sum(known), "not_in_directory": len(known) - sum(known)}
    return {"generated": generated, "totals": {"devices": len(devices), **totals}, "devices": devices}


def with_earlier_ids(records: Mapping[str, dict | None], earlier: dict) -> dict[str, dict | None]:
    """The records of a disconnect, where a device that does not know its ids (any more) has those of an earlier report.

    A device that has left gets them only where its serial number proves that it is the same one: by these ids objects
    are removed.
    """
    known = {device.get("device"): device for device in earlier.get("devices") or [] if device.get("device_id")}
    kept = dict(records)
    for name, found in records.items():
        record, before = found or {"outcome": "not_started"}, known.get(name)
        if before is None or record.get("device_id"):
            continue
        serial, left = record.get("serial_number"), record.get("join_state") == "left"
        if serial == before.get("serial_number") if serial else not left:
            kept[name] = {**record, **{field: before.get(field) for field in (*ID_FIELDS, "bitlocker")}}
    return kept


def _prove(devices: list[dict], directory: list[dict]) -> None:
    by_id = {found["device_id"]: found for found in directory if found.get("object_id")}
    for device in devices:
        if device["outcome"] not in JOINED:
            continue
        found = by_id.get(device.get("device_id"))
        intune = (found or {}).get("intune") or {}
        device["directory"] = {
            "found": found is not None,
            "object_id": (found or {}).get("object_id"),
            "enabled": (found or {}).get("enabled"),
            "join_type": (found or {}).get("join_type"),
            "intune_id": intune.get("id"),
            "compliance": intune.get("compliance"),
        }
