# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of disconnects: what a device was, and ids that it has forgotten."""

from __future__ import annotations

import functools

from ansible_collections.winops.entra.plugins.filter.rollout_outcome import FilterModule
from ansible_collections.winops.entra.plugins.plugin_utils.report import table
from tests.unit.report.making import devices, made, with_earlier

outcome = functools.partial(FilterModule().filters()["rollout_outcome"], work="disconnect")
LEFT = {
    "outcome": "disconnected",
    "changed": True,
    "join_state": "left",
    "restarted": True,
    "reboot_required": False,
    "phases": [{"name": "look", "seconds": 1.0}],
    "changes": [{"what": "join", "before": {}, "after": None}],
    "record": {
        "device_id": "d",
        "tenant_id": "t",
        "join_type": "entra",
        "intune_device_id": "i",
        "autopilot_id": None,
        "serial_number": "s",
        "enrollments": [],
        "bitlocker": {"volumes": []},
    },
    "administrators": [{"name": "a", "counts": True}],
    "ansible_facts": {"entra": {"join": {"type": "none", "device_id": None, "tenant_id": None}}},
}


def test_a_device_that_has_left_is_told_by_what_it_was():
    record = outcome(LEFT)
    expected = {"device_id": "d", "tenant_id": "t", "join_type": "entra", "intune_device_id": "i", "join_state": "left"}
    assert {field: record[field] for field in expected} == expected
    assert record["outcome"] == "disconnected" and record["changed"] is True


def test_the_fields_are_the_same_whatever_happened():
    refused = outcome({"failed": True, "outcome": "refused", "msg": "no", "error": {"name": "no_local_administrator"}})
    unreachable = outcome({"unreachable": True, "msg": "gone"})
    assert set(refused) == set(unreachable) == set(outcome(LEFT))
    assert (refused["name"], unreachable["outcome"]) == ("no_local_administrator", "unreachable")


def test_a_report_counts_disconnects():
    report = made({"a": outcome(LEFT), "b": None}, "disconnect").report
    assert report["totals"] == {"devices": 2, "disconnected": 1, "not_started": 1}
    assert table.summary(report["totals"]) == "2 devices: 1 disconnected, 1 not started"
    assert any("device id d" in line for line in table.table(report["devices"], 10))


def _again(**changes):
    """The record of a run that finds the device out of its tenant, and its ids gone."""
    unknown = {"device_id": None, "intune_device_id": None, "serial_number": "s"}
    return outcome({**LEFT, "outcome": "unchanged", "record": {**LEFT["record"], **unknown, **changes}})


def test_a_later_report_keeps_the_ids_that_the_device_has_forgotten():
    earlier = made({"a": outcome(LEFT), "b": outcome(LEFT)}, "disconnect").report
    again = made({"a": _again(), "b": None, "c": None}, "disconnect", "r2", earlier)
    kept = devices(again.report)
    assert (kept["a"]["device_id"], kept["a"]["intune_device_id"], kept["a"]["outcome"]) == ("d", "i", "unchanged")
    assert (kept["b"]["device_id"], kept["b"]["outcome"]) == ("d", "disconnected")
    assert kept["c"] == {"device": "c", "outcome": "not_started"}
    assert again.totals == {"devices": 3, "unchanged": 1, "not_started": 2}
    assert again.report["totals"] == {
        "devices": 3,
        "disconnected": 1,
        "unchanged": 1,
        "not_started": 1,
        "same_device": 2,
    }


def test_a_device_that_is_not_surely_the_same_gets_no_ids_of_another():
    earlier = made({name: outcome(LEFT) for name in "abc"}, "disconnect").report
    records = {"a": _again(serial_number="other"), "b": _again(serial_number=None), "c": _again(device_id="new")}
    kept = devices(made(records, "disconnect", "r2", earlier).report)
    assert [kept[name]["device_id"] for name in "abc"] == [None, None, "new"]
    assert [[ids["device_id"] for ids in kept[name]["left_behind"]] for name in "abc"] == [["d"]] * 3


def test_the_table_says_whose_objects_stay_and_why():
    kept = {**outcome(LEFT), "removal": {"problem": "it has proved another key"}}
    others = {name: outcome({**LEFT, "record": {**LEFT["record"], "device_id": f"id {name}"}}) for name in "bcd"}
    lines = table.table(made({"a": kept, **others}, "disconnect").report["devices"], 2)
    assert len(lines) == 3 and "NOT removed from the tenant: it has proved another key" in lines[1]


PROVED = {"proof": "proved", "proved_thumbprint": "AB" * 20, "not_proved": None}
MISSING = {"proof": "missing", "proved_thumbprint": None, "not_proved": "its key is gone"}
NOT_YET = {"proof": "not_yet", "proved_thumbprint": None, "not_proved": "not proved yet"}
FALSE = {"proof": "failed", "proved_thumbprint": None, "not_proved": "the proof is wrong"}
RECORDED = {"proof": "recorded", "proved_thumbprint": None, "not_proved": None}


def _evidence(now: dict, before: dict | None, **changes) -> dict:
    """The evidence of a run after an earlier one; None: of a report from before there were proofs."""
    first = outcome({**LEFT, "record": {**LEFT["record"], **(before or {})}})
    if before is None:
        first = {field: value for field, value in first.items() if field not in PROVED and field != "hostname"}
    second = outcome({**LEFT, "record": {**LEFT["record"], **now, **changes}})
    [kept] = with_earlier({"a": second}, {"devices": [{"device": "a", **first}]}).values()
    return {field: kept[field] for field in PROVED}


def test_ids_that_are_kept_keep_their_proof():
    forgotten = {"device_id": None, "intune_device_id": None}
    assert _evidence(MISSING, PROVED, **forgotten) == PROVED
    assert _evidence(MISSING, None, **forgotten) == RECORDED
    assert _evidence(MISSING, NOT_YET, **forgotten) == NOT_YET


def test_an_earlier_report_stands_in_for_a_key_that_is_gone():
    assert _evidence(MISSING, PROVED) == PROVED
    assert _evidence(MISSING, None) == _evidence(MISSING, RECORDED) == RECORDED


def test_an_earlier_report_that_proves_nothing_or_is_of_another_device_does_not():
    for before in (NOT_YET, FALSE, MISSING):
        assert _evidence(MISSING, before) == MISSING
    assert _evidence(MISSING, PROVED, serial_number="other") == MISSING
    assert _evidence(MISSING, PROVED, device_id="other") == MISSING


def test_what_a_device_proves_now_counts_more_than_any_report():
    assert _evidence(FALSE, PROVED) == FALSE
    assert _evidence(PROVED, None) == PROVED
    assert _evidence(NOT_YET, PROVED) == NOT_YET
