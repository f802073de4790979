# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins whose connection breaks, at each place where it can, and joins of devices that lose their power."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player, RunningPlay, wait_until
from tests.lab.process import RunningLab

# A join takes 12 exchanges or more of 4 or 5 requests each. A step of 3 meets each kind of request.
EXCHANGES = range(12)
REQUESTS = range(0, 48, 3)
CUTS = {
    f"{kind}-{position:02d}".replace("_", "-"): {"kind": kind, "skip": position}
    for kind, positions in (("drop_receive", EXCHANGES), ("drop_half_answer", EXCHANGES), ("drop_request", REQUESTS))
    for position in positions
}
# The enrollment does not come by itself: each device is waiting for it until it has met its fault.
LATE = 86400


class Cut(t.NamedTuple):
    """A fleet whose connections break once, joined, tried again, and run a third time."""

    lab: RunningLab
    first: Play
    faults: dict[str, dict]
    again: Play
    third: Play
    after: dict[str, inspection.State]


@pytest.fixture(scope="module")
def cut(start_fleet: StartFleet, player: Player) -> Cut:
    """One fresh device for each place where a connection is cut."""
    lab = start_fleet(
        {
            "devices": [
                {"kind": "unjoined_pro", "name": name, "device": {"mdm_delay": LATE, "faults": [fault]}}
                for name, fault in CUTS.items()
            ]
        }
    )
    hosts = joins.wanted(joins.options_of_scenario(lab))
    with player.running(lab, [_play()], host_variables=hosts) as run:
        wait_until(lambda: _all_met(lab, run), "every device has met its fault")
        first = run.wait()
    faults = {name: inspection.pending_faults(lab, name) for name in CUTS}
    failed = [name for name in CUTS if first.status(name, "join") != "ok"]
    again = player.tasks(lab, [joins.join_task()], hosts=",".join(failed) or "none", host_variables=hosts)
    joins.settled(lab)
    third = player.tasks(lab, [joins.join_task()], host_variables=hosts)
    return Cut(lab, first, faults, again, third, inspection.states(lab))


def _all_met(lab: RunningLab, run: RunningPlay) -> bool:
    """Whether each device has met its fault, or the play its end; those that have are enrolled."""
    waiting = [name for name in CUTS if any(inspection.pending_faults(lab, name).values())]
    for name in set(CUTS) - set(waiting):
        lab.post(f"/devices/{name}/hurry")
    return not waiting or run.process.poll() is not None


def test_every_cut_was_met(cut: Cut) -> None:
    assert {name: pending for name, pending in cut.faults.items() if pending} == {}


def test_most_cuts_go_unnoticed_and_the_others_say_that_the_task_can_be_run_again(cut: Cut) -> None:
    unnoticed = [name for name in CUTS if cut.first.status(name, "join") == "ok"]
    assert len(unnoticed) > 0.8 * len(CUTS)
    for name in set(CUTS) - set(unnoticed):
        result = cut.first.result(name, "join")
        if cut.first.status(name, "join") != "unreachable":
            assert (result["error"]["name"], result["error"]["side"]) == ("connection_lost", "network"), (name, result)
            assert "run the task again" in result["error"]["fix"]


def test_a_second_run_takes_up_a_join_where_the_connection_was_cut(cut: Cut) -> None:
    assert [name for name in cut.again.results("join") if cut.again.status(name, "join") != "ok"] == []


@pytest.mark.parametrize("name", CUTS)
def test_a_device_is_joined_wherever_the_connection_was_cut(cut: Cut, name: str) -> None:
    join = cut.after[name]["join"]
    assert (join["type"], join["tenant_id"], join["mdm"]) == ("entra", inspection.tenant_id(cut.lab), True)


@pytest.mark.parametrize("name", CUTS)
def test_the_package_is_applied_once_wherever_the_connection_was_cut(cut: Cut, name: str) -> None:
    assert len(inspection.events(cut.lab, name, inspection.PROVISIONING, inspection.INSTALLED)) == 1
    assert len(inspection.events(cut.lab, name, inspection.REGISTRATION, inspection.REGISTERED)) == 1


@pytest.mark.parametrize("name", CUTS)
def test_nothing_of_ours_is_left_wherever_the_connection_was_cut(cut: Cut, name: str) -> None:
    assert inspection.ours(cut.after[name]) == []
    assert inspection.copies(cut.after[name], inspection.package_file(cut.lab, "fleet")) == []


def test_a_further_run_changes_nothing(cut: Cut) -> None:
    assert {name: counts["changed"] for name, counts in cut.third.recap.items() if counts["changed"]} == {}
    assert {result["outcome"] for result in cut.third.results("join").values()} == {"unchanged"}


# --- power ------------------------------------------------------------------------------------------------------------

SLOW = {"engine": {"seconds": 120}}
POWER: list[dict[str, t.Any]] = [
    {"kind": "unjoined_pro", "name": "power-lost", "device": SLOW},
    {"kind": "unjoined_pro", "name": "restarted", "device": SLOW},
    {"kind": "unjoined_pro", "name": "never-back", "device": SLOW},
    {
        "kind": "pending_reboot",
        "name": "long-boot",
        "device": {"pending_reboot": ["servicing"], "boot_seconds": 86400, "mdm_delay": 1},
    },
    {"kind": "unjoined_pro", "name": "lost-before-mdm", "device": {"mdm_delay": 86400}},
]


