# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories of leaves, told by a scripted device whose clock moves only when the leave waits."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device import system_work, work
from ansible_collections.winops.entra.plugins.plugin_utils.device.leaving import device_record, leave
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import ConnectionLost
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Progress
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

from . import scripted
from .leavers import AUTOJOIN, BUILT_IN, FOREIGN, INTUNE, INTUNE_DEVICE, SERIAL, Leaver, member
from .plans import leave_plan as plan

OTHER_TENANT = "11111111-2222-3333-4444-555555555555"
LEAVE_JOB = system_work.STEP_JOBS["dsregcmd_leave"]
ENTRA_SID = "S-1-12-1-1-2-3-4"


def run(device: Leaver, monkeypatch, check_mode: bool = False, **changes):
    monkeypatch.setattr(work, "Deadline", device.clock.deadline)
    run = leave.Leave(device.session(check_mode), plan(**changes), Progress(lambda _l: None, device.clock), check_mode)
    try:
        return run, run.run()
    except Failure as failure:
        return run, failure


def whats(run: leave.Leave) -> list[str]:
    return [change["what"] for change in run.changes.as_result(False)["changes"]]


# --- the plain way ----------------------------------------------------------------------------------------------------


def test_a_joined_device_leaves_and_says_what_it_was(monkeypatch):
    device = Leaver()
    device.enroll()
    leave, result = run(device, monkeypatch)
    assert leave.learned["outcome"] == "disconnected" and leave.learned["join_state"] == "left"
    assert leave.changes.as_result(True)["diff"] == {
        "before": {"join": {"type": "entra", "tenant_id": scripted.TENANT, "device_id": scripted.DEVICE_ID}},
        "after": {"join": None},
    }
    record = leave.learned["record"]
    assert (record["device_id"], record["intune_device_id"], record["serial_number"]) == (
        scripted.DEVICE_ID,
        INTUNE_DEVICE,
        SERIAL,
    )
    assert record["bitlocker"]["volumes"][0]["protectors"] == [
        {"id": "{AAAA}", "type": "Tpm"},
        {"id": "{BBBB}", "type": "RecoveryPassword"},
    ]
    assert result == {"reboot_required": True, "restarted": False}
    assert [phase["name"] for phase in leave.phases.done] == ["look", "prove", "leave", "verify", "clean up"]
    assert device.done == ["dsregcmd_leave"] and device.jobs == {}


@pytest.mark.parametrize("managed", [False, True])
def test_the_intune_id_is_not_that_of_another_mdm(monkeypatch, managed):
    device = Leaver()
    device.enroll(FOREIGN, provider="Foreign MDM")
    device.certificates[-1]["subject"] = "CN=99999999-9999-9999-9999-999999999999"
    if managed:
        device.enroll()
    leave, _result = run(device, monkeypatch)
    assert leave.learned["record"]["intune_device_id"] == (INTUNE_DEVICE if managed else None)


def test_the_leave_warns_of_recovery_passwords_that_go_with_the_device_object(monkeypatch):
    leave, _result = run(Leaver(), monkeypatch)
    assert ["{BBBB}" in text and "{AAAA}" not in text for text in leave.learned["warnings"]] == [True]


LINK = "1d5d1f4e-8c39-4d7a-9d7c-0f5b1c2a3e4f"
OLD, NEWER = "5d0a1f3c-2b4e-4c6d-8f70-91a2b3c4d5e6", scripted.TENANT
AUTOPILOT_SETTINGS = r"SOFTWARE\Microsoft\Provisioning\AutopilotSettings"


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({f"{LINK}_TenantIdHint": OLD, f"{LINK}_DiscoveryUrl": "https://x.example"}, [f"with the tenant {OLD}:"]),
        ({f"{LINK}_TENANTIDHINT": f"{{{OLD.upper()}}}", f"{OLD}_TenantIdHint": OLD}, [f"with the tenant {OLD}:"]),
        ({"a_TenantIdHint": NEWER, "b_TenantIdHint": OLD}, [f"the tenant {OLD} and the tenant {NEWER}"]),
        ({"a_TenantIdHint": 7}, ["with a tenant that it does not name"]),
        ({"a_TenantIdHint": "contoso\r\nmalicious"}, ["with a tenant that it does not name"]),
        ({"_TenantIdHint": OLD, "TenantIdHint": OLD, f"{LINK}_DiscoveryUrl": OLD, "x_TenantIdHint2": OLD}, []),
        ({}, []),
    ],
)
def test_the_leave_warns_of_a_tenant_s_mark_in_the_firmware(monkeypatch, check_mode, values, said):
    device = Leaver()
    device.tree[AUTOPILOT_SETTINGS] = scripted.key(values)
    leave, _result = run(device, monkeypatch, check_mode)
    told = [text for text in leave.learned["warnings"] if "device association" in text]
    assert len(told) == len(said) and all(a in b and "do not clear the mark" in b for a, b in zip(said, told))


