# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories of resets, told by a scripted device whose clock moves only when the reset waits."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device import system_work, work
from ansible_collections.winops.entra.plugins.plugin_utils.device.reset import device_reset, reset
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import ConnectionLost
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Progress
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task

from . import scripted
from .plans import reset_plan
from .resetters import DISABLED, ENABLED, INSTALLED, NEW, PROFILE, SERIAL, UUID, Resetter

JOB = system_work.STEP_JOBS["remote_wipe"]
DATA_VOLUME = {
    "mount_point": "D:",
    "system": False,
    "protected": True,
    "protectors": [{"id": "{CCCC}", "type": "RecoveryPassword"}],
}
PLAN = reset_plan(SERIAL)


def run(device: Resetter, monkeypatch, check_mode: bool = False, note=None, **changes):
    monkeypatch.setattr(work, "Deadline", device.clock.deadline)
    session = device.session(check_mode)
    if note is not None:
        session.note = note
    plan = dataclasses.replace(PLAN, **changes)
    run = reset.Reset(session, plan, Progress(lambda _l: None, device.clock), check_mode)
    try:
        return run, run.run()
    except Failure as failure:
        return run, failure


def refusal(device: Resetter, monkeypatch, **changes) -> Failure:
    """The refusal of a device, to which nothing was done, in check mode as in the run."""
    checked, foretold = run(device, monkeypatch, check_mode=True, **changes)
    done, failure = run(device, monkeypatch, **changes)
    assert isinstance(failure, Failure) and failure.error == foretold.error
    for one in (checked, done):
        assert one.learned["outcome"] == "refused" and one.learned["proved"] is None
        assert not one.changes.changed and one.learned["left_behind"] == []
    assert device.wipes == [] and not set(device.executed) & op.CHANGING and device.jobs == {}
    return failure


# --- the plain way ----------------------------------------------------------------------------------------------------


def test_a_device_is_reset_and_has_gone_before_that_is_said(monkeypatch):
    device = Resetter()
    device.enroll()
    reset, result = run(device, monkeypatch)
    assert result == {} and (reset.learned["outcome"], reset.learned["proved"]) == ("reset", "gone")
    assert device.wipes == [{"method": "doWipeMethod", "serial_number": SERIAL, "uuid": UUID}]
    assert device.gone and "comes back" in reset.learned["left_behind"][0]["why"]
    assert reset.changes.as_result(False)["changes"] == [
        {
            "what": "installation of Windows",
            "before": {"installed": INSTALLED, "hostname": "PC-1", "device_id": scripted.DEVICE_ID},
            "after": {"reset": "doWipeMethod"},
        }
    ]
    assert [phase["name"] for phase in reset.phases.done] == ["look", "reset", "go"]


def test_what_the_device_was_is_noted_before_anything_is_sent(monkeypatch):
    device, noted = Resetter(), []
    device.enroll()

    def note(learned):
        assert not set(device.executed) & op.CHANGING
        noted.append(learned)

    run(device, monkeypatch, note=note)
    record = noted[0]["record"]
    assert (record["serial_number"], record["uuid"], record["installed"]) == (SERIAL, UUID.lower(), INSTALLED)
    assert record["device_id"] == scripted.DEVICE_ID and record["intune_device_id"]
    assert [one["id"] for one in record["bitlocker"]["volumes"][0]["protectors"]] == ["{AAAA}", "{BBBB}"]
    assert [one["place"] for one in noted[0]["still_registered"]] == ["autopilot", "entra", "intune"]


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({"keep": "user_data"}, "doWipePersistUserDataMethod"),
        ({"keep": "provisioned_data"}, "doWipePersistProvisionedDataMethod"),
        ({"protected": True}, "doWipeProtectedMethod"),
    ],
)
def test_what_is_kept_says_which_method_of_windows_is_called(monkeypatch, changes, method):
    device = Resetter()
    reset, _result = run(device, monkeypatch, **changes)
    assert [wipe["method"] for wipe in device.wipes] == [method]
    assert any("does not start" in text for text in reset.learned.get("warnings", [])) is ("protected" in changes)


