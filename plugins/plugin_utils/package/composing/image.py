# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory tree of an image, in which names and contents are replaced where they stand.

A new name has as many bytes as the old one (ids and hashes do), so nothing else in the tree moves: security data,
times, attributes and short names stay as they are.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..wim import DENTRY, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_REPARSE_POINT, LENGTH, NO_CONTENT, SECURITY, STREAM
from .errors import UnclearPlace, UnfitTemplate

_DIGEST_AT, _STREAM_DIGEST_AT = 64, 16


@dataclass(frozen=True)
class Entry:
    """A file or folder of the tree: its path with ``/``, and where in the tree its name and digest stand."""

    path: str
    digest: bytes
    is_folder: bool
    name_at: int
    name_size: int
    digest_at: int


def entries(tree: bytes) -> list[Entry]:
    """All files and folders of a tree that a Wim has read before, so its bounds are known. Raises UnfitTemplate."""
    (security,) = SECURITY.unpack_from(tree)
    root = DENTRY.unpack_from(tree, max(8, -(-security // 8) * 8))
    found: list[Entry] = []
    folders = [("", root[3])]
    while folders:
        above, at = folders.pop(0)
        while length := LENGTH.unpack_from(tree, at)[0]:
            entry, at = _entry(tree, at, length, above)
            found.append(entry)
            if entry.is_folder:
                folders.append((f"{entry.path}/", DENTRY.unpack_from(tree, entry.digest_at - _DIGEST_AT)[3]))
    return found


def _entry(tree: bytes, at: int, length: int, above: str) -> tuple[Entry, int]:
    """The entry at this place, and the place of the next one."""
    _length, attributes, _security, _children, digest, _link, streams, _short, size = DENTRY.unpack_from(tree, at)
    name_at, digest_at = at + DENTRY.size, at + _DIGEST_AT
    name = tree[name_at : name_at + size].decode("utf-16-le")
    if attributes & FILE_ATTRIBUTE_REPARSE_POINT:
        raise UnfitTemplate("the template has a link in it, which packages have not")
    begin = at
    at += -(-length // 8) * 8
    for _each in range(streams):
        stream_length, _reserved, stream_digest, stream_name = STREAM.unpack_from(tree, at)
        if stream_name and stream_digest != NO_CONTENT:
            raise UnfitTemplate("the template has a file with two contents, which packages have not")
        if not stream_name and digest == NO_CONTENT:
            digest, digest_at = stream_digest, at + _STREAM_DIGEST_AT
        at += max(-(-stream_length // 8) * 8, STREAM.size)
    is_folder = bool(attributes & FILE_ATTRIBUTE_DIRECTORY)
    return Entry(above + name, digest, is_folder, name_at, size, begin + _DIGEST_AT if is_folder else digest_at), at


class Tree:
    """A tree that is being changed. ``files``: those of the template."""

    def __init__(self, tree: bytes) -> None:
        self._bytes = bytearray(tree)
        self._all = entries(tree)
        self.files = [entry for entry in self._all if not entry.is_folder]
        self._expected = {entry.path: entry.digest for entry in self.files}

    def set_digest(self, entry: Entry, digest: bytes) -> None:
        """Give a file another content (NO_CONTENT: none)."""
        self._bytes[entry.digest_at : entry.digest_at + len(digest)] = digest
        self._expected[entry.path] = digest

    def rename(self, new_path: Callable[[str], str]) -> None:
        """Rename files and folders: ``new_path`` gives each path its new one, of as many letters and folders."""
        for entry in self._all:
            name = new_path(entry.path).rpartition("/")[2].encode("utf-16-le")
            if len(name) != entry.name_size:
                raise UnclearPlace("a name in the template would become a longer or shorter one")
            self._bytes[entry.name_at : entry.name_at + entry.name_size] = name
        self._expected = {new_path(path): digest for path, digest in self._expected.items()}

    def written(self) -> bytes:
        """The tree as it is to be. Raises UnclearPlace where it does not say what it is to say."""
        data = bytes(self._bytes)
        if {entry.path: entry.digest for entry in entries(data) if not entry.is_folder} != self._expected:
            raise UnclearPlace("the list of files in the template has two that share a place")
        return data
