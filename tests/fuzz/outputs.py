# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outputs of dsregcmd /status that are nearly right, and what the parser may make of any."""

from __future__ import annotations

import functools
import json
import random
from pathlib import Path

from . import values

FIXTURES = Path(__file__).parents[1] / "unit" / "fixtures" / "dsregcmd"
JOIN_TYPES = ("entra_joined", "hybrid_joined", "domain_joined", "workplace_registered", "none", None)
PIECES = (
    "+---+",
    "| a |",
    "AzureAdJoined : YES",
    ":",
    " : x",
    "\r",
    "\n",
    "```",
    "\0",
    " " * 70,
    "<br/>",
    "\x85",
    "\x1b[7m",
)


def mutated(chance: random.Random) -> str:
    """One of the outputs, with lines and letters changed, moved, doubled and left out."""
    lines = chance.choice(_outputs()).splitlines()
    for _change in range(chance.choice((0, 1, 2, 5, 20))):
        at = chance.randrange(len(lines)) if lines else 0
        old = lines[at] if lines else ""
        cut = chance.randrange(len(old) + 1)
        kind = chance.randrange(9)
        if kind == 0:
            del lines[at : at + chance.choice((1, 3, 30))]
        elif kind == 1:
            lines.insert(at, chance.choice(lines) if lines else "")
        elif kind == 2:
            lines.insert(at, chance.choice(PIECES))
        elif kind == 3:
            lines.insert(at, values.text(chance))
        elif lines:
            lines[at] = (
                old[:cut] + values.text(chance) + old[cut:],
                old[:cut],
                old[cut:],
                old[:cut] + "\n" + old[cut:],
                old.swapcase(),
            )[kind - 4]
    return chance.choice(("\n", "\r\n")).join(lines)


def judged(found: dict) -> None:
    """What was parsed has the promised shape, and is JSON."""
    assert set(found) == {"join_type", "prt", "sections", "keys"}
    assert found["join_type"] in JOIN_TYPES and found["prt"] in (True, False, None) and found["keys"]
    for rows in (found["keys"], *found["sections"].values()):
        for key, value in rows.items():
            assert key == key.strip() and not key.endswith(":")
            assert isinstance(value, str) or (len(value) > 1 and all(isinstance(one, str) for one in value))
    json.dumps(found)


@functools.cache
def _outputs() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(FIXTURES.glob("*.txt"))]
