# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a WIM file as Microsoft's tool writes packages: one image, XPRESS, chunks of 32 KiB, no integrity table.

A content may be stored as it is, which such a file may have; nothing is in it that no file needs.
The same contents give the same bytes: no clock and no chance goes in. Source: Microsoft's paper "Windows Imaging File
Format (WIM)" and the format notes of wimlib.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from ..wim import (
    HEADER,
    LOOKUP_ENTRY,
    MAGIC,
    RESOURCE_COMPRESSED,
    RESOURCE_METADATA,
    WIM_VERSION,
    XPRESS,
    XPRESS_CHUNK,
)
from .errors import ChangedFile

_COMPRESSED, _LINKS_MENDED = 0x2, 0x80
HEADER_FLAGS = XPRESS | _LINKS_MENDED | _COMPRESSED
_NOWHERE = bytes(24)


@dataclass(frozen=True)
class Content:
    """A content as it is to lie in the file. ``pieces`` gives its ``size`` stored bytes; decompressed it is ``length``.

    ``digest`` is the SHA-1 of the content, ``stored`` that of the stored bytes.
    """

    digest: bytes
    length: int
    size: int
    pieces: Callable[[], Iterable[bytes]] = field(repr=False)
    compressed: bool = False
    stored: bytes = b""

    def checked(self) -> Iterator[bytes]:
        """Its pieces. Raises ChangedFile where they are not those that they were."""
        hashed, size = hashlib.sha1(usedforsecurity=False), 0
        for piece in self.pieces():
            hashed.update(piece)
            size += len(piece)
            if size > self.size:
                break
            yield piece
        if size != self.size or hashed.digest() != (self.stored or self.digest):
            raise ChangedFile("a file was written to while the package was being made of it")


def of_bytes(data: bytes) -> Content:
    """Bytes as a content that is not compressed."""
    return Content(sha1(data), len(data), len(data), lambda: [data])


def sha1(data: bytes) -> bytes:
    """The hash by which a WIM knows a content."""
    return hashlib.sha1(data, usedforsecurity=False).digest()


class WimFile:
    """A WIM file that can be written. ``size``: of all of it, in bytes.

    ``contents``: (content, how many files have it); ``xml`` gives the XML data for the number of bytes before it.
    """

    def __init__(
        self, contents: list[tuple[Content, int]], tree: bytes, xml: Callable[[int], bytes], guid: bytes
    ) -> None:
        metadata = of_bytes(tree)
        self._contents = [*(content for content, _count in contents), metadata]
        counts = [*(count for _content, count in contents), 1]
        at, table = HEADER.size, b""
        for content, count in zip(self._contents, counts, strict=True):
            flags = (RESOURCE_COMPRESSED if content.compressed else 0) | (
                RESOURCE_METADATA if content is metadata else 0
            )
            table += LOOKUP_ENTRY.pack(_resource(content.size, flags, at, content.length), 1, count, content.digest)
            at += content.size
        table_at, xml_at = at, at + len(table)
        self._table, self._xml = table, xml(xml_at)
        self.size = xml_at + len(self._xml)
        self._header = HEADER.pack(
            *(MAGIC, HEADER.size, WIM_VERSION, HEADER_FLAGS, XPRESS_CHUNK, guid, 1, 1, 1),
            _resource(len(table), RESOURCE_METADATA, table_at),
            _resource(len(self._xml), RESOURCE_METADATA, xml_at),
            *(_NOWHERE, 0, _NOWHERE),
        )

    def write(self, stream: BinaryIO) -> None:
        """Write all of it, in pieces. Raises ChangedFile, and what the stream raises."""
        stream.write(self._header)
        for content in self._contents:
            for piece in content.checked():
                stream.write(piece)
        stream.write(self._table)
        stream.write(self._xml)


def _resource(size: int, flags: int, offset: int, length: int | None = None) -> bytes:
    length = size if length is None else length
    return size.to_bytes(7, "little") + bytes([flags]) + offset.to_bytes(8, "little") + length.to_bytes(8, "little")
