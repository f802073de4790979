# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running processes: the few that matter, with process ids that grow."""

from __future__ import annotations

import dataclasses

ALWAYS = (("System", 4), ("services.exe", 764), ("lsass.exe", 792), ("svchost.exe", 968), ("explorer.exe", 5120))


@dataclasses.dataclass(eq=False)
class Process:
    """One process. ``name`` ends in .exe as Win32_Process prints it."""

    name: str
    pid: int


class Processes:
    """The process list of one device."""

    def __init__(self) -> None:
        self._started: list[Process] = []
        self._next = 6000

    def start(self, name: str) -> Process:
        self._next += 4
        process = Process(name, self._next)
        self._started.append(process)
        return process

    def end(self, process: Process) -> None:
        if process in self._started:
            self._started.remove(process)

    def clear(self) -> None:
        """Power off."""
        self._started.clear()
        self._next = 6000

    def all(self) -> list[Process]:
        return [Process(name, pid) for name, pid in ALWAYS] + list(self._started)

    def named(self, *names: str) -> list[Process]:
        wanted = {name.lower() for name in names}
        return [process for process in self.all() if process.name.lower() in wanted]
