# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of several devices together: how many there are of each outcome, which are one device, and which of them
the directory knows.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from . import records
from .door import REPORT_OUTCOMES, read_directory

Record = dict[str, t.Any]

JOINED = ("joined", "unchanged")
NOT_TRIED = ("refused", "unreachable", "skipped", "not_started")
"""Nothing was done to the device, so that it says nothing of what the rollout does to the others."""
MOST_NAMED = 10
"""Others that are named beside a device."""


def count(records: Iterable[Mapping[str, t.Any]]) -> dict[str, int]:
    """How many there are of each outcome, and in all: ``{devices: 3, joined: 2, failed: 1}``."""
    counted = Counter(record["outcome"] for record in records)
    return {"devices": sum(counted.values())} | {name: counted[name] for name in REPORT_OUTCOMES if counted[name]}


def of_wave(records_of_wave: Iterable[Mapping[str, t.Any]]) -> dict[str, int]:
    """What a wave says of the rollout: ``{devices, done, failed, left_out}``. ``failed`` are devices to which something
    was done, or may have been; ``left_out`` those that were refused, not reached or not asked."""
    counted = Counter(map(_place, records_of_wave))
    return {"devices": sum(counted.values())} | {name: counted[name] for name in ("done", "failed", "left_out")}


def _place(record: Mapping[str, t.Any]) -> str:
    if record["outcome"] in NOT_TRIED or record.get("name") == records.NOT_ASKED:
        return "left_out"
    return "failed" if record["outcome"] in ("failed", "begun", "incomplete") else "done"


def find_same(devices: Mapping[str, Record]) -> dict[str, int]:
    """Name in each record others that are the same device, by its id in the directory or by the machine that has
    answered; returns how many have others, ``{same_device: 2}``, if any have."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, record in devices.items():
        record.pop("same_device", None)
        for kind in ("device_id", "machine"):
            if isinstance(record.get(kind), str) and record[kind]:
                groups.setdefault((kind, record[kind].casefold()), []).append(name)
    found = 0
    for names in groups.values():
        for name in names if len(names) > 1 else ():
            same = devices[name].get("same_device") or []
            found += not same
            others = [other for other in names[: MOST_NAMED + 1] if other != name and other not in same]
            devices[name]["same_device"] = sorted(same + others)[:MOST_NAMED]
    return {"same_device": found} if found else {}


def prove(
    devices: Mapping[str, Record], asked: Collection[str], directory: Iterable[t.Any], run: str, now: str
) -> list[str]:
    """Say of each joined device of ``asked`` what the directory knows of its id: ``directory``, as devices of
    winops.entra.directory_device_info. Returns a sentence for each entry that is not understood.

    ``devices`` are all of the run: an id that several of them give proves none of them.
    """
    by_id, problems = read_directory(directory)
    names: dict[str, list[str]] = {}
    joined = {name: record for name, record in devices.items() if record["outcome"] in JOINED}
    for name, record in joined.items():
        names.setdefault(str(record.get("device_id") or "").lower(), []).append(name)
    for name, record in joined.items():
        own = str(record.get("device_id") or "").lower()
        same = [other for other in names[own][: MOST_NAMED + 1] if own and other != name]
        if name in asked:
            found = by_id.get(own)
            intune = (found or {}).get("intune") or {}
            record["directory"] = {
                "found": found is not None,
                "object_id": (found or {}).get("object_id"),
                "enabled": (found or {}).get("enabled"),
                "join_type": (found or {}).get("join_type"),
                "intune_id": intune.get("id"),
                "compliance": intune.get("compliance"),
                "same_id": same,
                "run": run,
                "at": now,
            }
        elif same and "directory" in record:
            record["directory"] = {**record["directory"], "same_id": same}
    return problems


def count_proofs(records: Iterable[Mapping[str, t.Any]], run: str) -> dict[str, int]:
    """How many are in the directory, by an id that is theirs alone, as far as that was asked in this run; and how many
    share one, where any do."""
    proofs = [record["directory"] for record in records if (record.get("directory") or {}).get("run") == run]
    shared = sum(bool(proof["same_id"]) for proof in proofs)
    alone = [proof["found"] for proof in proofs if not proof["same_id"]]
    return {
        "in_directory": sum(alone),
        "not_in_directory": len(alone) - sum(alone),
        **({"same_id": shared} if shared else {}),
    }
