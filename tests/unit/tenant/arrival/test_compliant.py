# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wait_for_management until devices are compliant: what meets it, what does not, and what ends early."""

from __future__ import annotations

import datetime

import pytest

from tests.lab.tenant import posture
from tests.lab.tenant.objects import utc_seconds

from .bench import COMPLIANT, ArrivalBench

BUILT_IN = "DefaultDeviceCompliancePolicy."
WINDOWS = "Windows10CompliancePolicy."
BITLOCKER = {"setting": WINDOWS + "BitLockerEnabled"}
DEFAULT = [posture.BUILT_IN]


@pytest.fixture
def bench() -> ArrivalBench:
    made = ArrivalBench()
    made.user("ada")
    return made


def not_met(*settings: dict) -> dict:
    return {
        "user": "ada",
        "compliance": "noncompliant",
        "policies": [{"name": "Windows", "state": "nonCompliant", "settings": list(settings)}, {"name": "Other"}],
    }


def state_of(device: dict, **known) -> dict:
    return {"device_states": [{"device_id": device["deviceId"].upper(), **known}]}


def test_compliant_by_an_assigned_policy_is_met_and_entra_may_still_differ(bench):
    settings = [{"setting": WINDOWS + "SecureBootEnabled", "state": "compliant"}]
    policies = [{"name": "Windows", "settings": settings}]
    found = bench.one(bench.managed("PC-1", user="ada", policies=policies), "compliant")
    assert (found["met"], found["reason"], found["entra"]) == (True, "compliant", True)
    assert found["said"] == "Intune judges it compliant"
    found = bench.one(bench.managed("PC-2", user="ada", policies=policies, entra=False), "compliant")
    assert found["met"] is True and found["entra"] is False and "Entra still says not compliant" in found["said"]


def test_it_waits_for_the_verdict(bench):
    device = bench.managed("PC-1", user="ada", compliance="unknown", entra=None)
    bench.later.append((200, lambda: bench.record(device).update(complianceState="compliant")))
    found = bench.one(device, "compliant")
    assert found["met"] is True and 200 <= found["seconds"] <= 360
    assert "Entra still has no verdict" in found["said"]


@pytest.mark.parametrize("policies", [[], DEFAULT, [{"name": "Windows", "state": "notApplicable"}]])
def test_nothing_assigned_is_no_compliance_and_ends_early_on_a_settled_device(bench, policies):
    device = bench.managed("PC-1", user="ada", policies=policies)
    result = bench.wait(device, **COMPLIANT)
    found = result["devices"][0]["compliant"]
    assert (found["met"], found["reason"]) == (False, "nothing_assigned") and result["waited"]["rounds"] == 3
    assert "compliant, because nothing is assigned" in found["said"] and "assign a policy" in found["said"]


def test_the_built_in_reason_that_nothing_is_assigned_is_the_same(bench):
    device = bench.managed("PC-1", **not_met({"setting": BUILT_IN + "RequireDeviceCompliancePolicyAssigned"}))
    found = bench.one(device, "compliant")
    assert (found["met"], found["reason"]) == (False, "nothing_assigned")


def test_a_policy_may_still_come_to_a_device_that_has_just_enrolled(bench):
    device = bench.managed("PC-1", user="ada", policies=[])
    record = bench.record(device)
    record["enrolledDateTime"] = record["lastSyncDateTime"]
    result = bench.wait(device, **COMPLIANT, timeout=600)
    assert result["waited"]["seconds"] > 500
    assert result["devices"][0]["compliant"]["reason"] == "nothing_assigned"


@pytest.mark.parametrize(
    ("entry", "signed_in", "reason"),
    [
        ({"user": "ada"}, False, "nobody_signed_in"),
        ({}, False, "nobody_signed_in"),
        ({}, None, "no_primary_user"),
        ({}, True, "nothing_assigned"),
        ({"user": "ada"}, True, "nothing_assigned"),
    ],
)
def test_policies_of_users_do_not_come_where_nobody_has_signed_in(bench, entry, signed_in, reason):
    device = bench.managed("PC-1", policies=[], **entry)
    known = state_of(device, signed_in=signed_in) if signed_in is not None else {}
    result = bench.wait(device, **COMPLIANT, **known)
    assert result["devices"][0]["compliant"]["reason"] == reason and result["waited"]["rounds"] == 3


def test_a_device_that_has_not_synced_yet_is_waited_for(bench):
    device = bench.managed("PC-1", policies=[])
    record = bench.record(device)
    record["enrolledDateTime"] = record["lastSyncDateTime"]
    result = bench.wait(device, **COMPLIANT, **state_of(device, signed_in=False), timeout=300)
    assert result["devices"][0]["compliant"]["reason"] == "nobody_signed_in" and result["waited"]["seconds"] > 250


def test_policies_of_the_device_have_the_time_of_its_first_syncs(bench):
    device = bench.managed("PC-1", policies=[])
    record = bench.record(device)
    now = bench.lab.clock.utc()
    record["enrolledDateTime"] = utc_seconds(now - datetime.timedelta(minutes=2))
    record["lastSyncDateTime"] = utc_seconds(now - datetime.timedelta(minutes=1))
    result = bench.wait(device, **COMPLIANT, **state_of(device, signed_in=False), timeout=300)
    assert result["devices"][0]["compliant"]["reason"] == "nobody_signed_in" and result["waited"]["seconds"] > 250


