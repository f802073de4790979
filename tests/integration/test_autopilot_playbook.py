# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/autopilot.yml in three runs, each of which does what the ones before have left; `make demo-autopilot` plays
25 devices and every fault."""

from __future__ import annotations

import json
import time
import typing as t

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.play import PATIENCE, POLL_SECONDS, Play, Player
from tests.integration.rollouts import Rollout
from tests.lab.process import RunningLab

FAILED = 2
HASH, RESET = "Read the hardware hash of the device", "Send the device back to its first start"
GROUP = "Autopilot devices of the office"
QUICK = {"ready": 1.0, "seconds": 20.0}


def office(name: str, serial: str, user: str, **more: t.Any) -> dict[str, t.Any]:
    """A running PC of the office."""
    variables = {"autopilot_serial_number": serial, "autopilot_assigned_user": user, "autopilot_group_tag": "Office"}
    device = {"serial": serial, "wipe": QUICK, "deployment": {"seconds": 5.0}, **more}
    return {"kind": "unjoined_enterprise", "name": name, "device": device, "variables": variables}


FLEET = {
    "tenants": {
        "main": {
            "domain": "main.example",
            "users": {"ada": {"licences": ["ems_e3"]}},
            "multi_admin_approval": {"protect": ["tenantConfiguration"], "decide": "approve", "polls": 0},
            "autopilot_service": {"import_seconds": 5.0, "listing_seconds": 5.0, "profile_seconds": 5.0},
        }
    },
    "devices": [
        office("good", "Sn-1", "ada@main.example"),
        office("twin", "sn-1 ", "ada@main.example"),
        office("mistyped", "SN-3", "adda@main.example"),
        office("undefined", "SN-4", "ada@main.example"),
    ],
}
SETTINGS: dict[str, t.Any] = {
    "autopilot_groups": [{"name": GROUP, "autopilot_group_tag": "Office"}],
    "autopilot_profiles": [{"name": "Office", "deployment_mode": "user_driven", "included_groups": [GROUP]}],
    "autopilot_pages": [{"name": "Office", "install_quality_updates": False, "included_groups": [GROUP]}],
    "autopilot_reset": True,
    "autopilot_contact": "extension 4711",
    "autopilot_approval_justification": "Rollout of the office",
    "autopilot_approval_timeout": 300,
}


class Run(t.NamedTuple):
    """A run, the records of its report by device, the sheet, and what was sent to the devices."""

    play: Play
    devices: dict[str, dict[str, t.Any]]
    sheet: str
    sent: list[dict[str, t.Any]]


class Runs(t.NamedTuple):
    """With no reset allowed and one to do; the reset alone, by its tag; and all of it for two of them, after the user
    has signed in. ``asked`` are the requests for an approval."""

    first: Run
    reset: Run
    last: Run
    asked: list[dict[str, t.Any]]


@pytest.fixture(scope="module")
def runs(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    lab = start_fleet(FLEET)
    directory = tmp_path_factory.mktemp("autopilot")
    rollout, sheet = Rollout(lab, player, directory, "autopilot"), directory / "sheet.html"

    def run(*options: str, **variables: t.Any) -> Run:
        known = len(lab.commands())
        given = {**SETTINGS, "autopilot_hand_over": str(sheet), **variables}
        wrong = {"undefined": {"autopilot_assigned_user": "{{ nobody_knows }}"}}
        play = rollout.run(*options, host_variables=wrong, **given)
        return Run(play, rollout.devices(), sheet.read_text(encoding="utf-8"), lab.commands()[known:])

    first = run(autopilot_max_resets=0)
    reset = run("--tags", "reset", autopilot_max_resets=1)
    wait_for(lab, "good")
    lab.post("/devices/good/sign-in", {"user": "ada@main.example"})
    last = run("--limit", "good:twin", autopilot_max_resets=1, autopilot_follow_timeout=300)
    return Runs(first, reset, last, lab.get("/tenant/approvals")["requests"])


def wait_for(lab: RunningLab, name: str) -> None:
    """Until a device is at its first start."""
    end = time.monotonic() + PATIENCE
    while not lab.get(f"/devices/{name}")["out_of_box"]:
        assert time.monotonic() < end, f"{name} was not reset"
        time.sleep(POLL_SECONDS)


def wiped(run: Run) -> set[str]:
    """The devices to which a reset was sent."""
    return {line["device"] for line in run.sent if "remote_wipe" in json.dumps(line)}


def test_each_device_comes_as_far_as_it_can_and_the_report_says_why_not_further(runs: Runs) -> None:
    outcomes = {name: (device["outcome"], device["name"]) for name, device in runs.first.devices.items()}
    assert outcomes == {
        "good": ("ready", None),
        "twin": ("refused", "same_serial_number"),
        "mistyped": ("refused", "user_not_found"),
        "undefined": ("failed", "not_asked"),
    }
    assert "good has the same serial number" in runs.first.devices["twin"]["cause"]
    assert "nobody_knows" in runs.first.devices["undefined"]["cause"]
    good = runs.first.devices["good"]
    assert good["autopilot_id"] and (good["serial_number"], good["assigned_user"]) == ("Sn-1", "ada@main.example")


def test_more_resets_than_are_allowed_are_refused_before_the_first(runs: Runs) -> None:
    assert runs.first.play.exit_code == FAILED and wiped(runs.first) == set()
    assert "1 devices are to be reset, and autopilot_max_resets allows 0" in " ".join(runs.first.play.output.split())


def test_the_reset_is_a_step_of_its_own_which_reads_no_hash(runs: Runs) -> None:
    assert runs.reset.play.results(HASH) == {}
    assert wiped(runs.reset) == {"good"}
    assert runs.reset.devices["good"]["outcome"] == "reset" and runs.reset.devices["good"]["reset_at"]


def test_who_unpacks_a_device_has_a_page_and_nobody_else(runs: Runs) -> None:
    assert "<h1>good</h1>" in runs.reset.sheet and "ada@main.example" in runs.reset.sheet
    assert "extension 4711" in runs.reset.sheet and "<h1>mistyped</h1>" not in runs.reset.sheet


def test_a_deployment_is_followed_to_its_end_and_nothing_is_done_a_second_time(runs: Runs) -> None:
    last = runs.last
    assert last.devices["good"]["outcome"] == "deployed"
    assert last.devices["good"]["deployment"]["confirmed"] is True
    assert last.devices["good"]["reset_at"] == runs.reset.devices["good"]["reset_at"] and wiped(last) == set()
    assert {name: counts["changed"] for name, counts in last.play.recap.items()} == {"good": 0, "twin": 0}


def test_what_is_not_in_a_run_stays_in_the_report(runs: Runs) -> None:
    assert set(runs.first.devices) == set(runs.last.devices) == {"good", "twin", "mistyped", "undefined"}
    for name in ("mistyped", "undefined"):
        assert runs.last.devices[name]["outcome"] == runs.first.devices[name]["outcome"]
        assert runs.reset.play.recap[name]["changed"] == 0


def test_the_tasks_for_all_devices_run_once(runs: Runs) -> None:
    for task in ("Register all devices, and assign their users and group tags", "Follow the deployments"):
        assert len({line["host"] for line in runs.last.play.lines if line["task"] == task}) == 1


def test_a_second_administrator_is_asked_once_for_what_intune_protects(runs: Runs) -> None:
    asked = [row["requestJustification"] for row in runs.asked]
    assert all(text.startswith("Rollout of the office") for text in asked), asked
    # A profile and a page, the assignments of both, the import, and the user of the device.
    assert [row["status"] for row in runs.asked] == ["completed"] * 6
