# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/join.yml in its own waves: what proves the package, what ends the rollout, and what does neither."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.play import STATUSES, Play, Player
from tests.integration.rollouts import Rollout

FAILED = 2
LOOK, JOIN = "Look which devices can be joined", "Join the device to the tenant"
# A wave of one, and one of all others.
DEVICES = [
    {"kind": "unjoined_pro", "name": "off"},
    {"kind": "home", "name": "refused"},
    {"kind": "joined", "name": "known"},
    {"kind": "unjoined_pro", "name": "fit"},
    {"kind": "unjoined_pro", "name": "later"},
]
SETTINGS = {"join_serial": [1, "100%"], "join_timeout": 30}
NOT_PROVED, THE_END = "does not prove the package", "The rollout ends with this wave: 1 failed of 2"


class Run(t.NamedTuple):
    """A run, its outcomes in the report, and the devices to which something changing was sent, in this order."""

    play: Play
    outcomes: dict[str, str]
    changed: list[str]


class Waves(t.NamedTuple):
    """A rollout whose first device is off: with a package whose token has expired, with a good one, and once more."""

    bad: Run
    good: Run
    again: Run


@pytest.fixture(scope="module")
def waves(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Waves:
    lab = start_fleet({"devices": DEVICES})
    lab.post("/devices/off/power", {"state": "off"})

    def run(directory: str, *options: str, **variables: t.Any) -> Run:
        known = len(lab.commands())
        rollout = Rollout(lab, player, tmp_path_factory.mktemp(directory), "join")
        play = rollout.run(*options, **SETTINGS, **variables)
        sent = [line["device"] for line in lab.commands()[known:] if line["changing"]]
        return Run(play, rollout.outcomes(), list(dict.fromkeys(sent)))

    bad = run("bad", join_src=str(inspection.package_file(lab, "expired")))
    return Waves(bad, run("good"), run("again", "--limit", "off,fit,later"))


def test_a_first_device_that_is_off_does_not_end_the_rollout_and_fails_at_its_end(waves: Waves) -> None:
    assert waves.good.outcomes == {
        "off": "unreachable",
        "refused": "refused",
        "known": "unchanged",
        "fit": "joined",
        "later": "joined",
    }
    assert NOT_PROVED in " ".join(waves.good.play.output.split())
    assert waves.good.play.exit_code == FAILED
    assert {name: counts["failures"] for name, counts in waves.good.play.recap.items()} == {
        "off": 1,
        "refused": 1,
        "known": 0,
        "fit": 0,
        "later": 0,
    }


def test_a_wave_begins_with_one_device_where_nothing_has_proved_the_package(waves: Waves) -> None:
    for run in (waves.bad, waves.good):
        assert set(run.play.results(LOOK)) == {"refused", "known", "fit", "later"}
    assert waves.good.changed == ["fit", "later"]
    tries = [line["host"] for line in waves.good.play.lines if line["task"] == JOIN and line["status"] in STATUSES]
    assert tries == ["off", "fit", "later"]


def test_a_first_device_that_fails_ends_the_rollout_and_the_others_are_not_started(waves: Waves) -> None:
    assert waves.bad.outcomes == {
        "off": "unreachable",
        "refused": "refused",
        "known": "unchanged",
        "fit": "failed",
        "later": "not_started",
    }
    assert THE_END in " ".join(waves.bad.play.output.split())
    assert waves.bad.play.exit_code == FAILED and waves.bad.changed == ["fit"]
    counts = waves.bad.play.recap
    assert {name for name in counts if counts[name]["failures"]} == {"refused", "fit"}
    assert counts["later"]["changed"] == 0


def test_a_wave_of_joined_devices_behind_one_that_is_off_changes_nothing(waves: Waves) -> None:
    assert waves.again.outcomes == {"off": "unreachable", "fit": "unchanged", "later": "unchanged"}
    assert waves.again.changed == [] and waves.again.play.results(LOOK)
    assert [line["host"] for line in waves.again.play.lines if line["task"] == JOIN and line["status"] in STATUSES] == [
        "off"
    ]
    assert {counts["changed"] for counts in waves.again.play.recap.values()} == {0}
