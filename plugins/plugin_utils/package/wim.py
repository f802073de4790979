# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the container of a provisioning package: a WIM of one part, with XPRESS, LZX or no compression.

Only what is needed to list the files of its images and to read small ones. What the file says is believed only as far
as the limits below and the size of the file allow. Source: Microsoft's paper "Windows Imaging File Format (WIM)" and
the format notes of wimlib.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import BinaryIO

from .compression import OFFSET_SLOTS, lzx, xpress
from .errors import DamagedPackage, NotAPackage, UnsupportedPackage
from .other_files import no_package

MAGIC = b"MSWIM\0\0\0"
HEADER = struct.Struct("<8sIIII16sHHI24s24s24sI24s60x")
LOOKUP_ENTRY = struct.Struct("<24sHI20s")
DENTRY = struct.Struct("<QIiQ16x24x20s4xQHHH")
STREAM = struct.Struct("<QQ20sH")
LENGTH, SECURITY = struct.Struct("<Q"), struct.Struct("<I")
NO_SENSE = (struct.error, ValueError, IndexError, OverflowError, MemoryError, RecursionError)
"""What unpacking and decoding raise where bytes make no sense."""
WIM_VERSION, SOLID_VERSION = 0x10D00, 0xE00
SPANNED, WRITE_IN_PROGRESS, XPRESS, LZX, LZMS = 0x8, 0x40, 0x20000, 0x40000, 0x80000
RESOURCE_METADATA, RESOURCE_COMPRESSED, RESOURCE_SOLID = 0x02, 0x04, 0x10
FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_REPARSE_POINT = 0x10, 0x400
NO_CONTENT = bytes(20)
XPRESS_CHUNK = 32768

MAX_IMAGES = 16
MAX_ENTRIES = 20_000  # files and folders of all images
MAX_READS = 2_000  # files of settings
MAX_RESOURCE = 4 << 20  # bytes of one resource that is read
MAX_TOTAL = 8 << 20  # bytes of all resources that are read
MAX_DECOMPRESSED = 2 << 20  # bytes of all that are decompressed, which takes seconds a MiB where somebody means harm
MAX_PATH_LETTERS = 1024  # of one path; Windows itself is content with 260
MAX_FOLDERS_DEEP = 64
MAX_PATHS = 2 << 20  # letters of all paths together: each repeats those of its folders
MAX_STREAMS = 2 * MAX_ENTRIES  # of all files together
READ_BYTES = 4096
DAMAGED_LIST = "the list of files in the package is damaged"


@dataclass(frozen=True)
class WimResource:
    """Where a piece of content lies: ``size`` bytes at ``offset``, ``length`` bytes once decompressed."""

    __slots__ = ("flags", "length", "offset", "size")

    size: int
    flags: int
    offset: int
    length: int

    @classmethod
    def parse(cls, raw: bytes) -> WimResource:
        offset, length = struct.unpack_from("<QQ", raw, 8)
        return cls(int.from_bytes(raw[:7], "little"), raw[7], offset, length)


@dataclass(frozen=True)
class File:
    """A file of an image: its path with ``/``, its size in bytes, and the hash that finds its content."""

    image: int
    path: str
    size: int
    digest: bytes


