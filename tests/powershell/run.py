# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the product's PowerShell under every PowerShell on PATH: python3 tests/powershell/run.py

Sends the real bootstrap and runner through standard input, as a device session does, and checks every operation's
answer: its shape against vocabulary.json, and its values. What only Windows has is replaced by stubs.ps1; on Windows
the observing operations run for real, too. Needs Python's standard library and a PowerShell, nothing else.

    --require    fail where there is no PowerShell
    --changing   on a Windows that may be changed (a disposable CI runner): directories and a SYSTEM job for real
                 (in public CI on Windows a run without it fails: nothing but that tells how changes go)
    --cultures all  in every culture of this machine, what is quick, instead of everything in six (minutes)
    --report FILE  what was proved, as JSON for tests/tools/seen.py
    --only NAME  the scenes that have an operation or a name with this text in it
"""

from __future__ import annotations

import argparse
import concurrent.futures
import functools
import os
import queue
import shutil
import sys
import tempfile
import time
import typing as t
from pathlib import Path

import cultures
import json_values
import proof_report
import rows
from driver import Driver
from playing import Row, play, prove, prove_job
from rows import base, on_windows
from shell import Shell, wire

AT_ONCE = 2
SOME = 50
"""So many cultures at a time in one PowerShell."""
SLOWEST = 8
"""So many scenes are named with their seconds."""
Result = t.TypeVar("Result")


class Table:
    """The results, printed as they come."""

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        """Whether what cannot be run has failed."""
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.rows: list[tuple[str, Row]] = []

    def add(self, shell: str, found: t.Iterable[Row], shown: bool = True) -> None:
        """Count them all, and print them all or what did not pass."""
        for row in found:
            self.rows.append((shell, row))
            self.counts[row.result] += 1
            if row.result == "passed" and not shown:
                continue
            why = f": {row.why}" if row.why else ""
            print(f"{row.what:<24} {shell:<12} {row.how:<22} {row.result}{why}", flush=True)


class Stage:
    """Plays scenes, two at a time."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self._drivers: queue.SimpleQueue[Driver] = queue.SimpleQueue()
        for _each in range(AT_ONCE):
            self._drivers.put(Driver(shell))
        self._pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for _each in range(AT_ONCE):
            self._drivers.get().close()

    def cultures(self) -> frozenset[str]:
        """The names of those that this PowerShell knows; none where it does not even say that."""
        try:
            return frozenset(self.submit(Driver.cultures).result())
        except wire.WireError:
            return frozenset()

    def submit(self, work: t.Callable[[Driver], Result]) -> concurrent.futures.Future[Result]:
        """Have *work* done with one of the drivers."""

        def with_driver() -> Result:
            driver = self._drivers.get()
            try:
                return work(driver)
            finally:
                self._drivers.put(driver)

        return self._pool.submit(with_driver)


def prove_with_stubs(table: Table, stage: Stage, scenes: list[base.Scene]) -> None:
    """Everything, on any system."""
    # What takes long begins first; it is shown where it stands.
    order = sorted(scenes, key=lambda scene: scene.how == "driver" and scene.job is None)
    played = {id(scene): stage.submit(functools.partial(timed, scene=scene)) for scene in order}
    seconds = {}
    for scene in scenes:
        found, seconds[scene.name] = played[id(scene)].result()
        table.add(stage.shell.name, found)
    slowest = sorted(seconds, key=lambda name: -seconds[name])[:SLOWEST]
    print("slowest: " + ", ".join(f"{name} {seconds[name]:.1f} s" for name in slowest))


def timed(driver: Driver, scene: base.Scene) -> tuple[list[Row], float]:
    """The rows of a scene, and its seconds."""
    begun = time.monotonic()
    found = play(driver, scene)
    return found, time.monotonic() - begun


