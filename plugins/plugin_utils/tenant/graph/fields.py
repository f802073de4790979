# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of what stands in an answer of Microsoft Graph: each field is read through one, where the answer comes in.

A kind is a function of a value: it returns what the rest of the code believes, or raises Misfit. Null, which Graph says
of whatever is not set or may not be seen, is of every kind but ``needed`` ones. A field of another type is no "no": the
answer cannot be read. Only where nothing is decided by a field, and people alone look at it, it becomes null
(``or_null``).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Mapping

from ...untrusted import in_one_line
from .errors import Purpose, unreadable

Kind = Callable[[t.Any], t.Any]
#: Letters of one text. The longest that Graph has here is the rule of a group, with 3,072.
LONGEST_TEXT = 10_000
#: Of a name. The longest of Graph has 256.
LONGEST_NAME = 300
#: What stands in paths of requests, and is compared: GUIDs, and a few kinds of longer ids.
_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:@!$-]{0,199}")
_LARGEST_NUMBER = 2**63


class Misfit(ValueError):
    """A value that is not of its kind: ``what`` is wrong with it, ``where`` it stands (``.value[3].id``)."""

    def __init__(self, what: str, where: str = "") -> None:
        super().__init__(f"{where.lstrip('.') or 'it'} {what}")
        self.what = what
        self.where = where


def _kind(what: str, fits: Callable[[t.Any], bool]) -> Kind:
    def check(value: t.Any) -> t.Any:
        if value is None or fits(value):
            return value
        raise Misfit(f"is not {what}")

    return check


def _text(what: str, longest: int) -> Kind:
    # A page has ten thousand texts: each costs one call.
    def check(value: t.Any) -> t.Any:
        if value is None or (isinstance(value, str) and len(value) <= longest):
            return value
        raise Misfit(f"is not {what}")

    return check


TEXT = _text("a text", LONGEST_TEXT)
#: A name as it is compared.
NAME = _text("a name", LONGEST_NAME)
IDENTITY = _kind("an id", lambda value: isinstance(value, str) and _IDENTITY.fullmatch(value) is not None)
FLAG = _kind("true or false", lambda value: isinstance(value, bool))
NUMBER = _kind(
    "a number", lambda value: isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_NUMBER
)


def _line(value: t.Any) -> str | None:
    return None if value is None else in_one_line(TEXT(value), LONGEST_NAME)


#: A name that people read in sentences: one line of printable letters.
LINE: Kind = _line


def needed(kind: Kind) -> Kind:
    """The same kind without null: the task cannot go on without it."""

    def check(value: t.Any) -> t.Any:
        if value is None:
            raise Misfit("is missing")
        return kind(value)

    return check


def or_null(kind: Kind) -> Kind:
    """Null in the place of what is of another kind."""

    def check(value: t.Any) -> t.Any:
        try:
            return kind(value)
        except Misfit:
            return None

    return check


def list_of(kind: Kind) -> Kind:
    """A list of which each member is there, and of this kind."""

    def check(value: t.Any) -> t.Any:
        if value is None:
            return None
        if not isinstance(value, list):
            raise Misfit("is not a list")
        checked: list[t.Any] = []
        try:
            for one in value:
                if one is None:
                    raise Misfit("is missing")
                checked.append(kind(one))
        except Misfit as misfit:
            raise Misfit(misfit.what, f"[{len(checked)}]{misfit.where}") from None
        return checked

    return check


def object_of(fields: Mapping[str, Kind]) -> Kind:
    """An object with these fields. Others stay as they are: nobody reads them, and a write sends them back."""
    # A page has a thousand objects of twenty fields, most of them null: only what may be odd is looked at.
    always = {name for name, kind in fields.items() if not _takes_null(kind)}
    each = list(fields.items())

    def check(value: t.Any) -> t.Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Misfit("is not an object")
        checked = dict(value)
        name = ""
        try:
            for name, kind in each:
                given = value.get(name)
                if given is not None or name in always:
                    checked[name] = kind(given)
        except Misfit as misfit:
            raise Misfit(misfit.what, f".{name}{misfit.where}") from None
        return checked

    return check


def _takes_null(kind: Kind) -> bool:
    try:
        kind(None)
    except Misfit:
        return False
    return True


def all_of(*names: str, kind: Kind = TEXT) -> dict[str, Kind]:
    """The fields of these names, of one kind."""
    return dict.fromkeys(names, kind)


def page_of(row: Kind) -> Kind:
    """A page of a collection."""
    return object_of({"value": needed(list_of(row))})


ANY_OBJECT = object_of({})
ANY_LIST = _kind("a list", lambda value: isinstance(value, list))
ID_ONLY = object_of({"id": needed(IDENTITY)})


def read_as(kind: Kind, body: t.Any, purpose: Purpose) -> t.Any:
    """The body, checked. GraphFailure ``unreadable_answer`` for another."""
    try:
        return needed(kind)(body)
    except Misfit as misfit:
        raise unreadable(purpose, str(misfit)) from None
