# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was asked of Microsoft Graph, a line a request: shown by ``ansible-playbook -vvv``.

A line holds method, path, status, the service's request id, seconds and the wait that follows. A query, a header or a
body never gets into one: they may hold what is secret, and what the service says is in ``error`` where it matters.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from ...masking import Masker

_LONGEST_PATH, _LONGEST_ID = 300, 64
_UNPRINTABLE = re.compile(r"[^\x21-\x7e]")


class GraphTrace:
    """``show`` prints a line, ``secrets`` gives what is masked in it all the same, wherever it came from."""

    def __init__(self, show: Callable[[str], None], secrets: Callable[[], tuple[str, ...]]) -> None:
        self._show = show
        self._secrets = secrets

    def exchange(
        self, method: str, url: str, parts: int, status: int | str, request_id: str | None, seconds: float, then: str
    ) -> None:
        """A request over the network. ``parts`` counts the requests of a batch, ``status`` is the answer's or what
        kept it from coming, ``then`` says what follows; empty where nothing does."""
        many = f" ({parts} requests)" if parts else ""
        self._line(f"{method} {self._path(url)}{many}: {status} in {seconds:.2f} s", request_id, then)

    def part(self, method: str, url: str, status: int, request_id: str | None, then: str) -> None:
        """A request in a batch that was not done."""
        self._line(f"in the batch, {method} {self._path(url)}: {status}", request_id, then)

    def _line(self, line: str, request_id: str | None, then: str) -> None:
        identity = f"request id {self._plain(request_id, _LONGEST_ID)}" if request_id else ""
        self._show(", ".join(part for part in (line, identity, then) if part))

    def _path(self, url: str) -> str:
        return self._plain(urlsplit(url).path, _LONGEST_PATH)

    def _plain(self, text: str, longest: int) -> str:
        """Printable and short, as next pages and request ids come from the network; nothing secret in it."""
        return _UNPRINTABLE.sub("?", Masker(self._secrets()).text(text))[:longest]
