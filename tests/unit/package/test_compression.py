# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decompressors against wimlib's compressors, and against a second reader where it is installed."""

from __future__ import annotations

import io
import os
import random
import struct

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package.compression import Bits, lzx
from ansible_collections.winops.entra.plugins.plugin_utils.package.wim import Wim

from .conftest import FIXTURES


def contents() -> dict[str, bytes]:
    """Files that take every way through the decompressors: text, noise, runs, x86 calls, many chunks."""
    rolls = random.Random(3)
    text = b"".join(b'<parm name="p%d" value="%d" />\r\n' % (n % 91, rolls.randrange(10**6)) for n in range(2500))
    noise = rolls.randbytes(70_000)
    calls = b"".join(
        b"\xe8" + (rolls.randrange(-9000, 9000)).to_bytes(4, "little", signed=True) + b"\x8b\xec\x90"
        for _each in range(6000)
    )
    return {
        "text.xml": text,
        "noise.bin": noise,
        "half-noise.bin": noise[:40_000] + text[:60_000] + noise[40_000:] + text,  # some chunks do not shrink
        "runs.bin": bytes(150_000) + b"\xff" * 100_000 + b"ab" * 40_000,
        "calls.exe": calls,
        "tiny.txt": b"x",
        "empty.txt": b"",
        "folder/deeper/copy.xml": text,
    }  # fmt: skip


@pytest.fixture
def capture(tmp_path, wimlib):
    """Have wimlib write the files above: ``capture(options) -> path``."""

    def run(*options: str):
        for name, data in contents().items():
            path = tmp_path / "files" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        wimlib("capture", tmp_path / "files", tmp_path / "out.wim", "files", "--no-acls", *options)
        return tmp_path / "out.wim"

    return run


def read_all(path) -> dict[str, bytes]:
    with open(path, "rb") as file:
        wim = Wim(file, os.path.getsize(path))
        return {entry.path: wim.read(entry) for entry in wim.files}


@pytest.mark.parametrize(
    "options",
    [
        ["--compress=none"],
        ["--compress=XPRESS"],
        ["--compress=XPRESS", "--chunk-size=4K"],
        ["--compress=XPRESS", "--chunk-size=64K"],
        ["--compress=LZX"],
        ["--compress=LZX:100"],
        ["--compress=LZX", "--chunk-size=256K"],
        ["--compress=LZX", "--chunk-size=2M"],
    ],
    ids=" ".join,
)
def test_what_wimlib_compressed_is_read_back_byte_for_byte(capture, options):
    assert read_all(capture(*options)) == contents()


def stored_block(size: int) -> bytes:
    """Kind 3 in three bits, one bit "not the default size", the size in 16 bits, then from the next word boundary on
    three recent offsets, the bytes and a byte of padding where their number is odd."""
    bits = 0b011_0 << 28 | size << 12
    return struct.pack("<HHIII", bits >> 16, bits & 0xFFFF, 1, 1, 1) + bytes(range(size)) + bytes(size & 1)


@pytest.mark.parametrize("size", [99, 100])
def test_stored_blocks_of_lzx_which_wimlib_does_not_write_are_read(size):
    assert lzx(stored_block(size) * 2, 2 * size, 32768) == bytes(range(size)) * 2


@pytest.mark.parametrize(
    ("read_ahead", "used", "position"), [(16, 3, 2), (32, 3, 2), (32, 16, 4), (16, 16, 4), (48, 20, 4)]
)
def test_the_next_word_boundary_is_found_however_far_was_read_ahead(read_ahead, used, position):
    bits = Bits(bytes(16))
    bits.fill(read_ahead)
    bits.take(used)

    bits.align()

    assert bits.position == position


def test_many_tiny_blocks_of_lzx_are_refused_before_they_cost_time():
    with pytest.raises(ValueError):
        lzx(stored_block(1) * 32768, 32768, 32768)


@pytest.mark.parametrize("file", ["join-xpress.ppkg", "two-images-xpress.ppkg"])
def test_a_second_reader_agrees(file):
    dissect = pytest.importorskip("dissect.archive.wim", reason="dissect.archive is not installed")

    def walk(folder, prefix=""):
        for entry in folder.iterdir():
            if entry.is_dir():
                yield from walk(entry, f"{prefix}{entry.name}/")
            else:
                yield prefix + entry.name, entry.open().read()

    data = (FIXTURES / file).read_bytes()
    images = [dict(walk(image.root)) for image in dissect.WIM(io.BytesIO(data)).images()]
    ours: list[dict] = [{} for _each in images]
    wim = Wim(io.BytesIO(data), len(data))
    for entry in wim.files:
        ours[entry.image - 1][entry.path] = wim.read(entry)

    assert ours == images and all(images)
