# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""readiness_info asks the service about joins: what its answer decides, what it does not, how seldom it is asked."""

from __future__ import annotations

import dataclasses

import httpx
import pytest

from ..fake_graph import error, guid
from .readiness_graph import ADA, INTUNE_A, P1, PACKAGE, findings, policy, results, run

BOB, CLEO = "bob@contoso.com", "cleo@contoso.com"
ACTION = {"includeUserActions": ["urn:user:registerdevice"]}
REPORT = "enabledForReportingButNotEnforced"
MANAGED = "Microsoft-managed: Multifactor authentication for all users"


def joins(users=None, **more):
    """A policy for the user action."""
    return policy(users or {"includeUsers": ["All"]}, apps=(), **ACTION, **more)


def asked(graph):
    return [body for _method, path, body in graph.requests if path.endswith("evaluate")]


def told(result, subject=ADA):
    """(result, observed) of the findings about one user."""
    return [
        (one["result"], one["observed"])
        for one in result["findings"]
        if one["id"] == "conditional_access" and one["subject"] == subject
    ]


def test_the_question_is_about_the_user_action_on_a_device_that_is_about_to_join(bench, graph):
    graph.access = [joins()]
    run(bench, users=[ADA], ip_address="203.0.113.5", country="it")
    [body] = asked(graph)
    assert body["signInIdentity"] == {"@odata.type": "#microsoft.graph.userSignIn", "userId": guid(ADA)}
    assert body["signInContext"] == {
        "@odata.type": "#microsoft.graph.userActionContext",
        "userAction": "registerOrJoinDevices",
    }
    assert body["appliedPoliciesOnly"] is False
    conditions = body["signInConditions"]
    assert (conditions["devicePlatform"], conditions["ipAddress"], conditions["country"]) == (
        *("windows", "203.0.113.5"),
        "IT",
    )
    device = conditions["deviceInfo"]
    assert device["isCompliant"] is False and device["operatingSystem"] == "Windows" and device["deviceId"] is None


@pytest.mark.parametrize(
    ("controls", "operator", "expected", "words"),
    [
        (("block",), "OR", "fail", "blocks joins, the service says"),
        (("mfa",), "OR", "warn", "requires mfa for joins, the service says"),
        (("compliantDevice",), "OR", "fail", "requires compliantDevice for joins"),
        (("mfa", "compliantDevice"), "OR", "warn", "requires mfa, compliantDevice"),
    ],
)
def test_a_policy_that_applies_is_judged_by_what_it_demands(bench, graph, controls, operator, expected, words):
    graph.access = [joins(controls=controls, operator=operator)]
    [(result, observed)] = told(run(bench, users=[ADA]))
    assert result == expected and words in observed


def test_where_reading_and_service_agree_nothing_more_is_said(bench, graph):
    graph.access = [joins()]
    [(_result, observed)] = told(run(bench, users=[ADA]))
    assert "as it is read" not in observed


def test_the_service_decides_that_a_policy_does_not_apply_and_both_are_said(bench, graph):
    graph.access = [joins(controls=("block",))]
    graph.says["P"] = (False, "users")
    result = run(bench, users=[ADA])
    (first, observed), (last, _all) = told(result)
    assert (first, last) == ("pass", "pass") and result["ready"] is True
    assert "the service says (users)" in observed and "as it is read, the policy 'P' blocks joins" in observed


def test_the_service_decides_that_a_policy_applies_and_both_are_said(bench, graph):
    # A role of the user, which is not read.
    graph.access = [joins({"includeRoles": [guid("role")]}, controls=("block",))]
    [(result, observed)] = told(run(bench, users=[ADA]))
    assert result == "fail" and observed.endswith("as it is read, it is not about this user's joins")


def test_a_form_that_is_not_known_here_is_decided_by_the_service(bench, graph):
    graph.access = [joins({"includeUsers": ["PeopleOfTomorrow"]})]
    [(result, observed)] = told(run(bench, users=[ADA]))
    assert result == "warn" and "has parts that this collection does not know" in observed
    graph.says["P"] = (False, "users")
    assert {one for one, _observed in told(run(bench, users=[ADA]))} == {"pass"}


@pytest.mark.parametrize("reasons", ["notEnoughInformation", "invalidPolicy", "unknownFutureValue"])
def test_what_the_service_could_not_decide_is_unknown(bench, graph, reasons):
    graph.access = [joins(conditions={"locations": {"includeLocations": [guid("Abroad")]}})]
    graph.says["P"] = (False, reasons)
    result = run(bench, users=[ADA])
    [(kind, observed)] = told(result)
    assert kind == "unknown" and reasons in observed and result["ready"] is None
    assert "ip_address" in findings(result, "conditional_access")[ADA]["fix"]


