# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PowerShell proof's own Python: it asks about every operation, and notices wrong answers."""

from __future__ import annotations

import base64
import concurrent.futures
import datetime
import gzip
import json
import os
import re
import shlex
import subprocess
import sys
import threading
import time
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
    import cultures
    import playing
    import run as proof
    import shell
    import stage
    from shell import wire
finally:
    sys.path.remove(str(RUN.parent))

# Stands in for a PowerShell, as a driver or for one request: gives every operation the answer in WINOPS_ANSWER, or ends
# where the request has an operation that is named in WINOPS_ENDS.
# A first line cannot hold a path with a space, so that a shell starts Python, which takes the shell's line for a text.
FAKE = f"""#!/bin/sh
'''exec' {shlex.quote(sys.executable)} "$0" "$@"
' '''
import base64, datetime, gzip, json, os, socket, sys
def answer(payload):
    request = json.loads(gzip.decompress(base64.b64decode(payload.partition(b"|")[2])))
    if os.environ.get("WINOPS_ENDS") in [op["op"] for op in request["ops"]]:
        sys.exit(3)
    results = [json.loads(os.environ["WINOPS_ANSWER"]) for _each in request["ops"]]
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z"
    answer = {{"v": 1, "id": request["id"], "seconds": 0.1, "results": results,
              "device": {{"name": "x", "utc": now, "powershell": "7", "account": "x", "sid": "x",
                         "system": False, "elevated": True, "wow64": False}}}}
    body = base64.b64encode(gzip.compress(json.dumps(answer).encode())).decode()
    return f"#winops1:{{len(body)}}:{{body}}:end#"
if sys.argv[-2].endswith("driver.ps1"):
    with socket.create_connection(("127.0.0.1", int(sys.argv[-1]))) as connection:
        lines = connection.makefile("rb")
        next(lines)
        for line in lines:
            said = answer(line.split()[1]).encode() if line.strip() else b"tr-TR"
            connection.sendall(base64.b64encode(said) + b"\\n")
elif sys.argv[-1].endswith("payload.txt"):
    print(answer(open(sys.argv[-1], "rb").read()))
else:
    print(answer(sys.stdin.buffer.read()))
"""


@pytest.fixture
def fake(tmp_path) -> Path:
    if os.name == "nt":
        pytest.skip("the stand-in is a script with a first line")
    program = tmp_path / "pwsh"
    program.write_text(FAKE, encoding="utf-8")
    program.chmod(0o755)
    return program


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
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("There is no PowerShell"), "the last line, where it is seen"
    assert prove(str(tmp_path), "--require").returncode == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": False, "error": {"type": "System.Exception", "message": "no", "hresult": None}},
        {"ok": True, "value": {"state": "done", "answer": None}},
    ],
)
def test_a_powershell_that_answers_wrongly_fails(fake, answer):
    done = prove(f"{fake.parent}:/usr/bin:/bin", answer=answer)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stdout.splitlines()[-1]
    assert ", 0 failed" not in last and "skipped" in last
    failed = {line.split()[0] for line in done.stdout.splitlines() if " failed" in line}
    assert OPERATIONS <= failed


@pytest.fixture
def driver(fake, monkeypatch):
    monkeypatch.setenv("WINOPS_ANSWER", json.dumps(GOOD))
    monkeypatch.setenv("WINOPS_ENDS", "restart")
    with proof.Driver(proof.Shell(str(fake))) as driver:
        yield driver


def played(driver, operation: str) -> dict[str, str]:
    asked = [proof.base.Case(operation, {}), proof.base.Case("path_remove", {})]
    return {row.what: row.result for row in proof.play(driver, proof.base.Scene("x", lambda scratch: asked))}


PASSED = dict.fromkeys(("path_remove", "(clock)", "(left behind)"), "passed")


