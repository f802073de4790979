# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab in a process of its own, for the demo, the integration tests and the benchmarks.

Nothing here needs more than the standard library, so that the caller's own imports stay small.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import typing as t
import urllib.request
from pathlib import Path

from . import private

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 180
STOP_SECONDS = 15


class LabFailed(Exception):
    """The lab did not become ready; the message carries what it printed last."""


class RunningLab:
    """A lab that is ready. ``out`` holds inventory.yml, winrm.jsonl, ready.json and the packages."""

    def __init__(self, process: subprocess.Popen, out: Path) -> None:
        self.process = process
        self.out = out
        self.ready = json.loads((out / "ready.json").read_text(encoding="utf-8"))

    @property
    def inventory(self) -> Path:
        return self.out / "inventory.yml"

    def get(self, path: str) -> t.Any:
        """Ask the control API: the route to the devices' state that goes through nothing of the product."""
        return self._call(urllib.request.Request(self.ready["control"] + path))

    def post(self, path: str, body: t.Any = None) -> t.Any:
        return self._send("POST", path, body if body is not None else {})

    def patch(self, path: str, body: t.Any) -> t.Any:
        return self._send("PATCH", path, body)

    def delete(self, path: str) -> t.Any:
        return self._call(urllib.request.Request(self.ready["control"] + path, method="DELETE"))

    def commands(self) -> list[dict]:
        """Every command the devices executed so far, as recorded by the lab."""
        recording = self.out / "winrm.jsonl"
        if not recording.exists():
            return []
        return [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]

    def _send(self, method: str, path: str, body: t.Any) -> t.Any:
        address, headers = self.ready["control"] + path, {"Content-Type": "application/json"}
        return self._call(urllib.request.Request(address, json.dumps(body).encode(), headers, method=method))

    @staticmethod
    def _call(request: urllib.request.Request) -> t.Any:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return json.load(answer)


@contextlib.contextmanager
def running(out: Path, *arguments: str) -> t.Iterator[RunningLab]:
    """Start ``python -m tests.lab`` with these arguments, give it when it is ready, stop it afterwards."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "ready.json").unlink(missing_ok=True)
    log = out / "lab.log"
    with private.new_file(log) as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.lab", "--out", str(out), *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            env=utf8_environment() | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            _wait_until_ready(process, out, log)
            yield RunningLab(process, out)
        finally:
            _stop(process)


def utf8_environment() -> dict[str, str]:
    """This process' environment, with a UTF-8 locale where it has another, in which Ansible would refuse to start."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if os.environ.get(name)), "C")
    return dict(os.environ) if "utf8" in named.lower().replace("-", "") else os.environ | {"LC_ALL": "C.UTF-8"}


def _wait_until_ready(process: subprocess.Popen, out: Path, log: Path) -> None:
    """The lab prints one line when it is ready, and closes its output when it dies."""
    assert process.stdout is not None
    readable, _write, _error = select.select([process.stdout], [], [], READY_SECONDS)
    line = process.stdout.readline() if readable else ""
    if not line or not (out / "ready.json").exists():
        said = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise LabFailed(f"the lab was not ready within {READY_SECONDS} s: {line}\n{said}")


def _stop(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
