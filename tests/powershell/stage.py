# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two drivers that work on one list, and a third lane beside them. Standard library only."""

from __future__ import annotations

import collections
import threading
import typing as t
from concurrent.futures import Future

from driver import Driver
from shell import Shell

Work = t.Callable[[Driver], t.Any]
Outcomes = dict[str, "Future[t.Any]"]
_Todo = collections.deque[tuple[Work, "Future[t.Any]"]]


class Stage:
    """Has things done with a PowerShell, and closes what it has started: use it with ``with``.

    One driver begins at the front of a list, the other at its end. A PowerShell is ten times as quick with a text that
    it has run before: what needs much of the same text stands together, and what takes long at both ends.
    """

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self._drivers = Driver(shell), Driver(shell)
        self._threads: list[threading.Thread] = []
        self._open: list[_Todo] = []

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_error: object) -> None:
        for todo in self._open:
            todo.clear()
        for thread in self._threads:
            thread.join()
        for driver in self._drivers:
            driver.close()

    def ask(self, work: t.Callable[[Driver], t.Any]) -> t.Any:
        """The outcome of one thing, before there is anything else to do."""
        return work(self._drivers[0])

    def begin(self, works: t.Mapping[str, Work]) -> Outcomes:
        """The outcomes of a list for both drivers."""
        return self._begun(works, *zip(self._drivers, ("popleft", "pop"), strict=True))

    def begin_beside(self, works: t.Mapping[str, Work]) -> Outcomes:
        """The outcomes of what starts a PowerShell of its own, and fills the time in which the drivers wait."""
        return self._begun(works, (Driver(self.shell), "popleft"))

    def _begun(self, works: t.Mapping[str, Work], *lanes: tuple[Driver, str]) -> Outcomes:
        outcomes: Outcomes = {name: Future() for name in works}
        todo = collections.deque((work, outcomes[name]) for name, work in works.items())
        self._open.append(todo)
        for driver, end in lanes:
            self._lane(getattr(todo, end), driver)
        return outcomes

    def _lane(self, take: t.Callable[[], tuple[Work, Future[t.Any]]], driver: Driver) -> None:
        def run() -> None:
            while True:
                try:
                    work, future = take()
                except IndexError:
                    return
                try:
                    future.set_result(work(driver))
                finally:
                    # Who waits for what has failed need not wait for ever; why it has is told as of every thread.
                    future.cancel()

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()
