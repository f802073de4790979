# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a value has a shape of vocabulary.json, whose ``shapes`` says what the language means.

Fields beyond those of the shape are passed over: nobody reads them.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import functools
import re
import typing as t

from .operations import VOCABULARY

MAX_SHAPE_DEPTH = 40
"""Levels of subkeys; no question asks for more than a few."""
FIRST_YEAR = 1601
"""Windows counts its time from here: what is earlier is none of it, and leaves no room to reckon with."""

MAX_KEY_NAME = 255
"""Characters of a key's name ("Registry element size limits" of Microsoft's documentation)."""

Test = t.Callable[[t.Any], bool]

_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z")
_ERROR = {"type": "str", "message": "str", "hresult": "int?"}
_STEP_ERROR = {name: f"{shape.rstrip('?')}?" for name, shape in _ERROR.items()}


def is_utc(value: t.Any) -> bool:
    """Whether a value is a time of the wire, and one that exists."""
    if not isinstance(value, str) or not _UTC.fullmatch(value):
        return False
    try:
        return datetime.datetime.fromisoformat(value[:-1]).year >= FIRST_YEAR
    except ValueError:
        return False


def _anything(_value: t.Any) -> bool:
    return True


SCALARS: dict[str, Test] = {
    "any": _anything,
    "str": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "bool": lambda value: isinstance(value, bool),
    "utc": is_utc,
}


def misfit(value: t.Any, shape: t.Any, place: str) -> str | None:
    """What is wrong with a value, naming the place; None where it has the shape."""
    return None if _compiled(shape)(value) else _misfit(value, shape, place)


def bad_key(key: t.Any, place: str, depth: int = 0) -> str | None:
    """What is wrong with a registry key and its subkeys, which the vocabulary calls any; None where nothing is.

    A key is ``{values, keys}``; one that was closed to the runner is ``{refused: {type, message, hresult}}``.
    """
    if depth == 0 and _key_fits(key, 0):
        return None
    if depth > MAX_SHAPE_DEPTH:
        return f"{place} is nested too deeply"
    if isinstance(key, dict) and "refused" in key:
        return misfit(key["refused"], _ERROR, f"{place}.refused")
    problem = misfit(key, VOCABULARY["key"], place)
    if problem:
        return problem
    for name, child in key["keys"].items():
        if len(name) > MAX_KEY_NAME:
            return f"{place} has a key whose name has more than {MAX_KEY_NAME} characters"
        problem = bad_key(child, f"{place}.{name}", depth + 1)
        if problem:
            return problem
    return None


def bad_value(operation: str, value: t.Any, place: str = "value") -> str | None:
    """What is wrong with what an operation of this name returned; None where it is as the vocabulary says."""
    if not _fits_operation(operation)(value):
        return _misfit(value, VOCABULARY["operations"][operation]["returns"], place)
    if operation == "registry_read" and (value["exists"] or value["key"] is not None):
        return bad_key(value["key"], f"{place}.key")
    if operation == "registry_users_read":
        found = (bad_key(key, f"{place}.users.{sid}") for sid, key in value["users"].items())
        return next((problem for problem in found if problem), None)
    return None


def bad_error(error: t.Any, place: str = "error") -> str | None:
    """What is wrong with the error of an operation {type, message, hresult}; None where nothing is."""
    return misfit(error, _ERROR, place)


def bad_step_error(value: dict, place: str = "value") -> str | None:
    """What is wrong with the error that a step of a job reports of itself, all null where there is none; None where
    nothing is."""
    error = value.get("error")
    return None if error is None else misfit(error, _STEP_ERROR, f"{place}.error")


@functools.cache
def _fits_operation(name: str) -> Test:
    return _compiled(VOCABULARY["operations"][name]["returns"])


def _compiled(shape: t.Any) -> Test:
    """The cheap question, since nearly every value has its shape: no text is made, and the shape is looked at once."""
    if isinstance(shape, str):
        kind = SCALARS[shape.rstrip("?")]
        return (lambda value: value is None or kind(value)) if shape.endswith("?") else kind
    if isinstance(shape, list):
        item = _compiled(shape[0])
        return lambda value: isinstance(value, list) and all(map(item, value))
    if "*" in shape:
        entry = _compiled(shape["*"])
        return lambda value: isinstance(value, dict) and (entry is _anything or all(map(entry, value.values())))
    needed = [(name, _compiled(wanted)) for name, wanted in shape.items() if not name.endswith("?")]
    optional = [(name[:-1], _compiled(wanted)) for name, wanted in shape.items() if name.endswith("?")]

    def fits(value: t.Any) -> bool:
        if not isinstance(value, dict):
            return False
        for name, test in needed:
            if name not in value or not test(value[name]):
                return False
        return all(test(value[name]) for name, test in optional if name in value)

    return fits


def _key_fits(key: t.Any, depth: int) -> bool:
    if not isinstance(key, dict):
        return False
    if "refused" in key:
        return misfit(key["refused"], _ERROR, "") is None
    keys = key.get("keys")
    return (
        isinstance(key.get("values"), dict)
        and isinstance(keys, dict)
        and depth <= MAX_SHAPE_DEPTH
        and max(map(len, keys), default=0) <= MAX_KEY_NAME
        and all(_key_fits(child, depth + 1) for child in keys.values())
    )


def _misfit(value: t.Any, shape: t.Any, place: str) -> str | None:
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{place} is not a list"
        return _first(misfit(item, shape[0], f"{place}[{number}]") for number, item in enumerate(value))
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return f"{place} is not an object"
        if "*" in shape:
            return _first(misfit(item, shape["*"], f"{place}.{name}") for name, item in value.items())
        return _first(_bad_field(value, written, wanted, place) for written, wanted in shape.items())
    return f"{place} is no {shape.rstrip('?')}"


def _bad_field(value: dict, written: str, wanted: t.Any, place: str) -> str | None:
    name = written.rstrip("?")
    if name in value:
        return misfit(value[name], wanted, f"{place}.{name}")
    return None if written.endswith("?") else f"{place} lacks {name}"


def _first(problems: t.Iterable[str | None]) -> str | None:
    return next((problem for problem in problems if problem), None)
