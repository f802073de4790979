# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report belongs to the rollout: limited runs, check runs, runs at once, runs that are killed, and then an audit of
the tenant."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player, wait_until
from tests.integration.rollouts import Rollout, ids, known_ids

SCENARIO = {
    "devices": [
        {"kind": "joined", "name": "a"},
        {"kind": "joined_bitlocker", "name": "b"},
        {"kind": "joined", "name": "c"},
        {"kind": "joined", "name": "d"},
        {"kind": "joined", "name": "slow", "device": {"leave": {"seconds": 86400}}},
    ]
}


class Told(t.NamedTuple):
    """The runs in their order, and what the report and the tenant were after each that is asked about."""

    rollout: Rollout
    had: dict[str, str]
    kept: dict[str, t.Any]
    checked: Play
    reports: dict[str, bytes]
    killed: dict[str, t.Any]
    final: Play


@pytest.fixture(scope="module")
def told(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """a and b leave; then `--limit a`, `--check --limit c`; two at once; one killed; a run that removes."""
    lab = start_fleet(SCENARIO)
    rollout = Rollout(lab, player, tmp_path_factory.mktemp("reports"), "disconnect")
    had = ids(lab)
    rollout.run("--limit", "a,b")
    kept = rollout.devices()["b"]
    rollout.run("--limit", "a")
    reports = {"before the check": rollout.report_file.read_bytes()}
    checked = rollout.run("--check", "--limit", "c")
    reports["after the check"] = rollout.report_file.read_bytes()
    with rollout.running("--limit", "c") as one, rollout.running("--limit", "d") as other:
        one.wait()
        other.wait()
    # Within one wave: the record of a is there while the other still works.
    with rollout.running("--limit", "a,slow") as run:
        wait_until(lambda: any(entry["record"] for entry in rollout.journal()), "the first device is recorded")
        run.kill()
    killed = {entry["device"]: entry["record"] for entry in rollout.journal()}
    final = rollout.run("--limit", "a,b,c,d", disconnect_remove_from_tenant=True)
    return Told(rollout, had, kept, checked, reports, killed, final)


def test_nothing_is_left_behind_in_the_tenant(told: Told) -> None:
    left = known_ids(told.rollout.tenant)
    assert not left & {told.had[name] for name in "abcd"}, told.final.output[-3000:]
    assert told.had["slow"] in left


def test_nothing_is_lost_in_the_report(told: Told) -> None:
    devices = told.rollout.devices()
    assert {name: devices[name]["device_id"] for name in "abcd"} == {name: told.had[name] for name in "abcd"}
    assert {devices[name]["join_state"] for name in "abcd"} == {"left"}
    assert {devices[name]["proof"] for name in "abcd"} == {"proved"}
    for field in ("bitlocker", "serial_number", "intune_device_id", "proved_thumbprint", "tenant_id"):
        assert told.kept[field] and devices["b"][field] == told.kept[field]
    assert all(devices[name]["removal"]["problem"] is None for name in "abcd")
    assert [attempt["outcome"] for attempt in devices["a"]["earlier"]] == ["unchanged", "unchanged", "disconnected"]


def test_every_run_is_told_of_and_to_what_it_was_limited(told: Told) -> None:
    runs = told.rollout.report()["runs"]
    assert sorted(run["limit"] for run in runs) == ["a", "a,b", "a,b,c,d", "a,slow", "c", "d"]
    assert {(run["playbook"], run["check"]) for run in runs} == {("disconnect.yml", False)}
    assert len({run["id"] for run in runs}) == len(runs)
    totals = {run["limit"]: run["totals"] for run in runs}
    assert totals["a,b"] == {"devices": 2, "disconnected": 2}
    assert totals["a,b,c,d"] == {"devices": 4, "unchanged": 4}


def test_a_check_run_writes_a_report_of_its_own_and_names_it(told: Told) -> None:
    assert told.reports["before the check"] == told.reports["after the check"]
    assert told.rollout.outcomes(check=True) == {"c": "would_disconnect"}
    assert [run["check"] for run in told.rollout.report(check=True)["runs"]] == [True]
    written = next(iter(told.checked.results("Write the report").values()))
    assert written["dest"] == str(told.rollout.check_file)


def test_a_run_that_was_killed_has_recorded_each_device_that_was_done(told: Told) -> None:
    assert told.killed["a"]["outcome"] == "unchanged" and told.killed["slow"] is None
    slow = told.rollout.devices()["slow"]
    assert slow["outcome"] == "begun" and "cut off" in slow["cause"]


def test_no_journal_is_left(told: Told) -> None:
    assert sorted(file.name for file in Path(told.rollout.report_file.parent).iterdir()) == [
        told.rollout.check_file.name,
        told.rollout.report_file.name,
    ]