def test_the_verdict_of_the_built_in_policy_is_not_that_of_one_that_has_not_judged_yet(bench):
    device = bench.managed("PC-1", user="ada", policies=[*DEFAULT, {"name": "Windows", "state": "unknown"}])
    states = bench.lab.tenant.policy_states[bench.record(device)["id"]]["deviceCompliancePolicyStates"]
    [late] = [row for row in states if row["displayName"] == "Windows"]
    bench.later.append((100, lambda: late.update(state="compliant")))
    found = bench.wait(device, **COMPLIANT, check_mode=True)["devices"][0]["compliant"]
    assert (found["met"], found["reason"]) == (False, "not_judged")
    assert "not judged the device yet by Windows" in found["said"]
    found = bench.one(device, "compliant")
    assert found["met"] is True and found["seconds"] >= 100


def test_the_grace_period_is_no_compliance(bench):
    entry = {**not_met({"setting": WINDOWS + "OsMinimumVersion"}), "compliance": "inGracePeriod", "grace_days": 2}
    found = bench.one(bench.managed("PC-1", **entry, entra=True), "compliant", timeout=60)
    assert (found["met"], found["reason"], found["entra"]) == (False, "grace_period", True)
    assert found["grace_until"] in found["said"] and found["failing"] == [WINDOWS + "OsMinimumVersion"]


@pytest.mark.parametrize(("entra", "met"), [(True, True), (False, False)])
def test_configuration_manager_ends_early_and_entra_decides(bench, entra, met):
    device = bench.managed("PC-1", user="ada", compliance="configManager", entra=entra)
    result = bench.wait(device, **COMPLIANT)
    found = result["devices"][0]["compliant"]
    assert (found["met"], found["reason"]) == (met, "config_manager") and result["waited"]["rounds"] == 1
    assert "Configuration Manager judges" in found["said"]


@pytest.mark.parametrize(
    ("state", "reason", "rounds"),
    [("error", "policy_error", 0), ("conflict", "policy_conflict", 1), ("new", "not_judged", 0)],
)
def test_each_other_state_has_a_reason_of_its_own(bench, state, reason, rounds):
    entry = {**not_met({"setting": WINDOWS + "TpmRequired", "state": state}), "compliance": state}
    result = bench.wait(bench.managed("PC-1", **entry), **COMPLIANT, timeout=100)
    assert result["devices"][0]["compliant"]["reason"] == reason and result["met"] is False
    assert not rounds or result["waited"]["rounds"] == rounds


@pytest.mark.parametrize("setting", [WINDOWS + "TpmRequired", BUILT_IN + "RequireUserExistence"])
def test_what_waiting_cannot_mend_ends_early(bench, setting):
    result = bench.wait(bench.managed("PC-1", **not_met({"setting": setting})), **COMPLIANT)
    found = result["devices"][0]["compliant"]
    assert found["reason"] == "cannot_be_met" and found["failing"] == [setting] and result["waited"]["rounds"] == 2


def test_another_setting_is_waited_for_and_named(bench):
    device = bench.managed("PC-1", **not_met({"setting": WINDOWS + "ActiveFirewallRequired"}))
    found = bench.one(device, "compliant", timeout=120)
    assert (found["met"], found["reason"]) == (False, "not_compliant") and "the firewall must be on" in found["said"]
    assert found["seconds"] > 90


@pytest.mark.parametrize(
    ("known", "reason", "words"),
    [
        (
            {"encryption": "encrypting", "encryption_percentage": 42, "as_of": "08:15"},
            "encrypting",
            "(42 %), as of 08:15",
        ),
        ({"encryption": "protected", "restart_needed": True}, "restart_needed", "restart the device"),
        ({"restart_needed": True}, "restart_needed", "ended after the last start"),
        ({"encryption": "paused", "encryption_percentage": 7}, "not_encrypted", "is paused (7 %)"),
        ({"encryption": "something new"}, "not_compliant", "was not told"),
        ({}, "not_compliant", "was not told"),
    ],
)
def test_encryption_in_progress_keeps_waiting_with_its_percentage(bench, known, reason, words):
    device = bench.managed("PC-1", **not_met(BITLOCKER))
    result = bench.wait(device, **COMPLIANT, **state_of(device, **known), timeout=120)
    found = result["devices"][0]["compliant"]
    assert found["reason"] == reason and words in found["said"] and result["waited"]["seconds"] > 90
    assert found["encryption_percentage"] == known.get("encryption_percentage")
    if reason == "encrypting":
        assert any("the least encrypted drive was at 42 % at 08:15" in line for line in bench.sentences)


def test_a_missing_permission_leaves_open_whether_an_assigned_policy_judges(bench):
    device = bench.managed("PC-1", user="ada")
    bench.lab.side.faults.add("refusal", {"path": "PolicyStates", "times": 1000, "form": "intune_forbidden"})
    result = bench.wait(device, expect_compliant=True)
    found = result["devices"][0]["compliant"]
    assert (found["met"], found["reason"]) == (None, "not_readable") and result["waited"]["rounds"] == 1
    assert found["said"].startswith("Intune says compliant; unknown, because")
    assert result["devices"][0]["intune"]["met"] is True and result["met"] is None


def test_states_of_one_device_that_cannot_be_read_keep_nobody_from_the_others(bench):
    settings = [{"setting": WINDOWS + "SecureBootEnabled", "state": "compliant"}]
    made = [bench.managed(f"PC-{n}", user="ada", policies=[{"name": "W", "settings": settings}]) for n in range(3)]
    states = bench.lab.tenant.policy_states[bench.record(made[1])["id"]]
    states["deviceCompliancePolicyStates"][0]["state"] = 5
    result = bench.wait(*made, **COMPLIANT, timeout=60)
    assert [row["compliant"]["met"] for row in result["devices"]] == [True, None, True]
