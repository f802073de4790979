# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaves of the lab's devices, in both readings of what Windows does: with the MDM enrollment ended, and left alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.winops.entra.plugins.modules import disconnect
from ansible_collections.winops.entra.plugins.plugin_utils.device.leaving import leave, leave_step
from ansible_collections.winops.entra.plugins.plugin_utils.device.system_work import STEP_JOB_SECONDS
from tests.lab.device import leaving as lab_leave
from tests.lab.device.dump import dump

from .plans import leave_plan as plan
from .played import Played
from .test_leaving import whats

ROOT = Path(__file__).resolve().parents[3]
INTUNE = "MS DM Server"


def enrolled(played: Played) -> list[str]:
    return [item["provider"] for item in dump(played.device)["enrollments"] if item["provider"]]


@pytest.mark.parametrize("remove_mdm", [False, True])
@pytest.mark.parametrize("unenrolls", [False, True])
def test_what_became_of_the_mdm_enrollment_is_looked_after_and_told(tmp_path, monkeypatch, unenrolls, remove_mdm):
    with Played(tmp_path, "joined_other_mdm", {"leave": {"unenrolls": unenrolls}}) as played:
        before = enrolled(played)
        checked, _result = played.run(leave.Leave, plan(remove_mdm=remove_mdm), monkeypatch, check_mode=True)
        real, _result = played.run(leave.Leave, plan(remove_mdm=remove_mdm), monkeypatch)
        assert real.learned["outcome"] == "disconnected", real.learned
        assert enrolled(played) == [name for name in before if name != INTUNE or not (unenrolls or remove_mdm)]
    by_windows = unenrolls and not remove_mdm
    [ended] = [what for what in whats(real) if what.startswith("mdm enrollment")] or [None]
    assert (ended is not None) is (unenrolls or remove_mdm) and "join" in whats(real)
    assert [f"mdm enrollment {item}" for item in real.learned["mdm_ended"]] == ([ended] if by_windows else [])
    foretold = [text for text in checked.learned["warnings"] if "may end it with the join" in text]
    told = [text for text in real.learned["warnings"] if "Windows ended the MDM enrollment" in text]
    assert (len(foretold), len(told)) == (1 if not remove_mdm else 0, 1 if by_windows else 0)
    assert not any("AirWatch" in text for text in told)


def test_an_enrollment_that_stays_after_its_end_was_given_up_is_not_told_as_gone(tmp_path, monkeypatch):
    options = {"leave": {"unenrolls": True, "unenroll_seconds": 4000}}
    with Played(tmp_path, "joined_leave_ends_mdm", options) as played:
        real, _result = played.run(leave.Leave, plan(timeout=1800), monkeypatch)
        assert real.learned["outcome"] == "disconnected" and real.learned["mdm_ended"] == []
        assert INTUNE in enrolled(played) and played.now > lab_leave.LONGEST_UNENROLLMENT


@pytest.mark.parametrize(("seconds", "name"), [(2400, "not_left"), (1500, "half_left")])
def test_a_leave_that_windows_gives_up_says_so_and_the_next_run_finishes(tmp_path, monkeypatch, seconds, name):
    with Played(tmp_path, "joined", {"leave": {"seconds": seconds}}) as played:
        _leave, failure = played.run(leave.Leave, plan(timeout=1800), monkeypatch)
        assert (failure.error["name"], failure.error["code"]) == (name, "0x801c001c"), failure.error
        assert "0x801c001c" in failure.error["cause"] and "600 s" in failure.error["cause"]
        assert lab_leave.LONGEST < played.now < leave_step.LEAVE_JOB_SECONDS
        played.device.leave.seconds = 6
        again, _result = played.run(leave.Leave, plan(), monkeypatch)
        assert again.learned["outcome"] == "disconnected" and not any(dump(played.device)["join_parts"].values())


def test_a_leave_that_windows_refuses_has_the_code_of_its_event(tmp_path, monkeypatch):
    # Whatever the exit code says.
    with Played(tmp_path, "joined_leave_fails_once", {"leave": {"failures": [0x80070005], "exit_code": 0}}) as played:
        _leave, failure = played.run(leave.Leave, plan(), monkeypatch)
    assert (failure.error["name"], failure.error["code"]) == ("not_left", "0x80070005")
    [event] = [item for item in failure.error["evidence"] if item.get("event") == 239]
    assert len(event["data"]) == 5


def test_a_leave_that_leaves_the_keys_has_the_code_of_its_event_and_is_finished_by_the_next(tmp_path, monkeypatch):
    with Played(tmp_path, "joined_leave_unflushed") as played:
        _leave, failure = played.run(leave.Leave, plan(), monkeypatch)
        assert (failure.error["name"], failure.error["code"]) == ("half_left", "0x80090016"), failure.error
        assert [item["event"] for item in failure.error["evidence"] if "event" in item] == [240]
        parts = dump(played.device)["join_parts"]
        assert parts["certificates"] and not parts["registry"]
        again, _result = played.run(leave.Leave, plan(), monkeypatch)
        assert again.learned["outcome"] == "disconnected" and not any(dump(played.device)["join_parts"].values())


def test_the_limits_of_a_leave_rise_and_each_holds_what_is_below_it():
    runner = (ROOT / "plugins/plugin_utils/device/runner/leave.ps1").read_text(encoding="utf-8")
    [program] = [int(number) for number in re.findall(r"'/debug /leave' (\d+)", runner)]
    role = yaml.safe_load((ROOT / "roles/disconnect/defaults/main.yml").read_text(encoding="utf-8"))
    timeout = disconnect.ARGUMENT_SPEC["timeout"]["default"]
    assert role["disconnect_timeout"] == timeout
    # What dsregcmd waits for; reading the record, and taking away what earlier joins have left; the jobs before it.
    limits = [lab_leave.LONGEST + lab_leave.LONGEST_UNENROLLMENT, program, leave_step.LEAVE_JOB_SECONDS, timeout]
    assert all(upper - lower >= 60 for lower, upper in zip(limits, limits[1:], strict=False)), limits
    assert timeout >= leave_step.LEAVE_JOB_SECONDS + STEP_JOB_SECONDS
