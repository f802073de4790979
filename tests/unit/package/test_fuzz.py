# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a file holds, the reader answers with a package or a PackageError, and soon."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.package import (
    PackageError,
    compression,
    describe,
    read_package,
)
from tests.lab import ppkg, wim

from .conftest import FIXTURES, PACKAGE_ID, TOKEN

GOOD = {path.name: path.read_bytes() for path in sorted(FIXTURES.glob("*.ppkg"))}
GOOD["lab"] = ppkg.build("Contoso join", PACKAGE_ID, token=TOKEN, commands=["a", "b"], files={"f": b"f" * 5000})
FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


def check(path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        text = repr(describe(read_package(path)))
    except PackageError as refusal:
        text = repr(refusal) + repr(refusal.error)
    assert TOKEN not in text


@FUZZ
@given(st.binary(max_size=2000))
def test_arbitrary_bytes(tmp_path, data):
    check(tmp_path / "any", data)


@FUZZ
@given(st.binary(max_size=2000))
def test_arbitrary_bytes_behind_a_good_start(tmp_path, data):
    check(tmp_path / "any", GOOD["lab"][:48] + data)


@FUZZ
@given(st.sampled_from(sorted(GOOD)), st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=4))
def test_bent_bytes_anywhere(tmp_path, name, bends):
    data = bytearray(GOOD[name])
    for at, bend in bends:
        data[at % len(data)] ^= bend
    check(tmp_path / "any", bytes(data))


@FUZZ
@given(st.sampled_from(sorted(GOOD)), st.integers(0, 207), st.binary(min_size=1, max_size=24))
def test_any_header(tmp_path, name, at, field):
    data = GOOD[name]
    check(tmp_path / "any", data[:at] + field + data[at + len(field) :])


@FUZZ
@given(st.sampled_from(sorted(GOOD)), st.integers(0), st.integers(0, 400))
def test_missing_pieces(tmp_path, name, at, length):
    data = GOOD[name]
    at %= len(data)
    check(tmp_path / "any", data[:at] + data[at + length :])


@FUZZ
@given(st.binary(max_size=3000))
def test_arbitrary_settings(tmp_path, data):
    folder = "Multivariant/0/Prov/RunTime"
    check(tmp_path / "any", wim.write({"Multivariant/0/customizations.xml": data, f"{folder}/0.provxml": data}))


@settings(max_examples=300)
@given(st.binary(min_size=0, max_size=600), st.integers(1, 65536), st.booleans())
def test_decompressors_put_out_the_asked_size_or_refuse(data, size, use_lzx):
    try:
        out = compression.lzx(data, size, 65536) if use_lzx else compression.xpress(data, size)
    except (ValueError, IndexError):
        return
    assert len(out) == size


@pytest.mark.parametrize("size", [4096, 65536])
def test_a_chunk_full_of_longest_matches_cannot_grow_beyond_its_size(size):
    # Two codes of one bit: a literal, and a match of any length at offset 1: a bomb for a decoder without a limit.
    lengths = bytearray(256)
    lengths[0] = 1  # symbol 0, the literal NUL
    lengths[(256 + 15) // 2] = 1 << 4  # symbol 271: offset 1, length in extra bytes
    bomb = bytes(lengths) + b"\xff\x7f" + b"\xff\xff\xff" * 10_000

    with pytest.raises((ValueError, IndexError)):
        compression.xpress(bomb, size)
