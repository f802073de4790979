# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a request is sent again, how long to wait before, and how much waiting a task may do in all.

Sources: Microsoft Graph, "Throttling guidance" (429 with Retry-After in seconds; Conditional Access gives none) and
"Best practices" (503, 504); RFC 9110 section 10.2.3 (Retry-After may be a date); Intune answers a read with 500 now and
then (microsoft-graph-explorer-v4 issue 3157, Get-MgDeviceManagementManagedDevice in many threads).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import random
import re
import time
import typing as t
from collections.abc import Callable

from ...progress import PROGRESS_SECONDS

THROTTLED = 429
#: A gateway's answers: the request may or may not have been executed.
UNSURE = frozenset({502, 503, 504})
#: Answers to a request that the service has begun with: for a read another try does no harm, a write may be half done.
AGAIN_FOR_READS = frozenset({408, 500})
MOST_ATTEMPTS = {True: 10, False: 4}  # throttled or not
LONGEST_BACK_OFF = 30.0
TELL_FROM = 5.0
#: A number or a date beyond is not meant: a year of seconds.
LONGEST_RETRY_AFTER = 366 * 86400.0
# isdigit() and \d know more digits than float() does.
_DIGITS = re.compile("[0-9]+")
_LONGEST_DATE = 100


class Waits:
    """What one task spends on waiting: a sum of seconds that never passes ``limit``.

    Working time does not count, so a long list does not time out; time lost in attempts that failed does. ``sleep``
    and ``clock`` (both in seconds) can be replaced, ``say`` shows a sentence to the user.
    """

    def __init__(
        self,
        limit: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.limit = float(limit)
        self.spent = 0.0
        self.clock = clock
        self._sleep = sleep
        self._say = say

    def another(self, limit: float) -> Waits:
        """A second account of waiting, with a limit of its own."""
        return Waits(limit, self._sleep, self.clock, self._say)

    @property
    def left(self) -> float:
        return max(0.0, self.limit - self.spent)

    @contextlib.contextmanager
    def at_most(self, seconds: float) -> t.Iterator[None]:
        """What is waited for within ends after so many seconds of waiting, or where the task's own time does."""
        limit = self.limit
        self.limit = min(limit, self.spent + seconds)
        try:
            yield
        finally:
            self.limit = limit

    def lose(self, seconds: float) -> None:
        """Count seconds that a failed attempt took."""
        self.spent += max(0.0, seconds)

    def began(self) -> float:
        """The beginning of what may turn out to be a wait, for ``took``."""
        return self.clock() - self.spent

    def took(self, began: float) -> float:
        """Seconds since then, without those that are counted already."""
        return max(0.0, self.clock() - self.spent - began)

    def tell(self, sentence: str) -> None:
        """Show a sentence to the user."""
        if self._say is not None:
            self._say(sentence)

    def described(self, seconds: float | None) -> str:
        """What ``wait`` would do, in words; empty where there is nothing to wait for."""
        if seconds is None:
            return ""
        return f"waits {seconds:.1f} s" if seconds <= self.left else f"no time left to wait {seconds:.1f} s"

    def wait(self, seconds: float, why: str) -> bool:
        """Sleep and say why, where the wait is long, again every PROGRESS_SECONDS. False, without sleeping, when that
        would pass the limit."""
        if seconds > self.left:
            return False
        left, rest = self.left, seconds
        self.spent += seconds
        while rest > 0:
            if rest >= TELL_FROM:
                self.tell(f"{why}: waiting {rest:.0f} s ({left:.0f} s left)")
            part = min(rest, PROGRESS_SECONDS)
            self._sleep(part)
            left, rest = left - part, rest - part
        return True


def pause(
    attempt: int,
    status: int | None,
    retry_after: str | None,
    repeatable: bool,
    unsent: bool = False,
    reads: bool = False,
    jitter: Callable[[], float] = random.random,
) -> float | None:
    """Seconds to wait before the next attempt; None where there must be none.

    ``attempt`` counts from 1. ``status`` is None where no answer came; ``unsent`` says that the request surely never
    arrived. ``repeatable`` says whether executing it twice does no harm: a POST that creates is repeated only where the
    first one was certainly refused. ``reads`` says that it changes nothing.
    """
    throttled = status == THROTTLED
    unsure = status is None or status in UNSURE
    if not (throttled or unsent or (repeatable and unsure) or (reads and (unsure or status in AGAIN_FOR_READS))):
        return None
    if attempt >= MOST_ATTEMPTS[throttled]:
        return None
    asked = seconds_of(retry_after)
    if asked is not None:
        return max(1.0, asked)
    return back_off(attempt) * (1 + jitter() / 2)


def back_off(attempt: int, longest: float = LONGEST_BACK_OFF) -> float:
    """1, 2, 4, ... seconds, at most ``longest``."""
    return min(longest, 2.0 ** (min(attempt, 16) - 1))


def seconds_of(retry_after: str | None, now: t.Callable[[], datetime.datetime] | None = None) -> float | None:
    """Retry-After, given in seconds or as a date, as seconds; None where it is missing or unreadable."""
    if not retry_after:
        return None
    text = str(retry_after).strip()
    if _DIGITS.fullmatch(text):
        return min(LONGEST_RETRY_AFTER, float(text[:20]))
    present = now() if now else datetime.datetime.now(datetime.timezone.utc)
    try:
        date = email.utils.parsedate_to_datetime(text[:_LONGEST_DATE])
        if date.tzinfo is None:
            date = date.replace(tzinfo=datetime.timezone.utc)
        return min(LONGEST_RETRY_AFTER, max(0.0, (date - present).total_seconds()))
    except (ValueError, TypeError, OverflowError, LookupError):  # what the email package makes of other texts
        return None
