# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditional Access policies in all forms that Graph has of them, and in those that nobody knows."""

from __future__ import annotations

import pytest

from ..fake_graph import guid
from .readiness_graph import ADA, INTUNE_ENROLLMENT, PACKAGE, findings, policy, results, run

ALL = {"includeUsers": ["All"]}
MEMBER, INNER, GUEST, EXTERNAL = (
    "member@contoso.com",
    "inner@contoso.com",
    "eve_fabrikam.com#EXT#@contoso.com",
    "kim_fabrikam.com#ext#@contoso.com",
)


def with_grants(users=None, **grants):
    made = policy(users or ALL, controls=())
    made["grantControls"].update(grants)
    return made


def under(**conditions):
    return policy(ALL, conditions=conditions)


def told(bench, graph, *policies):
    """{person: result} of the two people, and what is said of both."""
    graph.access = list(policies)
    result = run(bench)
    said = " ".join(one["observed"] for one in findings(result, "conditional_access").values())
    return results(result, "conditional_access"), said


@pytest.mark.parametrize(
    ("grants", "ada", "package", "said"),
    [
        ({"termsOfUse": [guid("terms")]}, "warn", "fail", "terms of use"),
        ({"customAuthenticationFactors": ["DuoMfa"]}, "warn", "fail", "custom control"),
        ({"authenticationStrength": {"id": guid("strength")}}, "warn", "fail", "MFA"),
        ({"builtInControls": ["passwordChange"]}, "warn", "fail", "password"),
        ({"builtInControls": ["riskRemediation"]}, "warn", "fail", "password"),
        ({"builtInControls": ["approvedApplication"]}, "warn", "warn", "app"),
        ({"builtInControls": ["compliantApplication", "compliantDevice"]}, "warn", "warn", "compliant or joined"),
        ({"builtInControls": ["mfa"], "termsOfUse": [guid("t")]}, "warn", "fail", "MFA"),
        ({"builtInControls": ["mfa"], "termsOfUse": [guid("t")], "operator": "AND"}, "warn", "fail", "terms of use"),
        ({"termsOfUse": [], "customAuthenticationFactors": [], "authenticationStrength": None}, "pass", "pass", ""),
        ({"authenticationStrength@odata.context": "https://graph.microsoft.com/x"}, "pass", "pass", ""),
        ({"builtInControls": ["verifiedId"]}, "unknown", "unknown", "verifiedId"),
        ({"builtInControls": ["unknownFutureValue"]}, "unknown", "unknown", "unknownFutureValue"),
        ({"builtInControls": ["mfa", "verifiedId"]}, "unknown", "unknown", "verifiedId"),
        ({"builtInControls": ["block", "verifiedId"]}, "fail", "fail", "blocks"),
        ({"builtInControls": ["mfa"], "operator": "XOR"}, "unknown", "unknown", "XOR"),
        ({"deviceAttestation": {"level": "high"}}, "unknown", "unknown", "deviceAttestation"),
    ],
    ids=str,
)
def test_every_kind_of_demand(bench, graph, grants, ada, package, said):
    found, text = told(bench, graph, with_grants(**grants))
    assert found == {ADA: ada, PACKAGE: package} and said in text


@pytest.mark.parametrize(
    ("conditions", "result"),
    [
        ({"authenticationFlows": {"transferMethods": "deviceCodeFlow"}}, "pass"),
        ({"authenticationFlows": {"transferMethods": "deviceCodeFlow,authenticationTransfer"}}, "pass"),
        ({"authenticationFlows": {"transferMethods": "authenticationTransfer"}}, "pass"),
        ({"authenticationFlows": {"transferMethods": "deviceCodeFlow,qrCode"}}, "unknown"),
        ({"authenticationFlows": {"transferMethods": "unknownFutureValue"}}, "unknown"),
        ({"authenticationFlows": {"transferMethods": "none"}}, "fail"),
        ({"authenticationFlows": None}, "fail"),
        ({"clientAppTypes": ["browser"]}, "pass"),
        ({"clientAppTypes": ["unknownFutureValue"]}, "unknown"),
        ({"clientAppTypes": ["unknownFutureValue", "mobileAppsAndDesktopClients"]}, "fail"),
        ({"insiderRiskLevels": "elevated"}, "warn"),
        ({"devices": {"includeDevices": ["All"]}}, "warn"),
        ({"locations": {"includeLocations": ["All"], "excludeLocations": []}}, "fail"),
        ({"locations": {"includeLocations": [guid("place")]}}, "warn"),
        ({"timesOfDay": {"from": 9}}, "unknown"),
        ({"timesOfDay": None, "x@odata.type": "#y"}, "fail"),
        ({"platforms": {"includePlatforms": ["unknownFutureValue", "linux"]}}, "pass"),
    ],
    ids=str,
)
def test_every_kind_of_condition(bench, graph, conditions, result):
    assert told(bench, graph, under(**conditions))[0][PACKAGE] == result


