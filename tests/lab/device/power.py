# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power: restarts with their delay, what a restart ends, and what comes back with the next boot."""

from __future__ import annotations

import asyncio
import datetime
import typing as t

from . import events, winrm
from .images import COMPUTER_NAME

SERVICING = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"
UPDATE = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
SESSION_MANAGER = r"SYSTEM\CurrentControlSet\Control\Session Manager"
#: System error codes of shutdown.exe: a shutdown is in progress, a shutdown is already scheduled.
IN_PROGRESS, ALREADY_SCHEDULED = 1115, 1190
SHUTDOWN_SECONDS = 5.0


class Power:
    """The power of one device. ``boot_seconds`` is how long its port stays closed in a restart."""

    def __init__(self, device) -> None:
        self._device = device
        self.boot_seconds = 45.0
        #: The join is refused until the next boot (DSREG_E_DEVICE_REQUIRES_REBOOT).
        self.blocks_join = False
        #: Called after each boot with the device; they start what Windows starts.
        self.at_boot: list[t.Callable] = []
        self._first_work: list[asyncio.Task] = []
        self._restart: asyncio.Task | None = None
        self._going_down = False

    @property
    def scheduled(self) -> bool:
        return self._restart is not None

    @property
    def starting(self) -> bool:
        """Whether something that this start of Windows brings is still to come."""
        return any(not work.done() for work in self._first_work)

    def start_with_windows(self, work: t.Coroutine) -> None:
        """Run what a start of Windows brings, while ``starting``."""
        self._first_work = [known for known in self._first_work if not known.done()]
        self._first_work.append(self._device.spawn(work))

    def schedule_restart(self, delay: float, comment: str, account: str) -> int:
        """shutdown.exe /r /t delay: 0, or the system error code where a shutdown is already under way."""
        if self._restart is not None:
            return IN_PROGRESS if self._going_down else ALREADY_SCHEDULED
        self._device.system_event(
            "User32",
            1074,
            [
                rf"C:\Windows\system32\shutdown.exe ({self._device.hostname})",
                self._device.hostname,
                "No title for this reason could be found",
                "0x800000ff",
                "restart",
                comment,
                account,
            ],
        )
        self._restart = asyncio.get_running_loop().create_task(self._restart_after(delay))
        return 0

    def take_over(self, work: t.Coroutine) -> None:
        """A reset goes on while the device is off, and in the place of a restart."""
        self.stop()
        self._restart = asyncio.get_running_loop().create_task(self._taken_over(work))

    async def _taken_over(self, work: t.Coroutine) -> None:
        await work
        self._restart = None

    def stop(self) -> None:
        """Cancel a restart under way; used when the world ends."""
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None

    async def _restart_after(self, delay: float) -> None:
        await self._device.clock.sleep(delay)
        self._going_down = True
        await self._device.clock.sleep(SHUTDOWN_SECONDS)
        await self.off(clean=True)
        await self._device.clock.sleep(self.boot_seconds)
        self._restart = None
        self._going_down = False
        await self.on()

    async def off(self, clean: bool = False) -> None:
        """The power goes; all that runs is lost."""
        device = self._device
        if not device.online:
            return
        if clean:
            device.system_event("EventLog", 6006)
            device.system_event("Microsoft-Windows-Kernel-General", 13, [device.utc().isoformat()])
        device.online = False
        device.kill_everything()
        device.tasks.terminate_running()
        device.processes.clear()
        for callback in list(device.on_power):
            await callback(device, False)

    async def on(self) -> None:
        """Windows starts: pending work of the last session is done, a pending name becomes the name."""
        device = self._device
        if device.online:
            return
        device.booted = device.utc()
        self.blocks_join = False
        device.leave.unfinished = False
        settle_pending(device)
        device.system_event(
            "Microsoft-Windows-Kernel-General",
            12,
            [10, 0, device.image.build, device.image.revision, 0, 0, device.booted.isoformat()],
        )
        device.system_event("EventLog", 6005)
        device.online = True
        if winrm.reachable(device) and not device.out_of_box:
            for callback in list(device.on_power):
                await callback(device, True)
        for start in self.at_boot:
            start(device)


def settle_pending(device) -> None:
    """What a boot clears: servicing and update markers, pending renames of files and of the computer."""
    device.registry.delete(SERVICING)
    device.registry.delete(UPDATE)
    device.registry.delete_value(SESSION_MANAGER, "PendingFileRenameOperations")
    pending = pending_name(device)
    if pending:
        device.set_name(pending, active=True)


def pending_name(device) -> str | None:
    """The computer name that the next boot will bring, None where it stays."""
    from .images import TCPIP

    wanted = device.registry.get(rf"{COMPUTER_NAME}\ComputerName", "ComputerName")
    active = device.registry.get(rf"{COMPUTER_NAME}\ActiveComputerName", "ComputerName")
    return str(device.registry.get(TCPIP, "NV Hostname") or wanted) if wanted != active else None


def mark_pending(device, markers: list[str]) -> None:
    """Leave the traces of a pending restart: servicing, update, file_renames."""
    if "servicing" in markers:
        device.registry.set(SERVICING)
    if "update" in markers:
        device.registry.set(UPDATE, {"0f2fc0a1-9a3c-4a55-8a0c-7c1e7d4f2b10": 1})
    if "file_renames" in markers:
        device.registry.set(SESSION_MANAGER, {"PendingFileRenameOperations": [r"\??\C:\Windows\Temp\old.dll", ""]})


def backdate_boot(device, hours: float) -> None:
    """Say that the device was started that many hours ago."""
    device.booted = device.utc() - datetime.timedelta(hours=hours)
    device.events.write(events.SYSTEM, 6005, device.booted, [], "EventLog")
