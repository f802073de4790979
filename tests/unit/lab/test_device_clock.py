# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time in the lab: shortened waits, and a clock that only moves when it is told to."""

from __future__ import annotations

import asyncio
import datetime
import time
import types

import pytest

from tests.lab import clock
from tests.lab.clock import Clock, ManualClock


def test_waits_are_shorter_by_the_speed_and_the_time_of_day_is_true(monkeypatch):
    waits, now = [], [100.0]

    async def sleep(seconds):
        waits.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(clock, "asyncio", types.SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(clock, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    fast = Clock(speed=1000)
    asyncio.run(fast.sleep(50))
    assert waits == [0.05]
    assert fast.elapsed() == pytest.approx(50)
    before = datetime.datetime.now(datetime.timezone.utc)
    assert before <= fast.utc() <= datetime.datetime.now(datetime.timezone.utc)


def test_a_limit_does_not_pass_while_the_lab_is_held_up():
    async def main():
        clock = Clock(speed=1000)
        work, limit = (asyncio.ensure_future(wait) for wait in (clock.sleep(60), clock.limit(80)))
        await asyncio.sleep(0)
        time.sleep(0.2)
        await asyncio.wait({work, limit}, return_when=asyncio.FIRST_COMPLETED)
        assert work.done() and not limit.done()
        await limit
        assert clock.elapsed() >= 80

    asyncio.run(main())


@pytest.mark.parametrize("speed", [0, -1])
def test_time_does_not_stand_still_or_run_back(speed):
    with pytest.raises(ValueError, match="speed"):
        Clock(speed)


def test_a_manual_clock_wakes_sleepers_in_order_and_not_before_their_time():
    async def main():
        clock, woken = ManualClock(), []

        async def sleeper(name, *naps):
            for nap in naps:
                await clock.sleep(nap)
                woken.append((name, clock.elapsed()))

        tasks = [asyncio.ensure_future(sleeper("a", 10, 10)), asyncio.ensure_future(sleeper("b", 15))]
        await clock.advance(9.9)
        assert woken == []
        begin = clock.utc()
        await clock.advance(10.1)
        assert woken == [("a", 10), ("b", 15), ("a", 20)]
        assert (clock.utc() - begin).total_seconds() == pytest.approx(10.1)
        await asyncio.gather(*tasks)

    asyncio.run(main())


def test_running_something_that_never_ends_is_a_timeout():
    async def main():
        clock = ManualClock()

        async def forever():
            while True:
                await clock.sleep(60)

        with pytest.raises(TimeoutError):
            await clock.run(forever(), limit=3600)
        with pytest.raises(TimeoutError):
            await clock.run(asyncio.Event().wait())

    asyncio.run(main())


def test_a_cancelled_sleeper_is_forgotten():
    async def main():
        clock = ManualClock()
        task = asyncio.ensure_future(clock.sleep(5))
        await clock.advance(1)
        task.cancel()
        assert await clock.run(clock.sleep(20)) is None
        assert clock.elapsed() == 21

    asyncio.run(main())
