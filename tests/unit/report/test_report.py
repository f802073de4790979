# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout's report: one flat record a device, whatever happened to it, and totals that add up."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.winops.entra.plugins.filter import rollout_outcome
from ansible_collections.winops.entra.plugins.plugin_utils.report import records, table
from tests.unit.report.making import made

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
    record = records.record(JOINED, "join")
    assert record["outcome"] == "joined" and record["device_id"] == "d1" and record["mdm_enrolled"] is True
    assert record["seconds"] == 41.6 and record["msg"] is None and record["code"] is None


def test_a_failed_device_tells_code_cause_and_fix():
    record = records.record(FAILED, "join")
    assert (record["outcome"], record["code"], record["fix"]) == ("failed", "AADSTS700082", "make a new one")
    assert record["msg"] == "the join failed"


def test_an_unreachable_device_says_what_to_look_at():
    record = records.record(UNREACHABLE, "join")
    assert record["outcome"] == "unreachable" and record["side"] == "network" and "5986" in record["fix"]


def test_an_unreachable_device_whose_obstacle_is_known_says_that():
    error = {"name": "credentials_refused", "side": "device", "cause": "a wrong password", "fix": "set it"}
    record = records.record(UNREACHABLE | {"error": error}, "join")
    assert record["outcome"] == "unreachable" and {name: record[name] for name in error} == error


@pytest.mark.parametrize("result", [{}, JOINED, FAILED, UNREACHABLE], ids=["empty", "joined", "failed", "unreachable"])
def test_every_record_has_the_same_fields(result):
    assert set(records.record(result, "join")) == set(records.record({}, "join"))


def test_totals_add_up_and_later_waves_are_not_started():
    report = made({"a": records.record(JOINED, "join"), "b": records.record(FAILED, "join"), "c": None}).report
    assert report["totals"] == {"devices": 3, "joined": 1, "failed": 1, "not_started": 1}
    assert table.summary(report["totals"]) == "3 devices: 1 joined, 1 failed, 1 not started"


def test_the_directory_proves_joined_devices_and_names_the_missing():
    found = {
        "a": records.record(JOINED, "join"),
        "b": records.record(FAILED, "join"),
        "c": records.record(JOINED | {"join": {"device_id": "d2"}}, "join"),
    }
    directory = [{"device_id": "d1", "object_id": "o1", "enabled": True, "join_type": "entra", "intune": {"id": "i1"}}]
    after = made(found, directory=directory)
    assert after.totals["in_directory"] == 1 and after.totals["not_in_directory"] == 1
    by_name = after.said
    assert by_name["a"]["directory"]["found"] is True and by_name["c"]["directory"]["found"] is False
    assert "directory" not in by_name["b"]
    lines = table.table(after.report["devices"], 50)
    assert any("in the directory, in Intune" in line for line in lines)
    assert any("NOT in the directory" in line for line in lines)


def test_an_id_that_two_devices_give_is_no_proof_of_either():
    found = {name: records.record(JOINED, "join") for name in ("a", "b")}
    found["c"] = records.record(JOINED | {"join": {"device_id": "d2"}}, "join")
    directory = [{"device_id": name, "object_id": f"o {name}"} for name in ("d1", "d2")]
    after = made(found, directory=directory)
    assert {name: after.totals[name] for name in ("in_directory", "not_in_directory", "same_id")} == {
        "in_directory": 1,
        "not_in_directory": 0,
        "same_id": 2,
    }
    assert [device["directory"]["same_id"] for device in after.report["devices"]] == [["b"], ["a"], []]
    lines = table.table(after.report["devices"], 50)
    assert "NOT proved, b has its id" in lines[1] and "in the directory" in lines[3]
    # Without an id there is none that could be the same.
    nobody = {name: records.record(JOINED | {"join": {}}, "join") for name in ("a", "b")}
    assert not {"same_id", "same_device"} & set(made(nobody, directory=directory).totals)


