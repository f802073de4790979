# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of one list: each is on the configured Graph and new, and there is an end to them.

Working time does not count against a task's timeout, so that a long list does not time out; but pages that bring hardly
anything are not work. Source: Microsoft Graph, "Paging" (an empty page is not the end, a next link is followed word for
word).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

from ...untrusted import in_one_line
from .errors import Purpose
from .failures import RequestFailure
from .retry import Waits
from .session import origin

#: Of one list. The directory gives 999 devices a page, Intune 1,000.
MOST_PAGES, MOST_ROWS = 5_000, 500_000
#: A page may take so long for each row without being a wait.
SECONDS_A_ROW = 0.02
TELL_PAGES_SECONDS = 20.0
_LINK = re.compile(r"[\x20-\x7e]{1,16384}")


class Pages:
    """What was read of a list so far. ``home`` is the origin of the configured Graph."""

    def __init__(self, purpose: Purpose, home: str, waits: Waits) -> None:
        self._purpose = purpose
        self._home = home
        self._waits = waits
        self._seen: set[bytes] = set()
        self._rows = 0
        self._idle = 0.0
        self._told = waits.clock()
        self._began = 0.0

    def ask(self) -> None:
        """The next page is asked for now."""
        self._began = self._waits.began()

    def next(self, asked: str, rows: int, link: t.Any) -> str | None:
        """The address of the page after the one that was asked for by ``asked`` and brought so many rows; None where it
        was the last. RequestFailure for one that must not be followed, and where there is no end to them."""
        now, took = self._waits.clock(), self._waits.took(self._began)
        self._rows += rows
        if link is None:
            return None
        self._seen.add(_mark(asked))
        if not isinstance(link, str) or not _LINK.fullmatch(link):
            raise self._foreign(f"the next page has no address that can be asked for ({in_one_line(str(link), 80)})")
        if origin(link) != self._home:
            raise self._foreign(
                f"the next page is on another server ({in_one_line(str(link), 80)}), and the token must not go there"
            )
        if _mark(link) in self._seen:
            raise self._foreign("the next page is one that was read already")
        if len(self._seen) > 1:  # One page is always worth its time.
            self._idle += max(0.0, took - rows * SECONDS_A_ROW)
        if len(self._seen) >= MOST_PAGES or self._rows > MOST_ROWS or self._idle > self._waits.limit:
            raise self._endless()
        if now - self._told >= TELL_PAGES_SECONDS:
            self._told = now
            self._waits.tell(f"to {self._purpose.what}: {self._rows} objects on {len(self._seen)} pages so far")
        return link

    def _foreign(self, cause: str) -> RequestFailure:
        fix = "check graph_url, and whether a proxy rewrites the answers"
        return RequestFailure(
            f"could not {self._purpose.what}: {cause}; {fix}", side="network", name="foreign_page", cause=cause, fix=fix
        )

    def _endless(self) -> RequestFailure:
        cause = f"the list has no end: {self._rows} objects on {len(self._seen)} pages, and there is always a next page"
        fix = "run the task again with a longer timeout, or name what you look for; check whether a proxy answers"
        return RequestFailure(
            f"could not {self._purpose.what}: {cause}; {fix}", side="tenant", name="endless_list", cause=cause, fix=fix
        )


def _mark(url: str) -> bytes:
    """What stands for an address, however long it is."""
    return hashlib.sha256(url.encode()).digest()
