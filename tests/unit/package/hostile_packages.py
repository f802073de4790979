# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that are made to trip a reader, or to take its time and memory: ``HOSTILE`` has a maker of each by name."""

from __future__ import annotations

import functools
import hashlib
import struct
from collections.abc import Callable, Mapping, Sequence

from tests.lab import wim

SETTINGS = "Multivariant/0/customizations.xml"
RUNTIME = "Multivariant/0/Prov/RunTime/0.provxml"
COMPRESSED, METADATA = 0x04, 0x02
XPRESS, LZX = 0x20002, 0x40002
CHUNK = 32768
STREAM = struct.Struct("<QQ20sH")
NUMBERS = (2**31, 2**32 - 1, 2**56 - 1, 2**63 - 8, 2**63 - 1, 2**63, 2**64 - 8, 2**64 - 1)


def entry(name: str, children: int | None = None, streams: int = 0, digest: bytes = bytes(20)) -> bytes:
    """A file of an image; a folder whose listing is at ``children``."""
    attributes = wim.ARCHIVE if children is None else wim.DIRECTORY
    text = name.encode("utf-16-le", errors="surrogatepass")
    length = -(-(wim.DENTRY.size + len(text)) // 8) * 8
    fixed = wim.DENTRY.pack(length, attributes, -1, children or 0, 0, 0, 0, digest, 0, streams, 0, len(text))
    return (fixed + text).ljust(length, b"\0")


def image(*listing: bytes, root_at: int = 0) -> bytes:
    """The metadata of an image with these pieces, the root's listing first; ``root_at`` puts it elsewhere."""
    start = struct.pack("<II", 8, 0)
    listing_at = len(start) + wim.DENTRY.size + 2 + 8
    root = entry("", root_at or listing_at)
    return start + root + bytes(listing_at - len(start) - len(root)) + b"".join(listing)


LISTING_AT = len(image())


def raw(metadata: bytes, files: Sequence[tuple] = (), flags: int = 0, table: bytes = b"") -> bytes:
    """A WIM with this metadata. ``files`` are (stored bytes, length once decompressed, digest)."""
    body, rows = bytearray(wim.HEADER.size), b""
    for stored, length, digest in files:
        place = len(stored).to_bytes(7, "little") + bytes([COMPRESSED]) + struct.pack("<QQ", len(body), length)
        rows += wim.LOOKUP_ENTRY.pack(place, 1, 1, digest)
        body += stored
    rows += wim.LOOKUP_ENTRY.pack(
        wim._resource(len(metadata), METADATA, len(body)), 1, 1, hashlib.sha1(metadata).digest()
    )
    body += metadata
    rows += table
    table_at = wim._resource(len(rows), METADATA, len(body))
    body += rows
    xml = "<WIM><IMAGE><NAME>x</NAME></IMAGE></WIM>".encode("utf-16")
    xml_at = wim._resource(len(xml), METADATA, len(body))
    body += xml
    header = (wim.MAGIC, wim.HEADER.size, 0x10D00, flags, CHUNK if flags else 0, bytes(16), 1, 1, 1, table_at, xml_at)
    body[: wim.HEADER.size] = wim.HEADER.pack(*header, bytes(24), 0, bytes(24))
    return bytes(body)


def settings(text: str, place: str = SETTINGS) -> bytes:
    return wim.write({place: text.encode()}, "Contoso")


def areas(inner: str) -> str:
    for step in ("Common", "Customizations", "Settings", "WindowsCustomizations"):
        inner = f"<{step}>{inner}</{step}>"
    return inner


def folder_at(number: int) -> bytes:
    return raw(image(entry("Multivariant", number), bytes(8)))


def listing_at(number: int) -> bytes:
    return raw(image(root_at=number))


def row_with(offset: int, size: int, length: int, flags: int = 0) -> bytes:
    """A table of contents with such a row, which a file of settings needs."""
    digest = b"d" * 20
    place = (size % 2**56).to_bytes(7, "little") + bytes([flags]) + struct.pack("<QQ", offset, length)
    inner = LISTING_AT + len(entry("Multivariant", 0)) + 8
    metadata = image(entry("Multivariant", inner), bytes(8), entry("0.provxml", digest=digest), bytes(8))
    return raw(metadata, table=wim.LOOKUP_ENTRY.pack(place, 1, 1, digest))


def header_with(place: int, offset: int, length: int) -> bytes:
    """``place`` 48 is the table of contents, 72 the XML data."""
    data = bytearray(raw(image(bytes(8))))
    struct.pack_into("<QQ", data, place + 8, offset, length)
    return bytes(data)


def chain(levels: int, name: str) -> bytes:
    """Folders within folders."""
    size = len(entry(name, 0)) + 8
    return raw(image(*(entry(name, LISTING_AT + (level + 1) * size) + bytes(8) for level in range(levels)), bytes(8)))


def wide(count: int, name: str) -> bytes:
    """One folder with a long name and many files with long names."""
    inner = LISTING_AT + len(entry(name, 0)) + 8
    return raw(image(entry(name, inner), bytes(8), *(entry(f"{number:05}{name}") for number in range(count)), bytes(8)))


def shared_streams(folders: int) -> bytes:
    """Folders whose listings end in the same file, which has 65,535 streams."""
    giant = entry("giant", streams=65535) + STREAM.pack(STREAM.size, 0, bytes(20), 0).ljust(40, b"\0") * 65535
    step = len(entry("00000", 0))
    end = LISTING_AT + folders * step + 8
    inside = b"".join(entry(f"{number:05}", end) for number in range(folders))
    root = b"".join(entry(f"{number:05}", end + number * step) for number in range(folders))
    return raw(image(root, bytes(8), inside, giant, bytes(8)))


def loop() -> bytes:
    return raw(image(entry("a", LISTING_AT), bytes(8)))


def compressed(flags: int, chunk: Callable[[], bytes], chunks: int) -> bytes:
    """A file of settings of so many chunks, each made to be slow."""
    piece = chunk()
    table = b"".join(struct.pack("<I", number * len(piece)) for number in range(1, chunks))
    digest = b"d" * 20
    inner = LISTING_AT + len(entry("Multivariant", 0)) + 8
    metadata = image(entry("Multivariant", inner), bytes(8), entry("0.provxml", digest=digest), bytes(8))
    return raw(metadata, [(table + piece * chunks, chunks * CHUNK, digest)], flags)


def literals() -> bytes:
    """XPRESS: a chunk of single letters, each with a code of its own."""
    return bytes([0x77] * 64 + [0] * 192) + bytes(range(1, 255)) * 112


class BitWriter:
    def __init__(self) -> None:
        self.bits: list[str] = []

    def put(self, value: int, count: int) -> None:
        self.bits.append(format(value, f"0{count}b") if count else "")

    def data(self) -> bytes:
        text = "".join(self.bits)
        text += "0" * (-len(text) % 16)
        return b"".join(struct.pack("<H", int(text[at : at + 16], 2)) for at in range(0, len(text), 16))


def small_blocks(size: int = 2048) -> bytes:
    """LZX: a chunk of blocks as small as can be, each with codes that take long to prepare."""
    out = BitWriter()
    for number in range(CHUNK // size):
        out.put(1, 3)
        out.put(0, 1)
        out.put(size, 16)
        first = number == 0
        for length, count in ((7, 256), (0, 8 * 30), (0, 249)):
            # A precode of two codes of one bit: "as before", and the difference that makes a length of 7 out of 0.
            different = (17 - length) % 17
            for symbol in range(20):
                out.put(int(symbol in (0, different or 1)), 4)
            for symbol in range(count):
                out.put(int(first and length != 0 and symbol < 128), 1)
        for letter in range(size):
            out.put(letter % 128, 7)
    return out.data()


def many_documents(inner: Callable[[int], str], count: int) -> bytes:
    files: Mapping[str, bytes] = {
        f"Multivariant/{number}/customizations.xml": inner(number).encode() for number in range(count)
    }
    return wim.write(files, "Contoso")


def users(count: int, same: bool = False) -> str:
    rows = (f"<User UserName='u{n}'><Password>pw-{0 if same else n:07}</Password></User>" for n in range(count))
    return areas(f"<Accounts><Users>{''.join(rows)}</Users></Accounts>")


def commands(count: int, line: str) -> str:
    rows = (f"<CommandConfig Name='{n}'><CommandLine>{n} {line}</CommandLine></CommandConfig>" for n in range(count))
    return areas(
        f"<ProvisioningCommands><PrimaryContext><Command>{''.join(rows)}</Command></PrimaryContext></ProvisioningCommands>"
    )


def hidden_secrets(count: int) -> str:
    """Passwords, and command lines that hold each in another spelling."""
    passwords = "".join(f"<User UserName='u{n}'><Password>p&amp;w-{n:05}</Password></User>" for n in range(count))
    line = "".join(f"p%26w-{n:05} " for n in range(count))
    rows = "".join(f"<CommandLine>{n} {line * 8}</CommandLine>" for n in range(3))
    return areas(f"<Accounts><Users>{passwords}</Users></Accounts><ProvisioningCommands>{rows}</ProvisioningCommands>")


def encoded_command(groups: int) -> str:
    password = "<Accounts><Users><User><Password>abcd</Password></User></Users></Accounts>"
    return areas(f"{password}<ProvisioningCommands><CommandLine>{'QUJD' * groups}</CommandLine></ProvisioningCommands>")


NAMES = ("..", ".", "", "a/b", "a\\b", "C:", "a\0b", "a\nb", "\ud800", "\udfff", "a?", "a*", "<a>", '"', "|")

HOSTILE: dict[str, Callable[[], bytes]] = {
    **{f"folder at {number}": functools.partial(folder_at, number) for number in NUMBERS},
    **{f"root at {number}": functools.partial(listing_at, number) for number in NUMBERS},
    **{
        f"{what} at {offset} of {length}": functools.partial(header_with, place, offset, length)
        for place, what in ((48, "table"), (72, "xml"))
        for offset in (0, *NUMBERS)
        for length in (0, 2**32, 2**63 - 1, 2**64 - 1)
    },
    **{
        f"settings at {offset}, {size} bytes, {length} long": functools.partial(row_with, offset, size, length, flags)
        for offset in (0, 208, 2**63 - 1, 2**64 - 1)
        for size in (0, 8, 2**56 - 1)
        for length in (8, 2**63 - 1, 2**64 - 1)
        for flags in (0, COMPRESSED)
    },
    **{f"name {ascii(name)}": functools.partial(lambda n: raw(image(entry(n), bytes(8))), name) for name in NAMES},
    "long folders within each other": lambda: chain(2000, "f" * 255),
    "folders within each other": lambda: chain(15_000, "f"),
    "long names": lambda: wide(2_000, "n" * 500),
    "a path as long as may be": lambda: wide(1, "n" * 32_000),
    "streams of one file in many folders": lambda: shared_streams(150),
    "a folder in itself": loop,
    "many rows of contents": lambda: raw(
        image(bytes(8)), table=wim.LOOKUP_ENTRY.pack(bytes(24), 1, 1, b"d" * 20) * 83_000
    ),
    "slow xpress": lambda: compressed(XPRESS, literals, 63),
    "slow lzx": lambda: compressed(LZX, small_blocks, 63),
    "a million elements": lambda: settings("<a>" + "<b/>" * 999_000 + "</a>"),
    "deep elements": lambda: settings("<a>" * 500_000),
    "many attributes": lambda: settings(f"<a {' '.join(f'a{n}=' + chr(34) * 2 for n in range(380_000))}/>"),
    "a long text": lambda: settings(areas(f"<Accounts><Azure><BPRT>{'a' * 4_100_000}</BPRT></Azure></Accounts>")),
    "a deep token": lambda: settings(
        areas(f"<Accounts><Azure><BPRT>a.{'W1tbW1tb' * 500_000}.a</BPRT></Azure></Accounts>")
    ),
    "many areas": lambda: many_documents(lambda n: areas("".join(f"<a{n}x{k}/>" for k in range(99_000))), 6),
    "many documents": lambda: many_documents(lambda _number: f"<a>{'<b/>' * 900}</a>", 1_990),
    "many documents of tags in UTF-16": lambda: wim.write(
        {
            f"Multivariant/{number}/customizations.xml": f"<a>{'<b/>' * 90_000}</a>".encode("utf-16")
            for number in range(9)
        }
    ),
    "many accounts": lambda: settings(users(30_000)),
    "many accounts of one password": lambda: settings(users(30_000, same=True)),
    "many commands": lambda: settings(commands(30_000, "calc.exe")),
    "a long command": lambda: settings(commands(1, "x" * 4_000_000)),
    "many names to be looked at": lambda: wim.write(
        {SETTINGS: users(90).encode()}
        | {f"DataAsset/2/{number}_x/{number:05}%26{'QUJD' * 20}%{'QUJD' * 20}": b"" for number in range(6_000)}
    ),
    "many hidden secrets": lambda: settings(hidden_secrets(90)),
    "many profiles": lambda: settings(areas("<W>" + "&amp;lt;keyMaterial&amp;gt;" * 100_000 + "</W>")),
    "profiles in each other": lambda: settings(areas("<W>" + "&lt;a password" * 200_000 + "</W>")),
    "words without end": lambda: settings(areas("<W>&lt;" + "password" * 400_000 + "</W>")),
    "base64 without end": lambda: settings(encoded_command(60_000)),
    "entities within entities": lambda: settings(
        '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>'
    ),
    "an entity of a file": lambda: settings('<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><a>&a;</a>'),
    "a parameter entity": lambda: settings('<!DOCTYPE a [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]><a/>'),
}
