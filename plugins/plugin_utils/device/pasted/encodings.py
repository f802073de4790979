# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text that somebody wanted to give us: of bytes, of files that were read in the wrong encoding.

Windows PowerShell redirects into UTF-16, with a mark, and other tools leave the mark out. Ansible's file lookup reads
every file as UTF-8: bytes that are not arrive as lone surrogates (PEP 383), zeros as zeros.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\udc80-\udcff]")
_MARKS = (b"\xff\xfe", b"\xfe\xff")
# Of the bytes on one side of UTF-16 that are zero in a text which is mostly Latin.
_MOSTLY = 0.7


def text_of(given: str | bytes) -> str:
    """The text that was meant. Bytes may be UTF-8, UTF-16 with or without a mark, or a code page; a text may be one
    that was read of such bytes wrongly. What cannot be decoded is replaced."""
    if isinstance(given, bytes):
        text = _decode(given)
    elif (data := _bytes_of(given)) is not None:
        text = _decode(data)
    else:
        text = given
    return text.replace("\0", "").replace("\ufeff", "")


def _bytes_of(text: str) -> bytes | None:
    """The bytes that a text was wrongly read of; None where nothing tells that it was."""
    if _SURROGATE.search(text):
        try:
            return text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # other lone surrogates are in it, too
            return None
    if "\0" not in text:
        return None
    for encoding in ("latin-1", "cp1252"):
        try:
            return text.encode(encoding)
        except UnicodeEncodeError:
            continue
    return None


def _decode(data: bytes) -> str:
    if data.startswith(_MARKS):
        return _whole(data).decode("utf-16", "replace")
    if b"\0" in data and (encoding := _utf16_without_mark(data)):
        return _whole(data).decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _whole(data: bytes) -> bytes:
    """UTF-16 whose last byte was cut off, as by a strip of line ends, with the zero that is missing most likely."""
    return data + b"\0" if len(data) % 2 else data


def _utf16_without_mark(data: bytes) -> str | None:
    even, odd = data[0::2], data[1::2]
    if odd and odd.count(0) >= _MOSTLY * len(odd) and even.count(0) <= (1 - _MOSTLY) * len(even):
        return "utf-16-le"
    if even.count(0) >= _MOSTLY * len(even) and odd.count(0) <= (1 - _MOSTLY) * len(odd):
        return "utf-16-be"
    return None
