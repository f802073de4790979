# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's part of playbooks/join.yml: once before the first wave, whatever the run is limited to, and the proof of
each wave, whatever becomes of the others."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player
from tests.integration.rollouts import Rollout

FAILED = 2
DEVICES = [
    {"kind": "unjoined_pro", "name": "one"},
    {"kind": "unjoined_pro", "name": "two"},
    {"kind": "home", "name": "home"},
    {"kind": "unjoined_pro", "name": "late"},
]
# Selected users may join, and no package's user is among them.
CLOSED = {"main": {"name": "Contoso", "domain": "contoso.example", "join": []}}
GATE, PROOF = "Check the tenant", "Find the joined devices of the wave in the directory"


class Gate(t.NamedTuple):
    """A tenant that lets nobody join, and one run after another that must not get as far as a device."""

    rollout: Rollout
    plays: dict[str, Play]


@pytest.fixture(scope="module")
def closed(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Gate:
    lab = start_fleet({"tenants": CLOSED, "devices": DEVICES})
    rollout = Rollout(lab, player, tmp_path_factory.mktemp("reports"), "join")
    task = {"name": "fail", "ansible.builtin.fail": {}, "when": "inventory_hostname == 'one'"}
    fails = {"hosts": "one,two", "gather_facts": False, "tasks": [task]}
    unknown = {"one": {"join_check_tenant": "{{ nobody_knows }}"}}
    plays = {
        "limited": rollout.run("--limit", "two", join_check_tenant=True),
        "failed before": rollout.run(before=(fails,), join_check_tenant=True),
        "unknown": rollout.run(host_variables=unknown, before=()),
    }
    return Gate(rollout, plays)


@pytest.mark.parametrize("run", ["limited", "failed before", "unknown"])
def test_a_tenant_that_would_refuse_stops_the_run_before_any_device(closed: Gate, run: str) -> None:
    play = closed.plays[run]
    assert play.exit_code == FAILED and GATE in play.output, play.output
    assert closed.rollout.lab.commands() == [] and not closed.rollout.report_file.exists()


def test_the_gate_is_asked_once_and_by_a_device_of_the_run(closed: Gate) -> None:
    results = closed.plays["limited"].results(GATE)
    assert list(results) == ["two"] and results["two"]["error"]["side"] == "tenant"
    assert closed.plays["limited"].status("two", GATE) == "failed"
    assert list(closed.plays["failed before"].results(GATE)) == ["two"]


class Proved(t.NamedTuple):
    """A run in waves of one, limited to three of four devices, the last of which cannot be joined; then the fourth."""

    rollout: Rollout
    waves: Play
    late: Play
    devices: dict[str, dict[str, t.Any]]


@pytest.fixture(scope="module")
def proved(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Proved:
    lab = start_fleet({"devices": DEVICES})
    rollout = Rollout(lab, player, tmp_path_factory.mktemp("reports"), "join")
    waves = rollout.run("--limit", "one,two,home", join_check_tenant=True, join_serial=1)
    devices = rollout.devices()
    return Proved(rollout, waves, rollout.run("--limit", "late", join_check_tenant=True), devices)


def test_a_wave_in_which_every_device_failed_takes_no_proof_from_the_others(proved: Proved) -> None:
    assert {name: device["outcome"] for name, device in proved.devices.items()} == {
        "one": "joined",
        "two": "joined",
        "home": "refused",
    }, proved.waves.output
    assert [proved.devices[name]["directory"]["found"] for name in ("one", "two")] == [True, True]
    assert "directory" not in proved.devices["home"]
    [run] = [run for run in proved.rollout.report()["runs"] if run["limit"] == "one,two,home"]
    assert run["totals"] == {"devices": 3, "joined": 2, "refused": 1, "in_directory": 2, "not_in_directory": 0}
    assert proved.waves.exit_code == FAILED


def test_the_tenant_is_asked_once_for_all_waves(proved: Proved) -> None:
    assert list(proved.waves.results(GATE)) == ["one"]
    assert list(proved.waves.results(PROOF)) == ["one", "two", "home"]


def test_a_later_run_proves_its_own_devices_and_keeps_the_proof_of_the_others(proved: Proved) -> None:
    devices = proved.rollout.devices()
    assert proved.late.exit_code == 0, proved.late.output
    assert devices["late"]["directory"]["found"] is True
    for name in ("one", "two"):
        assert devices[name] == proved.devices[name]
    assert proved.rollout.report()["totals"] == {"devices": 4, "joined": 3, "refused": 1}
    assert proved.late.results(PROOF)["late"]["devices"][0]["device_id"] == devices["late"]["device_id"]
    assert len(proved.late.results(PROOF)["late"]["devices"]) == 1


def test_nothing_lies_beside_the_report(proved: Proved) -> None:
    assert [file.name for file in Path(proved.rollout.report_file.parent).iterdir()] == ["join-report.json"]
