# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny world for tests of the WS-Man side: hosts that are nothing but a name, accounts, files and faults."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import typing as t
from pathlib import Path

import requests

from tests.lab import tls
from tests.lab.recorder import Recorder
from tests.lab.wsman.server import Listeners

PATIENCE = 30


class FakeFaults(dict[str, list[dict[str, t.Any]]]):
    """Faults by kind."""

    def take(self, kind: str) -> dict[str, t.Any] | None:
        waiting = self.get(kind)
        return waiting.pop(0) if waiting else None


class FakeFiles:
    """A flat directory C:\\Data."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}

    def write(self, path: str, data: bytes) -> None:
        if not path.lower().startswith("c:\\data\\"):
            raise FileNotFoundError(path)
        self.content[path.lower()] = data

    def read(self, path: str) -> bytes:
        if path.lower() not in self.content:
            raise FileNotFoundError(path)
        return self.content[path.lower()]

    def exists(self, path: str) -> bool:
        return path.lower() in {*self.content, "c:\\data"}


class FakePowerShell:
    """Implements tests.lab.host.RealPowerShell: says what it was asked to run."""

    def __init__(self, errors: str = "", exit_code: int = 0) -> None:
        self.asked: list[tuple[str, bytes | list[str | bytes], str]] = []
        self._end = errors, exit_code

    async def exchange(self, script: str, items: bytes | list[str | bytes], account: str) -> tuple[str, str, int]:
        self.asked.append((script, items, account))
        return "#winops1:4:QUJD:end#\n", *self._end


class FakeHost:
    """Implements tests.lab.host.Host; what it was asked to run is in `requests`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.hostname = name.upper()
        self.accounts = {"ops": f"password-of-ops-on-{name}", "guest": f"password-of-guest-on-{name}"}
        self.login = "ops"
        self.variables: dict[str, t.Any] = {}
        self.groups: list[str] = []
        self.online = True
        self.on_power: list[t.Any] = []
        self.faults = FakeFaults()
        self.files = FakeFiles()
        self.powershell: FakePowerShell | None = None
        self.processes = 0
        self.requests: list[dict[str, t.Any]] = []
        self.dsregcmd_text = "AzureAdJoined : NO\r\n"
        #: Operations wait for this event while it is not set.
        self.gate: asyncio.Event | None = None

    async def run_operations(
        self, request: dict[str, t.Any], *, account: str, system: bool = False
    ) -> dict[str, t.Any]:
        self.requests.append({**request, "account": account})
        if self.gate is not None:
            await self.gate.wait()
        results = [{"ok": True, "value": {"asked": operation, "exit_code": 0}} for operation in request["ops"]]
        return {"v": 1, "id": request["id"], "device": {"name": self.hostname}, "results": results, "seconds": 0.0}

    async def dsregcmd(self, arguments: list[str], *, account: str) -> tuple[int, str]:
        return 0, self.dsregcmd_text

    def process_started(self, count: int = 1) -> None:
        self.processes += count


class WsmanLab:
    """Listeners of fake hosts in a thread of their own; `hosts[0]` is called pc0, `hosts[1]` pc1."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.hosts = [FakeHost("pc0"), FakeHost("pc1")]
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        if not self._ready.wait(PATIENCE):
            raise TimeoutError("the listeners did not start")

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        recorder = Recorder(self.out / "winrm.jsonl")
        self.listeners = Listeners(self.hosts, recorder, tls.issue(self.out))
        await self.listeners.start()
        self._ready.set()
        await self._stop.wait()
        await self.listeners.stop()
        recorder.close()

    def stop(self) -> None:
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(PATIENCE)

    def call(self, function: t.Callable[[], t.Awaitable[t.Any]]) -> t.Any:
        """Run a coroutine function in the listeners' loop."""

        async def inner() -> t.Any:
            return await function()

        return asyncio.run_coroutine_threadsafe(inner(), self.loop).result(PATIENCE)

    def power(self, up: bool) -> None:
        """Switch hosts[0] off or on."""

        async def switch() -> None:
            self.hosts[0].online = up
            for callback in self.hosts[0].on_power:
                await callback(self.hosts[0], up)

        self.call(switch)

    def url(self, scheme: str, host: int = 0) -> str:
        port = self.listeners.ports[self.hosts[host].name][scheme == "https"]
        return f"{scheme}://127.0.0.1:{port}/wsman"

    @property
    def ca(self) -> str:
        return str(self.out / "ca.pem")

    def lines(self, at_least: int = 0) -> list[dict[str, t.Any]]:
        """The recording so far; waits for so many lines where a client can be ahead of the recorder."""
        deadline = time.monotonic() + PATIENCE
        while True:
            text = (self.out / "winrm.jsonl").read_text(encoding="utf-8")
            whole = text[: text.rfind("\n") + 1].splitlines()
            if len(whole) >= at_least or time.monotonic() > deadline:
                return [json.loads(line) for line in whole]
            time.sleep(0.05)

    def post(self, url: str, body: bytes = b"", **options: t.Any) -> requests.Response:
        """A bare HTTP request, without any WinRM client."""
        headers = {"Content-Type": "application/soap+xml;charset=UTF-8", **options.pop("headers", {})}
        return requests.post(url, data=body, headers=headers, verify=self.ca, timeout=PATIENCE, **options)