@pytest.mark.parametrize(
    ("apps", "more", "result"),
    [
        (["MicrosoftAdminPortals"], {}, "pass"),
        (["None"], {}, "pass"),
        (["AllAgentIdResources"], {}, "pass"),
        (["AllOfTomorrow"], {}, "unknown"),
        (["AllOfTomorrow", "All"], {}, "fail"),
        ([], {"includeUserActions": ["urn:user:joinnetwork"]}, "unknown"),
        ([], {"includeAuthenticationContextClassReferences": ["c1"]}, "pass"),
        ([], {"applicationFilter": {"mode": "include", "rule": "x"}}, "warn"),
        (["All"], {"applicationFilter": {"mode": "exclude", "rule": "x"}}, "warn"),
        ([], {"globalSecureAccess": {"x": 1}}, "pass"),
        ([], {"includeResourcesOfTomorrow": ["x"]}, "unknown"),
        ([INTUNE_ENROLLMENT.upper()], {}, "fail"),
    ],
    ids=str,
)
def test_every_kind_of_application(bench, graph, apps, more, result):
    assert told(bench, graph, policy(ALL, apps=apps, **more))[0][PACKAGE] == result


@pytest.mark.parametrize("state", ["unknownFutureValue", None, "enabledForSome"])
def test_a_state_that_nobody_knows(bench, graph, state):
    assert set(told(bench, graph, policy(ALL, state=state))[0].values()) == {"unknown"}


def test_what_nobody_knows_matters_only_where_the_rest_reaches_the_join(bench, graph):
    """The parts that are known rule these out: another application, another platform, other users, no demand."""
    strange = {"timesOfDay": {"from": 9}}
    quiet = policy(ALL, controls=(), conditions=strange)
    found, _said = told(
        bench,
        graph,
        policy(ALL, ["verifiedId"], apps=["Office365"]),
        policy(ALL, ["verifiedId"], conditions={"platforms": {"includePlatforms": ["macOS"]}}),
        policy({"includeUsers": [guid("somebody")]}, ["verifiedId"]),
        policy(ALL, ["verifiedId"], state="disabled"),
        quiet,
    )
    assert found == {ADA: "pass", PACKAGE: "pass"}


