# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of dsregcmd /status as people paste it: decorated, wrapped, in any encoding, read wrongly."""

from __future__ import annotations

import random

from ansible.errors import AnsibleFilterError

from ansible_collections.winops.entra.plugins.filter.dsregcmd import dsregcmd
from tests.fuzz import outputs, values

SAMPLE = 800
_ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "utf-32")


def one(chance: random.Random) -> None:
    text = outputs.mutated(chance)
    for _decoration in range(chance.choice((0, 1, 2))):
        text = _decorated(chance, text)
    given = _encoded(chance, text) if chance.random() < 0.5 else text
    try:
        found = dsregcmd(given if chance.random() < 0.97 else values.value(chance))
    except AnsibleFilterError as exc:
        assert str(exc)
        return
    outputs.judged(found)


def _decorated(chance: random.Random, text: str) -> str:
    before = chance.choice(
        ("> ", "| ", "- ", "* ", "# ", "C:\\>", "PS C:\\> ", "\t", "<br>", "2026-11-21 08:00:00 ", "1. ")
    )
    after = chance.choice(("", " |", "<br/>", "\\r", "\\n", "**", "`", '",', "</td></tr>"))
    lines = [f"{before}{line}{after}" if chance.random() < 0.9 else line for line in text.splitlines()]
    fence = chance.choice(("", "```", "~~~", "<pre>", "[", '{"output": "'))
    return fence + chance.choice(("\n", "\r\n", "\r", "\n\n", "\x85", "\u2028", "\\n")).join(lines) + fence


def _encoded(chance: random.Random, text: str) -> str | bytes:
    data = text.encode(chance.choice(_ENCODINGS), "replace")
    if chance.random() < 0.2:
        at = chance.randrange(len(data) + 1)
        data = data[:at] + bytes(chance.choices(range(256), k=chance.randrange(3))) + data[at + chance.randrange(3) :]
    if chance.random() < 0.5:
        return data
    return data.decode(chance.choice(("utf-8", "latin-1", "ascii")), chance.choice(("surrogateescape", "replace")))
