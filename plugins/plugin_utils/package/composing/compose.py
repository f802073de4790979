# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a package together: the template's documents with other values, its tree with other names, the files given.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from ..description.description import Description
from ..description.document import Document
from ..description.table import table
from ..safe_xml import UnsafeXml
from ..wim import NO_CONTENT
from .catalogue import catalogue
from .checking import check
from .errors import ChangedFile, UnclearPlace
from .files import given_files
from .identity import image_changes
from .located import Slot
from .personal import Personal, personal
from .template import Source, Template, read_template
from .wim_file import Content, WimFile, of_bytes, sha1
from .xpress import compressed

MOST_COMPRESSED = 1 << 20
"""Bytes that are compressed in one package; further ones are stored as they are."""


@dataclass(frozen=True)
class Built:
    """A package that can be written. It holds secrets, and does not print.

    ``package_id``: GUID in lower case without braces; ``sha256``: of the package, in hexadecimal digits; ``size``: in
    bytes; ``catalogue``: the bytes of the ``.cat`` beside it; ``changes``: {path, before, after} of each value that is
    not the template's, a sign for each secret; ``notes``: sentences about what else is not as in the template.
    """

    package_id: str
    sha256: str
    size: int
    catalogue: bytes = field(repr=False)
    changes: list[dict] = field(repr=False)
    notes: list[str]
    _file: WimFile = field(repr=False)

    def write(self, stream: BinaryIO) -> None:
        """Write the package to a binary stream, in pieces of at most 4 MiB.

        Raises ChangedFile where a file is not what it was (what was written by then cannot be used), MissingFile, and
        what the stream raises.
        """
        hashed = _Hashed(stream)
        self._file.write(hashed)  # type: ignore[arg-type]
        if hashed.sha256.hexdigest() != self.sha256:
            raise ChangedFile("a file was written to while the package was being made of it")


class _Hashed:
    """A stream that hashes what goes through it, and passes it on where there is another one."""

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self._stream = stream
        self.sha256, self.sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)

    def write(self, data: bytes) -> None:
        self.sha256.update(data)
        self.sha1.update(data)
        if self._stream is not None:
            self._stream.write(data)


def compose(template: Source, description: Description, files: Mapping[str, Source]) -> Built:
    """The package that says what the description says. The docstring of this folder says what it takes and raises."""
    source = read_template(template)
    document = description.document
    given = given_files(_named_files(document), files)
    try:
        made = personal(source, description, given)
        file = _wim_file(source, made, document)
    except UnsafeXml as exc:
        raise UnclearPlace(f"a document of the template has {exc}") from None
    hashed = _Hashed()
    file.write(hashed)  # type: ignore[arg-type]
    return Built(
        package_id=made.package_id,
        sha256=hashed.sha256.hexdigest(),
        size=file.size,
        catalogue=catalogue(hashed.sha256.digest(), hashed.sha1.digest(), source.made),
        changes=made.changes,
        notes=made.notes,
        _file=file,
    )


def _named_files(document: Document) -> list[tuple[str, str]]:
    """(value, path) of each setting that is a file."""
    settings = (setting for block in document.blocks for setting in block.settings)
    known = ((setting, table().find(setting.bare)) for setting in settings if not setting.steps[-1].is_attribute)
    return [(setting.value, setting.path) for setting, each in known if each is not None and each.type == "file"]


def _wim_file(template: Template, made: Personal, wanted: Document) -> WimFile:
    contents: dict[bytes, tuple[Content, int]] = {}
    total, to_read = 0, 0
    for path in template.files:
        content = _content(template, made, path, to_read)
        total += content.length
        to_read += content.length if content.compressed else 0
        digest = content.digest if content.length else NO_CONTENT
        template.tree.set_digest(template.entries[path], digest)
        if digest != NO_CONTENT:
            known, count = contents.get(digest, (content, 0))
            contents[digest] = known, count + 1
    template.tree.rename(made.words.path)
    tree = template.tree.written()
    xml = made.words.document(template.xml)
    image = xml.root.find("IMAGE")
    if image is None:
        raise UnclearPlace("the XML data of the template name no image")
    changes = image_changes(image, made.told.identity, wanted.identity)

    def with_total(size: int) -> bytes:
        totals = [(xml.root.find("TOTALBYTES"), size), (image.find("TOTALBYTES"), total)]
        found = [
            (each.text, str(number)) for each, number in totals if each is not None and isinstance(each.text, Slot)
        ]
        return xml.encoded(xml.changed([*changes, *found]))

    check(template, made, wanted, tree, with_total(0))
    return WimFile(list(contents.values()), tree, with_total, made.wim_id)


def _content(template: Template, made: Personal, path: str, to_read: int) -> Content:
    """The content of a file. ``to_read``: bytes that a reader decompresses by now, which takes it time."""
    if path in template.assets:
        content = made.assets.by_path[path].content()
    else:
        content = of_bytes(made.documents[path] if path in made.documents else template.others[path])
    raw = template.compressed.get(content.digest)
    if raw is None and path in made.documents and to_read + content.length <= MOST_COMPRESSED:
        raw = compressed(made.documents[path])
    if raw is None:
        return content
    return Content(content.digest, content.length, len(raw), lambda: [raw], True, sha1(raw))
