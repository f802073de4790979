# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that somebody made to do harm end in a PackageError or in a description, with little work."""

from __future__ import annotations

import json
import time

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package import PackageError, describe, read_package
from tests.lab import wim

from .hostile_packages import HOSTILE, RUNTIME

PROCESSOR_SECONDS = 30  # measured: 3 at most; another machine may be several times slower
#: What is odd, and a package all the same.
READABLE = frozenset(
    {
        *("a long text", "a deep token", "many hidden secrets", "many profiles", "profiles in each other"),
        *("words without end", "base64 without end", "many names to be looked at"),
    }
)
GOOD = wim.write(
    {RUNTIME: b'<a><characteristic type="AADJ"><parm name="BPRT" value="FAKE-token"/></characteristic></a>'}
)


def outcome(path) -> str:
    try:
        return json.dumps(describe(read_package(path)))
    except PackageError as refusal:
        assert len(refusal.msg) < 1000 and refusal.msg.isprintable()
        return refusal.name


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_package_ends_in_an_error_of_the_product_or_in_a_description(save, name):
    path = save(HOSTILE[name]())
    began = time.process_time()
    said = outcome(path)
    assert time.process_time() - began < PROCESSOR_SECONDS
    assert said.startswith("{") is (name in READABLE), said[:200]


def test_a_package_that_is_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / "cut.ppkg"
    for length in range(len(GOOD)):
        path.write_bytes(GOOD[:length])
        assert not outcome(path).startswith("{"), length


def test_a_package_with_any_byte_bent_is_refused_or_the_same_but_for_what_has_no_checksum(tmp_path):
    path = tmp_path / "bent.ppkg"
    path.write_bytes(GOOD)
    good = describe(read_package(path))
    for at in range(len(GOOD)):
        path.write_bytes(GOOD[:at] + bytes([GOOD[at] ^ (0xFF, 0x01, 0x80)[at % 3]]) + GOOD[at + 1 :])
        try:
            found = describe(read_package(path))
        except PackageError:
            continue
        assert (found["bulk_token"], found["commands"]) == (good["bulk_token"], good["commands"]), at
