# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time in the simulated world.

Durations are in *device seconds*: what a real device would need. ``Clock`` runs them ``speed`` times faster than real
time, ``ManualClock`` only when a test says so. Times of day are not sped up: an event written now carries the real UTC
time plus the device's own skew.
"""

from __future__ import annotations

import asyncio
import datetime
import heapq
import itertools
import time

UTC = datetime.timezone.utc
LIMIT_SLICES = 20


class Clock:
    """Real time, with every wait shortened by ``speed`` (device seconds per real second)."""

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError("speed must be above zero")
        self.speed = speed
        self._started = time.monotonic()

    def utc(self) -> datetime.datetime:
        """The true UTC time."""
        return datetime.datetime.now(UTC)

    def elapsed(self) -> float:
        """Device seconds since this clock was made."""
        return (time.monotonic() - self._started) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait that many device seconds."""
        await asyncio.sleep(max(seconds, 0) / self.speed)

    async def limit(self, seconds: float) -> None:
        """Wait as long as something else may take.

        In slices: where the whole lab is held up (a busy machine), what it waits for and the limit are held up alike,
        and only one slice passes meanwhile.
        """
        for _slice in range(LIMIT_SLICES):
            await self.sleep(seconds / LIMIT_SLICES)


class ManualClock(Clock):
    """A clock that stands still until ``advance`` moves it; for tests that must not wait."""

    def __init__(self, start: datetime.datetime = datetime.datetime(2026, 11, 21, 8, tzinfo=UTC)) -> None:
        super().__init__()
        self._start = start
        self._now = 0.0
        self._waiting: list[tuple[float, int, asyncio.Future]] = []
        self._order = itertools.count()

    def utc(self) -> datetime.datetime:
        return self._start + datetime.timedelta(seconds=self._now)

    def elapsed(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self._now + max(seconds, 0), next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let that many device seconds pass, waking every sleeper in the order of its time."""
        target = self._now + seconds
        await _settle()
        while self._waiting and self._waiting[0][0] <= target:
            moment, _order, future = heapq.heappop(self._waiting)
            if future.done():
                continue
            self._now = moment
            future.set_result(None)
            await _settle()
        self._now = target

    async def run(self, awaitable, limit: float = 86_400.0):
        """Await something while time passes as fast as it can; TimeoutError after ``limit`` device seconds."""
        task = asyncio.ensure_future(awaitable)
        end = self._now + limit
        while True:
            await _settle()
            while self._waiting and self._waiting[0][2].done():
                heapq.heappop(self._waiting)
            if task.done():
                return await task
            if not self._waiting or self._waiting[0][0] > end:
                task.cancel()
                raise TimeoutError(f"not done within {limit} device seconds")
            await self.advance(self._waiting[0][0] - self._now)


async def _settle() -> None:
    """Let everything that can run now run until it waits again."""
    for _turn in range(25):
        await asyncio.sleep(0)
