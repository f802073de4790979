# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook is killed after each exchange of a leave in turn; one run more ends every leave.

Each set of options has a fleet of identical devices: the controller dies with the N-th of them when that has executed
its N-th command and nobody has heard the answer. One of each fleet is not disturbed: it is what the others must equal.
"""

from __future__ import annotations

import typing as t

import pytest

from tests.hard_to_leave import HARD
from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.crashes import Crash, Did, Moment, crash
from tests.integration.leaves import INTUNE, Guard, leave_task
from tests.integration.play import Play, Player, wait_until
from tests.lab.process import RunningLab
from tests.lasting import lasting

INTUNE_ISSUER = "CN=Microsoft Intune MDM Device CA"
JOINED = {name: value for name, value in HARD.items() if name != "domain"} | {
    "join": {"type": "entra", "package": "fleet"}
}
#: The first word of what a result calls each step.
CHANGES = {"autojoin": "hybrid", "mdm": "mdm", "leave": "join", "restart": "restart", "clean up": "leftovers"}


class Options(t.NamedTuple):
    """A way to leave a device. ``exchanges`` is how many it takes at least; ``stages`` is what is left to do after one
    step and the next."""

    device: dict[str, t.Any]
    task: dict[str, bool]
    exchanges: int
    stages: tuple[str, ...]


SETS = {
    "hybrid": Options(
        HARD,
        {"stop_hybrid_autojoin": True, "remove_mdm": True, "reboot": True},
        13,
        ("autojoin mdm leave", "mdm leave", "leave", "restart", "clean up"),
    ),
    "entra": Options(JOINED, {"remove_mdm": True, "reboot": True}, 11, ("mdm leave", "leave", "restart", "clean up")),
    "default": Options(JOINED, {}, 6, ("leave", "clean up")),
}
#: Looks at a job or a restart may be some more; how many hangs on the machine.
SPARE = 4
#: By device: its set, and the moment that its controller does not survive.
DEVICES: dict[str, tuple[str, Moment]] = {
    f"{label}-{count:02d}": (label, count)
    for label, options in SETS.items()
    for count in range(1, options.exchanges + SPARE + 1)
}
UNDISTURBED = {label: f"{label}-undisturbed" for label in SETS}
UNHEARD = {label: f"{label}-unheard" for label in SETS}
DEVICES |= {name: (label, None) for label, name in UNDISTURBED.items()}
DEVICES |= {name: (label, Did("job_remove")) for label, name in UNHEARD.items()}


class Crashed(t.NamedTuple):
    """A killed run, the states that it left once all that it had begun was over, a look in check mode, and two more
    runs."""

    lab: RunningLab
    before: dict[str, inspection.State]
    crash: Crash
    found: dict[str, inspection.State]
    checked: Play
    after_check: dict[str, str]
    again: Play
    after: dict[str, inspection.State]
    third: Play
    guard: Guard

    def left_to_do(self, name: str) -> list[str]:
        """What of a leave with the device's options has not been done when the next run comes."""
        found, task = self.found[name], SETS[DEVICES[name][0]].task
        steps = {
            "autojoin": "stop_hybrid_autojoin" in task and not found["autojoin_stopped"],
            "mdm": "remove_mdm" in task and any(item["provider"] == INTUNE for item in found["enrollments"]),
            "leave": any(found["join_parts"].values()),
            "restart": "reboot" in task and found["leave_unfinished"],
        }
        return [step for step, due in steps.items() if due]

    def stage(self, name: str) -> str:
        """How far the leave was when the controller died."""
        return " ".join(self.left_to_do(name)) or ("clean up" if inspection.ours(self.found[name]) else "over")


