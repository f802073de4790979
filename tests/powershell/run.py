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
    --cultures all  in every culture of this machine instead of six (ten minutes)
    --report FILE  what was proved, as JSON for tests/tools/seen.py
    --only NAME  the scenes that have an operation or a name with this text in it
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
import typing as t
from concurrent.futures import Future
from pathlib import Path

import cultures
import json_values
import proof_report
import rows
from driver import Driver
from playing import Row, play, prove, prove_job
from rows import base, on_windows
from shell import Shell
from stage import Stage

JSON = "(JSON there and back)"
SLOWEST = 8
"""So many scenes are named with their seconds."""


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


def prove_with_stubs(table: Table, stage: Stage, only: str, which: str, number: int) -> None:
    """Everything, on any system: the scenes, the scenes in other cultures, and JSON where nothing is left out."""
    halves = [chosen(half, only) for half in rows.HALVES]
    alone = {scene.name: timed(scene) for half in halves for scene in half if scene.how != "driver"}
    if not only:
        alone[JSON] = lambda driver: prove_json(driver.shell, number)
    beside = stage.begin_beside(alone)
    known = stage.ask(cultures.known)
    wanted = [*cultures.SIX, *sorted(known.difference(cultures.SIX))] if which == "all" else cultures.SIX
    names = [name for name in wanted if name in known]
    within, outside = ({scene.name: timed(scene) for scene in half if scene.how == "driver"} for half in halves)
    # First: PowerShell keeps each regular expression as it is in the culture in which it has met it.
    again_within, again_outside = (cultures.works(half, names) for half in halves)
    played = {**stage.begin({**again_within, **within, **outside, **again_outside}), **beside}
    show_scenes(table, stage.shell.name, {scene.name: played[scene.name] for half in halves for scene in half})
    again = [played[name] for name in (*again_within, *again_outside)]
    show_cultures(table, stage.shell.name, again, wanted, names)
    if JSON in played:
        table.add(stage.shell.name, played[JSON].result())


def show_scenes(table: Table, shell: str, played: t.Mapping[str, Future[tuple[list[Row], float]]]) -> None:
    """What came of the scenes, in their order, and which took longest."""
    seconds = {}
    for name, future in played.items():
        found, seconds[name] = future.result()
        table.add(shell, found)
    slowest = sorted(seconds, key=lambda name: -seconds[name])[:SLOWEST]
    print("slowest: " + ", ".join(f"{name} {seconds[name]:.1f} s" for name in slowest))


def timed(scene: base.Scene) -> t.Callable[[Driver], tuple[list[Row], float]]:
    """Plays a scene: its rows, and its seconds."""

    def work(driver: Driver) -> tuple[list[Row], float]:
        begun = time.monotonic()
        found = play(driver, scene)
        return found, time.monotonic() - begun

    return work


def show_cultures(
    table: Table, shell: str, played: list[Future[dict[str, list[Row]]]], wanted: t.Sequence[str], names: list[str]
) -> None:
    """What came of the scenes in other cultures: all that did not pass, and a line for each where they are few."""
    found: dict[str, list[Row]] = {name: [] for name in names}
    for part in played:
        for name, some in part.result().items():
            found[name] += some
    for name in wanted:
        if name not in found:
            result = "failed" if table.strict else "skipped"
            table.add(shell, [Row("(rows again)", name, result, "this PowerShell has no such culture")])
            continue
        table.add(shell, found[name], shown=False)
        if len(wanted) == len(cultures.SIX):
            passed = sum(row.result == "passed" for row in found[name])
            print(f"{'(rows again)':<24} {shell:<12} {name:<22} {passed} of {len(found[name])} passed", flush=True)
    print(f"{len(names)} cultures")


def prove_json(shell: Shell, number: int) -> list[Row]:
    """So many random values through the runner's reader and writer of JSON."""
    why, times = json_values.complaints(shell, number)
    return [Row(JSON, f"{number} values", "failed" if why else "passed", why or f"{times} ms to read and to write")]


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


def chosen(scenes: t.Iterable[base.Scene], only: str) -> list[base.Scene]:
    """Those scenes that have *only* in their name or in the name of one of their operations."""
    nowhere = Path(tempfile.gettempdir())
    return [scene for scene in scenes if only in scene.name or any(only in case.op for case in scene.rows(nowhere))]


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
        with Stage(shell) as stage:
            prove_with_stubs(table, stage, options.only, options.cultures, options.values)
        if not options.only:
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
