# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an exchange costs the device: a request without operations, and writing an answer, beside an empty PowerShell.

In pairs, one after the other, so that a busy moment meets both. No rows where there is no PowerShell (pwsh) on PATH.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import statistics
import string
import subprocess
import time
import typing as t
from pathlib import Path

from tests.lab.powershell.payload import PROOF, proof

ROUNDS = 7
MAPS, TEXTS, LETTERS = 300, 5, 24


def measure(root: Path) -> dict:
    program = shutil.which("pwsh")
    if program is None:
        print("no PowerShell (pwsh) on PATH: what an exchange costs the device is not measured")
        return {}
    folder = root / "build" / "bench" / "exchange"
    folder.mkdir(parents=True, exist_ok=True)
    shell = proof("shell")
    contenders = {
        "empty": _encoded(program, "exit", b""),
        "exchange": _encoded(program, shell.wire.BOOTSTRAP, _empty_request(shell)),
    }
    for run in contenders.values():  # Warms the disk cache for both.
        run()
    runs = [{name: run() for name, run in contenders.items()} for _round in range(ROUNDS)]
    written = [_written(program, folder) for _round in range(ROUNDS)]
    empty = statistics.median(one["empty"] for one in runs)
    above = statistics.median(one["exchange"] - one["empty"] for one in runs)
    ratio = statistics.median(one["exchange"] / one["empty"] for one in runs)
    write = statistics.median(written)
    print(f"empty PowerShell {empty:.2f} s, exchange {above:.2f} s above it, JSON of {MAPS} maps {write:.2f} s")
    return {
        "exchange without operations: time against an empty PowerShell": _lower(ratio, 1.7),
        "exchange without operations: seconds above an empty PowerShell": _lower(above, None),
        f"JSON of {MAPS} maps of {TEXTS} texts: time against an empty PowerShell": _lower(write / empty, 0.9),
    }


def _lower(value: float, goal: float | None) -> dict:
    return {"value": value, "goal": goal, "better": "lower"}


def _empty_request(shell: t.Any) -> bytes:
    """The payload. What the runner tells of the device is Windows' to say, so elsewhere it is left out."""
    text = shell.wire.runner_text([])
    if os.name != "nt":
        before, end, _after = text.partition(shell.MAIN)
        assert end, "the runner does not end with main.ps1"
        text = f"{before}function Get-DeviceFact {{ return (New-Map) }}\n{shell.MAIN}"
    request = {"v": 1, "id": "bench", "ops": []}
    return shell.wire.encode_payload(request, packed_runner=shell.wire.pack_runner(text))


def _encoded(program: str, script: str, given: bytes) -> t.Callable[[], float]:
    """A function that runs a script in a PowerShell of its own and gives the seconds."""
    encoded = base64.b64encode(script.encode("utf-16-le")).decode()
    command = [program, "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]

    def run() -> float:
        start = time.perf_counter()
        done = subprocess.run(command, input=given, capture_output=True, check=True)
        seconds = time.perf_counter() - start
        if given and b"#winops1:" not in done.stdout:
            raise RuntimeError(f"no answer: {(done.stdout + done.stderr).decode(errors='replace')[:2000]}")
        return seconds

    return run


def _written(program: str, folder: Path) -> float:
    """Seconds to write maps of short texts in a fresh PowerShell, as the runner does."""
    of_chance = random.Random(1)
    maps = [
        {f"name{number}": "".join(of_chance.choices(string.ascii_letters, k=LETTERS)) for number in range(TEXTS)}
        for _map in range(MAPS)
    ]
    file = folder / "maps.json"
    file.write_text(json.dumps(maps) + "\n", encoding="ascii")
    parts = proof("shell").DEVICE / "runner"
    command = [program, "-NoProfile", "-NonInteractive", "-File", str(PROOF / "round_trip.ps1"), str(parts), str(file)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return int(done.stdout.split()[1]) / 1000
