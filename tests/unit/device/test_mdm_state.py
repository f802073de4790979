# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories of MDM enrollments, told by a scripted device."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device import system_work, work
from ansible_collections.winops.entra.plugins.plugin_utils.device.mdm import mdm_state
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Progress
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

from . import scripted
from .leavers import BUILT_IN, CLOUD_JOIN, FOREIGN, INTUNE, Leaver

KEYS = r"SOFTWARE\Microsoft\Enrollments"
POLICY = r"SOFTWARE\Policies\Microsoft\Windows\CurrentVersion\MDM"
LEFTOVER = "00000000-0000-0000-0000-00000000000a"
BUILT_IN_KEY = "18dcffd4-37d6-4bc6-87e0-4266fdbb8e49"


def run(device: Leaver, monkeypatch, check_mode: bool = False, **changes):
    monkeypatch.setattr(work, "Deadline", device.clock.deadline)
    settings = {
        "state": "enrolled",
        "provider": "MS DM Server",
        "enrollment_id": None,
        "credential": "user",
        "allow_account_loss": False,
        "timeout": 300,
        "poll_interval": 5,
    } | changes
    run = mdm_state.Mdm(
        device.session(check_mode),
        mdm_state.MdmPlan(**settings),
        Progress(lambda _l: None, device.clock),
        check_mode,
    )
    try:
        return run, run.run()
    except Failure as failure:
        return run, failure


def joined() -> Leaver:
    """A joined device whose tenant offers an MDM; Windows' own key among its enrollments."""
    device = Leaver()
    device.offer_mdm()
    device.enroll(BUILT_IN_KEY, provider="Local_Management", live=False)
    return device


def whats(run: mdm_state.Mdm) -> list[str]:
    return [change["what"] for change in run.changes.as_result(False)["changes"]]


# --- enrolled ---------------------------------------------------------------------------------------------------------


def test_a_joined_device_enrolls_once(monkeypatch):
    device = joined()
    checked, _result = run(device, monkeypatch, check_mode=True)
    assert checked.learned["outcome"] == "would_enroll" and not set(device.executed) & op.CHANGING
    mdm, _result = run(device, monkeypatch, credential="device")
    assert mdm.learned["outcome"] == "enrolled" and mdm.facts["mdm"]["enrolled"] is True
    assert mdm.changes.as_result(True) == checked.changes.as_result(True)
    assert device.executed_in_jobs == [{"op": "mdm_auto_enroll", "credential": "device"}] and device.jobs == {}
    asked = device.requests
    again, _result = run(device, monkeypatch)
    assert again.learned["outcome"] == "unchanged" and not again.changes.changed and device.requests == asked + 1


def test_an_enrollment_that_comes_after_the_program_has_ended_is_waited_for(monkeypatch):
    device = joined()
    device.enrolls = False
    status = device.handlers["job_status"]

    def late(params):
        if device.clock.now >= 120 and device.enrolls is False and device.done:
            device.enrolls = True
            device.enroll()
        return status(params)

    device.handlers["job_status"] = late
    mdm, _result = run(device, monkeypatch)
    assert mdm.learned["outcome"] == "enrolled" and 120 <= device.clock.now <= 130


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    "name, prepare",
    [
        ("not_joined", lambda d: d.tree.pop(CLOUD_JOIN) and d.certificates.clear()),
        ("server_has_no_mdm", lambda d: d.handlers.update(cim_query=scripted.cim(product_type=3))),
        ("enrolled_elsewhere", lambda d: d.enroll(FOREIGN, provider="Foreign MDM")),
        ("enrollment_leftovers", lambda d: d.enroll(LEFTOVER, live=False)),
        (
            "no_mdm_address",
            lambda d: d.tree[CLOUD_JOIN]["keys"]["TenantInfo"]["keys"][scripted.TENANT]["values"].pop(
                "MdmEnrollmentUrl"
            ),
        ),
        ("account_not_elevated", lambda d: d.identity.update(elevated=False)),
    ],
)
def test_what_cannot_enroll_is_refused_before_anything_changes(monkeypatch, name, prepare, check_mode):
    device = joined()
    prepare(device)
    mdm, failure = run(device, monkeypatch, check_mode)
    assert isinstance(failure, Failure) and failure.error["name"] == name and failure.error["fix"]
    assert mdm.learned["outcome"] == "refused" and not set(device.executed) & op.CHANGING