@pytest.mark.parametrize("reasons", ["signInRisk", "userRisk", "devices", "location", "devices,signInRisk"])
def test_what_the_service_assumes_decides_nothing(bench, graph, reasons):
    graph.access = [joins(controls=("block",), conditions={"signInRiskLevels": ["high"]})]
    graph.says["P"] = (False, reasons)
    [(result, observed)] = told(run(bench, users=[ADA]))
    assert result == "warn" and observed.endswith(f"assumes what it was not told ({reasons.replace(',', ', ')})")


def test_an_address_that_was_given_decides_about_locations(bench, graph):
    graph.access = [joins(controls=("block",), conditions={"locations": {"includeLocations": [guid("Abroad")]}})]
    graph.says["P"] = (False, "location")
    assert {one for one, _observed in told(run(bench, users=[ADA], ip_address="203.0.113.5"))} == {"pass"}


def test_policies_for_applications_are_no_part_of_the_question(bench, graph):
    graph.access = [policy({"includeUsers": ["All"]}, ["block"])]
    assert [one for one, _observed in told(run(bench, users=[ADA]))] == ["fail"]
    # But whom a policy covers is the same for every question.
    graph.says["P"] = (False, "users,application")
    assert {one for one, _observed in told(run(bench, users=[ADA]))} == {"pass"}


def test_a_policy_for_other_things_that_could_not_be_decided_says_nothing_of_joins(bench, graph):
    graph.access = [policy({"includeUsers": ["All"]}, apps=["Office365"])]
    graph.says["P"] = (False, "notEnoughInformation")
    assert [one for one, _observed in told(run(bench, users=[ADA]))] == ["pass"]


def test_report_only_is_named_and_stops_nobody(bench, graph):
    graph.access = [joins(name="Soon", state=REPORT, controls=("block",))]
    result = run(bench, users=[ADA])
    assert {one for one, _observed in told(result)} == {"pass"} and result["ready"] is True
    assert "'Soon' (report-only) blocks joins" in told(result)[0][1]
    # As it is read, too.
    assert "'Soon' (report-only) blocks joins" in told(run(bench, users=[ADA], what_if=False))[0][1]


@pytest.mark.parametrize("what_if", [True, False])
def test_what_microsoft_manages_will_be_on(bench, graph, what_if):
    graph.access = [joins(name=MANAGED, state=REPORT)]
    result = run(bench, users=[ADA], what_if=what_if)
    found = findings(result, "conditional_access")[ADA]
    assert found["result"] == "warn" and found["cause"].startswith("it will be switched on by Microsoft")
    assert result["summary"]["warn"] == 1
    assert results(run(bench, users=[]), "conditional_access") == {MANAGED: "warn"}
    graph.access[0]["state"] = "disabled"  # somebody has decided
    assert results(run(bench, users=[ADA]), "conditional_access") == {ADA: "pass"}


def test_a_package_user_is_not_asked_about_and_the_policies_decide(bench, graph):
    graph.access = [joins()]
    result = run(bench, users=[PACKAGE])
    assert asked(graph) == [] and results(result, "conditional_access") == {PACKAGE: "fail"}
    assert "would prove nothing" in findings(result, "what_if")[None]["observed"]
    result = run(bench, users=[ADA, PACKAGE])
    assert len(asked(graph)) == 1 and "would prove nothing" in findings(result, "what_if")[None]["observed"]


def test_the_registration_policys_own_switch_is_no_part_of_the_answer(bench, graph):
    graph.policy["multiFactorAuthConfiguration"] = "required"
    graph.access = [joins()]
    result = run(bench, users=[ADA])
    found = findings(result, "mfa_at_join")[None]
    assert found["result"] == "warn" and "must be off here" in found["cause"]
    found = findings(run(bench, users=[ADA, PACKAGE]), "mfa_at_join")[None]
    assert found["result"] == "fail" and "must be off here" in found["cause"]


# --- how seldom it is asked ---


def people(graph, *names):
    for name in names:
        graph.person(name, (INTUNE_A, P1))
    return [ADA, *names]


def test_users_whom_no_policy_about_joins_tells_apart_are_asked_about_once(bench, graph):
    names = people(graph, BOB, CLEO, *(f"u{number}@contoso.com" for number in range(40)))
    group = graph.add_group("Pilot", (guid(BOB),))
    graph.access = [
        joins({"includeGroups": [group]}, controls=("block",)),
        policy({"includeRoles": [guid("role")]}, apps=["Office365"], name="Other"),
    ]
    run(bench, users=names)
    assert [body["signInIdentity"]["userId"] for body in asked(graph)] == [guid(ADA), guid(BOB)]
    assert bench.slept == [1.0]