def test_check_mode_foretells_the_run_and_only_looks(monkeypatch):
    device, real = Resetter(), Resetter()
    checked, _result = run(device, monkeypatch, check_mode=True)
    done, _result = run(real, monkeypatch)
    assert (checked.learned["outcome"], checked.learned["proved"]) == ("would_reset", None)
    assert checked.changes.as_result(True) == done.changes.as_result(True)
    assert device.requests == 1 and not set(device.executed) & op.CHANGING and device.wipes == []


def test_nothing_that_was_known_of_the_device_stays_a_fact(monkeypatch):
    reset, _result = run(Resetter(), monkeypatch)
    facts = reset.learned["ansible_facts"]["entra"]
    assert "join" not in facts and facts["read"] == {}
    checked, _result = run(Resetter(), monkeypatch, check_mode=True)
    assert checked.learned["ansible_facts"]["entra"]["join"]["type"] == "entra"


def test_without_waiting_the_task_ends_when_windows_has_accepted_it_and_its_job_is_removed(monkeypatch):
    device = Resetter()
    device.looks_until_gone = None
    reset, _result = run(device, monkeypatch, wait=False)
    assert (reset.learned["outcome"], reset.learned["proved"]) == ("reset", "sent")
    assert device.jobs == {} and reset.learned["left_behind"] == []


# --- the proof --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("silent", [3, 11])
def test_the_silence_of_a_restart_is_not_a_device_that_has_gone(monkeypatch, silent):
    device = Resetter()
    device.comes_back, device.silent_looks = "old", silent
    reset, failure = run(device, monkeypatch)
    assert failure.error["name"] == "reset_undone" and not reset.changes.changed


@pytest.mark.parametrize("unsaid", ["Win32_BIOS", "Win32_ComputerSystemProduct"])
def test_a_device_that_answers_and_does_not_say_who_it_is_has_not_gone(monkeypatch, unsaid):
    """WMI does not answer while the machine shuts down, or for ever: nobody has seen the device go."""
    device = Resetter()
    device.looks_until_gone = None
    heard = device._cim

    def mute(params):
        if device.going and params["class"] == unsaid:
            raise scripted.OperationError("Microsoft.Management.Infrastructure.CimException", "no", -2147217392)
        return heard(params)

    device.handlers["cim_query"] = mute
    reset, failure = run(device, monkeypatch)
    assert failure.error["name"] == "device_not_gone" and reset.learned["proved"] != "gone"
    assert len(device.wipes) == 1


def test_one_lost_look_is_not_a_device_that_has_gone(monkeypatch):
    device = Resetter()
    device.silent_looks, device.comes_back = 2, "old"
    device.boots = ["2026-11-21T09:10:00.000Z"]  # Only the line was bad: it has not restarted.
    reset, failure = run(device, monkeypatch)
    assert failure.error["name"] == "device_not_gone" and reset.learned["outcome"] == "failed"


def test_another_installation_is_waited_for_and_read(monkeypatch):
    device = Resetter()
    device.comes_back, device.silent_looks = "new", 50
    reset, _result = run(device, monkeypatch, wait_for_deployment=True)
    assert (reset.learned["outcome"], reset.learned["proved"]) == ("reset", "reinstalled")
    assert (reset.learned["record"]["installed"], reset.learned["installed"]) == (INSTALLED, NEW)
    assert reset.learned["ansible_facts"]["entra"]["join"]["device_id"] is None
    assert [phase["name"] for phase in reset.phases.done] == ["look", "reset", "go", "deployment", "verify"]


def test_another_installation_that_answers_at_once_is_seen(monkeypatch):
    device = Resetter()
    device.comes_back, device.silent_looks = "new", 1
    reset, _result = run(device, monkeypatch)
    assert reset.learned["proved"] == "reinstalled" and len(device.wipes) == 1


def test_the_device_is_not_reset_again_while_it_does_not_say_which_windows_it_is(monkeypatch):
    device = Resetter()
    device.comes_back, device.silent_looks = "new", 1
    heard = device._cim

    def forgetful(params):
        found = heard(params)
        if device.installed == NEW and params["class"] == "Win32_OperatingSystem":
            found["instances"][0]["InstallDate"] = None
        return found

    device.handlers["cim_query"] = forgetful
    _reset, failure = run(device, monkeypatch)
    assert len(device.wipes) == 1 and failure.error["name"] == "device_not_gone"


