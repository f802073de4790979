# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that meets a read that is refused halfway: what could not be read is never taken for absent."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import laps, state, system_work
from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis import clues, ranking

from . import fit, scripted, test_joining, test_leaving, test_mdm_state
from .leavers import INTUNE, Leaver, member
from .scripted import OperationError, ScriptedDevice, key
from .test_joining import Story


def refuse(
    device: ScriptedDevice, operation: str, matching: str = "", when: t.Callable[[], bool] = lambda: True
) -> None:
    """The device refuses an operation, where its parameters hold a text, as long as ``when()`` says so."""
    known = device.handlers[operation]

    def answer(params: dict) -> dict:
        if matching in str(params).replace("\\\\", "\\") and when():
            raise OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)
        return known(params)

    device.handlers[operation] = answer


# --- leave, MDM -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", (laps.POLICIES | laps.STATE).values())
def test_a_laps_policy_that_cannot_be_read_may_manage_every_account_but_the_callers(monkeypatch, path):
    device = Leaver()
    device.members = [member(r"PC-1\rescue", 1005)]
    refuse(device, "registry_read", path)
    _leave, failure = test_leaving.run(device, monkeypatch)
    assert failure.error["name"] == "no_local_administrator" and "LAPS" in failure.msg
    assert not set(device.executed) & op.CHANGING
    device.identity |= {"sid": "S-1-5-21-1-2-3-1005"}
    leave, _result = test_leaving.run(device, monkeypatch)
    assert leave.learned["outcome"] == "disconnected"


def test_whether_a_policy_would_enroll_again_must_be_known(monkeypatch):
    device = test_mdm_state.joined()
    device.enroll()
    refuse(device, "registry_read", test_mdm_state.POLICY)
    mdm, failure = test_mdm_state.run(device, monkeypatch, state="absent")
    assert failure.error["name"] == "state_unreadable" and test_mdm_state.POLICY in failure.msg
    assert mdm.learned["outcome"] == "refused" and not set(device.executed) & op.CHANGING


def running_removal(device: Leaver) -> None:
    device.jobs[system_work.STEP_JOBS["enrollment_remove"]] = {
        "state": "running",
        "looks": 0,
        "answer": None,
        "started": scripted.UTC,
        "ops": [op.enrollment_remove("00000000-0000-0000-0000-000000000001", "MS DM Server", True)],
    }
    device.handlers["enrollment_remove"] = lambda _p: {"removed": [], "unregistered": True}


def test_enrollments_that_cannot_be_read_any_more_are_not_gone(monkeypatch):
    device = test_mdm_state.joined()
    device.enroll()
    running_removal(device)
    refuse(device, "scheduled_tasks", "EnterpriseMgmt", when=lambda: device.requests > 1)
    mdm, failure = test_mdm_state.run(device, monkeypatch, state="absent")
    assert failure.error["name"] == "state_unreadable" and mdm.learned["outcome"] == "refused"
    assert not mdm.changes.changed


def test_a_closed_enrollment_may_be_any_and_what_is_no_enrollment_may_be_closed(monkeypatch):
    closed = {"refused": {"type": "SecurityException", "message": "no", "hresult": None}}
    device = test_mdm_state.joined()
    device.tree[test_mdm_state.KEYS]["keys"]["Status"] = closed
    mdm, _result = test_mdm_state.run(device, monkeypatch, check_mode=True)
    assert mdm.learned["outcome"] == "would_enroll" and mdm.facts["mdm"]["enrolled"] is False
    device.tree[test_mdm_state.KEYS]["keys"][INTUNE.upper()] = closed
    mdm, failure = test_mdm_state.run(device, monkeypatch, check_mode=True)
    assert failure.error["name"] == "state_unreadable" and mdm.facts["mdm"]["enrolled"] is None


# --- joining ----------------------------------------------------------------------------------------------------------


def test_a_package_whose_removal_cannot_be_seen_is_told_as_left_behind(monkeypatch):
    device = Story(joins_after=None)
    device.fail_with("AADSTS700082")
    refuse(device, "provisioning_packages", when=lambda: device.requests > 2)
    join, failure = test_joining.run(device, monkeypatch, timeout=60)
    assert failure.error["code"] == "AADSTS700082"
    assert device.packages == []  # It was removed all the same.
    left = [change for change in join.changes.as_result(False)["changes"] if change["what"] == "leftovers"]
    assert len(left) == 1 and "perhaps still installed" in str(left)


