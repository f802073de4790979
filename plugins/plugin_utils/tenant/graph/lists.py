# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One reader of lists, whether a batch has begun one or not: all pages to the last one, and each object once.

A page token lives for minutes. Where the service does not know its own any more, the list is read once more from its
start, and what was given before is not given again. Sources: Microsoft Graph, "Paging"
(``DirectoryPageTokenNotFoundException``); msgraph-sdk-java issue 368 (400 ``Directory_ExpiredPageToken``, seconds after
the first page), microsoft-graph-docs issue 8612 (400 "Invalid Skip Token" without a code), msgraph-beta-sdk-dotnet
issues 151 and 620 (400 of a next page without any reason), "Use delta query" (410 where the state is gone).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t
from collections.abc import Callable, Hashable, Iterator

from .errors import GraphFailure, Purpose
from .pages import Pages

#: Of a page that the service itself has named: there is nothing wrong with it but its token.
_REFUSALS = frozenset({400, 410})
_OF_TOKEN = re.compile(r"(page|skip|delta|continuation)[-_ ]?token|sync[-_ ]?state|resync", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class ListReader:
    """``ask`` gives the page at an address, checked; ``begin`` what watches over the pages of one reading; ``tell``
    shows a sentence to the user."""

    purpose: Purpose
    ask: Callable[[str], dict]
    begin: Callable[[], Pages]
    tell: Callable[[str], None]

    def rows(self, start: str, first: dict | None = None, again: bool = True) -> Iterator[t.Any]:
        """The objects of the list whose first page is at ``start``, page by page as they are consumed.

        ``first`` is that page, where it was read already. ``again``: the list may be asked for a second time.

        RequestFailure where a page cannot be read: then nothing may be concluded from the others.
        """
        given: set[Hashable] = set()
        pages, url, page, restarted = self.begin(), start, first, False
        while True:
            pages.ask()
            if page is None:
                try:
                    page = self.ask(url)
                except GraphFailure as refused:
                    if url == start or not _is_of_token(refused):
                        raise
                    if restarted or not again:
                        raise self._expired(refused) from None
                    self.tell(f"to {self.purpose.what}: the page token has expired, reading again from the start")
                    pages, url, restarted = self.begin(), start, True
                    continue
            following = pages.next(url, len(page["value"]), page.get("@odata.nextLink"))
            for row in page["value"]:
                mark = _mark(row)
                if mark not in given:
                    given.add(mark)
                    yield row
            if following is None:
                return
            url, page = following, None

    def _expired(self, refused: GraphFailure) -> GraphFailure:
        said = f"HTTP {refused.status} {refused.code}".strip()
        cause = (
            "Microsoft Graph did not accept the address of the next page, which is its own, also after the list was "
            f"read again from the start ({said})"
        )
        fix = "run the task again; name what you look for instead of reading a whole list, if it stays"
        return GraphFailure(
            f"could not {self.purpose.what}: {cause}; {fix}",
            "tenant",
            refused.status,
            refused.code,
            refused.message,
            name="page_expired",
            cause=cause,
            fix=fix,
            evidence=refused.error["evidence"],
            request_id=refused.error["request_id"],
        )


def _is_of_token(refused: GraphFailure) -> bool:
    """Whether the refusal of a next page means its token."""
    return refused.status in _REFUSALS or (
        refused.status == 404 and bool(_OF_TOKEN.search(f"{refused.code} {refused.message}"))
    )


def _mark(row: t.Any) -> Hashable:
    """What stands for an object: its id, or all of it where it has none."""
    identity = row.get("id") if isinstance(row, dict) else None
    return identity if isinstance(identity, str) else json.dumps(row, sort_keys=True)
