# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a diagnosis with the tenant's half, and what a report knows of a device that does not answer."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import diagnosed, records, table

FINDING = {"id": "a", "result": "fail", "code": "0x1", "side": "device", "cause": "c", "fix": "f", "doc": None}
SAID = {"findings": [FINDING], "healthy": False, "conclusion": "join: c", "summary": {}, "state": {}, "changes": []}
CAUSE = {"id": "join_scope", "result": "fail", "code": "0x2", "side": "tenant", "cause": "C", "fix": "F", "doc": None}
HALF = {"conclusion": "join: C", "cause": CAUSE, "contradiction": None, "user": "ada@contoso.com"}


def made(result: dict[str, t.Any], half: t.Any = None) -> dict[str, t.Any]:
    return records.record({**result, "directory": half} if half is not None else result, "diagnose")


def test_the_cause_of_both_halves_is_that_of_the_record() -> None:
    record = made(SAID, HALF)
    assert [record[name] for name in ("outcome", "name", "code", "side", "cause", "fix")] == [
        *("unhealthy", "join_scope", "0x2", "tenant", "C", "F")
    ]
    assert record["conclusion"] == "join: C" and record["tenant"]["cause"] == CAUSE and record["findings"] == [FINDING]
    assert made(SAID)["tenant"] is None and made(SAID)["cause"] == "c"


@pytest.mark.parametrize(
    "half",
    [
        {"problem": "no route"},
        {},
        "text",
        {"conclusion": 7, "cause": "x"},
        {"conclusion": "join: C", "cause": CAUSE, "problem": "x"},
    ],
)
def test_a_half_that_says_nothing_takes_nothing_away(half: t.Any) -> None:
    record = made(SAID, half)
    assert (record["outcome"], record["cause"], record["conclusion"]) == ("unhealthy", "c", "join: c")


def test_a_warning_of_the_tenant_leaves_a_device_healthy() -> None:
    healthy = {**SAID, "findings": [], "healthy": True}
    assert made(healthy, {**HALF, "cause": {**CAUSE, "result": "warn"}})["outcome"] == "healthy"
    assert made(healthy, {**HALF, "cause": None})["outcome"] == "healthy"
    assert made(healthy, HALF)["outcome"] == "unhealthy"


def test_what_does_not_fit_together_is_told_in_the_table() -> None:
    record = made(SAID, {**HALF, "contradiction": "the tenant says now: D"})
    assert "C; the tenant says now: D -> F" in table.table([{**record, "device": "pc"}], 10)[1]


def test_a_device_that_did_not_answer_stays_unreachable_with_the_tenants_word_beside_it() -> None:
    record = made({"unreachable": True, "msg": "no route", "changes": []}, HALF)
    assert record["outcome"] == "unreachable" and record["conclusion"] == "join: C"
    line = table.table([{**record, "device": "pc"}], 10)[1]
    assert "no route" in line or "unreachable" in line
    assert line.endswith("(the tenant says: join: C)")


def test_why_the_tenant_did_not_answer_stands_beside_a_healthy_device() -> None:
    record = made({**SAID, "findings": [], "healthy": True}, {"problem": "no\nlicense"})
    assert "the tenant did not say its half: no license" in table.table([{**record, "device": "pc"}], 10)[1]


def test_a_report_knows_by_what_the_tenant_knows_a_device() -> None:
    joined = {"state": {"join": {"device_id": "d", "joined_by": "ada@contoso.com"}}}
    devices = {"a": joined, "b": {"tenant": {"user": "bob@contoso.com"}}, "c": {"state": "odd", "tenant": None}}
    assert diagnosed.known_devices(devices, ["a", "b", "c", "d"]) == {
        "a": {"device_id": "d", "user": "ada@contoso.com"},
        "b": {"device_id": None, "user": "bob@contoso.com"},
        "c": {"device_id": None, "user": None},
    }
