# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write customizations.xml.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..blocks import COMMON, CONTAINER, ROOT, SETTINGS, TARGET_REFS, TARGETS, Condition, Target
from .customizations import IDENTITY_ELEMENTS
from .document import Document, Identity, Setting, Step
from .table import KEYED_LIST, table

CONFIG_NAMESPACE = "urn:schemas-Microsoft-com:Windows-ICD-Package-Config.v1.0"
SETTINGS_NAMESPACE = "urn:schemas-microsoft-com:windows-provisioning"
BOM = b"\xef\xbb\xbf"
"""The engine of a device refuses XML without it (0xC00CEE2D)."""
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_ESCAPES_OF_ATTRIBUTES = {**_ESCAPES, '"': "&quot;", "\n": "&#10;", "\t": "&#9;"}


def fits_xml(text: str) -> bool:
    """Whether XML can hold each character of the text."""
    return _ILLEGAL.search(text) is None


def write_customizations(document: Document) -> bytes:
    """The document as a file, with a byte order mark. Its texts are such that ``fits_xml``."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f"<{ROOT}>"]
    lines += _config(document.identity)
    lines += [f'  <{SETTINGS} xmlns="{SETTINGS_NAMESPACE}">', f"    <{CONTAINER}>"]
    lines += _targets(document.targets)
    for block in document.blocks:
        lines += _block(block.condition, block.settings)
    lines += [f"    </{CONTAINER}>", f"  </{SETTINGS}>", f"</{ROOT}>", ""]
    return BOM + "\n".join(lines).encode()


def _config(identity: Identity) -> Iterator[str]:
    texts = {tag: getattr(identity, name) for tag, name in IDENTITY_ELEMENTS.items()}
    yield f'  <PackageConfig xmlns="{CONFIG_NAMESPACE}">'
    for tag, text in {**texts, **identity.other}.items():
        if text is not None:
            yield f"    <{tag}>{_text(text)}</{tag}>"
    yield "  </PackageConfig>"


def _targets(targets: list[Target]) -> Iterator[str]:
    if not targets:
        return
    yield f"      <{TARGETS}>"
    for target in targets:
        yield f"        <Target{_attributes({'Id': target.id})}>"
        for state in target.states:
            yield "          <TargetState>"
            for name, value in state:
                yield f"            <Condition{_attributes({'Name': name, 'Value': value})} />"
            yield "          </TargetState>"
        yield "        </Target>"
    yield f"      </{TARGETS}>"


def _block(condition: Condition | None, settings: list[Setting]) -> Iterator[str]:
    if condition is None:
        yield f"      <{COMMON}>"
        yield from _elements(settings, 4)
        yield f"      </{COMMON}>"
        return
    named = {} if condition.name is None else {"Name": condition.name}
    yield f"      <{condition.kind}{_attributes(named)}>"
    yield f"        <{TARGET_REFS}>"
    for target in condition.targets:
        yield f"          <TargetRef{_attributes({'Id': target})} />"
    yield f"        </{TARGET_REFS}>"
    yield f"        <{SETTINGS}>"
    yield from _elements(settings, 5)
    yield f"        </{SETTINGS}>"
    yield f"      </{condition.kind}>"


@dataclass
class _Node:
    """An element to be written; those in it by their steps, in the order of their first appearance."""

    attributes: dict[str, str] = field(default_factory=dict)
    value: str = ""
    below: dict[Step, _Node] = field(default_factory=dict)


def _elements(settings: Iterable[Setting], depth: int) -> Iterator[str]:
    top = _Node()
    for setting in settings:
        node, names = top, []
        for step in setting.steps:
            if step.is_attribute:
                node.attributes[step.name[1:]] = setting.value
                break
            names.append(step.name)
            if step not in node.below:
                node.below[step] = _Node(_key_attributes(step, "/".join(names)))
            node = node.below[step]
        else:
            node.value = setting.value
    for step, node in top.below.items():
        yield from _written(step, node, depth)


def _written(step: Step, node: _Node, depth: int) -> Iterator[str]:
    start = f"{'  ' * depth}<{step.name}{_attributes(node.attributes)}"
    if node.below:
        yield f"{start}>"
        for inner, below in node.below.items():
            yield from _written(inner, below, depth + 1)
        yield f"{'  ' * depth}</{step.name}>"
    else:
        yield f"{start}>{_text(node.value)}</{step.name}>" if node.value else f"{start} />"


def _key_attributes(step: Step, bare: str) -> dict[str, str]:
    """The attributes that hold the key: the list's own, and ``Name``, as Windows Configuration Designer writes it."""
    if step.key is None:
        return {}
    known = table().find(bare)
    above = table().list_of(known) if known else None
    own = step.key_name or (above.key if above is not None and above.type == KEYED_LIST else None)
    return {**({own: step.key} if own else {}), "Name": step.key}


def _attributes(attributes: dict[str, str]) -> str:
    return "".join(f' {name}="{_escaped(value, _ESCAPES_OF_ATTRIBUTES)}"' for name, value in attributes.items())


def _text(text: str) -> str:
    return _escaped(text, _ESCAPES)


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return text.translate({ord(letter): escape for letter, escape in escapes.items()})
