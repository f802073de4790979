# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of the template's values in a package that has others: looked for before anybody gets it.

A secret is looked for in every content, in names of files and in the WIM's XML, as UTF-8 and UTF-16, as it is and as
XML spells it, and in documents also in base64. Another value is looked for in documents only. Where a new value has the
old one within it ("Winter26" and "Winter26b"), nothing is left of the old one.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import mmap
import re
from collections.abc import Iterable, Iterator, Mapping

from ...masking import SHORTEST_SECRET
from .compiled_values import SHORTEST_WITHIN
from .errors import ChangedFile, UnclearPlace
from .files import Given

_MAPPED = 4 << 20
"""Bytes of a file from which on it is not read into memory."""
_SEARCHED = 1 << 20
"""Bytes of a file from which on it is worth a pattern to look into it."""
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
_SPELLINGS: tuple[dict[str, str], ...] = (
    {},
    {"&": "&amp;", "<": "&lt;", ">": "&gt;"},
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"},
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"},
    {"&": "&amp;amp;", "<": "&amp;lt;", ">": "&amp;gt;", '"': "&amp;quot;", "'": "&amp;apos;"},
)

Data = bytes | mmap.mmap


class Leftovers:
    """Looks for old values. ``secrets`` and ``others``: whose each is, by the value; ``new_secrets`` and ``new``: the
    new values that may have an old one of the one kind, or the other, within them."""

    def __init__(
        self, secrets: Mapping[str, str], others: Mapping[str, str], new_secrets: Iterable[str], new: Iterable[str]
    ) -> None:
        self._secrets = {old: whose for old, whose in secrets.items() if len(old) >= SHORTEST_SECRET}
        self._others = {old: whose for old, whose in others.items() if len(old) >= SHORTEST_WITHIN}
        # A command line with the old password in it is a rest, though the description has it.
        self._needles = {
            **{old: _needles(old, new) for old in self._others},
            **{old: _needles(old, new_secrets) for old in self._secrets},
        }

    def look(self, data: Data, what: str, document: bool = False) -> None:
        """Look into a content; ``what`` is its name for people. Raises UnclearPlace."""
        olds = {**self._others, **self._secrets} if document else self._secrets
        for old, whose in olds.items():
            hidden = document and old in self._secrets and any(data.find(each) >= 0 for each in _base64(old))
            if hidden or self._has(data, old):
                raise UnclearPlace(f"the value that the template has for {whose} still stands in {what}")

    def look_into(self, given: Given, what: str) -> None:
        """The same for a file that was given."""
        if not self._secrets:
            return
        if isinstance(given.source, bytes) or given.size < _MAPPED:
            self.look(b"".join(given.pieces()), what)
            return
        try:
            with open(given.source, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                self.look(mapped, what)
        except (OSError, ValueError):  # It was there a moment ago.
            raise ChangedFile(f"{what} was written to while the package was being made of it") from None

    def _has(self, data: Data, old: str) -> bool:
        return any(_stands_in(data, each) and _stands_alone(data, each, longer) for each, longer in self._needles[old])


def _needles(old: str, new: Iterable[str]) -> list[tuple[bytes, set[bytes]]]:
    """(an old value as it may be spelled, the new values that have it within them in that spelling)."""
    longer = [_spelled(value) for value in new if old in value]
    found: dict[bytes, set[bytes]] = {}
    for number, spelled in enumerate(_spelled(old)):
        found.setdefault(spelled, set()).update(each[number] for each in longer)
    return list(found.items())


def _stands_in(data: Data, old: bytes) -> bool:
    """Whether these bytes are there. In a file of zeros bytes.find tries each of them, where a pattern does not."""
    if len(data) > _SEARCHED and b"\0" in old:
        return re.search(re.escape(old), data) is not None
    return data.find(old) >= 0


def _stands_alone(data: Data, old: bytes, longer: Iterable[bytes]) -> bool:
    """Whether the old value stands anywhere but within these."""
    several = sorted({*longer, old}, key=len, reverse=True)
    pattern = re.compile(b"|".join(map(re.escape, several)))
    return any(match[0] == old for match in pattern.finditer(data))


def _spelled(value: str) -> list[bytes]:
    """The value in each spelling; the same place of two lists is the same spelling."""
    return [
        value.translate({ord(letter): text for letter, text in spelling.items()}).encode(encoding, "replace")
        for encoding in _ENCODINGS
        for spelling in _SPELLINGS
    ]


def _base64(value: str) -> Iterator[bytes]:
    """What base64 of a text with this value in it has for sure, wherever in it the value begins."""
    if len(value) < SHORTEST_WITHIN:
        return
    for encoding in ("utf-8", "utf-16-le"):
        data = value.encode(encoding, "replace")
        for before in range(3):
            # The first letter is of other bytes, too, and so may be the last ones.
            whole = (before + len(data)) // 3 * 4
            yield base64.b64encode(bytes(before) + data)[before + 1 if before else 0 : whole]
