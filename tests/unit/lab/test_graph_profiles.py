# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's deployment profiles, status pages and approvals refuse what the service refuses, as it does."""

from __future__ import annotations

import base64
import datetime

import pytest

from .graph_lab import GraphLab

PROFILES = "/deviceManagement/windowsAutopilotDeploymentProfiles"
PAGES = "/deviceManagement/deviceEnrollmentConfigurations"
REQUESTS = "/deviceManagement/operationApprovalRequests"
TYPE = "#microsoft.graph."
ENTRA, PAGE = TYPE + "azureADWindowsAutopilotDeploymentProfile", TYPE + "windows10EnrollmentCompletionPageConfiguration"
EXPERIENCE = {"deviceUsageType": "singleUser", "userType": "standard", "escapeLinkHidden": True}
PROFILE = {"@odata.type": ENTRA, "displayName": "Office", "outOfBoxExperienceSetting": EXPERIENCE}
EVERY = {"target": {"@odata.type": TYPE + "allDevicesAssignmentTarget"}}
WHY = {"x_msft_approval_justification": base64.b64encode(b"a change").decode()}


@pytest.fixture
def lab() -> GraphLab:
    return GraphLab()


def made(lab: GraphLab, path: str = PROFILES, **properties) -> dict:
    body = PROFILE if path == PROFILES else {"@odata.type": PAGE, "displayName": "Office"}
    answer = lab.ask("POST", path, {**body, **properties}, version="beta")
    assert answer.status == 201, answer
    return answer.body


def refused(lab: GraphLab, method: str, path: str, body=None, **headers) -> tuple[int, str]:
    status, _code, message = lab.error(method, path, body, version="beta", **headers)
    return status, message


@pytest.mark.parametrize(
    "properties",
    [
        {"displayName": "a (b)"},
        {"description": "a;b"},
        {"displayName": ""},
        {"deviceNameTemplate": "ABCDEFGHIJKLMNO%SERIAL%"},
        {"deviceNameTemplate": "%RAND:16%"},
        {"outOfBoxExperienceSetting": {**EXPERIENCE, "escapeLinkHidden": False}},
        {"@odata.type": TYPE + "windowsAutopilotDeploymentProfile"},
    ],
    ids=str,
)
def test_a_profile_is_refused_without_a_word(lab, properties):
    status, message = refused(lab, "POST", PROFILES, {**PROFILE, **properties})
    assert status == 400 and "An error has occurred - Operation ID" in message and not lab.tenant.autopilot_profiles


def test_the_usage_of_a_profile_is_fixed(lab):
    path = f"{PROFILES}/{made(lab)['id']}"
    shared = {"@odata.type": ENTRA, "outOfBoxExperienceSetting": {**EXPERIENCE, "deviceUsageType": "shared"}}
    assert refused(lab, "PATCH", path, shared)[0] == 400


def test_old_names_are_taken_and_stand_beside_the_new_ones(lab):
    profile = made(lab, enableWhiteGlove=True, language="de-DE", hybridAzureADJoinSkipConnectivityCheck=True, locale="")
    assert (profile["preprovisioningAllowed"], profile["enableWhiteGlove"]) == (False, False)
    assert (profile["locale"], profile["language"]) == ("os-default", "os-default")
    assert "hybridAzureADJoinSkipConnectivityCheck" not in profile


def test_only_one_profile_is_for_all_devices_and_the_other_is_named(lab):
    first, second = made(lab), made(lab)
    assert lab.ask("POST", f"{PROFILES}/{first['id']}/assignments", EVERY, version="beta").status == 201
    status, message = refused(lab, "POST", f"{PROFILES}/{second['id']}/assignments", EVERY)
    assert status == 400 and f"Another Profile {first['id']}" in message and "All Devices" in message


def test_an_assigned_profile_is_not_deleted(lab):
    path = f"{PROFILES}/{made(lab)['id']}"
    assignment = lab.ask("POST", path + "/assignments", EVERY, version="beta").body["id"]
    assert refused(lab, "DELETE", path)[0] == 400
    assert lab.ask("DELETE", f"{path}/assignments/{assignment}", version="beta").status == 204
    assert lab.ask("DELETE", path, version="beta").status == 204


