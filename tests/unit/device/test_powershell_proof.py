# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PowerShell proof's own Python: it asks about every operation, and notices wrong answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
RUN = ROOT / "tests" / "powershell" / "run.py"
OPERATIONS = set(
    json.loads((ROOT / "plugins" / "plugin_utils" / "device" / "vocabulary.json").read_text(encoding="utf-8"))[
        "operations"
    ]
)

sys.path.insert(0, str(RUN.parent))
try:
    import run as proof
finally:
    sys.path.remove(str(RUN.parent))

# Stands in for a PowerShell: unpacks the request and gives every operation the answer in WINOPS_ANSWER.
FAKE = f"""#!{sys.executable}
import base64, gzip, json, os, sys
data = open(sys.argv[-1], "rb").read() if sys.argv[-1].endswith("payload.txt") else sys.stdin.buffer.read()
request = json.loads(gzip.decompress(base64.b64decode(data.partition(b"|")[2])))
results = [json.loads(os.environ["WINOPS_ANSWER"]) for _each in request["ops"]]
answer = {{"v": 1, "id": request["id"], "seconds": 0.1, "results": results,
          "device": {{"name": "x", "utc": "2026-11-21T08:00:00.000Z", "powershell": "7", "account": "x", "sid": "x",
                     "system": False, "elevated": True, "wow64": False}}}}
body = base64.b64encode(gzip.compress(json.dumps(answer).encode())).decode()
print(f"#winops1:{{len(body)}}:{{body}}:end#")
"""


def prove(path: str, *options: str, answer: object = None) -> subprocess.CompletedProcess:
    environment = {"PATH": path, "WINOPS_ANSWER": json.dumps(answer)}
    return subprocess.run(
        [sys.executable, "-S", str(RUN), *options],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_every_operation_is_asked_about(tmp_path):
    asked = [case for scene in proof.rows.SCENES for case in scene.rows(tmp_path)]
    assert {case.op for case in asked if case.error is None} == OPERATIONS
    assert {case.op for case in proof.on_windows.observing() + proof.on_windows.changing()} <= OPERATIONS


def test_without_a_powershell_it_says_so(tmp_path):
    done = prove(str(tmp_path))
    assert done.returncode == 0 and "There is no PowerShell" in done.stdout
    assert prove(str(tmp_path), "--require").returncode == 1


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a first line")
@pytest.mark.parametrize(
    "answer",
    [
        {"ok": False, "error": {"type": "System.Exception", "message": "no", "hresult": None}},
        {"ok": True, "value": {"state": "done", "answer": None}},
    ],
)
def test_a_powershell_that_answers_wrongly_fails(tmp_path, answer):
    program = tmp_path / "pwsh"
    program.write_text(FAKE, encoding="utf-8")
    program.chmod(0o755)
    done = prove(f"{tmp_path}:/usr/bin:/bin", answer=answer)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stdout.splitlines()[-1]
    assert "0 failed" not in last and "skipped" in last
    failed = {line.split()[0] for line in done.stdout.splitlines() if " failed" in line}
    assert OPERATIONS <= failed


def case(holds=lambda value: True, **more):
    return proof.base.Case("path_remove", {"path": "x"}, holds, **more)


GOOD = {"ok": True, "value": {"path": "x", "removed": True}}
DENIED = {"ok": False, "error": {"type": "System.UnauthorizedAccessException", "message": "no", "hresult": -2147024891}}


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        (case(lambda value: value["removed"]), GOOD),
        (case(error="UnauthorizedAccessException"), DENIED),
        (case(error="UnauthorizedAccessException", hresult=-2147024891), DENIED),
    ],
)
def test_a_right_result_passes(asked, result):
    assert proof.verdict(asked, result) == ""


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        (case(lambda value: not value["removed"]), GOOD),
        (case(lambda value: value["none"]), GOOD),
        (case(), DENIED),
        (case(), {"ok": True, "value": {"path": "x"}}),
        (case(error="UnauthorizedAccessException"), GOOD),
        (case(error="ArgumentException"), DENIED),
        (case(error="UnauthorizedAccessException", hresult=5), DENIED),
    ],
)
def test_a_wrong_result_is_named(asked, result):
    assert proof.verdict(asked, result)