def test_the_look_for_an_association_costs_no_exchange_and_no_leave(monkeypatch):
    device = Leaver()
    run(device, monkeypatch)
    undisturbed = device.requests, device.done
    device = Leaver()
    reads = device.handlers["registry_read"]

    def refuse(params):
        if params["path"] == AUTOPILOT_SETTINGS:
            raise scripted.OperationError("UnauthorizedAccessException", "access is denied")
        return reads(params)

    device.handlers["registry_read"] = refuse
    leave, _result = run(device, monkeypatch)
    told = [text for text in leave.learned["warnings"] if "device association" in text]
    assert len(told) == 1 and "access is denied" in told[0] and "AutopilotSettings" in told[0]
    assert (device.requests, device.done) == undisturbed


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_device_that_has_left_is_left_alone_with_one_exchange(monkeypatch, check_mode):
    device = Leaver(joined=False)
    leave, result = run(device, monkeypatch, check_mode, remove_mdm=True, reboot=True, stop_hybrid_autojoin=True)
    assert leave.learned["outcome"] == "unchanged" and not leave.changes.changed and "warnings" not in leave.learned
    assert device.requests == 1 and not set(device.executed) & op.CHANGING
    assert result == {"reboot_required": False, "restarted": False}


@pytest.mark.parametrize("check_mode", [True, False])
def test_the_enrollment_of_a_device_that_has_left_is_removed_and_that_is_a_disconnect(monkeypatch, check_mode):
    device = Leaver(joined=False)
    device.enroll()
    untouched, _result = run(device, monkeypatch, check_mode)
    assert untouched.learned["outcome"] == "unchanged" and not untouched.changes.changed
    leave, _result = run(device, monkeypatch, check_mode, remove_mdm=True)
    assert leave.learned["outcome"] == ("would_disconnect" if check_mode else "disconnected")
    assert whats(leave) == [f"mdm enrollment {INTUNE}"] and leave.learned["join_state"] == "left"
    assert device.done == ([] if check_mode else ["enrollment_remove"])


def test_check_mode_says_what_would_happen_and_only_looks(monkeypatch):
    for options in ({}, {"remove_mdm": True, "reboot": True}):
        device, real = Leaver(), Leaver()
        device.enroll()
        real.enroll()
        checked, _result = run(device, monkeypatch, check_mode=True, **options)
        done, _result = run(real, monkeypatch, **options)
        assert checked.learned["outcome"] == "would_disconnect"
        assert checked.changes.as_result(True) == done.changes.as_result(True)
        assert device.requests == 1 and not set(device.executed) & op.CHANGING


def test_a_second_run_changes_nothing(monkeypatch):
    device = Leaver()
    device.enroll()
    run(device, monkeypatch, remove_mdm=True)
    asked = device.requests
    leave, _result = run(device, monkeypatch, remove_mdm=True)
    assert leave.learned["outcome"] == "unchanged" and device.requests == asked + 1


