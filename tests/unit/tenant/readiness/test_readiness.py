# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""readiness_info: each cause of a failed join is a finding with a fix, and what cannot be read is told."""

from __future__ import annotations

import dataclasses

import httpx
import pytest

from ..device_graph import days_ago
from ..fake_graph import ROOT, error, guid
from .readiness_graph import (
    ADA,
    INTUNE,
    INTUNE_A,
    INTUNE_ENROLLMENT,
    PACKAGE,
    REGISTRATION,
    SYNC_FABRIC,
    findings,
    not_passed,
    policy,
    results,
    run,
)

OLD = "package_of_last_year@contoso.com"
NONE = {"@odata.type": "#microsoft.graph.noDeviceRegistrationMembership"}


def some(*groups, users=()):
    return {
        "@odata.type": "#microsoft.graph.enumeratedDeviceRegistrationMembership",
        "users": list(users),
        "groups": list(groups),
    }


def test_a_tenant_that_is_ready_passes_everything_in_two_requests(bench, graph):
    result = run(bench, fail_on=["fail", "warn", "unknown"])
    assert not_passed(result) == {} and result["ready"] is True and result["changed"] is False
    assert {finding["id"] for finding in result["findings"]} == {
        "join_scope",
        "mfa_at_join",
        "user",
        "licence",
        "device_quota",
        "domain",
        "conditional_access",
        "what_if",
        "security_defaults",
        "service_principal",
        "mdm_scope",
        "enrollment_limit",
        "enrollment_restriction",
        "corporate_identifier",
    }
    assert len(graph.requests) == 2 and graph.writes == []
    assert all(finding["doc"] or finding["id"] == "user" for finding in result["findings"])


def test_every_finding_that_is_no_pass_has_a_cause_and_a_fix(bench, graph):
    graph.policy["azureADJoin"]["allowedToJoin"] = NONE
    graph.policy.update(userDeviceQuota=0, multiFactorAuthConfiguration="required")
    graph.defaults["isEnabled"], graph.mdm["appliesTo"], graph.principals = True, "none", {}
    graph.person(ADA, accountEnabled=False)
    graph.enrollment[0]["limit"], graph.enrollment[1]["windowsRestriction"] = 0, {"platformBlocked": True}
    result = run(bench)
    assert len(not_passed(result)) >= 12 and result["ready"] is False
    assert all(finding["cause"] and finding["fix"] for finding in result["findings"] if finding["result"] != "pass")


# --- registration policy ---


@pytest.mark.parametrize(
    "membership, expected",
    [
        ({"@odata.type": "#microsoft.graph.allDeviceRegistrationMembership"}, {None: "pass"}),
        (NONE, {None: "fail"}),
        (some(users=[guid(ADA).upper()]), {ADA: "pass", PACKAGE: "fail"}),
        ({"@odata.type": "#microsoft.graph.tomorrow"}, {None: "unknown"}),
    ],
)
def test_who_may_join(bench, graph, membership, expected):
    graph.policy["azureADJoin"]["allowedToJoin"] = membership
    assert results(run(bench), "join_scope") == expected


def test_membership_through_groups_is_asked_of_the_tenant(bench, graph):
    group = graph.add_group("Package users", (guid(PACKAGE),))
    others = [graph.add_group(f"G{number}") for number in range(25)]
    graph.policy["azureADJoin"]["allowedToJoin"] = some(group, *others)
    result = run(bench)
    assert results(result, "join_scope") == {PACKAGE: "pass", ADA: "fail"}
    assert "package_" not in findings(result, "join_scope")[ADA]["fix"]
    assert len(graph.requests) == 3


def test_without_users_a_selection_is_no_pass(bench, graph):
    graph.policy["azureADJoin"]["allowedToJoin"] = some(graph.add_group("G"))
    assert results(run(bench, users=None), "join_scope") == {None: "warn"}


@pytest.mark.parametrize("users, expected", [([PACKAGE], "fail"), ([ADA], "warn"), ([], "warn")])
def test_mfa_at_join_stops_package_users(bench, graph, users, expected):
    graph.policy["multiFactorAuthConfiguration"] = "required"
    assert results(run(bench, users=users), "mfa_at_join") == {None: expected}


# --- users ---


def test_joined_and_registered_devices_count_against_the_quota(bench, graph):
    graph.policy["userDeviceQuota"] = 4
    kinds = ["AzureAd", "AzureAd", "Workplace", "ServerAd", "ServerAd", None]
    graph.owners[ADA] = [
        graph.add(f"D{n}", trustType=kind, accountEnabled=n > 0, approximateLastSignInDateTime=days_ago(900))["id"]
        for n, kind in enumerate(kinds)
    ]
    assert findings(run(bench), "device_quota")[ADA]["observed"] == "3 of 4 devices"
    assert results(run(bench), "device_quota") == {ADA: "pass"}
    assert results(run(bench, devices_per_user=2), "device_quota") == {ADA: "fail"}


