# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of settings: whether one fits, how it is written, and when two say the same.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools
import re
import typing as t

from ..package_secrets import SIGN
from .table import FOLDERS, Known
from .writer import fits_xml

TRUE = frozenset({"true", "yes", "on", "1", "enabled"})
FALSE = frozenset({"false", "no", "off", "0", "disabled"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]{1,16}")
_LISTED = 12


class BadValue(ValueError):
    """The value does not fit; the message says what would, and never the value, which may be a secret."""


def text_of(value: t.Any, known: Known | None) -> str:
    """The value as the document has it. Raises BadValue where it does not fit the setting (None: not in the table)."""
    if isinstance(value, float):
        raise BadValue("is a number with a fraction: put it in quotes if it is a text")
    if value is not None and not isinstance(value, (str, int)):
        raise BadValue("is not a text, a whole number or true or false")
    if known is not None and known.type in FOLDERS:
        if value not in (None, ""):
            raise BadValue("has other settings in it, and no value of its own")
        return ""
    if value is None:
        raise BadValue("has no value; an empty text is written as ''")
    text = _written(value, known)
    if not fits_xml(text):
        raise BadValue("has a character that XML cannot hold")
    if text and not text.strip():
        raise BadValue("is nothing but spaces")
    if text == SIGN:
        raise BadValue("is the sign that stands for a secret: give the secret itself")
    if known is not None:
        _check(text, known)
    return text


def same_value(known: Known | None, text: str) -> str:
    """The value in one spelling, for comparisons: numbers for labels, 0 and 1 for no and yes."""
    bare = text.strip()
    if known is None:
        return bare
    if known.type == "boolean":
        return _truth(bare) or bare
    low = bare.lower()
    for value, label in known.values:
        if low in (value.lower(), label.lower()):
            return value
    if known.type == "integer":
        number = number_of(bare)
        if number is None and {value for value, _label in known.values} == {"0", "1"}:
            return _truth(bare) or bare
        return bare if number is None else str(number)
    return bare


def number_of(text: str) -> int | None:
    """The whole number that the text is, None where it is none."""
    if _INTEGER.fullmatch(text):
        return int(text)
    return int(text, 16) if _HEXADECIMAL.fullmatch(text) else None


def truth_of(text: str) -> bool | None:
    """True or false, None where the text is neither."""
    truth = _truth(text)
    return None if truth is None else truth == "1"


def fits_key(listing: Known, key: str) -> str | None:
    """What is wrong with the key of an element of this list, None where nothing is."""
    if not key.strip() or not fits_xml(key):
        return "is empty, or has a character that XML cannot hold"
    if problem := _length(key, listing):
        return problem
    if listing.pattern and not _pattern(listing.pattern).fullmatch(key):
        return f"is not of the form {listing.pattern}"
    return None


def _truth(text: str) -> str | None:
    low = text.strip().lower()
    return "1" if low in TRUE else "0" if low in FALSE else None


def _written(value: str | int, known: Known | None) -> str:
    if isinstance(value, bool):
        if known is None or known.type == "boolean":
            return str(value)
        if known.type != "integer":
            raise BadValue("is true or false, where the setting takes a text: put it in quotes")
        return str(int(value))
    return str(value)


def _check(text: str, known: Known) -> None:
    allowed = ", ".join(label or value for value, label in known.values[:_LISTED])
    listed = {spelling.lower() for pair in known.values for spelling in pair if spelling}
    if known.type == "boolean":
        if _truth(text) is None:
            raise BadValue("is neither true nor false")
    elif known.values and text.lower() in listed:
        return
    elif known.type == "integer":
        _check_number(text, known, allowed)
    elif known.values:
        raise BadValue(f"is not one of: {allowed}")
    elif known.type in ("file", "binary") and not text:
        raise BadValue("is empty")
    if problem := _length(text, known):
        raise BadValue(problem)
    if known.pattern and known.type not in FOLDERS and not _pattern(known.pattern).fullmatch(text):
        raise BadValue(f"is not of the form {known.pattern}")


def _check_number(text: str, known: Known, allowed: str) -> None:
    number = number_of(text)
    spelled = same_value(known, text)
    if number is None and spelled == text.strip():
        raise BadValue(f"is not one of: {allowed}" if allowed else "is not a whole number")
    bounded = known.minimum is not None or known.maximum is not None
    if known.values and not bounded and spelled not in {value for value, _label in known.values}:
        raise BadValue(f"is not one of: {allowed}")
    number = number if number is not None else int(spelled)
    if known.minimum is not None and number < known.minimum:
        raise BadValue(f"is less than {known.minimum}")
    if known.maximum is not None and number > known.maximum:
        raise BadValue(f"is more than {known.maximum}")


def _length(text: str, known: Known) -> str | None:
    if known.min_length is not None and len(text) < known.min_length:
        return f"is shorter than {known.min_length} characters"
    if known.max_length is not None and len(text) > known.max_length:
        return f"is longer than {known.max_length} characters"
    return None


@functools.cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """A pattern of the store. What it means by ``\\x{8}`` is eight hexadecimal digits."""
    return re.compile(pattern.replace(r"\x{", "[0-9A-Fa-f]{"))