# --- the gate ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    "members, says",
    [
        ([], ["the group Administrators is empty"]),
        ([BUILT_IN], [r"PC-1\Administrator: it is disabled"]),
        ([member("a", 1003, locked=True)], ["a: it is locked out"]),
        ([member("a", 1003, password_expired=True)], ["a: its password has expired"]),
        ([member("a", 1003, enabled=None)], ["a: it is not known whether it is enabled"]),
        ([member("a", 1003, locked=None)], ["a: it is not known whether it is locked out"]),
        ([member(None, ENTRA_SID, "entra"), BUILT_IN], [f"{ENTRA_SID}: an Entra account", "it is disabled"]),
        ([member(r"CORP\admins", "S-1-5-21-9-9-9-512", "domain")], [r"CORP\admins: a domain account"]),
        (
            [member(None, f"{'S-1-5-21-1-2-3'}-1999", "unknown")],
            ["S-1-5-21-1-2-3-1999: a SID that Windows cannot resolve"],
        ),
    ],
)
def test_nobody_is_locked_out(monkeypatch, check_mode, members, says):
    device = Leaver()
    device.members = members
    leave, failure = run(device, monkeypatch, check_mode, allow_account_loss=True, remove_mdm=True)
    assert failure.error["name"] == "no_local_administrator"
    assert failure.error["evidence"] == leave.learned["administrators"]
    for text in says:
        assert text in failure.msg
    assert leave.learned["outcome"] == "refused" and not leave.changes.changed
    assert device.requests == 1 and not set(device.executed) & op.CHANGING


@pytest.mark.parametrize("sid, name", [(ENTRA_SID, r"AzureAD\alex"), ("S-1-5-21-9-9-9-1105", r"CORP\alex")])
def test_a_connecting_account_that_is_not_local_is_refused_unless_it_is_allowed(monkeypatch, sid, name):
    device = Leaver()
    device.identity |= {"sid": sid, "account": name}
    leave, failure = run(device, monkeypatch)
    assert failure.error["name"] == "account_not_local" and name in failure.msg and "allow_account_loss" in failure.msg
    assert leave.learned["outcome"] == "refused" and not set(device.executed) & op.CHANGING
    assert run(device, monkeypatch, allow_account_loss=True)[0].learned["outcome"] == "disconnected"


def test_an_account_of_another_machine_is_not_local(monkeypatch):
    device = Leaver()
    device.identity["sid"] = "S-1-5-21-1-2-33-1001"
    assert run(device, monkeypatch)[1].error["name"] == "account_not_local"


def test_administrators_that_cannot_be_read_are_no_administrators(monkeypatch):
    device = Leaver()

    def refused(_params):
        raise scripted.OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)

    device.handlers["local_administrators"] = refused
    assert run(device, monkeypatch)[1].error["name"] == "administrators_unreadable"
    assert not set(device.executed) & op.CHANGING


