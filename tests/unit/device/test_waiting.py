# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting ends: by an answer, by the deadline, or because there is no hope. It is never silent for long."""

from __future__ import annotations

import contextlib

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device import waiting
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import ConnectionLost
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Progress

from .scripted import Clock, ScriptedDevice

LOOK = {"engine": op.processes("provtool.exe")}


def waiter(device, clock, seconds=100, interval=10, show=lambda _line: None):
    return waiting.Waiter(device.session(), Progress(show, clock), interval, clock.deadline(seconds))


def test_the_first_satisfying_answer_ends_the_wait():
    device, clock = ScriptedDevice(), Clock()
    answers = iter([[], [], [{"name": "provtool.exe", "pid": 4}]])
    device.handlers["processes"] = lambda _p: {"processes": next(answers)}
    answer = waiter(device, clock).until(LOOK, lambda a: a["engine"].value["processes"], "waiting")
    assert answer["engine"].value["processes"][0]["pid"] == 4
    assert clock.now == 20


def test_the_deadline_ends_the_wait_after_one_last_look():
    device, clock = ScriptedDevice(), Clock()
    assert waiter(device, clock, seconds=25).until(LOOK, lambda _a: False, "waiting") is None
    assert clock.now == 25
    assert device.requests == 4  # at 0, 10, 20 and, last, at 25


def test_a_lost_connection_does_not_end_the_wait():
    device, clock = ScriptedDevice(), Clock()
    device.lose = 3
    wait = waiter(device, clock)
    assert wait.until(LOOK, lambda _a: True, "waiting") is not None
    assert wait.connections_lost == 3 and clock.now == 30


def test_a_device_that_never_answers_again_ends_with_its_last_error():
    device, clock = ScriptedDevice(), Clock()
    device.lose = 1000
    with pytest.raises(ConnectionLost, match="the network is gone"):
        waiter(device, clock).ask(LOOK, "waiting")
    assert clock.now == 100


def test_progress_is_shown_at_once_and_every_thirty_seconds():
    device, clock, lines = ScriptedDevice(), Clock(), []
    waiter(device, clock, seconds=95, show=lines.append).until(LOOK, lambda _a: False, "waiting for rain")
    assert lines == [f"waiting for rain ({seconds} s of at most 95 s)" for seconds in (0, 30, 60, 90)]


@pytest.mark.parametrize("interval", [7, 20, 29, 31, 45, 120, 600])
@pytest.mark.parametrize("answers", [True, False], ids=["not yet", "no answer"])
def test_it_is_never_silent_for_more_than_thirty_seconds(interval, answers):
    device, clock, said = ScriptedDevice(), Clock(), []
    device.lose = 0 if answers else 10_000
    wait = waiter(device, clock, seconds=700, interval=interval, show=lambda _line: said.append(clock.now))
    with contextlib.suppress(ConnectionLost):
        wait.until(LOOK, lambda _a: False, "waiting")
    assert clock.now == 700 and device.requests == len({*range(0, 700, interval), 700})
    assert max(after - before for before, after in zip(said, [*said[1:], 700])) <= 30


def test_a_reason_to_give_up_passes_through():
    def hopeless(_answer):
        raise RuntimeError("no hope")

    with pytest.raises(RuntimeError):
        waiter(ScriptedDevice(), Clock()).until(LOOK, hopeless, "waiting")