@pytest.mark.parametrize(
    ("enrollment", "said"),
    [
        ({"provider": "Microsoft Device Management"}, "MMP-C"),
        ({"AADTenantID": "9b1f5c2e-6d3a-4c87-8f10-2a7be4d5c601"}, "another tenant, 9b1f5c2e"),
        ({"EnrollmentState": 3, "AADTenantID": "9b1f5c2e-6d3a-4c87-8f10-2a7be4d5c601"}, "another tenant, 9b1f5c2e"),
    ],
    ids=["channel", "tenant", "tenant in state 3"],
)
def test_what_is_enrolled_by_something_else_is_told_by_what_it_is(monkeypatch, enrollment, said):
    device = joined()
    device.enroll(**enrollment)
    mdm, failure = run(device, monkeypatch)
    assert failure.error["name"] == "enrolled_elsewhere" and said in failure.error["cause"]
    assert f"enrollment_id={INTUNE}" in failure.error["fix"] and mdm.learned["outcome"] == "refused"


@pytest.mark.parametrize("told", [3, 4])
def test_an_enrollment_that_works_in_another_state_is_one(monkeypatch, told):
    device = joined()
    device.enroll(EnrollmentState=told)
    assert run(device, monkeypatch)[0].learned["outcome"] == "unchanged"


def test_an_enrollment_whose_certificate_has_expired_is_a_leftover(monkeypatch):
    device = joined()
    device.enroll()
    device.certificates[-1]["not_after"] = "2026-11-20T00:00:00.000Z"
    failure = run(device, monkeypatch)[1]
    assert failure.error["name"] == "enrollment_leftovers" and "expired on 2026-11-20" in failure.error["cause"]


def failing(device: Leaver, *data: str) -> Leaver:
    device.enrolls = False
    device.handlers["events"] = lambda p: {
        "log_exists": True,
        "events": [{"id": 76, "record": 1, "utc": scripted.UTC, "provider": "x", "data": list(data), "message": None}]
        if 76 in p["ids"] and device.done
        else [],
    }
    return device


def test_a_failure_that_waiting_cannot_heal_ends_early_and_is_explained(monkeypatch):
    device = failing(joined(), "1", "2149056536")  # 0x80180018: no licence
    mdm, failure = run(device, monkeypatch)
    assert failure.error["code"] == "0x80180018" and failure.error["evidence"] and device.clock.now < 60
    assert mdm.learned["outcome"] == "failed" and not mdm.changes.changed


def test_an_enrollment_that_never_comes_names_what_it_needs(monkeypatch):
    device = joined()
    device.enrolls = False
    _mdm, failure = run(device, monkeypatch)
    assert failure.error["name"] == "mdm_not_enrolled" and "signed in" in failure.error["cause"]


# --- absent -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("live", [True, False])
def test_one_enrollment_is_removed_and_nothing_else(monkeypatch, live):
    device = joined()
    device.enroll(live=live)
    device.enroll(FOREIGN, provider="Foreign MDM")
    kept = {name: value for name, value in device.tree[KEYS]["keys"].items() if name != INTUNE.upper()}
    checked, _result = run(device, monkeypatch, check_mode=True, state="absent")
    mdm, _result = run(device, monkeypatch, state="absent")
    assert (checked.learned["outcome"], mdm.learned["outcome"]) == ("would_remove", "removed")
    assert checked.changes.as_result(True) == mdm.changes.as_result(True) and whats(mdm) == [f"mdm enrollment {INTUNE}"]
    assert device.tree[KEYS]["keys"] == kept and device.folders == [FOREIGN.upper()]
    assert device.executed_in_jobs == [
        {"op": "enrollment_remove", "id": INTUNE, "provider": "MS DM Server", "unregister": live}
    ]
    assert run(device, monkeypatch, state="absent")[0].learned["outcome"] == "unchanged" and device.registered


def test_several_enrollments_need_an_id(monkeypatch):
    device = joined()
    device.enroll()
    device.enroll(LEFTOVER, live=False)
    _mdm, failure = run(device, monkeypatch, state="absent")
    assert failure.error["name"] == "several_enrollments" and INTUNE in failure.msg and LEFTOVER in failure.msg
    assert not set(device.executed) & op.CHANGING
    run(device, monkeypatch, state="absent", enrollment_id=LEFTOVER)
    assert INTUNE.upper() in device.tree[KEYS]["keys"] and LEFTOVER.upper() not in device.tree[KEYS]["keys"]


