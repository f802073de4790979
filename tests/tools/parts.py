# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run several targets of make beside each other, and show the output of each in one piece.

    python tests/tools/parts.py AT_ONCE MAKE TARGET...

Targets start in the order given, and all of them run, whether others fail or not. A green one is shown when it ends, a
red one after all the others, above a table of them all. What a target has said so far is in build/parts/TARGET.txt.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTPUTS = ROOT / "build" / "parts"


class Running:
    """The programs that run now, each the head of a group with all that it has started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._programs: set[subprocess.Popen] = set()
        self._ended = False

    def run(self, command: list[str], **options: t.Any) -> int:
        """Run a program to its end, or to ``end``."""
        with self._lock:
            if self._ended:
                return -signal.SIGTERM
            program = subprocess.Popen(command, start_new_session=True, **options)
            self._programs.add(program)
        code = program.wait()
        with self._lock:
            self._programs.discard(program)
        return code

    def end(self) -> None:
        """End them all, and let none begin any more."""
        with self._lock:
            self._ended = True
            for program in self._programs:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(program.pid, signal.SIGTERM)


class Part(t.NamedTuple):
    """A target that has ended."""

    target: str
    code: int
    seconds: float
    output: Path

    def show(self) -> None:
        """Print all that it has said."""
        print(f"\n===== make {self.target} =====", flush=True)
        sys.stdout.buffer.write(self.output.read_bytes())
        sys.stdout.flush()

    @property
    def line(self) -> str:
        end = "ok" if self.code == 0 else f"FAILED ({self.code})"
        return f"{self.target:14}{self.seconds:6.0f} s  {end}"


def main(arguments: list[str], outputs: Path = OUTPUTS) -> int:
    """Run the targets; 1 where one of them failed."""
    at_once, make, *targets = arguments
    outputs.mkdir(parents=True, exist_ok=True)
    print(f"{', '.join(targets)}: {at_once} at a time; what they say is in {outputs}", flush=True)
    running = Running()
    parts: list[Part] = []
    pool = concurrent.futures.ThreadPoolExecutor(int(at_once))
    try:
        ends = [pool.submit(run, make, target, outputs / f"{target}.txt", running) for target in targets]
        for end in concurrent.futures.as_completed(ends):
            part = end.result()
            parts.append(part)
            if part.code:
                print(f"\n===== make {part.target} FAILED; it is shown at the end =====", flush=True)
            else:
                part.show()
    finally:
        # Nothing that was started goes on alone, where this one is interrupted.
        pool.shutdown(wait=False, cancel_futures=True)
        running.end()
    red = [part for part in parts if part.code]
    for part in red:
        part.show()
    parts.sort(key=lambda part: targets.index(part.target))
    print("", *(part.line for part in parts), sep="\n", flush=True)
    return 1 if red else 0


def run(make: str, target: str, output: Path, running: Running) -> Part:
    """Run a target to its end."""
    started = time.monotonic()
    with output.open("wb") as file:
        code = running.run(
            [make, "--no-print-directory", target],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            # Make hands descriptors to the makes that it starts, where it was told how many jobs there may be.
            close_fds=False,
        )
    return Part(target, code, time.monotonic() - started, output)


if __name__ == "__main__":
    # As make ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_details: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