def test_all_pages_of_a_users_devices_count(bench, graph):
    graph.policy["userDeviceQuota"], graph.page = 5, 2
    graph.owners[ADA] = [graph.add(f"D{number}")["id"] for number in range(5)]
    assert results(run(bench), "device_quota") == {ADA: "fail"}


def test_no_quota_is_no_limit(bench, graph):
    graph.policy["userDeviceQuota"] = 2147483647
    assert results(run(bench), "device_quota") == {ADA: "pass"}


def test_users_that_cannot_join(bench, graph):
    graph.person("off@contoso.com", accountEnabled=False)
    result = run(bench, users=["off@contoso.com", "nobody@contoso.com", "package_gone@contoso.com", ADA])
    assert results(result, "user") == {
        "off@contoso.com": "fail",
        "nobody@contoso.com": "fail",
        "package_gone@contoso.com": "fail",
        ADA: "pass",
    }
    assert "provisioning package" in findings(result, "user")["package_gone@contoso.com"]["fix"]


@pytest.mark.parametrize(
    "plans, status, expected",
    [((INTUNE_A,), "Enabled", "warn"), ((), "Enabled", "fail"), ((INTUNE_A,), "Deleted", "fail")],
)
def test_licences_of_people(bench, graph, plans, status, expected):
    graph.person(ADA, plans)
    for plan in graph.users[guid(ADA)]["assignedPlans"]:
        plan["capabilityStatus"] = status
    assert results(run(bench), "licence") == {ADA: expected}
    assert results(run(bench, expect_mdm=False), "licence") == {}


def test_properties_that_a_small_permission_hides_are_unknown(bench, graph):
    graph.person(ADA, accountEnabled=None, assignedPlans=None)
    result = run(bench, users=[ADA])
    assert results(result, "user") == results(result, "licence") == {ADA: "unknown"}
    assert findings(result, "user")[ADA]["permissions"] == ["User.Read.All"]


def test_package_users_are_found_by_prefix_once(bench, graph):
    graph.person("package_2@contoso.com", accountEnabled=False)
    graph.person("packager@contoso.com")
    result = run(bench, users=[PACKAGE], user_prefixes=["package_"])
    assert results(result, "user") == {PACKAGE: "pass", "package_2@contoso.com": "fail"}
    assert "device_quota" not in {finding["id"] for finding in result["findings"]}
    assert results(run(bench, users=[], user_prefixes=["package_x"]), "user") == {"package_x*": "fail"}


@pytest.mark.parametrize(
    ("members", "expected"),
    [((), {PACKAGE: "fail", OLD: "fail"}), ((PACKAGE,), {PACKAGE: "pass", OLD: "warn"})],
    ids=["nobody may join", "one may"],
)
def test_one_user_of_those_found_that_can_join_is_enough(bench, graph, members, expected):
    graph.person(OLD)
    graph.policy["azureADJoin"]["allowedToJoin"] = some(users=[guid(name) for name in members])
    result = run(bench, users=[], user_prefixes=["package_"])
    assert results(result, "join_scope") == expected and result["ready"] is bool(members)
    assert findings(result, "join_scope")[OLD]["cause"].startswith("its joins fail (0x801C0003)")
    # Whom somebody names must be able to join.
    assert results(run(bench, users=[OLD], user_prefixes=["package_"]), "join_scope")[OLD] == "fail"


# --- sign-in ---


@pytest.mark.parametrize(
    "controls, operator, ada, package",
    [
        (["mfa"], "OR", "warn", "fail"),
        (["block"], "OR", "fail", "fail"),
        (["compliantDevice"], "OR", "warn", "warn"),
        (["mfa", "compliantDevice"], "OR", "warn", "fail"),
        (["mfa", "compliantDevice"], "AND", "warn", "warn"),
        ([], "OR", "pass", "pass"),
    ],
)
def test_what_a_policy_demands(bench, graph, controls, operator, ada, package):
    graph.access = [policy({"includeUsers": ["All"]}, controls, operator=operator)]
    assert results(run(bench), "conditional_access") == {ADA: ada, PACKAGE: package}


