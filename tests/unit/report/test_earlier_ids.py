# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of disconnects: what a device was, and ids that it has forgotten."""

from __future__ import annotations

import functools

from ansible_collections.winops.entra.plugins.filter.rollout_outcome import FilterModule
from ansible_collections.winops.entra.plugins.plugin_utils.report import table, totals

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
    made = totals.report({"a": outcome(LEFT), "b": None}, "now")
    assert made["totals"] == {"devices": 2, "disconnected": 1, "not_started": 1}
    assert table.summary(made["totals"]) == "2 devices: 1 disconnected, 1 not started"
    assert any("device id d" in line for line in table.table(made["devices"], 10))


def _again(**changes):
    """The record of a run that finds the device out of its tenant, and its ids gone."""
    unknown = {"device_id": None, "intune_device_id": None, "serial_number": "s"}
    return outcome({**LEFT, "outcome": "unchanged", "record": {**LEFT["record"], **unknown, **changes}})


def test_a_later_report_keeps_the_ids_that_the_device_has_forgotten():
    earlier = totals.report({"a": outcome(LEFT), "b": outcome(LEFT)}, "then")
    kept = totals.with_earlier_ids({"a": _again(), "b": None, "c": None}, earlier)
    assert (kept["a"]["device_id"], kept["a"]["intune_device_id"], kept["a"]["outcome"]) == ("d", "i", "unchanged")
    assert (kept["b"]["device_id"], kept["b"]["outcome"], kept["c"]) == ("d", "not_started", None)
    assert totals.report(kept, "now")["totals"] == {"devices": 3, "unchanged": 1, "not_started": 2}


def test_a_device_that_is_not_surely_the_same_gets_no_ids_of_another():
    earlier = totals.report({name: outcome(LEFT) for name in "abc"}, "then")
    records = {"a": _again(serial_number="other"), "b": _again(serial_number=None), "c": _again(device_id="new")}
    kept = totals.with_earlier_ids(records, earlier)
    assert [kept[name]["device_id"] for name in "abc"] == [None, None, "new"]
