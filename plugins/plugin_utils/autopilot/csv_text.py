# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a text file of any encoding that Windows writes, also of two in one file.

PowerShell and Notepad write UTF-16 and UTF-8 with a mark, Excel writes the code page of its Windows ("ANSI"), and what
is appended to a file (``>>``, ``Add-Content``) is written in the encoding of the program that appends.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import codecs
import dataclasses
import re
from collections.abc import Iterable, Iterator

UTF_16, UTF_16_BE, UTF_8, ANSI, MIXED = "utf-16-le", "utf-16-be", "utf-8", "ansi", "mixed"
WESTERN = "cp1252"
_LINE_END = re.compile(r"\r\n|\n|\r")
# Letters of one byte in a row, of which there can be none in UTF-16: a Chinese one may look like two of them, twelve
# such in a row do not occur.
_SINGLE_BYTES = re.compile(rb"[\t\r\n\x20-\x7e]{24}")
_WITH_ZEROS = re.compile(rb"(?:[\t\r\n\x20-\xff]\0){2}")
_PIECE = re.compile(rb"((?:[\x01-\xff]\0)+)|((?:[\x01-\xff](?!\0))+)|\0+")
# A hardware hash that is wrapped in its quotes: where it begins, goes on and ends.
_WRAPPED = re.compile(r'"\s*T0[E-H][A-Za-z0-9+/=\s]*$')
_GOES_ON = re.compile(r"[A-Za-z0-9+/=\s]*$")
_ENDS = re.compile(r'[A-Za-z0-9+/=\s]*"')
_MOST_WRAPPED = 500
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclasses.dataclass(frozen=True)
class Line:
    """``number`` counts from 1. ``sure``: false where letters beyond ASCII are of a code page that nobody knows."""

    number: int
    text: str
    sure: bool = True


@dataclasses.dataclass(frozen=True)
class Text:
    """``encoding``: UTF_16, UTF_16_BE, UTF_8 (also for ASCII), ANSI or MIXED. ``mark``: it begins with a byte order
    mark. ``line_end``: that of the first line, None where there is but one line without an end."""

    encoding: str
    mark: bool
    line_end: str | None
    lines: tuple[Line, ...]


def read(data: bytes, code_page: str | None = None) -> Text:
    """The lines of a file. ``code_page``: Python's name of the encoding in which ANSI text is; Western where it is not
    known. Raises ValueError with half a sentence for what is not a text."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise ValueError("it is UTF-32; save it as UTF-8")
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    body = data[len(mark) :]
    if mark == codecs.BOM_UTF16_BE and not _SINGLE_BYTES.search(body):
        return _whole(body, UTF_16_BE, True)
    if mark == codecs.BOM_UTF16_LE or (not mark and _WITH_ZEROS.match(body)):
        # Western text has one zero for each letter: then nothing has to be searched.
        if 2 * body.count(0) == len(body) or not _SINGLE_BYTES.search(body):
            return _whole(body, UTF_16, bool(mark))
        return _mixed(body, bool(mark), code_page)
    if b"\0" in body:
        return _mixed(body, bool(mark), code_page)
    return _single_bytes(body, bool(mark), code_page)


def unwrapped(lines: Iterable[Line]) -> Iterator[Line]:
    """These lines, each with the whole of a hardware hash that is wrapped in its quotes."""
    open_ones: list[Line] = []
    for line in lines:
        if open_ones:
            open_ones.append(line)
            if _ENDS.match(line.text):
                whole = "".join(one.text.strip() for one in open_ones)
                yield Line(open_ones[0].number, whole, all(one.sure for one in open_ones))
                open_ones = []
            elif len(open_ones) > _MOST_WRAPPED or not _GOES_ON.match(line.text):
                yield from open_ones  # Its quotes do not end.
                open_ones = []
        elif line.text.count('"') % 2 and _WRAPPED.search(line.text):
            open_ones = [line]
        else:
            yield line
    yield from open_ones


def _whole(body: bytes, encoding: str, mark: bool) -> Text:
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("it begins as UTF-16, and is not") from None
    return _text(text, encoding, mark, True)


def _text(text: str, encoding: str, mark: bool, sure: bool) -> Text:
    # In three passes, which are faster than a pattern over many megabytes.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = _LINE_END.search(text)
    return Text(
        encoding,
        mark,
        found[0] if found else None,
        tuple(Line(number, line, sure) for number, line in enumerate(lines, 1)),
    )


def _single_bytes(body: bytes, mark: bool, code_page: str | None) -> Text:
    others = any(inner in body for inner in _MARKS[1:])  # the mark of an UTF-16 file that was appended without letters
    try:
        found = _text(_without_marks(body).decode("utf-8"), MIXED if others else UTF_8, mark, True)
    except UnicodeDecodeError:
        return _line_by_line(body, mark, code_page)
    return found


def _line_by_line(body: bytes, mark: bool, code_page: str | None) -> Text:
    # Bytes that belong to letters of UTF-8 never look like line ends, so line by line is right for both.
    lines, others = [], False
    pieces = re.split(rb"\r\n|\n|\r", _without_marks(body))
    for number, piece in enumerate(pieces, 1):
        try:
            lines.append(Line(number, piece.decode("utf-8")))
            others = others or not piece.isascii()
        except UnicodeDecodeError:
            lines.append(Line(number, piece.decode(code_page or WESTERN, errors="replace"), code_page is not None))
    found = re.search(rb"\r\n|\n|\r", body)
    return Text(MIXED if mark or others else ANSI, mark, found[0].decode("ascii") if found else None, tuple(lines))


def _mixed(body: bytes, mark: bool, code_page: str | None) -> Text:
    """UTF-16 and single bytes, each in pieces: a letter of the first is followed by a zero, as far as it is Western."""
    joined = bytearray()
    written = body.rstrip(b"\0")  # A system that stops while it writes leaves zeros at the end.
    if not written:
        raise ValueError("it has zero bytes, and is not a text")
    for piece in _PIECE.finditer(written):
        if piece[1] and len(piece[1]) == 2:
            # A zero byte alone is none of UTF-16: what it stands in cannot be read.
            joined += piece[1][:1] + "\ufffd".encode()
        elif piece[1]:
            joined += piece[1].decode("utf-16-le").encode("utf-8")
        elif piece[2]:
            joined += _without_marks(piece[2])
        elif len(piece[0]) > 1:
            raise ValueError("it has zero bytes, and is not a text")
    found = _single_bytes(bytes(joined), mark, code_page)
    return dataclasses.replace(found, encoding=MIXED)


def _without_marks(data: bytes) -> bytes:
    """Without byte order marks, of which there is one in the middle where a whole file was appended."""
    for mark in _MARKS:
        if mark in data:
            data = data.replace(mark, b"")
    return data
