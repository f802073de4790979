# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows after Windows has been told to reset itself: the device goes, and another installation comes.

A method that returned 0 proves nothing (field reports). So each look asks who answers: the same machine, the same
installation of Windows, started when?

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable

from ...progress import Deadline, Progress
from ...result import Failure
from .. import wire
from ..answers import Answer
from ..reading import Unreadable, known
from ..session import ConnectionLost, DeviceSession
from ..waiting import Waiter
from . import reset_state
from .reset_state import WHICH_DEVICE, Machine

#: At least so many looks in a row without an answer: some may be lost on a bad line.
LOOKS_WITHOUT_ANSWER = 3
SENT, GONE, REINSTALLED = "sent", "gone", "reinstalled"
UNDONE = "reset_undone"


class Before(t.NamedTuple):
    """The machine, and its installation of Windows before the reset (UTC texts)."""

    machine: Machine
    installed: str
    booted: str | None


class Follower:
    """Looks at the device until it has gone, or is another installation."""

    def __init__(self, session: DeviceSession, before: Before, progress: Progress) -> None:
        self._session = session
        self._before = before
        self._progress = progress

    def look(self, waiter: Waiter, more: dict[str, dict]) -> Answer | None:
        """One look at WHICH_DEVICE and ``more``; None where nobody answers, or another machine does."""
        self._session.deadline = waiter.deadline
        try:
            answer = self._session.run(more | WHICH_DEVICE)
        except (ConnectionLost, wire.WireError):
            return None
        return answer if reset_state.machine(answer) == self._before.machine else None

    def is_new(self, answer: Answer) -> bool:
        """Whether another installation of Windows answers."""
        return reset_state.installed(answer) not in (None, self._before.installed)

    def is_old(self, answer: Answer) -> bool:
        """Whether the installation from before answers, for certain."""
        return reset_state.installed(answer) == self._before.installed

    def is_old_again(self, answer: Answer) -> bool:
        """Whether the Windows from before answers, and was started since."""
        booted = reset_state.booted(answer)
        return self.is_old(answer) and None not in (booted, self._before.booted) and booted != self._before.booted

    def until_gone(
        self,
        waiter: Waiter,
        more: dict[str, dict],
        heed: Callable[[Answer], bool],
        interval: float,
        silence: Callable[[], Deadline],
    ) -> tuple[str | None, Answer | None]:
        """``(GONE, None)``, ``(REINSTALLED, answer)``, ``(SENT, answer)`` where ``heed(answer)`` says that this is
        enough, or ``(None, the newest answer)`` where the deadline has passed. ``heed`` may raise Failure.

        A restart is silent, too: only a device that has not answered until a ``silence()`` is over has gone. It may end
        after the deadline."""
        last, waiting = None, "waiting for the device to go"
        missed, silent = 0, None
        while True:
            last_look = waiter.deadline.passed
            self._progress.say(waiting, waiter.deadline)
            try:
                answer = self.look(waiter, more)
            except Unreadable:
                # Whoever answers has not gone, and of somebody unknown nothing is concluded.
                missed, silent = 0, None
            else:
                if answer is None:
                    missed, silent = missed + 1, silent or silence()
                    if missed >= LOOKS_WITHOUT_ANSWER and silent.passed:
                        return GONE, None
                else:
                    last, missed, silent = answer, 0, None
                    if self.is_new(answer):
                        return REINSTALLED, answer
                    if heed(answer):
                        return SENT, answer
            if last_look and silent is None:
                return None, last
            self._progress.pause(interval, waiting, silent or waiter.deadline)

    def until_new(self, waiter: Waiter, interval: float) -> Answer | None:
        """The first answer of another installation, None where the deadline passed. Raises Failure where the old one
        comes back."""
        waiting = "waiting for another installation of Windows"
        while True:
            last_look = waiter.deadline.passed
            self._progress.say(waiting, waiter.deadline)
            answer = known(functools.partial(self.look, waiter, {}))
            if answer and self.is_new(answer):
                return answer
            if answer and self.is_old_again(answer):
                raise undone()
            if last_look:
                return None
            self._progress.pause(interval, waiting, waiter.deadline)


def undone() -> Failure:
    """The failure of a device that has been restarted, and is as it was."""
    return Failure(
        "the device has restarted, but was not reset: the same installation of Windows answers",
        side="device",
        name=UNDONE,
        cause="the recovery environment could not be started, or gave up and put everything back",
        fix="look at the device's console and at C:\\$SysReset\\Logs; check the recovery environment with reagentc "
        "/info, then run the task again",
    )
