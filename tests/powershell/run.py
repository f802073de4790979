# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the product's PowerShell under every PowerShell on PATH: python3 tests/powershell/run.py

Sends the real bootstrap and runner through standard input, as a device session does, and checks every operation's
answer: its shape against vocabulary.json, and its values. What only Windows has is replaced by stubs.ps1; on Windows
the observing operations run for real, too. Needs Python's standard library and a PowerShell, nothing else.

    --require    fail where there is no PowerShell
    --changing   on a Windows that may be changed (a disposable CI runner): directories and a SYSTEM job for real
    --only NAME  the scenes that have an operation or a name with this text in it
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

import rows
from rows import base, on_windows
from shell import VOCABULARY, WAIT, Shell, shapes, wire, with_stand_ins

AT_ONCE = 2


@dataclasses.dataclass
class Row:
    """One line of the table; ``result`` is passed, failed or skipped."""

    what: str
    how: str
    result: str
    why: str = ""


class Table:
    """The results, printed as they come."""

    def __init__(self) -> None:
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}

    def add(self, shell: str, found: t.Iterable[Row]) -> None:
        for row in found:
            self.counts[row.result] += 1
            why = f": {row.why}" if row.why else ""
            print(f"{row.what:<24} {shell:<12} {row.how:<22} {row.result}{why}", flush=True)


def verdict(case: t.Any, result: dict[str, t.Any]) -> str:
    """What is wrong with one result; empty where nothing is."""
    if case.error is not None:
        if result["ok"]:
            return f"succeeded with {result['value']!r:.200} instead of {case.error}"
        error = result["error"]
        if not error["type"].endswith(case.error) or case.hresult not in (None, error["hresult"]):
            return f"failed with {error} instead of {case.error} {case.hresult or ''}"
        return ""
    if not result["ok"]:
        return f"failed with {result['error']}"
    problems = shapes.complaints(VOCABULARY["operations"][case.op]["returns"], result["value"], case.op)
    if not problems:
        keys = [result["value"]["key"]] if case.op == "registry_read" else result["value"].get("users", {}).values()
        shape = VOCABULARY["key"]
        problems = [text for key in keys if key is not None for text in shapes.complaints(shape, key, "key")]
    return "; ".join(problems) or unexpected(case.holds, result["value"])


def unexpected(holds: t.Callable[[t.Any], bool], value: t.Any) -> str:
    """What is wrong where *holds* does not hold of *value*, or cannot even be asked."""
    why = ""
    try:
        if holds(value):
            return ""
    except (LookupError, TypeError, AttributeError) as exc:
        why = f" ({exc!r})"
    return f"unexpected value{why} {json.dumps(value)[:600]}"


def row(what: str, how: str, why: str) -> Row:
    """A row that passed where nothing is wrong."""
    return Row(what, how, "failed" if why else "passed", why)


def prove(
    shell: Shell, label: str, todo: list[base.Case], scratch: Path, packed: bytes | None, **more: t.Any
) -> list[Row]:
    """One request with all the operations of *todo*; *label* is what the table calls it."""
    try:
        answer = shell.ask([case.request() for case in todo], scratch, packed=packed, **more)
    except (wire.WireError, subprocess.TimeoutExpired) as exc:
        return [row(what, label, str(exc)) for what in ("(whole request)", *sorted({case.op for case in todo}))]
    return [row(case.op, label, verdict(case, result)) for case, result in zip(todo, answer["results"], strict=True)]


def prove_job(
    shell: Shell, how: str, scratch: Path, packed: bytes | None, right: t.Callable[[dict[str, t.Any]], bool]
) -> list[Row]:
    """Waits for the job that was started, looks at its answer and removes it."""
    deadline = time.monotonic() + WAIT
    status: dict[str, t.Any] = {}
    try:
        while status.get("state", "running") == "running" and time.monotonic() < deadline:
            result = shell.ask([{"op": "job_status", "job": base.JOB}], scratch, packed=packed)["results"][0]
            status = result.get("value") or {"state": "failed", **result}
        why = "" if status["state"] == "done" else f"ended as {json.dumps(status)[:600]}"
        if not why:
            why = "; ".join(shapes.complaints(VOCABULARY["answer"], status["answer"], "answer"))
        why = why or unexpected(right, status)
    except (wire.WireError, subprocess.TimeoutExpired) as exc:
        why = str(exc)
    end = [
        base.Case("job_remove", {"job": base.JOB}, lambda value: value == {"removed": True}),
        base.Case("job_status", {"job": base.JOB}, lambda value: value["state"] == "absent"),
    ]
    return [row("job_status (done)", how, why), *prove(shell, how, end, scratch, packed)]


def play(shell: Shell, scene: base.Scene) -> list[Row]:
    """One scene with the stand-ins, in a scratch directory of its own."""
    with tempfile.TemporaryDirectory(prefix="winops-", ignore_cleanup_errors=True) as folder:
        # The real path: a link on the way to it would be refused, rightly.
        scratch = Path(os.path.realpath(folder))
        base.prepare(scratch)
        todo = scene.rows(scratch)
        packed = with_stand_ins(wire.operation_names([case.request() for case in todo]))
        found = prove(
            shell,
            scene.name,
            todo,
            scratch,
            packed,
            how=scene.how,
            environment=scene.environment,
            **scene.request,
        )
        if scene.job:
            found += prove_job(shell, scene.name, scratch, packed, scene.job)
        return [*found, row("(left behind)", scene.name, scene.after(scratch))]


def prove_with_stubs(table: Table, shell: Shell, scenes: list[base.Scene]) -> None:
    """Everything, on any system."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for found in pool.map(lambda scene: play(shell, scene), scenes):
            table.add(shell.name, found)


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
        table.add(shell.name, [Row("changing operations", "real", "skipped", "without --changing")])


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
    parser.add_argument(
        "--changing", action="store_true", help="change this Windows: directories and a SYSTEM job, for real"
    )
    options = parser.parse_args()
    table = Table()
    programs = [path for path in (shutil.which(name) for name in ("pwsh", "powershell")) if path]
    if not programs:
        print("There is no PowerShell (pwsh, powershell) on PATH: nothing was run.")
    begun = time.monotonic()
    for program in programs:
        shell = Shell(program)
        prove_with_stubs(table, shell, chosen(options.only))
        if not options.only:
            prove_for_real(table, shell, options.changing)
    print(f"{time.monotonic() - begun:.0f} seconds")
    print(", ".join(f"{count} {result}" for result, count in table.counts.items()))
    return 1 if table.counts["failed"] or (options.require and not programs) else 0


if __name__ == "__main__":
    sys.exit(main())