@pytest.fixture(scope="module")
def crashed(start_fleet: StartFleet, player: Player) -> Crashed:
    """The fleets of all sets, in one lab and the same runs."""
    kinds = {
        label: {"description": label, "device": options.device, "package": "fleet"} for label, options in SETS.items()
    }
    lab = start_fleet(
        {
            "description": "A device for each exchange of each leave.",
            "kinds": kinds,
            "devices": [{"kind": label, "name": name} for name, (label, _moment) in DEVICES.items()],
        }
    )
    hosts = {name: {"want": SETS[label].task} for name, (label, _moment) in DEVICES.items()}
    options = ("stop_hybrid_autojoin", "remove_mdm", "reboot")
    task = leave_task(**{option: f"{{{{ want.{option} | default(omit) }}}}" for option in options})
    before = inspection.states(lab)
    guard = Guard(lab)
    killed = crash(player, lab, task, {name: moment for name, (_label, moment) in DEVICES.items()}, hosts)
    guard.look()
    found = joins.settled(lab)
    checked = player.tasks(lab, [task], "--check", host_variables=hosts)
    after_check = inspection.digests(lab)
    guard.look()
    again = player.tasks(lab, [task], host_variables=hosts)
    guard.look()
    after = joins.settled(lab)
    third = player.tasks(lab, [task], host_variables=hosts)
    guard.look()
    return Crashed(lab, before, killed, found, checked, after_check, again, after, third, guard)


@pytest.mark.parametrize("label", SETS)
def test_the_controller_died_after_every_exchange_of_a_leave(crashed: Crashed, label: str) -> None:
    assert crashed.crash.play.exit_code == -9
    assert crashed.crash.play.result(UNDISTURBED[label], "leave")["outcome"] == "disconnected"
    killed = {name: count for name, count in crashed.crash.killed_after.items() if DEVICES[name][0] == label}
    assert set(killed.values()) >= set(range(1, SETS[label].exchanges + 1))
    assert {crashed.stage(name) for name in killed} - {"over"} == set(SETS[label].stages)


@pytest.mark.parametrize("label", SETS)
def test_the_controller_died_without_hearing_that_all_is_over(crashed: Crashed, label: str) -> None:
    assert crashed.stage(UNHEARD[label]) == "over" and UNHEARD[label] not in crashed.crash.undisturbed


@pytest.mark.parametrize("label", SETS)
def test_an_undisturbed_leave_leaves_what_it_must_and_nothing_of_ours(crashed: Crashed, label: str) -> None:
    task, dump = SETS[label].task, crashed.after[UNDISTURBED[label]]
    assert dump["join"]["type"] == ("domain" if label == "hybrid" else "none")
    assert not any(dump["join_parts"].values()) and inspection.ours(dump) == []
    assert any(item["provider"] == INTUNE for item in dump["enrollments"]) == ("remove_mdm" not in task)
    assert dump["leave_unfinished"] == ("reboot" not in task)
    assert dump["autojoin_stopped"] == ("stop_hybrid_autojoin" in task)


def test_somebody_can_get_in_and_foreign_enrollments_are_whole_wherever_the_controller_died(crashed: Crashed) -> None:
    assert {name for name, dump in crashed.before.items() if dump["local_administrator"]} == set(DEVICES)
    assert {item["provider"] for item in crashed.before["entra-01"]["enrollments"]} >= {"AirWatchMDM", "Fleet", INTUNE}
    assert crashed.guard.broken == [] and crashed.guard.looks == 4


@pytest.mark.parametrize("name", DEVICES)
def test_the_next_run_says_in_check_mode_how_far_the_device_is(crashed: Crashed, name: str) -> None:
    result, parts = crashed.checked.result(name, "leave"), crashed.found[name]["join_parts"].values()
    assert result["join_state"] == ("joined" if all(parts) else "half_left" if any(parts) else "left")
    assert result["outcome"] == ("would_disconnect" if crashed.left_to_do(name) else "unchanged")
    assert crashed.after_check[name] == crashed.found[name]["digest"]


@pytest.mark.parametrize("name", DEVICES)
def test_the_next_run_ends_the_leave_as_if_nothing_had_happened(crashed: Crashed, name: str) -> None:
    assert lasting(crashed.after[name]) == lasting(crashed.after[UNDISTURBED[DEVICES[name][0]]])