@pytest.mark.parametrize(
    "users, covered",
    [
        ({"includeUsers": ["All"]}, True),
        ({"includeUsers": ["None"]}, False),
        ({"includeUsers": [guid(PACKAGE)]}, True),
        ({"includeUsers": ["All"], "excludeUsers": [guid(PACKAGE)]}, False),
        ({"includeGroups": ["IN"]}, True),
        ({"includeUsers": ["All"], "excludeGroups": ["IN"]}, False),
        ({"includeGroups": ["OUT"]}, False),
        ({"includeGroups": ["IN"], "excludeGroups": ["IN"]}, False),
        ({"includeUsers": ["GuestsOrExternalUsers"]}, False),
        ({"includeRoles": [guid("role")]}, False),
    ],
    ids=str,
)
def test_whom_a_policy_covers(bench, graph, users, covered):
    groups = {"IN": graph.add_group("In", (guid(PACKAGE),)), "OUT": graph.add_group("Out")}
    graph.access = [policy({name: [groups.get(value, value) for value in values] for name, values in users.items()})]
    assert results(run(bench), "conditional_access")[PACKAGE] == ("fail" if covered else "pass")


@pytest.mark.parametrize(
    "apps, more, expected",
    [
        (["All"], {}, "fail"),
        (["Office365"], {}, "pass"),
        ([REGISTRATION], {}, "fail"),
        ([INTUNE_ENROLLMENT], {}, "fail"),
        (["All"], {"excludeApplications": [REGISTRATION, INTUNE, INTUNE_ENROLLMENT]}, "pass"),
        ([], {"includeUserActions": ["urn:user:registerdevice"]}, "fail"),
        ([], {"includeUserActions": ["urn:user:registersecurityinfo"]}, "pass"),
    ],
    ids=str,
)
def test_which_applications_matter(bench, graph, apps, more, expected):
    graph.access = [policy({"includeUsers": ["All"]}, apps=apps, **more)]
    assert results(run(bench), "conditional_access")[PACKAGE] == expected


def test_a_demand_for_compliant_devices_is_met_by_excluding_the_enrollment(bench, graph):
    graph.access = [policy({"includeUsers": ["All"]}, ["compliantDevice"])]
    assert INTUNE_ENROLLMENT in findings(run(bench), "conditional_access")[ADA]["fix"]
    graph.access = [policy({"includeUsers": ["All"]}, ["compliantDevice"], excludeApplications=[INTUNE_ENROLLMENT])]
    assert results(run(bench), "conditional_access") == {ADA: "pass", PACKAGE: "pass"}