def test_another_device_at_the_address_is_not_the_one_that_was_reset(monkeypatch):
    device = Resetter()
    device.comes_back, device.silent_looks = "new", 1
    came = device._be_silent

    def replaced():
        came()
        device.serial = "ANOTHER1"

    device._be_silent = replaced
    reset, failure = run(device, monkeypatch, wait_for_deployment=True)
    assert reset.learned["proved"] == "gone" and failure.error["name"] == "deployment_not_seen"
    assert len(device.wipes) == 1 and device.clock.now > 3600


@pytest.mark.parametrize(("silent", "waits"), [(1, False), (50, True)])
def test_the_old_windows_that_comes_back_is_a_reset_that_was_undone(monkeypatch, silent, waits):
    device = Resetter()
    device.comes_back, device.silent_looks = "old", silent
    reset, failure = run(device, monkeypatch, wait_for_deployment=waits)
    assert failure.error["name"] == "reset_undone" and reset.learned["outcome"] == "failed"
    if not waits:
        assert not reset.changes.changed and device.jobs == {} and reset.learned["proved"] is None


def test_a_device_that_does_not_go_may_still_reset_itself(monkeypatch):
    device = Resetter()
    device.looks_until_gone = None
    reset, failure = run(device, monkeypatch)
    assert failure.error["name"] == "device_not_gone" and "600 s" in failure.msg
    assert [change["after"] for change in reset.changes.as_result(False)["changes"]] == [
        "unknown: the reset was accepted, and the device has not gone"
    ]
    assert reset.learned["proved"] == "sent" and device.clock.now < 700


def test_nobody_signs_in(monkeypatch):
    device = Resetter()
    reset, failure = run(device, monkeypatch, wait_for_deployment=True)
    assert failure.error["name"] == "deployment_not_seen" and reset.learned["proved"] == "gone"
    assert reset.changes.changed and device.clock.now < 600 + 3600 + 100


@pytest.mark.parametrize(("value", "code"), [(0x80070032, "0x80070032"), (None, None)])
def test_what_windows_refuses_has_changed_nothing(monkeypatch, value, code):
    device = Resetter()
    device.returns = value
    reset, failure = run(device, monkeypatch)
    assert (failure.error["name"], failure.error["code"]) == ("wipe_refused", code)
    assert not reset.changes.changed and reset.learned["proved"] is None and device.jobs == {}
    if code:
        assert "WinRE" in failure.error["cause"]


def test_an_operation_that_refuses_is_told_with_its_code(monkeypatch):
    device = Resetter()

    def refuse(_params):
        raise scripted.OperationError("System.UnauthorizedAccessException", "another device", -2147024891)

    device.handlers["remote_wipe"] = refuse
    _reset, failure = run(device, monkeypatch)
    assert (failure.error["name"], failure.error["code"]) == ("wipe_refused", "0x80070005")
    assert "another device" in str(failure.error["evidence"])


# --- runs that are cut off --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["lost_starts", "unheard_starts"])
def test_a_lost_answer_to_the_start_neither_stops_the_reset_nor_sends_it_twice(monkeypatch, way):
    device = Resetter()
    setattr(device, way, 1)
    reset, _result = run(device, monkeypatch)
    assert reset.learned["proved"] == "gone" and len(device.wipes) == 1


def test_a_reset_that_an_earlier_run_has_sent_is_followed_and_not_sent_again(monkeypatch):
    device = Resetter()
    device.looks_until_gone = None
    run(device, monkeypatch, wait=False)
    device.jobs[JOB] = {"state": "running", "ops": [], "looks": 0, "answer": None, "started": scripted.UTC}
    device.jobs[JOB]["ops"] = [{"op": "remote_wipe", "method": "doWipeMethod", "serial_number": SERIAL, "uuid": UUID}]
    device.wipes.clear()
    device.looks_until_gone = 1
    # What would refuse it is not asked any more.
    device.recovery = {"settings": DISABLED, "image": False}
    reset, _result = run(device, monkeypatch)
    assert reset.learned["proved"] == "gone" and len(device.wipes) == 1


