# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enrollment restrictions, limits and licences in all forms that Graph has of them, and in those that nobody knows."""

from __future__ import annotations

import pytest

from ..fake_graph import guid
from .readiness_graph import ADA, INTUNE_A, ONE_PLATFORM, P1, PACKAGE, TYPE, findings, results, run

ALL_PLATFORMS = "PlatformRestrictionsConfiguration"
FREE = {"platformBlocked": False}
BLOCKED = {"platformBlocked": True, "personalDeviceEnrollmentBlocked": False}
PERSONAL = {"platformBlocked": False, "personalDeviceEnrollmentBlocked": True}


def one_platform(rule, platform="windows", priority=1, name="Staff"):
    return {
        "@odata.type": TYPE + ONE_PLATFORM,
        "priority": priority,
        "displayName": name,
        "platformType": platform,
        "platformRestriction": rule,
    }


def all_platforms(rule, priority=0, **more):
    return {
        "@odata.type": TYPE + ALL_PLATFORMS,
        "priority": priority,
        "displayName": "All users",
        "windowsRestriction": rule,
        **more,
    }


def bare(kind=None, **more):
    return {
        "@odata.type": TYPE + "Configuration",
        "priority": 1,
        "displayName": "Bare",
        **({"deviceEnrollmentConfigurationType": kind} if kind else {}),
        **more,
    }


def of_type(name):
    return {"@odata.type": "#microsoft.graph." + name, "priority": 1, "displayName": "Other"}


@pytest.mark.parametrize(
    ("row", "result", "said"),
    [
        (one_platform(FREE), "pass", "blocks Windows"),
        (one_platform(BLOCKED), "warn", "'Staff' blocks Windows"),
        (one_platform(BLOCKED, "allPlatforms"), "warn", "'Staff' blocks Windows"),
        (one_platform(BLOCKED, priority=0), "fail", "'Staff' blocks Windows"),
        *((one_platform(BLOCKED, other), "pass", "") for other in ("ios", "android", "androidForWork", "mac", "linux")),
        (one_platform(BLOCKED, "windowsPhone"), "pass", ""),
        (one_platform(BLOCKED, "unknownFutureValue"), "unknown", "unknownFutureValue"),
        (one_platform(BLOCKED, "windowsHomeSku"), "unknown", "windowsHomeSku"),
        (one_platform(BLOCKED, None), "unknown", "None"),
        (one_platform(None), "unknown", "does not say"),
        (one_platform({}), "unknown", "does not say"),
        (one_platform({"platformBlocked": None}), "unknown", "does not say"),
        (one_platform({"platformBlocked": "false"}), "unknown", "does not say"),
        (one_platform({**FREE, "hotpatchRequired": True}), "unknown", "hotpatchRequired"),
        (one_platform({**FREE, "hotpatchRequired": None, "note@odata.type": "#x"}), "pass", ""),
        (one_platform(PERSONAL), "warn", "blocks personal"),
        (all_platforms(PERSONAL), "warn", "blocks personal"),
        (all_platforms(None), "unknown", "does not say"),
        (all_platforms(FREE, windowsHomeSkuRestriction=BLOCKED, iosRestriction=BLOCKED), "pass", ""),
        (
            all_platforms({**FREE, "osMinimumVersion": "10.0.19045.0", "osMaximumVersion": ""}),
            "warn",
            "from 10.0.19045.0",
        ),
        (one_platform({**FREE, "osMaximumVersion": "10.0.26100.9999"}), "warn", "to 10.0.26100.9999"),
        (one_platform({**FREE, "osMinimumVersion": "", "osMaximumVersion": None}), "pass", ""),
        (one_platform({**FREE, "blockedManufacturers": ["Fabrikam"], "blockedSkus": []}), "warn", "Fabrikam"),
        (one_platform({**FREE, "blockedSkus": ["Home"]}), "warn", "editions: Home"),
        *(
            (of_type(name), "pass", "")
            for name in (
                "deviceEnrollmentWindowsHelloForBusinessConfiguration",
                "windows10EnrollmentCompletionPageConfiguration",
                "deviceComanagementAuthorityConfiguration",
                "deviceEnrollmentNotificationConfiguration",
                "windowsRestoreDeviceEnrollmentConfiguration",
            )
        ),
        (of_type("deviceEnrollmentOfTomorrowConfiguration"), "unknown", "deviceEnrollmentOfTomorrowConfiguration"),
        (bare(), "unknown", "deviceEnrollmentConfiguration"),
        (bare("singlePlatformRestriction"), "unknown", "singlePlatformRestriction"),
        (bare("unknownFutureValue"), "unknown", "unknownFutureValue"),
        (bare("windowsRestore"), "pass", ""),
        ({"priority": 1, "displayName": "No type"}, "unknown", "'No type'"),
    ],
    ids=str,
)
def test_what_a_restriction_says_of_windows(bench, graph, row, result, said):
    """Beside the default one, which blocks nothing."""
    graph.enrollment.append(row)
    [told] = [one for one in run(bench)["findings"] if one["id"] == "enrollment_restriction"]
    assert told["result"] == result and said in told["observed"]
    if result in ("warn", "fail"):
        assert "0x80180014" in told["cause"] and told["fix"]
        assert ("assigned to" in told["cause"]) == (row["priority"] != 0)


