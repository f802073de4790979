# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes of what a YAML file may hold, and a clear sentence for what does not fit."""

from __future__ import annotations

import difflib
import typing as t
from pathlib import Path

from .host import ScenarioError

Shape = t.Any


class OneOf(tuple):
    """One of these words."""


class ListOf(t.NamedTuple):
    """A list of one shape."""

    item: Shape


class MapOf(t.NamedTuple):
    """A map from names to one shape."""

    item: Shape


class Needs(t.NamedTuple):
    """A map of which some keys must be there."""

    keys: tuple[str, ...]
    shape: dict


class Either(tuple):
    """Any of these shapes."""


_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", dict: "a map"}


def fit(path: Path, place: str, value: t.Any, shape: Shape) -> None:
    """Raise ScenarioError, with the file and the place in it, where the value does not have the shape."""
    if isinstance(shape, Either):
        _check_either(path, place, value, shape)
    elif isinstance(shape, OneOf):
        if value not in shape:
            refuse(path, place, f"'{value}' is none of {', '.join(map(str, shape))}")
    elif isinstance(shape, ListOf):
        _expect(path, place, value, list, "a list")
        for number, item in enumerate(value):
            fit(path, f"{place}[{number}]", item, shape.item)
    elif isinstance(shape, MapOf):
        _expect(path, place, value, dict, "a map")
        for name, item in value.items():
            fit(path, _join(place, name), item, shape.item)
    elif isinstance(shape, Needs):
        fit(path, place, value, shape.shape)
        for key in shape.keys:
            if key not in value:
                refuse(path, place, f"needs '{key}'")
    elif isinstance(shape, dict):
        _expect(path, place, value, dict, "a map")
        for name, item in value.items():
            if name not in shape:
                refuse(path, place, f"'{name}' is not known here{suggest(str(name), shape)}")
            fit(path, _join(place, name), item, shape[name])
    else:
        accepted = (int, float) if shape is float else shape
        if not isinstance(value, accepted) or (isinstance(value, bool) and shape is not bool):
            refuse(path, place, f"must be {_NAMES[shape]}, not {value!r}")


def _check_either(path: Path, place: str, value: t.Any, shape: Either) -> None:
    wanted = list if isinstance(value, list) else str
    for option in shape:
        if isinstance(option, ListOf) is (wanted is list):
            return fit(path, place, value, option)
    return None


def _expect(path: Path, place: str, value: t.Any, kind: type, name: str) -> None:
    if not isinstance(value, kind):
        refuse(path, place, f"must be {name}, not {value!r}")


def _join(place: str, name: t.Any) -> str:
    return str(name) if place == "the file" else f"{place}.{name}"


def suggest(name: str, known: t.Iterable[str]) -> str:
    """The end of a sentence: the name that was probably meant, or those that there are."""
    close = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean '{close[0]}'?" if close else f"; known are {', '.join(map(str, known))}"


def refuse(path: Path, place: str, message: str) -> t.NoReturn:
    """Raise ScenarioError."""
    raise ScenarioError(f"{path}: {place}: {message}")