def test_a_reset_that_was_undone_is_sent_again_by_the_next_run(monkeypatch):
    device = Resetter()
    device.comes_back, device.silent_looks = "old", 1
    run(device, monkeypatch)
    device.comes_back, device.looks_until_gone, device.silent_looks = "never", 1, 5
    reset, _result = run(device, monkeypatch)
    assert reset.learned["proved"] == "gone" and len(device.wipes) == 2


def test_a_job_from_before_the_last_start_of_windows_is_not_taken_for_a_reset_under_way(monkeypatch):
    device = Resetter()
    answer = {"device": {"name": "PC-1"}, "results": [{"ok": True, "value": {"return_value": 0}}]}
    device.jobs[JOB] = {"state": "done", "ops": [], "looks": 2, "answer": answer, "started": scripted.UTC}
    device.boots = ["2026-11-21T09:10:00.000Z"]
    _reset, _result = run(device, monkeypatch)
    assert len(device.wipes) == 1


def test_a_device_that_nobody_reaches_is_not_a_failure_of_the_reset(monkeypatch):
    device = Resetter()
    device.lose = 99
    with pytest.raises(ConnectionLost):
        run(device, monkeypatch)


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("serial", "changes", "name"),
    [
        (SERIAL, {"confirm_serial_number": SERIAL.lower()}, "serial_number_mismatch"),
        (SERIAL, {"confirm_serial_number": SERIAL[:-1]}, "serial_number_mismatch"),
        (None, {"confirm_serial_number": "None"}, "serial_number_mismatch"),
        ("Default string", {"confirm_serial_number": "Default string"}, "placeholder_serial_number"),
        ("0000000", {"confirm_serial_number": "0000000"}, "placeholder_serial_number"),
        (SERIAL, {"confirm_serial_number": None, "confirm_uuid": UUID.lower()[:-1] + "2"}, "uuid_mismatch"),
    ],
)
def test_another_device_than_the_one_that_is_meant_is_refused_whatever_else_it_is(monkeypatch, serial, changes, name):
    device = Resetter()
    device.serial = serial
    device.recovery = {"settings": DISABLED, "image": False}
    assert refusal(device, monkeypatch, **changes).error["name"] == name


@pytest.mark.parametrize(
    "uuid", ["00000000-0000-0000-0000-000000000000", "F" * 8 + "-FFFF-FFFF-FFFF-" + "F" * 12, None]
)
def test_a_uuid_that_many_devices_have_confirms_none(monkeypatch, uuid):
    uuid = uuid or "03000200-0400-0500-0006-000700080009"
    device = Resetter()
    device.uuid = uuid
    failure = refusal(device, monkeypatch, confirm_serial_number=None, confirm_uuid=uuid.lower())
    assert failure.error["name"] == "placeholder_uuid"


def test_a_device_with_a_placeholder_for_a_serial_number_is_confirmed_by_its_uuid(monkeypatch):
    device = Resetter()
    device.serial = " System Serial Number "
    reset, _result = run(device, monkeypatch, confirm_serial_number=None, confirm_uuid=UUID.lower())
    assert reset.learned["outcome"] == "reset"
    assert device.wipes[0]["serial_number"] == "System Serial Number"


@pytest.mark.parametrize(
    ("recovery", "offsets", "name", "said"),
    [
        ({"settings": DISABLED, "image": True}, [1], "recovery_environment_disabled", "reagentc /enable"),
        ({"settings": DISABLED, "image": False}, [1], "recovery_environment_missing", "Winre.wim"),
        ({"settings": None, "image": False}, [1], "recovery_environment_missing", "ReAgent.xml"),
        ({"settings": ENABLED, "image": False}, [1], "recovery_partition_missing", "188570664960"),
        ({"settings": ENABLED.replace("\\Recovery\\WindowsRE", ""), "image": True}, [1],
         "recovery_environment_disabled", "no place"),
        ({"settings": ENABLED, "image": False}, None, "recovery_environment_unknown", "partitions"),
        ({"settings": "", "image": False}, [1], "recovery_environment_unknown", "cannot be understood"),
        ({"settings": "<WindowsRE/>", "image": False}, [1], "recovery_environment_unknown", "cannot be understood"),
        ({"settings": '<!DOCTYPE x [<!ENTITY a "b">]>' + ENABLED, "image": False}, [1], "recovery_environment_unknown",
         "cannot be understood"),
        ({"settings": ENABLED.replace('state="1"', 'state="2"'), "image": False}, [1], "recovery_environment_unknown",
         "cannot be understood"),
    ],
)  # fmt: skip
def test_a_device_that_cannot_reset_itself_is_refused(monkeypatch, recovery, offsets, name, said):
    device = Resetter()
    device.recovery, device.offsets = recovery, offsets
    failure = refusal(device, monkeypatch)
    assert failure.error["name"] == name and said in failure.msg
    wanted = "0x80070032" if name in ("recovery_environment_disabled", "recovery_environment_missing") else None
    assert failure.error["code"] == wanted