@pytest.mark.parametrize(("seconds", "right"), [(30, True), (29.95, True), (20, False), (0, False)])
def test_the_time_of_an_answer_is_that_of_its_end(seconds, right):
    asked = datetime.datetime(2026, 11, 21, 8, tzinfo=datetime.timezone.utc)
    told = (asked + datetime.timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    assert (playing.early(asked, {"seconds": 30.0, "device": {"utc": told}}) == "") is right


def test_a_scene_that_ends_its_powershell_fails_and_the_next_one_is_played(driver):
    assert played(driver, "path_remove") == PASSED
    assert set(played(driver, "restart").items()) >= {("restart", "failed"), ("path_remove", "failed")}
    assert played(driver, "path_remove") == PASSED


def test_what_a_powershell_printed_before_its_end_is_shown(driver, tmp_path):
    driver.shell.start = [sys.executable, "-c", "print('out of memory')"]
    with pytest.raises(wire.NoAnswer, match="out of memory"):
        driver.ask([], tmp_path, packed=wire.pack_runner("x"))


def test_a_request_that_is_not_answered_in_time_fails(driver, tmp_path):
    driver.shell.start = [sys.executable, "-c", HANGS]
    driver.deadline = time.monotonic()
    with pytest.raises(wire.NoAnswer, match="timed out"):
        driver.ask([], tmp_path, packed=wire.pack_runner("x"))
    assert driver._process is None


HANGS = """
import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[-1])))
while connection.recv(9999):
    pass
"""


def test_what_is_compiled_once_is_what_is_sent():
    quick = unpacked(shell.with_stand_ins(["bitlocker", "job_start"], quick=True))
    before, begin, _stand_ins = quick.partition(shell.stand_ins.BEGIN)
    parts = [base64.b64decode(part).decode() for part in re.findall(r"FromBase64String\('([^']+)'\)", before)]
    head = before.partition(". (")[0]
    sent = unpacked(shell.wire.pack_runner(shell.wire.runner_text(["bitlocker", "job_start"])))
    assert begin and sent.startswith(head + "".join(parts)) and sent.endswith(quick[-300:])
    assert head.startswith("param(") and len(parts) > 5


def unpacked(packed: bytes) -> str:
    return gzip.decompress(base64.b64decode(packed)).decode("ascii")


def test_a_driver_is_ready_when_its_powershell_has_answered(driver):
    assert not driver.is_ready()
    proof.play(driver, proof.base.Scene("x", lambda scratch: [case()]))
    assert driver.is_ready()
    driver.close()
    assert not driver.is_ready()


def test_a_culture_in_which_a_row_is_wrong_fails_and_one_that_is_missing_is_named(fake):
    done = prove(f"{fake.parent}:/usr/bin:/bin", "--only", "path_remove", answer=GOOD)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["path_remove", "pwsh", "tr-TR", "failed:"] in [line[:4] for line in lines], (
        "GOOD is not what each row wants"
    )
    again = [line for line in lines if line[:2] == ["(rows", "again)"]]
    assert [line[3] for line in again] == list(cultures.SIX)
    assert [line[4] == "skipped:" for line in again] == [False] + [True] * 5
    strict = prove(f"{fake.parent}:/usr/bin:/bin", "--only", "path_remove", "--require", answer=GOOD)
    assert strict.stdout.count("failed: this PowerShell has no such culture") == 5


def test_other_cultures_have_every_operation_and_every_row_that_is_not_a_variant(tmp_path):
    played = cultures.joined(proof.rows.SCENES)
    here = [scene for scene in proof.rows.SCENES if scene.how == "driver" and scene.everywhere]
    wanted = [row.op for scene in here for row in scene.rows(tmp_path)]
    assert sorted(row.op for scene in played for row in scene.rows(tmp_path)) == sorted(wanted)
    assert set(wanted) >= OPERATIONS
    assert len(played) < len(here)


def test_each_culture_plays_both_halves_and_many_are_played_in_portions(monkeypatch):
    played = []
    monkeypatch.setattr(cultures, "play", lambda driver, scene, name: played.append((scene.name, name)) or [])
    names = [f"c{number}" for number in range(cultures.SOME + 1)]
    works = [cultures.works(half, names) for half in proof.rows.HALVES]
    assert works[0].keys().isdisjoint(works[1].keys() | {scene.name for scene in proof.rows.SCENES})
    for work in (*works[0].values(), *works[1].values()):
        work(None)
    scenes = [scene.name for half in proof.rows.HALVES for scene in cultures.joined(half)]
    assert sorted(played) == sorted((scene, name) for scene in scenes for name in names)
    assert len(works[0]) + len(works[1]) == 2 * len(scenes)


def test_two_drivers_begin_at_both_ends_and_meet(fake):
    drivers: dict[str, object] = {}
    both = threading.Barrier(2, timeout=60)

    def work(name, wait):
        def noted(driver):
            drivers[name] = driver
            if wait:
                both.wait()
            return name

        return noted

    with stage.Stage(proof.Shell(str(fake))) as lanes:
        found = lanes.begin({name: work(name, name in "ad") for name in "abcd"})
        beside = lanes.begin_beside({"x": work("x", False)})
        assert {name: future.result(60) for name, future in {**found, **beside}.items()} == {n: n for n in "abcdx"}
    assert drivers["a"] is not drivers["d"] and drivers["x"] not in (drivers["a"], drivers["d"])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thing_that_fails_ends_whoever_waits_for_it(fake):
    def fails(_driver):
        raise LookupError("a fault of the proof's own")

    with stage.Stage(proof.Shell(str(fake))) as lanes:
        found = lanes.begin_beside({"x": fails})
        with pytest.raises(concurrent.futures.CancelledError):
            found["x"].result(60)


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
        (case(error="UnauthorizedAccessException", said="no"), DENIED),
    ],
)
def test_a_right_result_passes(asked, result):
    assert playing.verdict(asked, result) == ""


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
        (case(error="UnauthorizedAccessException", said="why"), DENIED),
    ],
)
def test_a_wrong_result_is_named(asked, result):
    assert playing.verdict(asked, result)


