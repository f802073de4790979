# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One deadline for all that a task waits for, and progress that is never silent for long.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

PROGRESS_SECONDS = 30


class Deadline:
    """A point in time on the controller's monotonic clock, ``seconds`` from now."""

    def __init__(self, seconds: float, clock=time.monotonic, sleep=time.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._start = clock()
        self.seconds = seconds

    @property
    def elapsed(self) -> float:
        return self._clock() - self._start

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """What is done within has a time of its own, which does not count here."""
        began = self.elapsed
        try:
            yield
        finally:
            self._start += self.elapsed - began

    @property
    def passed(self) -> bool:
        return self.elapsed >= self.seconds

    @property
    def left(self) -> float:
        """Seconds until it passes, 0 afterwards."""
        return max(0.0, self.seconds - self.elapsed)

    def pause(self, seconds: float) -> None:
        """Sleep for ``seconds`` or until the deadline, whichever comes first."""
        self._sleep(min(seconds, self.left))


class Progress:
    """Says what a task is waiting for: each new sentence at once, the same one again every PROGRESS_SECONDS."""

    def __init__(self, show: Callable[[str], None], clock=time.monotonic) -> None:
        self._show = show
        self._clock = clock
        self._last: str | None = None
        self._shown_at = clock()

    @property
    def last(self) -> str | None:
        """What it has said last, None where it has said nothing."""
        return self._last

    @property
    def silence(self) -> float:
        """For how many seconds it has said nothing."""
        return self._clock() - self._shown_at

    def pause(self, seconds: float, sentence: str, deadline: Deadline) -> None:
        """Wait for ``seconds`` or until the deadline, and say meanwhile what for."""
        rest = seconds
        while rest > 0 and not deadline.passed:
            part = min(rest, max(PROGRESS_SECONDS - self.silence, 1.0))
            deadline.pause(part)
            rest -= part
            self.say(sentence, deadline)

    def say(self, sentence: str, deadline: Deadline) -> None:
        now = self._clock()
        if sentence == self._last and now - self._shown_at < PROGRESS_SECONDS:
            return
        self._last, self._shown_at = sentence, now
        self._show(f"{sentence} ({deadline.elapsed:.0f} s of at most {deadline.seconds:.0f} s)")