def test_a_recovery_environment_that_is_not_shown_is_unknown(monkeypatch):
    device = Resetter()

    def refuse(_params):
        raise scripted.OperationError("System.UnauthorizedAccessException", "Access is denied.", -2147024891)

    device.handlers["recovery_environment"] = refuse
    assert refusal(device, monkeypatch).error["name"] == "recovery_environment_unknown"


@pytest.mark.parametrize(
    ("changes", "name", "code"),
    [
        ({"profile_assigned": False}, "profile_not_assigned", None),
        ({"profile_assigned": None}, "profile_unknown", None),
        ({"deployment_mode": None}, "deployment_mode_unknown", None),
        ({"deployment_mode": "self_deploying"}, "deployment_blocked", "0x80180014"),
        ({"deployment_mode": "pre_provisioned"}, "deployment_blocked", "0x80180014"),
    ],
)
def test_a_device_whose_next_deployment_cannot_come_to_its_end_is_refused(monkeypatch, changes, name, code):
    failure = refusal(Resetter(), monkeypatch, **changes)
    assert (failure.error["name"], failure.error["code"]) == (name, code)
    # It is not meant to be deployed.
    reset, _result = run(Resetter(), monkeypatch, require_profile=False, **changes)
    assert reset.learned["outcome"] == "reset"


@pytest.mark.parametrize("mode", [None, "self_deploying", "pre_provisioned"])
def test_a_device_that_was_unblocked_is_reset(monkeypatch, mode):
    reset, _result = run(Resetter(), monkeypatch, deployment_mode=mode, unblocked=True)
    assert reset.learned["outcome"] == "reset"


@pytest.mark.parametrize(
    ("values", "known"),
    [
        ({"CloudAssignedTenantId": scripted.TENANT}, True),
        ({"CloudAssignedTenantId": scripted.TENANT, "IsAutopilotDisabled": 0}, True),
        ({"CloudAssignedTenantId": scripted.TENANT, "IsAutopilotDisabled": 1}, False),
        ({"CloudAssignedTenantId": ""}, False),
        ({}, False),
    ],
)
def test_the_profile_of_the_last_deployment_counts_with_a_warning(monkeypatch, values, known):
    device = Resetter()
    device.tree[PROFILE] = scripted.key(values)
    reset, result = run(device, monkeypatch, profile_assigned=None)
    assert reset.learned["autopilot"]["profile"] == ("assigned" if known else "unknown")
    assert reset.learned["autopilot"]["profile_from"] == ("device" if known else None)
    assert isinstance(result, Failure) is not known
    if known:
        assert any("last deployment" in text for text in reset.learned["warnings"])


@pytest.mark.parametrize("status", [1, 4, 5])
def test_a_device_on_battery_is_refused_unless_that_is_allowed(monkeypatch, status):
    device = Resetter()
    device.battery = [{"BatteryStatus": 2}, {"BatteryStatus": status}]
    assert refusal(device, monkeypatch).error["name"] == "on_battery"
    reset, _result = run(device, monkeypatch, allow_battery=True)
    assert reset.learned["outcome"] == "reset"


@pytest.mark.parametrize("battery", [[], [{"BatteryStatus": 6}]])
def test_a_device_without_a_battery_or_on_mains_is_reset(monkeypatch, battery):
    device = Resetter()
    device.battery = battery
    reset, _result = run(device, monkeypatch)
    assert reset.learned["outcome"] == "reset" and not reset.learned.get("warnings")


