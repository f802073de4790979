# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the proof notice a fault? make mutants

Puts one fault at a time into the runner (mutation.py) and plays the scenes whose operations need the function that has
it, until a row is red. A mutant that no row notices survives: its line may be changed, and nobody would know.
equivalent_mutants.json has a word for each survivor that changes nothing; those are not counted. Functions that the
stand-ins replace, and those that only such ones call, cannot be run here: they are left out, and listed.

    --jobs N          so many at a time (2)
    --only NAMES      the mutants of these functions or parts, with commas between them
    --sample N        N mutants without such a word, chosen by chance, the same ones for the same --seed
    --list            print the mutants and run none
    --log FILE        what became of each mutant, one a line: seconds, mutant, the row that noticed it

Exit code: 1 where fewer than 95 of 100 are found, or where equivalent_mutants.json is not true; 2 where the scenes are
red without any fault.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import contextlib
import dataclasses
import hashlib
import json
import queue
import shutil
import sys
import tempfile
import threading
import time
import typing as t
from pathlib import Path

import mutation
import rows
import run
import stand_ins
from driver import Driver
from rows import base
from shell import HERE, VOCABULARY, Shell, wire

GOAL = 95.0
"""Of 100 mutants so many are found."""
PATIENCE = 2, 5
"""A scene with a fault in it may take so many times as long as without one, and so many seconds more; and twice that
when it is played once more."""
TIMED_OUT = "timed out"
LEFT_BEHIND = 5
"""So many jobs may be left behind by faults before the PowerShell that started them is ended, and they with it."""
EQUIVALENT = HERE / "equivalent_mutants.json"
NOWHERE = Path(tempfile.gettempdir())


class RedWithoutFault(Exception):
    """A scene fails as it is."""


class Stage:
    """A scene: the functions that it needs, and how long it takes without a fault."""

    def __init__(self, scene: base.Scene, replaced: set[str]) -> None:
        self.scene = scene
        self.functions = mutation.needed(
            wire.operation_names([case.request() for case in scene.rows(NOWHERE)]), replaced
        )
        self.starts_jobs = any(case.op in ("job_start", "system_probe") for case in scene.rows(NOWHERE))
        self.seconds: float | None = None
        self._lock = threading.Lock()

    def measure(self, driver: Driver) -> None:
        """Play it as it is; raises :class:`RedWithoutFault`."""
        with self._lock:
            if self.seconds is None:
                # The first time is the slowest.
                self.warm(driver)
                begun = time.monotonic()
                self.warm(driver)
                self.seconds = time.monotonic() - begun

    def warm(self, driver: Driver) -> None:
        """Play it without a fault, however long that takes: to start a PowerShell is no part of what is measured."""
        if red := play(driver, self.scene):
            raise RedWithoutFault(f"{self.scene.name}: {red}")

    def notices(self, driver: Driver, mutant: mutation.Mutant) -> str:
        """The first row that is red with this fault, or nothing."""
        self.measure(driver)
        red = self._played(driver, mutant, 1)
        # The machine may have had something else to do.
        return self._played(driver, mutant, 2) if TIMED_OUT in red else red

    def _played(self, driver: Driver, mutant: mutation.Mutant, patience: int) -> str:
        assert self.seconds is not None
        if not driver.is_ready():
            self.warm(driver)
        driver.deadline = time.monotonic() + patience * (self.seconds * PATIENCE[0] + PATIENCE[1])
        driver.change = mutant.apply
        try:
            return play(driver, self.scene)
        finally:
            driver.deadline, driver.change = float("inf"), lambda text: text


def play(driver: Driver, scene: base.Scene) -> str:
    """The first row of a scene that is red, or nothing."""
    return next((f"{row.what}: {row.why}" for row in run.play(driver, scene) if row.result == "failed"), "")


@dataclasses.dataclass
class Outcome:
    """What became of a mutant; ``by`` is the scene and the row that noticed it, empty where none did."""

    mutant: mutation.Mutant
    by: str
    seconds: float


