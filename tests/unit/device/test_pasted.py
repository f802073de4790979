# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts out of bytes, and out of bytes that something took for another encoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.explain import explain
from ansible_collections.winops.entra.plugins.plugin_utils.device.pasted.encodings import text_of

TEXT = "Tenant : Møbler Łódź AS, \u65e5\u672c\nError code: 80180014\n"
ENCODED = {
    "UTF-8": TEXT.encode(),
    "UTF-8 with a mark": TEXT.encode("utf-8-sig"),
    "UTF-16 with a mark": TEXT.encode("utf-16"),
    "UTF-16 big endian with a mark": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-16": TEXT.encode("utf-16-le"),
    "UTF-16 big endian": TEXT.encode("utf-16-be"),
}


@pytest.mark.parametrize("name", ENCODED)
def test_bytes_of_every_unicode_encoding_are_the_text(name):
    assert text_of(ENCODED[name]) == TEXT


@pytest.mark.parametrize("name", ENCODED)
def test_a_file_that_was_read_as_utf8_is_the_text(name):
    looked_up = ENCODED[name].decode("utf-8", "surrogateescape").rstrip()
    assert text_of(looked_up).rstrip() == TEXT.rstrip()


@pytest.mark.parametrize("name", ENCODED)
def test_a_file_that_was_read_as_single_bytes_is_the_text_where_that_can_be_told(name):
    if "8" not in name:
        assert text_of(ENCODED[name].decode("latin-1")) == TEXT


def test_a_code_page_is_read_as_one():
    assert text_of("Møbler".encode("cp1252")) == "Møbler"
    assert text_of("Møbler".encode("cp1252").decode("utf-8", "surrogateescape")) == "Møbler"


@pytest.mark.parametrize("text", ["", "a", "Møbler \u65e5\u672c", "a\ud800b", "\udc41 \ud83d"])
def test_a_text_that_nothing_is_wrong_with_stays_as_it_is(text):
    assert text_of(text) == text


@given(st.one_of(st.binary(max_size=64), st.text(max_size=64)))
def test_whatever_comes_becomes_a_text(given_):
    assert isinstance(text_of(given_), str)


def test_the_code_in_a_file_of_utf16_is_found():
    looked_up = ENCODED["UTF-16 with a mark"].decode("utf-8", "surrogateescape")
    assert explain(looked_up)["code"] == "0x80180014"
