# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may stay on a device, by module and ending: the one source of the table in docs/endings.md."""

from __future__ import annotations

import dataclasses
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "endings.md"
BEGIN, END = "<!-- begin: written by make endings-page -->", "<!-- end -->"

JOB, COPY, WINDOWS, KNOWN, SETTINGS = "job", "copy", "windows", "known", "settings"
THINGS = {
    JOB: "our job",
    COPY: "our copy, or its empty folder",
    WINDOWS: "Windows' copy",
    KNOWN: "Windows remembers it",
    SETTINGS: "its settings",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One ending. ``now`` is what may be there when the task ends, ``later`` what may still be there when all that the
    device does by itself is done and no other run has come."""

    now: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()


def _row(*now: str, but: tuple[str, ...] = ()) -> Row:
    """``but`` goes by itself."""
    return Row(frozenset(now), frozenset(now) - frozenset(but))


_REMEMBERED = (WINDOWS, KNOWN)
ROWS: dict[tuple[str, str], Row] = {
    ("join", "joined"): _row(KNOWN),
    ("join", "joined, keep_copy"): _row(COPY, *_REMEMBERED),
    ("join", "joined, remove_package"): _row(),
    ("join", "unchanged, refused or check mode"): _row(),
    ("join", "failed"): _row(SETTINGS),
    ("join", "failed, and Windows does not remove the package"): _row(*_REMEMBERED),
    ("join", "failed, on_failure=keep"): _row(*_REMEMBERED),
    ("join", "failed, on_failure=keep, and our job still runs"): _row(JOB, COPY, *_REMEMBERED, but=(COPY,)),
    ("join", "failed, on_failure=keep, keep_copy"): _row(COPY, *_REMEMBERED),
    ("join", "joined another tenant, or not enrolled in MDM"): _row(KNOWN),
    ("join", "joined, and not back after its restart"): _row(JOB, KNOWN),
    ("join", "joined as an Azure VM"): _row(),
    ("join", "failed as an Azure VM"): _row(),
    ("join", "an Azure VM whose join still goes on"): _row(JOB),
    ("join", "cut off, timed out or killed"): _row(JOB, COPY, *_REMEMBERED),
    ("ppkg", "present"): _row(KNOWN),
    ("ppkg", "present, keep_copy"): _row(COPY, *_REMEMBERED),
    ("ppkg", "unchanged, refused or check mode"): _row(),
    ("ppkg", "failed"): _row(*_REMEMBERED),
    ("ppkg", "failed, and our job still runs"): _row(JOB, COPY, *_REMEMBERED, but=(COPY,)),
    ("ppkg", "absent"): _row(),
    ("ppkg", "absent, and Windows does not remove it"): _row(*_REMEMBERED),
    ("ppkg", "cut off, timed out or killed"): _row(JOB, COPY, *_REMEMBERED),
    ("disconnect", "disconnected, unchanged, refused or check mode"): _row(),
    ("disconnect", "failed, and still joined"): _row(),
    ("disconnect", "half left, or not back after its restart"): _row(JOB),
    ("disconnect", "still at work at its timeout"): _row(JOB),
    ("disconnect", "cut off, timed out or killed"): _row(JOB),
    ("mdm", "enrolled, removed, unchanged, refused or check mode"): _row(),
    ("mdm", "failed"): _row(),
    ("mdm", "still at work at its timeout"): _row(JOB),
    ("mdm", "cut off, timed out or killed"): _row(JOB),
    ("device_reset", "reset"): _row(JOB, but=(JOB,)),
    ("device_reset", "unchanged, refused or check mode"): _row(),
    ("device_reset", "failed, and as it was"): _row(),
    ("device_reset", "accepted, and not gone at its timeout"): _row(),
    ("device_reset", "cut off, timed out or killed"): _row(JOB),
    ("preflight", "fit, unfit or check mode"): _row(),
    ("preflight", "cut off, timed out or killed"): _row(JOB),
    ("diagnose", "every ending"): _row(),
}
#: What the lab cannot leave: it executes an exchange whole or not at all.
UNPLAYED = {("preflight", "cut off, timed out or killed"): frozenset({JOB, f"{JOB} later"})}
UNTOLD = "cut off, timed out or killed"


def markdown() -> str:
    """The table as the page has it."""
    lines = [
        "| module | ending | " + " | ".join(THINGS.values()) + " |",
        "| --- | --- |" + " --- |" * len(THINGS),
    ]
    for (module, ending), row in ROWS.items():
        cells = [_cell(thing, row) for thing in THINGS]
        lines.append(f"| `{module}` | {ending} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(thing: str, row: Row) -> str:
    if thing not in row.now:
        return "no"
    if thing in row.later:
        return "may stay"
    return "until the reset ends" if thing == JOB else "until its job ends"


def page_with(text: str) -> str:
    """The page with this table in it. Raises ValueError where it has no place for one."""
    before, found, rest = text.partition(BEGIN)
    _old, ended, after = rest.partition(END)
    if not (found and ended):
        raise ValueError("the page has no place for the table")
    return f"{before}{BEGIN}\n{markdown()}\n{END}{after}"
