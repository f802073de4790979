# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results that are Ansible's and not a module's: skipped, timed out, refused for async, and those of a loop.

The shapes are those of ansible-core 2.16, 2.19 and 2.21, written down from runs.
"""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.filter.rollout_outcome import rollout_outcome
from ansible_collections.winops.entra.plugins.plugin_utils.report import door, loops, records, table, totals

SKIPPED = {
    "changed": False,
    "false_condition": "join_wanted",
    "skip_reason": "Conditional result was False",
    "skipped": True,
}
NO_ITEMS = {"changed": False, "results": [], "skipped": True, "skipped_reason": "No items in the list"}
TIMED_OUT = {
    "2.16": {
        "changed": False,
        "failed": True,
        "msg": "The winops.entra.join action failed to execute in the expected time frame (5) and was terminated",
    },
    "2.19": {
        "changed": False,
        "failed": True,
        "msg": "Task failed: Timed out after 5 second(s).",
        "timedout": {"frame": "Configure `DISPLAY_TRACEBACK` to see a traceback on timeout errors.", "period": 5},
    },
}
ASYNC = {
    "2.16": {"changed": False, "failed": True, "msg": "async is not supported for this task."},
    "2.17": {"changed": False, "failed": True, "msg": "This action (winops.entra.join) does not support async."},
    "2.19": {
        "changed": False,
        "failed": True,
        "msg": "Task failed: Action failed: This action (winops.entra.join) does not support async.",
    },
}
OURS = {
    "changed": True,
    "changes": [{"what": "join", "before": None, "after": "unknown: the task timed out"}],
    "error": {"name": "task_timed_out", "side": "controller", "cause": "ours", "fix": "raise it", "code": None},
    "failed": True,
    "msg": "the task timed out",
    "outcome": "failed",
    "phases": [{"name": "look", "seconds": 1.5}],
    "timedout": {"period": 5},
}
JOINED = {"changed": True, "outcome": "joined", "join": {"device_id": "d1"}, "phases": []}


@pytest.mark.parametrize("work", records.WORKS)
def test_a_task_that_was_skipped_has_not_failed(work):
    record = rollout_outcome(SKIPPED, work)
    assert (record["outcome"], record["changed"]) == ("skipped", False)
    assert record["msg"] == "Conditional result was False" and "join_wanted" in record["cause"]
    assert record["name"] is None


@pytest.mark.parametrize("work", records.WORKS)
@pytest.mark.parametrize("result", TIMED_OUT.values(), ids=TIMED_OUT)
def test_a_time_out_of_ansibles_says_what_is_to_blame(result, work):
    record = rollout_outcome(result, work)
    assert (record["outcome"], record["name"], record["side"]) == ("failed", "task_timed_out", "controller")
    assert "timeout" in record["cause"] and record["fix"] and record["msg"] == result["msg"]


def test_a_time_out_of_ours_keeps_what_had_been_done():
    record = rollout_outcome(OURS, "disconnect")
    assert (record["outcome"], record["cause"], record["seconds"]) == ("failed", "ours", 1.5)
    assert record["changed"] is True and record["changes"] == OURS["changes"]


@pytest.mark.parametrize("work", records.WORKS)
@pytest.mark.parametrize("result", ASYNC.values(), ids=ASYNC)
def test_the_refusal_of_async_is_a_refusal(result, work):
    record = rollout_outcome(result, work)
    assert (record["outcome"], record["name"], record["side"]) == ("refused", "async_refused", "controller")
    assert "async" in record["cause"] and "forks" in record["fix"]


@pytest.mark.parametrize("work", records.WORKS)
def test_a_keyword_that_we_refuse_is_a_refusal_of_every_work(work):
    error = {"name": "bad_keyword", "side": "controller", "cause": "async cannot be used", "fix": "leave it out"}
    record = rollout_outcome({"failed": True, "msg": "bad keyword async", "changes": [], "error": error}, work)
    assert (record["outcome"], record["name"], record["fix"]) == ("refused", "bad_keyword", "leave it out")


def test_another_failure_of_ansibles_came_before_the_module():
    record = rollout_outcome({"failed": True, "msg": "'x' is undefined", "changed": False}, "join")
    assert (record["outcome"], record["name"], record["msg"]) == ("failed", "not_asked", "'x' is undefined")


def looped(*items: object, loop_var: str = "item") -> dict:
    results = [{**JOINED, "ansible_loop_var": loop_var, loop_var: item} for item in items]
    results[-1] = {**SKIPPED, "ansible_loop_var": loop_var, loop_var: items[-1]}
    return {"changed": True, "msg": "All items completed", "results": results, "skipped": False}


def test_a_loop_has_one_record_an_item():
    found = rollout_outcome(looped("pc1", 7, {"password": "not for a report"}, loop_var="which"), "join")
    assert [(record["item"], record["outcome"]) for record in found] == [
        ("pc1", "joined"),
        ("7", "joined"),
        ("3", "skipped"),
    ]
    assert all(set(record) - {"item"} == set(records.record({}, "join")) for record in found)
    assert "not for a report" not in str(found)
    assert rollout_outcome(NO_ITEMS, "join") == []


def test_a_report_has_each_item_under_its_device_or_under_who_looped_it():
    fact = rollout_outcome(looped("pc1", "pc3", "a.ppkg", "a.ppkg", "pc2"), "join")
    own = records.record(JOINED, "join")
    names = {"runner", "pc1", "pc2", "pc3", "idle", "late"}
    facts = {"pc3": None, "runner": fact, "pc1": None, "pc2": own, "idle": [], "late": None}
    found = loops.by_device(facts, names)
    made = [door.read_record(name, told) for name, told in found.items()]
    assert [(device["device"], device["outcome"]) for device in made] == [
        ("pc3", "joined"),
        ("pc1", "joined"),
        ("runner (a.ppkg)", "joined"),
        ("runner (a.ppkg), 4", "joined"),
        ("runner (pc2)", "skipped"),
        ("pc2", "joined"),
        ("idle", "skipped"),
        ("late", "not_started"),
    ]
    assert totals.count(made) == {"devices": 8, "joined": 5, "skipped": 2, "not_started": 1}
    assert not [device for device in made if device.get("unreadable")]
    lines = table.table(made, 50)
    assert sum("  skipped  " in f"{line}  " for line in lines) == 2


@pytest.mark.parametrize("damaged", [["joined"], [{"outcome": "joined"}, 5], "joined", [{"item": 5}]], ids=str)
def test_a_list_that_is_not_of_a_loop_is_left_to_the_reports_door(damaged):
    assert loops.by_device({"pc": damaged}, {"pc"}) == {"pc": damaged}
