# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a package is: its id, name, version, owner and rank, wherever they stand.

``PackageConfig`` in customizations.xml has all of them, the XML data of the WIM file too (its properties NAME,
DESCRIPTION, VERSION, PACKAGEID, NOTES and ALTITUDE). The id also stands in paths and names of files. Seen in packages
that Microsoft's tool has built.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from ..description.customizations import IDENTITY_ELEMENTS
from ..description.document import Identity
from .errors import UnclearPlace, UnfitTemplate
from .located import Slot, XmlText, substituted
from .template import Template, guid_of

ALTITUDES = {"SiliconVendor": 1000, "OEM": 2000, "SystemIntegrator": 3000, "ITAdmin": 5000}
"""What is added to the rank of a package, by its owner, for the order in which Windows applies packages."""


class Words:
    """Words that are other ones everywhere: the id, names of folders, thumbprints; by the old one in lower case."""

    def __init__(self, new: Mapping[str, str]) -> None:
        self._new = {old.lower(): word for old, word in new.items() if old.lower() != word}
        found = "|".join(re.escape(old) for old in sorted(self._new, key=lambda old: (-len(old), old)))
        self._pattern = re.compile(found or r"(?!)", re.IGNORECASE)

    def document(self, document: XmlText) -> XmlText:
        """The document with the new words."""
        return document.replaced(self._pattern, self._new) if self._new else document

    def path(self, path: str) -> str:
        """A path with the new words."""
        return substituted(path, self._pattern, self._new)

    def stand_in(self, data: bytes) -> bool:
        """Whether an old word stands in a file of another kind than a document."""
        texts = (data.decode("latin-1"), data[: len(data) // 2 * 2].decode("utf-16-le", "replace"))
        return any(self._pattern.search(text) for text in texts)


def id_of(template: Template, told: Identity) -> str:
    """The id of the template, in lower case without braces. Raises UnfitTemplate."""
    ids = [guid_of(text) for text in (template.image.findtext("PACKAGEID"), told.id)]
    if None in ids or not ids[0]:
        raise UnfitTemplate("the template has no package id, or one that is no GUID")
    if len(set(ids)) > 1:
        raise UnfitTemplate("the template contradicts itself: it has two package ids")
    return ids[0]


def config_changes(document: XmlText, wanted: Identity) -> list[tuple[Slot, str]]:
    """The new values in ``PackageConfig``, but for the id; none where the document has no such element."""
    changes = []
    for config in document.root.findall("PackageConfig"):
        for child in config:
            field = IDENTITY_ELEMENTS.get(child.tag)
            value = getattr(wanted, field) if field else wanted.other.get(child.tag)
            slot = child.text if isinstance(child.text, Slot) else document.empty.get(id(child))
            if field != "id" and value is not None and slot is not None and slot.strip() != value:
                changes.append((slot, value))
    return changes


def image_changes(image: Element, told: Identity, wanted: Identity) -> list[tuple[Slot, str]]:
    """The new values in the properties of the image, but for the id. Raises UnclearPlace."""
    new = {"NAME": wanted.name, "VERSION": wanted.version, "ALTITUDE": _altitude(image, told, wanted)}
    texts = {told.other.get("Notes") or "": wanted.other.get("Notes"), told.name or "": wanted.name}
    for tag in ("DESCRIPTION", "DISPLAYNAME", "DISPLAYDESCRIPTION"):
        text = (image.findtext(tag) or "").strip()
        if text and text not in texts and told.name != wanted.name and (told.name or "") in text:
            raise UnclearPlace(f"the template's {tag} has its name within another text")
        new[tag] = texts.get(text) if text else None
    changes = []
    for tag, value in new.items():
        element = image.find(tag)
        if element is not None and isinstance(element.text, Slot) and value is not None:
            if element.text.strip() != value:
                changes.append((element.text, value))
    return changes


def _altitude(image: Element, told: Identity, wanted: Identity) -> str | None:
    text = (image.findtext("ALTITUDE") or "").strip()
    if not text or (told.owner, told.rank) == (wanted.owner, wanted.rank):
        return None
    old, new = ALTITUDES.get(told.owner or ""), ALTITUDES.get(wanted.owner or "")
    if old is None or new is None or not (told.rank or "").isdecimal() or text != str(old + int(told.rank or "")):
        raise UnclearPlace("nobody can tell the altitude of the package with another owner or rank")
    return str(new + int(wanted.rank or "0"))