def test_a_role_in_a_policy_about_joins_tells_everybody_apart(bench, graph):
    graph.access = [joins({"includeUsers": ["All"], "excludeRoles": [guid("role")]})]
    run(bench, users=people(graph, BOB, CLEO))
    assert len(asked(graph)) == 3 and bench.slept == [1.0, 1.0]


def test_groups_that_cannot_be_read_tell_users_apart(bench, graph):
    graph.access = [joins({"includeGroups": [graph.add_group("G")]})]
    graph.on("checkMemberGroups", *[error(403, "Authorization_RequestDenied")] * 6)
    result = run(bench, users=people(graph, BOB))
    assert len(asked(graph)) == 2
    # What could not be read, the service knows.
    assert results(result, "conditional_access") == {ADA: "warn", BOB: "warn"}


def test_without_a_policy_that_is_on_nobody_is_asked(bench, graph):
    graph.access = [joins(state="disabled")]
    result = run(bench, users=[ADA])
    assert asked(graph) == [] and "no policy is on" in findings(result, "what_if")[None]["observed"]


def test_nobody_is_asked_who_is_not_there_and_nothing_where_it_is_not_wanted(bench, graph):
    graph.access = [joins()]
    run(bench, users=["nobody@contoso.com"])
    result = run(bench, users=[ADA], what_if=False)
    assert asked(graph) == [] and findings(result, "what_if") == {}
    assert results(result, "conditional_access") == {ADA: "warn"}


def test_what_does_not_fit_into_the_time_is_unknown_and_read(bench, graph):
    graph.access = [joins({"includeUsers": [guid(ADA), guid(BOB)]}, controls=("block",))]
    result = run_in(bench, 0.5, users=people(graph, BOB, CLEO))
    assert results(result, "what_if") == {BOB: "unknown", CLEO: "unknown"}
    assert results(result, "conditional_access") == {ADA: "fail", BOB: "fail", CLEO: "pass"}


def run_in(bench, seconds, **options):
    """A run that may wait so long."""
    made = bench.client
    bench.client = lambda check_mode, limit, args: made(check_mode, seconds, args)
    return run(bench, **options)


# --- where it cannot be asked ---


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        ("Authorization_RequestDenied", "Insufficient privileges.", "Policy.Read.ConditionalAccess"),
        ("Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or ... premium license", "P1"),
        ("Authentication_ApplicationHasNoDirectoryReadAccess", "No directory read access", "Directory.Read.All"),
    ],
)
def test_refused_it_is_as_without_it_and_says_why(bench, graph, code, message, words):
    graph.access = [joins({"includeUsers": ["All"], "excludeRoles": [guid("role")]})]
    names = people(graph, BOB)
    graph.on("evaluate", *[error(403, code, message)] * 4)
    result = run(bench, users=names)
    assert not result.get("failed") and len(asked(graph)) == 1, "it is refused once a run"
    assert results(result, "conditional_access") == {ADA: "warn", BOB: "warn"}
    found = findings(result, "what_if")[None]
    assert found["result"] == "unknown" and words in str(found)


def test_an_answer_that_cannot_be_read_leaves_the_reading_for_that_user_alone(bench, graph):
    graph.access = [joins({"includeUsers": ["All"], "excludeRoles": [guid("role")]}, controls=("block",))]
    graph.says["P"] = (False, "users")
    graph.on("evaluate", httpx.Response(200, json={"value": [{"state": 1}]}))
    result = run(bench, users=people(graph, BOB))
    assert results(result, "what_if") == {ADA: "unknown"}
    assert results(result, "conditional_access") == {ADA: "fail", BOB: "pass"}


def test_policies_that_cannot_be_read_leave_the_service_for_the_user_action(bench, graph):
    graph.access = [joins(controls=("block",))]
    graph.on("conditionalAccess/policies", *[error(403, "Authorization_RequestDenied")] * 4)
    result = run(bench, users=people(graph, BOB))
    assert len(asked(graph)) == 2, "each is by itself"
    assert results(result, "conditional_access") == {None: "unknown", ADA: "fail", BOB: "fail"}


def test_an_application_asks_as_well(bench, graph):
    bench.settings = dataclasses.replace(bench.settings, kind="client_secret")
    graph.access = [joins()]
    run(bench, users=[ADA])
    assert len(asked(graph)) == 1
