# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random values through the runner's JSON, there and back. Standard library only."""

from __future__ import annotations

import json
import math
import random
import struct
import subprocess
import tempfile
import typing as t
from pathlib import Path

from shell import DEVICE, HERE, WAIT, Shell

ENDS = [
    sign * (2**bits + step) for bits in (7, 8, 15, 16, 31, 32, 53, 63, 64) for step in (-1, 0, 1) for sign in (1, -1)
]
WHOLE = [0, *(number for number in ENDS if -(2**63) <= number < 2**64)]
"""Both ends of each integer type of .NET, and their neighbours that one of long and ulong can hold."""
REAL = [0.5, -0.1, 1e-300, 1.7976931348623157e308, 5e-324, 123456789.123456789]
AWKWARD = [
    "",
    "\\",
    '"',
    "2026-11-21T08:00:00Z",
    "/Date(0)/",
    "null",
    "\u2028\ud83d\ude00",
    "\x00\x1f\x7f",
    "\u0130i\u0131I",
]


def values(number: int, seed: int = 20261129) -> list[t.Any]:
    """So many values, nested, after one that holds every code unit and one with every awkward scalar."""
    chance = random.Random(seed)
    everything = ["".join(map(chr, range(start, start + 4096))) for start in range(0, 0x10000, 4096)]
    return [everything, [*WHOLE, *REAL, *AWKWARD, None, True, False], *(_value(chance, 4) for _each in range(number))]


def complaints(shell: Shell, number: int) -> tuple[str, str]:
    """What did not come back as it was (empty where all did), and the milliseconds of reading and writing."""
    # As JSON has them: two lone surrogates side by side are one character there.
    sent = json.loads(json.dumps(values(number)))
    with tempfile.TemporaryDirectory(prefix="winops-") as folder:
        file = Path(folder) / "values.txt"
        file.write_text("".join(json.dumps(value) + "\n" for value in sent), encoding="ascii")
        command = [*shell.start, "-File", str(HERE / "round_trip.ps1"), str(DEVICE / "runner"), str(file)]
        done = subprocess.run(command, capture_output=True, timeout=WAIT, check=False, stdin=subprocess.DEVNULL)
        back = file.with_name(file.name + ".back")
        # Not splitlines: it breaks at characters that JSON leaves as they are.
        lines = back.read_text(encoding="utf-8").split("\n")[:-1] if back.exists() else []
    times = done.stdout.decode("ascii", "replace").strip()
    if len(lines) != len(sent):
        return f"{len(lines)} of {len(sent)} values came back: {done.stderr.decode('utf-8', 'replace')[:600]}", times
    wrong = [
        first_difference(value, json.loads(line))
        for value, line in zip(sent, lines, strict=True)
        if not same(value, json.loads(line))
    ]
    return "; ".join(wrong[:3]), times


def first_difference(one: t.Any, two: t.Any) -> str:
    """Where two values differ, in the smallest place that does."""
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        return next(first_difference(*pair) for pair in zip(one, two, strict=True) if not same(*pair))
    return f"{json.dumps(one):.200} became {json.dumps(two):.200}"


def same(one: t.Any, two: t.Any) -> bool:
    """Whether two values are equal and of one type, in every place."""
    if type(one) is not type(two):
        return False
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[name], two[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(same, one, two))
    return one == two


def _value(chance: random.Random, depth: int) -> t.Any:
    kind = chance.randrange(9 if depth else 6)
    if kind == 0:
        return chance.choice([None, True, False])
    if kind == 1:
        return chance.choice(WHOLE)
    if kind == 2:
        return chance.randint(-(2**63), 2**64 - 1)
    if kind == 3:
        return _real(chance)
    if kind <= 5:
        return _text(chance)
    if kind <= 7:
        return {_text(chance): _value(chance, depth - 1) for _each in range(chance.randrange(5))}
    return [_value(chance, depth - 1) for _each in range(chance.randrange(5))]


def _real(chance: random.Random) -> float:
    """Any finite double with a fraction or an exponent: one without would come back as a whole number."""
    while True:
        number = struct.unpack("<d", chance.randbytes(8))[0]
        if math.isfinite(number) and "." in repr(number).partition("e")[0][:-2]:
            return number


def _text(chance: random.Random) -> str:
    high = chance.choice([0x80, 0x800, 0x10000])
    return "".join(chr(chance.randrange(high)) for _each in range(chance.randrange(12))) or chance.choice(AWKWARD)
