# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hardware hash that is bent, cut, put together of two, or of records that say what they like."""

from __future__ import annotations

import base64
import functools
import hashlib
import random
import struct

from ansible_collections.winops.entra.plugins.plugin_utils.autopilot import hardware_hash
from tests.lab import hardware_hash as lab

SAMPLE = 3000
_LETTERS = "ABCDwxyz0189+/=-_ \r\n\t\0é\u202e\ud800"


def one(chance: random.Random) -> None:
    text = chance.choice((_bent_text, _bent_bytes, _records, _records, _cut, _spliced))(chance)
    try:
        found = hardware_hash.decode(text)
    except hardware_hash.HashError as refusal:
        assert refusal.name in hardware_hash.NAMES and str(refusal).isprintable()
        return
    assert hardware_hash.decode(found.text) == dataclass_as_sent(found)
    assert len(found.text) <= hardware_hash.MAX_HASH_LETTERS + 4 and len(found.text) % 4 == 0
    for value in (found.serial_number, found.manufacturer, found.model, found.smbios_uuid, found.tpm_version):
        assert "\n" not in value.strip() and "\0" not in value
        value.encode("utf-8")


def dataclass_as_sent(found: hardware_hash.HardwareHash) -> hardware_hash.HardwareHash:
    """What the same hash is where it is read again: nothing is left to put right."""
    return hardware_hash.HardwareHash(**{**vars(found), "repaired": False})


@functools.cache
def _good() -> tuple[str, ...]:
    return lab.make("PF1"), lab.make("VMware-56 4d", "VMware, Inc.", "x", ek=None), lab.make("", size=500, ek=None)


def _bent_text(chance: random.Random) -> str:
    letters = list(chance.choice(_good()))
    for _bend in range(chance.choice((1, 1, 3))):
        letters[chance.randrange(len(letters))] = chance.choice(_LETTERS)
    return "".join(letters)


def _bent_bytes(chance: random.Random) -> str:
    data = bytearray(base64.b64decode(chance.choice(_good())))
    for _bend in range(chance.choice((1, 1, 4))):
        data[chance.randrange(min(len(data), chance.choice((8, 700, 3000))))] ^= chance.randint(1, 255)
    return base64.b64encode(data).decode("ascii")


def _records(chance: random.Random) -> str:
    """A right checksum over records that are not."""
    body = b"".join(_record(chance) for _each in range(chance.choice((0, 1, 5, 60))))
    length = chance.choice((len(body) + 4,) * 6 + (0, 3, len(body), 65535))
    head = b"OA" + struct.pack("<H", length & 0xFFFF) + body
    checksum = hashlib.sha256(head[:length]).digest()
    data = head + b"CS" + struct.pack("<H", chance.choice((36, 36, 36, 0, 4))) + checksum
    return base64.b64encode(data.ljust(chance.choice((0, 500, 3000)), b"\0")).decode("ascii")


def _record(chance: random.Random) -> bytes:
    value = chance.choice((b"", b"PF1\0", b"\xff\xfe\0\0", b"\x1b[2J\n", bytes(16), b"x" * 300, chance.randbytes(40)))
    size = chance.choice((len(value) + 4,) * 9 + (0, 3, 65535))
    return struct.pack("<HH", chance.choice((1, 12, 13, 14, 16, 17, 18, 19, 25, 99, 65535)), size) + value


def _cut(chance: random.Random) -> str:
    text = chance.choice(_good())
    return text[: chance.choice((chance.randrange(len(text)), len(text) - chance.randrange(4)))]


def _spliced(chance: random.Random) -> str:
    one_of, other = chance.choice(_good()), chance.choice(_good())
    return chance.choice((one_of + other, one_of[: chance.randrange(len(one_of))] + other, one_of * 5))
