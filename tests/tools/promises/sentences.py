# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sentences of a text promise something: those with one of five words. Texts are blocks that belong together."""

from __future__ import annotations

import re
import typing as t

#: A sentence with one of these says what holds in every case. "read-only" and "--only" are names.
PROMISES = re.compile(r"(?<![-\w])(?:never|always|only|refused|left\s+alone)(?![-\w])", re.IGNORECASE)
#: The end of a sentence, with what closes behind it, before one that begins with a capital, a digit, code or markup.
_END = re.compile(r"(?<=[.!?])([)\"'`*]*)\s+(?=[(\"'*]*(?:[A-Z0-9`\[]|--?\w))")
#: After these a full stop ends nothing.
_SHORT = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|no)\.|\b[A-Z]\.)$")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


class Block(t.NamedTuple):
    """A text that is read in one piece: a paragraph, a list's item, a cell. ``where`` says what it is about, where
    the text alone does not (an option's name, the first cell of the row)."""

    where: str
    text: str


def promises(blocks: t.Iterable[Block]) -> list[str]:
    """Each sentence with one of the words, once, in the order of the text, without its line breaks and link targets."""
    found: dict[str, None] = {}
    for block in blocks:
        for sentence in sentences(block.text):
            if PROMISES.search(sentence):
                found[f"{block.where} | {sentence}" if block.where else sentence] = None
    return list(found)


def sentences(text: str) -> t.Iterator[str]:
    """The sentences of one block."""
    plain = " ".join(_LINK.sub(r"\1", text).split())
    begin = 0
    for end in _END.finditer(plain):
        sentence = plain[begin : end.end(1)]
        if not _SHORT.search(sentence):
            yield sentence
            begin = end.end()
    if plain[begin:]:
        yield plain[begin:]