@pytest.mark.parametrize(
    "policy", [r"SOFTWARE\Microsoft\Policies\LAPS", r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\LAPS"]
)
def test_an_account_whose_password_only_entra_knows_does_not_count(monkeypatch, policy):
    device = Leaver()
    device.tree[policy] = scripted.key({"BackupDirectory": 1, "AdministratorAccountName": "rescue"})
    device.members = [BUILT_IN, member(r"PC-1\rescue", 1005)]
    device.identity |= {"sid": "S-1-5-21-1-2-3-1001"}
    leave, failure = run(device, monkeypatch)
    assert failure.error["name"] == "no_local_administrator" and "LAPS" in failure.msg
    # Who connects with it knows its password.
    device.identity |= {"sid": "S-1-5-21-1-2-3-1005"}
    leave, _result = run(device, monkeypatch)
    assert leave.learned["outcome"] == "disconnected"
    assert any("rescue" in text for text in leave.learned["warnings"])


def test_laps_without_a_name_manages_the_built_in_administrator_and_into_ad_it_does_not_matter(monkeypatch):
    for directory, outcome in ((1, "refused"), (2, "disconnected")):
        device = Leaver()
        device.tree[r"SOFTWARE\Microsoft\Policies\LAPS"] = scripted.key({"BackupDirectory": directory})
        device.members = [member(r"PC-1\root", 500)]
        assert run(device, monkeypatch)[0].learned["outcome"] == outcome


def test_an_administrator_who_is_disabled_meanwhile_stops_the_leave_after_the_unenrollment(monkeypatch):
    device = Leaver()
    device.enroll()
    remove = device.handlers["enrollment_remove"]
    device.handlers["enrollment_remove"] = lambda p: device.members.remove(device.members[1]) or remove(p)
    device.members = list(device.members)
    leave, failure = run(device, monkeypatch, remove_mdm=True)
    assert failure.error["name"] == "no_local_administrator" and "refused before anything" not in failure.msg
    assert leave.learned["outcome"] == "failed" and whats(leave) == [f"mdm enrollment {INTUNE}"]
    assert device.registered


# --- what earlier joins have left -------------------------------------------------------------------------------------

STALE = "05" * 20


@pytest.mark.parametrize("certificate", [False, True], ids=["key", "key and certificate"])
def test_a_leave_takes_what_an_earlier_join_has_left_and_records_the_live_one(monkeypatch, certificate):
    device = Leaver()
    device.join_before(OTHER_TENANT, STALE, certificate)
    if certificate:
        live = scripted.dsregcmd_text(True) + f"                Thumbprint : {scripted.THUMBPRINT}\r\n"
        basic = device.handlers["dsregcmd_status"]
        device.handlers["dsregcmd_status"] = lambda p: (
            basic(p) | ({"text": live} if "YES" in basic(p)["text"].split("\n")[4] else {})
        )
    leave, _result = run(device, monkeypatch)
    assert leave.learned["outcome"] == "disconnected" and leave.learned["remains"] == []
    assert not device.registered and device.certificates == []
    assert [o for o in device.executed_in_jobs if o["op"] == "dsregcmd_leave"] == [
        {"op": "dsregcmd_leave", "stale": [STALE, OTHER_TENANT]}
    ]
    record = leave.learned["record"]
    assert (record["tenant_id"], record["device_id"]) == (scripted.TENANT, scripted.DEVICE_ID)
    assert leave.changes.as_result(True)["diff"]["before"]["join"]["stale_joins"] == [STALE, OTHER_TENANT]


def test_a_leave_with_the_tenant_of_a_stale_key_is_refused(monkeypatch):
    device = Leaver()
    device.join_before(OTHER_TENANT, STALE)
    assert run(device, monkeypatch, tenant_id=OTHER_TENANT)[1].error["name"] == "joined_to_another_tenant"
    assert run(device, monkeypatch, tenant_id=scripted.TENANT)[0].learned["outcome"] == "disconnected"


def test_a_stale_key_on_a_device_that_is_joined_to_nothing_is_removed(monkeypatch):
    device = Leaver(joined=False)
    device.join_before(OTHER_TENANT, STALE)
    leave, _result = run(device, monkeypatch)
    assert leave.learned["outcome"] == "disconnected" and not device.registered
    assert run(device, monkeypatch, reboot=False)[0].learned["outcome"] == "unchanged"


def test_a_stale_key_that_stays_is_a_half_left_join(monkeypatch):
    device = Leaver()
    device.join_before(OTHER_TENANT, STALE)
    device.removes = False
    leave, failure = run(device, monkeypatch)
    assert failure.error["name"] == "half_left" and "CloudDomainJoin" in failure.msg
    assert leave.learned["outcome"] == "failed"


def test_what_nobody_can_tell_from_the_live_join_is_left_to_windows(monkeypatch):
    device = Leaver()
    device.join_before(OTHER_TENANT, STALE, certificate=True)
    leave, failure = run(device, monkeypatch)
    assert {"op": "dsregcmd_leave"} in device.executed_in_jobs
    assert leave.learned["record"]["tenant_id"] is None and failure.error["name"] == "half_left"


# --- other refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_device_of_another_tenant_is_refused_where_a_tenant_was_named(monkeypatch, check_mode):
    device = Leaver()
    leave, failure = run(device, monkeypatch, check_mode, tenant_id=OTHER_TENANT)
    assert failure.error["name"] == "joined_to_another_tenant" and "Contoso" in failure.msg
    assert leave.learned["outcome"] == "refused" and not set(device.executed) & op.CHANGING
    assert run(device, monkeypatch, tenant_id=scripted.TENANT)[0].learned["outcome"] == "disconnected"


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_account_without_its_full_token_is_refused(monkeypatch, check_mode):
    device = Leaver()
    device.identity["elevated"] = False
    assert run(device, monkeypatch, check_mode)[1].error["name"] == "account_not_elevated"
    assert not set(device.executed) & op.CHANGING


@pytest.mark.parametrize("unreadable", ["certificates", "scheduled_tasks"])
def test_a_device_whose_state_cannot_be_read_does_not_count_as_left(monkeypatch, unreadable):
    device = Leaver(joined=False)

    def refused(_params):
        raise scripted.OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)

    device.handlers[unreadable] = refused
    leave, failure = run(device, monkeypatch)
    assert failure.error["name"] == "state_unreadable" and leave.learned["outcome"] == "refused"


