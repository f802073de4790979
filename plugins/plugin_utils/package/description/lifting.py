# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings become sections of a description, where a section says exactly what they say; others stay settings.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from .document import Setting, Step
from .sections import SECTION_NAMES, SECTIONS, Field, Section
from .table import table
from .values import number_of, same_value, truth_of


class NotSo(ValueError):
    """The section cannot say this."""


def lifted(settings: Sequence[Setting]) -> dict[str, t.Any]:
    """The sections that these settings are, and under ``settings`` the others, each {path, value}."""
    found: dict[str, t.Any] = {}
    rest = list(settings)
    for name in SECTION_NAMES:
        sections = [section for section in SECTIONS if section.name == name]
        try:
            value, rest = _section(sections, rest)
        except NotSo:
            continue
        if value is not None:
            found[name] = value
    if rest:
        found["settings"] = [{"path": setting.path, "value": setting.value} for setting in rest]
    return found


def _section(sections: list[Section], settings: list[Setting]) -> tuple[t.Any, list[Setting]]:
    """(what the section says, the settings that are not in it). The value is None where there is nothing."""
    first = sections[0]
    if first.key is not None:
        return _list(sections, settings)
    above = [step.lower() for step in first.path.split("/")]
    mine = [setting for setting in settings if _plain(setting.steps)[: len(above)] == above]
    fields = first.fields or (Field("", "", first.single or "text"),)
    known = {_place(first.path, field) for field in fields}
    mine = [setting for setting in mine if _bare(setting.steps) in known]
    if not mine:
        return None, settings
    if any(step.key is not None and not _in_files(first, setting) for setting in mine for step in setting.steps):
        raise NotSo
    said = _fields(first.path, fields, mine)
    rest = [setting for setting in settings if setting not in mine]
    return (said[""] if first.single else _complete(first, said)), rest


def _list(sections: list[Section], settings: list[Setting]) -> tuple[list[dict] | None, list[Setting]]:
    """Elements of lists. One that its section cannot say leaves all of them to the others: they have an order."""
    groups: dict[tuple[Step, ...], tuple[Section, list[Setting]]] = {}
    for setting in settings:
        for section in sections:
            depth = section.path.count("/") + 1
            if _canonical(setting.steps[:depth]) == section.path.lower():
                groups.setdefault(setting.steps[:depth], (section, []))[1].append(setting)
    items = []
    for steps, (section, mine) in groups.items():
        last = steps[-1]
        if last.key is None or last.key_name or any(step.key is not None or step.nth > 1 for step in steps[:-1]):
            raise NotSo
        own = [setting for setting in mine if setting.steps != steps]
        if len(own) < len(mine) and (own or mine[0].value):
            raise NotSo
        said = _fields(section.path, section.fields, own, len(steps))
        kind = {"kind": section.kind} if section.kind else {}
        items.append({**kind, section.key or "": last.key, **_complete(section, said)})
    if not items:
        return None, settings
    taken = {id(setting) for _section, mine in groups.values() for setting in mine}
    return items, [setting for setting in settings if id(setting) not in taken]


def _complete(section: Section, said: dict) -> dict:
    if any(field.is_missing(said) for field in section.fields):
        raise NotSo
    return said


def _fields(path: str, fields: Sequence[Field], settings: list[Setting], skip: int = 0) -> dict[str, t.Any]:
    """What the fields say. Raises NotSo where a setting is none of them, or is there twice."""
    said: dict[str, t.Any] = {}
    places = {_place(path, field): field for field in fields}
    for setting in settings:
        field = places.get(_bare(setting.steps))
        if field is None:
            raise NotSo
        within = setting.steps[skip:]
        if field.kind == "files":
            last = within[-1]
            if not last.key or last.key_name or any(step.key or step.nth > 1 for step in within[:-1]):
                raise NotSo
            said.setdefault(field.name, []).append({"name": last.key, "file": setting.value})
            continue
        if field.name in said or any(step.key is not None or step.nth > 1 for step in within):
            raise NotSo
        said[field.name] = _value(_place(path, field), field, setting.value)
    return {field.name: said[field.name] for field in fields if field.name in said}


def _value(place: str, field: Field, text: str) -> t.Any:
    known = table().find(place)
    same = same_value(known, text)
    value: t.Any = text
    if field.choices is not None:
        words = [word for word, written in field.choices.items() if same_value(known, written) == same]
        value = words[0] if words else None
    elif field.kind == "bool":
        value = truth_of(same)
    elif field.kind == "int":
        value = number_of(same)
    elif not text:
        value = None
    if value is None:
        raise NotSo
    return value


def _in_files(section: Section, setting: Setting) -> bool:
    files = {_place(section.path, field) for field in section.fields if field.kind == "files"}
    return _bare(setting.steps) in files


def _place(path: str, field: Field) -> str:
    return f"{path}/{field.path}".rstrip("/").lower()


def _plain(steps: Sequence[Step]) -> list[str]:
    return _canonical(steps).split("/")


def _bare(steps: Sequence[Step]) -> str:
    """The path without keys as the store spells it, in lower case; an attribute ends it."""
    attribute = f"/{steps[-1].name.lower()}" if steps[-1].is_attribute else ""
    return _canonical([step for step in steps if not step.is_attribute]) + attribute


def _canonical(steps: Sequence[Step]) -> str:
    path = "/".join(step.name for step in steps)
    known = table().find(path)
    return (known.path if known else path).lower()
