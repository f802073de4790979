# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device of the lab whose controller is cut off, timed out or killed at one exchange, and what is on it."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible_collections.winops.entra.plugins.plugin_utils.time_limit import TaskTimeUp
from tests.lab.device.dump import dump
from tests.unit.device.played import Played

from .table import COPY, JOB, KNOWN, SETTINGS, WINDOWS

OWN = r"c:\programdata\winops.entra"
USERS_PATH = r"C:\Users\Public\a package.ppkg"
STORE = r"c:\programdata\microsoft\provisioning"
CUT, KILLED, TIMED_OUT = "cut off", "killed", "timed out"
WAYS = (CUT, KILLED, TIMED_OUT)
MEMORY = (r"Provisioning\Results", r"Provisioning\PackageInfo", r"CachedCRCs\RunTime")


class Killed(BaseException):
    """The controller is gone: nobody catches it."""


class Disturbed(Played):
    """Its ``number``-th exchange (0: none) is the last that its controller begins, and is executed if ``done``."""

    def __init__(self, directory: Path, kind: str, options: dict, number: int = 0, way: str = "", done: bool = False):
        super().__init__(directory, kind, options, {"packages": PACKAGES})
        self.number, self.way, self.done = number, way, done
        self.asked = 0

    def _execute(self, script: str, data: bytes) -> tuple[str, str, int]:
        if self._ends_before():
            self._end()
        answer = super()._execute(script, data)
        if self._ends_after():
            self._end()
        return answer

    def _put_file(self, source: str, destination: str) -> None:
        if self._ends_before():
            self._end()
        super()._put_file(source, destination)
        if self._ends_after():
            self._end()

    @property
    def met(self) -> bool:
        return 0 < self.number <= self.asked

    def _ends_before(self) -> bool:
        self.asked += 1
        return self.met and not (self.done and self.asked == self.number)

    def _ends_after(self) -> bool:
        return self.met

    def _end(self) -> t.NoReturn:
        if self.way == KILLED:
            raise Killed
        if self.way == TIMED_OUT:
            raise TaskTimeUp
        raise ConnectionResetError("reset by peer")


PACKAGES: dict[str, dict[str, t.Any]] = {
    "named": {"title": "Contoso join and a name", "computer_name": "CT-%SERIAL%"},
    "named_gone": {"title": "A name, and a deleted user", "token": "user_gone", "computer_name": "CT-%SERIAL%"},
    "site": {"title": "Contoso site", "token": "none", "certificate": "Contoso"},
}


def things(state: dict[str, t.Any], before: dict[str, t.Any] | None = None) -> set[str]:
    """What of the table is on a device, by its dump, and was not there ``before``. An empty directory of ours counts as
    the copy that it is for."""
    return {thing for thing, there in _there(state).items() if there - (_there(before)[thing] if before else set())}


def _there(state: dict[str, t.Any]) -> dict[str, set[str]]:
    paths = {entry["path"].lower() for entry in state["files"]}
    tasks = {task["name"] for folder in state["tasks"].values() for task in folder}
    jobs = {job for job, what in state["jobs"].items() if what != "absent"}
    own = {path for path in paths if path.startswith(OWN)}
    windows_own = [package["id"].lower() for package in state["own_packages"]]
    memory = {path for path in state["registry"]["HKLM"] if any(rf"{place}\{{" in path for place in MEMORY)}
    of_jobs = {path for path in own if path.startswith(rf"{OWN}\jobs")}
    return {
        JOB: jobs | of_jobs | {name for name in tasks if name.startswith("winops.entra")},
        COPY: own - of_jobs - ({OWN} if len(own) > 1 else set()),
        WINDOWS: {path for path in paths if path.startswith(STORE) and path != STORE},
        KNOWN: {path for path in memory if not any(package_id in path.lower() for package_id in windows_own)},
        SETTINGS: {state["pending_hostname"]} - {None},
    }


def look(played: Played) -> dict[str, t.Any]:
    """The device's dump."""
    return dump(played.device)
