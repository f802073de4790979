# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One PowerShell that answers many requests, each in a runspace of its own (driver.ps1). Standard library only.

To start a PowerShell takes longer than most scenes; mutants.py plays hundreds of them.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import os
import queue
import signal
import subprocess
import threading
import time
import typing as t
from pathlib import Path

from shell import HERE, WAIT, Shell, checked, wire

REQUESTS = 150
"""So many requests a process: the classes of each text stay in its memory."""


class Driver:
    """Stands in for :class:`shell.Shell` where scenes are played: ``ask`` is the same, without a process a request."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.name = Path(program).stem
        self.deadline = float("inf")
        """Of time.monotonic: requests that are not answered by then end in TimeoutExpired, and so does the process."""
        self.change: t.Callable[[str], str] = lambda text: text
        """What is done to the text of the runner, as it is sent, before it is."""
        self._start = Shell(program).start
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.Queue[bytes] = queue.Queue()
        self._numbers = itertools.count()
        self._asked = 0

    def ask(
        self,
        ops: list[dict[str, t.Any]],
        scratch: Path,
        how: str = "encoded",
        packed: bytes | None = None,
        environment: t.Mapping[str, str] | None = None,
        **extra: t.Any,
    ) -> dict[str, t.Any]:
        """The answer to *ops*, as Shell.ask gives it; *how* is of no importance here."""
        if packed is None:
            raise ValueError("a driver runs with stand-ins only")
        request = {"v": 1, "id": f"proof-{how}", "ops": ops, **extra}
        line = {
            "script": wire.BOOTSTRAP,
            "input": wire.encode_payload(request, packed_runner=self._changed(packed)).decode(),
            "environment": {
                "WINOPS_PROOF": str(scratch),
                "WINOPS_PROOF_POWERSHELL": self.program,
                **(environment or {}),
            },
        }
        said = self._exchange(json.dumps(line).encode() + b"\n")
        try:
            answer = wire.decode_answer(said, request["id"])
        except wire.WireError as exc:
            raise type(exc)(f"{exc}:\n{said.decode('utf-8', 'replace')[:4000]}") from exc
        return checked(answer, len(ops))

    def _changed(self, packed: bytes) -> bytes:
        text = self.change(gzip.decompress(base64.b64decode(packed)).decode("ascii"))
        # PowerShell remembers a text that it has seen, with the static members of its classes.
        text += f"# {next(self._numbers)}\n"
        return base64.b64encode(gzip.compress(text.encode("ascii"), compresslevel=1))

    def _exchange(self, line: bytes) -> bytes:
        self._asked += 1
        if self._asked > REQUESTS:
            self.close()
        try:
            process = self._process or self._open()
            assert process.stdin is not None
            process.stdin.write(line)
            process.stdin.flush()
            return base64.b64decode(self._next())
        except (queue.Empty, OSError) as exc:
            self.close()
            raise subprocess.TimeoutExpired(self._start, self.deadline) from exc

    def _open(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*self._start, "-File", str(HERE / "driver.ps1")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # A group of its own: a job that never ends is ended with it.
            start_new_session=os.name == "posix",
        )
        self._process, self._asked, self._answers = process, 1, queue.Queue()
        threading.Thread(target=_read, args=(process, self._answers), daemon=True).start()
        self._next()
        return process

    def _next(self) -> bytes:
        answer = self._answers.get(timeout=max(0.0, min(WAIT, self.deadline - time.monotonic())))
        if not answer:
            raise OSError("the PowerShell has ended")
        return answer

    def close(self) -> None:
        """End the process and all that it has started."""
        process, self._process = self._process, None
        if process is None:
            return
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()


def _read(process: subprocess.Popen[bytes], answers: queue.Queue[bytes]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        answers.put(line)
    answers.put(b"")
