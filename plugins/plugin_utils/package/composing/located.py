# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML in which each value knows where it stands, so that it can be changed and all around it stays as it is.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ..safe_xml import UnsafeXml, parse

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii"}
_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<[^<>\"']*(?:(?:\"[^\"]*\"|'[^']*')[^<>\"']*)*>", re.DOTALL
)
_TAG = re.compile(r"<(/?)([^\s/>]+)")
_ATTRIBUTE = re.compile(r"\s([^\s=]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_ENTITY = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ESCAPES_OF_ATTRIBUTES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)


class Slot(str):
    """A value with its place: letters ``begin`` to ``end`` of the text, in an attribute or between two tags.

    ``opened`` is the name of an element without an end tag (``<a />``), whose text would stand in place of ``/>``.
    """

    begin: int
    end: int
    in_attribute: bool
    opened: str | None

    @classmethod
    def at(cls, value: str, begin: int, end: int, in_attribute: bool = False, opened: str | None = None) -> Slot:
        slot = cls(value)
        slot.begin, slot.end, slot.in_attribute, slot.opened = begin, end, in_attribute, opened
        return slot

    def written(self, value: str) -> str:
        """The value as it is to stand at this place."""
        if self.in_attribute:
            return value.translate(_ESCAPES_OF_ATTRIBUTES)
        text = value.translate(_ESCAPES)
        return text if self.opened is None else f">{text}</{self.opened}>"


class XmlText:
    """A document as text. ``root`` has it as elements, without namespaces, whose values are Slots.

    ``empty`` has, by the identity of an element, the Slot of one without text. Comments are not in it, and are counted
    in ``comments``. Raises UnsafeXml where it is not well-formed, or in an encoding that Windows does not use for it.
    """

    def __init__(self, text: str, mark: bytes = b"", codec: str = "utf-8") -> None:
        self.mark, self.codec = mark, codec
        self.text, self.comments = _without_comments(text)
        self.empty: dict[int, Slot] = {}
        self.root = self._elements()
        if not _same(self.root, parse(self.encoded(self.text))):
            raise UnsafeXml("a form that is not changed here")

    @classmethod
    def read(cls, data: bytes) -> XmlText:
        """The document in a file, which has to be one that ``parse`` takes."""
        parse(data)
        mark, codec = next(((mark, codec) for mark, codec in _MARKS if data.startswith(mark)), (b"", ""))
        if not mark:
            declared = _DECLARED.match(data)
            codec = _ENCODINGS.get(declared[1].decode().lower() if declared else "utf-8", "")
        if not codec:
            raise UnsafeXml("an encoding that settings do not have")
        try:
            return cls(data[len(mark) :].decode(codec), mark, codec)
        except UnicodeError:
            raise UnsafeXml("an encoding that is not the one that it names") from None

    def replaced(self, pattern: re.Pattern[str], new: Mapping[str, str]) -> XmlText:
        """The document with other words in place of these, wherever they stand; ``new``: by the word in lower case."""
        return XmlText(substituted(self.text, pattern, new), self.mark, self.codec)

    def changed(self, values: Mapping[Slot, str] | list[tuple[Slot, str]]) -> str:
        """The text with these values at their places."""
        pairs = values.items() if isinstance(values, Mapping) else values
        out, at = [], 0
        for slot, value in sorted(pairs, key=lambda pair: pair[0].begin):
            out += [self.text[at : slot.begin], slot.written(value)]
            at = slot.end
        return "".join([*out, self.text[at:]])

    def encoded(self, text: str) -> bytes:
        """A text of this document as a file. Raises UnsafeXml where its encoding lacks a letter."""
        try:
            return self.mark + text.encode(self.codec)
        except UnicodeError:
            raise UnsafeXml("an encoding that has no such letter") from None

    def _elements(self) -> Element:
        root: Element | None = None
        open_elements: list[tuple[Element, int, str]] = []
        for token in _TOKEN.finditer(self.text):
            match = _TAG.match(token[0])
            if match is None or token[0].startswith(("<!", "<?")):
                continue
            if match[1]:
                self._close(*open_elements.pop(), token.start())
                continue
            attributes: dict[str, str] = {
                _local(name): Slot.at(_value(quoted[1:-1], True), begin, begin + len(quoted) - 2, True)
                for name, quoted, begin in (
                    (each[1], each[2], token.start() + each.start(2) + 1)
                    for each in _ATTRIBUTE.finditer(token[0])
                    if each[1] != "xmlns" and not each[1].startswith("xmlns:")
                )
            }
            element = ElementTree.Element(_local(match[2]), attributes)
            if open_elements:
                open_elements[-1][0].append(element)
            elif root is None:
                root = element
            if token[0].endswith("/>"):
                self.empty[id(element)] = Slot.at("", token.end() - 2, token.end(), opened=match[2])
            else:
                open_elements.append((element, token.end(), match[2]))
        if root is None or open_elements:
            raise UnsafeXml("a form that is not changed here")
        return root

    def _close(self, element: Element, begin: int, _name: str, end: int) -> None:
        if len(element):
            return
        value = _value(self.text[begin:end])
        if value:
            element.text = Slot.at(value, begin, end)
        else:
            self.empty[id(element)] = Slot.at("", begin, end)


def substituted(text: str, pattern: re.Pattern[str], new: Mapping[str, str]) -> str:
    """The text with other words in place of these, in capital letters where the old one is."""

    def word(match: re.Match[str]) -> str:
        wanted = new[match[0].lower()]
        # A folder's name has letters of both kinds, and stays as it is given.
        return wanted.upper() if match[0].isupper() and wanted.islower() else wanted

    return pattern.sub(word, text)


def _without_comments(text: str) -> tuple[str, int]:
    """The text without its comments, and their number. They say nothing to Windows, and may hold anything."""
    if "<!--" not in text:
        return text, 0
    found = [match.span() for match in _TOKEN.finditer(text) if match[0].startswith("<!--")]
    out, at = [], 0
    for begin, end in found:
        out.append(text[at:begin])
        at = end
    return "".join([*out, text[at:]]), len(found)


def _value(raw: str, in_attribute: bool = False) -> str:
    """What the text of an element, or of an attribute, says."""
    if "\r" in raw:
        raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    if in_attribute:
        return _decoded(raw.translate(_SPACES))
    if "<" not in raw:
        return _decoded(raw)
    out, at = [], 0
    for token in _TOKEN.finditer(raw):
        out.append(_decoded(raw[at : token.start()]))
        if token[0].startswith("<![CDATA["):
            out.append(token[0][9:-3])
        at = token.end()
    return "".join([*out, _decoded(raw[at:])])


_SPACES = str.maketrans("\t\n", "  ")


def _decoded(raw: str) -> str:
    if "&" not in raw:
        return raw
    return _ENTITY.sub(
        lambda m: _NAMED[m[3]] if m[3] else chr(min(int(m[1], 16) if m[1] else int(m[2]), 0x10FFFF)), raw
    )


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _same(ours: Element, parsed: Element) -> bool:
    """Whether what was read here is what the parser reads; where elements are within, the text between is not read."""
    todo = [(ours, parsed)]
    while todo:
        one, other = todo.pop()
        if one.tag != other.tag or one.attrib != other.attrib or len(one) != len(other):
            return False
        if not len(one) and (one.text or "") != (other.text or ""):
            return False
        todo += zip(one, other, strict=True)
    return True