@pytest.mark.parametrize("battery", [None, [{"BatteryStatus": None}], [{"BatteryStatus": 2}, {"BatteryStatus": 10}]])
def test_a_device_that_does_not_say_whether_it_is_on_battery_is_refused_unless_that_is_allowed(monkeypatch, battery):
    device = Resetter()
    device.battery = battery
    assert refusal(device, monkeypatch).error["name"] == "power_unknown"
    reset, _result = run(device, monkeypatch, allow_battery=True)
    assert reset.learned["outcome"] == "reset"


def test_a_data_volume_that_only_its_recovery_password_opens_needs_somebody_who_has_it(monkeypatch):
    device = Resetter()
    device.handlers["bitlocker"] = lambda _p: {"available": True, "volumes": [DATA_VOLUME]}
    failure = refusal(device, monkeypatch)
    assert failure.error["name"] == "recovery_keys_not_recorded" and "D:" in failure.msg
    reset, _result = run(device, monkeypatch, recovery_keys_recorded=True)
    assert reset.learned["outcome"] == "reset"


def test_bitlocker_that_cannot_be_read_is_not_taken_for_none(monkeypatch):
    device = Resetter()

    def refuse(_params):
        raise scripted.OperationError("CimException", "Access denied", -2147217405)

    device.handlers["bitlocker"] = refuse
    assert refusal(device, monkeypatch).error["name"] == "recovery_keys_not_recorded"


@pytest.mark.parametrize("edition", ["Core", "CoreSingleLanguage"])
def test_windows_home_is_refused(monkeypatch, edition):
    device = Resetter()
    device.tree[r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"]["values"]["EditionID"] = edition
    assert refusal(device, monkeypatch).error["name"] == "edition_not_resettable"


def test_an_account_without_a_full_token_is_refused(monkeypatch):
    device = Resetter()
    device.identity = {"elevated": False}
    assert refusal(device, monkeypatch).error["name"] == "account_not_elevated"


def test_every_precondition_that_does_not_hold_is_named_at_once(monkeypatch):
    device = Resetter()
    device.recovery, device.battery = {"settings": DISABLED, "image": True}, [{"BatteryStatus": 1}]
    failure = refusal(device, monkeypatch, profile_assigned=False, deployment_mode="self_deploying")
    assert [one["name"] for one in failure.error["evidence"]] == [
        "recovery_environment_disabled",
        "on_battery",
        "profile_not_assigned",
        "deployment_blocked",
    ]


def test_a_windows_that_does_not_say_since_when_it_is_there_is_not_reset(monkeypatch):
    device = Resetter()
    device.installed = None
    assert refusal(device, monkeypatch).error["name"] == "state_unreadable"


# --- once, and not again ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_device_that_was_installed_since_then_is_left_alone(monkeypatch, check_mode):
    device = Resetter()
    device.recovery = {"settings": DISABLED, "image": False}
    reset, result = run(device, monkeypatch, check_mode, unless_installed_after="2026-03-02T08:11:39.000Z")
    assert result == {} and reset.learned["outcome"] == "unchanged" and not reset.changes.changed
    assert device.requests == 1 and device.wipes == []


def test_a_device_that_was_installed_before_is_reset(monkeypatch):
    device = Resetter()
    reset, _result = run(device, monkeypatch, unless_installed_after=INSTALLED)
    assert reset.learned["outcome"] == "reset"


# --- options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"protected": True, "keep": "user_data"}, "protected"),
        ({"wait_for_deployment": True, "wait": False}, "wait_for_deployment"),
        ({"unless_installed_after": "yesterday"}, "unless_installed_after"),
        ({"unless_installed_after": "2026-11-30T08:00:00"}, "unless_installed_after"),
    ],
)
def test_options_that_contradict_are_refused_before_the_first_exchange(changes, option):
    device = Resetter()
    task = Task(dataclasses.asdict(PLAN) | {"fact_name": "entra"} | changes, check_mode=False)
    task.session = device.session()
    with pytest.raises(Failure) as caught:
        device_reset.reset(task)
    assert caught.value.msg.startswith(f"bad option {option}") and device.requests == 0
