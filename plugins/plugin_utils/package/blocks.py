# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocks of a document of settings: those for every device, and those for devices that meet a condition.

``Common`` holds what is always applied. ``Variant`` holds what is applied to devices that fit one of the targets named
in it, and so does the ``Profile`` of a mobile operator; ``Replace`` is applied instead of profiles that Windows has, by
their ids. ``Targets`` says what a target is.

Sources: Microsoft Learn, "Create a provisioning package with multivariant settings" and "Customize the Country and
Operator Settings Asset"; "Customize Windows 10 Start and taskbar" for other forms: a ``Settings`` element around the
settings of ``Common``, a ``TargetState`` within another one, settings of a variant without ``Settings`` around them.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

ROOT = "WindowsCustomizations"
COMMON, TARGETS, TARGET_REFS, SETTINGS, CONTAINER = "Common", "Targets", "TargetRefs", "Settings", "Customizations"
VARIANT, REPLACE = "Variant", "Replace"
BLOCK_KINDS = (VARIANT, "Profile", REPLACE)


@dataclass(frozen=True)
class Target:
    """Devices that a condition may name: those that fit one of ``states``, which is to fit all (name, value) in it."""

    id: str
    states: tuple[tuple[tuple[str, str], ...], ...] = ()


@dataclass(frozen=True)
class Condition:
    """To which devices a block applies: those that fit one of the targets. ``kind``: one of BLOCK_KINDS."""

    kind: str = VARIANT
    name: str | None = None
    targets: tuple[str, ...] = ()


def containers(root: Element) -> list[Element]:
    """The elements that hold blocks. An answer file may begin with one."""
    return list(root.iter(CONTAINER)) or root.findall(SETTINGS) or [root]


def targets_of(root: Element) -> list[Target]:
    """All targets, in their order."""
    return [_target(element) for holder in root.iter(TARGETS) for element in holder if element.tag == "Target"]


def blocks_of(root: Element) -> Iterator[tuple[Condition | None, Element, list[Element]]]:
    """(condition, element, its areas of settings) of each block; the condition is None for what is always applied."""
    for container in containers(root):
        for block in container:
            if block.tag == COMMON:
                yield None, block, _areas(block)
            elif block.tag != TARGETS and (block.tag in BLOCK_KINDS or _has_settings(block)):
                names = [ref.get("Id") or "" for refs in block.findall(TARGET_REFS) for ref in refs]
                yield Condition(block.tag, block.get("Name"), tuple(names)), block, _areas(block)


def left_out(root: Element) -> list[str]:
    """The names of elements beside the blocks, which are none."""
    read = {id(block) for _condition, block, _areas in blocks_of(root)}
    return [b.tag for c in containers(root) for b in c if id(b) not in read and b.tag not in (TARGETS, "PackageConfig")]


def _has_settings(block: Element) -> bool:
    """Whether an element with an unknown name holds settings as a variant does: they are not for every device."""
    return block.find(TARGET_REFS) is not None or block.find(SETTINGS) is not None


def _areas(block: Element) -> list[Element]:
    areas: list[Element] = []
    for child in block:
        if child.tag == SETTINGS:
            areas += list(child)
        elif child.tag != TARGET_REFS:
            areas.append(child)
    return areas


def _target(element: Element) -> Target:
    states = [_conditions(state) for state in element.iter("TargetState")]
    return Target(element.get("Id") or "", tuple(state for state in states if state))


def _conditions(state: Element) -> tuple[tuple[str, str], ...]:
    return tuple((each.get("Name") or "", each.get("Value") or "") for each in state if each.tag == "Condition")
