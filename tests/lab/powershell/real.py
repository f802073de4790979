# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One device with a real PowerShell: its description and its files in a directory, and the processes that run there."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import fcntl
import json
import os
import shutil
import signal
import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

from ..device import tasks
from ..device.accounts import SYSTEM, Caller, caller
from ..device.description import Document, apply, describe
from ..device.disk import DiskFiles
from . import executables, payload, programs

#: What the runner waits for its cmdlet, in device seconds.
PATIENCE = 175
PROCESS = "powershell.exe"


def program() -> str | None:
    """The PowerShell of this machine."""
    return shutil.which("pwsh")


class RealPowerShell:
    """What makes a device's PowerShell real.

    ``directory``: of its own, for ``description.json``, drive ``C`` and ``native``; ``control``: the lab's control API.
    """

    def __init__(self, device, directory: Path, pwsh: str, control: str) -> None:
        self.device = device
        self.directory = directory
        self.pwsh = pwsh
        #: Addresses that are published, with the file below the directory that holds what lies there.
        self.downloads: dict[str, str] = {}
        self._known: Document | None = None
        directory.mkdir(parents=True)
        device.files = DiskFiles(directory, device.files)
        device.powershell = self
        self._publish()
        self._lay_out(control.removeprefix("http://"))
        self.sync()

    def environment(self, account: str) -> dict[str, str]:
        """The variables by which a PowerShell finds this device, and who asks."""
        return {
            **os.environ,
            "WINOPS_PROOF": str(self.directory),
            "WINOPS_PROOF_CALLER": self._caller_name(account),
            "WINOPS_PROOF_POWERSHELL": self.pwsh,
            "WINOPS_PROOF_PATIENCE": str(max(2, int(PATIENCE / self.device.clock.speed))),
            "DOTNET_TieredPGO": "0",
        }

    def sync(self) -> None:
        """Take over what was changed in the description, and write what the device is now."""
        with self._locked():
            file = self.directory / "description.json"
            if self._known is not None:
                found = json.loads(file.read_text(encoding="utf-8"))
                for task in apply(self.device, self._known, found):
                    self.device.spawn(self._watch(task))
            self._known = json.loads(json.dumps(describe(self.device)))
            payload.proof("stand_ins").write(self.directory, self._known)

    async def exchange(self, script: str, items: bytes | list[str | bytes], account: str) -> tuple[str, str, int]:
        """Run the bootstrap with its input in a PowerShell of its own: what it prints, its errors, its exit code.

        A list is what psrp pipes into a runspace. The process ends with the device's power.
        """
        self.sync()
        if isinstance(items, bytes):
            encoded = base64.b64encode(script.encode("utf-16-le")).decode("ascii")
            command, given = ["-EncodedCommand", encoded], payload.prepared(items)
        else:
            command, given = self._as_psrp(script, items), b""
        process = await asyncio.create_subprocess_exec(
            self.pwsh,
            "-NoProfile",
            "-NonInteractive",
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment(account),
        )
        try:
            output, errors = await process.communicate(given)
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise
        self.sync()
        return output.decode("utf-8", "replace"), errors.decode("utf-8", "replace"), process.returncode or 0

    async def run_program(self, name: str, arguments: list[str], account: str) -> dict[str, t.Any]:
        """A native program or a cmdlet, with what was changed before it."""
        self.sync()
        try:
            return await programs.run(self.device, self.caller(account), name, arguments)
        finally:
            self.sync()

    def caller(self, account: str) -> Caller:
        return SYSTEM if account == "SYSTEM" else caller(self.device, account)

    def _as_psrp(self, script: str, items: list[str | bytes]) -> list[str]:
        sent = b"".join(item if isinstance(item, bytes) else item.encode("ascii") for item in items)
        script_file, data_file = self.directory / "bootstrap.ps1", self.directory / "payload.txt"
        script_file.write_text(script, encoding="utf-8")
        data_file.write_bytes(payload.prepared(sent))
        return ["-File", str(payload.PROOF / "psrp.ps1"), str(script_file), str(data_file)]

    def _caller_name(self, account: str) -> str:
        if account in ("SYSTEM", SYSTEM.account):
            return "SYSTEM"
        found = self.device.account(account.rsplit("\\", 1)[-1])
        return found.name if found else self.device.login

    async def _watch(self, task: tasks.Task) -> None:
        """Until the process of a task has ended: by itself, by its limit, or by the device's power."""
        pid = task.process or 0
        process = self.device.processes.start(PROCESS)
        self.device.process_started()
        limit = asyncio.ensure_future(self.device.clock.limit(task.limit or 0))
        ended = asyncio.ensure_future(_end_of(pid))
        try:
            await asyncio.wait({limit, ended}, return_when=asyncio.FIRST_COMPLETED)
            task.last_result = 0 if ended.done() else tasks.RESULT_TERMINATED
        finally:
            limit.cancel()
            ended.cancel()
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self.device.processes.end(process)
            task.process = None
            if task.state == tasks.RUNNING:
                task.state = tasks.READY
        self.sync()

    def _lay_out(self, control: str) -> None:
        native = self.directory / "native"
        native.mkdir()
        asked = [sys.executable, "-IS", str(Path(__file__).with_name("native.py")), control, self.device.name]
        for name in (*programs.PROGRAMS, *programs.CALLS):
            executables.write(native / name, [*asked, name])

    def _publish(self) -> None:
        web = self.directory / "web"
        web.mkdir()
        for number, (address, data) in enumerate(self.device.directory.web.items()):
            (web / str(number)).write_bytes(data)
            self.downloads[address] = f"web/{number}"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        # .NET takes the same lock where it opens a file without sharing.
        with (self.directory / "description.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


async def _end_of(pid: int) -> None:
    """Return when the process has ended. It is nobody's child here."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(handle, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
