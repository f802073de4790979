# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""directory_posture: both verdicts with their age, whose device it is, and why it is not compliant or configured."""

from __future__ import annotations

import pytest

from tests.lab.tenant import posture

from .bench import DOMAIN, PostureBench, found

PACKAGE = f"package_3f2504e0-4f89-11d3-9a0c-0305e82c3301@{DOMAIN}"
BITLOCKER = {"setting": "Windows10CompliancePolicy.BitLockerEnabled", "value": "false"}
BUILT_IN = "DefaultDeviceCompliancePolicy."
NOWHERE = "6a1d7d43-6f36-4d7b-a0fb-3c1bd0f5b001"


@pytest.fixture
def bench() -> PostureBench:
    made = PostureBench()
    made.user("ada", ["mobilePhone", "softwareOneTimePasscode"])
    return made


def not_compliant(*settings: dict, name: str = "Windows", **more) -> dict:
    return {"name": name, "state": "nonCompliant", "settings": list(settings), **more}


def test_a_healthy_device_has_no_finding(bench):
    device = bench.managed("PC-1", user="ada")
    result = bench.play(device, applications=["Office365"])
    assert result["findings"] == [] and result["summary"]["pass"] > 9
    [shown] = result["devices"]
    assert shown["unread"] == [] and shown["in_entra"] and shown["in_intune"]
    assert shown["entra"]["age_days"] == 0 and shown["intune"]["sync_age_hours"] == 0
    assert shown["intune"]["ownership"] == "company" and shown["domain"] == {"name": DOMAIN, "federated": False}
    assert shown["registration"]["mfa_registered"] is True and shown["registration"]["as_of"]
    assert [key["volume"] for key in shown["escrow"]] == ["operatingSystemVolume"]
    assert shown["access"] == [{"application": "Office365", "verdict": "allowed", "policies": [], "why": None}]
    assert "123456" not in str(result)


def test_devices_are_matched_by_device_id_and_never_by_name(bench):
    device = bench.managed("PC-1", user="ada")
    twin = bench.lab.device("PC-1-twin")
    twin["displayName"] = "PC-1"
    result = bench.play(twin, device, NOWHERE)
    ours, theirs, nobody = result["devices"]
    assert (ours["in_entra"], ours["in_intune"], theirs["in_intune"]) == (True, False, True)
    assert (nobody["in_entra"], nobody["in_intune"], nobody["name"]) == (False, False, None)
    assert len(found(result, "in_intune")) == 2 and len(found(result, "entra_object")) == 1


def test_another_mdm_is_named_and_no_failure(bench):
    device = bench.lab.device("PC-1", mdmAppId="54b943f8-d761-4f8d-951e-9cea1846db5a", isManaged=True)
    [(kind, observed)] = found(bench.play(device), "in_intune")
    assert kind == "warn" and "54b943f8" in observed


def test_the_account_of_a_package_is_no_primary_user_and_none_is_not_shared(bench):
    device = bench.managed("PC-1", enrolled_by=PACKAGE)
    result = bench.play(device)
    [shown] = result["devices"]
    assert shown["intune"]["enrolling_account"] == PACKAGE and shown["intune"]["enrolled_by_package"] is True
    assert shown["primary_user"] is None and shown["has_primary_user"] is False
    [(kind, observed)] = found(result, "primary_user")
    assert kind == "warn" and observed == "the device has no primary user"
    assert "shared" not in str(result["findings"])
    assert shown["registration"] is None and found(result, "registration") == []


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (BUILT_IN + "RequireUserExistence", "must exist and have a license"),
        (BUILT_IN + "RequireRemainContact", "within the validity period"),
        (BUILT_IN + "RequireDeviceCompliancePolicyAssigned", "a compliance policy must be assigned"),
        ("Windows10CompliancePolicy.BitLockerEnabled", "attested at the last start"),
        ("Windows10CompliancePolicy.SomethingNewRequired", "something new required"),
    ],
)
def test_the_failing_setting_is_named_in_words(bench, setting, words):
    policies = [not_compliant({"setting": setting}), {"name": "Other"}]
    device = bench.managed("PC-1", user="ada", compliance="noncompliant", policies=policies)
    result = bench.play(device)
    [(kind, observed)] = found(result, "compliance")
    assert kind == "fail" and words in observed and "policy Windows" in observed
    [policy] = result["devices"][0]["compliance"]["policies"]
    assert policy["settings"][0]["setting"] == setting


def test_the_judgements_of_the_user_and_of_the_system_account_are_apart(bench):
    policies = [
        {"name": "Windows", "settings": [{**BITLOCKER, "state": "compliant"}]},
        not_compliant(BITLOCKER, system=True),
    ]
    device = bench.managed("PC-1", user="ada", compliance="noncompliant", policies=policies)
    result = bench.play(device)
    [policy] = result["devices"][0]["compliance"]["policies"]
    assert (policy["judged_for"], policy["user"]) == ("system", None)
    assert "judged for the System account" in found(result, "compliance")[0][1]


