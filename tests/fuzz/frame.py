# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile inputs for each door at which something untrusted comes in.

A door is a file of ``doors/``. Its ``one(random)`` makes one hostile input of that random.Random and plays it. It
raises nothing but a fault of the product: what the product refuses by an exception of its own, the door catches, and
what comes out it judges by assertions. ``SAMPLE`` is how many inputs `make test` plays at it: many where they cost
little.

Each input has a seed of its own, a whole number, so that any of them can be played again alone.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import importlib
import multiprocessing
import random
import resource
import signal
import time
import traceback
import types
import typing as t
from collections.abc import Iterator
from pathlib import Path

DOORS = Path(__file__).parent / "doors"
SAMPLE = 200
"""How many inputs of a door `make test` plays, where the door does not say another number."""
MOST_SECONDS = 5
"""Of processor time that one input may take."""
MOST_KIBIBYTES = 200 * 1024
"""Of memory that one input may take."""
_CHUNKS = 20
_SHOWN_FRAMES = 15
_OWN = ("/plugins/", "/tests/")


class TooMuch(Exception):
    """An input has taken more time or memory than any may."""


class Fault(t.NamedTuple):
    """One fault: where it came up, the seed of the first input that found it, and the whole traceback."""

    place: str
    seed: int
    told: str


@dataclasses.dataclass
class Tally:
    """What the inputs of one door came to. ``seconds`` are of processor time."""

    inputs: int = 0
    seconds: float = 0.0
    failed: int = 0
    faults: dict[str, Fault] = dataclasses.field(default_factory=dict)

    def add(self, other: Tally) -> None:
        self.inputs += other.inputs
        self.seconds += other.seconds
        self.failed += other.failed
        for place, fault in other.faults.items():
            known = self.faults.setdefault(place, fault)
            if fault.seed < known.seed:
                self.faults[place] = fault


def names() -> list[str]:
    """The doors."""
    return sorted(path.stem for path in DOORS.glob("*.py") if path.stem != "__init__")


def door(name: str) -> types.ModuleType:
    return importlib.import_module(f"tests.fuzz.doors.{name}")


def sample(name: str) -> int:
    """How many inputs of a door are played where it is not told how many."""
    return getattr(door(name), "SAMPLE", SAMPLE)


def shares(inputs: int, doors: list[str]) -> dict[str, int]:
    """So many inputs in all, shared out among doors as their samples are: a dear input is played less often."""
    samples = {name: sample(name) for name in doors}
    return {name: -(-inputs * size // sum(samples.values())) for name, size in samples.items()}


def play(name: str, first: int, count: int) -> Tally:
    """Play the inputs of the seeds from ``first`` on at a door, one after another."""
    one, tally, began = door(name).one, Tally(), time.process_time()
    with _bounded_time() as begin:
        for seed in range(first, first + count):
            fault = _fault(one, seed, begin)
            if fault:
                tally.failed += 1
                tally.faults.setdefault(fault.place, fault)
    tally.inputs, tally.seconds = count, time.process_time() - began
    return tally


def play_all(counts: dict[str, int], first: int, processes: int) -> Iterator[tuple[str, Tally]]:
    """Play so many inputs at each door in several processes; gives each door with its tally once that is whole."""
    parts = {
        name: [range(start, min(start + size, first + count)) for start in range(first, first + count, size)]
        for name, count in counts.items()
        for size in [-(-count // _CHUNKS)]
    }
    with concurrent.futures.ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
        asked = {
            name: [pool.submit(play, name, part.start, len(part)) for part in those] for name, those in parts.items()
        }
        for name, answers in asked.items():
            tally = Tally()
            for answer in answers:
                tally.add(answer.result())
            yield name, tally


def _fault(one: t.Callable[[random.Random], None], seed: int, begin: t.Callable[[], None]) -> Fault | None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin()
    try:
        one(random.Random(seed))
        taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        if taken > MOST_KIBIBYTES:
            raise TooMuch(f"an input took {taken // 1024} MiB of memory")
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is what is looked for
        return Fault(_place(exc), seed, "".join(traceback.format_exception(exc, limit=-_SHOWN_FRAMES)))
    return None


def _place(exc: Exception) -> str:
    """The last line of the product, or of a door and its helpers, that the exception came by."""
    if isinstance(exc, TooMuch):
        return str(exc)
    frames = traceback.extract_tb(exc.__traceback__)
    own = [frame for frame in frames if any(part in frame.filename for part in _OWN)] or list(frames)
    file = own[-1].filename
    for part in _OWN:
        file = file.rpartition(part)[2]
    return f"{type(exc).__name__} in {file}:{own[-1].lineno} {own[-1].name}"


@contextlib.contextmanager
def _bounded_time() -> Iterator[t.Callable[[], None]]:
    """Gives a function that begins the time of an input, after which it is ended by TooMuch."""

    def end(_number: int, _frame: types.FrameType | None) -> t.NoReturn:
        raise TooMuch(f"an input took more than {MOST_SECONDS} s of processor time")

    previous = signal.signal(signal.SIGPROF, end)
    try:
        yield lambda: signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
