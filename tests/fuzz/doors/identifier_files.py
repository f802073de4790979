# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CSV file of corporate identifiers: values of every kind under every heading, in any encoding.

No line is lost: each that is not blank is a row with its outcome, or a heading, which is told. What comes out can be
sent: three values, nothing invisible, each once.
"""

from __future__ import annotations

import pathlib
import random
import tempfile

from ansible_collections.winops.entra.plugins.plugin_utils.autopilot import csv_header, csv_text
from ansible_collections.winops.entra.plugins.plugin_utils.options import BAD_OPTION
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.corporate import rows

SAMPLE = 700
_HEADINGS = (
    "Manufacturer,Model,Serial number",
    "Device Serial Number;Manufacturer name;Device model",
    "Serial,Make,Type",
    "Device Serial Number,Windows Product ID,Hardware Hash",
    '"Manufacturer","Model","Serial number",',
    "Manufacturer\tModel\tSerial number\tOwner",
)
_VALUES = (
    "LENOVO",
    "Dell Inc.",
    "Acme, Inc",
    "",
    " ",
    ".",
    "B\u00fcro",
    "\u202e1FV",
    "a\0b",
    '"q"',
    "x" * 200,
    "\ufffd",
    "\u00a021FV\u00a0",
)
_SERIALS = ("PF3K9Z1A", "pf3k9z1a", "000123", '="000123"', "1.2E+15", "Default string", "0", "", "A.1.", "AB 12", "=A1")
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-8")


def one(chance: random.Random) -> None:
    data = _text(chance).encode(chance.choice(_ENCODINGS), "replace")
    if chance.random() < 0.2:
        data += _text(chance).encode(chance.choice(_ENCODINGS), "replace")
    if chance.random() < 0.1:
        data = data[: chance.randrange(len(data) + 1)]
    periods = chance.choice(("remove", "keep"))
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        pathlib.Path(file.name).write_bytes(data)
        try:
            found = rows.of_file(file.name, periods)
        except Failure as refusal:
            assert refusal.error["name"] == BAD_OPTION and str(refusal).isprintable(), refusal
            return
    _judge(data, found, periods)


def _judge(data: bytes, found: rows.Rows, periods: str) -> None:
    lines = {line.number for line in csv_text.read(data).lines if line.text.strip(csv_header.BLANK_LETTERS)}
    told = [row.line for row in found.rows]
    assert len(set(told)) == len(told) and set(told) <= lines
    headings = any("headings" in text for text in found.warnings)
    assert headings is (len(told) < len(lines)), found.warnings
    assert all(text.isprintable() for text in found.warnings)
    keys = set()
    for row in found.rows:
        # A second one of the same kind keeps its identifier, and says why it is left out.
        assert (row.identifier is None) <= (row.problem is not None) and (row.double is None or row.problem)
        assert row.problem is None or row.problem.isprintable(), row.problem
        if row.identifier is None or row.problem is not None:
            continue
        parts = row.identifier.split(",")
        assert len(parts) == len(rows.FIELDS) and all(part.strip() == part != "" for part in parts), parts
        assert row.identifier.isprintable() and not any(part.endswith(".") for part in parts)
        keys.add(rows.key(row.identifier))
        again = rows.of_option([dict(zip(rows.FIELDS, parts))], periods).rows[0]
        assert (again.identifier, again.problem) == (row.identifier, None)
    assert len(keys) == sum(row.problem is None for row in found.rows)


def _text(chance: random.Random) -> str:
    lines, delimiter = [], chance.choice((",", ",", ";", "\t"))
    for _each in range(chance.choice((1, 3, 8))):
        if chance.random() < 0.2:
            lines.append(chance.choice((*_HEADINGS, "", " ", ",,,", "sep=;", "Total: 3", '"')))
            continue
        cells = [chance.choice(_VALUES[:1] if chance.random() < 0.7 else _VALUES) for _part in range(2)]
        cells.append(chance.choice(_SERIALS))
        cells = cells[: chance.choice((3, 3, 3, 2))] + [""] * chance.choice((0, 0, 1)) + ["x"] * (chance.random() < 0.1)
        if chance.random() < 0.4:
            cells = [f'"{cell}"' for cell in cells]
        lines.append((delimiter if chance.random() < 0.9 else chance.choice(",;\t")).join(cells))
    return chance.choice(("\r\n", "\n", "\r")).join(lines) + chance.choice(("\r\n", ""))
