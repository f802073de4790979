# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a rollout: a record of every device, and how many there are of each outcome.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Mapping

from ..proofs import MISSING, PROOF_FIELDS, PROVED, RECORDED
from .door import REPORT_OUTCOMES, read_directory, read_record
from .records import ID_FIELDS

JOINED = ("joined", "unchanged")


def report(
    records: Mapping[str, t.Any],
    generated: str,
    directory: list[dict] | None = None,
    earlier: list[dict] | None = None,
) -> dict:
    """The report from one record (or None: not started yet) a device: ``{generated, totals, devices}``.

    ``generated`` is a time (UTC text). With ``directory`` (devices as winops.entra.directory_device_info returns them)
    each joined device says what the directory knows of it, and the totals how many it knows; where there are entries
    that cannot be understood, ``problems`` has a sentence for each. With ``earlier`` (the records of an earlier report)
    devices that do not know their ids any more keep them. No record makes it raise: door.py.
    """
    found = {name: read_record(name, told) for name, told in records.items()}
    if earlier:
        found = with_earlier_ids(found, {"devices": earlier})
    devices = list(found.values())
    by_id, problems = read_directory(directory or [])
    if directory is not None:
        _prove(devices, by_id)
    counted = Counter(device["outcome"] for device in devices)
    totals = {name: counted[name] for name in REPORT_OUTCOMES if counted[name]}
    if directory is not None:
        totals |= _counted([device["directory"] for device in devices if "directory" in device])
    made = {"generated": generated, "totals": {"devices": len(devices), **totals}, "devices": devices}
    return made | ({"problems": problems} if problems else {})


def with_earlier_ids(records: Mapping[str, t.Any], earlier: dict) -> dict[str, t.Any]:
    """The records of a disconnect, where a device that does not know its ids (any more) has those of an earlier report,
    and one that has not proved them the evidence of that report.

    A device that has left gets them only where its serial number proves that it is the same one: by these ids objects
    are removed.
    """
    known = {device.get("device"): device for device in earlier.get("devices") or [] if device.get("device_id")}
    kept = dict(records)
    for name, found in records.items():
        record, before = found or {"outcome": "not_started"}, known.get(name)
        if before is None:
            continue
        if record.get("device_id"):
            if _is_without_key(record) and _is_same_device(record, before) and _tells(before):
                kept[name] = {**record, **_evidence(before)}
            continue
        serial, left = record.get("serial_number"), record.get("join_state") == "left"
        if serial == before.get("serial_number") if serial else not left:
            ids = {field: before.get(field) for field in (*ID_FIELDS, "bitlocker")}
            kept[name] = {**record, **ids, **_evidence(before)}
    return kept


def _is_without_key(record: Mapping) -> bool:
    """Whether the device could not sign. One whose proof is false has no use for what was recorded of another."""
    return record.get("proof") == MISSING


def _is_same_device(record: Mapping, before: Mapping) -> bool:
    return all(record.get(field) == before.get(field) for field in ("device_id", "serial_number"))


def _tells(before: Mapping) -> bool:
    """Whether an earlier record is evidence: of what was proved, recorded or written before there were proofs."""
    return before.get("proof") in (PROVED, RECORDED) or "proof" not in before


def _evidence(before: Mapping) -> dict:
    if "proof" not in before:
        return dict.fromkeys(PROOF_FIELDS) | {"proof": RECORDED}
    return {field: before.get(field) for field in PROOF_FIELDS}


def _prove(devices: list[dict], by_id: Mapping[str, dict]) -> None:
    """Say of each joined device what the directory knows of its id. An id that several give proves none of them."""
    joined = [device for device in devices if device["outcome"] in JOINED]
    names: dict[str, list[str]] = {}
    for device in joined:
        names.setdefault(str(device.get("device_id") or "").lower(), []).append(device["device"])
    for device in joined:
        own = str(device.get("device_id") or "").lower()
        same = [name for name in names[own] if own and name != device["device"]]
        found = by_id.get(own)
        intune = (found or {}).get("intune") or {}
        device["directory"] = {
            "found": found is not None,
            "object_id": (found or {}).get("object_id"),
            "enabled": (found or {}).get("enabled"),
            "join_type": (found or {}).get("join_type"),
            "intune_id": intune.get("id"),
            "compliance": intune.get("compliance"),
            "same_id": same,
        }


def _counted(proofs: list[dict]) -> dict[str, int]:
    """How many are in the directory, by an id that is theirs alone; and how many share one, where any do."""
    shared = sum(bool(proof["same_id"]) for proof in proofs)
    alone = [proof["found"] for proof in proofs if not proof["same_id"]]
    return {
        "in_directory": sum(alone),
        "not_in_directory": len(alone) - sum(alone),
        **({"same_id": shared} if shared else {}),
    }
