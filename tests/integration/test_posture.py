# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices after their join: each thing that is wrong is found, and what only looks odd is not."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player
from tests.lab.process import RunningLab
from tests.planted_posture import HEALTHY, PLANTED

JUDGED = ("no_tpm_protector", "well")


class Looked(t.NamedTuple):
    """One run over all of them, with the devices' states before and after it."""

    lab: RunningLab
    play: Play
    before: dict[str, str]
    after: dict[str, str]

    def device(self, name: str) -> dict:
        return self.play.result(name, "look")

    def wrong(self, name: str) -> dict[str, str]:
        return {one["id"]: one["result"] for one in self.device(name)["findings"] if one["result"] != "pass"}


@pytest.fixture(scope="module")
def looked(start_fleet: StartFleet, player: Player) -> Looked:
    lab = start_fleet("posture")
    tasks = [
        {"name": "look", "winops.entra.device_posture": {}},
        {
            "name": "judged",
            "winops.entra.device_posture": {"fail_on": ["encryption"]},
            "check_mode": True,
            "ignore_errors": True,
            "when": f"inventory_hostname in {list(JUDGED)}",
        },
    ]
    before = inspection.digests(lab)
    play = player.run(lab, [{"hosts": "devices", "gather_facts": False, "tasks": tasks}])
    return Looked(lab, play, before, inspection.digests(lab))


def test_what_is_planted_is_found_and_what_is_odd_is_not(looked):
    assert looked.play.exit_code == 0, looked.play.output
    planted = {name: {identifier: result} for name, (identifier, result, _reads) in PLANTED.items()}
    assert {name: looked.wrong(name) for name in (*PLANTED, *HEALTHY)} == planted | dict.fromkeys(HEALTHY, {})
    assert all(looked.device(name)["posture"]["refused"] == [] for name in (*PLANTED, *HEALTHY))


def test_one_command_a_device_is_enough_and_nothing_is_changed(looked):
    executed = [line["device"] for line in looked.lab.commands()]
    assert sorted(executed) == sorted([*PLANTED, *HEALTHY, *JUDGED])
    assert looked.before == looked.after


def test_a_finding_can_fail_the_task(looked):
    error = looked.play.result("no_tpm_protector", "judged")["error"]
    assert error["name"] == "device_posture_encryption" and "nothing turns it on" in error["cause"]
    assert looked.play.status("well", "judged") == "ok"