# --- hybrid -----------------------------------------------------------------------------------------------------------


def test_a_hybrid_device_is_refused_without_its_auto_join_stopped(monkeypatch):
    device = Leaver(in_domain=True)
    leave, failure = run(device, monkeypatch)
    assert failure.error["name"] == "hybrid_joined" and "stop_hybrid_autojoin" in failure.error["fix"]
    assert leave.learned["outcome"] == "refused" and not set(device.executed) & op.CHANGING


def test_the_auto_join_of_a_hybrid_device_is_stopped_before_it_leaves(monkeypatch):
    device = Leaver(in_domain=True)
    leave, _result = run(device, monkeypatch, stop_hybrid_autojoin=True)
    assert device.done == ["hybrid_autojoin_stop", "dsregcmd_leave"]
    assert whats(leave) == ["hybrid auto-join", "join"] and leave.facts["join"]["type"] == "domain"
    assert run(device, monkeypatch, stop_hybrid_autojoin=True)[0].learned["outcome"] == "unchanged"


def test_a_hybrid_device_whose_auto_join_was_stopped_before_leaves(monkeypatch):
    device = Leaver(in_domain=True)
    device.handlers["hybrid_autojoin_stop"]({})
    assert whats(run(device, monkeypatch)[0]) == ["join"]


def test_an_auto_join_that_a_policy_sets_again_stops_the_leave(monkeypatch):
    device = Leaver(in_domain=True)
    device.handlers["hybrid_autojoin_stop"] = lambda _p: {"disabled": True}
    leave, failure = run(device, monkeypatch, stop_hybrid_autojoin=True)
    assert failure.error["name"] == "autojoin_not_stopped" and device.registered and not leave.changes.changed


def test_the_auto_join_of_a_device_outside_a_domain_is_left_alone(monkeypatch):
    device = Leaver()
    device.autojoin_task = "Ready"
    leave, _result = run(device, monkeypatch, stop_hybrid_autojoin=True)
    assert whats(leave) == ["join"] and AUTOJOIN not in device.tree


# --- MDM --------------------------------------------------------------------------------------------------------------


def test_enrollments_stay_unless_they_are_to_be_removed(monkeypatch):
    device = Leaver()
    device.enroll()
    run(device, monkeypatch)
    assert INTUNE.upper() in device.tree[r"SOFTWARE\Microsoft\Enrollments"]["keys"]


def test_only_the_providers_enrollments_of_this_tenant_are_removed_before_the_leave(monkeypatch):
    device = Leaver()
    device.enroll(AADTenantID=scripted.TENANT)
    leftover, elsewhere = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
    device.enroll(leftover, live=False)
    device.enroll(elsewhere, AADTenantID=OTHER_TENANT)
    device.enroll(FOREIGN, provider="Foreign MDM")
    leave, _result = run(device, monkeypatch, remove_mdm=True)
    assert device.done == ["enrollment_remove", "enrollment_remove", "dsregcmd_leave"]
    asked = [
        (o["id"], o["provider"], o["unregister"]) for o in device.executed_in_jobs if o["op"] == "enrollment_remove"
    ]
    assert asked == [(INTUNE, "MS DM Server", True), (leftover, "MS DM Server", False)]
    assert set(device.tree[r"SOFTWARE\Microsoft\Enrollments"]["keys"]) == {elsewhere.upper(), FOREIGN.upper()}
    assert whats(leave) == [f"mdm enrollment {INTUNE}", f"mdm enrollment {leftover}", "join"]


