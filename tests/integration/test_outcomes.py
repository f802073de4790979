# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that do not simply end: the keyword timeout, loops, conditions, async. Results, records and report tell it."""

from __future__ import annotations

import json
import typing as t

import pytest

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.joins import LONG, TOO_LATE
from tests.integration.play import Play, Player
from tests.lab.process import RunningLab

#: Seconds within which a join has begun on a machine that is ten times slower. The engine then works for days.
ENDED_AFTER = 10
DEVICES = {
    "slow": {"engine": {"seconds": TOO_LATE}},
    "silent": {"faults": [{"kind": "never_answers", "times": 10}]},
    **dict.fromkeys(("skipped", "looped", "delegating", "delegated", "asynchronous"), {}),
}


class Outcomes(t.NamedTuple):
    lab: RunningLab
    play: Play
    #: By device, of the work preflight.
    report: dict[str, dict]
    #: The join that the keyword has ended, once more, after the engine has come to its end.
    again: Play
    events: int


@pytest.fixture(scope="module")
def outcomes(start_fleet: StartFleet, player: Player) -> Outcomes:
    devices = [{"kind": "unjoined_pro", "name": name, "device": device} for name, device in DEVICES.items()]
    lab = start_fleet({"devices": devices})
    join = {
        "src": str(inspection.package_file(lab, "fleet")),
        "tenant_id": inspection.tenant_id(lab),
        "timeout": LONG,
        "poll_interval": 1,
        "expect_mdm": False,
    }
    kept = {"register": "told", "ignore_errors": True, "ignore_unreachable": True}
    record = "{{ told | winops.entra.rollout_outcome(%r) }}"

    def only(host: str) -> dict[str, str]:
        return {"when": f"inventory_hostname == {host!r}"}

    def noted(host: str, work: str = "preflight") -> dict[str, t.Any]:
        return {"ansible.builtin.set_fact": {f"{work}_outcome": record % work}, **only(host)}

    look = {"winops.entra.preflight": {}, **kept}
    tasks = [
        {"name": "join", "winops.entra.join": join, "timeout": ENDED_AFTER, **kept, **only("slow")},
        noted("slow", "join"),
        {"name": "slow after", "lab_state": {}, **only("slow")},
        {"name": "silent", **look, "timeout": 5, **only("silent")},
        noted("silent"),
        {"name": "skipped", **look, "when": "inventory_hostname == 'skipped' and wanted | default(false)"},
        noted("skipped"),
        {
            "name": "looped",
            **look,
            "loop": ["first", "second"],
            "when": "inventory_hostname == 'looped' and item == 'first'",
        },
        noted("looped"),
        {"name": "delegating", **look, "loop": ["delegated"], "delegate_to": "{{ item }}", **only("delegating")},
        noted("delegating"),
        {"name": "asynchronous", **look, "async": 60, "poll": 1, **only("asynchronous")},
        noted("asynchronous"),
    ]
    report = {"work": "preflight", "dest": "{{ run_directory }}/report.json"}
    plays = [
        {"hosts": "devices", "gather_facts": False, "strategy": "free", "tasks": tasks},
        {
            "hosts": "devices",
            "gather_facts": False,
            "tasks": [{"name": "report", "winops.entra.rollout_report": report, "run_once": True}],
        },
    ]
    play = player.run(lab, plays)
    lab.post("/devices/slow/hurry")
    again = player.tasks(lab, [{"name": "join", "winops.entra.join": join}], hosts="slow")
    made = json.loads((play.directory / "report.json").read_text(encoding="utf-8"))
    events = len(inspection.events(lab, "slow", inspection.PROVISIONING, inspection.INSTALLED))
    return Outcomes(lab, play, {device["device"]: device for device in made["devices"]}, again, events)


def test_a_join_that_the_keyword_ends_tells_what_it_had_done(outcomes: Outcomes) -> None:
    result = outcomes.play.result("slow", "join")
    assert outcomes.play.status("slow", "join") == "ignored", result
    assert (result["outcome"], result["changed"]) == ("failed", True)
    assert [phase["name"] for phase in result["phases"]] == ["look", "apply", "join"]
    [join] = [change for change in result["changes"] if change["what"] == "join"]
    assert (join["before"]["type"], join["after"]) == ("none", "unknown: the task timed out")
    error = result["error"]
    assert (error["name"], error["side"]) == ("task_timed_out", "controller")
    assert f"{ENDED_AFTER} s" in error["cause"] and "waiting for" in error["cause"]
    assert result["timedout"] == {"period": ENDED_AFTER}
    assert outcomes.play.state("slow", "slow after")["join"]["type"] == "none"


def test_its_record_has_all_of_that(outcomes: Outcomes) -> None:
    noted = next(
        line["result"]["ansible_facts"]["join_outcome"]
        for line in outcomes.play.lines
        if line["host"] == "slow" and "join_outcome" in line["result"].get("ansible_facts", {})
    )
    assert (noted["outcome"], noted["name"], noted["changed"]) == ("failed", "task_timed_out", True)
    assert noted["join_type"] == "none" and noted["seconds"] > 0 and noted["cause"] and noted["fix"]


def test_the_next_run_takes_up_what_it_had_begun(outcomes: Outcomes) -> None:
    result = outcomes.again.result("slow", "join")
    # The engine may have come to its end before this run looks.
    assert result["outcome"] in ("joined", "unchanged") and result["join"]["type"] == "entra", result
    assert "leftovers" in str(result["changes"]) or result["outcome"] == "joined"
    assert outcomes.events == 1


def test_a_look_that_the_keyword_ends_says_so(outcomes: Outcomes) -> None:
    device = outcomes.report["silent"]
    assert (device["outcome"], device["name"], device["side"]) == ("failed", "task_timed_out", "controller")


def test_a_task_whose_condition_is_false_is_skipped(outcomes: Outcomes) -> None:
    assert outcomes.report["skipped"]["outcome"] == "skipped" and outcomes.report["skipped"]["msg"]


def test_a_loop_has_one_record_an_item(outcomes: Outcomes) -> None:
    assert "looped" not in outcomes.report
    found = {name: device for name, device in outcomes.report.items() if name.startswith("looped ")}
    assert {name: (device["outcome"], device["item"]) for name, device in found.items()} == {
        "looped (first)": (outcomes.report["delegated"]["outcome"], "first"),
        "looped (second)": ("skipped", "second"),
    }
    assert found["looped (first)"]["findings"]


def test_an_item_that_names_a_host_is_that_hosts_record(outcomes: Outcomes) -> None:
    assert "delegating" not in outcomes.report
    assert outcomes.report["delegated"]["item"] == "delegated" and outcomes.report["delegated"]["findings"]
    assert outcomes.report["delegated"]["outcome"] in ("fit", "unfit")


def test_async_is_refused_by_name(outcomes: Outcomes) -> None:
    device = outcomes.report["asynchronous"]
    assert device["outcome"] == "refused" and "async" in device["cause"] and device["fix"]


def test_nothing_of_it_is_called_damaged(outcomes: Outcomes) -> None:
    assert not [device for device in outcomes.report.values() if device.get("unreadable")]
    assert all(not line["result"].get("exception") for line in outcomes.play.lines if line["task"] == "report")
