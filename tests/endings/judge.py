# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One task is played to its ending, and device and result are compared with the table."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
import typing as t
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import work
from ansible_collections.winops.entra.plugins.plugin_utils.device.reading import Unreadable
from ansible_collections.winops.entra.plugins.plugin_utils.device.reboot import NOT_BACK
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import ConnectionLost
from ansible_collections.winops.entra.plugins.plugin_utils.device.wire import WireError
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.time_limit import TaskTimeUp
from tests.lasting import lasting

from .cases import CASES, Case, Make
from .devices import CUT, KILLED, USERS_PATH, WAYS, Disturbed, Killed, look, things
from .table import COPY, JOB, KNOWN, ROWS, SETTINGS, UNTOLD, WINDOWS

SETTLED = 4 * 3600
"""Device seconds after which all that a device does by itself is done."""
TOLD = {"job": JOB, "copy of the package": COPY, "copy of the package (Windows)": WINDOWS, "package": KNOWN}


@dataclasses.dataclass(frozen=True)
class Ending:
    """A case; with ``number`` its controller ends in this ``way`` with that exchange, executed if ``done``."""

    case: str
    number: int = 0
    way: str = ""
    done: bool = False

    def __str__(self) -> str:
        what = "is executed" if self.done else "does not arrive"
        return self.case + (f", {self.way} at exchange {self.number}, which {what}" if self.number else "")


@dataclasses.dataclass
class Seen:
    """What a played ending came to: what was there then, and later; and what is wrong."""

    row: tuple[str, str]
    now: set[str]
    later: set[str]
    problems: list[str]
    exchanges: int


def run(make: Make, played: Disturbed) -> tuple[t.Any, BaseException | None]:
    """The work, and what it raised."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "Deadline", played.deadline)
        made = make(played)
        try:
            made.run()
        except (Failure, ConnectionLost, WireError, Unreadable, Killed, TaskTimeUp) as exc:
            return made, exc
    return made, None


@functools.cache
def exchanges(case: str) -> int:
    """How many a task takes that nobody disturbs."""
    return play(Ending(case)).exchanges


def endings(name: str) -> list[Ending]:
    """The case itself, and where each of its exchanges is the last one."""
    found = [Ending(name)]
    if CASES[name].disturbed:
        numbers = range(1, exchanges(name) + 1)
        found += [Ending(name, number, way, done) for number in numbers for way in WAYS for done in (False, True)]
    return found


def play(ending: Ending) -> Seen:
    """Play it and compare it with its row."""
    case = CASES[ending.case]
    row = (case.module, case.ending)
    if ending.number and (case.module, UNTOLD) in ROWS:
        row = (case.module, UNTOLD)
    with tempfile.TemporaryDirectory() as folder, Disturbed(Path(folder), case.kind, case.options) as played:
        for earlier in case.earlier:
            run(earlier, played)
            played.let_pass(60)
        if case.module in ("join", "ppkg"):
            played.device.files.write(USERS_PATH, b"the user's")
        case.make(played)  # The user's file, where there is one.
        before = look(played)
        played.asked, played.number, played.way, played.done = 0, ending.number, ending.way, ending.done
        made, raised = run(case.make, played)
        asked, after = played.asked, look(played)
        problems = [] if played.met or not ending.number else ["the exchange was not met"]
        played.let_pass(SETTLED)
        settled = look(played)
    # What a removal leaves was there before.
    base = None if case.ending.startswith("absent") else before
    now, later = things(after, base), things(settled, base)
    problems += _against_row(row, now, later)
    problems += _against_result(made, raised, ending, before, after)
    if _users(before) != _users(settled):
        problems.append("the user's own file is not what it was")
    return Seen(row, now, later, problems, asked)


def _against_row(row: tuple[str, str], now: set[str], later: set[str]) -> list[str]:
    known = ROWS[row]
    found = [f"there is {thing}" for thing in sorted(now - known.now)]
    return found + [f"hours later there is {thing}" for thing in sorted(later - known.later)]


def _against_result(
    made: t.Any, raised: BaseException | None, ending: Ending, before: dict[str, t.Any], after: dict[str, t.Any]
) -> list[str]:
    if isinstance(raised, Killed) or made is None:
        return []
    changes = made.changes.as_result(False)["changes"]
    # A join, also one that Windows takes back, adds members to the local group Administrators: docs/endings.md.
    different = set(lasting(before)) ^ set(lasting(after))
    differs = sorted(line for line in different if not line.startswith("administrators[]"))
    checked = getattr(made, "check_mode", False)
    problems = []
    if made.changes.changed is False and differs:
        problems.append(f"changed is false, and the device differs: {differs[:4]}")
    if made.changes.changed and not (differs or ending.number or checked or CASES[ending.case].repeats):
        problems.append(f"changed is true, and nothing differs: {changes}")
    told = {TOLD[item["what"]] for item in made.learned["left_behind"]}
    new, there = things(after, before) - {SETTINGS}, things(after)
    if new - told and not checked:
        problems.append(f"left_behind does not tell of {sorted(new - told)}")
    # Of a device that has gone nobody knows whether it comes back as it was.
    unsure = (
        ending.number
        or made.learned.get("proved") == "gone"
        or (isinstance(raised, Failure) and raised.error["name"] == NOT_BACK)
    )
    if told - there and not unsure:
        problems.append(f"left_behind tells of {sorted(told - there)}, which is not there")
    if any(not value for item in made.learned["left_behind"] for value in item.values()):
        problems.append("left_behind has an empty field")
    return problems


def _users(state: dict[str, t.Any]) -> list[t.Any]:
    return [entry for entry in state["files"] if entry["path"] == USERS_PATH]


__all__ = ["CUT", "KILLED", "Case", "Ending", "Seen", "endings", "exchanges", "play"]