@pytest.mark.parametrize(
    ("options", "joined", "stays"),
    [
        ({}, False, [INTUNE, FOREIGN]),  # Nothing says which tenant would be another one.
        ({"tenant_id": scripted.TENANT}, False, [FOREIGN]),
        ({}, True, [FOREIGN]),
        ({"mdm_enrollment_id": FOREIGN}, True, [INTUNE]),
    ],
    ids=["no join and no tenant_id", "no join, and tenant_id", "a join", "named"],
)
def test_which_enrollments_are_another_tenants(monkeypatch, options, joined, stays):
    device = Leaver(joined=joined)
    device.enroll(AADTenantID=scripted.TENANT)
    device.enroll(FOREIGN, AADTenantID=OTHER_TENANT)
    leave, _result = run(device, monkeypatch, remove_mdm=True, **options)
    assert list(device.tree[r"SOFTWARE\Microsoft\Enrollments"]["keys"]) == [name.upper() for name in stays]
    told = [text for text in leave.learned.get("warnings", []) if "were left alone" in text]
    assert bool(told) is (len(stays) == 2) and all(OTHER_TENANT in text for text in told)


def test_one_named_enrollment_is_removed_and_no_other(monkeypatch):
    device = Leaver()
    device.enroll()
    device.enroll(FOREIGN)
    run(device, monkeypatch, remove_mdm=True, mdm_enrollment_id=FOREIGN)
    assert list(device.tree[r"SOFTWARE\Microsoft\Enrollments"]["keys"]) == [INTUNE.upper()]


def test_an_enrollment_that_stays_stops_the_leave_and_is_told(monkeypatch):
    device = Leaver()
    device.enroll()
    device.removes = False
    leave, failure = run(device, monkeypatch, remove_mdm=True)
    assert failure.error["name"] == "enrollment_not_removed" and "task folder" in failure.msg
    assert device.registered and not leave.changes.changed and leave.learned["outcome"] == "failed"


def test_a_join_that_windows_ends_with_its_enrollment_is_told_as_left(monkeypatch):
    device = Leaver()
    device.enroll()
    remove = device.handlers["enrollment_remove"]
    device.handlers["enrollment_remove"] = lambda p: device.handlers["dsregcmd_leave"](p) and remove(p)
    leave, _result = run(device, monkeypatch, remove_mdm=True)
    assert device.done == ["enrollment_remove"] and whats(leave) == [f"mdm enrollment {INTUNE}", "join"]
    assert leave.learned["outcome"] == "disconnected"


# --- half, not, and too late ------------------------------------------------------------------------------------------


