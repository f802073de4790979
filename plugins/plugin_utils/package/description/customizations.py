# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read customizations.xml: the document that Windows Configuration Designer saves and builds packages from.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from collections import Counter
from xml.etree.ElementTree import Element

from ...result import Failure
from ..blocks import ROOT, blocks_of, left_out, targets_of
from ..safe_xml import UnsafeXml, parse
from .document import Document, Identity, Setting, SettingsBlock, Step
from .table import ITEMS, KEYED_LIST, Known, table

IDENTITY_ELEMENTS = {"ID": "id", "Name": "name", "Version": "version", "OwnerType": "owner", "Rank": "rank"}
"""Elements of ``PackageConfig`` and the fields of Identity."""
LARGEST_DOCUMENT = 16 << 20
_SHORT = 40
_ELEMENT = re.compile(r"<\s*[A-Za-z]")


class NotCustomizations(Failure):
    """The text is not a customizations.xml: not XML, or with another root."""

    name = "not_customizations"
    fix = "give the customizations.xml of a project of Windows Configuration Designer, and correct it first"

    def __init__(self, cause: str) -> None:
        super().__init__(f"{cause}; {self.fix}", side="controller", name=self.name, cause=cause, fix=self.fix)


def read_customizations(data: bytes) -> Document:
    """The document, with what of its text was left out in ``dropped``. Raises NotCustomizations."""
    if len(data) > LARGEST_DOCUMENT:
        raise NotCustomizations(f"the file is larger than {LARGEST_DOCUMENT >> 20} MiB")
    comments: list[tuple[int, str]] = []
    try:
        root = parse(data, comments)
    except UnsafeXml as exc:
        raise NotCustomizations(f"the file is not usable XML: {exc}") from None
    if root.tag != ROOT:
        raise NotCustomizations(f"the file begins with <{root.tag[:_SHORT]}>, not with <{ROOT}>")
    document = document_of(root)
    document.dropped += _of_comments(comments)
    return document


def document_of(root: Element) -> Document:
    """The document below this element, whatever its name is: an answer file is read so, too."""
    document = Document(targets=targets_of(root))
    configs = root.findall("PackageConfig")
    if configs:
        document.identity = _identity(configs[0], document.dropped)
    if len(configs) > 1:
        document.dropped.append(f"{len(configs)} elements PackageConfig: only the first one was read")
    for condition, element, areas in blocks_of(root):
        block = SettingsBlock(condition)
        _add(areas, (), block.settings, document.dropped)
        _note_text(element, element.tag, document.dropped)
        document.blocks.append(block)
    for tag, count in Counter(left_out(root)).items():
        document.dropped.append(f"{count} element{'s' if count > 1 else ''} <{tag[:_SHORT]}> beside the settings")
    return document


def _identity(config: Element, dropped: list[str]) -> Identity:
    identity = Identity()
    for child in config:
        text = (child.text or "").strip()
        field = IDENTITY_ELEMENTS.get(child.tag)
        if len(child):
            dropped.append(f"elements within PackageConfig/{child.tag[:_SHORT]}")
        if field is None:
            identity.other.setdefault(child.tag, text)
        elif getattr(identity, field) is None:
            setattr(identity, field, text or None)
        elif text != getattr(identity, field):
            dropped.append(f"a second {child.tag} in PackageConfig")
    return identity


def _add(elements: list[Element], above: tuple[Step, ...], settings: list[Setting], dropped: list[str]) -> None:
    """Append what is in these elements, which are beside each other."""
    seen: Counter[tuple[str, str | None]] = Counter()
    for element in elements:
        known = table().find("/".join([*(step.name for step in above), element.tag]))
        key, key_name, rest = _key(element, known)
        seen[element.tag, key] += 1
        steps = (*above, Step(element.tag, key, key_name, seen[element.tag, key]))
        settings += [Setting((*steps, Step(f"@{name}")), value) for name, value in rest.items()]
        if len(element):
            _note_text(element, Setting(steps, "").path, dropped)
            _add(list(element), steps, settings, dropped)
        elif not rest or (element.text or "").strip():
            settings.append(Setting(steps, element.text if element.text and element.text.strip() else ""))


def _key(element: Element, known: Known | None) -> tuple[str | None, str | None, dict[str, str]]:
    """(key, its attribute where it is not the list's own, the other attributes) of an element."""
    rest = dict(element.attrib)
    above = table().list_of(known) if known else None
    if above is not None and above.type == KEYED_LIST and above.key in rest:
        key, key_name = rest.pop(above.key), None
    elif "Name" in rest and (known is None or above is not None):
        key, key_name = rest.pop("Name"), None
        same = [name for name, value in rest.items() if value == key]
        if known is None and same:  # Who writes both gives them the same value.
            key_name = same[0]
            del rest[key_name]
        elif above is not None and above.type == ITEMS:
            return key, None, rest
    elif known is None and len(rest) == 1:
        key_name, key = rest.popitem()
    else:
        return None, None, rest
    if rest.get("Name") == key:
        del rest["Name"]
    return key, key_name, rest


def _note_text(element: Element, where: str, dropped: list[str]) -> None:
    texts = [element.text, *(child.tail for child in element)] if len(element) else []
    if any(text and text.strip() for text in texts):
        dropped.append(f"text between the elements of {where}")


def _of_comments(comments: list[tuple[int, str]]) -> list[str]:
    holding = [line for line, text in comments if _ELEMENT.search(text)]
    said = []
    if len(comments) > len(holding):
        count = len(comments) - len(holding)
        said.append(f"{count} comment{'s' if count > 1 else ''}")
    if holding:
        lines = ", ".join(map(str, holding[:10])) + (", ..." if len(holding) > 10 else "")
        said.append(f"settings within a comment (line {lines})")
    return said
