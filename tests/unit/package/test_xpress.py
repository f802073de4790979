# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compressed comes back, by the reader here and by wimlib."""

from __future__ import annotations

import random
import struct

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package import compression
from ansible_collections.winops.entra.plugins.plugin_utils.package.composing.wim_file import Content, WimFile, sha1
from ansible_collections.winops.entra.plugins.plugin_utils.package.composing.xpress import compressed
from tests.lab import wim

CHUNK = 32768
FIBONACCI = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584, 4181, 6765]


def samples():
    """Data of many sizes and kinds: runs, repeats at all distances and of all lengths, rare letters."""
    chance = random.Random(19)
    yield from (b"a" * 600, b"a" * CHUNK, b"ab" * 30_000, b"<a>" * 30_000, bytes(range(256)) * 200)
    rare = [number for number, count in enumerate(FIBONACCI) for _each in range(count)]
    chance.shuffle(rare)
    yield bytes(rare)  # their code would be longer than 15 bits
    for _each in range(30):
        size, letters = chance.choice((2000, 5000, CHUNK - 1, CHUNK, CHUNK + 1, 70_000)), chance.randbytes(9)
        data = bytearray(letters)
        while len(data) < size:
            at = chance.randrange(len(data))
            data += data[at : at + chance.choice((3, 4, 17, 18, 19, 272, 273, 274, 1000, 40_000))]
            data += bytes(chance.choice(letters) for _letter in range(chance.randint(1, 40)))
        yield bytes(data[:size])


def decompressed(packed, size):
    count = -(-size // CHUNK)
    table = 4 * (count - 1)
    begins = [0, *struct.unpack_from(f"<{count - 1}I", packed), len(packed) - table]
    out = b""
    for begin, end in zip(begins[:-1], begins[1:], strict=True):
        chunk, length = packed[table + begin : table + end], min(CHUNK, size - len(out))
        out += chunk if len(chunk) == length else compression.xpress(chunk, length)
    return out


def test_what_is_compressed_comes_back():
    for data in samples():
        packed = compressed(data)
        assert packed is not None and len(packed) < len(data)
        assert decompressed(packed, len(data)) == data


@pytest.mark.parametrize("data", [b"", b"a", b"a" * 256, random.Random(1).randbytes(50_000)], ids=len)
def test_what_would_not_be_smaller_is_not_compressed(data):
    assert compressed(data) is None


def test_wimlib_reads_what_is_compressed(tmp_path, wimlib):
    files = {f"{number}.bin": data for number, data in enumerate(samples())}
    plain = wim.write(files, "compressed")
    contents = {}
    for data in files.values():
        packed = compressed(data)
        contents[sha1(data)] = Content(sha1(data), len(data), len(packed), lambda p=packed: [p], True, sha1(packed))
    tree = _tree(plain)
    xml = "<WIM><IMAGE INDEX='1'><NAME>x</NAME></IMAGE></WIM>".encode("utf-16")
    path = tmp_path / "some.wim"
    counts = [(content, sum(sha1(data) == digest for data in files.values())) for digest, content in contents.items()]
    with path.open("wb") as stream:
        WimFile(counts, tree, lambda _size: xml, bytes(16)).write(stream)

    assert "successfully verified" in wimlib("verify", path)
    wimlib("extract", path, "1", f"--dest-dir={tmp_path / 'out'}")
    assert {each.name: each.read_bytes() for each in (tmp_path / "out").iterdir()} == files


@pytest.mark.parametrize("more", [0, CHUNK, 2 * CHUNK - 700])
def test_the_lab_reads_what_is_compressed_to_the_last_letter(more):
    pytest.importorskip("dissect.util.compression", reason="dissect.archive is not installed")
    for number in range(20):
        data = b"ab" * (260 + number) + b"abaabaaab"[: number % 9] + bytes(more)
        packed = compressed(data)
        assert packed is not None and wim._decompressed(packed, len(data), wim.XPRESS, CHUNK) == data


def _tree(data):
    """The directory tree in a file of the lab: its resource is the one of metadata in the table."""
    table = wim.HEADER.unpack_from(data)[9]
    size, offset = int.from_bytes(table[:7], "little"), int.from_bytes(table[8:16], "little")
    for at in range(offset, offset + size, wim.LOOKUP_ENTRY.size):
        resource = wim.LOOKUP_ENTRY.unpack_from(data, at)[0]
        if resource[7] & wim.METADATA:
            begin = int.from_bytes(resource[8:16], "little")
            return data[begin : begin + int.from_bytes(resource[:7], "little")]
    raise AssertionError("no tree")
