# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that dies after each exchange of a task in turn, each time with another device.

A crash is a run in which device number N executes its N-th command and the answer to it never arrives; once that is so
of every device, ansible-playbook is killed. Nothing depends on how fast a test can kill.
"""

from __future__ import annotations

import collections
import typing as t

from tests.integration import inspection
from tests.integration.play import PATIENCE, Play, Player, RunningPlay, wait_until
from tests.lab.process import RunningLab

HELD_SECONDS = PATIENCE
# More lost answers than a client asks for again until it is killed.
FOR_GOOD = 1000


class Said(t.NamedTuple):
    """The moment at which the run has printed a text."""

    text: str


class Did(t.NamedTuple):
    """The moment at which the device has done an operation of the vocabulary."""

    operation: str


#: When a controller dies: after so many exchanges with the device, or at a moment. None: not at all.
Moment = int | Said | Did | None


class Crash(t.NamedTuple):
    """A killed run. ``killed_after``: by device the number of its last exchange, of which the controller never heard,
    where a number was asked for; ``undisturbed``: the devices that had come to the end of the task before."""

    play: Play
    killed_after: dict[str, int]
    undisturbed: list[str]


def crash(
    player: Player,
    lab: RunningLab,
    task: dict[str, t.Any],
    moments: t.Mapping[str, Moment],
    host_variables: dict[str, dict],
) -> Crash:
    """Run a task and kill it when each device has come to its moment in ``moments``, or to the task's end before. None
    of its controllers hears of the last exchange, as if it had died before the answer came."""
    counts = {name: moment for name, moment in moments.items() if isinstance(moment, int)}
    said = {name: moment for name, moment in moments.items() if isinstance(moment, Said)}
    held = [name for name, moment in moments.items() if moment is not None]
    for name, moment in moments.items():
        if isinstance(moment, int):
            _hold(lab, name, {"skip": moment - 1})
        elif isinstance(moment, Did):
            _hold(lab, name, {"once": moment.operation})
    play = {"hosts": ",".join(moments), "gather_facts": False, "tasks": [task]}
    with player.running(
        lab,
        [play],
        "--forks",
        str(len(moments)),
        host_variables=host_variables,
        variables={"ansible_winrm_read_timeout_sec": HELD_SECONDS},
    ) as run:
        for name, moment in said.items():
            wait_until(lambda text=moment.text: text in run.output, f"the run says {moment.text!r}")
            _hold(lab, name, {})
        wait_until(lambda: set(moments) == _held(lab, held) | _ended(run, task), "all are held or done")
        run.kill()
        killed, undisturbed = run.wait(), sorted(_ended(run, task))
    killed_after = {name: count for name, count in counts.items() if name not in undisturbed}
    # The recording of a command comes with its end and that of its connection.
    wait_until(lambda: _have_done(lab, killed_after), "the last command of each is at its end")
    for name in held:
        inspection.clear_faults(lab, name)
    return Crash(killed, killed_after, undisturbed)


def _hold(lab: RunningLab, name: str, first: dict[str, t.Any]) -> None:
    for fault in (first, {"times": FOR_GOOD}):
        lab.post(f"/devices/{name}/faults", {"kind": "slow_receive", "seconds": HELD_SECONDS, **fault})


def _held(lab: RunningLab, names: t.Iterable[str]) -> set[str]:
    return {name for name in names if inspection.pending_faults(lab, name)["slow_receive"] <= FOR_GOOD}


def _ended(run: RunningPlay, task: dict[str, t.Any]) -> set[str]:
    return set(Play(0, "", run.directory).results(task["name"]))


def _have_done(lab: RunningLab, counts: dict[str, int]) -> bool:
    done = collections.Counter(line["device"] for line in lab.commands())
    return all(done[name] >= count for name, count in counts.items())