def prove_in_cultures(table: Table, stage: Stage, scenes: list[base.Scene], which: str) -> None:
    """The scenes again in "six" cultures, or what is quick in "all" that this PowerShell knows."""
    known = stage.cultures()
    wanted = sorted(known) if which == "all" else cultures.SIX
    names = [name for name in wanted if name in known]
    scenes = cultures.joined(cultures.quick(scenes) if which == "all" else scenes)
    # One after another in the same PowerShell: it is ten times as quick with a text that it has run before.
    played = [
        stage.submit(functools.partial(cultures.play_in, scene=scene, names=names[start : start + SOME]))
        for scene in scenes
        for start in range(0, len(names), SOME)
    ]
    found: dict[str, list[Row]] = {name: [] for name in names}
    for part in played:
        for name, some in part.result().items():
            found[name] += some
    for name in wanted:
        if name not in known:
            result = "failed" if table.strict else "skipped"
            table.add(stage.shell.name, [Row("(rows again)", name, result, "this PowerShell has no such culture")])
            continue
        table.add(stage.shell.name, found[name], shown=False)
        if which != "all":
            passed = sum(row.result == "passed" for row in found[name])
            print(
                f"{'(rows again)':<24} {stage.shell.name:<12} {name:<22} {passed} of {len(found[name])} passed",
                flush=True,
            )
    print(f"{len(names)} cultures")


def prove_json(table: Table, shell: Shell, number: int) -> None:
    """So many random values through the runner's reader and writer of JSON."""
    why, times = json_values.complaints(shell, number)
    table.add(shell.name, [Row("(JSON there and back)", f"{number} values", "failed" if why else "passed", why)])
    print(f"JSON: {times} ms to read and to write them")


def prove_for_real(table: Table, shell: Shell, changing: bool) -> None:
    """The untouched runner on a real Windows: what each request needs of it, as the session sends it."""
    todo = on_windows.observing()
    if os.name != "nt":
        table.add(shell.name, [Row(case.op, "real", "skipped", "not Windows") for case in todo])
        return
    scratch = Path(tempfile.gettempdir())
    table.add(shell.name, prove(shell, "real", todo, scratch, None))
    if changing:
        table.add(shell.name, prove(shell, "real", on_windows.changing(), scratch, None))
        table.add(shell.name, prove_job(shell, "real", scratch, None, on_windows.system_job_is_right))
    else:
        table.add(shell.name, [without_changing(os.environ)])


def without_changing(environment: t.Mapping[str, str]) -> Row:
    """The row of a run on Windows that changes nothing. A machine of public CI is there to be changed."""
    return Row("changing operations", "real", "failed" if environment.get("CI") else "skipped", "without --changing")


def chosen(only: str) -> list[base.Scene]:
    """The scenes that have *only* in their name or in the name of one of their operations."""
    nowhere = Path(tempfile.gettempdir())
    return [
        scene for scene in rows.SCENES if only in scene.name or any(only in case.op for case in scene.rows(nowhere))
    ]


def main() -> int:
    """Exit code: 0 where nothing failed."""
    parser = argparse.ArgumentParser(description="Runs the product's PowerShell under every PowerShell on PATH.")
    parser.add_argument("--require", action="store_true", help="fail where there is no PowerShell")
    parser.add_argument("--only", default="", help="scenes that have this in their name or in an operation's")
    parser.add_argument("--cultures", choices=("six", "all"), default="six", help="in which other cultures, too")
    parser.add_argument("--values", type=int, default=300, help="so many random values go through the runner's JSON")
    parser.add_argument(
        "--changing", action="store_true", help="change this Windows: directories and a SYSTEM job, for real"
    )
    parser.add_argument("--report", type=Path, help="write what was proved to this file, as JSON")
    options = parser.parse_args()
    if options.report and options.only:
        parser.error("--report is of the whole proof, and --only leaves some of it out")
    table = Table(options.require)
    programs = [path for path in (shutil.which(name) for name in ("pwsh", "powershell")) if path]
    begun = time.monotonic()
    for program in programs:
        shell = Shell(program)
        scenes = chosen(options.only)
        with Stage(shell) as stage:
            prove_with_stubs(table, stage, scenes)
            seconds = time.monotonic() - begun
            prove_in_cultures(table, stage, scenes, options.cultures)
            print(f"{seconds:.0f} seconds, and {time.monotonic() - begun - seconds:.0f} for the other cultures")
        if not options.only:
            prove_json(table, shell, options.values)
            prove_for_real(table, shell, options.changing)
    if options.report:
        shells = {Shell(program).name: program for program in programs}
        proof_report.write(options.report, proof_report.build(table.rows, shells))
    print(f"{time.monotonic() - begun:.0f} seconds")
    print(", ".join(f"{count} {result}" for result, count in table.counts.items()))
    if not programs:
        print("There is no PowerShell (pwsh, powershell) on PATH: the runner was not run.")
    return 1 if table.counts["failed"] or (options.require and not programs) else 0


if __name__ == "__main__":
    sys.exit(main())
