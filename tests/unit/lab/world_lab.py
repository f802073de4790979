# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated world for unit tests: a clock that stands still, short ways to ask a device something."""

from __future__ import annotations

import asyncio
import contextlib
import typing as t
from pathlib import Path

import yaml

from tests.lab.clock import ManualClock
from tests.lab.device.device import Device
from tests.lab.device.provisioning import own_packages
from tests.lab.scenario import load_world
from tests.lab.world import World

JOB = "0b7e5a52-1f2c-4f3a-9b57-2f1f3f1c9d10"
PACKAGES = r"%ProgramData%\winops.entra\packages"
ENGINE = r"%ProgramData%\Microsoft\Provisioning"
PROVISIONING = "Microsoft-Windows-Provisioning-Diagnostics-Provider/Admin"
REGISTRATION = "Microsoft-Windows-User Device Registration/Admin"
MDM = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Admin"


class Lab:
    """One world, run by hand. Every method that lets time pass drives the manual clock."""

    def __init__(self, directory: Path, scenario: str | dict = "every_kind", devices: int | None = None) -> None:
        self.clock = ManualClock()
        if isinstance(scenario, dict):
            path = directory / "scenario.yml"
            path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
            scenario = str(path)
        self.world: World = load_world(scenario, devices=devices, out=directory, clock=self.clock)

    def device(self, kind: str) -> Device:
        """The first device of a kind."""
        return next(host for host in self.world.hosts if host.kind == kind)

    async def ask(
        self,
        device: Device,
        *steps: dict,
        system: bool = False,
        stop_on_error: bool = False,
        account: str | None = None,
    ) -> list[dict]:
        """The results of operations, letting as much time pass as they need."""
        request = {"v": 1, "id": "unit", "ops": list(steps), "stop_on_error": stop_on_error}
        answer = await self.clock.run(device.run_operations(request, account=account or device.login, system=system))
        return answer["results"]

    async def value(self, device: Device, operation: str, system: bool = False, **params: t.Any) -> t.Any:
        """The value of one operation, which must succeed."""
        [result] = await self.ask(device, {"op": operation, **params}, system=system)
        assert result["ok"], result
        return result["value"]

    async def error(
        self, device: Device, operation: str, system: bool = False, account: str | None = None, **params: t.Any
    ) -> dict:
        """The error of one operation, which must fail."""
        [result] = await self.ask(device, {"op": operation, **params}, system=system, account=account)
        assert not result["ok"], result
        return result["error"]

    async def bring(self, device: Device, label: str = "") -> str:
        """Put a package of the world on the device; returns its path there."""
        label = label or Path(device.variables["join_src"]).stem
        await self.value(device, "directory_create", path=PACKAGES)
        device.files.write(rf"{PACKAGES}\{label}.ppkg", self.world.packages[label].data)
        return rf"{PACKAGES}\{label}.ppkg"

    async def install(self, device: Device, label: str = "", force: bool = False) -> dict:
        """Apply a package as SYSTEM and return the value of package_install."""
        path = await self.bring(device, label)
        return await self.value(device, "package_install", system=True, path=path, force=force)

    def events(self, device: Device, log: str, *ids: int) -> list:
        """Without those of packages that are on every PC."""
        found = [event for event in device.events.read(log) if event.id in ids]
        return [event for event in found if log != PROVISIONING or not own_packages.tells_of_own(event)]

    async def listed(self, device: Device) -> list[dict]:
        """The packages that Windows lists, without those that are on every PC."""
        found = (await self.value(device, "provisioning_packages"))["packages"]
        return [package for package in found if "{" + package["id"] + "}" in device.applied]


def code(value: int | None) -> str | None:
    """A signed HRESULT as 0x text."""
    return None if value is None else f"0x{value & 0xFFFFFFFF:08x}"


def run(test: t.Callable[..., t.Coroutine]) -> t.Callable:
    """Run an async test function in a loop of its own and end what it left running."""

    def wrapper(tmp_path: Path) -> None:
        async def main() -> None:
            lab = Lab(tmp_path)
            try:
                await test(lab)
            finally:
                await lab.world.stop()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0)

        asyncio.run(main())

    wrapper.__name__ = test.__name__
    wrapper.__doc__ = test.__doc__
    return wrapper
