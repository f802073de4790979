# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate between two waves: what is not known keeps it shut, and a device that is off says nothing."""

from __future__ import annotations

import json

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import gate, rollout
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task, perform
from tests.unit.report.making import made

YES = {"met": True, "reason": "compliant", "said": "it is"}
NO = {"met": False, "reason": "not_compliant", "said": "the firewall is off; switch it on"}
UNKNOWN = {"met": None, "reason": "not_readable", "said": "the permission X is missing"}
OFF = {"outcome": "unreachable"}


def joined(outcome: str = "joined", **said: dict | None) -> dict:
    return {"outcome": outcome, "device_id": "d", **said}


@pytest.mark.parametrize(
    ("records", "is_open"),
    [
        ({"a": joined(compliant=YES)}, True),
        ({"a": joined(compliant=NO)}, False),
        ({"a": joined(compliant=UNKNOWN)}, False),
        ({"a": joined(compliant=None)}, False),
        ({"a": joined()}, False),
        ({"a": joined(compliant={"met": "true"})}, False),
        ({"a": joined("unchanged", compliant=NO)}, False),
        ({"a": joined("unchanged", compliant=YES)}, True),
        ({"a": joined(compliant=YES), "b": OFF, "c": {"outcome": "refused"}, "d": {"outcome": "failed"}}, True),
        ({"a": joined(compliant=YES), "b": joined(compliant=NO)}, False),
        ({"b": OFF, "c": {"outcome": "would_join"}}, None),
        ({}, None),
    ],
)
def test_all_joined_devices_open_it_together(records, is_open):
    assert gate.judge(["compliant"], records, "now")["open"] is is_open


def test_who_keeps_it_shut_is_named_with_the_reason():
    found = gate.judge(["managed", "compliant", "let_in"], {"a": joined(intune=YES, compliant=NO, let_in=UNKNOWN)}, "n")
    assert [(one["asked"], one["known"], one["reason"]) for one in found["shut_by"]] == [
        ("compliant", True, "not_compliant"),
        ("let_in", False, "not_readable"),
    ]
    assert "a: not compliant (the firewall is off; switch it on)" in found["says"]
    assert "not known whether let in (the permission X is missing)" in found["says"]


def test_a_wave_of_thousands_leaves_a_small_verdict_in_the_report():
    found = gate.judge(["compliant"], {f"pc{number}": joined(compliant=NO) for number in range(3000)}, "n")
    kept = gate.stored_gate(found)
    assert len(found["names"]) == 3000 and "names" not in kept
    assert len(kept["shut_by"]) == gate.MOST_SHUT_BY and kept["shut_by_more"] == 2980
    assert len(json.dumps(kept)) < 5000 and "and 2997 more devices" in kept["says"]


def test_each_wave_s_gate_stays_in_the_report_of_the_run_and_no_later_writing_takes_it():
    first = made({"a": joined(compliant=NO)}, gate=["compliant"])
    second = made({"b": joined(compliant=YES)}, report=first.report, gate=["compliant"])
    third = made({"b": joined(compliant=YES)}, report=second.report)
    [run] = third.report["runs"]
    assert [one["open"] for one in run["gates"]] == [False, True] and third.gate is None
    assert first.gate is not None and first.gate["names"] == ["a"]


def test_what_an_earlier_run_was_told_does_not_open_it():
    first = made({"a": joined(compliant=YES)})
    second = made({"a": joined("unchanged")}, of="r2", report=first.report, gate=["compliant"])
    assert second.gate is not None and second.gate["open"] is False
    assert second.gate["shut_by"][0]["reason"] == "not_asked"


def test_the_task_says_it_and_refuses_it_for_another_work(tmp_path):
    args = {"work": "join", "dest": str(tmp_path / "report.json"), "hosts": None, "directory": None, "only_try": False}
    args |= {"not_started": [], "table_limit": 50, "write_in_check_mode": True, "gate": ["compliant", "compliant"]}
    known = {"hostvars": {"a": {"join_outcome": joined(compliant=NO)}}, "ansible_play_hosts_all": ["a"]}
    known |= {"ansible_play_batch": ["a"]}
    lines: list[str] = []
    result = perform(Task(args, False, variables=known, show_line=lines.append), (), rollout.write_and_show, {})
    assert result["gate"]["open"] is False and result["gate"]["asked"] == ["compliant"]
    assert any(line.startswith("gate (compliant): shut by 1 of 1 joined device: a: not compliant") for line in lines)
    args["work"] = "preflight"
    refused = perform(Task(args, False, variables=known), (), rollout.write_and_show, {})
    assert "bad option gate" in refused["msg"]
