# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaves as tasks, a device that is hard to leave with, and a guard over what no leave may take."""

from __future__ import annotations

import threading
import typing as t

from tests.integration import inspection
from tests.lab.process import RunningLab

INTUNE = "MS DM Server"


def leave_task(name: str = "leave", **options: t.Any) -> dict[str, t.Any]:
    """The task; a failure does not end the play for the host. Seconds are real: one is a minute of the device."""
    given = {"poll_interval": 1, "timeout": 120, "reboot_timeout": 120} | options
    return {"name": name, "winops.entra.disconnect": given, "ignore_errors": True, "ignore_unreachable": True}


def untouched(dump: inspection.State) -> list[dict]:
    """The enrollments that are nobody's business: those of other providers, and Windows' own keys."""
    return [item for item in dump["enrollments"] if item["provider"] != INTUNE]


class Guard:
    """Looks at every device all the time: a local administrator, once there, must never be gone; nor a foreign
    enrollment.

    Also nobody may be taken out of a tenant who has none.
    """

    def __init__(self, lab: RunningLab) -> None:
        self._lab = lab
        self._first = inspection.states(lab)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.looks = 0
        self.broken: list[str] = []

    def __enter__(self) -> Guard:
        self._thread.start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._over.set()
        self._thread.join(30)
        self.look()

    def look(self) -> None:
        """One look at all of them."""
        for name, dump in inspection.states(self._lab).items():
            before = self._first[name]
            if untouched(dump) != untouched(before):
                self.broken.append(f"{name}: a foreign enrollment was touched")
            if before["local_administrator"] and not dump["local_administrator"]:
                self.broken.append(f"{name}: no local administrator any more")
            if not before["local_administrator"] and dump["join_parts"] != before["join_parts"]:
                self.broken.append(f"{name}: taken out without a local administrator")
        self.looks += 1

    def _watch(self) -> None:
        while not self._over.wait(0.3):
            self.look()
