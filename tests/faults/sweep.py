# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One exchange of a task goes wrong, each in turn and in each way; the next run must end as if nothing had happened."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
import typing as t
from pathlib import Path

from ansible_collections.winops.entra.plugins.plugin_utils.device.session import EXCHANGE_SECONDS, LEAST_SECONDS
from ansible_collections.winops.entra.plugins.plugin_utils.device.watch import TimeIsUp
from tests.lab.device.dump import dump
from tests.lasting import lasting
from tests.unit.device.played import Played

from .works import TIMEOUT, WORKS, Work, run

WAYS = (
    "cut before",  # the request does not arrive
    "cut after",  # it is executed, and the answer does not arrive
    "for ever",  # it is executed, and nothing is heard until the watch ends it
    "never begun",  # it is taken, not executed, and nothing is heard
    "asked twice",  # something in between repeats the request: it is executed twice, and one answer arrives
    "answered twice",  # and both answers arrive
    "stale",  # the answer to the request before arrives
    "damaged",  # a letter of the answer is another
    "half",  # the answer breaks off
)
SETTLED = 4 * 3600
"""Device seconds after which all that a device does by itself is done."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """The ``number``-th exchange of the task ``work``, counted from 1, goes wrong in this ``way``."""

    work: str
    number: int
    way: str

    def __str__(self) -> str:
        return f"{self.work}, exchange {self.number}: {self.way}"


class Faulty(Played):
    """A device one of whose exchanges goes wrong; ``met`` tells that it has come to it. Copies of files count."""

    def __init__(self, directory: Path, work: Work, number: int, way: str) -> None:
        super().__init__(directory, work.kind, work.options)
        self.number, self.way = number, way
        self.asked = 0
        self.met = False
        self._last = ("", "", 0)
        self._session: t.Any = None

    def session(self, check_mode: bool = False) -> t.Any:
        self._session = super().session(check_mode)
        return self._session

    def _execute(self, script: str, data: bytes) -> tuple[str, str, int]:
        if not self._is_it():
            self._last = super()._execute(script, data)
            return self._last
        if self.way == "cut before":
            raise ConnectionResetError("reset by peer")
        if self.way == "never begun":
            self._pass_for_ever()
        stdout, stderr, code = super()._execute(script, data)
        middle = len(stdout) // 2
        if self.way == "cut after":
            raise ConnectionResetError("reset by peer")
        if self.way == "for ever":
            self._pass_for_ever()
        if self.way == "asked twice":
            return super()._execute(script, data)
        if self.way == "answered twice":
            stdout += super()._execute(script, data)[0]
        elif self.way == "stale":
            stdout = self._last[0]
        elif self.way == "damaged":
            stdout = stdout[:middle] + ("A" if stdout[middle] != "A" else "B") + stdout[middle + 1 :]
        elif self.way == "half":
            stdout = stdout[:middle]
        return stdout, stderr, code

    def _put_file(self, source: str, destination: str) -> None:
        if not self._is_it():
            return super()._put_file(source, destination)
        data = Path(source).read_bytes()
        if self.way in ("cut before", "never begun"):
            data = b""
        elif self.way in ("half", "stale"):
            data = data[: len(data) // 2]
        elif self.way == "damaged":
            data = data[:-1] + bytes([data[-1] ^ 1])
        self.device.files.write(destination, data)
        if self.way in ("for ever", "never begun"):
            self._pass_for_ever()
        if self.way in ("cut before", "cut after", "half"):
            raise ConnectionResetError("reset by peer")
        return None

    def _is_it(self) -> bool:
        self.asked += 1
        it = self.asked == self.number
        self.met = self.met or it
        return it

    def _pass_for_ever(self) -> t.NoReturn:
        """As the session's watch ends an exchange that has no answer."""
        deadline = self._session.deadline
        bound = EXCHANGE_SECONDS if deadline is None else min(EXCHANGE_SECONDS, max(deadline.left, LEAST_SECONDS))
        self.let_pass(bound)
        raise TimeIsUp


@dataclasses.dataclass(frozen=True)
class Undisturbed:
    """How many exchanges a run takes that nobody disturbs, and what lasts of the device after it and another."""

    exchanges: int
    state: list[str]


@functools.cache
def undisturbed(name: str) -> Undisturbed:
    work = WORKS[name]
    with tempfile.TemporaryDirectory() as folder, Faulty(Path(folder), work, 0, "") as played:
        first = run(work, played)
        exchanges = played.asked
        played.let_pass(SETTLED)
        again = run(work, played)
        assert first.how is None and again.how is None and not _changed(name, again), (name, first.how, again.how)
        return Undisturbed(exchanges, lasting(dump(played.device)))


def faults(name: str) -> list[Fault]:
    """Each exchange of a task in each way."""
    return [Fault(name, number, way) for number in range(1, undisturbed(name).exchanges + 1) for way in WAYS]


def problem(fault: Fault) -> str | None:
    """Play it; what is wrong then, None where nothing is."""
    work, known = WORKS[fault.work], undisturbed(fault.work)
    with tempfile.TemporaryDirectory() as folder, Faulty(Path(folder), work, fault.number, fault.way) as played:
        first = run(work, played)
        if not played.met:
            return "the fault was not met"
        if played.now > 4 * TIMEOUT:
            return f"the run took {played.now:.0f} s"
        played.let_pass(SETTLED)
        again = run(work, played)
        if again.how is not None:
            return f"the first run ended in {first.how}, and the next one in {again.how}"
        played.let_pass(SETTLED)
        third = run(work, played)
        if third.how is not None or _changed(fault.work, third):
            return f"a further run ended in {third.how}, and changed {third.made.changes.as_result(False)['changes']}"
        state = lasting(dump(played.device))
    if state != known.state:
        more, less = sorted(set(state) - set(known.state)), sorted(set(known.state) - set(state))
        return f"the device is not as after an undisturbed run: {more[:5]} instead of {less[:5]}"
    return None


def _changed(name: str, ended: t.Any) -> bool:
    """The acceptance run changes and takes back each time."""
    return name != "acceptance" and ended.changed
