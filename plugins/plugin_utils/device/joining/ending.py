# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How work with a package, or with the job of a join without one, tells in what state it leaves the device.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from .. import left_behind
from ..answers import Answer
from ..reading import plain_id
from ..system_work import OUTCOME_UNKNOWN
from ..work import DeviceWork
from .remains import PACKAGE_ENTRY, Remains


class PackageWork(DeviceWork):
    """Work whose ``remains`` says what is there; ``look_before`` is called with the first look."""

    remains: Remains
    known_before: dict | None = None
    _own_before: tuple[str, ...] = ()
    _listed_before: frozenset[str] | None = None

    def look_before(self, first: Answer) -> None:
        """What was there before the task."""
        self.known_before = self.remains.shown(first)
        self._own_before = tuple(left_behind.places(self.remains.own(first)))
        self._listed_before = self.remains.listed(first)

    def tell_left_behind(self, answer: Answer | None) -> None:
        """What is on the device in the end, by an answer to ``remains.observations()``."""
        if answer:
            self.learned["left_behind"] = self.remains.entries(answer)

    def tell_cleared(self) -> None:
        """That what an earlier run has left is removed: all that was told, but for what Windows remembers."""
        there = [item for item in self.learned["left_behind"] if item["what"] != PACKAGE_ENTRY]
        self.changes.add("leftovers", _listed(tuple(left_behind.places(there))), None)

    def tell_failed(self, answer: Answer, kept: str | None = None) -> None:
        """After a failure: what is on the device, and what of it was not there before, or is no more. ``kept`` says why
        a package that is there was left there."""
        why = "keep_copy is true" if self.plan.keep_copy else left_behind.NOT_REMOVED
        self.learned["left_behind"] = self.remains.entries(answer, why)
        after = self.remains.shown(answer)
        if after and after != self.known_before:
            after = self._told_of_package() | after | ({"kept": kept} if kept else {})
        self.changes.correct("package", self.known_before, after)
        self._tell_others(answer)
        own = tuple(left_behind.places(self.remains.own(answer)))
        if own != self._own_before and not self.changes.changed:
            self.changes.add("leftovers", _listed(self._own_before), _listed(own))

    def _tell_others(self, answer: Answer) -> None:
        """Of a file that has another id than was given, Windows lists the other one."""
        listed = self.remains.listed(answer)
        if self.remains.package is None or self._listed_before is None or listed is None:
            return
        for other in sorted(listed - self._listed_before - {plain_id(self.remains.id)}):
            self.changes.add(f"package {other}", None, {"id": other})
            self.learned["left_behind"] += self.remains.of_another(answer, other)

    def _told_of_package(self) -> dict:
        """What was said of a way in which it is applied again."""
        told = [one["after"] for one in self.changes.as_result(False)["changes"] if one["what"] == "package"]
        return {name: value for name, value in ((told[-1] if told else None) or {}).items() if name != "applied"}

    def tell_unknown(self, *whats: str) -> None:
        """The device does not answer any more: what of ``whats`` has changed, and what is there, nobody knows."""
        self.learned["left_behind"] = self.remains.unknown()
        for change in self.changes.as_result(False)["changes"]:
            if change["what"] in whats:
                self.changes.correct(change["what"], change["before"], OUTCOME_UNKNOWN)


def _listed(places: tuple[str, ...]) -> dict | None:
    return {"left behind": list(places)} if places else None
