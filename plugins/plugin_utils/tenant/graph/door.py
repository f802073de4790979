# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a task waits for on the network ends: one event loop, and a bound of seconds for each exchange.

The bound is over the whole of it, from the connection to the last byte: a timeout of a socket starts again with every
byte that drips.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import asyncio
import http.cookiejar
import typing as t
from collections.abc import Collection, Coroutine

from ...environment import Environment
from . import answers
from .answers import OddAnswer
from .libraries import httpx
from .retry import Waits
from .surroundings import Routes

#: Of one exchange. The gateways of Microsoft give up after less.
LONGEST_EXCHANGE = 120.0
#: What an exchange has where the task has no time left to wait: it is work, which does not count.
SHORTEST_BOUND = 10.0
#: People hear of an exchange that takes longer.
PATIENCE_SECONDS = 20.0
_CLOSING_SECONDS, _LAYERS = 1.0, 8
CONNECT_SECONDS, READ_SECONDS = 15.0, 60.0


class Network:
    """The loop on which exchanges run, one after the other. ``waits`` are those of the task that uses it now."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.waits = Waits(LONGEST_EXCHANGE)

    @property
    def bound(self) -> float:
        """Seconds that an exchange may take now."""
        return min(LONGEST_EXCHANGE, max(SHORTEST_BOUND, self.waits.left))

    def exchange(self, call: Coroutine, whom: str, bound: float | None = None) -> t.Any:
        """What the call returns. ``httpx.ReadTimeout`` where it takes longer than ``bound`` seconds; ``whom`` is who
        answers, for people who wait."""
        return self.loop.run_until_complete(self._within(call, whom, self.bound if bound is None else bound))

    async def _within(self, call: Coroutine, whom: str, bound: float) -> t.Any:
        task = asyncio.ensure_future(call)
        end = self.loop.time() + bound
        try:
            while not task.done():
                left = end - self.loop.time()
                if left <= 0:
                    raise httpx.ReadTimeout(f"timed out: no whole answer within {bound:.0f} s")
                await asyncio.wait({task}, timeout=min(left, PATIENCE_SECONDS))
                if not task.done() and left > PATIENCE_SECONDS:
                    self.waits.tell(f"{whom} has not answered yet: waiting up to {left - PATIENCE_SECONDS:.0f} s more")
            return task.result()
        finally:
            task.cancel()
            await self._closed()

    async def _closed(self) -> None:
        """Let what an exchange has left close its connection; the loop stands still until the next one."""
        # Generators that were left close themselves in tasks of their own, one layer of the HTTP library after another.
        for _layer in range(_LAYERS):
            await asyncio.sleep(0)
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            if rest:
                await asyncio.wait(rest, timeout=_CLOSING_SECONDS)


class Door:
    """An ``httpx.AsyncClient`` whose answers are harmless: the part of one that kiota's request adapter uses.

    ``hidden`` are headers that its caller is not to see.
    """

    def __init__(self, client: t.Any, hidden: Collection[str] = ()) -> None:
        self._client = client
        self._hidden = hidden
        self.base_url = client.base_url
        self.build_request = client.build_request

    async def send(self, request: t.Any) -> t.Any:
        """One answer. httpx.RequestError where none came, OddAnswer for one that nobody can read."""
        try:
            return await answers.made_harmless(await self._client.send(request, stream=True), self._hidden)
        except (ValueError, LookupError, ArithmeticError, TypeError, httpx.StreamError) as exc:
            raise OddAnswer(f"the HTTP library does not understand it ({type(exc).__name__})") from exc

    async def aclose(self) -> None:
        await self._client.aclose()


def open_door(trust: t.Any, environment: Environment, transport: t.Any = None, hidden: Collection[str] = ()) -> Door:
    """A client that follows no redirects (a token must not go elsewhere) and keeps no cookies.

    ``trust`` is httpx's ``verify``, ``environment`` that of the task, for its proxies. ``transport`` replaces the
    network in tests.
    """
    client = httpx.AsyncClient(
        transport=transport or t.cast("t.Any", Routes(trust, environment)),
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        headers={"Accept-Encoding": answers.ACCEPTED_ENCODING},
    )
    client.cookies.jar.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    return Door(client, hidden)
