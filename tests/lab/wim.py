# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows images of the lab: write an uncompressed WIM of one image and read one back, in pure Python.

Source: Microsoft's "Windows Imaging File Format" paper as wimlib implements it. The same arguments give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Mapping
from xml.etree import ElementTree
from xml.sax.saxutils import escape

MAGIC = b"MSWIM\0\0\0"
HEADER = struct.Struct("<8sIIII16sHHI24s24s24sI24s60x")
LOOKUP_ENTRY = struct.Struct("<24sHI20s")
DENTRY = struct.Struct("<QIiQ16xQQQ20s4xQHHH")
DIRECTORY, ARCHIVE = 0x10, 0x20
METADATA, COMPRESSED, XPRESS = 0x02, 0x04, 0x20000
FILETIME = 133_900_000_000_000_000  # 2025-04-25, in 100 ns since 1601: fixed, so that packages are reproducible


class NotWim(Exception):
    """The file is no WIM."""


class Damaged(Exception):
    """The file is a WIM that cannot be read; the message says why."""


# ---- writing ------------------------------------------------------------------------------------------------------


def _resource(size: int, flags: int, offset: int) -> bytes:
    return size.to_bytes(7, "little") + bytes([flags]) + struct.pack("<QQ", offset, size)


def _tree(files: Mapping[str, bytes]) -> dict:
    root: dict = {}
    for path, data in sorted(files.items()):
        *folders, name = path.replace("\\", "/").strip("/").split("/")
        node = root
        for folder in folders:
            node = node.setdefault(folder, {})
        node[name] = bytes(data)
    return root


def _dentry(name: str, attributes: int, subdir: int, digest: bytes) -> bytes:
    text = name.encode("utf-16-le")
    length = -(-(DENTRY.size + (len(text) + 2 if text else 0)) // 8) * 8
    fixed = DENTRY.pack(length, attributes, -1, subdir, *[FILETIME] * 3, digest, 0, 0, 0, len(text))
    return (fixed + text).ljust(length, b"\0")


def _metadata(tree: dict) -> tuple[bytes, int, int]:
    """The metadata resource of one image, and its numbers of directories (without the root) and files."""
    out = bytearray(struct.pack("<II", 8, 0))  # security data: its length, no descriptors
    out += _dentry("", DIRECTORY, 0, bytes(20)) + bytes(8)
    waiting = [(tree, 8 + 16)]  # a directory, and where the offset of its listing has to be written
    directories = files = 0
    while waiting:
        node, pointer = waiting.pop(0)
        struct.pack_into("<Q", out, pointer, len(out))
        for name, child in node.items():
            if isinstance(child, dict):
                directories += 1
                waiting.append((child, len(out) + 16))
                out += _dentry(name, DIRECTORY, 0, bytes(20))
            else:
                files += 1
                out += _dentry(name, ARCHIVE, 0, hashlib.sha1(child).digest() if child else bytes(20))
        out += bytes(8)
    return bytes(out), directories, files


def write(files: Mapping[str, bytes], name: str = "", properties: Mapping[str, str] | None = None) -> bytes:
    """An uncompressed one-image WIM, version 1.13, with these files (``folder/file``) and image XML properties."""
    metadata, directories, count = _metadata(_tree(files))
    contents: dict[bytes, list] = {}  # digest: [data, references]; equal contents are stored once
    for data in files.values():
        if data:
            contents.setdefault(hashlib.sha1(data).digest(), [bytes(data), 0])[1] += 1
    body, table = io.BytesIO(), b""
    body.write(bytes(HEADER.size))
    for digest, (data, references) in contents.items():
        table += LOOKUP_ENTRY.pack(_resource(len(data), 0, body.tell()), 1, references, digest)
        body.write(data)
    table += LOOKUP_ENTRY.pack(_resource(len(metadata), METADATA, body.tell()), 1, 1, hashlib.sha1(metadata).digest())
    body.write(metadata)
    table_at = _resource(len(table), METADATA, body.tell())
    body.write(table)
    total = sum(len(data) for data in files.values())
    clock = f"<HIGHPART>0x{FILETIME >> 32:08X}</HIGHPART><LOWPART>0x{FILETIME & 0xFFFFFFFF:08X}</LOWPART>"
    extra = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in (properties or {}).items())
    xml = (
        f'<WIM><TOTALBYTES>{body.tell()}</TOTALBYTES><IMAGE INDEX="1"><DIRCOUNT>{directories}</DIRCOUNT>'
        f"<FILECOUNT>{count}</FILECOUNT><TOTALBYTES>{total}</TOTALBYTES><HARDLINKBYTES>0</HARDLINKBYTES>"
        f"<CREATIONTIME>{clock}</CREATIONTIME><LASTMODIFICATIONTIME>{clock}</LASTMODIFICATIONTIME>"
        f"<NAME>{escape(name)}</NAME>{extra}</IMAGE></WIM>"
    ).encode("utf-16")
    xml_at = _resource(len(xml), METADATA, body.tell())
    body.write(xml)
    guid = hashlib.md5(table + xml, usedforsecurity=False).digest()
    nowhere = bytes(24)
    body.seek(0)
    body.write(HEADER.pack(MAGIC, HEADER.size, 0x10D00, 0, 0, guid, 1, 1, 1, table_at, xml_at, nowhere, 0, nowhere))
    return body.getvalue()