def test_an_engine_that_cannot_be_seen_is_not_idle(monkeypatch):
    device = Story(joins_after=None)
    device.fail_with("AADSTS700082")
    refuse(device, "processes")
    _join, failure = test_joining.run(device, monkeypatch, timeout=60)
    assert failure.error["code"] == "AADSTS700082" and device.clock.now >= 60
    visible = Story(joins_after=None)
    visible.fail_with("AADSTS700082")
    test_joining.run(visible, monkeypatch, timeout=60)
    assert visible.clock.now < 60


# --- preflight --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", ["proxy", "tls"])
def test_endpoints_that_could_not_be_asked_leave_proxy_and_tls_unknown(check):
    device = fit.FitDevice()
    device.refuse("system_probe")
    assert device.check(check).result == "unknown"
    assert device.check(check, skip=frozenset({"endpoints"})).result == "pass"


@pytest.mark.parametrize(("reached", "result"), [(True, "pass"), (False, "unknown")])
def test_proxies_of_users_that_cannot_be_read_matter_where_an_endpoint_is_not_reached(reached, result):
    device = fit.FitDevice()
    device.replies = {} if reached else {"endpoint_login": ("timeout", 0x80072EE2)}
    device.refuse("registry_users_read", "Internet Settings")
    assert device.check("proxy").result == result


@pytest.mark.parametrize(
    ("path", "values", "check"),
    [
        (fit.SECURITY, {"AllowAddProvisioningPackage": "0"}, "package_policy"),
        (fit.TLS, {"Enabled": "0"}, "tls"),
        (fit.UAC, {"LocalAccountTokenFilterPolicy": [1]}, "token_filter"),
        (r"SOFTWARE\Microsoft\Policies\LAPS", {"BackupDirectory": "1"}, "local_administrator"),
    ],
)
def test_a_setting_of_the_wrong_type_is_unknown_or_worse_and_never_fine(path, values, check):
    device = fit.FitDevice()
    device.members = [fit.administrator(1002)]
    device.registry[path] = key(values)
    assert device.check(check).result in ("unknown", "fail")


# --- facts ------------------------------------------------------------------------------------------------------------


def facts(device: ScriptedDevice) -> dict:
    return state.build(device.session().run(state.observations()))


def test_properties_that_come_back_null_are_unknown():
    device = ScriptedDevice()
    known = device.handlers["cim_query"]
    device.handlers["cim_query"] = lambda p: {"instances": [dict.fromkeys(known(p)["instances"][0])]}
    found = facts(device)
    assert found["join"]["type"] == "none"  # dsregcmd says that there is no domain.
    assert (found["os"]["server"], found["os"]["last_boot"]) == (False, None)  # The registry says what Windows it is.
    device.handlers["dsregcmd_status"] = lambda _p: {"present": False, "exit_code": None, "text": ""}
    device.handlers["registry_read"] = scripted.registry({})
    found = facts(device)
    assert found["join"]["type"] is None and found["os"]["server"] is None and found["os"]["joinable"] is None


@pytest.mark.parametrize("build", ["abc", "", 26100, ["26100"]])
def test_a_build_that_is_no_number_is_unknown(build):
    device = ScriptedDevice()
    tree = scripted.fresh_registry()
    tree[state.CURRENT_VERSION]["values"]["CurrentBuild"] = build
    device.handlers["registry_read"] = scripted.registry(tree)
    os = facts(device)["os"]
    assert not os["build"] and os["joinable"] is None and os["edition"] == "Professional"


def test_whether_a_server_is_in_azure_must_be_known_to_refuse_it():
    device = ScriptedDevice()
    device.handlers["cim_query"] = scripted.cim(product_type=3)
    refuse(device, "cim_query", "Win32_SystemEnclosure")
    os = facts(device)["os"]
    assert os["azure_vm"] is None and os["joinable"] is None and "Azure VM could not be read" in os["why_not_joinable"]


# --- diagnosis --------------------------------------------------------------------------------------------------------


def test_findings_of_the_same_weight_come_in_the_order_of_their_evidence():
    codes = ("0x80072ee7", "0x80180010", "0x80070032", "0x801c0042")
    found = [clues.clue("join", {"log": "x", "data": [code]}) for code in codes]
    order = sorted(codes, key=lambda code: -clues.weight(code))
    assert [finding.explanation["code"] for finding in ranking.rank(found)] == order
