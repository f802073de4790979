# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door for what somebody else wrote: JSON of a device, a tenant or a saved file, texts of what lies between, and
how such texts are shown.

What comes in here can be written as JSON and as UTF-8 again, has no control characters, and is not so deep that a
reader trips. What goes to a screen or into a file goes through visible() or spelled(): then a text of others is nothing
but a text, and cannot begin a line, move the cursor or turn the direction of what people read.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools
import json
import math
import os
import re
import stat
import typing as t

MAX_DEPTH = 100
"""Levels of lists and objects."""
MAX_SENTENCE = 1000
"""Characters of a text of others that stands in a message of ours."""

# In the place of what no text can hold: Unicode's own sign for that.
_NO_TEXT = "\ufffd"
_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ASCII_CONTROLS = bytes(code for code in range(128) if _CONTROL.match(chr(code)))
# What no text may hold, written as an escape. A pair of surrogates is one letter, and a lone one none; what follows an
# escaped backslash is not an escape. Any other is passed over, since a device may send very many.
_ESCAPE = re.compile(
    r"\\(?:\\|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|([bf]|u(?:00(?:0[0-8bBcCeEfF]|1[0-9a-fA-F]|7[fF]|[89][0-9a-fA-F])|[dD][89a-fA-F][0-9a-fA-F]{2})))"
)
_SUSPECT = re.compile(r"\\(?:[bf]|u(?:00[0189]|007[fF]|[dD][89a-fA-F]))")

_BLANKS = re.compile("[\t\n\r \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
# What str.isprintable() lets pass, as Unicode calls it a letter or a mark, and what nobody sees all the same (its
# property Default_Ignorable_Code_Point, and the blank of Braille).
_UNSEEN_LETTER = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# All that may be one: the rest of ASCII is looked at by one quick test.
_UNSEEN = re.compile("[\0-\t\x0b-\x1f\x7f-\U0010ffff]+")


def load_json(text: str) -> t.Any:
    """The value of a JSON text, in which control characters and lone surrogates have become U+FFFD.

    Raises ValueError for a text that is no JSON, that has a number which JSON has no form for, or that is too deep.
    """
    if _SUSPECT.search(text):
        text = _ESCAPE.sub(_harmless_escape, text)
    if _may_have_controls(text):
        text = _CONTROL.sub(_harmless_letter, text)
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if deeper_than(MAX_DEPTH, value):
        raise ValueError(f"it is nested in more than {MAX_DEPTH} levels")
    return value


def deeper_than(levels: int, value: t.Any) -> bool:
    """Whether dicts and lists are nested in a value in more levels."""
    level = [value] if isinstance(value, (dict, list, tuple)) else []
    for _level in range(levels):
        level = [
            item
            for outer in level
            for item in (outer.values() if isinstance(outer, dict) else outer)
            # Nearly all are texts, and a page has ten thousand of them.
            if item.__class__ is not str and isinstance(item, (dict, list, tuple))
        ]
        if not level:
            return False
    return True


def harmless(text: str) -> str:
    """A text without control characters but tabs and line ends, and without lone surrogates."""
    return _CONTROL.sub(_NO_TEXT, text)


def in_one_line(text: str, longest: int = MAX_SENTENCE) -> str:
    """A text of others as part of a sentence: one line of printable letters, at most ``longest`` of them."""
    text = text[: 4 * longest]
    # Most are one already, in long lists too.
    line = text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(line.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}\u2026"


def visible(text: str, most: int = MAX_SENTENCE) -> str:
    """A text of others as it is shown to people: one line, at most ``most`` letters, in which everything can be seen.

    Blanks, tabs and line ends become one blank each run. What else cannot be seen (control characters, other line
    separators, marks of direction, letters without width) is spelled as JSON spells it, so that it is found in a report
    by what the screen says: ``\\u202e``.
    """
    text = spelled(_BLANKS.sub(" ", text[: 4 * most])).strip()
    return text if len(text) <= most else f"{text[: most - 1]}\u2026"


def spelled(text: str) -> str:
    """A text in which what cannot be seen is spelled as in JSON, line ends excepted; half a pair of surrogates as
    U+FFFD, since it has no meaning. Within a JSON text this leaves its value as it is."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(_spelled, text)


def read_json(path: str, most: int) -> t.Any:
    """The value of a JSON file of at most ``most`` bytes, as load_json() gives it.

    Raises OSError where there is none that can be read, and ValueError with a sentence where what is there is not a
    regular file, too large, or no JSON.
    """
    # Without waiting: a pipe that nobody writes into would be opened for ever.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ValueError("it is not a regular file")
        data = stream.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it has more than {most} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    try:
        return load_json(text)
    except ValueError as exc:
        raise ValueError(f"it is not JSON: {exc}") from None


def _may_have_controls(text: str) -> bool:
    """Whether a text has to be searched for them; quick for ASCII, which long answers are."""
    if text.isascii():
        return len(text.encode("ascii").translate(None, _ASCII_CONTROLS)) < len(text)
    return not text.isprintable()


def _spelled(match: re.Match) -> str:
    letters = match[0]
    if letters.isprintable() and not _UNSEEN_LETTER.search(letters):
        return letters
    return "".join(
        letter if letter.isprintable() and not _UNSEEN_LETTER.match(letter) else _as_json(letter) for letter in letters
    )


@functools.lru_cache(256)
def _as_json(letter: str) -> str:
    return json.dumps(_NO_TEXT if "\ud800" <= letter <= "\udfff" else letter)[1:-1]


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
