# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that set their clock in the middle of a task: what has happened since it began is told by record numbers."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device import shapes
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis import logs
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining import join, mdm_wait

from . import scripted, test_joining, test_leaving, test_mdm_state, test_waits_end
from .leavers import Leaver
from .plans import join_plan
from .played import Played
from .scripted import ScriptedDevice

OLD, NEW = "AADSTS700082: The refresh token has expired", "AADSTS50034: the user is not there"
NEWEST_OLD = 41
#: What a clock says after the task has begun at scripted.UTC.
SET = {
    "back": "2026-11-21T02:00:00.000Z",
    "by years": "2019-01-01T00:00:00.000Z",
    "on": "2031-01-01T00:00:00.000Z",
}
#: When the clock says that things happened which were before the task.
BEFORE = ("2026-11-20T08:00:00.000Z", "2026-11-23T08:00:00.000Z")


class Log:
    """Events as Windows keeps them: by record numbers, whatever the clock says."""

    def __init__(self) -> None:
        self.events: list[dict] = []

    def write(self, number: int, utc: str, text: str) -> None:
        record = self.events[-1]["record"] + 1 if self.events else NEWEST_OLD
        event = {"id": number, "level": 2, "record": record, "utc": utc, "provider": "x", "data": [text]}
        self.events.append(event | {"message": None})

    def read(self, p: dict) -> dict:
        found = [
            event
            for event in reversed(self.events)
            if (not p["ids"] or event["id"] in p["ids"])
            and event["utc"] >= p.get("since", "")
            and event["record"] > p.get("after", 0)
        ]
        return {"log_exists": True, "events": found[: p["limit"]]}


def with_log(device: ScriptedDevice, log: str, number: int, before: str, clock: str) -> None:
    """Give a device a failure of before, and one after its first answer, when it has set its clock."""
    kept = Log()
    kept.write(number, before, OLD)
    start = device.handlers["job_start"]

    def begin(params):
        device.identity["utc"] = clock
        kept.write(number, clock, NEW)
        return start(params)

    nothing = {"log_exists": True, "events": []}
    device.handlers |= {"job_start": begin, "events": lambda p: kept.read(p) if p["log"] == log else nothing}


def evidence(failure) -> list[str]:
    return [text for item in failure.error["evidence"] for text in item.get("data") or []]


@pytest.mark.parametrize("clock", SET.values(), ids=list(SET))
@pytest.mark.parametrize("before", BEFORE)
def test_a_join_tells_what_has_failed_in_it_and_nothing_else(monkeypatch, clock, before):
    device = test_joining.Story(joins_after=None)
    with_log(device, logs.REGISTRATION_LOG, 304, before, clock)
    _join, failure = test_joining.run(device, monkeypatch)
    assert failure.error["code"] == "AADSTS50034" and evidence(failure) == [NEW]


@pytest.mark.parametrize("clock", SET.values(), ids=list(SET))
@pytest.mark.parametrize("before", BEFORE)
def test_an_enrollment_tells_what_has_failed_in_it_and_nothing_else(monkeypatch, clock, before):
    device = Leaver()
    device.offer_mdm()
    device.enrolls = False
    with_log(device, logs.ENROLLMENT_LOG, 76, before, clock)
    _run, failure = test_mdm_state.run(device, monkeypatch)
    assert failure.error["code"] == "AADSTS50034" and evidence(failure) == [NEW]


@pytest.mark.parametrize("clock", SET.values(), ids=list(SET))
@pytest.mark.parametrize("before", BEFORE)
def test_a_leave_tells_what_has_failed_in_it_and_nothing_else(monkeypatch, clock, before):
    device = Leaver()
    device.leaves = "not"
    with_log(device, logs.REGISTRATION_LOG, 239, before, clock)
    _run, failure = test_leaving.run(device, monkeypatch)
    assert failure.error["name"] == "not_left" and NEW in evidence(failure) and OLD not in evidence(failure)


