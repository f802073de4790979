# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several runs in one report: whose record counts, what is kept, what is dropped, and who is one device."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import merge
from tests.unit.report.making import devices, made, run

JOINED = {"outcome": "joined", "device_id": "d1", "tenant_id": "t1", "join_type": "entra"}
UNREACHABLE = {"outcome": "unreachable", "device_id": None, "tenant_id": None, "join_type": None}
_TICKS = itertools.count(1)


def line(device: str, record: dict | None, of: str = "killed", **more: t.Any) -> dict[str, t.Any]:
    """A line of a journal; each is later than those before."""
    return {
        "run": run(of),
        "device": device,
        "at": f"2026-01-01T00:00:{next(_TICKS):02}.000Z",
        "record": record,
        **more,
    }


def test_a_limited_run_touches_its_devices_only():
    first = made({"a": JOINED, "b": JOINED | {"device_id": "d2"}, "c": None}).report
    second = made({"b": UNREACHABLE}, of="r2", report=first)
    before, after = devices(first), devices(second.report)
    assert (after["a"], after["c"]) == (before["a"], before["c"])
    assert after["b"]["outcome"] == "unreachable" and after["b"]["run"] == "r2"
    assert [(one["run"], one["outcome"]) for one in after["b"]["earlier"]] == [("r1", "joined")]
    assert second.totals == {"devices": 1, "unreachable": 1}
    assert second.report["totals"] == {"devices": 3, "joined": 1, "unreachable": 1, "not_started": 1}
    assert [one["id"] for one in second.report["runs"]] == ["r1", "r2"]


def test_a_run_that_has_not_come_to_a_device_says_nothing_of_it():
    first = made({"a": JOINED}).report
    second = made({"a": None}, of="r2", report=first)
    assert devices(second.report)["a"] == devices(first)["a"]
    assert second.totals == {"devices": 1, "not_started": 1}


def test_who_could_not_be_asked_keeps_its_ids_and_who_is_not_joined_does_not():
    first = made({"a": JOINED, "b": JOINED | {"device_id": "d2"}}).report
    gone = {"outcome": "failed", "device_id": None, "tenant_id": None, "join_type": "none"}
    after = devices(made({"a": UNREACHABLE, "b": gone}, of="r2", report=first).report)
    assert [after[name]["device_id"] for name in "ab"] == ["d1", None]


def test_a_killed_run_tells_what_it_has_done_and_what_it_had_begun():
    lines = [line("a", None), line("b", None), line("a", JOINED, machine="A S-1")]
    after = made({"c": JOINED | {"device_id": "d3"}}, of="r2", entries=lines).report
    told = devices(after)
    assert {name: told[name]["outcome"] for name in "abc"} == {"a": "joined", "b": "begun", "c": "joined"}
    assert told["a"]["machine"] == "A S-1" and told["a"]["run"] == "killed"
    assert {one["id"]: one["totals"] for one in after["runs"]} == {
        "killed": {"devices": 2, "joined": 1, "begun": 1},
        "r2": {"devices": 1, "joined": 1},
    }


def test_lines_that_are_taken_in_twice_do_no_harm():
    lines = [line("a", None), line("a", JOINED), line("a", None, "other"), line("a", UNREACHABLE, "other")]
    once = made({}, entries=lines).report
    twice = made({}, entries=lines, report=once).report
    assert devices(once) == devices(twice) and devices(once)["a"]["outcome"] == "unreachable"
    assert [one["run"] for one in devices(once)["a"]["earlier"]] == ["killed"]


def test_a_clock_that_is_set_back_makes_no_newer_attempt_older():
    lines = [line("a", JOINED, "first"), line("a", UNREACHABLE, "second")]
    lines[1]["at"] = "1999-01-01T00:00:00.000Z"
    assert devices(made({}, entries=lines).report)["a"]["outcome"] == "unreachable"


def test_the_slower_of_two_runs_at_once_does_not_write_over_what_came_later():
    lines = [line("a", UNREACHABLE, "slow"), line("a", JOINED, "quick")]
    report = made({}, entries=lines).report
    after = made({"a": UNREACHABLE}, of="slow", report=report)
    assert devices(after.report)["a"]["outcome"] == "joined" and after.totals == {"devices": 1, "unreachable": 1}


def test_what_a_device_told_before_it_left_is_known_of_a_run_that_was_killed():
    known = {"outcome": "failed", "device_id": "d1", "serial_number": "s", "proof": "proved", "proved_thumbprint": "AB"}
    lines = [line("a", None), line("a", None, known=known | {"join_state": "joined"})]
    report = made({}, "disconnect", entries=lines).report
    assert devices(report)["a"]["outcome"] == "begun" and devices(report)["a"]["device_id"] == "d1"
    left = {"outcome": "unchanged", "device_id": None, "serial_number": "s", "join_state": "left", "proof": "missing"}
    after = devices(made({"a": left}, "disconnect", "r2", report).report)["a"]
    assert (after["outcome"], after["device_id"], after["proof"]) == ("unchanged", "d1", "proved")


def test_a_device_that_failed_before_it_was_asked_says_so_and_one_that_began_does_not():
    asked = {"outcome": "failed", "name": "not_asked", "cause": "failed before it was asked: x", "msg": "x"}
    own = {"a": asked, "b": asked, "c": None, "d": None}
    after = made(own, entries=[line("b", None, "r1")], not_asked={"c"})
    assert {name: record.get("name") for name, record in after.said.items()} == {
        "a": "not_asked",
        "b": "no_result",
        "c": "not_asked",
        "d": None,
    }
    assert after.said["d"]["outcome"] == "not_started" and "--start-at-task" in after.said["c"]["cause"]


def test_the_oldest_runs_and_attempts_are_dropped_and_counted():
    report = None
    for number in range(merge.RUNS_KEPT + 3):
        report = made({"a": JOINED}, of=f"r{number}", report=report).report
    assert report is not None
    assert len(report["runs"]) == merge.RUNS_KEPT and report["runs_dropped"] == 3
    assert report["runs"][0]["id"] == "r3"
    earlier = devices(report)["a"]["earlier"]
    assert [one["run"] for one in earlier] == [f"r{number}" for number in range(101, 101 - merge.ATTEMPTS_KEPT, -1)]


@pytest.mark.parametrize("kind", ["device_id", "machine"])
def test_two_names_of_one_device_are_a_finding(kind: str):
    one = {"device_id": "d1"} if kind == "device_id" else {"device_id": None}
    lines = [
        line(name, {"outcome": "joined", **one, "join_type": "entra"}, machine="PC S-1-5-21-1-2-3")
        if kind == "machine"
        else line(name, JOINED)
        for name in ("a", "b")
    ]
    after = made({"a": None, "b": None}, of="killed", entries=[*lines, line("c", JOINED | {"device_id": "d3"})])
    told = devices(after.report)
    assert [told[name].get("same_device") for name in "abc"] == [["b"], ["a"], None]
    assert after.report["totals"]["same_device"] == 2
    [warning] = after.warnings
    assert warning.endswith("see same_device: a, b")


def test_a_whole_fleet_with_one_id_does_not_make_the_report_grow_without_bound():
    after = made({f"pc{number}": JOINED for number in range(200)})
    assert max(len(device["same_device"]) for device in after.report["devices"]) == 10
    assert after.report["totals"]["same_device"] == 200