def test_each_thing_that_a_restriction_demands_is_a_finding_and_an_unknown_one_beside_it_too(bench, graph):
    graph.enrollment += [one_platform({**PERSONAL, "osMinimumVersion": "10.0.22000"}), of_type("tomorrow")]
    told = [one["result"] for one in run(bench)["findings"] if one["id"] == "enrollment_restriction"]
    assert sorted(told) == ["unknown", "warn", "warn"]


@pytest.mark.parametrize(
    ("users", "result"), [([PACKAGE], "pass"), ([ADA], "warn"), ([ADA, PACKAGE], "warn"), ([], "warn")], ids=str
)
def test_devices_of_packages_are_corporate(bench, graph, users, result):
    graph.enrollment[1]["windowsRestriction"] = dict(PERSONAL)
    assert results(run(bench, users=users), "enrollment_restriction") == {None: result}


def test_names_and_values_of_restrictions_stay_on_one_line(bench, graph):
    graph.enrollment += [
        one_platform(BLOCKED, name="x\nok: [host]" + "y" * 900),
        one_platform({**FREE, "a\nb": 1}),
        of_type("c\nd"),
        one_platform({**FREE, "osMinimumVersion": "9" * 5000}),
    ]
    told = [one for one in run(bench)["findings"] if one["id"] == "enrollment_restriction"]
    assert len(told) == 4 and all("\n" not in one["observed"] and len(one["observed"]) < 400 for one in told)


@pytest.mark.parametrize(
    "row", [{"@odata.type": TYPE + "LimitConfiguration", "limit": None}, bare("limit"), bare("defaultLimit")], ids=str
)
def test_a_limit_without_its_number_is_no_pass(bench, graph, row):
    graph.enrollment.append({"priority": 1, "displayName": "L", **row})
    assert results(run(bench), "enrollment_limit") == {None: "unknown"}


@pytest.mark.parametrize("scope", [None, "unknownFutureValue", "devices"])
def test_an_mdm_scope_that_nobody_knows(bench, graph, scope):
    graph.mdm["appliesTo"] = scope
    graph.included = [graph.add_group("MDM", (guid(ADA),))]
    assert results(run(bench), "mdm_scope") == {None: "unknown"}


# --- licences ---

