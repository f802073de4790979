# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DeviceLink that is bent, cut, of another kind of JSON, and the CSV file of a cabinet that is said to hold some."""

from __future__ import annotations

import base64
import functools
import json
import random
import typing as t

from ansible_collections.winops.entra.plugins.plugin_utils.autopilot import device_link
from tests.lab.device import device_link as lab

from ..values import value

SAMPLE = 1500
_LETTERS = "ABCDwxyz0189+/=-_ \r\n\t\0\u00e9\u202e\ud800"
_NAMES = ("SerialNumber", "SmbiosUuid", "Manufacturer", "ModelName", "LinkId", "DeviceIdKeyList")
_VALUES = (
    "PF1",
    "",
    " ",
    "a\nb\x1b[2J",
    "\ud800",
    "x" * 5000,
    "{4C4C4544-0000-4A10-8000-000000000001}",
    None,
    7,
    True,
    ["PF1"],
    {"a": "PF1"},
)
_HEADINGS = (
    "SerialNumber,Manufacturer,Model,Data",
    "data;model;manufacturer;serialnumber",
    "Data,SerialNumber,Manufacturer,Model,Data",
    "Device Serial Number,Windows Product ID,Hardware Hash",
    "",
    '"SerialNumber","Manufacturer","Model","Data',
)
_ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-8", "utf-8-sig", "cp1252")


def one(chance: random.Random) -> None:
    text = chance.choice((_bent, _cut, _documents, _documents, _twice))(chance)
    _read(text)
    _in_file(text, chance)


def _read(text: str) -> None:
    try:
        found = device_link.read(text)
    except ValueError as refusal:
        assert str(refusal).isprintable(), refusal
        return
    assert device_link.read(found.data) == found and len(found.data) <= device_link.LONGEST_LINK
    assert found.serial_number or found.smbios_uuid
    for said in (found.serial_number, found.smbios_uuid, found.manufacturer, found.model, found.link_id):
        assert said is None or (said.strip() == said != "" and said.isprintable()), said
        assert len(said or "") <= device_link.LONGEST_NAME + 1


def _in_file(text: str, chance: random.Random) -> None:
    cells = ["PF1", "LENOVO", "21FV", text]
    lines = [chance.choice(_HEADINGS), *(",".join(cells[: chance.choice((4, 4, 4, 3, 1))]) for _each in range(3))]
    content = chance.choice(("\r\n", "\n", "\u2028")).join(lines).encode(chance.choice(_ENCODINGS), "replace")
    if chance.random() < 0.3:
        place = chance.randrange(len(content) + 1)
        content = content[:place] + chance.randbytes(chance.choice((0, 1, 9))) + content[place + chance.randrange(9) :]
    try:
        found = device_link.in_csv(content)
    except ValueError as refusal:
        assert str(refusal).isprintable(), refusal
        return
    assert all(link.strip() == link != "" for link in found)
    for link in found:
        _read(link)


@functools.cache
def _good() -> str:
    return lab.make("PF1", "4c4c4544-0000-4a10-8000-000000000001")


def _bent(chance: random.Random) -> str:
    letters = list(_good())
    for _bend in range(chance.choice((1, 1, 4))):
        letters[chance.randrange(len(letters))] = chance.choice(_LETTERS)
    return "".join(letters)


def _cut(chance: random.Random) -> str:
    return _good()[: chance.randrange(len(_good()))]


def _twice(chance: random.Random) -> str:
    return _good() * chance.choice((2, 40))


def _documents(chance: random.Random) -> str:
    info: t.Any = {name: chance.choice(_VALUES) for name in _NAMES if chance.random() < 0.8}
    if chance.random() < 0.1:
        info = value(chance)
    document = chance.choice(({"DeviceInfo": info},) * 6 + ({"deviceinfo": info}, [info], info))
    text = json.dumps(document)
    if chance.random() < 0.1:
        text = chance.choice(("[" * 5000, "1" * 5000, text + text, "NaN", "", "\ufeff" + text))
    return base64.b64encode(text.encode("utf-8", "replace")).decode()