def test_a_large_wave_shows_only_what_needs_attention():
    found = {f"pc{n}": records.record(JOINED | {"join": {"device_id": str(n)}}, "join") for n in range(9)}
    lines = table.table(made(found | {"bad": records.record(FAILED, "join")}).report["devices"], 5)
    assert len(lines) == 3 and lines[1].startswith("bad ") and lines[2].startswith("(9 devices")


WARNED = {"findings": [{"id": "proxy", "result": "warn"}, {"id": "clock", "result": "pass"}]}
UNFIT = {
    "failed": True,
    "msg": "the device is not fit",
    "findings": [{"id": "clock", "result": "fail"}],
    "summary": {"pass": 0, "warn": 0, "fail": 1, "unknown": 0},
    "error": {"name": "preflight_clock", "side": "device", "cause": "the clock is wrong", "fix": "set it"},
}
FINDING = {
    "id": "expired",
    "result": "fail",
    "weight": 100,
    "subject": "join",
    "code": "AADSTS700082",
    "side": "tenant",
    "cause": "expired",
    "fix": "make one",
}
UNHEALTHY = {
    "healthy": False,
    "conclusion": "join: expired (AADSTS700082)",
    "findings": [FINDING],
    "state": {"join": {}},
}


@pytest.mark.parametrize(
    "work, result, expected",
    [
        ("preflight", WARNED, "fit"),
        ("preflight", UNFIT, "unfit"),
        ("preflight", {"failed": True, "msg": "bad option tenant_id"}, "failed"),
        ("preflight", UNREACHABLE, "unreachable"),
        ("diagnose", {"healthy": True, "conclusion": "nothing"}, "healthy"),
        ("diagnose", UNHEALTHY, "unhealthy"),
        ("diagnose", {"failed": True, "msg": "the connection was lost"}, "failed"),
        ("diagnose", UNREACHABLE, "unreachable"),
    ],
)
def test_an_outcome_says_whether_the_device_or_the_task_is_to_blame(work, result, expected):
    assert records.record(result, work)["outcome"] == expected


def test_a_table_of_checks_and_of_findings_says_what_to_do_and_what_to_know():
    looked = {"fit": WARNED, "unfit": UNFIT}
    report = made({name: records.record(result, "preflight") for name, result in looked.items()}, "preflight").report
    assert report["totals"] == {"devices": 2, "fit": 1, "unfit": 1}
    lines = table.table(report["devices"], 50)
    assert lines[1].endswith("warned: proxy") and lines[2].endswith("the clock is wrong -> set it")
    told = {"well": {"healthy": True, "conclusion": "nothing tells of a failure"}, "ill": UNHEALTHY}
    report = made({name: records.record(result, "diagnose") for name, result in told.items()}, "diagnose").report
    lines = table.table(report["devices"], 50)
    assert lines[1].endswith("nothing tells of a failure") and lines[2].endswith("AADSTS700082: expired -> make one")


def test_a_work_that_does_not_exist_is_refused_by_name():
    with pytest.raises(AnsibleFilterError, match="'leave'; use one of join, disconnect, preflight, diagnose"):
        rollout_outcome.FilterModule().filters()["rollout_outcome"]({}, "leave")


@pytest.mark.parametrize("work", ["preflight", "diagnose"])
def test_a_look_whose_options_are_refused_is_refused(work):
    refused = {"failed": True, "changed": False, "changes": [], "msg": "bad option", "error": {"name": "bad_option"}}
    assert records.record(refused, work)["outcome"] == "refused"
    assert records.record(refused | {"error": {"name": "answer_missing"}}, work)["outcome"] == "failed"


def test_the_table_has_a_line_with_seconds_and_id_or_with_code_cause_and_fix():
    found = {"good": records.record(JOINED, "join"), "bad": records.record(FAILED, "join")}
    title, good, bad = table.table(made(found).report["devices"], 5)
    assert title.split() == ["device", "outcome", "seconds", "says"]
    assert good.split()[:6] == ["good", "joined", "41.6", "device", "id", "d1,"]
    code, cause, fix = (found["bad"][field] for field in ("code", "cause", "fix"))
    assert bad.startswith("bad ") and f"{code}: {cause}" in bad and bad.endswith(f" -> {fix}")
