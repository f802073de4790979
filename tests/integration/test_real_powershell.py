# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices whose PowerShell is a real one, over winrm, psrp and ssh: joined, looked at, and disconnected.

Their state is read over the control API. One run of Ansible serves all of them. An exchange takes seconds, so each way
does a part of it, and all of it with WINOPS_REAL_POWERSHELL=all (make real-powershell).
"""

from __future__ import annotations

import contextlib
import os
import typing as t

import pytest

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player, Tasks
from tests.integration.test_join import PSRP
from tests.lab.powershell import real, sshd
from tests.lab.process import RunningLab

pytestmark = pytest.mark.skipif(real.program() is None, reason="there is no PowerShell (pwsh) on PATH")

#: Slower than elsewhere: a PowerShell takes a real second to start, and that must not be minutes of the device.
SPEED = "20"
JOIN, FACTS, LEAVE = "join", "facts", "leave"
ALL = (JOIN, FACTS, LEAVE)
SAMPLE = {"winrm": (JOIN, FACTS), "psrp": (LEAVE,), "ssh": (FACTS,)}
STEPS = dict.fromkeys(SAMPLE, ALL) if os.environ.get("WINOPS_REAL_POWERSHELL") == "all" else SAMPLE
NO_SSHD = pytest.mark.skipif(sshd.program() is None, reason="there is no sshd on this machine")


def ways(step: str | None = None) -> list:
    """The ways over which a step is done, as parameters of a test; all of them without a step."""
    marks = {"ssh": [NO_SSHD]}
    return [
        pytest.param(way, marks=marks.get(way, [])) for way, steps in STEPS.items() if step is None or step in steps
    ]


#: Real seconds; a busy machine takes ten for a look.
WAITING = {"poll_interval": 3, "timeout": 200}
PLAY_SECONDS = 500


class Story(t.NamedTuple):
    """The run, and the lab it was made against."""

    lab: RunningLab
    play: Play

    def state(self, way: str, task: str) -> inspection.State:
        return self.play.state(way, task)


@pytest.fixture(scope="module")
def story(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Story]:
    """A join with the package of the controller, facts, and a leave; the state after each."""
    served = [way for way in STEPS if way != "ssh" or sshd.program() is not None]
    devices = [
        {
            "kind": "unjoined_pro" if JOIN in STEPS[way] else "joined",
            "name": way,
            "device": {"powershell": "real"},
            "variables": {"steps": list(STEPS[way]), **(PSRP if way == "psrp" else {})},
        }
        for way in served
    ]
    lab = start_fleet({"devices": devices}, SPEED)
    with contextlib.ExitStack() as servers:
        host_variables = {
            way: servers.enter_context(sshd.serving(lab.ready["control"], way, tmp_path_factory.mktemp("sshd")))
            for way in served
            if way == "ssh"
        }
        playbook = [{"hosts": "devices", "gather_facts": False, "tasks": tasks(lab)}]
        with player.running(lab, playbook, host_variables=host_variables) as run:
            yield Story(lab, run.wait(PLAY_SECONDS))


def tasks(lab: RunningLab) -> Tasks:
    """The tasks. A failure does not end the play for the others."""
    join = {
        "src": str(inspection.package_file(lab, "fleet")),
        "tenant_id": inspection.tenant_id(lab),
        "expect_mdm": False,
        **WAITING,
    }
    return [
        {"name": "join", "winops.entra.join": join, "when": "'join' in steps"},
        {"name": "joined", "lab_state": {}},
        {"name": "facts", "winops.entra.device_facts": {}, "when": "'facts' in steps"},
        {"name": "leave", "winops.entra.disconnect": {"reboot": False, **WAITING}, "when": "'leave' in steps"},
        {"name": "left", "lab_state": {}},
    ]


@pytest.mark.parametrize("way", ways(JOIN))
def test_a_join_joins_the_device(story: Story, way: str) -> None:
    result, state = story.play.result(way, "join"), story.state(way, "joined")
    assert (result["changed"], result["outcome"]) == (True, "joined")
    told = result["ansible_facts"]["entra"]["join"]["device_id"]
    assert (state["join"]["type"], state["join"]["device_id"]) == ("entra", told)
    assert inspection.ours(state) == []


@pytest.mark.parametrize("way", ways(FACTS))
def test_facts_are_those_of_the_device(story: Story, way: str) -> None:
    join = story.play.result(way, "facts")["ansible_facts"]["entra"]["join"]
    assert (join["type"], join["device_id"]) == ("entra", story.state(way, "joined")["join"]["device_id"])


@pytest.mark.parametrize("way", ways(LEAVE))
def test_a_leave_leaves_nothing_behind(story: Story, way: str) -> None:
    state = story.state(way, "left")
    assert (story.play.result(way, "leave")["changed"], state["join"]["type"]) == (True, "none")
    assert inspection.ours(state) == []


@pytest.mark.parametrize("way", ways())
def test_the_commands_were_run_by_a_powershell(story: Story, way: str) -> None:
    assert (story.lab.out / "powershell" / way / "C" / "ProgramData").is_dir()
    assert (way in {command["device"] for command in story.lab.commands()}) is (way != "ssh")