@pytest.mark.parametrize(
    "conditions, expected",
    [
        ({"clientAppTypes": ["exchangeActiveSync", "other"]}, "pass"),
        ({"clientAppTypes": ["all"]}, "fail"),
        ({"platforms": {"includePlatforms": ["android", "iOS"]}}, "pass"),
        ({"platforms": {"includePlatforms": ["all"], "excludePlatforms": ["windows"]}}, "pass"),
        ({"platforms": {"includePlatforms": ["windows"]}}, "fail"),
        ({"signInRiskLevels": ["high"]}, "warn"),
        ({"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}}, "warn"),
        ({"devices": {"deviceFilter": {"mode": "include", "rule": "x"}}}, "warn"),
    ],
    ids=str,
)
def test_conditions_that_exclude_or_are_known_at_sign_in_only(bench, graph, conditions, expected):
    graph.access = [policy({"includeUsers": ["All"]}, conditions=conditions)]
    assert results(run(bench), "conditional_access")[PACKAGE] == expected


def test_policies_that_are_off_or_only_reporting(bench, graph):
    graph.access = [policy({"includeUsers": ["All"]}, state="disabled")]
    assert results(run(bench), "conditional_access") == {ADA: "pass", PACKAGE: "pass"}
    graph.access = [policy({"includeUsers": ["All"]}, state="enabledForReportingButNotEnforced")]
    assert results(run(bench), "conditional_access") == {ADA: "pass", PACKAGE: "warn"}


def test_mfa_asked_for_twice(bench, graph):
    graph.policy["multiFactorAuthConfiguration"] = "required"
    graph.access = [policy({"includeUsers": ["All"]}, apps=(), includeUserActions=["urn:user:registerdevice"])]
    assert "'P'" in findings(run(bench, users=[ADA]), "mfa_at_join")[None]["cause"]


@pytest.mark.parametrize("users, expected", [([PACKAGE], "fail"), ([ADA], "warn")])
def test_security_defaults(bench, graph, users, expected):
    graph.defaults["isEnabled"] = True
    assert results(run(bench, users=users), "security_defaults") == {None: expected}


def test_service_principals(bench, graph):
    graph.principals = {REGISTRATION: False, INTUNE: True}
    result = results(run(bench), "service_principal")
    assert result == {
        "Device Registration Service": "fail",
        "Microsoft.SyncFabric": "warn",
        "AADJ CSP": "pass",
        "Microsoft Intune": "pass",
        "Microsoft Intune Enrollment": "fail",
    }
    assert "Microsoft Intune" not in results(run(bench, expect_mdm=False), "service_principal")
    assert SYNC_FABRIC in findings(run(bench), "service_principal")["Microsoft.SyncFabric"]["fix"]


# --- MDM ---


@pytest.mark.parametrize(
    "scope, members, expected",
    [("all", (), {None: "pass"}), ("none", (), {None: "fail"}), ("selected", (ADA,), {ADA: "pass", PACKAGE: "fail"})],
)
def test_the_mdm_scope(bench, graph, scope, members, expected):
    graph.mdm["appliesTo"] = scope
    graph.included = [graph.add_group("MDM", tuple(map(guid, members)))] if members else []
    assert results(run(bench), "mdm_scope") == expected


def test_groups_of_the_mdm_scope_on_a_later_page_count(bench, graph):
    graph.mdm["appliesTo"] = "selected"
    included = r"GET beta/policies/mobileDeviceManagementPolicies/.*/includedGroups"
    link = f"{ROOT}/beta/policies/mobileDeviceManagementPolicies/{INTUNE}/includedGroups?$skiptoken=x"
    graph.on(included, httpx.Response(200, json={"value": [], "@odata.nextLink": link}))
    graph.included = [graph.add_group("MDM", (guid(ADA),))]
    assert results(run(bench), "mdm_scope") == {ADA: "pass", PACKAGE: "fail"}


def test_groups_of_the_mdm_scope_that_cannot_be_read_are_unknown(bench, graph):
    graph.mdm["appliesTo"] = "selected"
    graph.on("includedGroups", httpx.Response(200, json="none"))
    assert results(run(bench), "mdm_scope") == {None: "unknown"}
    graph.mdm["appliesTo"] = "all"
    graph.on("includedGroups", httpx.Response(200, json="none"))
    assert results(run(bench), "mdm_scope") == {None: "pass"}


@pytest.mark.parametrize(
    ("link", "path", "identity"),
    [
        ("https://evil.example/v1.0/x", "conditionalAccess", "conditional_access"),
        (5, "servicePrincipals", "service_principal"),
        ("https://evil.example/v1.0/x", "EnrollmentConfigurations", "enrollment_limit"),
        ("https://evil.example/v1.0/x", "ownedDevices", "device_quota"),
    ],
)
def test_a_list_that_does_not_end_well_is_unknown_and_stops_nothing(bench, graph, link, path, identity):
    graph.on(f"GET .*{path}", *[httpx.Response(200, json={"value": [], "@odata.nextLink": link})] * 4)
    result = run(bench)
    assert not result.get("failed") and "unknown" in results(result, identity).values()


def test_an_application_cannot_see_the_mdm_scope_and_says_so(bench, graph):
    bench.settings = dataclasses.replace(bench.settings, kind="client_secret")
    result = run(bench)
    finding = findings(result, "mdm_scope")[None]
    assert not_passed(result) == {("mdm_scope", None): "unknown"} and result["ready"] is None
    assert finding["side"] == "controller" and "device_code" in finding["fix"]
    assert finding["permissions"] == ["Policy.Read.All"] and not any(
        "mobileDevice" in str(request) for request in graph.requests
    )
    assert run(bench, fail_on=["unknown"])["error"]["name"] == "readiness_mdm_scope"


def test_without_mdm_nothing_of_intune_is_asked(bench, graph):
    graph.mdm["appliesTo"] = "none"
    assert not_passed(run(bench, expect_mdm=False)) == {}
    assert len(graph.requests) == 1 and "deviceManagement" not in str(graph.requests)


def test_the_enrollment_limit_against_managed_devices(bench, graph):
    graph.owners[ADA] = [graph.add(f"D{number}", isManaged=number > 0)["id"] for number in range(5)]
    graph.enrollment[0]["limit"] = 5
    assert results(run(bench), "enrollment_limit") == {ADA: "pass"}
    found = findings(run(bench, devices_per_user=2), "enrollment_limit")[ADA]
    # Microsoft documents that it does not count for most ways of enrolling a joined device.
    assert found["result"] == "warn" and "does not count for Windows Autopilot, packages" in found["cause"]


def test_windows_blocked_by_an_enrollment_restriction(bench, graph):
    graph.enrollment[1]["windowsRestriction"]["platformBlocked"] = True
    assert results(run(bench), "enrollment_restriction") == {None: "fail"}
    graph.enrollment[1]["priority"] = 3
    assert results(run(bench), "enrollment_restriction") == {None: "warn"}


def test_a_tenant_without_intune(bench, graph):
    graph.on(
        "enrollmentConfigurations|EnrollmentConfigurations",
        error(400, "BadRequest", "Request not applicable to target tenant."),
    )
    assert results(run(bench), "enrollment_limit") == {None: "fail"}


# --- what cannot be read, and how it ends ---


@pytest.mark.parametrize(
    "path, identity, permission",
    [
        ("deviceRegistrationPolicy", "registration_policy", "Policy.Read.DeviceConfiguration"),
        ("identitySecurityDefaults", "security_defaults", "Policy.Read.All"),
        ("conditionalAccess", "conditional_access", "Policy.Read.All"),
        ("servicePrincipals", "service_principal", "Application.Read.All"),
        ("v1.0/domains", "domain", "Domain.Read.All"),
        ("EnrollmentConfigurations", "enrollment_limit", "DeviceManagementServiceConfig.Read.All"),
        ("mobileDevice", "mdm_scope", "Policy.Read.All"),
        ("users/[^/]*$", "user", "User.Read.All"),
        ("ownedDevices", "device_quota", "User.Read.All"),
        ("checkMemberGroups", "join_scope", "GroupMember.Read.All"),
    ],
)
def test_a_missing_permission_makes_one_finding_unknown_and_is_named(bench, graph, path, identity, permission):
    graph.policy["azureADJoin"]["allowedToJoin"] = some(graph.add_group("G", (guid(ADA), guid(PACKAGE))))
    graph.on(path, *[error(403, "Authorization_RequestDenied")] * 4)
    result = run(bench)
    assert not result.get("failed")
    unknown = [finding for finding in findings(result, identity).values() if finding["result"] == "unknown"]
    assert unknown and all(finding["permissions"] == [permission] for finding in unknown)
    assert all(finding["cause"] and finding["fix"] for finding in unknown)
    assert result["summary"]["pass"] > 2


def test_groups_that_cannot_be_read_leave_conditional_access_unknown_where_it_depends_on_them(bench, graph):
    graph.access = [
        policy({"includeUsers": ["All"], "excludeGroups": [graph.add_group("G")]}),
        policy({"includeUsers": [guid(ADA)]}, name="Q"),
    ]
    graph.on("checkMemberGroups", *[error(403, "Authorization_RequestDenied")] * 4)
    told = [
        (finding["subject"], finding["result"])
        for finding in run(bench)["findings"]
        if finding["id"] == "conditional_access"
    ]
    assert told == [(ADA, "unknown"), (ADA, "warn"), (PACKAGE, "unknown")]


def test_fail_on_fails_the_task_and_keeps_the_findings(bench, graph):
    graph.policy["azureADJoin"]["allowedToJoin"] = NONE
    assert not run(bench).get("failed") and not run(bench, fail_on=["unknown"]).get("failed")
    result = run(bench, fail_on=["fail"])
    assert result["failed"] and result["error"]["name"] == "readiness_join_scope"
    assert "every join" in result["msg"] and result["error"]["evidence"][0]["observed"] == "nobody may join devices"
    assert results(result, "join_scope") == {None: "fail"} and result["summary"]["fail"] == 1


def test_hundreds_of_users_need_few_requests(bench, graph):
    names = [graph.person(f"u{number}@contoso.com", (INTUNE_A,))["userPrincipalName"] for number in range(100)]
    graph.policy["azureADJoin"]["allowedToJoin"] = some(graph.add_group("G"))
    run(bench, users=names)
    assert len(graph.requests) == 11 + 1 + 5  # 206 reads, the MDM scope, 100 memberships


OPTIONS = [
    {"fail_on": ["licences"]},
    {"users": [" "]},
    {"user_prefixes": [""]},
    {"token_requesters": [""]},
    {"ip_address": "home"},
    {"country": "Italy"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_bad_options_are_refused_before_any_request(bench, graph, options):
    assert run(bench, **options)["error"]["name"] == "bad_option" and graph.requests == []


@pytest.mark.parametrize("name", ["o'brien@contoso.com", "a%27b@contoso.com", "x' or 'a' eq 'a", "a&b?c#d@contoso.com"])
def test_a_hostile_name_is_only_a_name(bench, graph, name):
    graph.person(name, (INTUNE_A,))
    assert results(run(bench, users=[name]), "user") == {name: "pass"}
    assert results(run(bench, users=[], user_prefixes=[name]), "user") == {name: "pass"}
