# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sections of a description become settings.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Mapping

from ..plain_files import base_name
from .document import BadPath, Setting, Step, parse_path
from .problems import Place, Problems
from .sections import DEFAULT_AUTHORITY, SECTIONS, Field, Kind, Section
from .table import ITEMS, KEYED_LIST, PLAIN_GROUP, Known, table
from .values import BadValue, fits_key, text_of

EXTRA_FIELDS = {"bulk_token": ("expires",)}
"""Fields that say something about a package and are not in it."""
MAX_SETTINGS = 10_000


class Lowering:
    """Makes the settings of one block. ``unknown`` are paths, in lower case, that need not be in the table."""

    def __init__(self, problems: Problems, unknown: frozenset[str] = frozenset()) -> None:
        self._problems = problems
        self._unknown = unknown
        self._elements: Counter[tuple[str, str]] = Counter()
        self._taken: dict[str, Place] = {}
        self.settings: list[Setting] = []

    def section(self, name: str, value: t.Any, place: Place) -> None:
        """Add what a section says."""
        kinds = {each.kind: each for each in SECTIONS if each.name == name}
        first = next(iter(kinds.values()))
        if name == "bulk_token":
            given = {"value": value} if isinstance(value, str) else value
            value = {"authority": DEFAULT_AUTHORITY, **given} if isinstance(given, Mapping) else given
        if first.single:
            self._value(first.path, first.single, value, None, place, ())
        elif first.key is None:
            if self._is_mapping(value, place):
                self._fields(first, value, place, tuple(Step(step) for step in first.path.split("/")))
        elif self._is_list(value, place):
            for number, item in enumerate(value):
                self._item(kinds, item, (*place, number), number)

    def setting(self, given: t.Any, place: Place) -> None:
        """Add one setting that is given by its path."""
        if not self._is_mapping(given, place):
            return
        self._problems.unknown_keys(place, given, ("path", "value"))
        path = given.get("path")
        if not isinstance(path, str) or not path.strip():
            self._problems.add((*place, "path"), "is missing, or is not a text")
            return
        try:
            steps = parse_path(path.strip().removeprefix("/"))
        except BadPath as exc:
            self._problems.add((*place, "path"), f"cannot be read: {exc}")
            return
        checked = self._known_steps(steps, (*place, "path"))
        if checked is not None:
            steps, known = checked
            self._add(steps, given.get("value"), known, (*place, "value"))

    # ---- sections -------------------------------------------------------------------------------------------------

    def _item(self, kinds: Mapping[str | None, Section], item: t.Any, place: Place, number: int) -> None:
        if not self._is_mapping(item, place):
            return
        kind = item.get("kind") if None not in kinds else None
        if kind not in kinds:
            self._problems.add((*place, "kind"), f"is not one of: {', '.join(str(each) for each in kinds)}")
            return
        section = kinds[kind]
        key_name = section.key or ""
        key = item.get(key_name)
        if key is None and section.name == "commands":
            key = str(number)
        listing = table().list_of(_in_table(section.path))
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            self._problems.add((*place, key_name), "is missing, or is not a text")
            return
        if listing is not None and (problem := fits_key(listing, str(key))):
            self._problems.add((*place, key_name), problem)
            return
        *above, name = (Step(step) for step in section.path.split("/"))
        self._fields(section, item, place, (*above, self._element(section.path, name.name, str(key))))

    def _element(self, path: str, name: str, key: str | None) -> Step:
        self._elements[path, key or ""] += 1
        return Step(name, key, None, self._elements[path, key or ""])

    def _fields(self, section: Section, given: Mapping, place: Place, above: tuple[Step, ...]) -> None:
        names = tuple(field.name for field in section.fields)
        own = tuple(name for name in (section.key, "kind" if section.kind else None) if name)
        self._problems.unknown_keys(place, given, (*own, *names, *EXTRA_FIELDS.get(section.name, ())))
        before = len(self.settings), len(self._problems.found)
        for field in section.fields:
            value = given.get(field.name)
            if value is not None:
                self._field(section, field, value, (*place, field.name), above)
            elif field.is_missing(given):
                self._problems.add((*place, field.name), "is missing")
        if before == (len(self.settings), len(self._problems.found)) and section.key:
            self._add(above, "", _in_table(section.path), place)

    def _field(self, section: Section, field: Field, value: t.Any, place: Place, above: tuple[Step, ...]) -> None:
        path = f"{section.path}/{field.path}"
        if field.kind != "files":
            self._value(path, field.kind, value, field.choices, place, above)
        elif self._is_list(value, place):
            *folders, name = field.path.split("/")
            for number, each in enumerate(value):
                file = {"file": each} if isinstance(each, str) else each
                if not self._is_mapping(file, (*place, number)):
                    continue
                self._problems.unknown_keys((*place, number), file, ("name", "file"))
                source = file.get("file")
                label = file.get("name") or (base_name(source) if isinstance(source, str) else "")
                if isinstance(source, str) and source and fits_key(_in_table(path), str(label)):
                    self._problems.add((*place, number, "name"), "is missing, and the path ends with no name")
                    continue
                within = "/".join(str(step) for step in above) + f"/{field.path}"
                step = self._element(within, name, str(label))
                steps = (*above, *(Step(folder) for folder in folders), step)
                self._add(steps, source, _in_table(path), (*place, number, "file"))

    def _value(
        self,
        path: str,
        kind: Kind,
        value: t.Any,
        choices: Mapping[str, str] | None,
        place: Place,
        above: tuple[Step, ...],
    ) -> None:
        known = _in_table(path)
        names = path.split("/")[len(above) :]
        if choices is not None:
            word = choices.get(str(value).lower())
            if word is None:
                self._problems.add(place, f"is not one of: {', '.join(choices)}")
                return
            value = word
        elif kind == "bool" and not isinstance(value, bool):
            self._problems.add(place, "is neither true nor false")
            return
        elif kind in ("text", "file") and not isinstance(value, str):
            self._problems.add(place, "is not a text: put it in quotes")
            return
        elif kind in ("text", "file") and not value:
            self._problems.add(place, "is empty")
            return
        self._add((*above, *(Step(name) for name in names)), value, known, place)

    # ---- settings -------------------------------------------------------------------------------------------------

    def _known_steps(self, steps: tuple[Step, ...], place: Place) -> tuple[tuple[Step, ...], Known | None] | None:
        """The steps as the store spells them, and the setting; None where they are not allowed."""
        bare = "/".join(step.name for step in steps)
        allowed = any(bare.lower() == each or bare.lower().startswith(f"{each}/") for each in self._unknown)
        spelled: list[Step] = []
        known: Known | None = None
        for count, step in enumerate(steps, 1):
            known = table().find("/".join(each.name for each in steps[:count])) if not step.is_attribute else None
            if known is None:
                if allowed:
                    return (*spelled, *steps[count - 1 :]), None
                near = table().near(bare)
                hint = f"did you mean {' or '.join(near)}?" if near else "add it to unknown_settings if it is right"
                self._problems.add(place, f"{bare} is not a setting that is known here; {hint}")
                return None
            listing = table().list_of(known)
            problem = _key_problem(step, listing)
            if problem:
                self._problems.add(place, f"{'/'.join(map(str, steps[:count]))} {problem}")
                return None
            own = listing is not None and step.key_name in (None, listing.key or "Name")
            spelled.append(Step(known.path.rpartition("/")[2], step.key, None if own else step.key_name, step.nth))
        return tuple(spelled), known

    def _add(self, steps: tuple[Step, ...], value: t.Any, known: Known | None, place: Place) -> None:
        try:
            setting = Setting(steps, text_of(value, known))
        except BadValue as exc:
            self._problems.add(place, str(exc))
            return
        path = setting.path
        if path.lower() in self._taken:
            other = self._problems.where(self._taken[path.lower()])
            self._problems.add(place, f"says {path} a second time (first: {other})")
            return
        self._taken[path.lower()] = place
        self.settings.append(setting)
        if len(self.settings) == MAX_SETTINGS + 1:
            self._problems.add(place[:1], f"has more than {MAX_SETTINGS} settings")

    def check_order(self, place: Place) -> None:
        """Note what XML cannot say: a second element without a first one, and a value where other settings are."""
        seen: set[tuple[Step, ...]] = set()
        folders = {setting.steps[:end] for setting in self.settings for end in range(1, len(setting.steps))}
        for setting in self.settings:
            for end in range(1, len(setting.steps) + 1):
                *above, last = setting.steps[:end]
                first = last.nth == 1 or (*above, Step(last.name, last.key, last.key_name, last.nth - 1)) in seen
                if not first:
                    self._problems.add(place, f"has {setting.path} before the one that it follows")
                seen.add(setting.steps[:end])
            if setting.value and setting.steps in folders and not setting.steps[-1].is_attribute:
                within = [each for each in self.settings if each.steps[:-1] == setting.steps]
                if any(not each.steps[-1].is_attribute for each in within):
                    self._problems.add(place, f"gives {setting.path} a value, and settings within it")

    def _is_mapping(self, value: t.Any, place: Place) -> t.TypeGuard[Mapping]:
        if not isinstance(value, Mapping):
            self._problems.add(place, "is not a dictionary")
        return isinstance(value, Mapping)

    def _is_list(self, value: t.Any, place: Place) -> t.TypeGuard[list]:
        if not isinstance(value, (list, tuple)):
            self._problems.add(place, "is not a list")
        return isinstance(value, (list, tuple))


def _key_problem(step: Step, listing: Known | None) -> str | None:
    if listing is None or listing.type == PLAIN_GROUP:
        return None if step.key is None else "is not in a list, and takes no key in brackets"
    if listing.type == KEYED_LIST and step.key is None:
        return f"needs its {listing.key} in brackets"
    if listing.type == ITEMS and step.key is None:
        return None
    problem = fits_key(listing, step.key or "")
    return f"has a key that {problem}" if problem else None


def _in_table(path: str) -> Known:
    known = table().find(path)
    if known is None:
        raise LookupError(f"{path} is not in the table of settings")
    return known