class Hunt:
    """The scenes, and a driver for each that hunts."""

    def __init__(self, program: str, jobs: int, replaced: set[str]) -> None:
        # The other ways in are proved with one operation that the rest has, too.
        self.stages = [Stage(scene, replaced) for scene in rows.SCENES if scene.how == "driver"]
        self._noticed: dict[tuple[str, str], int] = collections.Counter()
        self._jobs: dict[Driver, int] = collections.Counter()
        self._drivers: queue.Queue[Driver] = queue.Queue()
        for _number in range(jobs):
            self._drivers.put(Driver(Shell(program)))
        self._pool = concurrent.futures.ThreadPoolExecutor(jobs)

    def _with_driver(self, work: t.Callable[..., t.Any], *things: t.Any) -> t.Any:
        driver = self._drivers.get()
        try:
            return work(driver, *things)
        finally:
            self._drivers.put(driver)

    def measure(self) -> None:
        """Play all scenes without a fault."""
        list(
            self._pool.map(lambda stage: self._with_driver(lambda driver, one: one.measure(driver), stage), self.stages)
        )

    def all(self, mutants: list[mutation.Mutant]) -> t.Iterator[Outcome]:
        """The outcomes, in the order of the mutants."""
        return self._pool.map(lambda mutant: self._with_driver(self._one, mutant), mutants)

    def _one(self, driver: Driver, mutant: mutation.Mutant) -> Outcome:
        begun = time.monotonic()
        # First what has noticed most faults in this function, then the fastest, or what needs the least.
        stages = sorted(
            (stage for stage in self.stages if mutant.function in stage.functions),
            key=lambda stage: (
                -self._noticed[mutant.function, stage.scene.name],
                stage.seconds or 0.0,
                len(stage.functions),
            ),
        )
        for stage in stages:
            if red := stage.notices(driver, mutant):
                self._noticed[mutant.function, stage.scene.name] += 1
                self._clean_up(driver, stage)
                return Outcome(mutant, f"{stage.scene.name}, {red}", time.monotonic() - begun)
        return Outcome(mutant, "", time.monotonic() - begun)

    def _clean_up(self, driver: Driver, stage: Stage) -> None:
        """A job that the fault has left behind ends with the PowerShell that started it."""
        self._jobs[driver] += stage.starts_jobs
        if self._jobs[driver] >= LEFT_BEHIND:
            driver.close()
            self._jobs[driver] = 0

    def end(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        while not self._drivers.empty():
            self._drivers.get().close()


def equivalent() -> dict[tuple[str, str, str], str]:
    """A word for each mutant that changes nothing, by function, fault and line."""
    entries = json.loads(EQUIVALENT.read_text(encoding="utf-8"))
    return {(entry["function"], entry["what"], entry["line"]): entry["why"] for entry in entries}


def chosen(mutants: list[mutation.Mutant], sample: int, seed: str) -> list[mutation.Mutant]:
    """A sample that stays the same where other lines change."""
    return sorted(mutants, key=lambda one: hashlib.sha256(repr((seed, one.key)).encode()).digest())[:sample]


def show(
    outcomes: t.Iterable[Outcome], total: int, words: t.Mapping[t.Any, str], log: t.TextIO | None
) -> list[Outcome]:
    """Prints the survivors as they come, and now and then how far it is."""
    seen = []
    for outcome in outcomes:
        seen.append(outcome)
        if log:
            print(logged(outcome), file=log, flush=True)
        mutant = outcome.mutant
        word = words.get(mutant.key)
        if not outcome.by and word is None:
            print(f"SURVIVED {mutant.at} {mutant.function}: {mutant.what}: {mutant.line}", flush=True)
        if outcome.by and word is not None:
            print(f"NOT EQUIVALENT {mutant.at} {mutant.function}: {mutant.what}: {outcome.by:.200}", flush=True)
        if len(seen) % 50 == 0:
            print(f"{len(seen)} of {total}", flush=True)
    return seen


def summary(outcomes: list[Outcome], words: t.Mapping[t.Any, str]) -> bool:
    """Prints the score; true where it is good enough."""
    counted = [outcome for outcome in outcomes if outcome.mutant.key not in words]
    found = sum(1 for outcome in counted if outcome.by)
    score = 100.0 * found / len(counted) if counted else 100.0
    print(f"{found} of {len(counted)} mutants found: {score:.1f} %, the goal is {GOAL:.0f} %")
    print(f"{sum(1 for outcome in counted if TIMED_OUT in outcome.by)} of them did not end")
    survivors = collections.Counter(outcome.mutant.function for outcome in counted if not outcome.by)
    for name, number in sorted(survivors.items()):
        print(f"  {name}: {number} survived")
    false = [outcome for outcome in outcomes if outcome.by and outcome.mutant.key in words]
    print(
        f"{len(outcomes) - len(counted)} more change nothing, see {EQUIVALENT.name}; {len(false)} of them are noticed"
    )
    return score >= GOAL and not false


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Does the proof notice a fault?")
    parser.add_argument("--jobs", type=int, default=2, help="so many at a time")
    parser.add_argument("--only", default="", help="the mutants of these functions or parts")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants, chosen by chance")
    parser.add_argument("--seed", default="1", help="another seed is another sample")
    parser.add_argument("--list", action="store_true", help="print the mutants and run none")
    parser.add_argument("--log", type=Path, help="a file for what became of each mutant")
    return parser.parse_args()


def main() -> int:
    """Exit code: see above."""
    options = parsed()
    replaced = mutation.replaced(stand_ins.text(wire.runner_text(VOCABULARY["operations"])))
    unreached = mutation.unreached(replaced)
    known = [one for one in mutation.functions().values() if one.name not in replaced | unreached]
    mutants = [mutant for function in known for mutant in mutation.mutants(function)]
    words = equivalent()
    unknown = words.keys() - {mutant.key for mutant in mutants}
    for key in sorted(unknown):
        print(f"{EQUIVALENT.name} has a word for a mutant that there is not: {', '.join(key)}")
    if options.only:
        names = {one.name for one in known if {one.name, one.part} & set(options.only.split(","))}
        mutants = [mutant for mutant in mutants if mutant.function in names]
    if options.sample:
        mutants = chosen([one for one in mutants if one.key not in words], options.sample, options.seed)
    if options.list:
        for mutant in mutants:
            print(f"{mutant.at} {mutant.function}: {mutant.what}: {mutant.line}")
    program = shutil.which("pwsh") or shutil.which("powershell")
    good = options.list or hunted(program, options, mutants, words, replaced)
    total = len(mutation.functions())
    print(f"{len(replaced)} of {total} functions are replaced by the stand-ins: {', '.join(sorted(replaced))}")
    print(f"{len(unreached)} are called by those alone: {', '.join(sorted(unreached)) or 'none'}")
    return 0 if good and not unknown else 1


def hunted(
    program: str | None,
    options: argparse.Namespace,
    mutants: list[mutation.Mutant],
    words: t.Mapping[t.Any, str],
    replaced: set[str],
) -> bool:
    """True where enough was found."""
    if program is None:
        print("There is no PowerShell (pwsh, powershell) on PATH: nothing was run.")
        return False
    begun = time.monotonic()
    hunt = Hunt(program, options.jobs, replaced)
    ends = contextlib.ExitStack()
    ends.callback(hunt.end)
    try:
        if not options.sample and not options.only:
            hunt.measure()
        log = ends.enter_context(options.log.open("w", encoding="utf-8")) if options.log else None
        outcomes = show(hunt.all(mutants), len(mutants), words, log)
    except RedWithoutFault as exc:
        print(f"red without a fault: {exc}")
        sys.exit(2)
    finally:
        ends.close()
    good = summary(outcomes, words)
    print(f"{time.monotonic() - begun:.0f} seconds")
    return good


def logged(outcome: Outcome) -> str:
    mutant = outcome.mutant
    by = " ".join(outcome.by.split())[:200] or "SURVIVED"
    return f"{outcome.seconds:6.1f} {mutant.at} {mutant.function}: {mutant.what}: {mutant.line} => {by}"


if __name__ == "__main__":
    sys.exit(main())
