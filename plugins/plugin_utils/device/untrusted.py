# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door for what somebody else wrote: JSON of a device or of a saved bundle, texts of what lies between.

What comes in here can be written as JSON and as UTF-8 again, has no control characters, and is not so deep that a
reader trips.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import json
import math
import re
import typing as t

MAX_DEPTH = 100
"""Levels of lists and objects."""
MAX_SENTENCE = 1000
"""Characters of a text of others that stands in a message of ours."""

# In the place of what no text can hold: Unicode's own sign for that.
_NO_TEXT = "\ufffd"
_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# What no text may hold, written as an escape. A pair of surrogates is one letter, and a lone one none; what follows an
# escaped backslash is not an escape. Any other is passed over, since a device may send very many.
_ESCAPE = re.compile(
    r"\\(?:\\|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|([bf]|u(?:00(?:0[0-8bBcCeEfF]|1[0-9a-fA-F]|7[fF]|[89][0-9a-fA-F])|[dD][89a-fA-F][0-9a-fA-F]{2})))"
)
_SUSPECT = re.compile(r"\\(?:[bf]|u(?:00[0189]|007[fF]|[dD][89a-fA-F]))")


def load_json(text: str) -> t.Any:
    """The value of a JSON text, in which control characters and lone surrogates have become U+FFFD.

    Raises ValueError for a text that is no JSON, that has a number which JSON has no form for, or that is too deep.
    """
    if _SUSPECT.search(text):
        text = _ESCAPE.sub(_harmless_escape, text)
    text = _CONTROL.sub(_harmless_letter, text)
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if _too_deep(value):
        raise ValueError(f"it is nested in more than {MAX_DEPTH} levels")
    return value


def harmless(text: str) -> str:
    """A text without control characters but tabs and line ends, and without lone surrogates."""
    return _CONTROL.sub(_NO_TEXT, text)


def in_one_line(text: str) -> str:
    """A text of others as part of a sentence: one line of printable letters, at most MAX_SENTENCE of them."""
    text = text[: 4 * MAX_SENTENCE]
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= MAX_SENTENCE else f"{line[: MAX_SENTENCE - 1]}\u2026"


def _harmless_escape(match: re.Match) -> str:
    return _NO_TEXT if match[1] else match[0]


def _harmless_letter(match: re.Match) -> str:
    # JSON itself allows none below the blank within a text: what is there makes it no JSON, and stays.
    return match[0] if match[0] < " " else _NO_TEXT


def _no_number(name: str) -> t.NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _too_deep(value: t.Any) -> bool:
    level = [value]
    for _depth in range(MAX_DEPTH):
        level = [
            item
            for outer in level
            if isinstance(outer, (dict, list))
            for item in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(item, (dict, list))
        ]
        if not level:
            return False
    return True
