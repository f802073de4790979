# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An end to an exchange with a device that takes the request and never answers.

Windows answers for a shell whose command says nothing ("not yet", every 20 s), and connection plugins ask again for
ever; ssh waits as long as its connection stands. So a thread counts the time, says what is waited for, and wakes the
main thread by a signal, whose handler raises. Not by SIGALRM: that is how Ansible ends a task by its keyword timeout.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
import types
import typing as t
from collections.abc import Callable

from ..progress import PROGRESS_SECONDS
from ..time_limit import GRACE_SECONDS, interrupted

_TICK = 1.0
# Nobody else's, and ignored where nobody waits for it.
_SIGNAL = signal.SIGURG


class TimeIsUp(BaseException):
    """Raised in the middle of an exchange. Not an Exception: what those are, connection plugins try to recover from."""


class Watch:
    """Watches one exchange: between ``start`` and ``stop`` it raises TimeIsUp after so many seconds.

    ``say(seconds)`` is called in another thread, each time that nobody has heard anything for PROGRESS_SECONDS; before
    the exchange nobody has for ``silence`` seconds.
    Outside of the main thread it says, and raises nothing: Python delivers signals to the main thread only.
    """

    def __init__(
        self, seconds: float, say: Callable[[float], None], every: float = PROGRESS_SECONDS, silence: float = 0.0
    ) -> None:
        self._seconds = seconds
        self._say = say
        self._every = every
        self._silence = silence
        self._over = threading.Event()
        self._previous: t.Any = None
        self._began = 0.0
        self._owner: types.FrameType | None = None
        self._next = 0.0

    def start(self) -> None:
        self._began = time.monotonic()
        self._next = self._began + self._seconds
        if threading.current_thread() is threading.main_thread():
            self._owner = sys._getframe(1)
            self._previous = signal.signal(_SIGNAL, self._wake)
        threading.Thread(target=self._count, args=(threading.get_ident(),), name="watch", daemon=True).start()

    def stop(self) -> None:
        """The exchange is over. May be called twice."""
        self._over.set()
        if self._owner is not None:
            self._owner = None
            signal.signal(_SIGNAL, self._previous)

    def _count(self, whom: int) -> None:
        said = self._began - self._silence
        while not self._over.wait(min(_TICK, max(0.0, self._next - time.monotonic()) or _TICK)):
            now = time.monotonic()
            if now - said >= self._every:
                said = now
                self._say(now - self._began)
            if now >= self._next and self._owner is not None:
                signal.pthread_kill(whom, _SIGNAL)

    def _wake(self, _number: int, frame: types.FrameType | None) -> None:
        now = time.monotonic()
        # A signal may come late, of a watch that is over.
        if self._over.is_set() or now < self._next:
            return
        if not interrupted(frame, self._owner):
            return  # in a moment again
        self._next = now + GRACE_SECONDS
        raise TimeIsUp
