# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate between two waves of a join: whether what has joined in a wave is of use, so that the next one may begin.

It is judged by the records of the wave, as this run has made them. What is not known keeps it shut. A device that was
not joined says nothing, and a wave without a joined device leaves the decision to the other rules.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping, Sequence

from ..untrusted import visible
from .after_join import LETS_IN, is_met
from .told import Told, object_in, text_in

#: What may be asked at the gate, and the field of a record that answers it.
GATE_FIELDS = {"managed": "intune", "compliant": "compliant", LETS_IN: LETS_IN}
GATE_COUNTS = ("joined", "unchanged")
MOST_SHUT_BY = 20
"""Devices that the report names for one gate; the others are counted."""
MOST_GATES = 100
"""Gates of one run in a report."""
_NAMED = 3
_NOT_ASKED = {"reason": "not_asked", "said": "nobody has asked the tenant about it", "met": None}

Fields = dict[str, t.Any]


def judge(asked: Sequence[str], records: Mapping[str, Told], now: str) -> Fields:
    """``{asked, devices, open, shut_by, shut_by_more, names, says, at}`` of the devices of a wave.

    ``open`` is null where no device of the wave is joined. ``shut_by`` has the first of those who keep it shut, each
    with what it was asked, the reason and the sentence; ``names`` has all of them.
    """
    joined = {name: record for name, record in records.items() if record.get("outcome") in GATE_COUNTS}
    shut: dict[str, list[Fields]] = {}
    for name, record in joined.items():
        rows = [_row(name, one, object_in(record, GATE_FIELDS[one])) for one in asked]
        if any(rows_of := [row for row in rows if row is not None]):
            shut[name] = rows_of
    listed = [row for rows in list(shut.values())[:MOST_SHUT_BY] for row in rows]
    is_open = None if not joined else not shut
    return {
        "asked": list(asked),
        "devices": len(joined),
        "open": is_open,
        "shut_by": listed,
        "shut_by_more": max(0, len(shut) - MOST_SHUT_BY),
        "names": list(shut),
        "says": _says(is_open, asked, len(joined), shut),
        "at": now,
    }


def stored_gate(gate: Mapping[str, t.Any]) -> Fields:
    """The gate as a report keeps it: bounded, whatever the wave."""
    return {name: value for name, value in gate.items() if name != "names"}


def _row(device: str, asked: str, told: Told) -> Fields | None:
    if is_met(told):
        return None
    said = told or _NOT_ASKED
    met = said.get("met")
    return {
        "device": device,
        "asked": asked,
        "known": met is False,
        "reason": text_in(said, "reason"),
        "said": text_in(said, "said"),
    }


def _says(is_open: bool | None, asked: Collection[str], devices: int, shut: Mapping[str, list[Fields]]) -> str:
    """The gate in one sentence for the screen."""
    what = ", ".join(one.replace("_", " ") for one in asked)
    if is_open is None:
        return f"gate ({what}): no device of this wave is joined, so that it says nothing"
    if is_open:
        return f"gate ({what}): open, by {devices} joined device{'' if devices == 1 else 's'}"
    firsts = [_of_device(name, rows) for name, rows in list(shut.items())[:_NAMED]]
    more = f"; and {len(shut) - _NAMED} more devices, see gates in the report" if len(shut) > _NAMED else ""
    many = f"{devices} joined device{'' if devices == 1 else 's'}"
    return f"gate ({what}): shut by {len(shut)} of {many}: {'; '.join(firsts)}{more}"


def _of_device(name: str, rows: list[Fields]) -> str:
    said = [
        f"{'not ' if row['known'] else 'not known whether '}{row['asked'].replace('_', ' ')}"
        + (f" ({visible(row['said'])})" if row["said"] else "")
        for row in rows
    ]
    return f"{visible(name)}: {', '.join(said)}"
