# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An exchange ends, whatever the device does: by its own bound or the task's, and as a lost connection.

What is interrupted here would sleep for a minute: a test that is too slow has found a fault.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device import session, watch
from ansible_collections.winops.entra.plugins.plugin_utils.device.waiting import Waiter
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Deadline, Progress

from .scripted import ScriptedDevice

SOON, LONG = 0.05, 60


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Every bound is short."""
    monkeypatch.setattr(session, "EXCHANGE_SECONDS", SOON)
    monkeypatch.setattr(session, "LEAST_SECONDS", SOON)
    monkeypatch.setattr(watch, "GRACE_SECONDS", SOON)


def silent(wait, check_mode: bool = False) -> session.DeviceSession:
    """The session with a device that takes the request; ``wait`` is what the connection plugin then does."""
    made = ScriptedDevice().session(check_mode)
    made._execute = lambda *_args: wait()
    return made


def sleeping() -> None:
    time.sleep(LONG)


def recovering() -> None:
    """What connection plugins do with what they take for a broken request, and at the end."""
    try:
        try:
            time.sleep(LONG)
        except OSError:  # what Ansible takes for a broken request
            time.sleep(LONG)
    finally:
        time.sleep(LONG)


@pytest.mark.parametrize("wait", [sleeping, recovering])
def test_a_device_that_never_answers_is_a_lost_connection_and_is_asked_once(wait):
    asked = []
    broken = silent(lambda: asked.append(1) or wait())
    with pytest.raises(session.ConnectionLost, match="no answer within"):
        broken.run({"a": op.dsregcmd_status()})
    assert (len(asked), broken.lost, broken.exchanges) == (1, True, 0)
    assert signal.getsignal(signal.SIGURG) == signal.SIG_DFL


def test_the_next_exchange_begins_on_a_fresh_connection():
    device = ScriptedDevice()
    talking = device.session()
    talking._execute = lambda *_args: sleeping()
    with pytest.raises(session.ConnectionLost):
        talking.run({"a": op.dsregcmd_status()})
    talking._execute = device.execute
    assert talking.run({"a": op.dsregcmd_status()})["a"].ok and device.resets == 1


def test_what_is_waited_for_ends_with_its_deadline(monkeypatch):
    monkeypatch.setattr(session, "EXCHANGE_SECONDS", LONG)
    waiter = Waiter(silent(sleeping), Progress(lambda _line: None), 1, Deadline(SOON))
    with pytest.raises(session.ConnectionLost, match="no answer within"):
        waiter.ask({"a": op.dsregcmd_status()}, "asking")


def test_a_copy_that_never_ends_is_not_begun_again():
    copied = []
    device = ScriptedDevice()
    device.connection.put_file = lambda source, destination: copied.append(source) or sleeping()
    with pytest.raises(session.ConnectionLost):
        device.session().put_file("a", "b")
    assert copied == ["a"]


def test_the_time_that_an_operation_may_take_is_its_own():
    assert session._own_time({"a": op.system_probe([], 40), "b": op.endpoints([], 10), "c": op.dsregcmd_status()}) == 50


def test_a_program_of_the_connection_is_ended_with_it():
    program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    def wait():
        process = program
        time.sleep(LONG)
        process.communicate()

    with pytest.raises(session.ConnectionLost):
        silent(wait).run({"a": op.dsregcmd_status()})
    assert program.wait(LONG) != 0


def test_a_program_that_is_just_being_started_is_ended_once_it_is(monkeypatch):
    woken, started, wake = threading.Event(), [], watch.Watch._wake

    def woke(*args):
        woken.set()
        wake(*args)

    monkeypatch.setattr(watch.Watch, "_wake", woke)

    class Slow(subprocess.Popen):
        def _execute_child(self, *args, **kwargs):
            assert woken.wait(LONG)
            started.append(self)
            super()._execute_child(*args, **kwargs)

    def wait():
        process = Slow([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        time.sleep(LONG)
        process.communicate()

    with pytest.raises(session.ConnectionLost):
        silent(wait).run({"a": op.dsregcmd_status()})
    assert started[0].wait(LONG) != 0


def test_a_program_of_somebody_else_is_not():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with pytest.raises(session.ConnectionLost):
            silent(sleeping).run({"a": op.dsregcmd_status()})
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_ansibles_own_timeout_ends_the_task_as_before(monkeypatch):
    monkeypatch.setattr(session, "EXCHANGE_SECONDS", LONG)

    class TaskTimeout(BaseException):
        pass

    def ring(*_args):
        raise TaskTimeout

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, SOON)
    try:
        with pytest.raises(TaskTimeout):
            silent(sleeping).run({"a": op.dsregcmd_status()})
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_message_to_ansibles_main_process_is_not_torn():
    scope: dict = {"__name__": "multiprocessing.queues", "time": time}
    exec("def put(done):\n    time.sleep(0.3)\n    done.append(1)", scope)
    done: list[int] = []
    with pytest.raises(session.ConnectionLost):
        silent(lambda: (scope["put"](done), sleeping())).run({"a": op.dsregcmd_status()})
    assert done == [1]


def test_a_signal_that_comes_late_interrupts_nobody():
    watched = watch.Watch(0, lambda _seconds: None)
    watched.start()
    watched.stop()
    watched._wake(signal.SIGURG, None)


def test_a_thread_is_not_interrupted_and_says_so_all_the_same():
    said = []

    def work():
        watched = watch.Watch(0, said.append, every=0)
        watched.start()
        while not said:
            time.sleep(0.01)
        watched.stop()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(LONG)
    assert not thread.is_alive() and said


def test_it_counts_the_silence_before_the_exchange():
    said: list[float] = []
    watched = watch.Watch(LONG, said.append, every=LONG, silence=LONG)
    watched.start()
    while not said:
        time.sleep(0.01)
    watched.stop()
    assert said[0] < LONG


def test_it_says_what_it_waits_for(monkeypatch):
    monkeypatch.setattr(watch.Watch.__init__, "__defaults__", (0.01, 0.0))
    monkeypatch.setattr(session, "EXCHANGE_SECONDS", LONG)
    said: list[str] = []

    def wait():
        while not said:
            time.sleep(0.01)
        raise OSError("enough")

    talking = silent(wait)
    talking._show = said.append
    asked = {"a": op.registry_read("x"), "b": op.registry_read("y"), "c": op.dsregcmd_status(), "d": op.bitlocker()}
    with pytest.raises(session.ConnectionLost):
        talking.run({**asked, "e": op.processes("x")})
    assert said[0].startswith(
        "waiting for the device's answer to registry_read, dsregcmd_status, bitlocker and 1 more ("
    )
    assert said[0].endswith(f"s of at most {LONG} s)")