@pytest.mark.parametrize(
    ("state", "entra", "kind", "words"),
    [
        ("inGracePeriod", True, "warn", "counted as compliant until 20"),
        ("error", False, "fail", "ended in an error"),
        ("conflict", False, "fail", "different values of one setting"),
        ("unknown", False, "unknown", "has not judged the device yet"),
        ("configManager", False, "fail", "Configuration Manager judges"),
    ],
)
def test_each_state_has_an_answer_of_its_own(bench, state, entra, kind, words):
    more = {"grace_days": 3} if state == "inGracePeriod" else {}
    device = bench.managed("PC-1", user="ada", compliance=state, entra=entra, **more)
    [(result, observed)] = found(bench.play(device), "compliance")
    assert result == kind and words in observed


def test_a_device_that_configuration_manager_judges_is_what_entra_says(bench):
    device = bench.managed(
        "PC-1", user="ada", compliance="configManager", entra=True, agent="ConfigurationManagerClientMdm"
    )
    result = bench.play(device)
    assert found(result, "compliance") == [] and found(result, "verdicts_differ") == []
    assert result["devices"][0]["intune"]["management_agent"] == "configurationmanagerclientmdm"


@pytest.mark.parametrize(
    "policies",
    [
        [],
        [{"name": "Windows", "state": "notApplicable"}],
    ],
)
def test_compliant_because_nothing_is_assigned_is_said(bench, policies):
    device = bench.managed("PC-1", user="ada", policies=policies)
    result = bench.play(device)
    [(kind, observed)] = found(result, "compliance")
    assert kind == "warn" and observed.startswith("compliant, because nothing is assigned")
    assert result["devices"][0]["compliance"]["nothing_assigned"] is True


def test_whether_one_policy_is_the_built_in_one_is_asked_once_for_all_devices(bench):
    devices = [bench.managed(f"PC-{n}", user="ada", policies=[]) for n in range(5)]
    assert [kind for kind, _observed in found(bench.play(*devices), "compliance")] == ["warn"] * 5
    assert bench.asked("/settingStates") == 1


def test_entra_and_intune_may_differ_for_a_while(bench):
    device = bench.managed("PC-1", user="ada", entra=False)
    [(kind, observed)] = found(bench.play(device), "verdicts_differ")
    assert kind == "warn" and "Entra says not compliant (last sign-in 0 days ago)" in observed
    assert "Intune says compliant (last contact 0 hours ago)" in observed


@pytest.mark.parametrize("code", [-2016281112, 2278686184])
def test_remediation_failed_is_not_not_applied(bench, code):
    setting = {"setting": "Windows10General.Wallpaper", "state": "error", "code": code}
    configurations = [{"name": "Desktop", "state": "error", "settings": [setting]}]
    device = bench.managed("PC-1", user="ada", configurations=configurations)
    result = bench.play(device)
    [(kind, observed)] = found(result, "configuration")
    assert kind == "warn" and "it may be in force" in observed
    [policy] = result["devices"][0]["configuration"]
    assert policy["may_be_in_force"] is True and policy["settings"][0]["code"] == "0x87D1FDE8"


@pytest.mark.parametrize(("sources", "words"), [(["A"], "Intune does not name"), (["A", "B"], "between A and B")])
def test_a_conflict_may_name_one_side(bench, sources, words):
    setting = {"setting": "Windows10General.Wallpaper", "state": "conflict", "sources": sources}
    configurations = [{"name": "Desktop", "state": "conflict", "settings": [setting]}]
    device = bench.managed("PC-1", user="ada", configurations=configurations)
    [(kind, observed)] = found(bench.play(device), "configuration")
    assert kind == "fail" and words in observed


def test_the_settings_catalog_comes_from_its_report(bench):
    rows = [
        {"id": "1", "name": "Catalog", "status": 5, "user": "ada@contoso.example"},
        {"id": "2", "name": "Fine", "status": 2},
        {"id": "3", "name": "New", "status": 77},
    ]
    devices = [bench.managed("PC-1", user="ada", report=rows), bench.managed("PC-2", user="ada")]
    for asked in (devices, devices[:1]):  # in a batch the report is base64
        result = bench.play(*asked)
        shown = result["devices"][0]["settings_catalog"]
        assert [(row["policy"], row["state"], row["number"]) for row in shown] == [
            ("Catalog", "error", 5),
            ("New", "unknown", 77),
        ]
        assert [kind for kind, _observed in found(result, "settings_catalog")] == ["fail", "unknown"]


