# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logs of the lab's Graph: what shows when, to whom, by which filter, and how often one may ask."""

from __future__ import annotations

import asyncio
import datetime
import urllib.parse

import pytest

from tests.lab.tenant import licences, planted_logs
from tests.unit.lab.graph_lab import GraphLab

SIGN_INS, AUDITS, EVENTS = "/auditLogs/signIns", "/auditLogs/directoryAudits", "/deviceManagement/troubleshootingEvents"
OTHERS = "signInEventTypes/any(t:t eq 'nonInteractiveUser')"
CORRELATION = "5a0d2a7e-2f0e-4f0e-9a50-0c5d3c1f7b11"


@pytest.fixture
def lab() -> GraphLab:
    made = GraphLab()
    licences.stock(made.tenant, "entra_p1")
    token = made.tenant.issue_bulk_token("fleet", made.clock.utc())
    made.people = {"fleet": planted_logs.package_user(token.user_id, token.upn)}
    made.tenant.conditional_access += [
        _policy("MFA for everybody", ["mfa"], id="p1"),
        _policy("Block everybody, perhaps", ["block"], id="p2", state="enabledForReportingButNotEnforced"),
        _policy("Block nobody", ["block"], id="p3", users={"includeUsers": ["nobody"]}),
        _policy("Old", ["block"], id="p4", state="disabled"),
    ]
    return made


