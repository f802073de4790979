# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of the wire: what a device prints in place of an answer, and what the connection plugin makes of it."""

from __future__ import annotations

import base64
import gzip
import json
import random
import zlib

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device import side, wire
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import DeviceSession
from tests.fuzz import values
from tests.unit.device import hostile
from tests.unit.device.scripted import ScriptedDevice

SAMPLE = 1500
# One operation of each kind of answer that a fresh device has.
ASKED = {
    "key": op.registry_read(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"),
    "dsregcmd": op.dsregcmd_status(),
    "packages": op.provisioning_packages(),
}
_UNREAD = ("winops1", "#winops1:", ":end#", "#winops1:12:", "#winops1:99999999999:", "#winops1:-1:", "#winops1:²:")


def one(chance: random.Random) -> None:
    device = ScriptedDevice()
    session = DeviceSession(device.connection, lambda script, data: _printed(chance, device.execute(script, data)))
    try:
        answer = session.run(ASKED)
    except wire.WireError as exc:
        hostile.judged({"failed": True, "msg": (found := side.unreadable_answer(exc)).msg, "error": found.error})
    else:
        assert set(answer.results) == set(ASKED)


def _printed(chance: random.Random, honest: tuple[str, str, int]) -> tuple[str, str, int]:
    line, _stderr, _code = honest
    stdout = chance.choice((_damaged_line, _damaged_text, _damaged_json, _surrounded))(chance, line)
    stderr = values.text(chance) if chance.random() < 0.3 else ""
    return stdout, stderr, chance.choice((0, 1, -1, 259, 2**31))


def _damaged_line(chance: random.Random, line: str) -> str:
    for _damage in range(chance.choice((1, 1, 3))):
        at, end = sorted((chance.randrange(len(line) + 1), chance.randrange(len(line) + 1)))
        line = chance.choice(
            (
                line[:at],
                line[at:],
                line[:at] + line[end:],
                line[:end] + line[at:],
                line[:at] + values.text(chance) + line[at:],
                line[:at] + chance.choice("AZ+/=:# \r\n\0\x1b\u2028\udfff") + line[at + 1 :],
                line + line,
                line[:at] + chance.choice(_UNREAD) + line[end:],
            )
        )
    return line


def _damaged_text(chance: random.Random, line: str) -> str:
    """The frame is right, and what it holds is not."""
    data = base64.b64decode(line.split(":")[2])
    plain = gzip.decompress(data)
    at = chance.randrange(len(data))
    data = chance.choice(
        (
            data[:at],
            data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :],
            data + data,
            data + b"\0",
            zlib.compress(plain),
            plain,
            gzip.compress(plain.decode().encode("utf-16")),
            gzip.compress(plain[: chance.randrange(len(plain))]),
            gzip.compress(chance.choice((b" ", b"[],", b"[" * 9, b"\xff", b"1")) * chance.choice((1, 400_000))),
        )
    )
    return _framed(data)


def _damaged_json(chance: random.Random, line: str) -> str:
    answer = json.loads(gzip.decompress(base64.b64decode(line.split(":")[2])))
    text = json.dumps(answer)
    at = chance.randrange(len(text))
    piece = chance.choice(
        (
            "\\ud800",
            "\\u0000",
            "\\u001b",
            "NaN",
            "1e999",
            "-Infinity",
            "9" * 5000,
            "[" * 2000,
            '{"a":',
            '"',
            ",",
            "\x00",
        )
    )
    field = chance.choice(list(answer))
    answer[field] = chance.choice((values.value(chance), values.like(chance, answer[field])))
    made = chance.choice((text[:at] + piece + text[at:], text[:at] + piece + text[at + 1 :], json.dumps(answer)))
    return _framed(gzip.compress(made.encode("utf-8", "surrogatepass"), compresslevel=1))


def _surrounded(chance: random.Random, line: str) -> str:
    """Banners, and what prints between the letters."""
    step = chance.choice((1, 79, 80, 1000))
    wrapped = chance.choice(("\r\n", " ", "\0", "\x1b[0m")).join(line[n : n + step] for n in range(0, len(line), step))
    return values.text(chance) + chance.choice((line, wrapped)) + values.text(chance)


def _framed(data: bytes) -> str:
    body = base64.b64encode(data).decode()
    return f"#winops1:{len(body)}:{body}:end#\r\n"