class Power(t.NamedTuple):
    """A run in which devices lost their power, the states after it, and a run once they were on again."""

    lab: RunningLab
    before: dict[str, inspection.State]
    play: Play
    after: dict[str, inspection.State]
    again: Play
    at_last: dict[str, inspection.State]


@pytest.fixture(scope="module")
def power(start_fleet: StartFleet, player: Player) -> Power:
    """Devices that lose their power while the provisioning engine works, and some at other bad moments."""
    lab = start_fleet({"devices": POWER})
    options = joins.options_of_scenario(lab)
    for name in ("never-back", "lost-before-mdm"):
        options[name]["timeout"] = joins.SHORT
    options["long-boot"]["reboot_timeout"] = 4
    hosts = joins.wanted(options)
    before = inspection.states(lab)
    with player.running(lab, [_play()], host_variables=hosts) as run:
        _interfere(lab, run)
        play = run.wait()
    after = inspection.states(lab)
    lab.post("/devices/never-back/power", {"state": "on"})
    wait_until(lambda: inspection.state(lab, "never-back")["join"]["mdm"], "never-back, on again, joins by itself")
    again = player.tasks(lab, [joins.join_task()], hosts="never-back,power-lost,restarted", host_variables=hosts)
    return Power(lab, before, play, after, again, inspection.states(lab))


def _play() -> dict[str, t.Any]:
    return {"hosts": "devices", "gather_facts": False, "tasks": [joins.join_task()]}


def _interfere(lab: RunningLab, run: RunningPlay) -> None:
    for name in ("power-lost", "restarted", "never-back"):
        wait_until(lambda name=name: _engine_works(lab, name), f"the engine of {name} works")
    lab.post("/devices/never-back/power", {"state": "off"})
    lab.post("/devices/power-lost/power", {"state": "off"})
    lab.post("/devices/power-lost/power", {"state": "on"})
    lab.post("/devices/restarted/power", {"state": "restart"})
    wait_until(lambda: "[lost-before-mdm] waiting for the MDM enrollment" in run.output, "enrollment is awaited")
    lab.post("/devices/lost-before-mdm/power", {"state": "off"})


def _engine_works(lab: RunningLab, name: str) -> bool:
    return any(process["name"] == "provtool.exe" for process in inspection.state(lab, name)["processes"])


@pytest.mark.parametrize("name", ["power-lost", "restarted"])
def test_a_device_that_loses_its_power_in_mid_join_is_waited_for(power: Power, name: str) -> None:
    result, dump = power.play.result(name, "join"), power.after[name]
    assert (result["outcome"], result["changed"], result["restarted"]) == ("joined", True, True), result
    assert dump["booted"] > power.before[name]["booted"]
    assert (dump["join"]["type"], inspection.ours(dump)) == ("entra", [])
    # The event comes when a package has been added: that call was cut off, and none followed; the engine went on.
    assert inspection.events(power.lab, name, inspection.PROVISIONING, inspection.INSTALLED) == []
    assert power.again.result(name, "join")["changed"] is False


def test_a_device_that_never_comes_back_is_a_failure_that_says_what_to_do(power: Power) -> None:
    result = power.play.result("never-back", "join")
    assert power.play.status("never-back", "join") == "ignored"
    assert (result["outcome"], result["error"]["name"], result["error"]["side"]) == (
        "failed",
        "connection_lost",
        "network",
    ), result
    assert "run the task again" in result["error"]["fix"]
    assert power.after["never-back"]["join"]["type"] == "none"


def test_a_device_that_is_on_again_is_taken_up_where_it_stands(power: Power) -> None:
    result, dump = power.again.result("never-back", "join"), power.at_last["never-back"]
    assert (result["outcome"], result["changed"]) == ("unchanged", True)
    assert (dump["join"]["type"], inspection.ours(dump)) == ("entra", [])
    # The event comes when a package has been added: that call was cut off, and none followed; the engine went on.
    assert inspection.events(power.lab, "never-back", inspection.PROVISIONING, inspection.INSTALLED) == []


def test_a_device_that_does_not_start_again_in_time_is_joined_and_a_failure(power: Power) -> None:
    result, dump = power.play.result("long-boot", "join"), power.after["long-boot"]
    assert (dump["join"]["type"], dump["online"]) == ("entra", False)
    assert power.play.status("long-boot", "join") == "ignored"
    assert (result["error"]["name"], result["error"]["side"]) == ("not_back_after_restart", "network"), result
    assert (result["changed"], result["changes"][0]["what"]) == (True, "join")


def test_a_device_lost_while_its_enrollment_is_awaited_is_joined_and_a_failure(power: Power) -> None:
    result, dump = power.play.result("lost-before-mdm", "join"), power.after["lost-before-mdm"]
    assert dump["join"]["type"] == "entra"
    assert power.play.status("lost-before-mdm", "join") == "ignored"
    assert (result["error"]["name"], result["changed"]) == ("connection_lost", True), result
    assert result["join"]["type"] == "entra"
