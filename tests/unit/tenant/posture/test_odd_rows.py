# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""directory_posture: rows of policies, of reports and of keys that look odd are read for what they say, and no more."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.fields import Misfit
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.posture.codes import code_kind
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.posture.policy_report import report_kind

from .bench import DOMAIN, PostureBench, found

BITLOCKER = {"setting": "Windows10CompliancePolicy.BitLockerEnabled", "value": "false"}
TPM = {"setting": "Windows10CompliancePolicy.TpmRequired"}
BAD = {"name": "Windows", "state": "nonCompliant", "settings": [BITLOCKER]}
WALLPAPER = {"setting": "Windows10General.Wallpaper", "state": "error", "code": -2016281112}
FAILED = {"name": "Desktop", "state": "error", "settings": [WALLPAPER]}


@pytest.fixture
def bench() -> PostureBench:
    made = PostureBench()
    made.user("ada", ["mobilePhone", "email"])
    return made


def rows(bench: PostureBench, number: int = -1, name: str = "deviceCompliancePolicyStates") -> list[dict[str, t.Any]]:
    """The states of policies on one device, without that of the built-in policy."""
    every = list(bench.lab.tenant.policy_states.values())[number][name]
    return [row for row in every if not row["displayName"].startswith("Default")]


def record(bench: PostureBench, number: int = -1) -> dict[str, t.Any]:
    return list(bench.lab.tenant.managed_devices.values())[number]


@pytest.mark.parametrize("state", ["NonCompliant", "NONCOMPLIANT", "noncompliant"])
def test_a_state_of_another_spelling_is_the_same_state(bench, state):
    device = bench.managed("PC-1", user="ada", compliance=state, entra=False, policies=[{**BAD, "state": state}])
    result = bench.play(device)
    assert result["devices"][0]["intune"]["compliance"] == "noncompliant"
    [(kind, observed)] = found(result, "compliance")
    assert kind == "fail" and "BitLocker must be on" in observed


@pytest.mark.parametrize("state", [None, "", "unknownFutureValue"])
def test_a_policy_without_a_state_hides_no_other(bench, state):
    policies = [{"name": "New"}, BAD]
    device = bench.managed("PC-1", user="ada", compliance="noncompliant", policies=policies, configurations=policies)
    for name in ("deviceCompliancePolicyStates", "deviceConfigurationStates"):
        rows(bench, name=name)[0]["state"] = state
    [shown] = bench.play(device)["devices"]
    assert [one["policy"] for one in shown["compliance"]["policies"]] == ["Windows"]
    assert [one["policy"] for one in shown["configuration"]] == ["Windows"] and shown["unread"] == []


@pytest.mark.parametrize("state", ["unknown", None, "unknownFutureValue"])
def test_a_configuration_without_a_verdict_is_none_that_is_applied(bench, state):
    device = bench.managed("PC-1", user="ada", configurations=[{"name": "Desktop"}])
    rows(bench, name="deviceConfigurationStates")[0]["state"] = state
    [(kind, observed)] = found(bench.play(device), "configuration")
    assert kind == "unknown" and "Desktop" in observed


def test_a_policy_of_the_catalog_without_a_verdict_is_none_that_is_applied(bench):
    device = bench.managed("PC-1", user="ada", report=[{"name": "Catalog", "status": 0}])
    [(kind, observed)] = found(bench.play(device), "settings_catalog")
    assert kind == "unknown" and "Catalog" in observed


def test_two_rows_of_one_policy_have_each_its_own_settings(bench):
    policies = [BAD, {**BAD, "system": True, "settings": [TPM]}]
    device = bench.managed("PC-1", user="ada", compliance="noncompliant", policies=policies)
    assert len({row["id"] for row in rows(bench)}) == 1
    result = bench.play(device)
    told = [
        (one["judged_for"], [row["says"] for row in one["settings"]])
        for one in result["devices"][0]["compliance"]["policies"]
    ]
    assert told == [
        ("user", ["BitLocker must be on, as attested at the last start of the device"]),
        ("system", ["the device must have a TPM"]),
    ]
    assert bench.asked("/settingStates") == 1


@pytest.mark.parametrize(
    ("name", "identity", "whose"),
    [
        ("Systemkonto", "00000000-0000-0000-0000-000000000000", ("system", None)),
        ("SYSTEM ACCOUNT", "", ("system", None)),
        (None, "00000000-0000-0000-0000-000000000000", ("system", None)),
        (None, "6a1d7d43-6f36-4d7b-a0fb-3c1bd0f5b001", ("user", None)),
        (f"ada@{DOMAIN}", None, ("user", f"ada@{DOMAIN}")),
        (None, None, (None, None)),
        (7, ["x"], (None, None)),
    ],
)
def test_the_system_account_is_known_in_any_language(bench, name, identity, whose):
    device = bench.managed("PC-1", user="ada", compliance="noncompliant", policies=[BAD])
    rows(bench)[0].update(userPrincipalName=name, userId=identity)
    [policy] = bench.play(device)["devices"][0]["compliance"]["policies"]
    assert (policy["judged_for"], policy["user"]) == whose and policy["settings"]


