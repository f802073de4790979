# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same device twice: one answers operations in Python, the other by the real PowerShell over its description.

Both are of worlds that are alike to the last id, and whose time of day stands still.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import typing as t
from pathlib import Path

import yaml
from aiohttp import web

from tests.lab.clock import Clock
from tests.lab.control import application
from tests.lab.device.device import Device
from tests.lab.device.dump import dump
from tests.lab.powershell import real
from tests.lab.powershell.payload import proof
from tests.lab.scenario import load_world
from tests.lab.world import World

SPEED = 200
#: Of a dump: what is other by nature, or of the machine that the PowerShell runs on.
TIME_LIKE = ("digest", "utc", "booted", "processes", "powershell_processes", "jobs")
Json = t.Any


class StillClock(Clock):
    """Waits pass, the time of day does not: two worlds write the same dates."""

    def __init__(self, now: datetime.datetime) -> None:
        super().__init__(SPEED)
        self._now = now

    def utc(self) -> datetime.datetime:
        return self._now


class Pair:
    """One device in Python, one in PowerShell."""

    def __init__(self, python: Device, powershell: Device, driver: t.Any) -> None:
        self.python, self.powershell = python, powershell
        self._driver = driver

    async def answers(self, *operations: dict, system: bool = False) -> list[tuple[dict, Json, Json]]:
        """(operation, answer in Python, answer in PowerShell) of each, so far as they can be compared."""
        request = {"v": 1, "id": "two-readers", "ops": list(operations)}
        account = "SYSTEM" if system else self.python.login
        of_python = await self.python.run_operations(request, account=account, system=system)
        self.powershell.powershell.sync()
        of_powershell = await asyncio.to_thread(self._ask, list(operations), account)
        self.powershell.powershell.sync()
        said = [facts(answer["device"]) for answer in (of_python, of_powershell)]
        pairs = zip(operations, of_python["results"], of_powershell["results"], strict=True)
        return [({"op": "device"}, *said), *((asked, comparable(one), comparable(two)) for asked, one, two in pairs)]

    def states(self) -> tuple[Json, Json]:
        """What has become of the two."""
        found = []
        for device in (self.python, self.powershell):
            state = {name: value for name, value in dump(device).items() if name not in TIME_LIKE}
            found.append(state)
        return found[0], found[1]

    def _ask(self, operations: list[dict], account: str) -> dict:
        shell = proof("shell")
        environment = self.powershell.powershell.environment(account)
        return self._driver.ask(
            operations,
            self.powershell.powershell.directory,
            packed=shell.with_stand_ins(shell.wire.operation_names(operations)),
            # Waits of the lab are short here, those of the cmdlet are not looked at.
            environment={
                "WINOPS_PROOF_CALLER": environment["WINOPS_PROOF_CALLER"],
                "WINOPS_PROOF_PATIENCE": str(real.PATIENCE),
            },
        )


class Worlds:
    """Two worlds of one scenario, and the PowerShell. An asynchronous context."""

    def __init__(self, scenario: dict, directory: Path) -> None:
        file = directory / "scenario.yml"
        file.write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self._worlds: list[World] = []
        for name in ("python", "powershell"):
            (directory / name).mkdir()
            self._worlds.append(load_world(str(file), out=directory / name, clock=StillClock(now)))
        self._directory = directory
        self._driver = proof("driver").Driver(proof("shell").Shell(str(real.program())))

    async def __aenter__(self) -> Worlds:
        self._runner = web.AppRunner(application(self._worlds[1]), access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        for device in self._worlds[1].hosts:
            folder = Path(os.path.realpath(self._directory)) / "powershell" / device.name
            real.RealPowerShell(device, folder, str(real.program()), f"http://{host}:{port}")
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._driver.close()
        for world in self._worlds:
            await world.stop()
        await self._runner.cleanup()

    def pairs(self) -> list[Pair]:
        """Every device, in the order of the scenario."""
        return [
            Pair(python, powershell, self._driver)
            for python, powershell in zip(self._worlds[0].hosts, self._worlds[1].hosts, strict=True)
        ]


def facts(device: dict) -> dict:
    """Who answered, and as whom."""
    return {name: device[name] for name in ("name", "account", "sid", "system", "elevated", "wow64")}


def comparable(result: dict) -> Json:
    """An answer without texts for people, seconds, and the full names of .NET's types."""
    if not result["ok"]:
        return {"failed": _without_texts(result["error"])}
    return _without_texts(result["value"])


def differences(one: Json, two: Json, where: str = "") -> list[str]:
    """What is other in *two*, with the place."""
    if isinstance(one, dict) and isinstance(two, dict):
        names = sorted({*one, *two})
        return [
            text
            for name in names
            for text in differences(one.get(name, "(nothing)"), two.get(name, "(nothing)"), f"{where}/{name}")
        ]
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        return [
            text
            for number, (left, right) in enumerate(zip(one, two, strict=True))
            for text in differences(left, right, f"{where}/{number}")
        ]
    return [] if one == two else [f"{where}: Python {one!r:.300}, PowerShell {two!r:.300}"]


def _without_texts(value: Json) -> Json:
    if isinstance(value, list):
        return [_without_texts(item) for item in value]
    if not isinstance(value, dict):
        return value
    if {"type", "message", "hresult"} <= set(value):
        return {"type": value["type"] and value["type"].rpartition(".")[2], "hresult": value["hresult"]}
    if {"id", "device", "results"} <= set(value):
        return {"of": facts(value["device"]), "results": [comparable(result) for result in value["results"]]}
    return {name: _without_texts(item) for name, item in value.items() if name not in ("seconds", "started")}
