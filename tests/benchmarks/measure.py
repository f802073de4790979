# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command, and tell its time and its memory as the kernel counted them."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import time
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Run:
    """Wall-clock seconds, processor seconds of all its processes, and the largest resident set of any in MiB."""

    seconds: float
    processor_seconds: float
    peak_mib: float
    output: str


def run(command: list[str], cwd: Path, **env: str) -> Run:
    """Run a command to its end. Raises RuntimeError with its output where it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )
    output = process.stdout.read().decode(errors="replace")
    _pid, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}\n{output[-3000:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def peak_mib(pid: int) -> float:
    """The largest resident set a running process ever had (Linux), in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not tell VmHWM")