GOV, VL, EDU, SMB = (
    "d216f254-796f-4dab-bbfa-710686e646b9",
    "3e170737-c728-4eae-bbb9-3f3360f7184c",
    "DA24CAF9-AF8E-485C-B7C8-E73336DA2693",
    "8e9ff0ff-aa7a-4b20-83c1-2f636b600ac2",
)
OFFICE_MDM, P2, STRANGE = "882e1d05-acd1-4ccb-8708-6ee03664b117", "eec0eb4f-6444-4f95-aba0-50c24d67f998", guid("plan")


def plan(identity, status="Enabled", service="SCO"):
    return {"servicePlanId": identity, "capabilityStatus": status, "service": service}


P1_PLAN = plan(P1, service="AADPremiumService")


@pytest.mark.parametrize(
    ("plans", "result", "said"),
    [
        *(([plan(identity), P1_PLAN], "pass", "has Intune and") for identity in (INTUNE_A, GOV, VL, EDU, SMB)),
        ([plan(INTUNE_A), plan(P2, service="AADPremiumService")], "pass", ""),
        ([plan(INTUNE_A, "Warning"), P1_PLAN], "warn", "subscription that has ended"),
        ([plan(INTUNE_A, "warning"), P1_PLAN], "warn", "subscription that has ended"),
        ([plan(INTUNE_A), plan(P1, "Warning", "AADPremiumService")], "warn", "subscription that has ended"),
        ([plan(INTUNE_A, "Warning"), plan(GOV), P1_PLAN], "pass", ""),
        *(([plan(INTUNE_A, state), P1_PLAN], "fail", "suspended") for state in ("Suspended", "Deleted", "LockedOut")),
        ([plan(INTUNE_A, "Resting"), P1_PLAN], "unknown", "Intune"),
        ([plan(INTUNE_A, None), P1_PLAN], "unknown", "Intune"),
        ([plan(OFFICE_MDM), P1_PLAN], "fail", "no Intune"),
        ([plan(OFFICE_MDM), plan(INTUNE_A), P1_PLAN], "pass", ""),
        ([plan(STRANGE), P1_PLAN], "unknown", "Intune"),
        ([plan(STRANGE, "Deleted"), P1_PLAN], "fail", "no Intune"),
        ([plan(STRANGE), plan(INTUNE_A), P1_PLAN], "pass", ""),
        ([plan(STRANGE, service="exchange"), P1_PLAN], "fail", "no Intune"),
        ([plan(INTUNE_A), plan(STRANGE, service="AADPremiumService")], "unknown", "Premium"),
        ([plan(INTUNE_A), plan(P1, "Deleted", "AADPremiumService")], "warn", "no Microsoft Entra ID P1"),
        ([], "fail", "no Intune"),
    ],
    ids=str,
)
def test_plans_of_all_clouds_editions_and_states(bench, graph, plans, result, said):
    graph.person(ADA, assignedPlans=plans)
    told = findings(run(bench), "licence")[ADA]
    assert told["result"] == result and said in told["observed"]


# --- other settings that nobody knows ---


def test_settings_that_nobody_knows_are_no_pass(bench, graph):
    graph.policy["multiFactorAuthConfiguration"] = "unknownFutureValue"
    graph.defaults["isEnabled"] = None
    graph.principals["0000000a-0000-0000-c000-000000000000"] = None
    result = run(bench)
    assert results(result, "mfa_at_join") == results(result, "security_defaults") == {None: "unknown"}
    assert results(result, "service_principal")["Microsoft Intune"] == "unknown" and result["ready"] is None


def test_devices_of_a_kind_that_nobody_knows_may_count(bench, graph):
    graph.policy["userDeviceQuota"] = 3
    graph.owners[ADA] = [
        graph.add(f"D{n}", trustType=kind)["id"] for n, kind in enumerate(("AzureAd", "Tomorrow", None))
    ]
    assert results(run(bench), "device_quota") == {ADA: "pass"}
    assert results(run(bench, devices_per_user=2), "device_quota") == {ADA: "unknown"}
    assert results(run(bench, devices_per_user=3), "device_quota") == {ADA: "fail"}
