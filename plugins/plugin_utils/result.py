# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module returns: one change set, one failure shape, phases with seconds.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import time
import typing as t
from collections.abc import Iterable
from contextlib import contextmanager

from .time_limit import TaskTimeUp

ERROR_FIELDS = ("code", "name", "side", "cause", "fix", "evidence", "request_id", "permissions", "doc")
NOT_SEEN = "unknown: the task timed out"
"""What a change has come to that was being made when the task's time ended."""
SIDES = ("device", "tenant", "network", "controller")


class Failure(Exception):
    """A task cannot do what it was asked to.

    ``msg`` is one sentence that says what failed and what to do; ``error`` has the fields of ERROR_FIELDS
    (those not given are None, ``evidence`` an empty list, ``permissions`` an empty list).
    """

    def __init__(self, msg: str, side: str, **error) -> None:
        super().__init__(msg)
        unknown = set(error) - set(ERROR_FIELDS)
        if side not in SIDES or unknown:
            raise ValueError(f"not an error of this collection: side {side!r}, fields {sorted(unknown)}")
        self.msg = msg
        self.error: dict[str, t.Any] = {field: error.get(field) for field in ERROR_FIELDS}
        self.error.update(side=side, evidence=error.get("evidence") or [], permissions=error.get("permissions") or [])


class Unreached(Failure):
    """The failure of a device that could not be reached: to Ansible it is unreachable, and the task has not failed."""


class ChangeSet:
    """The list of what was changed, or in check mode would be: the only source of changed, changes and diff."""

    def __init__(self) -> None:
        self._changes: list[dict] = []

    def add(self, what: str, before, after) -> None:
        """Record that ``what`` (a noun phrase) goes from ``before`` to ``after`` (JSON values).

        Equal values are not a change.
        """
        if before != after:
            self._changes.append({"what": what, "before": before, "after": after})

    def undo(self, what: str) -> None:
        """Forget the change of ``what``: it was taken back, and the device is as it was."""
        self._changes = [change for change in self._changes if change["what"] != what]

    def correct(self, what: str, before, after) -> None:
        """Record this change of ``what`` in the place of what was recorded of it, or last."""
        places = [place for place, change in enumerate(self._changes) if change["what"] == what]
        later = self._changes[places[0] :] if places else []
        self._changes = self._changes[: places[0]] if places else self._changes
        self.add(what, before, after)
        self._changes += [change for change in later if change["what"] != what]

    @contextmanager
    def attempt(self, changes: Iterable[tuple[str, t.Any, t.Any]] | None = None):
        """While these changes, each ``(what, before, after)``, or else all that are recorded by now, are being made.

        If the task's time ends in the middle, nobody knows whether they were, and that is what is recorded.
        """
        if changes is None:
            changes = [(change["what"], change["before"], change["after"]) for change in self._changes]
        try:
            yield
        except TaskTimeUp:
            for what, before, _after in changes:
                self.undo(what)
                self.add(what, before, NOT_SEEN)
            raise

    @property
    def changed(self) -> bool:
        return bool(self._changes)

    def as_result(self, with_diff: bool) -> dict:
        """``{changed, changes[, diff]}`` as Ansible shows it."""
        result = {"changed": self.changed, "changes": list(self._changes)}
        if with_diff:
            result["diff"] = {
                "before": {change["what"]: change["before"] for change in self._changes},
                "after": {change["what"]: change["after"] for change in self._changes},
            }
        return result


class Phases:
    """Names and seconds of what a long task did, in order: ``[{name, seconds}]``."""

    def __init__(self, clock=time.monotonic) -> None:
        self._clock = clock
        self.done: list[dict] = []

    @contextmanager
    def phase(self, name: str):
        start = self._clock()
        try:
            yield
        finally:
            self.done.append({"name": name, "seconds": round(self._clock() - start, 1)})
