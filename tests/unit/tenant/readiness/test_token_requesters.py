# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""readiness_info: who can make the bulk token of a package."""

from __future__ import annotations

import dataclasses

import pytest

from ..fake_graph import error, guid
from .readiness_graph import SYNC_FABRIC, findings, not_passed, results, run

CARLA = "carla@contoso.com"
INTUNE_ADMINISTRATOR, GLOBAL = "3a2c62db-5318-420d-8d74-23affee5d9d5", "62e90394-69f5-4237-9190-012177145e10"
PASSWORD = "966707d0-3269-4727-9be2-8c3a10f19b9d"
UNIT = "/administrativeUnits/" + guid("unit")
TOKEN = ("token_role", "token_sign_in", "token_scope")


@pytest.fixture
def carla(graph):
    graph.person(CARLA)
    graph.roles.append((INTUNE_ADMINISTRATOR, guid(CARLA), "/"))
    graph.report[guid(CARLA)] = {
        "methodsRegistered": ["microsoftAuthenticatorPush", "fido2"],
        "lastUpdatedDateTime": "2026-11-01T00:00:00Z",
    }
    return guid(CARLA)


def told(bench, **options):
    result = run(bench, **{"users": [], "token_requesters": [CARLA], **options})
    return {name: results(result, name).get(CARLA) for name in TOKEN}, result


def test_who_can_make_a_token_passes_each_rule(bench, graph, carla):
    found, result = told(bench, fail_on=["warn", "fail", "unknown"])
    assert found == dict.fromkeys(TOKEN, "pass") and not_passed(result) == {}
    assert results(result, "user") == {CARLA: "pass"} and len(graph.requests) == 3


def test_without_requesters_nothing_is_asked_of_roles_and_methods(bench, graph):
    run(bench)
    assert not any("roleAssignments" in str(one) or "RegistrationDetails" in str(one) for one in graph.requests)


@pytest.mark.parametrize(
    ("roles", "expected", "words"),
    [
        ([], "fail", "none of the roles"),
        ([(INTUNE_ADMINISTRATOR, guid(CARLA), UNIT)], "fail", "for an administrative unit only"),
        ([(PASSWORD, guid(CARLA), "/" + guid("app"))], "fail", "for a part of the tenant only"),
        ([(PASSWORD, guid(CARLA), UNIT), (GLOBAL, guid(CARLA), "/")], "pass", "Global Administrator"),
        ([(PASSWORD, guid("somebody"), "/")], "fail", "none of the roles"),
    ],
)
def test_a_role_counts_for_the_whole_tenant_only(bench, graph, carla, roles, expected, words):
    graph.roles = roles
    found, result = told(bench)
    assert found["token_role"] == expected and words in findings(result, "token_role")[CARLA]["observed"]


def test_a_role_may_come_through_a_group(bench, graph, carla):
    graph.roles = [(PASSWORD, graph.add_group("Admins", (carla,)), "/")]
    assert told(bench)[0]["token_role"] == "pass"
    graph.on("checkMemberGroups", *[error(403, "Authorization_RequestDenied")] * 4)
    found, result = told(bench)
    assert found["token_role"] == "unknown"
    assert findings(result, "token_role")[CARLA]["permissions"] == ["GroupMember.Read.All"]


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        (["fido2"], "warn"),
        (["passKeyDeviceBound", "windowsHelloForBusiness", "microsoftAuthenticatorPasswordless"], "warn"),
        (["fido2", "mobilePhone"], "pass"),
        (["methodOfTomorrow"], "pass"),
        ([], "pass"),
        (None, "unknown"),
    ],
)
def test_passwordless_users_cannot_ask_for_a_token(bench, graph, carla, methods, expected):
    graph.report[carla]["methodsRegistered"] = methods
    found, result = told(bench)
    assert found["token_sign_in"] == expected
    if expected == "warn":
        assert "password or a certificate" in findings(result, "token_sign_in")[CARLA]["cause"]


def test_who_is_missing_in_the_report_is_unknown(bench, graph, carla):
    graph.report.clear()
    assert told(bench)[0]["token_sign_in"] == "unknown"


def test_a_federated_requester(bench, graph, carla):
    graph.domains["contoso.com"] = "Federated"
    _found, result = told(bench)
    observed = [one["observed"] for one in result["findings"] if one["id"] == "token_sign_in"]
    assert observed[0] == "the user's domain is federated" and len(observed) == 2
    assert results(result, "domain") == {}, "nobody of it joins a device"


@pytest.mark.parametrize(("members", "expected"), [((), "fail"), ((CARLA,), "pass")])
def test_the_requester_must_be_in_the_mdm_scope_whoever_joins(bench, graph, carla, members, expected):
    graph.mdm["appliesTo"] = "selected"
    graph.included = [graph.add_group("MDM", tuple(map(guid, members)))]
    assert told(bench, expect_mdm=False)[0]["token_scope"] == expected
    graph.mdm["appliesTo"] = "none"
    assert told(bench, expect_mdm=False)[0]["token_scope"] == "fail"
    graph.mdm["appliesTo"] = "whoever"
    assert told(bench)[0]["token_scope"] == "unknown"


def test_an_application_does_not_see_the_mdm_scope(bench, graph, carla):
    bench.settings = dataclasses.replace(bench.settings, kind="client_secret")
    assert told(bench, expect_mdm=False)[0]["token_scope"] == "unknown"


@pytest.mark.parametrize(
    ("path", "identity", "permission"),
    [
        ("roleAssignments", "token_role", "RoleManagement.Read.Directory"),
        ("userRegistrationDetails", "token_sign_in", "AuditLog.Read.All"),
        ("mobileDevice", "token_scope", "Policy.Read.All"),
    ],
)
def test_a_permission_that_is_missing_is_named(bench, graph, carla, path, identity, permission):
    graph.on(path, *[error(403, "Authorization_RequestDenied")] * 4)
    found, result = told(bench)
    assert found == {**dict.fromkeys(TOKEN, "pass"), identity: "unknown"}
    assert findings(result, identity)[CARLA]["permissions"] == [permission]


def test_without_sync_fabric_no_token_can_be_made(bench, graph, carla):
    del graph.principals[SYNC_FABRIC]
    assert results(told(bench)[1], "service_principal")["Microsoft.SyncFabric"] == "fail"
    assert results(run(bench), "service_principal")["Microsoft.SyncFabric"] == "warn"


def test_a_requester_who_is_not_there_is_said_and_nothing_else(bench, graph):
    found, result = told(bench)
    assert found == dict.fromkeys(TOKEN) and results(result, "user") == {CARLA: "fail"}