WORKLOAD = {
    "clientApplications": {"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]},
    "servicePrincipalRiskLevels": ["high"],
}


@pytest.mark.parametrize(
    "made",
    [
        policy({"includeUsers": ["None"]}, ["block"], conditions=WORKLOAD),
        policy({}, ["block"], conditions={**WORKLOAD, "users": None}),
        policy({"includeRoles": [guid("role")]}, ["block"]),
        policy({"includeUsers": ["None"], "includeRoles": [guid("role")], "excludeRoles": [guid("r")]}, ["mfa"]),
        under(authenticationFlows={"transferMethods": "deviceCodeFlow"}),
    ],
    ids=["workload", "workload without users", "roles", "roles and none", "device code"],
)
@pytest.mark.parametrize("users", [[ADA, PACKAGE], []], ids=["people", "nobody named"])
def test_policies_that_are_not_about_people_who_join_say_nothing(bench, graph, made, users):
    graph.access = [made]
    assert set(results(run(bench, users=users), "conditional_access").values()) == {"pass"}


def test_an_unknown_form_is_told_where_no_user_is_named(bench, graph):
    graph.access = [policy(ALL, ["verifiedId"], name="Tomorrow"), policy(ALL, ["mfa"], name="Today")]
    assert results(run(bench, users=[]), "conditional_access") == {"Tomorrow": "unknown", "Today": "warn"}


def guests(kinds, tenants="all", members=()):
    return {
        "guestOrExternalUserTypes": kinds,
        "externalTenants": tenants
        and {
            "@odata.type": "#microsoft.graph.conditionalAccess" + tenants.capitalize() + "ExternalTenants",
            "membershipKind": tenants,
            "members": list(members),
        },
    }


EVERY_KIND = "internalGuest,b2bCollaborationGuest,b2bCollaborationMember,b2bDirectConnectUser,otherExternalUser"


@pytest.mark.parametrize(
    ("users", "covered"),
    [
        ({"includeGuestsOrExternalUsers": guests(EVERY_KIND + ",serviceProvider")}, {INNER, GUEST, EXTERNAL}),
        ({"includeGuestsOrExternalUsers": guests("b2bCollaborationGuest")}, {GUEST}),
        ({"includeGuestsOrExternalUsers": guests("internalGuest", None)}, {INNER}),
        ({"includeGuestsOrExternalUsers": guests("internalGuest, b2bCollaborationMember")}, {INNER, EXTERNAL}),
        ({"includeGuestsOrExternalUsers": guests("serviceProvider,b2bDirectConnectUser")}, set()),
        ({"includeUsers": ["GuestsOrExternalUsers"]}, {INNER, GUEST}),
        ({**ALL, "excludeGuestsOrExternalUsers": guests(EVERY_KIND)}, {MEMBER}),
        ({**ALL, "excludeGuestsOrExternalUsers": guests("b2bCollaborationGuest")}, {MEMBER, INNER, EXTERNAL}),
        ({**ALL, "includeGuestsOrExternalUsers": None, "excludeGuestsOrExternalUsers": None}, None),
    ],
    # A set has no order of its own, and every worker must name a test alike.
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_guests_in_the_new_form(bench, graph, users, covered):
    people = with_guests(graph)
    graph.access = [policy(users, ["block"])]
    found = results(run(bench, users=people), "conditional_access")
    assert {person for person, result in found.items() if result == "fail"} == (
        set(people) if covered is None else covered
    )
    assert set(found.values()) <= {"fail", "pass"}


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        (
            {"includeGuestsOrExternalUsers": guests("internalGuest,b2bCollaborationGuest", "enumerated", [guid("x")])},
            {MEMBER: "pass", INNER: "fail", GUEST: "unknown", EXTERNAL: "pass"},
        ),
        (
            {**ALL, "excludeGuestsOrExternalUsers": guests("b2bCollaborationGuest", "enumerated", [guid("x")])},
            {MEMBER: "fail", INNER: "fail", GUEST: "unknown", EXTERNAL: "fail"},
        ),
        (
            {"includeGuestsOrExternalUsers": guests("b2bCollaborationGuest", "unknownFutureValue")},
            {MEMBER: "pass", INNER: "pass", GUEST: "unknown", EXTERNAL: "pass"},
        ),
        (
            {"includeGuestsOrExternalUsers": guests("unknownFutureValue")},
            {MEMBER: "pass", INNER: "unknown", GUEST: "unknown", EXTERNAL: "unknown"},
        ),
        ({"includeUsers": ["EverybodyOfTomorrow"]}, dict.fromkeys((MEMBER, INNER, GUEST, EXTERNAL), "unknown")),
        ({"includeAgents": ["x"], "includeUsers": []}, dict.fromkeys((MEMBER, INNER, GUEST, EXTERNAL), "unknown")),
    ],
    ids=str,
)
def test_guests_of_whom_it_cannot_be_told(bench, graph, users, expected):
    people = with_guests(graph)
    graph.access = [policy(users, ["block"])]
    assert results(run(bench, users=people), "conditional_access") == expected


def test_what_is_unknown_is_quoted_on_one_line(bench, graph):
    graph.access = [policy(ALL, ["a\nok: [host]" + "x" * 900], name="n\nok")]
    for told_of in findings(run(bench), "conditional_access").values():
        assert "\n" not in told_of["observed"] and len(told_of["observed"]) < 300


def with_guests(graph):
    graph.person(MEMBER)
    graph.person(INNER, userType="Guest")
    graph.person(GUEST, userType="Guest")
    graph.person(EXTERNAL)
    return [MEMBER, INNER, GUEST, EXTERNAL]
