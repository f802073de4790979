# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the product's PowerShell under every PowerShell on PATH: python3 tests/powershell/run.py

Sends the real bootstrap and runner.ps1 through standard input, as a device session does, and checks every operation's
answer: its shape against vocabulary.json, and its values. What only Windows has is replaced by stubs.ps1; on Windows
the observing operations run for real, too. Needs Python's standard library and a PowerShell, nothing else.

    --require    fail where there is no PowerShell
    --changing   on a Windows that may be changed (a disposable CI runner): directories and a SYSTEM job for real
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import types
import typing as t
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEVICE = HERE.parents[1] / "plugins" / "plugin_utils" / "device"
MARKER = "#--- run ---\n"
WAIT = 90
"""Seconds that a PowerShell or a job may take."""


def load(name: str, path: Path) -> types.ModuleType:
    """A module by its file: the collection itself is not importable without ansible."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


wire = load("wire", DEVICE / "wire.py")
shapes = load("shapes", HERE.parent / "shapes.py")
cases = load("cases", HERE / "cases.py")
VOCABULARY = json.loads((DEVICE / "vocabulary.json").read_text(encoding="utf-8"))

# What psrp does: a runspace, the bootstrap as a script, each line of input as an object.
PSRP = """param([string]$Script, [string]$Data)
$shell = [PowerShell]::Create()
[void]$shell.AddScript([IO.File]::ReadAllText($Script))
$lines = New-Object Collections.ArrayList
[void]$lines.Add([IO.File]::ReadAllBytes($Data))
$shell.Invoke($lines)
foreach ($problem in $shell.Streams.Error) { [Console]::Error.WriteLine([string]$problem) }
"""


class Table:
    """The results, printed as they come."""

    def __init__(self) -> None:
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}

    def add(self, what: str, shell: str, how: str, result: str, why: str = "") -> None:
        self.counts[result] += 1
        print(f"{what:<24} {shell:<12} {how:<10} {result}{': ' + why if why else ''}", flush=True)


class Shell:
    """One PowerShell and the ways to hand it a request."""

    def __init__(self, program: str, scratch: Path) -> None:
        self.program = program
        self.name = Path(program).stem
        self.scratch = scratch
        # Elsewhere there is no execution policy, and setting one is an error.
        policy = ["-ExecutionPolicy", "Unrestricted"] if os.name == "nt" else []
        self.start = [program, "-NoProfile", "-NonInteractive", *policy]

    def ask(self, ops: list[dict[str, t.Any]], how: str, packed: bytes | None, **extra: t.Any) -> dict[str, t.Any]:
        """The answer to *ops*; raises ``wire.WireError`` with what the PowerShell printed where there is none."""
        environment = {**os.environ, "WINOPS_PROOF": str(self.scratch), **extra.pop("environment", {})}
        request = {"v": 1, "id": f"proof-{how}", "ops": ops, **extra}
        payload = wire.encode_payload(request, packed_runner=packed)
        script = self.scratch / "bootstrap.ps1"
        script.write_text(wire.BOOTSTRAP, encoding="ascii")
        if how in ("encoded", "alone"):
            command = [*self.start, "-EncodedCommand", base64.b64encode(wire.BOOTSTRAP.encode("utf-16-le")).decode()]
        elif how == "script":
            command = [*self.start, "-File", str(script)]
        else:
            (self.scratch / "psrp.ps1").write_text(PSRP, encoding="ascii")
            (self.scratch / "payload.txt").write_bytes(payload)
            command = [
                *self.start,
                "-File",
                str(self.scratch / "psrp.ps1"),
                str(script),
                str(self.scratch / "payload.txt"),
            ]
            payload = b""
        done = subprocess.run(command, input=payload, capture_output=True, timeout=WAIT, env=environment, check=False)
        try:
            answer = wire.decode_answer(done.stdout, request["id"])
        except wire.WireError as exc:
            printed = (done.stdout + done.stderr).decode("utf-8", "replace")
            raise type(exc)(f"{exc} (exit code {done.returncode}):\n{printed[:4000]}") from exc
        problems = shapes.complaints(VOCABULARY["answer"], answer, "answer")
        if len(answer["results"]) != len(ops):
            problems.append(f"{len(answer['results'])} results for {len(ops)} operations")
        if problems:
            raise wire.DamagedAnswer("; ".join(problems))
        return answer


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


def prove(table: Table, shell: Shell, how: str, todo: list[t.Any], packed: bytes | None, **extra: t.Any) -> None:
    """One request with all the operations of *todo*."""
    try:
        answer = shell.ask([case.request() for case in todo], how, packed, **extra)
    except (wire.WireError, subprocess.TimeoutExpired) as exc:
        table.add("(whole request)", shell.name, how, "failed", str(exc))
        return
    for case, result in zip(todo, answer["results"], strict=True):
        why = verdict(case, result)
        table.add(case.op, shell.name, how, "failed" if why else "passed", why)


def prove_job(table: Table, shell: Shell, packed: bytes | None, right: t.Callable[[dict[str, t.Any]], bool]) -> None:
    """Waits for the job that was started, looks at its answer and removes it."""
    deadline = time.monotonic() + WAIT
    status: dict[str, t.Any] = {}
    try:
        while status.get("state", "running") == "running" and time.monotonic() < deadline:
            result = shell.ask([{"op": "job_status", "job": cases.JOB}], "encoded", packed)["results"][0]
            status = result.get("value") or {"state": "failed", **result}
        why = "" if status["state"] == "done" else f"ended as {json.dumps(status)[:600]}"
        if not why:
            why = "; ".join(shapes.complaints(VOCABULARY["answer"], status["answer"], "answer"))
        why = why or unexpected(right, status)
    except (wire.WireError, subprocess.TimeoutExpired) as exc:
        why = str(exc)
    table.add("job_status (done)", shell.name, "encoded", "failed" if why else "passed", why)
    prove(
        table,
        shell,
        "encoded",
        [
            cases.Case("job_remove", {"job": cases.JOB}, lambda value: value == {"removed": True}),
            cases.Case("job_status", {"job": cases.JOB}, lambda value: value["state"] == "absent"),
        ],
        packed,
    )


def prove_with_stubs(table: Table, shell: Shell) -> None:
    """Everything, on any system."""
    before, _rest, after = (DEVICE / "runner.ps1").read_text(encoding="ascii").partition(MARKER)
    if not after:
        raise SystemExit(f"runner.ps1 has no line {MARKER!r}")
    stubs = (HERE / "stubs.ps1").read_text(encoding="ascii")
    packed = wire.pack_runner(before + stubs + after)
    cases.prepare(shell.scratch)
    # First each observing operation with what is sent for it alone: it must do without the rest.
    observing = {name for name, operation in VOCABULARY["operations"].items() if not operation["changing"]}
    for name in sorted(observing):
        todo = [case for case in cases.stubbed(shell.scratch) if case.op == name]
        prove(table, shell, "alone", todo, wire.pack_runner(wire.runner_for(before, [name]) + stubs + after))
    prove(table, shell, "encoded", cases.stubbed(shell.scratch), packed)
    prove_job(table, shell, packed, cases.job_is_right)
    read = cases.Case(
        "registry_read", {"path": "SOFTWARE\\Proof"}, lambda value: value["key"]["values"]["Text"] == cases.TEXT
    )
    for how in ("script", "psrp"):
        prove(table, shell, how, [read], packed)
    gave_up = cases.Case(
        "package_install", {"path": str(shell.scratch / "fails.ppkg"), "force": False}, lambda value: value["gave_up"]
    )
    prove(table, shell, "encoded", [gave_up], packed, environment={"WINOPS_PROOF_PATIENCE": "0"})
    for name, right in (
        ("InvalidNamespace", lambda value: value == {"available": False, "volumes": []}),
        ("InvalidClass", lambda value: not value["available"]),
    ):
        environment = {"WINOPS_PROOF_BITLOCKER": name}
        prove(table, shell, "encoded", [cases.Case("bitlocker", {}, right)], packed, environment=environment)
    for name, error, code in (("AccessDenied", "CimException", None), ("broken", "COMException", -2144272384)):
        denied = cases.Case("bitlocker", {}, error=error, hresult=code)
        prove(table, shell, "encoded", [denied], packed, environment={"WINOPS_PROOF_BITLOCKER": name})
    prove(table, shell, "encoded", cases.for_others(), packed, environment={"WINOPS_PROOF_CALLER": "1"})
    prove(table, shell, "encoded", cases.behind_a_proxy(), packed, environment={"WINOPS_PROOF_PROXY": cases.PROXY})
    left = [path.name for path in (shell.scratch / "ProgramData" / "winops.entra" / "jobs").iterdir()]
    table.add("system_probe (cleans up)", shell.name, "encoded", "failed" if left else "passed", ", ".join(left))
    unknown = cases.Case("no_such_operation", {}, error="NotSupportedException")
    prove(
        table,
        shell,
        "encoded",
        [
            read,
            unknown,
            cases.Case("registry_read", {"path": "x"}, error="Skipped"),
            cases.Case("path_remove", {"path": "x"}, error="Skipped"),
        ],
        packed,
        stop_on_error=True,
    )
    prove(table, shell, "encoded", [], packed)


def prove_for_real(table: Table, shell: Shell, changing: bool) -> None:
    """The untouched runner on a real Windows: what each request needs of it, as the session sends it."""
    todo = cases.observing()
    if os.name != "nt":
        for case in todo:
            table.add(case.op, shell.name, "real", "skipped", "not Windows")
        return
    prove(table, shell, "encoded", todo, None)
    if changing:
        prove(table, shell, "encoded", cases.changing(), None)
        prove_job(table, shell, None, cases.system_job_is_right)
    else:
        table.add("changing operations", shell.name, "real", "skipped", "without --changing")


def main() -> int:
    """Exit code: 0 where nothing failed."""
    parser = argparse.ArgumentParser(description="Runs the product's PowerShell under every PowerShell on PATH.")
    parser.add_argument("--require", action="store_true", help="fail where there is no PowerShell")
    parser.add_argument(
        "--changing", action="store_true", help="change this Windows: directories and a SYSTEM job, for real"
    )
    options = parser.parse_args()
    table = Table()
    programs = [path for path in (shutil.which(name) for name in ("pwsh", "powershell")) if path]
    if not programs:
        print("There is no PowerShell (pwsh, powershell) on PATH: nothing was run.")
    for program in programs:
        with tempfile.TemporaryDirectory(prefix="winops-", ignore_cleanup_errors=True) as scratch:
            # The real path: a link on the way to it would be refused, rightly.
            shell = Shell(program, Path(os.path.realpath(scratch)))
            prove_with_stubs(table, shell)
            prove_for_real(table, shell, options.changing)
    print(", ".join(f"{count} {result}" for result, count in table.counts.items()))
    return 1 if table.counts["failed"] or (options.require and not programs) else 0


if __name__ == "__main__":
    sys.exit(main())
