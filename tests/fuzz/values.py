# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd values for doors that take JSON or text: what no honest sender sends, and what one sends rarely."""

from __future__ import annotations

import json
import random
import typing as t

LONG = 100_000
MUCH = 400_000
"""Bytes of JSON."""
NUMBERS: tuple[float, ...] = (
    *(0, -1, 1, 2**31, -(2**31), 2**32 - 1, 2**53 + 1, 2**63, 2**64, -(2**64), 10**30, 10**400),
    *(0.5, -0.0, 1e308, float("inf"), float("-inf"), float("nan")),
)
#: A control character, lone halves of a pair, a pair, line separators, marks of direction, a letter that case changes.
LETTERS = "\0\x01\x07\x08\x1b\x1f\x7f\x85\x9b\ud800\udfff\U0001f4bb\u2028\u2029\u202e\u2066\u200f\ufeff\ufffe\u0130"
TEXTS = (
    *(
        "",
        " ",
        "\n",
        "\t",
        "0",
        "-1",
        "1e999",
        "NaN",
        "null",
        "true",
        "0x",
        "0x801c001d",
        "-2145648611",
        "AADSTS",
        "{}",
    ),
    *("AADSTS700082", "0\x1f", "²", "१२", "../../x", "C:\\", "\\\\.\\NUL", "{{ 7 * 7 }}", "%s%n", "<b>", "'\"`$(x)"),
    *(
        "2026-11-21T08:00:00.000Z",
        "0001-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.999999Z",
        "2026-02-30T00:00:00.000Z",
    ),
    *(
        "2026-11-21T08:00:60Z",
        "00000000-0000-0000-0000-000000000000",
        "{6E4CBE68-588B-499C-8C04-DCFFF140A1CA}",
        "S-1-5",
    ),
)


def text(chance: random.Random) -> str:
    """A text: a telling one, one with letters that are hard to print, or a long one."""
    kind = chance.randrange(12)
    if kind < 5:
        return chance.choice(TEXTS)
    if kind < 8:
        pieces = [*LETTERS, *TEXTS, *"aB1 :;,.=\\/"]
        return "".join(chance.choices(pieces, k=chance.randrange(1, 12)))
    if kind < 9:
        return chance.choice([*LETTERS, *TEXTS, "a", "9", " "]) * chance.choice((10, 1000))
    if kind < 10 and not chance.randrange(8):
        return (chance.choice([*LETTERS, "a", "9", " ", "0x8", "AADSTS", "eyJ", "1.", ": "]) * LONG)[:LONG]
    return "".join(chr(chance.choice((chance.randrange(128), chance.randrange(0x3000)))) for _n in range(6))


def value(chance: random.Random, depth: int = 0) -> t.Any:
    """A value of JSON of any type."""
    kind = chance.randrange(10 if depth < 3 else 7)
    if kind == 0:
        return None
    if kind == 1:
        return chance.random() < 0.5
    if kind < 4:
        return chance.choice(NUMBERS)
    if kind < 7:
        return text(chance)
    if kind == 7:
        return [value(chance, depth + 1) for _n in range(chance.randrange(4))]
    return {text(chance): value(chance, depth + 1) for _n in range(chance.randrange(4))}


def like(chance: random.Random, old: t.Any) -> t.Any:
    """A value of the type of the old one, and another: what only the meaning can refuse."""
    if isinstance(old, bool):
        return not old
    if isinstance(old, (int, float)):
        return chance.choice((*NUMBERS, old + 1, -old))
    if isinstance(old, str):
        at = chance.randrange(len(old) + 1)
        return chance.choice(
            (
                text(chance),
                old[:at],
                old + chance.choice(LETTERS),
                old[:at] + chance.choice(LETTERS) + old[at:],
                old.swapcase(),
                f" {old} ",
                old + old,
            )
        )
    if isinstance(old, list):
        return chance.choice(([], old + old, old[::-1], old * 60, [old], old[1:]))
    if isinstance(old, dict):
        names = list(old)
        chance.shuffle(names)
        return {chance.choice((name, name, name.swapcase(), text(chance))): old[name] for name in names}
    return value(chance)


def large(chance: random.Random, old: t.Any) -> t.Any:
    """Much more of the old value, nearly as much as an answer may hold: what is done with it must take linear time."""
    if isinstance(old, str):
        piece = chance.choice(
            (old or " ", *TEXTS, *LETTERS, "0x8", "eyJ", "1.", ": ", "-2145648611 ", "AADSTS700082: ")
        )
        return piece * (MUCH // len(json.dumps(piece)))
    if isinstance(old, (list, dict)):
        times = MUCH // max(2, len(json.dumps(old)))
        if isinstance(old, list):
            return old * min(times, 20_000)
        return {f"{name}{number or ''}": value for number in range(times) for name, value in old.items()}
    return value(chance)