@pytest.mark.parametrize("sources", [None, [None], [{"displayName": None}, None], [{"displayName": "A"}, None], "x"])
def test_sources_of_a_conflict_may_be_null(bench, sources):
    setting = {"setting": "Windows10General.Wallpaper", "state": "conflict"}
    device = bench.managed(
        "PC-1", user="ada", configurations=[{"name": "Desktop", "state": "conflict", "settings": [setting]}]
    )
    rows(bench, name="deviceConfigurationStates")[0]["rows"][0].update(sources=sources, currentValue=2**40)
    result = bench.play(device)
    [(kind, observed)] = found(result, "configuration")
    assert kind == "fail" and "Intune does not name" in observed and result["devices"][0]["unread"] == []


def test_a_conflict_is_a_conflict_whatever_its_code(bench):
    setting = {**WALLPAPER, "state": "conflict"}
    device = bench.managed("PC-1", user="ada", configurations=[{**FAILED, "state": "conflict", "settings": [setting]}])
    result = bench.play(device)
    assert [kind for kind, _observed in found(result, "configuration")] == ["fail"]
    assert result["devices"][0]["configuration"][0]["may_be_in_force"] is False


@pytest.mark.parametrize(
    "code",
    [
        *(-2016281112, 2278686184, 0xFFFFFFFF87D1FDE8),
        *("-2016281112", "2278686184", "0x87D1FDE8", "0x87d1fde8", " 2278686184 "),
    ],
)
def test_one_code_has_many_forms(code):
    assert code_kind(code) == "0x87D1FDE8"


@pytest.mark.parametrize("code", [0x187D1FDE8, -0x178_2E0218, 2**32, "0x187D1FDE8"])
def test_a_longer_number_is_not_the_code_of_its_end(code):
    told = code_kind(code)
    assert told is not None and len(told) == 18


@pytest.mark.parametrize("code", ["9" * 30, "0x" + "0" * 30 + "87D1FDE8", "x", 2**64, -(2**63) - 1, 1.0, []])
def test_what_is_no_code_is_none(code):
    with pytest.raises(Misfit):
        code_kind(code)


def test_the_settings_of_a_device_with_very_many_failed_policies_are_asked_for_some(bench):
    many = [{**BAD, "name": f"Windows {n}"} for n in range(50)]
    device = bench.managed("PC-1", user="ada", compliance="noncompliant", policies=many)
    [shown] = bench.play(device)["devices"]
    assert bench.asked("/settingStates") == 20 and len(shown["compliance"]["policies"]) == 50
    assert any("30 more failed policies" in one for one in shown["unread"])
    assert all(len(one["observed"]) < 2000 for one in bench.play(device)["findings"])


def test_one_device_that_does_not_say_whether_a_policy_is_the_built_in_one_keeps_it_from_no_other(bench):
    devices = [bench.managed(f"PC-{n}", user="ada", policies=[]) for n in range(4)]
    for state in bench.lab.tenant.policy_states.values():
        state["deviceCompliancePolicyStates"][0]["displayName"] = "Standard"
    bench.lab.side.faults.add("odd_answer", {"path": "settingStates", "body": {"value": 7}})
    shown = bench.play(*devices)["devices"]
    assert [one["compliance"]["nothing_assigned"] for one in shown] == [True] * 4


def test_compliant_is_no_pass_while_nobody_knows_whether_a_policy_judges(bench):
    device = bench.managed("PC-1", user="ada", policies=[])
    bench.lab.side.faults.add("odd_answer", {"path": "settingStates", "times": None, "body": {"value": []}})
    [(kind, observed)] = found(bench.play(device), "compliance")
    assert kind == "unknown" and "whether a compliance policy judges the device is not known" in observed


def test_reasons_that_could_not_be_read_are_not_absent(bench):
    device = bench.managed("PC-1", user="ada", compliance="noncompliant", policies=[BAD])
    bench.lab.side.faults.add("forbidden", {"path": "deviceCompliancePolicyStates", "times": None})
    told = [observed for kind, observed in found(bench.play(device), "compliance") if kind == "fail"]
    assert told == ["not compliant: the reasons could not be read"]


