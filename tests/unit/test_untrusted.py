# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door for what others wrote: its texts are texts, its numbers numbers, and it has an end."""

from __future__ import annotations

import json
import os

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


UNSEEN = [
    *("\x00", "\x07", "\x08", "\x0b", "\x0c", "\x1b", "\x1c", "\x1f", "\x7f", "\x85", "\x9b"),
    *("\u2028", "\u2029", "\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"),
    *("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u180e", "\ufe0f", "\u3164", "\u034f", "\u2800"),
]


@pytest.mark.parametrize("letter", UNSEEN, ids=ascii)
def test_what_cannot_be_seen_is_spelled_as_json_spells_it(letter):
    assert untrusted.visible(f"a{letter}b") == f"a{json.dumps(letter)[1:-1]}b"


def test_letters_beyond_the_first_plane_are_spelled_as_pairs_and_half_a_pair_as_no_text():
    assert untrusted.visible("a\U000e0041b\ud800c\udfffd") == r"a\udb40\udc41b\ufffdc\ufffdd"


@pytest.mark.parametrize(
    "text",
    [
        "Zugriff verweigert: C:\\B\u00fcro",
        "\u65e5\u672c\u8a9e",
        "\u0645\u0631\u062d\u0628\u0627",
        "e\u0301",
        "\U0001f600",
    ],
)
def test_what_can_be_seen_is_shown_as_it_is(text):
    assert untrusted.visible(text) == untrusted.spelled(text) == text


def test_runs_of_blanks_and_line_ends_are_one_blank():
    assert untrusted.visible("  a\r\n\r\n b\t\u00a0\u3000c  ") == "a b c"


def test_a_line_has_an_end():
    assert untrusted.visible("x" * 5000) == "x" * (untrusted.MAX_SENTENCE - 1) + "\u2026"
    assert len(untrusted.visible("\u202e" * 5_000_000, 50)) == 50


@given(st.text())
def test_any_text_is_shown_as_one_printable_line(text):
    line = untrusted.visible(text)
    assert line.isprintable() and len(line) <= untrusted.MAX_SENTENCE


@given(VALUES)
def test_a_spelled_json_text_has_the_same_value(value):
    text = untrusted.spelled(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(text) == value and text.replace("\n", "").isprintable()


def test_a_file_is_read_where_it_is_one_and_not_too_large(tmp_path):
    file = tmp_path / "x.json"
    file.write_text('{"a": 1}', encoding="utf-8")
    assert untrusted.read_json(str(file), 8) == {"a": 1}
    with pytest.raises(ValueError, match="more than 7 bytes"):
        untrusted.read_json(str(file), 7)
    os.mkfifo(tmp_path / "pipe")
    for other in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(ValueError, match="not a regular file"):
            untrusted.read_json(str(other), 8)
    with pytest.raises(OSError):
        untrusted.read_json(str(tmp_path), 8)
