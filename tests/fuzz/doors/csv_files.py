# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CSV file of devices: lines of every kind in any order and encoding, and a row that is put into it.

No line is lost: each that is not blank is a row, a header, a title, or is named with what is wrong.
"""

from __future__ import annotations

import functools
import random

from ansible_collections.winops.entra.plugins.plugin_utils.autopilot import (
    csv_files,
    csv_header,
    csv_keep,
    hardware_hash,
)
from tests.lab import hardware_hash as lab

SAMPLE = 700
_HEADERS = (
    "Device Serial Number,Windows Product ID,Hardware Hash",
    "Device Serial Number,Windows Product ID,Hardware Hash,Group Tag,Assigned User",
    "Device Serial Number;Windows Product ID;Hardware Hash;OrderID",
    '"Device serial number","Windows product ID","Hardware hash","Manufacturer name","Device model"',
    "Serial Number,Manufacturer,Model",
    "Hardware Hash\tSerial",
)
_TITLES = ("Windows Autopilot Device Information", "Report,of,2026", "", " ", ",,,", '"', "sep=;", "Total: 3", "\ufeff")
_SERIALS = (
    "PF0001",
    "AB 12",
    "000123",
    "123",
    "1.2E+02",
    "Default string",
    "",
    "Serial Number",
    '="000123"',
    "x\u202ey",
)
_TAGS = ("", "Berlin", "B\u00fcro", "a,b", '"q"', "\u65e5\u672c" * 8, "x" * 2000, "\0")
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-8")


def one(chance: random.Random) -> None:
    data = b"".join(_part(chance) for _each in range(chance.choice((1, 1, 1, 2, 3))))
    if chance.random() < 0.1:
        data = data[: chance.randrange(len(data) + 1)]
    _read(data, chance)
    _keep(data)


def _read(data: bytes, chance: random.Random) -> None:
    try:
        found = csv_files.parse(data, chance.random() < 0.8, chance.choice((None, "cp1252")))
    except csv_files.CsvError as refusal:
        assert str(refusal).isprintable(), refusal
        return
    told = {row.line for row in found.rows} | {one.line for one in (*found.problems, *found.notes)}
    told |= {found.columns.line, *found.skipped}
    lines = {line.number for line in found.text.lines if line.text.strip(' \t\xa0,;"\ufeff')}
    assert lines <= told, sorted(lines - told)
    keys = set()
    for row in found.rows:
        assert row.serial_number.strip() and csv_header.header_of(row.serial_number, 1) is None
        assert row.serial_number.isprintable()
        if row.hardware_hash is not None:
            assert row.decoded is not None and hardware_hash.decode(row.hardware_hash).identity == row.decoded.identity
        keys.add((row.identity, row.serial_number))
    assert len(keys) == len(found.rows)
    assert all(one.message.isprintable() for one in (*found.problems, *found.notes))


def _keep(data: bytes) -> None:
    entry = csv_keep.Entry(hardware_hash.decode(_hash("PF0001", 5)), "PF0001", manufacturer="LENOVO")
    try:
        kept = csv_keep.keep(data, entry)
    except csv_files.CsvError as refusal:
        assert str(refusal).isprintable()
        return
    assert (kept.before == kept.after) is (kept.data == data), (kept.before, kept.after)
    again = csv_keep.keep(kept.data, entry)
    assert again.before == again.after and again.data == kept.data and again.rows == kept.rows


@functools.cache
def _hash(serial: str, when: int) -> str:
    return lab.make(serial, when=when)


def _part(chance: random.Random) -> bytes:
    lines = []
    for _each in range(chance.choice((1, 3, 8))):
        kind = chance.random()
        if kind < 0.25:
            lines.append(chance.choice(_HEADERS))
        elif kind < 0.4:
            lines.append(chance.choice(_TITLES))
        else:
            lines.append(_device(chance))
    text = chance.choice(("\r\n", "\r\n", "\n", "\r")).join(lines) + chance.choice(("\r\n", "\n", ""))
    return text.encode(chance.choice(_ENCODINGS), "replace")


def _device(chance: random.Random) -> str:
    inside, outside = chance.choice(_SERIALS[:3]), chance.choice(_SERIALS)
    text = _hash(inside, chance.choice((1, 2)))
    if chance.random() < 0.3:
        text = lab.damaged(text, chance.choice(lab.DAMAGES))
    cells = [outside if chance.random() < 0.5 else inside, "", text, chance.choice(_TAGS), chance.choice(_TAGS[:3])]
    cells = cells[: chance.choice((1, 3, 3, 4, 5))] + [""] * chance.choice((0, 0, 4))
    if chance.random() < 0.1:
        cells = [*chance.choice(_HEADERS).split(","), *cells]
    if chance.random() < 0.3:
        cells = [f'"{cell}"' for cell in cells]
    return chance.choice((",", ",", ",", ";", "\t")).join(cells)