def test_a_long_silence_is_mended_on_the_device(bench):
    policy = {**BAD, "settings": [{"setting": "DefaultDeviceCompliancePolicy.RequireRemainContact"}]}
    result = bench.play(bench.managed("PC-1", user="ada", compliance="noncompliant", policies=[policy]))
    [one] = [one for one in result["findings"] if one["id"] == "compliance"]
    assert one["side"] == "device" and one["fix"] == "switch the device on, and sync it"


def test_the_report_is_read_over_all_its_pages(bench):
    report = [{"id": str(n), "name": f"Policy {n}", "status": 5 if n in (3, 117) else 2} for n in range(120)]
    devices = [bench.managed("PC-1", user="ada", report=report), bench.managed("PC-2", user="ada")]
    shown = bench.play(*devices)["devices"]
    assert [row["policy"] for row in shown[0]["settings_catalog"]] == ["Policy 3", "Policy 117"]
    assert shown[1]["settings_catalog"] == [] and bench.asked("getConfigurationPoliciesReportForDevice") == 4


@pytest.mark.parametrize(
    "body",
    [
        {"TotalRowCount": 9, "Schema": [{"Column": "PolicyName"}, {"Column": "PolicyStatus"}], "Values": []},
        {"TotalRowCount": 9, "Schema": [{"Column": "PolicyName"}, {"Column": "PolicyStatus"}], "Values": [["A", 2]]},
        {"Schema": [{"Column": "PolicyName"}, {"Column": "PolicyStatus"}], "Values": [["A", 2]]},
        {
            "TotalRowCount": 1,
            "Schema": [{"Column": "PolicyStatus"}, {"Column": "IntuneDeviceId"}, {"Column": "PolicyName"}],
            "Values": [[5, "6a1d7d43-6f36-4d7b-a0fb-3c1bd0f5b001", "Of another device"]],
        },
    ],
)
def test_a_report_without_its_end_or_of_another_device_is_unknown(bench, body):
    bench.lab.side.faults.add(
        "odd_answer", {"path": "getConfigurationPoliciesReportForDevice", "times": None, "body": body}
    )
    result = bench.play(bench.managed("PC-1", user="ada"))
    assert result["devices"][0]["settings_catalog"] is None and result["devices"][0]["unread"]
    assert [kind for kind, _observed in found(result, "settings_catalog")] == ["unknown"]


def test_a_device_configuration_that_failed_is_found_once(bench):
    kind = "Microsoft.Management.Services.Api.DeviceConfiguration"
    report = [
        {"name": "Desktop", "status": 5, "kind": kind},
        {"name": "Catalog", "status": 5, "user": "System account"},
    ]
    device = bench.managed("PC-1", user="ada", configurations=[FAILED], report=report)
    result = bench.play(device)
    assert [kind for kind, _observed in found(result, "configuration")] == ["warn"], "it may be in force"
    assert found(result, "settings_catalog") == [("fail", "Catalog: error")]
    [row] = result["devices"][0]["settings_catalog"]
    assert row["policy"] == "Catalog" and row["user"] is None
    shown = bench.play(device, questions=["settings_catalog"])["devices"][0]["settings_catalog"]
    assert [row["policy"] for row in shown] == ["Desktop", "Catalog"]


@pytest.mark.parametrize("status", ["5", 5])
def test_columns_come_in_any_order(status):
    columns = [{"Column": name} for name in ("Extra", "PolicyStatus", "UPN", "PolicyName")]
    [row] = report_kind({"Schema": columns, "Values": [[{"a": 1}, status, 7, ["x"]]]})["rows"]
    assert (row["number"], row["user"], row["policy"], row["device"]) == (5, None, None, None)


@pytest.mark.parametrize(
    "report",
    [
        {"Schema": [{"Column": "PolicyName"}], "Values": []},
        {"Schema": [{"Column": name} for name in ("PolicyName", "PolicyStatus", "PolicyStatus")], "Values": []},
        {"Schema": [{"Column": "PolicyName"}, {"Column": "PolicyStatus"}], "Values": [["x", "5 or more"]]},
        {"Schema": [{"Column": "PolicyName"}, {"Column": "PolicyStatus"}], "Values": [["x", "5" * 21 + "x"]]},
        {"Schema": [{"Column": "PolicyName"}, {"Column": "PolicyStatus"}], "Values": [["x", True]]},
        {"Schema": [{"Column": "PolicyName"}, {"Column": "PolicyStatus"}], "Values": [["x"]]},
        "no base64",
        "bnVsbA==",
    ],
)
def test_what_is_no_report_is_refused(report):
    with pytest.raises(Misfit):
        report_kind(report)
