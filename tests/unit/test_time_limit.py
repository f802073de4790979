# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keyword timeout ends a task, and what it had done until then is told.

What is interrupted here would sleep for a minute: a test that is too slow has found a fault.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
import types

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import result, task, time_limit
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Deadline
from ansible_collections.winops.entra.plugins.plugin_utils.result import ChangeSet, Failure, Phases
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
from ansible_collections.winops.entra.plugins.plugin_utils.time_limit import TaskTimeUp, TimeLimit

LONG = 60
#: Of the real clock, until Ansible's alarm goes off.
SOON = 0.05


class AnsiblesOwn(BaseException):
    """What Ansible's handler raises."""


@pytest.fixture(autouse=True)
def ansible(monkeypatch):
    """The alarm is set and handled as Ansible does it around an action plugin, and is not left behind."""
    monkeypatch.setattr(time_limit, "GRACE_SECONDS", SOON)
    monkeypatch.setattr(time_limit, "AGAIN_SECONDS", SOON)

    def handle(_number, _frame):
        raise AnsiblesOwn

    before = signal.signal(signal.SIGALRM, handle)
    yield handle
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def alarm() -> None:
    signal.setitimer(signal.ITIMER_REAL, SOON)


def working(a_task: Task) -> dict:
    """Work that has done something, and waits for more."""
    a_task.phases = Phases()
    a_task.learned["outcome"] = "refused"
    with a_task.phases.phase("look"):
        a_task.changes.add("disk", "old", "new")
    a_task.learned["outcome"] = "failed"
    a_task.progress.say("waiting for the package to be applied", Deadline(LONG))
    with a_task.phases.phase("apply"), a_task.changes.attempt([("package", None, "p1")]):
        a_task.changes.add("package", None, "p1")
        alarm()
        time.sleep(LONG)
    raise AssertionError("nothing has ended it")


def test_what_was_done_is_told_with_phases_changes_and_cause(ansible):
    found = task.perform(Task({}, False), [], working, {"outcome": "refused"}, True, seconds=5)
    assert (found["failed"], found["changed"], found["outcome"]) == (True, True, "failed")
    assert found["changes"] == [
        {"what": "disk", "before": "old", "after": "new"},
        {"what": "package", "before": None, "after": result.NOT_SEEN},
    ]
    assert found["diff"]["after"] == {"disk": "new", "package": result.NOT_SEEN}
    assert [phase["name"] for phase in found["phases"]] == ["look", "apply"]
    assert found["timedout"] == {"period": 5}
    error = found["error"]
    assert (error["name"], error["side"]) == ("task_timed_out", "controller")
    assert "5 s" in error["cause"] and "waiting for the package to be applied" in error["cause"]
    assert "timed out" in found["msg"] and "option timeout" in error["fix"]
    assert signal.getsignal(signal.SIGALRM) is ansible


def test_a_work_that_had_not_begun_is_not_called_refused():
    def slow(_task: Task) -> dict:
        alarm()
        time.sleep(LONG)
        return {}

    found = task.perform(Task({}, False), [], slow, {"outcome": "refused", "phases": []}, seconds=5)
    assert (found["outcome"], found["changed"], found["changes"]) == ("failed", False, [])


def test_an_alarm_after_the_work_takes_nothing_away(ansible):
    with TimeLimit(5):
        signal.setitimer(signal.ITIMER_REAL, SOON)
    time.sleep(4 * SOON)
    assert signal.getsignal(signal.SIGALRM) is ansible
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_failure_within_the_time_stays_that_failure():
    def failing(_task: Task) -> dict:
        raise Failure("it failed", side="device", name="broken")

    found = task.perform(Task({}, False), [], failing, {}, seconds=5)
    assert found["error"]["name"] == "broken" and "timedout" not in found


@pytest.mark.parametrize("seconds", [None, 0])
def test_without_the_keyword_the_signal_stays_ansibles(ansible, seconds):
    with TimeLimit(seconds):
        assert signal.getsignal(signal.SIGALRM) is ansible


def test_what_tidies_up_and_never_ends_is_interrupted_too():
    with pytest.raises(TaskTimeUp), TimeLimit(5):
        alarm()
        try:
            time.sleep(LONG)
        finally:
            time.sleep(LONG)


def test_what_a_worker_says_to_ansible_is_not_torn():
    said = []
    space = {"__name__": "ansible.utils.display", "said": said, "time": time, "pause": 4 * SOON}
    exec(
        "def show():\n    end = time.monotonic() + pause\n    while time.monotonic() < end: pass\n    said.append(1)",
        space,
    )
    with pytest.raises(TaskTimeUp), TimeLimit(5):
        alarm()
        space["show"]()
        time.sleep(LONG)
    assert said == [1]


def test_a_program_that_is_waited_for_is_ended():
    program = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({LONG})"])

    def wait(started: subprocess.Popen) -> None:
        started.wait()

    with contextlib.suppress(TaskTimeUp), TimeLimit(5):
        alarm()
        wait(program)
    assert program.wait(LONG) == -signal.SIGTERM


def test_what_nobody_saw_the_end_of_is_not_said_to_be_done():
    changes = ChangeSet()
    changes.add("join", "none", "entra")
    with pytest.raises(TaskTimeUp), changes.attempt():
        raise TaskTimeUp
    changes.add("other", 1, 2)
    with pytest.raises(KeyError), changes.attempt():
        raise KeyError
    assert changes.as_result(False)["changes"] == [
        {"what": "join", "before": "none", "after": result.NOT_SEEN},
        {"what": "other", "before": 1, "after": 2},
    ]


def test_frames_beyond_the_owner_are_not_looked_at():
    """Ansible's executor is always below an action plugin: it must not count as what may not be torn."""
    owner = types.SimpleNamespace(f_back=None, f_code=None, f_globals={"__name__": "ansible.executor.x"}, f_locals={})
    inner = types.SimpleNamespace(f_back=owner, f_code=None, f_globals={"__name__": "plugin"}, f_locals={})
    assert time_limit.interrupted(inner, owner) is True
    assert time_limit.interrupted(inner, None) is False