class Wim:
    """An open WIM: ``images`` (number), ``files`` (of all images), ``xml`` (the bytes of its XML data) and ``metadata``
    (those of the directory tree of each image).

    Raises PackageError; what NO_SENSE names, where the bytes make no sense, is left to the caller, who turns it into
    DamagedPackage at one place.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._reads = self._read_so_far = self._decompressed = self._letters = self._streams = 0
        start = self._bytes(0, min(size, READ_BYTES))
        if not start.startswith(MAGIC):
            raise no_package(start, size)
        if size < HEADER.size:
            raise DamagedPackage("the file is cut: it ends inside its header")
        fields = HEADER.unpack_from(start)
        (_magic, _length, version, self._flags, self._chunk, _guid, part, parts, self.images, table, xml, *_unused) = (
            fields
        )
        self._check_kind(version, part, parts)
        if not self.images:
            raise DamagedPackage("the package holds no image, so nothing at all")
        if self.images > MAX_IMAGES:
            raise UnsupportedPackage(f"the package claims {self.images} images, more than {MAX_IMAGES}")
        self._contents: dict[bytes, WimResource] = {}
        metadata = self._lookup_table(WimResource.parse(table))
        if len(metadata) != self.images:
            raise DamagedPackage(f"the package claims {self.images} images and holds {len(metadata)}")
        self.xml = self._resource(WimResource.parse(xml))
        self.files: list[File] = []
        self._used: set[bytes] = set()
        self.metadata = [self._resource(resource, digest) for resource, digest in metadata]
        for number, tree in enumerate(self.metadata, 1):
            self._list(number, tree)

    def read(self, file: File) -> bytes:
        """The content of a file, checked against its SHA-1."""
        self._reads += 1
        if self._reads > MAX_READS:
            raise UnsupportedPackage(f"the package has more than {MAX_READS} files of settings")
        if file.digest == NO_CONTENT:
            return b""
        return self._resource(self._contents[file.digest], file.digest)

    def compressed(self, file: File) -> bytes | None:
        """The content of a file as it is compressed; None where it is not, or not as provisioning packages are."""
        resource = self._contents.get(file.digest)
        as_packages = self._flags & XPRESS and self._chunk == XPRESS_CHUNK
        if resource is None or not as_packages or not resource.flags & RESOURCE_COMPRESSED:
            return None
        return self._bytes(resource.offset, resource.size)

    def dead(self) -> list[File]:
        """Contents that no file has: an update in place leaves what it replaced, and programs can have it back."""
        return [
            File(0, "", resource.length, digest)
            for digest, resource in self._contents.items()
            if digest not in self._used and digest != NO_CONTENT
        ]

    def _check_kind(self, version: int, part: int, parts: int) -> None:
        if version == SOLID_VERSION:
            raise UnsupportedPackage("the file is a solid WIM (ESD), which provisioning packages are not")
        if version != WIM_VERSION:
            raise DamagedPackage(f"the file has the WIM version {version:#x} where {WIM_VERSION:#x} is expected")
        if self._flags & SPANNED or (part, parts) != (1, 1):
            raise UnsupportedPackage("the file is one part of a split WIM")
        if self._flags & WRITE_IN_PROGRESS:
            raise DamagedPackage("the package was never finished: the program that wrote it was stopped")
        if self._flags & LZMS:
            raise UnsupportedPackage("the package is compressed with LZMS, which provisioning packages are not")
        if self._flags & (XPRESS | LZX):
            orders = OFFSET_SLOTS if self._flags & LZX else range(12, 17)
            if self._chunk not in {1 << order for order in orders}:
                raise DamagedPackage("the package has an impossible chunk size in its header")

    def _bytes(self, offset: int, size: int) -> bytes:
        if offset + size > self._size:
            raise DamagedPackage(f"the file is cut: it has {self._size} bytes and needs {offset + size} or more")
        self._file.seek(offset)
        data = self._file.read(size)
        if len(data) != size:
            raise DamagedPackage("the file became shorter while it was read")
        return data

    def _lookup_table(self, where: WimResource) -> list[tuple[WimResource, bytes]]:
        """Fill the table of contents and return the metadata resources, one an image."""
        metadata = []
        for raw, _part, _references, digest in LOOKUP_ENTRY.iter_unpack(self._resource(where)):
            resource = WimResource.parse(raw)
            if resource.flags & RESOURCE_SOLID:
                raise UnsupportedPackage("the package is compressed as a solid WIM, which Windows does not apply")
            if resource.offset + resource.size > self._size:
                raise DamagedPackage("the file is cut: a part of its contents lies beyond its end")
            if resource.flags & RESOURCE_METADATA:
                metadata.append((resource, digest))
            else:
                self._contents[digest] = resource
        return metadata

    def _resource(self, resource: WimResource, digest: bytes | None = None) -> bytes:
        self._read_so_far += resource.length
        if resource.length > MAX_RESOURCE or self._read_so_far > MAX_TOTAL:
            raise UnsupportedPackage(
                f"the settings of the package are larger than {MAX_RESOURCE >> 20} MiB in one piece "
                f"or {MAX_TOTAL >> 20} MiB together"
            )
        if resource.flags & RESOURCE_COMPRESSED:
            data = self._decompress(resource)
        elif resource.size != resource.length:
            raise DamagedPackage("a part of the package has two different sizes")
        else:
            data = self._bytes(resource.offset, resource.size)
        if digest is not None and hashlib.sha1(data, usedforsecurity=False).digest() != digest:
            raise DamagedPackage("a part of the package does not match its checksum")
        return data

    def _decompress(self, resource: WimResource) -> bytes:
        if not self._flags & (XPRESS | LZX):
            raise DamagedPackage("a part of the package is compressed, but the header names no compression")
        if resource.size > resource.length:
            raise DamagedPackage("a part of the package is larger compressed than not")
        self._decompressed += resource.length
        if self._decompressed > MAX_DECOMPRESSED:
            raise UnsupportedPackage(
                f"the compressed settings of the package are larger than {MAX_DECOMPRESSED >> 20} MiB"
            )
        chunks = -(-resource.length // self._chunk)
        data = self._bytes(resource.offset, resource.size)
        # A table of where each chunk but the first begins, then the chunks. (8-byte offsets are for 4 GiB and more.)
        table = 4 * (chunks - 1)
        begins = [0, *struct.unpack_from(f"<{chunks - 1}I", data), resource.size - table]
        out = bytearray()
        for begin, end in zip(begins[:-1], begins[1:], strict=True):
            size = min(self._chunk, resource.length - len(out))
            chunk = data[table + begin : table + end]
            if not 0 < end - begin == len(chunk) <= size:
                raise DamagedPackage("a part of the package has impossible chunk sizes")
            if len(chunk) == size:  # it would not shrink, so it is stored as it is
                out += chunk
            else:
                out += lzx(chunk, size, self._chunk) if self._flags & LZX else xpress(chunk, size)
        return bytes(out)

    def _list(self, image: int, metadata: bytes) -> None:
        """Walk the directory tree of an image."""
        (security,) = _at(SECURITY, metadata, 0)
        root = _at(DENTRY, metadata, max(8, -(-security // 8) * 8))
        folders = [("", root[3])]
        seen = set()
        while folders:
            folder, at = folders.pop()
            if at in seen:
                raise DamagedPackage("a folder of the package contains itself")
            seen.add(at)
            while length := _at(LENGTH, metadata, at)[0]:
                entry = _at(DENTRY, metadata, at)
                _length, attributes, _security, children, digest, _link, streams, _short, name_size = entry
                begin = at + DENTRY.size
                name = metadata[begin : begin + name_size].decode("utf-16-le")
                if length < DENTRY.size + name_size or not _is_name(name):
                    raise DamagedPackage(DAMAGED_LIST)
                self._count(folder, name, streams)
                at += -(-length // 8) * 8
                for _each in range(streams):
                    stream_length, _reserved, stream_digest, stream_name_size = _at(STREAM, metadata, at)
                    self._used.add(stream_digest)
                    if not stream_name_size and digest == NO_CONTENT:
                        digest = stream_digest
                    at += max(-(-stream_length // 8) * 8, STREAM.size)
                self._used.add(digest)
                if attributes & FILE_ATTRIBUTE_DIRECTORY and not attributes & FILE_ATTRIBUTE_REPARSE_POINT:
                    folders.append((f"{folder}{name}/", children))
                else:
                    self.files.append(File(image, folder + name, self._length_of(digest), digest))
                if len(self.files) + len(folders) + len(seen) > MAX_ENTRIES:
                    raise UnsupportedPackage(f"the package holds more than {MAX_ENTRIES} files and folders")

    def _count(self, folder: str, name: str, streams: int) -> None:
        """Refuse what would take too much memory or time, before a path is made of it."""
        self._letters += len(folder) + len(name)
        self._streams += streams
        if len(folder) + len(name) > MAX_PATH_LETTERS or folder.count("/") >= MAX_FOLDERS_DEEP:
            raise UnsupportedPackage(
                f"the package has a path of more than {MAX_PATH_LETTERS} characters or {MAX_FOLDERS_DEEP} folders"
            )
        if self._letters > MAX_PATHS or self._streams > MAX_STREAMS:
            raise UnsupportedPackage("the list of files in the package is larger than any that Windows makes")

    def _length_of(self, digest: bytes) -> int:
        if digest == NO_CONTENT:
            return 0
        if digest not in self._contents:
            raise DamagedPackage("a file of the package has no content")
        return self._contents[digest].length


def _at(layout: struct.Struct, metadata: bytes, at: int) -> tuple:
    """The fields that lie at ``at``, which may be any number: it comes from the file."""
    if at > len(metadata) - layout.size:
        raise DamagedPackage(DAMAGED_LIST)
    return layout.unpack_from(metadata, at)


def _is_name(name: str) -> bool:
    """Whether it can be the name of a file: no path, no control character, and text. (UTF-16 has no lone surrogates
    here: its decoder refuses them.)"""
    return bool(name) and name not in (".", "..") and not any(letter in '\\/:"<>|?*' or letter < " " for letter in name)


def not_provisioning() -> NotAPackage:
    """The error for a WIM without anything that a provisioning package has."""
    return NotAPackage("the file is a Windows image (WIM), but holds no provisioning settings")
