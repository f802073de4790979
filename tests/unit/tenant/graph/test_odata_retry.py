# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Escaping and waiting: the small rules that everything else stands on."""

from __future__ import annotations

import datetime
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import odata, retry

NOW = datetime.datetime(2026, 11, 21, 8, 0, tzinfo=datetime.timezone.utc)


@given(st.text())
def test_a_literal_says_exactly_its_text(text):
    inside = odata.literal(text)[1:-1]
    assert inside.replace("''", "").count("'") == 0
    assert inside.replace("''", "'") == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_query_value_arrives_as_it_was(text):
    url = "https://graph.example/v1.0/groups" + odata.query({"$filter": odata.equals("displayName", text), "$top": 5})
    assert dict(parse_qsl(urlsplit(url).query)) == {"$filter": odata.equals("displayName", text), "$top": "5"}
    assert urlsplit(url).fragment == ""


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text not in (".", "..")))
def test_a_segment_stays_one_segment(text):
    path = odata.path("users", text)
    assert path.count("/") == 2 and "?" not in path and "#" not in path
    assert unquote(path.split("/")[2]) == text


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_a_segment_that_would_climb_is_refused(segment):
    with pytest.raises(ValueError):
        odata.path("users", segment)


def test_alternate_keys_and_lists():
    assert odata.keyed("devices", "deviceId", "a'b/c") == "/devices(deviceId='a%27%27b%2Fc')"
    assert odata.any_of("id", ["a", "b'c"]) == "id in ('a', 'b''c')"
    assert odata.query({"$count": True}) == "?$count=true"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("Sat, 21 Nov 2026 08:02:00 GMT", 120.0),
        ("Sat, 21 Nov 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
        ("-5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert retry.seconds_of(text, lambda: NOW) == seconds


def test_waiting_never_passes_its_limit():
    slept = []
    waits = retry.Waits(10, slept.append)
    assert waits.wait(6, "x") and not waits.wait(5, "x") and waits.wait(4, "x")
    assert slept == [6, 4] and waits.left == 0
    waits.lose(5)
    assert waits.left == 0


def test_back_off_doubles_and_is_capped():
    assert [retry.back_off(attempt) for attempt in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert retry.back_off(10_000) == 30


def test_a_long_wait_is_told_again_every_thirty_seconds():
    slept: list[float] = []
    said: list[str] = []
    waits = retry.Waits(100, slept.append, say=said.append)
    assert waits.wait(70, "throttled") and waits.spent == 70 and slept == [30, 30, 10]
    assert said == [
        "throttled: waiting 70 s (100 s left)",
        "throttled: waiting 40 s (70 s left)",
        "throttled: waiting 10 s (40 s left)",
    ]
