# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout's report: one flat record a device, whatever happened to it, and totals that add up."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import report

JOINED = {
    "outcome": "joined",
    "changed": True,
    "phases": [{"name": "look", "seconds": 1.5}, {"name": "join", "seconds": 40.1}],
    "restarted": True,
    "reboot_required": False,
    "join": {"type": "entra", "device_id": "d1", "tenant_id": "t1"},
    "mdm": {"enrolled": True},
}
FAILED = {
    "failed": True,
    "msg": "the join failed",
    "outcome": "failed",
    "error": {"code": "AADSTS700082", "name": "Expired", "side": "tenant", "cause": "expired", "fix": "make a new one"},
}
UNREACHABLE = {"unreachable": True, "msg": "connection refused"}


def test_a_joined_device_tells_its_ids_and_its_seconds():
    record = report.outcome(JOINED)
    assert record["outcome"] == "joined" and record["device_id"] == "d1" and record["mdm_enrolled"] is True
    assert record["seconds"] == 41.6 and record["msg"] is None and record["code"] is None


def test_a_failed_device_tells_code_cause_and_fix():
    record = report.outcome(FAILED)
    assert (record["outcome"], record["code"], record["fix"]) == ("failed", "AADSTS700082", "make a new one")
    assert record["msg"] == "the join failed"


def test_an_unreachable_device_says_what_to_look_at():
    record = report.outcome(UNREACHABLE)
    assert record["outcome"] == "unreachable" and record["side"] == "network" and "5986" in record["fix"]


@pytest.mark.parametrize("result", [{}, JOINED, FAILED, UNREACHABLE], ids=["empty", "joined", "failed", "unreachable"])
def test_every_record_has_the_same_fields(result):
    assert set(report.outcome(result)) == set(report.outcome({}))


def test_totals_add_up_and_later_waves_are_not_started():
    made = report.report({"a": report.outcome(JOINED), "b": report.outcome(FAILED), "c": None}, "2026-11-21T08:00:00Z")
    assert made["totals"] == {"devices": 3, "joined": 1, "failed": 1, "not_started": 1}
    assert report.summary(made["totals"]) == "3 devices: 1 joined, 1 failed, 1 not started"


def test_the_directory_proves_joined_devices_and_names_the_missing():
    records = {
        "a": report.outcome(JOINED),
        "b": report.outcome(FAILED),
        "c": report.outcome(JOINED | {"join": {"device_id": "d2"}}),
    }
    found = [{"device_id": "d1", "object_id": "o1", "enabled": True, "join_type": "entra", "intune": {"id": "i1"}}]
    made = report.report(records, "now", found)
    assert made["totals"]["in_directory"] == 1 and made["totals"]["not_in_directory"] == 1
    by_name = {device["device"]: device for device in made["devices"]}
    assert by_name["a"]["directory"]["found"] is True and by_name["c"]["directory"]["found"] is False
    assert "directory" not in by_name["b"]
    lines = report.table(made["devices"], 50)
    assert any("in the directory, in Intune" in line for line in lines)
    assert any("NOT in the directory" in line for line in lines)


def test_a_large_wave_shows_only_what_needs_attention():
    made = report.report({f"pc{n}": report.outcome(JOINED) for n in range(9)} | {"bad": report.outcome(FAILED)}, "now")
    lines = report.table(made["devices"], 5)
    assert len(lines) == 3 and lines[1].startswith("bad ") and lines[2].startswith("(9 devices")
