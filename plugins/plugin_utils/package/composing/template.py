# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The template: a package that Microsoft's tool built, opened, looked at, and refused where it cannot be changed.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import BinaryIO

from ..conditions import built_with
from ..errors import DamagedPackage, PackageError, UnreadablePackage
from ..found import ANSWER_FILE, ASSET, CUSTOMIZATIONS, PROVXML
from ..plain_files import sha256_of
from ..safe_xml import UnsafeXml
from ..wim import NO_SENSE, File, Wim, not_provisioning
from .errors import UnfitTemplate
from .image import Tree
from .located import XmlText

Source = bytes | str | os.PathLike
COPIED_AT_ONCE = 1 << 20
"""Bytes that are copied at once."""
MOST_TAGS = 40_000
"""Of all documents of a template: a package with each setting that there is has as many, and each costs time."""
SMALL_ASSETS = 512 << 10
"""Bytes of embedded files that are decompressed, which takes a second a MiB."""
_DOCUMENT = re.compile(r".*\.(?:xml|provxml)")
_GUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.IGNORECASE)
_FILETIME_BEGIN = datetime(1601, 1, 1)
_UNKNOWN_TIME = datetime(2000, 1, 1)


class Template:
    """An open template.

    ``documents``: its XML files by path; ``others``: the content of further files that are not assets, by path;
    ``assets``: embedded files by path; ``compressed``: contents as they are compressed, by their SHA-1, of those that
    were read and looked at; ``image``: its image in the WIM's XML.
    """

    def __init__(self, file: BinaryIO) -> None:
        size = file.seek(0, os.SEEK_END)
        self.sha256 = sha256_of(file)
        self.wim = Wim(file, size)
        if self.wim.images != 1:
            raise UnfitTemplate(f"the template has {self.wim.images} images, and nobody can say which one is meant")
        self.tree = Tree(self.wim.metadata[0])
        by_path = {entry.path: entry for entry in self.tree.files}
        self.files: dict[str, File] = {entry.path: entry for entry in self.wim.files}
        if len(self.files) != len(self.wim.files) or by_path.keys() != self.files.keys():
            raise UnfitTemplate("the template has two files of one name")
        self.entries = by_path
        self.documents: dict[str, XmlText] = {}
        self.others: dict[str, bytes] = {}
        self.assets: dict[str, File] = {}
        self.compressed: dict[bytes, bytes] = {}
        self._tags = 0
        for path, entry in self.files.items():
            self._sort(path, entry)
        if not any(is_customizations(path) or is_answer_file(path) for path in self.documents):
            if not any(path.lower().startswith(("multivariant/", "commonsettings/")) for path in self.files):
                raise not_provisioning()
            raise UnfitTemplate("the template has neither customizations.xml nor AnswerFile.xml in it")
        self.xml = _document("the XML data at the end", self.wim.xml)
        self._read_small_assets()
        image = self.xml.root.find("IMAGE")
        if image is None:
            raise DamagedPackage("the XML data at the end of the package name no image")
        self.image = image
        self._refuse_protected()

    @property
    def made(self) -> datetime:
        """When the template was built, as it says itself, in UTC."""
        for tag in ("LASTMODIFICATIONTIME", "CREATIONTIME"):
            parts = [self.image.findtext(f"{tag}/{part}") or "" for part in ("HIGHPART", "LOWPART")]
            if all(re.fullmatch("0x[0-9A-Fa-f]{1,8}", part) for part in parts):
                high, low = (int(part, 16) for part in parts)
                seconds = (high << 32 | low) // 10_000_000
                if 0 < seconds < 14_000_000_000:  # up to the year 2044
                    return _FILETIME_BEGIN + timedelta(seconds=seconds)
        return _UNKNOWN_TIME

    def _sort(self, path: str, entry: File) -> None:
        low = path.lower()
        if ASSET.fullmatch(low) or low.count("/") > 1 and low.startswith("dataasset/"):
            self.assets[path] = entry
            return
        content = self._read(entry)
        self._tags += content.count(b"<")
        if self._tags > MOST_TAGS:
            raise UnfitTemplate(f"the settings of the template have more than {MOST_TAGS} elements")
        if _DOCUMENT.fullmatch(low):
            self.documents[path] = _document(path, content)
        else:
            self.others[path] = content

    def _read(self, entry: File) -> bytes:
        content = self.wim.read(entry)
        raw = self.wim.compressed(entry)
        if raw is not None:
            self.compressed[entry.digest] = raw
        return content

    def _read_small_assets(self) -> None:
        """What is copied as it stands must be what its hash says. Large ones are written from the given files."""
        left = SMALL_ASSETS
        for entry in self.assets.values():
            if entry.size <= left and self.wim.compressed(entry) is not None:
                left -= entry.size
                self._read(entry)

    def _refuse_protected(self) -> None:
        said = built_with({child.tag: (child.text or "").strip() for child in self.image}) or {}
        if said.get("signed"):
            raise UnfitTemplate("the template is signed, and a change would break its signature")
        if said.get("encrypted"):
            raise UnfitTemplate("the template is encrypted")
        signatures = [path for path in self.files if path.lower().endswith((".p7s", ".p7x", ".p7b", ".cat"))]
        if any(path not in self.assets for path in signatures):
            raise UnfitTemplate("the template has a signature in it, which a change would break")


def is_customizations(path: str) -> bool:
    return CUSTOMIZATIONS.fullmatch(path.lower()) is not None


def is_answer_file(path: str) -> bool:
    return ANSWER_FILE.fullmatch(path.lower()) is not None


def is_compiled(path: str) -> bool:
    return PROVXML.fullmatch(path.lower()) is not None


def guid_of(text: str | None) -> str | None:
    """The id in a text, in lower case without braces; None where it is none, or the one of zeros."""
    match = _GUID.fullmatch((text or "").strip())
    return match[1].lower() if match and match[1].strip("0-") else None


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    """The file of a template. Raises UnreadablePackage."""
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    shown = os.fsdecode(source)
    if "\0" in shown:
        raise UnreadablePackage("no file can have this name", shown.replace("\0", "\\0"))
    try:
        if not stat.S_ISREG(os.stat(shown).st_mode):  # a pipe or a device would be waited for
            raise UnreadablePackage("this is not a regular file", shown)
        with open(shown, "rb") as file:
            yield file
    except OSError as exc:
        raise UnreadablePackage(f"the file cannot be read ({exc.strerror or type(exc).__name__})", shown) from None


def read_template(source: Source) -> Template:
    """The template. Raises PackageError, with its path, and UnfitTemplate."""
    shown = "the template" if isinstance(source, bytes) else os.fsdecode(source).replace("\0", "\\0")
    try:
        with _opened(source) as file:
            return Template(file)
    except UnreadablePackage:
        raise
    except PackageError as exc:
        raise exc.at(shown) from None
    except NO_SENSE:
        raise DamagedPackage("the file is damaged: its contents make no sense", shown) from None


def _document(path: str, content: bytes) -> XmlText:
    try:
        return XmlText.read(content)
    except UnsafeXml as exc:
        raise DamagedPackage(f"{path} inside the package is not usable XML: {exc}") from None
