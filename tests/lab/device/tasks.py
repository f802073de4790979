# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled tasks: folders and tasks of the Task Scheduler.

States and results are those of Get-ScheduledTask and Get-ScheduledTaskInfo: 267009 (0x41301) running, 267011 (0x41303)
has not run, 267014 (0x41306) terminated, 267045 (0x41325) queued.
"""

from __future__ import annotations

import dataclasses
import datetime

READY, RUNNING, QUEUED, DISABLED = "Ready", "Running", "Queued", "Disabled"
RESULT_RUNNING, RESULT_NEVER, RESULT_TERMINATED, RESULT_QUEUED = 267009, 267011, 267014, 267045


@dataclasses.dataclass
class Task:
    """One registered task. ``process`` and ``limit`` (seconds) are of a task that runs a process of this machine;
    ``next_run`` is a time on the device's clock, None where no time is set."""

    name: str
    state: str = READY
    last_result: int | None = RESULT_NEVER
    process: int | None = None
    limit: int | None = None
    next_run: datetime.datetime | None = None

    def shown(self) -> dict:
        """What stays the same wherever it runs."""
        return {"name": self.name, "state": self.state, "last_result": self.last_result}


class Tasks:
    """Folders by lower-case path; every folder above one exists too."""

    def __init__(self, folders: frozenset[str] = frozenset(), known: tuple[tuple[str, str, str], ...] = ()) -> None:
        """``known``: (folder, task, state) of what Windows brings."""
        self._folders: dict[str, tuple[str, dict[str, Task]]] = {"\\": ("\\", {})}
        for folder in sorted(folders):
            self.create_folder(folder)
        for folder, name, state in known:
            self.register(folder, Task(name, state))

    def create_folder(self, path: str) -> None:
        full = ""
        for part in [part for part in path.split("\\") if part]:
            full += "\\" + part
            self._folders.setdefault(full.lower(), (full, {}))

    def remove_folder(self, path: str) -> bool:
        key = _normal(path)
        gone = [name for name in self._folders if name == key or name.startswith(key + "\\")]
        for name in gone:
            del self._folders[name]
        return bool(gone)

    def exists(self, folder: str) -> bool:
        return _normal(folder) in self._folders

    def subfolders(self, folder: str) -> list[str]:
        """Names of the folders directly below."""
        start = _normal(folder).rstrip("\\") + "\\"
        return sorted(
            path[len(start) :]
            for key, (path, _tasks) in self._folders.items()
            if key.startswith(start) and key != "\\" and "\\" not in key[len(start) :]
        )

    def tasks(self, folder: str) -> list[Task]:
        found = self._folders.get(_normal(folder))
        return sorted(found[1].values(), key=lambda task: task.name.lower()) if found else []

    def register(self, folder: str, task: Task) -> Task:
        self.create_folder(folder)
        self._folders[_normal(folder)][1][task.name.lower()] = task
        return task

    def get(self, folder: str, name: str) -> Task | None:
        found = self._folders.get(_normal(folder))
        return found[1].get(name.lower()) if found else None

    def unregister(self, folder: str, name: str) -> bool:
        found = self._folders.get(_normal(folder))
        return bool(found and found[1].pop(name.lower(), None))

    def all(self) -> dict[str, list[Task]]:
        """Every folder with its tasks, by path."""
        return {path: self.tasks(path) for _key, (path, _tasks) in sorted(self._folders.items())}

    def terminate_running(self) -> None:
        """Power off: what ran is over and says so at the next boot."""
        for _path, tasks in self._folders.values():
            for task in tasks.values():
                if task.state in (RUNNING, QUEUED):
                    task.state, task.last_result = READY, RESULT_TERMINATED


def _normal(path: str) -> str:
    return "\\" + "\\".join(part for part in path.lower().split("\\") if part)
