# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiled values: which one stands for which setting, and what is to stand there.

The table of settings says where many are compiled to. Of others, a compiled value is taken for that of a setting where
it is the same text, and either no short one or at a place of the same name. Where two settings may be meant that get
other values, nothing is guessed.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from ..description.compiled import Expected, as_in_attribute, plain_path
from ..description.values import number_of, same_value
from ..safe_xml import UnsafeXml
from .errors import UnclearPlace
from .located import Slot, XmlText
from .matching import Mask, Pair

SHORTEST_DISTINCT = 6
"""Letters from which on a text that is the same is the same value, wherever it stands."""
SHORTEST_WITHIN = 8
"""Letters of a secret that is looked for within other values."""
_WORDS = {"true": ("true", "false"), "1": ("1", "0"), "yes": ("yes", "no"), "enabled": ("enabled", "disabled")}
_LARGEST_NESTED = 1 << 16


class CompiledValues:
    """What the values of compiled settings become. ``blobs``: other contents by the old ones, both in base64."""

    def __init__(self, pairs: list[Pair], blobs: dict[str, str], mask: Mask) -> None:
        self._mask = mask
        self._blobs = blobs
        self._reached: set[int] = set()
        self._pairs = [pair for pair in pairs if not pair.is_file]
        self._by_csp: dict[str, list[Pair]] = {}
        self._by_value: dict[str, list[Pair]] = {}
        self._by_name: dict[str, list[Pair]] = {}
        for pair in self._pairs:
            if pair.csp:
                self._by_csp.setdefault(pair.csp, []).append(pair)
            if pair.old.value:
                for name in _last(pair):
                    self._by_name.setdefault(name, []).append(pair)
                self._by_value.setdefault(as_in_attribute(pair.old.value), []).append(pair)
        secrets = {pair.old.value: pair for pair in self._pairs if pair.old.secret and pair.is_changed}
        self._within = {value: pair for value, pair in secrets.items() if len(value.strip()) >= SHORTEST_WITHIN}

    def changes(self, document: XmlText) -> list[tuple[Slot, str]]:
        """The new values of a ``.provxml`` document. Raises UnclearPlace."""
        found = []
        for steps, slot in parms(document.root):
            value = self._new(steps, slot)
            if value is not None and value != slot:
                found.append((slot, value))
        return found

    def unreached(self) -> list[Pair]:
        """Pairs whose value is to change, and that no compiled value was taken for."""
        return [pair for pair in self._pairs if pair.is_changed and id(pair) not in self._reached]

    def _new(self, steps: tuple[str, ...], old: str) -> str | None:
        blob = self._blobs.get("".join(old.split())) if self._blobs else None
        if blob is not None:
            return blob
        told = self._by_csp.get(plain_path("/".join(step for step in steps if step)), [])
        if told:
            meant = [pair for pair in told if _says(pair, old)]
            if not meant and any(pair.is_changed for pair in told):
                raise UnclearPlace(f"the template contradicts itself about {self._mask(told[0].old.path)}")
            return self._one_of(meant, old) if meant else None
        meant = self._meant_by_value(steps, old)
        return self._one_of(meant, old) if meant else self._nested(old)

    def _meant_by_value(self, steps: tuple[str, ...], old: str) -> list[Pair]:
        low = {step.lower() for step in steps}
        name = steps[-1].lower()
        same = [pair for pair in self._by_name.get(name, ()) if _says(pair, old)]
        if len(old.strip()) >= SHORTEST_DISTINCT:
            same += [pair for pair in self._by_value.get(as_in_attribute(old), ()) if pair not in same]
        if len({pair.new.value for pair in same}) > 1:
            same = [pair for pair in same if _keys(pair) <= low] or same
        if len({pair.new.value for pair in same}) > 1:
            same = [pair for pair in same if name in _last(pair)] or same
        return same

    def _one_of(self, pairs: list[Pair], old: str) -> str:
        values = {_compiled(pair, old) for pair in pairs}
        if len(values) > 1:
            names = " and ".join(sorted({self._mask(pair.old.path) for pair in pairs})[:2])
            raise UnclearPlace(f"the template has one value for {names}, and nobody can tell which one stands where")
        self._reached.update(id(pair) for pair in pairs)
        return values.pop()

    def _nested(self, old: str) -> str | None:
        """A value that is XML itself, such as the profile of a network, or that has a secret within."""
        if old.lstrip().startswith("<") and len(old) <= _LARGEST_NESTED:
            try:
                inner = XmlText(old)
            except UnsafeXml:
                return None
            changes = []
            for name, slot in _values(inner.root):
                meant = self._meant_by_value((name,), slot)
                if meant and any(pair.is_changed for pair in meant):
                    changes.append((slot, self._one_of(meant, slot)))
            return inner.changed(changes) if changes else None
        new = old
        for secret, pair in self._within.items():
            if secret in new:
                alone = re.compile(rf"(?<![^\W_]){re.escape(secret)}(?![^\W_])")
                new = pair.new.value.join(alone.split(new))
        return new if new != old else None


def parms(node: Element, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Slot]]:
    """(the steps of its path, its place) of each value in a ``.provxml`` document."""
    for child in node:
        if child.tag == "characteristic":
            yield from parms(child, (*above, child.get("type", "")))
        elif child.tag == "parm":
            slot = child.attrib.get("value")
            if isinstance(slot, Slot):
                yield (*above, child.get("name", "")), slot


def _values(root: Element) -> Iterable[tuple[str, Slot]]:
    for element in root.iter():
        if isinstance(element.text, Slot):
            yield element.tag, element.text
        for name, value in element.attrib.items():
            if isinstance(value, Slot):
                yield name, value


def _says(pair: Pair, old: str) -> bool:
    if pair.known is None:
        return as_in_attribute(old) == as_in_attribute(pair.old.value)
    return Expected(pair.old, pair.known, "").is_said_by(old)


def _compiled(pair: Pair, old: str) -> str:
    """The new value in the spelling in which the old one is compiled."""
    if not pair.is_changed:
        return old
    known, new = pair.known, pair.new.value
    if known is None or (known.type not in ("boolean", "integer") and not known.values):
        return new
    said = same_value(known, new)
    bare = old.strip()
    if known.values and not (known.type == "boolean"):
        labels = {label.lower(): value for value, label in known.values if label}
        label = next((label for value, label in known.values if value == said and label), None)
        if bare.lower() in labels and label:
            return label
        if bare in {value for value, _label in known.values} or number_of(bare) is not None:
            return said
    if said in ("0", "1"):
        for true, false in _WORDS.values():
            if bare.lower() in (true, false):
                word = true if said == "1" else false
                return word.capitalize() if bare[:1].isupper() else word
    return said if number_of(bare) is not None else new


def _keys(pair: Pair) -> set[str]:
    return {step.key.lower() for step in pair.old.steps if step.key is not None}


def _last(pair: Pair) -> set[str]:
    """What a compiled value may be called: as the setting, or as the element of a list that it is."""
    last = pair.old.steps[-1]
    return {last.name.lstrip("@").lower(), (last.key or last.name.lstrip("@")).lower()}