@pytest.mark.parametrize("enrollment_id", [FOREIGN, BUILT_IN_KEY])
def test_an_enrollment_of_another_provider_is_refused(monkeypatch, enrollment_id):
    device = joined()
    device.enroll(FOREIGN, provider="Foreign MDM")
    _mdm, failure = run(device, monkeypatch, state="absent", enrollment_id=enrollment_id)
    assert failure.error["name"] == "other_provider" and not set(device.executed) & op.CHANGING


def test_an_enrollment_that_a_policy_would_bring_back_is_refused(monkeypatch):
    device = joined()
    device.enroll()
    device.tree[POLICY] = scripted.key({"AutoEnrollMDM": 1})
    assert run(device, monkeypatch, state="absent")[1].error["name"] == "auto_enrollment_policy"


def test_nobody_is_locked_out_by_the_end_of_an_enrollment(monkeypatch):
    device = joined()
    device.enroll()
    device.members = [BUILT_IN]
    assert run(device, monkeypatch, state="absent")[1].error["name"] == "no_local_administrator"
    assert not set(device.executed) & op.CHANGING


@pytest.mark.parametrize(
    ("options", "refused"),
    [({"live": True}, True), ({"EnrollmentState": "one"}, True), ({"live": False}, False)],
    ids=["it works", "nobody knows", "it does not work"],
)
def test_the_gate_is_for_an_enrollment_that_may_work_and_not_for_leftovers(monkeypatch, options, refused):
    device = joined()
    device.enroll(**options)
    device.members = [BUILT_IN]
    _mdm, failure = run(device, monkeypatch, state="absent")
    if refused:
        assert failure.error["name"] == "no_local_administrator" and not set(device.executed) & op.CHANGING
        device.members = [*Leaver().members]
        run(device, monkeypatch, state="absent")
    assert [one["unregister"] for one in device.executed_in_jobs] == [refused]
    assert run(device, monkeypatch, state="absent")[0].learned["outcome"] == "unchanged"


def test_leftovers_of_a_device_that_is_not_joined_need_no_administrator(monkeypatch):
    device = Leaver(joined=False)
    device.members = []
    device.enroll(live=False)
    assert run(device, monkeypatch, state="absent")[0].learned["outcome"] == "removed"


@pytest.mark.parametrize("unreadable, state", [("scheduled_tasks", "absent"), ("scheduled_tasks", "enrolled")])
def test_enrollments_that_cannot_be_read_are_not_absent(monkeypatch, unreadable, state):
    device = joined()

    def refused(_params):
        raise scripted.OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)

    device.handlers[unreadable] = refused
    assert run(device, monkeypatch, state=state)[1].error["name"] == "state_unreadable"


def test_a_job_that_refuses_is_told_with_its_reason(monkeypatch):
    device = joined()
    device.enroll()
    device.removes = False
    mdm, failure = run(device, monkeypatch, state="absent")
    assert failure.error["name"] == "enrollment_not_removed" and "certificate" in failure.msg
    assert not mdm.changes.changed and failure.error["evidence"] == [{"removed": [], "unregistered": True}]


def test_a_running_job_of_an_earlier_run_is_waited_for_and_its_work_told(monkeypatch):
    device = joined()
    device.enroll()
    job = system_work.STEP_JOBS["enrollment_remove"]
    device.jobs[job] = {
        "state": "running",
        "looks": 0,
        "answer": None,
        "started": scripted.UTC,
        "ops": [op.enrollment_remove(INTUNE, "MS DM Server", True)],
    }
    mdm, _result = run(device, monkeypatch, state="absent")
    assert mdm.learned["outcome"] == "removed" and whats(mdm) == [f"mdm enrollment {INTUNE}"]
    assert "job_start" not in device.executed and device.jobs == {}


def test_the_job_of_a_run_that_was_cut_off_is_cleaned_up(monkeypatch):
    device = joined()
    device.jobs[system_work.STEP_JOBS["enrollment_remove"]] = {
        "state": "lost",
        "looks": 0,
        "answer": None,
        "started": scripted.UTC,
        "ops": [],
    }
    mdm, _result = run(device, monkeypatch, state="absent")
    assert mdm.learned["outcome"] == "unchanged" and whats(mdm) == ["leftovers"] and device.jobs == {}
