# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device whose variables are wrong is in the report with its reason, and takes the report from nobody."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.play import Player
from tests.integration.rollouts import Rollout

FAILED = 2
FLEET = {
    "devices": [
        {"kind": "joined", "name": "first"},
        {"kind": "joined", "name": "second"},
        {"kind": "joined", "name": "third"},
    ]
}
NEEDED: dict[str, dict[str, t.Any]] = {"preflight": {}, "diagnose": {}, "disconnect": {}}
UNDEFINED = {"preflight": "preflight_tenant_id", "diagnose": "diagnose_tenant_id", "disconnect": "disconnect_device_id"}


@pytest.fixture(scope="module")
def lab(start_fleet: StartFleet):
    return start_fleet(FLEET)


@pytest.fixture
def rollout(lab, player: Player, tmp_path: Path):
    def of(work: str) -> Rollout:
        return Rollout(lab, player, tmp_path, work)

    return of


@pytest.mark.parametrize("work", NEEDED)
@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_an_undefined_variable_of_the_first_device_is_its_own_affair(rollout, work: str, strategy: str):
    runs = rollout(work)
    known = len(runs.lab.commands())
    play = runs.run(
        "--check",
        host_variables={"first": {UNDEFINED[work]: "{{ nobody_knows }}"}},
        environment={"ANSIBLE_STRATEGY": strategy},
    )
    devices = runs.devices(check=True)
    assert list(devices) == ["first", "second", "third"], play.output
    first = devices["first"]
    assert (first["outcome"], first["name"], first["side"]) == ("failed", "not_asked", "controller")
    assert first["cause"].startswith("failed before it was asked: ") and "nobody_knows" in first["cause"]
    assert "not_asked" not in {devices[name].get("name") for name in ("second", "third")}
    assert {line["device"] for line in runs.lab.commands()[known:]} == {"second", "third"}
    rows = [line for line in play.output.splitlines() if line.startswith("first ")]
    assert any("failed before it was asked" in row for row in rows)
    assert play.exit_code == FAILED and play.recap["first"]["failures"] == 1


def test_a_whole_wave_that_the_role_refuses_still_has_its_report(rollout):
    runs = rollout("preflight")
    play = runs.run(preflight_timeout="soon")
    devices = runs.devices()
    assert set(runs.outcomes().values()) == {"failed"} and len(devices) == 3, play.output
    assert all("preflight_timeout" in device["cause"] for device in devices.values())
    assert play.exit_code == FAILED


def test_what_was_left_out_is_not_said_to_be_asked(rollout):
    runs = rollout("diagnose")
    play = runs.run("--start-at-task", "Write the report")
    devices = runs.devices()
    assert {device["name"] for device in devices.values()} == {"not_asked"}, play.output
    assert all("--start-at-task" in device["cause"] for device in devices.values())
    # And one that begins in the middle asks everybody.
    again = runs.run("--start-at-task", "Diagnose")
    assert "not_asked" not in {device.get("name") for device in runs.devices().values()}, again.output


def test_a_report_whose_place_cannot_be_resolved_is_not_written_elsewhere(rollout):
    runs = rollout("preflight")
    known = len(runs.lab.commands())
    play = runs.run(preflight_report="{{ nobody_knows }}/report.json")
    assert play.exit_code == FAILED and "nobody_knows" in play.output
    assert runs.lab.commands()[known:] == [] and not Path("preflight-report.json").exists()
