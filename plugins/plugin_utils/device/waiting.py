# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounded waiting for a device: questions that survive a lost connection, and end with the deadline.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..progress import Deadline, Progress
from ..result import Failure
from . import wire
from .answers import Answer
from .session import ConnectionLost, DeviceSession

#: The name of the failure of a device that does not answer any more.
LOST_IN_BETWEEN = "connection_lost"


def connection_lost(sentence: str, exc: Exception, what: str) -> Failure:
    """The Failure of a device that has answered before and does not any more; ``what`` the next run finds there."""
    from . import contact  # Nearly every task goes well, and has no use for it.

    known = contact.of_the_device(exc)
    if known:
        return Failure(
            f"{sentence}: {exc}: {known.cause}",
            side="device",
            name="connection_lost",
            cause=known.cause,
            fix=f"{known.fix}; then run the task again: it continues {what}",
            doc=contact.CONNECTIONS_GUIDE,
        )
    return Failure(
        f"{sentence}: {exc}",
        side="network",
        name=LOST_IN_BETWEEN,
        cause="the device restarted, lost its network, or its WinRM listener, firewall profile or account changed",
        fix=f"run the task again: it continues {what}",
    )


class Waiter:
    """Asks a device again and again until an answer satisfies, the deadline passes, or there is no hope.

    ``last`` is the newest answer to what it has waited for, whether or not that was enough. ``longest_silence`` is for
    how many seconds the device may give no answer at all, None: until the deadline.
    """

    def __init__(self, session: DeviceSession, progress: Progress, interval: float, deadline: Deadline) -> None:
        self._session = session
        self._progress = progress
        self._interval = interval
        self.deadline = deadline
        self.connections_lost = 0
        self.longest_silence: float | None = None
        self._last: Answer | None = None

    @property
    def last(self) -> Answer:
        if self._last is None:
            raise RuntimeError("nothing has been waited for yet")
        return self._last

    def ask(self, operations: dict[str, dict], sentence: str, stop_on_error: bool = False) -> Answer:
        """One answer, however often the connection breaks: only for operations that may be executed twice.

        Raises the last ConnectionLost or WireError when the deadline passes first, or the silence lasts too long.
        """
        asked = self.deadline.elapsed
        self._session.deadline = self.deadline
        while True:
            try:
                return self._session.run(operations, stop_on_error)
            except (ConnectionLost, wire.WireError):
                self.connections_lost += 1
                silence = self.deadline.elapsed - asked
                if self.deadline.passed or (self.longest_silence is not None and silence >= self.longest_silence):
                    raise
            waiting = f"{sentence}; the device does not answer"
            self._progress.say(waiting, self.deadline)
            self._progress.pause(self._interval, waiting, self.deadline)

    def until(self, operations: dict[str, dict], satisfied, sentence: str) -> Answer | None:
        """The first answer for which ``satisfied(answer)`` is true, or None when the deadline passed first.

        ``satisfied`` may raise to give up early. The last look is taken after the deadline has passed, so that a state
        reached at the last moment counts.
        """
        while True:
            last_look = self.deadline.passed
            self._progress.say(sentence, self.deadline)
            answer = self._last = self.ask(operations, sentence)
            if satisfied(answer):
                return answer
            if last_look:
                return None
            self._progress.pause(self._interval, sentence, self.deadline)
