# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door for what others wrote: its texts are texts, its numbers numbers, and it has an end."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils import untrusted

PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc")))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_what_is_honest_comes_in_as_it_is(value, escaped):
    assert untrusted.load_json(json.dumps(value, ensure_ascii=escaped)) == value


@given(st.text(), st.booleans())
def test_any_text_comes_in_as_one_that_can_be_written(text, escaped):
    if not escaped and any("\ud800" <= letter <= "\udfff" for letter in text):
        return  # no text of UTF-8
    found = untrusted.load_json(json.dumps({text: text}, ensure_ascii=escaped))
    ((name, value),) = found.items()
    value.encode("utf-8")
    assert name == value and len(value) == len(text)
    assert all(letter in "\t\r\n" or not untrusted._CONTROL.match(letter) for letter in value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\ud83d", "\ufffd"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\\ud83d", r"\ud83d"),
        (r"\\\ud83d", "\\\ufffd"),
        (r"a\u0000\b\f\u001b\u007f\u009bb", "a" + 6 * "\ufffd" + "b"),
        (r"C:\\b\\u0000\r\n\t", "C:\\b\\u0000\r\n\t"),
        ("\x7f\x9b\x85", 3 * "\ufffd"),
        (r"\u0009\u000a\u000d\u0020\u00a0", "\t\n\r \xa0"),
    ],
)
def test_a_control_character_and_half_a_pair_are_the_sign_for_no_text(written, read):
    assert untrusted.load_json(f'"{written}"') == read


@pytest.mark.parametrize(
    "text", ["NaN", "[Infinity]", '{"a": -Infinity}', "1e999", "-1e999", '"\n"', '"\0"', "", "[1,]"]
)
def test_what_json_has_no_form_for_is_refused(text):
    with pytest.raises(ValueError):
        untrusted.load_json(text)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_too_deep_is_refused(opening):
    closing = "]" if opening == "[" else "}"
    untrusted.load_json(opening * 100 + "1" + closing * 100)
    for levels in (101, 5000, 100_000):
        with pytest.raises(ValueError, match="nested"):
            untrusted.load_json(opening * levels + "1" + closing * levels)


def test_a_text_of_others_in_a_sentence_is_one_printable_line():
    assert untrusted.in_one_line("a\x1b[2J\r\nb\u2028c\ud800 \u202ed") == "a [2J b c d"
    assert len(untrusted.in_one_line("word " * 1000)) == untrusted.MAX_SENTENCE


def test_an_honest_sentence_stays():
    assert (
        untrusted.in_one_line("Zugriff verweigert: C:\\Büro (0x80070005)")
        == "Zugriff verweigert: C:\\Büro (0x80070005)"
    )