def test_a_report_that_cannot_be_read_is_unknown_and_takes_no_other_with_it(bench):
    bench.lab.side.faults.add("odd_answer", {"path": "getConfigurationPoliciesReportForDevice", "body": {"Values": []}})
    devices = [bench.managed(f"PC-{n}", user="ada") for n in range(3)]
    shown = bench.play(*devices)["devices"]
    assert [one["settings_catalog"] for one in shown].count(None) == 1
    assert [one["settings_catalog"] for one in shown].count([]) == 2
    assert sum(bool(one["unread"]) for one in shown) == 1


def test_an_encrypted_device_needs_a_key_in_escrow(bench):
    bare = bench.managed("PC-1", user="ada", keys=[])
    data = bench.managed("PC-2", user="ada", keys=["fixedDataVolume"])
    plain = bench.managed("PC-3", user="ada", keys=[], encrypted=False)
    result = bench.play(bare, data, plain)
    assert [kind for kind, _observed in found(result, "escrow")] == ["fail", "warn"]


def test_keys_are_listed_over_all_pages_by_their_ids_only(bench):
    device = bench.managed("PC-1", user="ada", keys=["operatingSystemVolume"] * 7)
    other = bench.managed("PC-2", user="ada")
    bench.lab.side.page_size = 3
    result = bench.play(device, other)
    assert [len(one["escrow"]) for one in result["devices"]] == [7, 1]
    assert set(result["devices"][0]["escrow"][0]) == {"id", "volume", "created"}


def test_what_the_report_of_methods_does_not_say_is_unknown_as_of_its_date(bench):
    users = {"new": None, "bob": ["mobilePhone"], "cleo": ["mobilePhone", "email"]}
    for name, registered in users.items():
        bench.user(name, registered)
    bench.lab.tenant.registration_details[bench.lab.tenant.user(f"cleo@{DOMAIN}")["id"]]["isSsprRegistered"] = None
    result = bench.play(*(bench.managed(f"PC-{name}", user=name) for name in users))
    kinds = found(result, "registration")
    assert [kind for kind, _observed in kinds] == ["unknown", "warn", "unknown"]
    assert "does not have the primary user" in kinds[0][1]
    assert "password reset (as of 20" in kinds[1][1] and "is unknown, as of 20" in kinds[2][1]
    assert (
        result["devices"][0]["registration"] is None and result["devices"][2]["registration"]["sspr_registered"] is None
    )


def test_a_federated_domain_is_shown(bench):
    bench.lab.tenant.domain_types[DOMAIN] = "Federated"
    result = bench.play(bench.managed("PC-1", user="ada"))
    assert result["devices"][0]["domain"] == {"name": DOMAIN, "federated": True} and found(result, "domain") == []


def test_old_contact_and_a_personal_device_are_warnings(bench):
    device = bench.managed("PC-1", user="ada", sync_days=9, owner="personal")
    result = bench.play(device)
    assert found(result, "sync")[0] == ("warn", "the last contact with Intune was 9 days ago")
    assert found(result, "ownership")[0][0] == "warn"
    assert found(bench.play(device, stale_days=10), "sync") == []


def test_what_is_not_asked_is_null_and_not_read(bench):
    result = bench.play(bench.managed("PC-1", user="ada"), questions=["escrow"])
    [shown] = result["devices"]
    assert shown["escrow"] and {shown[name] for name in ("compliance", "access", "registration", "domain")} == {None}
    assert bench.asked("/users") == 0 == bench.asked("deviceCompliancePolicyStates")


def test_fail_on_stops_and_still_shows_the_devices(bench):
    result = bench.play(bench.lab.device("PC-1"), fail_on=["in_intune"])
    assert result["failed"] and result["error"]["name"] == "directory_posture_in_intune" and result["devices"]


def test_ids_that_are_none_are_left_out_and_named(bench):
    result = bench.play(bench.managed("PC-1", user="ada"), "PC-2")
    assert result["bad_ids"] == ["PC-2"] and len(result["devices"]) == 1 and "PC-2" in result["warnings"][0]


def test_the_lab_lists_states_without_their_settings(bench):
    device = bench.managed("PC-1", user="ada", policies=[not_compliant(BITLOCKER)])
    record = next(iter(bench.lab.tenant.managed_devices))
    path = f"/deviceManagement/managedDevices/{record}/deviceCompliancePolicyStates"
    _built_in, state = bench.lab.get(path, version="beta")["value"]
    [setting] = bench.lab.get(f"{path}/{state['id']}/settingStates", version="beta")["value"]
    assert (
        state["settingStates"] == [] and setting["settingName"] is None and setting["setting"] == BITLOCKER["setting"]
    )
    assert device["isCompliant"] and posture.SYSTEM == "System account"
