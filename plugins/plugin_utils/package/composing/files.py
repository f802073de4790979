# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a description: read in pieces, hashed, and put in the place of those that the template has.

A file is in a package as an asset (``DataAsset/N/M_HASH/name``, the folder named after the SHA-256 of the content, in
base64 with ``.`` for ``/``), or it is compiled: a certificate stands as base64 in a value. Which asset belongs to which
setting is told by its name alone, as packages do not say it otherwise.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..plain_files import base_name
from ..wim import NO_CONTENT, File
from .errors import MissingFile, NotLikeTemplate, UnclearPlace
from .matching import Mask, Pair
from .template import COPIED_AT_ONCE, Source
from .wim_file import Content

_FOLDER = re.compile(r"(?P<number>[0-9]+_)(?P<hash>[A-Za-z0-9+.=]{44})")


@dataclass(frozen=True)
class Given:
    """A file that was given: its hashes and ``size`` in bytes. It is read again when it is written."""

    source: Source = field(repr=False)
    size: int
    sha1: bytes
    sha256: bytes

    @classmethod
    def of(cls, source: Source, what: str) -> Given:
        """Read a file once. ``what`` says whose it is. Raises MissingFile."""
        one, other, size = hashlib.sha1(usedforsecurity=False), hashlib.sha256(), 0
        try:
            if not isinstance(source, bytes) and not stat.S_ISREG(os.stat(source).st_mode):
                raise MissingFile(f"the file of {what} is not a regular file")
            for piece in _pieces(source):
                one.update(piece)
                other.update(piece)
                size += len(piece)
        except (OSError, ValueError) as exc:
            reason = (exc.strerror if isinstance(exc, OSError) else None) or type(exc).__name__
            raise MissingFile(f"the file of {what} cannot be read ({reason})") from None
        return cls(source, size, one.digest(), other.digest())

    def pieces(self) -> Iterator[bytes]:
        """Its content. Raises MissingFile."""
        try:
            yield from _pieces(self.source)
        except OSError as exc:
            raise MissingFile(f"a file of the package cannot be read any more ({exc.strerror})") from None

    @property
    def digest(self) -> bytes:
        """The hash by which a WIM finds the content, which has none where it is empty."""
        return self.sha1 if self.size else NO_CONTENT

    def content(self) -> Content:
        """As it is stored in a WIM."""
        return Content(self.sha1, self.size, self.size, self.pieces)

    @property
    def folder_hash(self) -> str:
        """The hash in the name of the folder of an asset."""
        return base64.b64encode(self.sha256).decode().replace("/", ".")


def given_files(values: Iterable[tuple[str, str]], files: Mapping[str, Source]) -> dict[str, Given]:
    """The file of each (value, path of its setting). Raises MissingFile."""
    found: dict[str, Given] = {}
    for value, path in values:
        if value not in files:
            raise MissingFile(f"the file of {path} was not given")
        if value not in found:
            found[value] = Given.of(files[value], path)
    return found


def _pieces(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with open(source, "rb") as file:
        while piece := file.read(COPIED_AT_ONCE):
            yield piece


@dataclass
class Assets:
    """Which file takes the place of which asset: ``by_path``; ``folders``: other names of their folders, by the old one
    in lower case; ``compiled``: pairs whose file is not an asset."""

    by_path: dict[str, Given] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    compiled: list[Pair] = field(default_factory=list)


def assets_of(
    pairs: Iterable[Pair], held_by_template: Mapping[str, File], given: Mapping[str, Given], mask: Mask
) -> Assets:
    """Raises NotLikeTemplate and UnclearPlace."""
    by_name: dict[str, list[str]] = {}
    for path in held_by_template:
        by_name.setdefault(base_name(path).lower(), []).append(path)
    assets, problems = Assets(), []
    for pair in pairs:
        name = base_name(pair.old.value)
        held = by_name.get(name.lower())
        if held is None:
            assets.compiled.append(pair)
            continue
        if base_name(pair.new.value).lower() != name.lower():
            told = f"its own is called {mask(name)}, not {mask(base_name(pair.new.value))}"
            problems.append(f"the template lacks the file of {mask(pair.new.path)}: {told}")
            continue
        for path in held:
            _put(assets, path, given[pair.new.value], mask)
    problems += [
        f"the description does not mention the file {mask(base_name(path))}, which the template has"
        for path in held_by_template
        if path not in assets.by_path
    ]
    if problems:
        raise NotLikeTemplate(problems)
    _name_folders(assets, held_by_template, mask)
    return assets


def _put(assets: Assets, path: str, given: Given, mask: Mask) -> None:
    known = assets.by_path.setdefault(path, given)
    if known.sha256 != given.sha256:
        raise UnclearPlace(f"two settings have a file called {mask(base_name(path))}, of other contents")


def _name_folders(assets: Assets, held_by_template: Mapping[str, File], mask: Mask) -> None:
    folders: dict[str, list[str]] = {}
    for path in assets.by_path:
        folders.setdefault(path.rpartition("/")[0], []).append(path)
    for folder, held in folders.items():
        match = _FOLDER.fullmatch(base_name(folder))
        if match is None:
            continue
        hashes = {assets.by_path[path].folder_hash for path in held}
        same = all(assets.by_path[path].digest == held_by_template[path].digest for path in held)
        if same or match["hash"] in hashes:  # a stale name of an unchanged file stays: real packages have some
            continue
        if len(held) > 1:
            raise UnclearPlace(f"the folder of {mask(base_name(held[0]))} has several files in the template")
        wanted = match["number"] + hashes.pop()
        if assets.folders.setdefault(match[0].lower(), wanted) != wanted:
            raise UnclearPlace(f"the folder of {mask(base_name(held[0]))} stands twice in the template")