def _policy(name: str, controls: list[str], *, id: str, state: str = "enabled", users: dict | None = None) -> dict:
    return {
        "id": id,
        "displayName": name,
        "state": state,
        "conditions": {
            "users": users or {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
        },
        "grantControls": {"operator": "OR", "builtInControls": controls},
    }


def _plant(lab: GraphLab, **options) -> None:
    planted_logs.plant(lab.directory, lab.tenant, options, lab.people)


def _path(lab: GraphLab, path: str = SIGN_INS, *clauses: str, hours: float = 24, more: str = "") -> str:
    name = "activityDateTime" if path == AUDITS else "createdDateTime"
    since = lab.clock.utc() - datetime.timedelta(hours=hours)
    text = " and ".join([f"{name} ge {since:%Y-%m-%dT%H:%M:%SZ}", *clauses])
    return f"{path}?$filter={urllib.parse.quote(text)}{more}"


def _rows(lab: GraphLab, *clauses: str, path: str = SIGN_INS, version: str = "beta", **options) -> list[dict]:
    return lab.get(_path(lab, path, *clauses), version=version, **options)["value"]


def _wait(lab: GraphLab, seconds: float) -> None:
    asyncio.run(lab.clock.advance(seconds))


def test_a_sign_in_of_a_package_is_not_one_of_a_person(lab):
    _plant(lab, sign_ins=[{"package": "fleet"}, {"user": "lab.user", "device": "PC"}])
    assert [row["isInteractive"] for row in _rows(lab)] == [True]
    assert [row["isInteractive"] for row in _rows(lab, version="v1.0")] == [True]
    [found] = _rows(lab, OTHERS)
    assert found["userPrincipalName"].startswith("package_") and found["deviceDetail"]["deviceId"] == ""
    assert found["status"]["errorCode"] == 50076 and found["resourceDisplayName"] == "Device Registration Service"
    assert lab.get(f"{SIGN_INS}/{found['id']}", version="beta")["correlationId"] == found["correlationId"]


def test_each_policy_says_what_it_made_of_a_sign_in(lab):
    _plant(lab, sign_ins=[{"package": "fleet"}, {"user": "lab.user", "mfa": True}])
    [package] = _rows(lab, OTHERS)
    [person] = _rows(lab)
    results = [
        {row["displayName"]: row["result"] for row in one["appliedConditionalAccessPolicies"]}
        for one in (package, person)
    ]
    others = {
        "Block everybody, perhaps": "reportOnlyFailure",
        "Block nobody": "notApplied",
        "Old": "notEnabled",
    }
    assert results == [{"MFA for everybody": "failure", **others}, {"MFA for everybody": "success", **others}]
    assert [one["conditionalAccessStatus"] for one in (package, person)] == ["failure", "success"]
    assert package["appliedConditionalAccessPolicies"][0]["enforcedGrantControls"] == ["Mfa"]


def test_policies_come_with_their_own_permission_alone(lab):
    _plant(lab, sign_ins=[{"user": "lab.user", "error": 53003}])
    app = _app(lab, "AuditLog.Read.All")
    for version, nothing in (("v1.0", []), ("beta", None)):
        [row] = _rows(lab, version=version, app=app)
        assert row["appliedConditionalAccessPolicies"] == nothing and row["status"]["errorCode"] == 53003


def test_an_entry_shows_when_its_lag_is_over(lab):
    _plant(lab, lag=180, sign_ins=[{"user": "lab.user", "minutes": 1}, {"user": "admin", "minutes": 1, "late": 0}])
    assert [row["userPrincipalName"] for row in _rows(lab)] == ["admin@contoso.example"]
    _wait(lab, 121)
    assert len(_rows(lab)) == 2


def test_an_entry_is_kept_for_its_time(lab):
    _plant(lab, sign_ins=[{"user": "lab.user", "minutes": 30 * 24 * 60 - 5}, {"user": "admin", "minutes": 45_000}])
    path = _path(lab, hours=24 * 60)
    assert [row["userDisplayName"] for row in lab.get(path)["value"]] == ["User of the lab"]
    _wait(lab, 301)
    assert lab.get(path)["value"] == []
    lab.tenant.logs.keep_days = 60
    assert len(lab.get(path)["value"]) == 2


def test_a_policy_of_then_may_be_gone_now(lab):
    told = {"name": "Gone since", "result": "failure", "controls": ["Block"]}
    _plant(lab, sign_ins=[{"user": "lab.user", "error": 53003, "policies": [told]}])
    [row] = _rows(lab)
    assert row["conditionalAccessStatus"] == "failure"
    assert [one["displayName"] for one in row["appliedConditionalAccessPolicies"]] == ["Gone since"]


def test_who_may_not_read_the_logs_hears_why(lab):
    refused = lab.error("GET", _path(lab), app="nothing")
    assert refused[:2] == (403, "Authentication_MSGraphPermissionMissing") and "AuditLog.Read.All" in refused[2]
    lab.tenant.logs.licence_check = "directory_read"
    code = "Authentication_ApplicationHasNoDirectoryReadAccess"
    assert lab.error("GET", _path(lab), app=_app(lab, "AuditLog.Read.All"))[1] == code
    lab.get(_path(lab), app=_app(lab, "AuditLog.Read.All", "Directory.Read.All"))
    lab.tenant.subscribed_skus.clear()
    lab.tenant.logs.licence_check = "done"
    for path in (SIGN_INS, AUDITS):
        code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
        assert lab.error("GET", _path(lab, path))[:2] == (403, code)


def test_five_requests_in_ten_seconds_are_all_that_the_tenant_answers(lab):
    _wait(lab, 60)
    item = {"method": "GET", "url": _path(lab).lstrip("/")}
    reply = lab.ask("POST", "/$batch", {"requests": [{"id": str(n), **item} for n in range(8)]})
    found = {one["id"]: one for one in reply.body["responses"]}
    assert [found[str(n)]["status"] for n in range(8)] == [200] * 5 + [429] * 3
    assert ["Retry-After" in found[str(n)]["headers"] for n in (5, 6, 7)] == [True, False, True]
    _wait(lab, 9)
    assert lab.ask("GET", _path(lab, AUDITS)).status == 429
    _wait(lab, 1.5)
    assert lab.ask("GET", _path(lab, AUDITS)).status == 200


@pytest.mark.parametrize("path", [SIGN_INS, AUDITS])
def test_a_list_without_a_beginning_ends_at_the_gateway(lab, path):
    request = lab.side.answer(lab.call("GET", path))
    reply = asyncio.run(lab.clock.run(request, 61))
    assert reply.status == 504 and lab.clock.elapsed() == pytest.approx(60)
    lab.tenant.logs.without_window = "answered"
    assert lab.get(path)["value"] == []


@pytest.mark.parametrize(
    ("version", "clause"),
    [
        ("v1.0", OTHERS),
        ("v1.0", "isInteractive eq false"),
        ("v1.0", "signInEventTypes/any(t:t ne 'interactiveUser')"),
        ("v1.0", f"deviceDetail/deviceId eq '{CORRELATION}'"),
        ("beta", f"deviceDetail/deviceId eq '{CORRELATION}'"),
        ("beta", "not (userId eq 'x')"),
        ("beta", "contains(appDisplayName,'Windows')"),
        ("beta", "status/failureReason eq 'x'"),
    ],
)
def test_filters_that_the_log_does_not_have_are_refused(lab, version, clause):
    assert lab.error("GET", _path(lab, SIGN_INS, clause), version=version)[:2] == (400, "BadRequest")


def test_filters_of_beta_in_the_older_version_may_find_nothing_or_everything(lab):
    _plant(lab, sign_ins=[{"user": "lab.user"}, {"package": "fleet"}])
    for mode, found in (("empty", 0), ("ignored", 1)):
        lab.tenant.logs.odd_filters = mode
        rows = _rows(lab, OTHERS, version="v1.0")
        assert len(rows) == found and all(row["isInteractive"] for row in rows)


def test_filters_that_the_log_has_are_kept(lab):
    _plant(
        lab,
        sign_ins=[
            {"user": "lab.user", "correlation": CORRELATION, "error": 50126, "minutes": 10},
            {"user": "lab.user", "minutes": 3000, "error": 0},
            {"user": "admin", "error": 0, "minutes": 20},
        ],
    )
    assert [row["status"]["errorCode"] for row in _rows(lab)] == [50126, 0]
    assert len(_rows(lab, f"correlationId eq '{CORRELATION}'")) == 1
    assert len(_rows(lab, "status/errorCode ne 0")) == 1
    assert len(_rows(lab, "startswith(userPrincipalName,'admin')")) == 1


def test_audits_are_sought_by_their_own_time(lab):
    _plant(lab, audits=[{"activity": "Delete device", "device": "PC-1", "user": "admin", "minutes": 5}])
    text = urllib.parse.quote(f"createdDateTime ge {lab.clock.utc():%Y-%m-%dT%H:%M:%SZ}")
    assert lab.error("GET", f"{AUDITS}?$filter={text}")[:2] == (400, "BadRequest")
    [row] = _rows(lab, "activityDisplayName eq 'Delete device'", path=AUDITS, version="v1.0")
    assert row["initiatedBy"]["user"]["userPrincipalName"] == "admin@contoso.example"
    assert row["targetResources"][0]["displayName"] == "PC-1"
    assert len(_rows(lab, "targetResources/any(t:t/displayName eq 'PC-1')", path=AUDITS)) == 1


def test_a_page_has_a_thousand_rows_at_most_and_a_link(lab):
    _plant(lab, sign_ins=[{"user": "lab.user", "count": 12, "error": 0}])
    assert lab.error("GET", _path(lab, more="&$top=1001"))[0] == 400
    first = lab.get(_path(lab, more="&$top=10"))
    assert len(first["value"]) == 10 and "$skiptoken" in urllib.parse.unquote(first["@odata.nextLink"])
    address = first["@odata.nextLink"].partition("/v1.0")[2]
    assert len(lab.get(address)["value"]) == 2


def test_enrollments_that_failed_are_events_of_intune(lab):
    device = lab.device("PC-1")
    _plant(
        lab,
        enrollment_failures=[
            {"user": "lab.user", "device": "PC-1", "category": "userValidation", "reason": "UserNotLicensed"}
        ],
    )
    for version in ("v1.0", "beta"):
        [row] = lab.get(EVENTS, version=version)["value"]
        assert row["@odata.type"] == "#microsoft.graph.enrollmentTroubleshootingEvent"
        assert (row["deviceId"], row["failureCategory"]) == (device["deviceId"], "userValidation")
        assert lab.get(f"{EVENTS}/{row['id']}", version=version)["failureReason"] == "UserNotLicensed"
    assert lab.get(f"{EVENTS}?$filter=userId eq 'somebody'")["value"]
    assert lab.error("GET", EVENTS, app="nothing")[:2] == (403, "Forbidden")


def test_what_a_caller_does_to_a_device_is_in_the_audits(lab):
    lab.tenant.logs.lag = 0
    device = lab.device("PC-1")
    assert lab.ask("PATCH", f"/devices/{device['id']}", {"accountEnabled": False}).status == 204
    assert lab.ask("DELETE", f"/devices/{device['id']}", user=lab.admin).status == 204
    deleted, disabled = _rows(lab, path=AUDITS)
    assert (disabled["activityDisplayName"], deleted["activityDisplayName"]) == ("Update device", "Delete device")
    assert disabled["initiatedBy"]["app"]["displayName"] == "everything"
    assert deleted["initiatedBy"]["user"]["id"] == lab.admin["id"]
    first, *_others = disabled["targetResources"][0]["modifiedProperties"]
    assert first == {"displayName": "AccountEnabled", "oldValue": "[true]", "newValue": "[false]"}
    assert deleted["targetResources"][0]["id"] == device["id"]


def _app(lab: GraphLab, *permissions: str) -> str:
    from tests.lab.tenant.applications import register

    return register(lab.tenant, " ".join(permissions), permissions).name