@pytest.mark.parametrize("name", DEVICES)
def test_the_next_run_says_what_it_did(crashed: Crashed, name: str) -> None:
    result, left = crashed.again.result(name, "leave"), crashed.left_to_do(name)
    assert crashed.again.status(name, "leave") == "ok", result
    assert (result["outcome"], result["join_state"]) == ("disconnected" if left else "unchanged", "left")
    restarts = "reboot" in SETS[DEVICES[name][0]].task and "leave" in left
    expected = [CHANGES[step] for step in (*left, "restart" if restarts else crashed.stage(name)) if step in CHANGES]
    assert [change["what"].split(" ")[0] for change in result["changes"]] == list(dict.fromkeys(expected))
    assert (result["changed"], result["restarted"]) == (bool(expected), "restart" in expected)


@pytest.mark.parametrize("name", DEVICES)
def test_the_next_run_still_knows_what_the_device_was(crashed: Crashed, name: str) -> None:
    before, record = crashed.before[name], crashed.again.result(name, "leave")["record"]
    if crashed.stage(name) == "over":
        assert (record["device_id"], record["join_type"]) == (None, crashed.found[name]["join"]["type"])
        return
    intune = next(item["subject"] for item in before["certificates"] if item["issuer"] == INTUNE_ISSUER)
    assert (record["device_id"], record["tenant_id"], f"CN={record['intune_device_id']}") == (
        before["join"]["device_id"],
        before["join"]["tenant_id"],
        intune,
    )


def test_a_run_after_that_changes_nothing(crashed: Crashed) -> None:
    assert {name: counts["changed"] for name, counts in crashed.third.recap.items()} == dict.fromkeys(DEVICES, 0)
    assert {result["outcome"] for result in crashed.third.results("leave").values()} == {"unchanged"}
    assert inspection.digests(crashed.lab) == {name: dump["digest"] for name, dump in crashed.after.items()}


# --- the work goes on -------------------------------------------------------------------------------------------------

# The registry is gone; the certificate and the keys stay until the test says so. Its job has ten minutes of the device.
SPEED = "2"
SLOW = JOINED | {"leave": {"held": True}}
# After the look and the proof.
START = 3


def test_a_leave_that_goes_on_without_its_controller_is_waited_for_and_not_done_twice(
    start_fleet: StartFleet, player: Player
) -> None:
    kinds = {"slow": {"description": "leaves slowly", "device": SLOW, "package": "fleet"}}
    lab = start_fleet({"description": "One.", "kinds": kinds, "devices": [{"kind": "slow", "name": "one"}]}, SPEED)
    before, guard = inspection.state(lab, "one"), Guard(lab)
    task = leave_task()
    with guard:
        crash(player, lab, task, {"one": START}, {})
        wait_until(lambda: not inspection.state(lab, "one")["join_parts"]["registry"], "the leave is half done")
        checked = player.tasks(lab, [task], "--check").result("one", "leave")
        with player.running(lab, [{"hosts": "one", "gather_facts": False, "tasks": [task]}]) as run:
            wait_until(lambda: "waiting for what an earlier run has started" in run.output, "the next run waits")
            lab.post("/devices/one/hurry")
            result = run.wait().result("one", "leave")
    assert guard.broken == []
    assert (checked["join_state"], checked["outcome"]) == ("half_left", "would_disconnect")
    assert (result["join_state"], result["outcome"], result["changed"]) == ("left", "disconnected", True), result
    assert "earlier run" in [phase["name"] for phase in result["phases"]]
    assert (result["record"]["device_id"], result["record"]["tenant_id"]) == (
        before["join"]["device_id"],
        before["join"]["tenant_id"],
    )
    assert len([line for line in lab.commands() if "dsregcmd_leave" in line["changing"]]) == 1
    after = inspection.state(lab, "one")
    assert not any(after["join_parts"].values()) and inspection.ours(after) == []