@pytest.mark.parametrize("seconds", [-240, 240])
def test_a_join_of_the_lab_that_fails_is_explained_whatever_its_clock_does(tmp_path, monkeypatch, seconds):
    fault = {"kind": "clock_set", "seconds": seconds, "once": "job_start"}
    with Played(tmp_path, "user_gone", {"faults": [fault]}) as played:
        plan = join_plan(played.lab.world.tenant.id, played.package("user_gone"))
        _join, failure = played.run(join.Join, plan, monkeypatch)
        assert played.device.skew.total_seconds() == seconds
        assert failure.error["code"] == "AADSTS50034" and played.now < 600


def test_the_end_of_a_log_that_cannot_be_read_is_the_time_of_the_first_look():
    device = ScriptedDevice()

    def read(p):
        if p["log"] == logs.ENROLLMENT_LOG:
            raise scripted.OperationError("System.UnauthorizedAccessException", "no", -2147024891)
        events = [{"id": 1, "record": 7, "utc": scripted.UTC, "provider": "x", "data": [], "message": None}]
        return {"log_exists": True, "events": events if p["log"] == logs.SIGN_IN_LOG else []}

    device.handlers["events"] = read
    look = device.session(True).run(logs.ends(logs.ENROLLMENT_LOG, logs.SIGN_IN_LOG, logs.REGISTRATION_LOG))
    start = logs.start_of(look)
    assert start == {
        logs.ENROLLMENT_LOG: scripted.UTC,
        logs.SIGN_IN_LOG: 7,
        logs.REGISTRATION_LOG: 0,
        # Nobody has asked.
        logs.PROVISIONING_LOG: scripted.UTC,
    }
    asked = logs.observations(start, tuple(logs.FAILURE_EVENTS))
    assert asked["enrollment_events"]["since"] == scripted.UTC and "after" not in asked["enrollment_events"]
    assert asked["sign_in_events"]["after"] == 7 and "since" not in asked["sign_in_events"]
    assert not {"after", "since"} & set(asked["registration_events"])


def test_events_are_asked_for_by_a_time_or_a_number():
    assert op.events("x", (1,), "2026-11-21T08:00:00.000Z")["since"] == "2026-11-21T08:00:00.000Z"
    assert op.events("x", (1,), 5)["after"] == 5


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00.000Z", "1600-12-31T23:59:59.999Z", "२०२६-11-21T08:00:00.000Z", "2026-02-30T00:00:00Z"]
)
def test_a_time_that_no_windows_has_is_none(text):
    assert not shapes.is_utc(text)


@pytest.mark.parametrize("text", ["1601-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999999Z"])
def test_the_first_and_the_last_time_of_windows_are_times(text):
    assert shapes.is_utc(text)


AGAIN = 400


class Jumping(test_waits_end.Enrolls):
    """A device whose enrollment fails again after AGAIN seconds, and which sets its clock soon after that."""

    def __init__(self, jump: float) -> None:
        super().__init__()
        self.jump = jump

    def execute(self, script, data):
        if self.clock.now >= AGAIN and len(self.events) == 1:
            self.events.insert(0, {**self.events[0], "record": 2, "utc": test_waits_end._later(self.clock.now)})
        jump = self.jump if self.clock.now > AGAIN + 20 else 0
        self.identity["utc"] = test_waits_end._later(self.clock.now + jump)
        return ScriptedDevice.execute(self, script, data)


@pytest.mark.parametrize("jump", [-7200, 0, 7200], ids=["back", "not", "on"])
def test_how_long_nothing_has_tried_to_enroll_is_told_by_the_controllers_clock(monkeypatch, jump):
    device = Jumping(jump)
    _join, failure = test_joining.run(device, monkeypatch, expect_mdm=True)
    assert "there was no retry" in failure.msg
    assert AGAIN + mdm_wait.QUIET_SECONDS <= device.clock.now < AGAIN + mdm_wait.QUIET_SECONDS + 60
