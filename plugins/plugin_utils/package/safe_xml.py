# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse XML of anybody: no document types, so no entities to expand or to fetch; depth and size bounded.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from xml.etree import ElementTree
from xml.parsers import expat

MAX_XML_DEPTH = 64
MAX_ELEMENTS = 100_000
MAX_ATTRIBUTES = 100_000


class UnsafeXml(ValueError):
    """The XML cannot be parsed, or is of a kind that is not parsed. Its text is never part of the message."""


def parse(data: bytes, comments: list[tuple[int, str]] | None = None) -> ElementTree.Element:
    """The root element; tags and attributes without their namespaces. ``comments`` takes (line, text) of each comment.

    Raises UnsafeXml.
    """
    # Each has this sign, in every encoding: expat would hand over all those of an element at once.
    if data.count(b"=") > MAX_ATTRIBUTES:
        raise UnsafeXml(f"more than {MAX_ATTRIBUTES} attributes")
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    depth = elements = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > MAX_XML_DEPTH or elements > MAX_ELEMENTS:
            raise UnsafeXml(f"more than {MAX_ELEMENTS} elements or {MAX_XML_DEPTH} levels")
        builder.start(_local(tag), {_local(key): value for key, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_local(tag))

    def refuse(*_ignored) -> None:
        raise UnsafeXml("a document type definition, which settings never have")

    if comments is not None:
        parser.CommentHandler = lambda text: comments.append((parser.CurrentLineNumber, text))
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
        return builder.close()
    except UnsafeXml:
        raise
    except expat.ExpatError as exc:
        raise UnsafeXml(f"{expat.ErrorString(exc.code)} in line {exc.lineno}") from None
    except (LookupError, ValueError):  # raised where the encoding that the declaration names is unknown or unusable
        raise UnsafeXml("an unknown encoding") from None


def _local(name: str) -> str:
    return name.rpartition("}")[2]
