# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of what reads texts grows with the text, not with its square; and no text makes it raise."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.filter.dsregcmd import dsregcmd
from ansible_collections.winops.entra.plugins.filter.join_error import join_error
from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.find import spell_hresults
from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.sentences import tidy
from ansible_collections.winops.entra.plugins.plugin_utils.device.redaction import REMOVED, redact

LENGTH = 3_000
READERS = {"spelled": spell_hresults, "explained": join_error, "tidied": tidy, "redacted": redact}
PIECES = [
    *(
        "eyJ\u00e9-",
        "eyJaaaaaaaaaa",
        "0.Aaaaaaaaaaaaaaaaaaaaaa",
        "a",
        " ",
        "\t",
        "\\r",
        "{",
        '{"message":',
        "://",
        "password",
    ),
    *("801c001d ", "-2145648611 ", "0x5 ", "error 50123 ", "error 654321 ", "1) ", "A_B ", "trace id", "request id :"),
    *("join message: ", "failed with status code: 1. ", "AADSTS5: ", "exit code ", "win32 error ", "1\u2190"),
]


@pytest.mark.parametrize("reader", READERS)
def test_ten_times_the_text_takes_ten_times_the_time(reader):
    for piece in PIECES:
        read = READERS[reader]
        # Others on the machine, and Python's own tidying, may make a try longer, and none makes one shorter.
        assert any(grows_with_the_text(read, piece) for _try in range(5)), piece


def grows_with_the_text(read, piece: str) -> bool:
    short, long = (measured(read, piece, length) for length in (LENGTH, 10 * LENGTH))
    # A square would make it a hundred times; what is measured in less than a tenth of a second says nothing.
    return long < 0.1 or long < 40 * short


def measured(read, piece: str, length: int) -> float:
    text = piece * (length // len(piece))
    started = time.process_time()
    read(text)
    return time.process_time() - started


@given(st.text() | st.text("0123456789 \x1f\x1c\u0661\u00b2+-xX&HABCDEFabcdef."))
def test_any_text_has_codes_or_none(text):
    for read in READERS.values():
        read(text)


@given(st.binary() | st.text())
def test_the_filter_of_outputs_refuses_what_is_none_in_ansibles_way(text):
    from ansible.errors import AnsibleFilterError

    try:
        dsregcmd(text)
    except AnsibleFilterError:
        pass


# {"typ":"JWT","alg":"RS256"}.{"aud":"x"}.sig: nobody's credential.
TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"
LONG = "Zm9v" * 60


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (f"Bearer {TOKEN} end", f"Bearer {REMOVED} end"),
        (f"a-{TOKEN}", f"a-{REMOVED}"),
        (f"eyJ{'a' * 12}-{TOKEN}", REMOVED),
        (f"eyJ{LONG}", REMOVED),
        (f"eyJ{'a' * 150}+{'b' * 100}", REMOVED),
        (f"x{LONG}=", REMOVED),
        (f"eyJ{'a' * 20} and eyJ{'b' * 20}", f"eyJ{'a' * 20} and eyJ{'b' * 20}"),
        (f"0.A{'x' * 30}.y", REMOVED),
        (f"0.A{'x' * 30} y", f"0.A{'x' * 30} y"),
    ],
)
def test_tokens_are_found_where_a_run_is_passed_over(text, seen):
    assert redact(text) == seen