# --- the report of a run ---

WRONG = {"ok": False, "error": {"type": "System.Exception", "message": "no", "hresult": None}}


def reported(*found: tuple[str, str, str]) -> dict:
    """The report of rows (what, how, result) of one shell that is no PowerShell at all."""
    rows = [("pwsh", proof.Row(*row)) for row in found]
    return proof.proof_report.build(rows, {"pwsh": sys.executable})


def test_a_report_counts_rows_by_operation_for_real_and_with_stand_ins():
    made = reported(
        ("events", "real", "passed"),
        ("events", "scene", "passed"),
        ("events", "other scene", "failed"),
        ("job_status (done)", "scene", "passed"),
        ("(left behind)", "scene", "passed"),
        ("bitlocker", "real", "skipped"),
    )
    shell = made["shells"][0]
    assert shell["operations"] == {
        "events": {"real": {"passed": 1, "failed": 0}, "stand_ins": {"passed": 1, "failed": 1}},
        "job_status": {"stand_ins": {"passed": 1, "failed": 0}},
    }
    assert shell["others"] == {"passed": 1, "failed": 0}
    assert (made["verdict"], shell["powershell"], shell["edition"]) == ("failed", None, None)


def test_a_report_of_nothing_and_one_of_a_failure_elsewhere_have_not_passed():
    assert reported()["verdict"] == "failed"
    assert reported(("events", "scene", "passed"))["verdict"] == "passed"
    assert reported(("events", "scene", "passed"), ("(left behind)", "scene", "failed"))["verdict"] == "failed"


def test_a_report_is_written_with_the_version_that_the_powershell_says(fake, tmp_path):
    file = tmp_path / "report.json"
    fake.write_text(
        FAKE.replace("import base64", 'import sys\nif "-Command" in sys.argv: sys.exit("7.6.9")\nimport base64')
    )
    fake.write_text(fake.read_text().replace('sys.exit("7.6.9")', 'print("7.6.9"); sys.exit()'))
    prove(f"{tmp_path}:/usr/bin:/bin", "--report", str(file), answer=WRONG)
    made = json.loads(file.read_text(encoding="utf-8"))
    assert (made["format"], made["verdict"]) == ("winops.entra.powershell_proof", "failed")
    assert [(shell["powershell"], shell["edition"]) for shell in made["shells"]] == [("7.6.9", "Core")]
    assert OPERATIONS <= set(made["shells"][0]["operations"])


def test_a_report_is_of_the_whole_proof(tmp_path):
    done = prove(str(tmp_path), "--report", "x.json", "--only", "events")
    assert done.returncode == 2 and "--only" in done.stderr


def test_a_windows_of_public_ci_is_there_to_be_changed():
    assert proof.without_changing({"CI": "true"}).result == "failed"
    assert proof.without_changing({}).result == "skipped"
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert [line for line in workflow.splitlines() if "powershell/run.py" in line and "--changing" not in line] == []
