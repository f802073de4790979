# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report knows of a device and a later run has not learned, or the device has forgotten: its ids, its BitLocker
protectors, its proof, its users, what the directory said. No run takes them from the report.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ..proofs import MISSING, PROOF_FIELDS, PROVED, RECORDED
from . import after_join, autopilot, security_keys, verify
from .records import ID_FIELDS

Record = dict[str, t.Any]

JOIN_IDS = ("device_id", "tenant_id", "join_type")
LEFT_BEHIND_FIELDS = ("device", *ID_FIELDS, *PROOF_FIELDS, "bitlocker", "join_state", "run", "at")
MOST_LEFT_BEHIND = 20
"""Sets of ids that a device has had before; the oldest are dropped, and counted in ``left_behind_dropped``."""


def with_known(record: Record, before: Mapping[str, t.Any], work: str) -> Record:
    """The record of a device, completed by an earlier one of the same name."""
    if work == "disconnect":
        record = with_removals(_with_left_behind(with_earlier_ids(record, before), before), before)
    elif work == autopilot.WORK:
        record = autopilot.with_known(record, before)
    elif work == security_keys.KEYS_WORK:
        record = security_keys.with_known(record, before)
    elif work == verify.VERIFY_WORK:
        record = verify.with_known(record, before)
    elif work == "join" and not record.get("device_id") and not record.get("join_type"):
        # Nobody could look. One that is not joined says so: join_type is none.
        record = {**record, **{field: before.get(field) for field in JOIN_IDS}}
    if work == after_join.JOIN_WORK:
        record = after_join.with_known(record, before)
    same = record.get("device_id") and record["device_id"] == before.get("device_id")
    kept = {name: before[name] for name in ("directory", "removal") if same and name in before and name not in record}
    if "machine" not in record and "machine" in before:
        kept["machine"] = before["machine"]
    return {**record, **kept}


def with_earlier_ids(record: Record, before: Mapping[str, t.Any]) -> Record:
    """The record of a disconnect with the ids of an earlier one, if the device does not know them (any more), and if it
    has not proved them with the evidence of that one.

    A device that has left gets them only where its serial number proves that it is the same one: by these ids objects
    are removed.
    """
    if not before.get("device_id"):
        return record
    if record.get("device_id"):
        same = _is_same_device(record, before)
        evidence = _evidence(before) if same and _is_without_key(record) and _tells(before) else {}
        known = {"bitlocker": before.get("bitlocker")} if same and not record.get("bitlocker") else {}
        return {**record, **known, **evidence}
    serial, left = record.get("serial_number"), record.get("join_state") == "left"
    if serial == before.get("serial_number") if serial else not left:
        ids = {field: before.get(field) for field in (*ID_FIELDS, "bitlocker")}
        # One that was not asked is where it was.
        state = {} if record.get("join_state") else {"join_state": before.get("join_state")}
        return {**record, **ids, **_evidence(before), **state}
    return record


def _with_left_behind(record: Record, before: Mapping[str, t.Any]) -> Record:
    """The ids that the device had under this name in an earlier run and that are not those of the record, for as long
    as nobody has removed their objects."""
    sets = list(before.get("left_behind") or ()) + list(record.get("left_behind") or ())
    own, old = record.get("device_id"), before.get("device_id")
    if old and old != own and not _is_removed(before.get("removal")):
        sets.append({field: before.get(field) for field in LEFT_BEHIND_FIELDS})
    # The newest of each id; what the device has now is in the record.
    by_id = {ids["device_id"]: ids for ids in sets if ids.get("device_id") and ids["device_id"] != own}
    dropped = len(by_id) - MOST_LEFT_BEHIND + (before.get("left_behind_dropped") or 0)
    record = {name: value for name, value in record.items() if name != "left_behind"}
    if by_id:
        record["left_behind"] = list(by_id.values())[-MOST_LEFT_BEHIND:]
    return record | ({"left_behind_dropped": dropped} if dropped > 0 else {})


def with_removals(record: Record, before: Mapping[str, t.Any]) -> Record:
    """What was removed from the tenant, beside the ids whose objects these were."""
    rows = {row.get("device_id"): row for row in record.get("removals") or ()}
    if not rows:
        return record
    made = {name: value for name, value in record.items() if name not in ("removals", "removal", "left_behind")}
    own, sets = rows.get(record.get("device_id")), []
    for ids in record.get("left_behind") or ():
        row = rows.get(ids["device_id"])
        if not _is_removed(row):
            sets.append({**ids, "removal": row} if row else ids)
    # Once they are removed, nothing of them is found any more.
    if own and not (record.get("device_id") == before.get("device_id") and _is_removed(before.get("removal"))):
        made["removal"] = own
    return made | ({"left_behind": sets} if sets else {})


def _is_removed(removal: t.Any) -> bool:
    """Whether the device object is gone, which goes last: by the outcomes of winops.entra.device_removal."""
    if not isinstance(removal, Mapping) or removal.get("problem") is not None:
        return False
    gone = removal.get("directory")
    return isinstance(gone, Mapping) and gone.get("outcome") == "changed" and not gone.get("error")


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
