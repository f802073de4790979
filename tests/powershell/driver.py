# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One PowerShell that answers many requests, one after another (driver.ps1). Standard library only.

To start a PowerShell, and to run a text in it for the first time, takes longer than most scenes.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import os
import signal
import socket
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

import misbehaving
from shell import HERE, WAIT, Shell, checked, wire

REQUESTS = 300
"""So many requests a process: the classes of each text stay in its memory."""


class Driver:
    """A :class:`shell.Shell` whose requests need no process of their own: ``ask`` is the same.

    The process is started for the first request, and again after one that ended it. Close it, or use ``with``.
    Runners come here as ``shell.with_stand_ins(..., quick=True)`` makes them.
    """

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.name = shell.name
        self.deadline = float("inf")
        """Of time.monotonic: a request that is not answered by then has failed, and its process is ended."""
        self.change: t.Callable[[str], str] = lambda text: text
        """What is done to the text of the runner, as it is sent, before it is."""
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._lines: t.Iterator[bytes] = iter(())
        self._printed = tempfile.TemporaryFile()
        self._asked = 0

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def is_ready(self) -> bool:
        """Whether its next request finds a process that has been used before."""
        return self._process is not None and 0 < self._asked < REQUESTS

    def ask(
        self,
        ops: list[dict[str, t.Any]],
        scratch: Path,
        how: str = "driver",
        packed: bytes | None = None,
        environment: t.Mapping[str, str] | None = None,
        **extra: t.Any,
    ) -> dict[str, t.Any]:
        """The answer to *ops*; other ways than "driver" are those of the shell."""
        if how != "driver":
            changed = packed and self._changed(packed)
            wait = max(0.1, min(WAIT, self.deadline - time.monotonic()))
            return self.shell.ask(ops, scratch, how=how, packed=changed, environment=environment, wait=wait, **extra)
        if packed is None:
            raise ValueError("a driver runs with stand-ins only")
        request = {"v": 1, "id": "proof-driver", "ops": ops, **extra}
        payload = wire.encode_payload(request, packed_runner=self._changed(packed)).strip()
        given = self.shell.environment(scratch, environment)
        variables = "\0".join(f"{name}={value}" for name, value in given.items())
        said = self._exchange(base64.b64encode(variables.encode()) + b" " + payload)
        try:
            answer = wire.decode_answer(said, request["id"])
        except wire.WireError as exc:
            raise type(exc)(f"{exc}:\n{said.decode('utf-8', 'replace')[:4000]}") from exc
        return checked(answer, len(ops))

    def cultures(self) -> list[str]:
        """The names of the cultures that this PowerShell knows, without the invariant one."""
        return [name for name in self._exchange(b"").decode().split("\n") if name]

    def close(self) -> None:
        """End the process and all that it has started."""
        process, self._process = self._process, None
        if process is None:
            return
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if os.name == "posix":
            # Nobody may be left of them.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()

    def _changed(self, packed: bytes) -> bytes:
        text = gzip.decompress(base64.b64decode(packed)).decode("ascii")
        changed = self.change(text)
        return packed if changed == text else base64.b64encode(gzip.compress(changed.encode("ascii"), compresslevel=1))

    def _exchange(self, line: bytes) -> bytes:
        self._asked += 1
        if self._asked > REQUESTS:
            self.close()
        try:
            if self._process is None:
                self._open()
            self._send(line)
            return base64.b64decode(self._receive())
        except OSError as exc:
            self.close()
            raise wire.NoAnswer(f"{exc or type(exc).__name__}:\n{self._output()}") from exc

    def _open(self) -> None:
        self._asked = 1
        self._printed.seek(0)
        self._printed.truncate()
        with socket.create_server(("127.0.0.1", 0)) as door:
            self._process = subprocess.Popen(
                [*self.shell.start, "-File", str(HERE / "driver.ps1"), str(door.getsockname()[1])],
                stdin=subprocess.DEVNULL,
                stdout=self._printed,
                stderr=subprocess.STDOUT,
                # OpenSSL reads this one once. Windows does not know it.
                env={**os.environ, **self.shell.quick, "SSL_CERT_FILE": str(misbehaving.CERTIFICATE)},
                # A group of its own: a job that never ends is ended with it.
                start_new_session=os.name == "posix",
            )
            self._connection = self._accept(door)
        self._lines = iter(self._connection.makefile("rb"))
        self._send(base64.b64encode(wire.BOOTSTRAP.encode()))

    def _accept(self, door: socket.socket) -> socket.socket:
        door.settimeout(0.5)
        until = time.monotonic() + WAIT
        while True:
            try:
                return door.accept()[0]
            except TimeoutError:
                if self._process.poll() is not None:
                    raise OSError("the PowerShell ended before it was asked anything") from None
                if time.monotonic() > until:
                    raise

    def _send(self, line: bytes) -> None:
        self._connection.settimeout(max(0.1, min(WAIT, self.deadline - time.monotonic())))
        self._connection.sendall(line + b"\n")

    def _receive(self) -> bytes:
        line = next(self._lines, b"")
        if not line:
            raise OSError("the PowerShell ended without an answer")
        return line

    def _output(self) -> str:
        """What the process printed, where it was of no use to anybody until it failed."""
        self._printed.seek(0)
        return self._printed.read(4000).decode("utf-8", "replace")