def test_pages_are_numbered_anew_and_the_present_number_is_refused(lab):
    first, second, third = (made(lab, PAGES) for _number in range(3))
    assert [page["priority"] for page in (first, second, third)] == [1, 2, 3]
    assert refused(lab, "POST", f"{PAGES}/{third['id']}/setPriority", {"priority": 3})[0] == 400
    assert lab.ask("POST", f"{PAGES}/{third['id']}/setPriority", {"priority": 1}, version="beta").status == 204
    assert lab.get(f"{PAGES}/{first['id']}", version="beta")["priority"] == 2
    lab.ask("DELETE", f"{PAGES}/{third['id']}", version="beta")
    assert lab.get(f"{PAGES}/{second['id']}", version="beta")["priority"] == 2


def test_the_default_page_stays_as_it_is_but_for_its_settings(lab):
    default = next(row for row in lab.get(PAGES, version="beta")["value"] if row["@odata.type"] == PAGE)
    path = f"{PAGES}/{default['id']}"
    assert refused(lab, "DELETE", path)[0] == 400
    assert refused(lab, "POST", path + "/setPriority", {"priority": 1})[0] == 400
    assert refused(lab, "POST", path + "/assign", {"enrollmentConfigurationAssignments": []})[0] == 400
    assert lab.ask("PATCH", path, {"@odata.type": PAGE, "showInstallationProgress": True}, version="beta").status == 200


# --- approvals ---


@pytest.fixture
def guarded(lab: GraphLab) -> GraphLab:
    lab.tenant.approvals.protect = ["tenantConfiguration"]
    return lab


def test_nothing_is_held_where_no_policy_protects_it(lab):
    assert lab.tenant.approvals.protect == [] and made(lab)


def test_a_write_without_a_justification_is_refused_and_with_one_it_becomes_a_request(guarded):
    status, message = refused(guarded, "POST", PROFILES, PROFILE)
    assert status == 400 and "Header 'x-msft-approval-justification' is required" in message
    answer = guarded.ask("POST", PROFILES, PROFILE, version="beta", **WHY)
    code = answer.headers["x-msft-approval-code"]
    assert answer.status == 412 and code in answer.body["error"]["message"]
    [row] = guarded.get(f"{REQUESTS}?$filter=requestId eq '{code}'", version="beta")["value"]
    assert (row["status"], row["requestJustification"]) == ("needsApproval", "a change")
    assert guarded.tenant.autopilot_profiles == {}


@pytest.mark.parametrize("decision", ["approve", "reject", None])
def test_only_an_approved_write_is_carried_out_and_only_as_it_was_filed(guarded, decision):
    code = guarded.ask("POST", PROFILES, PROFILE, version="beta", **WHY).headers["x-msft-approval-code"]
    if decision:
        guarded.tenant.approvals.settle(guarded.tenant.approvals.requests[code], decision)
    send = {"version": "beta", "x_msft_approval_code": code}
    assert guarded.ask("POST", PROFILES, {**PROFILE, "description": "other"}, **send).status == 403
    assert guarded.ask("POST", PROFILES, PROFILE, **send).status == (201 if decision == "approve" else 403)
    assert guarded.ask("POST", PROFILES, PROFILE, **send).status == 403


def test_an_object_with_an_open_request_gets_no_second_one(guarded):
    guarded.tenant.approvals.protect = []
    path = f"{PROFILES}/{made(guarded)['id']}"
    guarded.tenant.approvals.protect = ["tenantConfiguration"]
    assert guarded.ask("DELETE", path, version="beta", **WHY).status == 412
    status, message = refused(guarded, "DELETE", path, **WHY)
    assert status == 409 and "An active Approval Request already exists" in message


def test_a_justification_is_base64_and_of_a_bounded_length(guarded):
    for text, says in (("not base64!", "base64"), (base64.b64encode(b"a" * 1025).decode(), "1024")):
        status, message = refused(guarded, "POST", PROFILES, PROFILE, x_msft_approval_justification=text)
        assert status == 400 and says in message
    assert guarded.tenant.approvals.requests == {}


def test_a_request_is_decided_after_some_looks_or_expires(guarded):
    guarded.tenant.approvals.decide, guarded.tenant.approvals.polls = "reject", 1
    guarded.ask("POST", PROFILES, PROFILE, version="beta", **WHY)
    states = [guarded.get(REQUESTS, version="beta")["value"][0]["status"] for _look in range(2)]
    assert states == ["needsApproval", "rejected"]
    [one] = guarded.tenant.approvals.requests.values()
    one.row["status"] = "needsApproval"
    later = guarded.clock.utc() + datetime.timedelta(days=4)
    assert guarded.tenant.approvals.look(later)[0]["status"] == "expired"


def test_an_excluded_application_needs_no_approval(guarded):
    guarded.tenant.approvals.excluded = [guarded.caller().client_id]
    assert made(guarded)