# ---- reading ------------------------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[dict[str, bytes], dict[str, str]]:
    """Files of the first image by path (``folder/file``), and its XML properties. Raises NotWim or Damaged."""
    if data[:8] != MAGIC:
        raise NotWim("the file is no WIM")
    try:
        return _read(data)
    except (struct.error, ValueError, LookupError, EOFError, NotImplementedError, ElementTree.ParseError) as exc:
        raise Damaged(str(exc)) from exc


def _read(data: bytes) -> tuple[dict[str, bytes], dict[str, str]]:
    fields = HEADER.unpack_from(data)
    flags, chunk = fields[3:5]
    table = _slice(data, fields[9])
    contents, metadata = {bytes(20): b""}, None
    for at in range(0, len(table), LOOKUP_ENTRY.size):
        resource, _part, _references, digest = LOOKUP_ENTRY.unpack_from(table, at)
        content = _slice(data, resource)
        if resource[7] & COMPRESSED:
            content = _decompressed(content, struct.unpack_from("<Q", resource, 16)[0], flags, chunk)
        if hashlib.sha1(content).digest() != digest:
            raise ValueError("a resource does not match its hash")
        contents[digest] = content
        if resource[7] & METADATA and metadata is None:
            metadata = content
    if metadata is None:
        raise ValueError("no image")

    files: dict[str, bytes] = {}
    start = -(-struct.unpack_from("<I", metadata)[0] // 8) * 8
    waiting = [("", struct.unpack_from("<Q", metadata, start + 16)[0])]
    while waiting:
        folder, at = waiting.pop()
        while length := struct.unpack_from("<Q", metadata, at)[0]:
            entry = DENTRY.unpack_from(metadata, at)
            begin = at + DENTRY.size
            path = f"{folder}{metadata[begin : begin + entry[-1]].decode('utf-16-le')}"
            if entry[1] & DIRECTORY:
                waiting.append((path + "/", entry[3]))
            else:
                files[path] = contents[entry[7]]
            at += -(-length // 8) * 8
    return files, _properties(_slice(data, fields[10]))


def _slice(data: bytes, resource: bytes) -> bytes:
    size = int.from_bytes(resource[:7], "little")
    offset = struct.unpack_from("<Q", resource, 8)[0]
    if offset + size > len(data):
        raise ValueError("the file is cut")
    return data[offset : offset + size]


def _properties(xml: bytes) -> dict[str, str]:
    image = ElementTree.fromstring(xml.decode("utf-16")).find("IMAGE")
    return {child.tag: child.text or "" for child in image} if image is not None else {}


class _Endless(io.BytesIO):
    """Bytes with zeros behind them: dissect reads ahead, and would take the end of that for the end of the content."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size).ljust(size or 0, b"\0")


def _decompressed(raw: bytes, length: int, flags: int, chunk: int) -> bytes:
    """A resource of a package that is compressed, as others make them: the algorithm is left to dissect."""
    from dissect.util.compression import lzxpress_huffman

    if not flags & XPRESS:
        raise NotImplementedError("a compression that packages do not have")
    count = -(-length // chunk)
    table = 4 * (count - 1)
    begins = [*(0, *struct.unpack_from(f"<{count - 1}I", raw)), len(raw) - table]
    out = bytearray()
    for begin, end in zip(begins[:-1], begins[1:], strict=True):
        size, piece = min(chunk, length - len(out)), raw[table + begin : table + end]
        # What would not shrink is there as it is.
        out += piece if len(piece) == size else lzxpress_huffman.decompress(_Endless(piece + bytes(8)))[:size]
    return bytes(out)
