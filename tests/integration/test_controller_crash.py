# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook is killed in the middle of joins: the next run takes them up and applies nothing twice."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player, wait_until
from tests.lab.process import RunningLab

# The second run finds, in this order: the device joined; the job and the engine at work; the job at its end, as the
# cmdlet gave up, while the engine still works; an engine whose first attempts have failed and that waits for its retry;
# and nothing but the copied package, as the answer to its copying takes long. An engine works until the test has seen
# that the second run waits for it.
DEVICES: dict[str, dict[str, t.Any]] = {
    "joined-meanwhile": {},
    "job-running": {"engine": {"seconds": 86400, "cmdlet_limit": 3600}},
    "engine-running": {"engine": {"seconds": 86400, "cmdlet_limit": 30}},
    "engine-waiting": {"engine": {"failures": [{"hresult": 0xCAA50021, "times": 4}], "retry_delays": [86400]}},
    "copied-only": {"faults": [{"kind": "slow_receive", "skip": 2, "seconds": 120}]},
}
KILLED_WHILE_COPYING = "copied-only"
AT_WORK = ("job-running", "engine-running")
# The time limit of the job, 15 minutes of the device, is not to pass meanwhile.
SPEED = "6"


class Crash(t.NamedTuple):
    """Killed runs, the states that the next run found, and what it made of them."""

    lab: RunningLab
    killed: Play
    found: dict[str, inspection.State]
    again: Play
    after: dict[str, inspection.State]
    third: Play


@pytest.fixture(scope="module")
def crash(start_fleet: StartFleet, player: Player) -> Crash:
    """Two runs killed, one when every job has been started, one before its job is; then a run over all devices."""
    lab = start_fleet(
        {"devices": [{"kind": "unjoined_pro", "name": name, "device": device} for name, device in DEVICES.items()]},
        SPEED,
    )
    hosts = joins.wanted(joins.options_of_scenario(lab))
    jobs = [name for name in DEVICES if name != KILLED_WHILE_COPYING]
    play = {"gather_facts": False, "tasks": [joins.join_task()]}
    with player.running(lab, [play | {"hosts": ",".join(jobs)}], host_variables=hosts) as run:
        wait_until(lambda: _have_done(lab, "job_start") >= set(jobs), "every job is started")
        run.kill()
        killed = run.wait()
    with player.running(lab, [play | {"hosts": KILLED_WHILE_COPYING}], host_variables=hosts) as run:
        wait_until(lambda: _copies(lab, inspection.state(lab, KILLED_WHILE_COPYING)), "the package is being copied")
        run.kill()
    # The file is there before the slow answer is asked for: who was killed in between has left it to the next run.
    inspection.clear_faults(lab, KILLED_WHILE_COPYING)
    wait_until(lambda: inspection.state(lab, "joined-meanwhile")["join"]["mdm"], "a device joins by itself")
    wait_until(lambda: "done" in inspection.state(lab, "engine-running")["jobs"].values(), "a job ends by itself")
    wait_until(lambda: "done" in inspection.state(lab, "engine-waiting")["jobs"].values(), "a job fails by itself")
    found = inspection.states(lab)
    with player.running(lab, [play | {"hosts": "devices"}], host_variables=hosts) as run:
        wait_until(
            lambda: all(f"[{name}] waiting for the join" in run.output for name in AT_WORK), "both are waited for"
        )
        for name in AT_WORK:
            lab.post(f"/devices/{name}/hurry")
        again = run.wait()
    after = joins.settled(lab)
    third = player.tasks(lab, [joins.join_task()], host_variables=hosts)
    return Crash(lab, killed, found, again, after, third)


def _have_done(lab: RunningLab, operation: str) -> set[str]:
    return {line["device"] for line in lab.commands() if operation in line["operations"]}


def _copies(lab: RunningLab, dump: inspection.State) -> list[str]:
    return inspection.copies(dump, inspection.package_file(lab, "fleet"))


def _installations(crash: Crash, name: str) -> int:
    return len(inspection.events(crash.lab, name, inspection.PROVISIONING, inspection.INSTALLED))


def test_the_controller_was_killed_in_the_middle_of_joins(crash: Crash) -> None:
    assert (crash.killed.exit_code, crash.killed.lines, crash.killed.recap) == (-9, [], {})
    engine = {
        name: [p["name"] for p in dump["processes"] if p["name"] == "provtool.exe"]
        for name, dump in crash.found.items()
    }
    jobs = {name: list(dump["jobs"].values()) for name, dump in crash.found.items()}
    assert jobs == {
        "joined-meanwhile": ["done"],
        "job-running": ["running"],
        "engine-running": ["done"],
        "engine-waiting": ["done"],
        "copied-only": [],
    }
    assert len(_copies(crash.lab, crash.found["copied-only"])) == 1
    assert [name for name, found in engine.items() if found] == list(AT_WORK)
    assert [name for name, dump in crash.found.items() if dump["join"]["type"] == "entra"] == ["joined-meanwhile"]


@pytest.mark.parametrize("name", DEVICES)
def test_the_next_run_ends_with_a_joined_device(crash: Crash, name: str) -> None:
    result, dump = crash.again.result(name, "join"), crash.after[name]
    assert crash.again.status(name, "join") == "ok", result
    assert (dump["join"]["type"], dump["join"]["mdm"]) == ("entra", True)
    assert result["outcome"] == ("unchanged" if name == "joined-meanwhile" else "joined")


@pytest.mark.parametrize("name", ["joined-meanwhile", "job-running", "engine-running", "copied-only"])
def test_a_package_that_is_being_applied_is_not_applied_twice(crash: Crash, name: str) -> None:
    assert _installations(crash, name) == 1
    assert len(inspection.events(crash.lab, name, inspection.REGISTRATION, inspection.REGISTERED)) == 1


def test_a_package_that_failed_is_applied_again_without_waiting_for_the_engines_retry(crash: Crash) -> None:
    assert _installations(crash, "engine-waiting") == 2
    assert len(inspection.events(crash.lab, "engine-waiting", inspection.REGISTRATION, inspection.REGISTERED)) == 1


@pytest.mark.parametrize("name", DEVICES)
def test_the_next_run_cleans_up_for_both(crash: Crash, name: str) -> None:
    assert inspection.ours(crash.after[name]) == []
    assert _copies(crash.lab, crash.after[name]) == []
    assert crash.again.result(name, "join")["changed"] is True


def test_a_run_after_that_changes_nothing(crash: Crash) -> None:
    assert {name: counts["changed"] for name, counts in crash.third.recap.items()} == dict.fromkeys(DEVICES, 0)