def test_a_half_left_device_is_recognised_and_finished(monkeypatch):
    device = Leaver()
    del device.tree[r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"]
    checked, _result = run(device, monkeypatch, check_mode=True)
    assert checked.learned["join_state"] == "half_left" and checked.learned["outcome"] == "would_disconnect"
    leave, _result = run(device, monkeypatch)
    change = leave.changes.as_result(False)["changes"][0]
    assert change["before"]["half_left"] == ["device certificate"] and change["after"] is None
    assert leave.learned["join_state"] == "left" and device.certificates == []
    assert leave.learned["record"]["device_id"] == scripted.DEVICE_ID


def test_a_leave_that_does_half_of_it_says_so_and_what_is_left(monkeypatch):
    device = Leaver()
    device.leaves = "half"
    leave, failure = run(device, monkeypatch)
    assert failure.error["name"] == "half_left" and "device certificate" in failure.msg
    assert leave.learned["join_state"] == "half_left" and leave.learned["outcome"] == "failed"
    assert leave.changes.as_result(False)["changes"][0]["after"] == {"half_left": ["device certificate"]}
    device.leaves = "whole"
    assert run(device, monkeypatch)[0].learned["outcome"] == "disconnected"


def test_an_exit_code_of_zero_does_not_mean_that_it_has_left(monkeypatch):
    device = Leaver()
    device.leaves = "not"
    device.handlers["events"] = lambda p: {
        "log_exists": True,
        "events": [
            {"id": 239, "record": 1, "utc": scripted.UTC, "provider": "x", "data": ["-2145648611"], "message": None}
        ]
        if 239 in p["ids"]
        else [],
    }
    leave, failure = run(device, monkeypatch)
    assert failure.error["name"] == "not_left" and not leave.changes.changed and leave.learned["join_state"] == "joined"
    assert failure.error["evidence"][0] == {"exit_code": 0, "text": "DsrDeviceAutoLeave"}
    assert failure.error["evidence"][1]["event"] == 239


def test_a_leave_with_an_odd_exit_code_has_left_where_the_state_says_so(monkeypatch):
    device = Leaver()
    left = device.handlers["dsregcmd_leave"]
    device.handlers["dsregcmd_leave"] = lambda p: left(p) | {"exit_code": -2145648611}
    assert run(device, monkeypatch)[0].learned["outcome"] == "disconnected"


def test_a_leave_that_does_not_end_in_time_goes_on_and_the_next_run_finds_it(monkeypatch):
    device = Leaver()
    finish, device.finish = device.finish, lambda _job: None
    leave, failure = run(device, monkeypatch, timeout=60)
    assert failure.error["name"] == "unfinished" and whats(leave) == ["the leave"]
    device.finish = finish
    device.jobs[LEAVE_JOB]["looks"] = 0
    started = device.executed.count("job_start")
    leave, _result = run(device, monkeypatch)
    assert leave.learned["outcome"] == "disconnected" and whats(leave) == ["join"]
    assert device.executed.count("job_start") == started and device.done == ["dsregcmd_leave"]


def test_a_device_that_joins_again_by_itself_is_told(monkeypatch):
    device = Leaver()
    tree, certificates = dict(device.tree), list(device.certificates)
    restart = device.handlers["restart"]

    def restart_and_join(params):
        device.tree, device.certificates = tree, certificates
        return restart(params)

    device.handlers["restart"] = restart_and_join
    _leave, failure = run(device, monkeypatch, reboot=True)
    assert failure.error["name"] == "joined_again"


# --- restarts, broken connections, crashes ----------------------------------------------------------------------------


def test_a_restart_is_made_when_asked_after_the_leave(monkeypatch):
    device = Leaver()
    leave, result = run(device, monkeypatch, reboot=True)
    assert result == {"reboot_required": False, "restarted": True} and len(device.boots) == 2
    assert whats(leave) == ["join", "restart"]
    assert [phase["name"] for phase in leave.phases.done] == ["look", "prove", "leave", "restart", "verify", "clean up"]
    leave, result = run(device, monkeypatch, reboot=True)
    assert not leave.changes.changed and len(device.boots) == 2


def test_a_device_that_does_not_come_back_says_that_it_has_left(monkeypatch):
    device = Leaver()
    device.handlers["restart"] = lambda _p: setattr(device, "lose", 10_000) or {"scheduled": True, "exit_code": 0}
    leave, failure = run(device, monkeypatch, reboot=True)
    assert failure.error["name"] == "not_back_after_restart" and whats(leave) == ["join"]


class Crash(BaseException):
    """The controller is gone: nothing of it runs any more."""


def cut_at(device: Leaver, number: int, executed: bool) -> None:
    """End the run at the exchange of this number, before or after the device has executed it."""
    execute = device.execute

    def cut(script: str, data: bytes):
        if device.requests + 1 == number:
            if executed:
                execute(script, data)
            else:
                device.requests += 1
            raise Crash
        return execute(script, data)

    device.execute = cut


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("number", range(1, 20))
def test_a_controller_that_crashes_at_any_exchange_is_followed_by_a_run_that_finishes(monkeypatch, number, executed):
    device = Leaver(in_domain=True)
    device.enroll(AADTenantID=scripted.TENANT)
    device.enroll(FOREIGN, provider="Foreign MDM")
    foreign = device.tree[r"SOFTWARE\Microsoft\Enrollments"]["keys"][FOREIGN.upper()]
    options = {"remove_mdm": True, "stop_hybrid_autojoin": True, "reboot": True}
    cut_at(device, number, executed)
    first = None
    try:
        first, _result = run(device, monkeypatch, **options)
    except Crash:
        pass
    del device.execute
    was_over = first is not None or (not device.jobs and len(device.boots) == 2)
    leave, _result = run(device, monkeypatch, **options)
    assert leave.learned["join_state"] == "left" and leave.learned["outcome"] in ("disconnected", "unchanged")
    assert device.jobs == {} and len(device.boots) == 2
    assert device.tree[r"SOFTWARE\Microsoft\Enrollments"]["keys"] == {FOREIGN.upper(): foreign}
    assert device.done == ["hybrid_autojoin_stop", "enrollment_remove", "dsregcmd_leave"]
    if not was_over:
        record = leave.learned["record"]
        assert (record["device_id"], record["intune_device_id"]) == (scripted.DEVICE_ID, INTUNE_DEVICE)
    assert not run(device, monkeypatch, **options)[0].changes.changed


@pytest.mark.parametrize("number", range(1, 16))
def test_a_connection_that_breaks_at_any_exchange_does_not_stop_the_leave(monkeypatch, number):
    device = Leaver()
    device.enroll()
    execute = device.execute

    def break_once(script: str, data: bytes):
        if device.requests + 1 == number:
            device.lose = 1
        return execute(script, data)

    device.execute = break_once
    try:
        leave, _result = run(device, monkeypatch, remove_mdm=True)
    except ConnectionLost:
        assert number == 1  # not reached at all: nothing has happened
        leave, _result = run(device, monkeypatch, remove_mdm=True)
    assert leave.learned["outcome"] == "disconnected" and device.done == ["enrollment_remove", "dsregcmd_leave"]


def test_a_device_that_goes_silent_says_that_the_task_can_be_run_again(monkeypatch):
    device = Leaver()
    start = device.handlers["job_start"]
    device.handlers["job_start"] = lambda p: setattr(device, "lose", 10_000) or start(p)
    leave, failure = run(device, monkeypatch)
    assert failure.error["name"] == "connection_lost" and failure.error["side"] == "network"
    assert leave.learned["record"]["device_id"] == scripted.DEVICE_ID
    assert leave.changes.as_result(False)["changes"][0]["after"] == system_work.OUTCOME_UNKNOWN


def test_what_a_crashed_run_left_on_a_device_that_has_left_is_cleaned_up_and_its_record_told(monkeypatch):
    device = Leaver(joined=False)
    before = Leaver()
    before.jobs[LEAVE_JOB] = {
        "state": "running",
        "looks": 0,
        "answer": None,
        "started": scripted.UTC,
        "ops": [*device_record.OBSERVATIONS.values(), op.dsregcmd_leave()],
    }
    before.finish(before.jobs[LEAVE_JOB])
    device.jobs = before.jobs
    checked, _result = run(device, monkeypatch, check_mode=True)
    leave, _result = run(device, monkeypatch)
    assert whats(checked) == whats(leave) == ["leftovers"] and device.jobs == {}
    assert leave.learned["outcome"] == "unchanged" and leave.learned["record"]["device_id"] == scripted.DEVICE_ID
    assert leave.learned["record"]["join_type"] == "entra"


def test_a_job_of_another_join_does_not_spoil_the_record(monkeypatch):
    device, before = Leaver(), Leaver()
    before.certificates[0]["subject"] = "CN=99999999-9999-9999-9999-999999999999"
    before.enroll()
    job = {
        "state": "running",
        "looks": 0,
        "answer": None,
        "started": scripted.UTC,
        "ops": [*device_record.OBSERVATIONS.values(), op.dsregcmd_leave()],
    }
    before.finish(job)
    device.jobs = {LEAVE_JOB: job}
    leave, _result = run(device, monkeypatch)
    assert leave.learned["record"]["device_id"] == scripted.DEVICE_ID
    assert leave.learned["record"]["intune_device_id"] is None


def test_a_named_enrollment_of_another_provider_stays(monkeypatch):
    device = Leaver()
    device.enroll()
    device.enroll(FOREIGN, provider="Foreign MDM")
    leave, _result = run(device, monkeypatch, remove_mdm=True, mdm_enrollment_id=FOREIGN)
    assert set(device.tree[r"SOFTWARE\Microsoft\Enrollments"]["keys"]) == {INTUNE.upper(), FOREIGN.upper()}
    assert "enrollment_remove" not in device.done


def test_the_job_of_a_leave_that_is_half_done_stays_until_the_next_run(monkeypatch):
    device = Leaver()
    device.leaves = "half"
    _leave, failure = run(device, monkeypatch)
    assert failure.error["name"] == "half_left" and LEAVE_JOB in device.jobs
    device.leaves = "whole"
    leave, _result = run(device, monkeypatch)
    assert leave.learned["outcome"] == "disconnected" and device.jobs == {}


def test_nothing_stays_of_a_leave_that_has_changed_nothing(monkeypatch):
    device = Leaver()
    device.leaves = "not"
    _leave, failure = run(device, monkeypatch)
    assert failure.error["name"] == "not_left" and device.jobs == {}
