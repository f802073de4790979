# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on request: faults, permissions, replicas that lag."""

from __future__ import annotations

import json

import pytest

from tests.lab.graph import refusal_forms
from tests.lab.graph.faults import DEMANDED, FaultError, Faults
from tests.lab.graph.side import Dropped

from .graph_lab import GraphLab

ROLE = "9f06204d-73c1-4d4c-880a-6edb90606fd8"
GROUP = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True, "groupTypes": []}


@pytest.fixture
def lab() -> GraphLab:
    return GraphLab()


def test_throttling_with_and_without_a_time(lab):
    lab.side.faults.add("throttle", {"retry_after": 7})
    lab.side.faults.add("throttle", {})
    first, second = lab.ask("GET", "/devices"), lab.ask("GET", "/devices")
    assert (first.status, first.headers["Retry-After"]) == (429, "7")
    assert second.status == 429 and "Retry-After" not in second.headers
    assert lab.ask("GET", "/devices").status == 200


def test_a_fault_waits_for_its_request(lab):
    lab.side.faults.add("unavailable", {"path": "^/groups", "methods": ["POST"], "skip": 1, "times": 2})
    assert lab.ask("GET", "/groups").status == 200 and lab.ask("GET", "/devices").status == 200
    statuses = [lab.ask("POST", "/groups", GROUP).status for _attempt in range(4)]
    assert statuses == [201, 503, 503, 201]


def test_a_write_that_is_done_although_the_answer_is_an_error(lab):
    lab.side.faults.add("gateway_timeout", {"after": True})
    assert lab.ask("POST", "/groups", GROUP).status == 504
    assert lab.names("/groups") == ["G"]


def test_a_page_of_a_gateway_and_a_connection_that_ends(lab):
    lab.side.faults.add("unavailable", {"html": True})
    found = lab.ask("GET", "/devices")
    assert found.body.startswith("<html>") and found.headers["Content-Type"] == "text/html"
    lab.side.faults.add("drop", {})
    with pytest.raises(Dropped):
        lab.ask("GET", "/devices")


@pytest.mark.parametrize("form", refusal_forms.FORMS)
def test_a_refusal_is_worded_as_people_met_it(lab, form):
    lab.side.faults.add("refusal", {"form": form, "path": "^/deviceManagement"})
    found, known = lab.ask("GET", "/deviceManagement/managedDevices"), refusal_forms.FORMS[form]
    assert found.status == known.status and lab.ask("GET", "/deviceManagement/managedDevices").status == 200
    if known.page:
        assert found.body == known.page and found.headers["Content-Type"] == "text/html"
        return
    text = found.body["error"]["message"]
    for level in range(known.depth, 0, -1):
        inside = json.loads(text)
        text = inside["Message"]
        assert ("_version" in inside) == (level == 1)
    assert text.startswith(known.sentence) and ("Activity ID: " in text) == bool(known.depth)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("explode", {}),
        ("refusal", {}),
        ("refusal", {"form": "rude"}),
        ("throttle", {"often": True}),
        ("throttle", {"times": "x"}),
        ("throttle", {"path": "("}),
        ("drop", {"query": "("}),
    ],
)
def test_faults_that_cannot_be(kind, options):
    with pytest.raises(FaultError):
        Faults().add(kind, options)


def test_items_of_a_batch_are_throttled_alone(lab):
    lab.side.faults.add("throttle", {"retry_after": 3, "path": "^/groups$"})
    found = lab.ask(
        "POST",
        "/$batch",
        {"requests": [{"id": "1", "method": "GET", "url": "/devices"}, {"id": "2", "method": "GET", "url": "/groups"}]},
    )
    items = {item["id"]: item for item in found.body["responses"]}
    assert found.status == 200 and items["1"]["status"] == 200
    assert (items["2"]["status"], items["2"]["headers"]["Retry-After"]) == (429, "3")


def test_permissions_of_applications(lab):
    assert lab.error("GET", "/devices", app="nothing") == (
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    )
    assert lab.ask("GET", "/devices", app="device_reader").status == 200
    device = lab.device("PC")
    assert lab.error("DELETE", f"/devices/{device['id']}", app="device_reader")[0] == 403
    assert lab.ask("POST", "/groups", GROUP, app="group_creator").status == 201
    assert lab.error("GET", "/groups", app="group_creator")[0] == 403


def test_intune_names_the_permission_inside_its_message(lab):
    status, code, message = lab.error("GET", "/deviceManagement/managedDevices", app="nothing")
    assert (status, code) == (403, "Forbidden")
    assert "DeviceManagementManagedDevices.Read.All" in json.loads(message)["Message"]


def test_a_tenant_without_intune(lab):
    lab.side.faults.add("no_intune", {"times": None})
    for _attempt in range(2):
        status, _code, message = lab.error("GET", "/deviceManagement/managedDevices")
        assert status == 400 and "not applicable to target tenant" in json.loads(message)["Message"]


def test_people_need_scope_and_role(lab):
    device = lab.device("PC")
    clerk = lab.tenant.add_user("clerk@contoso.example", "Clerk")
    assert lab.error("PATCH", f"/devices/{device['id']}", {"accountEnabled": False}, user=clerk)[0] == 403
    assert lab.ask("PATCH", f"/devices/{device['id']}", {"accountEnabled": False}, user=lab.admin).status == 204


def test_a_write_shows_after_some_reads(lab):
    old = lab.device("OLD")
    lab.service.configure(lab.tenant, {"lag": 2})
    made = lab.ask("POST", "/groups", GROUP).body["id"]
    assert [lab.ask("GET", f"/groups/{made}").status for _read in range(4)] == [404, 404, 200, 200]
    assert lab.ask("PATCH", f"/groups/{made}", {"displayName": "H"}).status == 204
    assert [lab.names("/groups") for _read in range(3)] == [["G"], ["G"], ["H"]]
    assert lab.ask("DELETE", f"/devices/{old['id']}").status == 204
    assert [lab.ask("GET", f"/devices/{old['id']}").status for _read in range(3)] == [200, 200, 404]
    lab.ask("PATCH", f"/groups/{made}", {"displayName": "I"})
    lab.service.configure(lab.tenant, {"lag": 0})
    assert lab.names("/groups") == ["I"]


def test_a_policy_lags_too(lab):
    path = "/policies/deviceRegistrationPolicy"
    policy = {k: v for k, v in lab.get(path).items() if not k.startswith("@")}
    lab.service.configure(lab.tenant, {"lag": 1})
    assert lab.ask("PUT", path, {**policy, "userDeviceQuota": 3}).body["userDeviceQuota"] == 3
    assert [lab.get(path)["userDeviceQuota"] for _read in range(2)] == [50, 3]
    assert lab.tenant.registration_policy["userDeviceQuota"] == 3


def test_each_route_has_a_lag_of_its_own(lab):
    user = lab.tenant.user("lab.user@contoso.example")
    lab.service.configure(lab.tenant, {"route_lag": 1})
    made = lab.ask("POST", "/groups", {**GROUP, "isAssignableToRole": True}).body["id"]
    assert [lab.ask("GET", f"/groups/{made}").status for _read in range(3)] == [404, 200, 200]
    assert [lab.names("/groups") for _read in range(3)] == [[], ["G"], ["G"]]
    assert [lab.ask("GET", f"/groups/{made}/members").status for _read in range(3)] == [404, 200, 200]
    role = {"roleDefinitionId": ROLE, "principalId": made, "directoryScopeId": "/"}
    path = "/roleManagement/directory/roleAssignments"
    assert [lab.ask("POST", path, role).status for _try in range(3)] == [404, 201, 400]
    member = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user['id']}"}
    assert [lab.ask("POST", f"/groups/{made}/members/$ref", member).status for _try in range(3)] == [404, 204, 400]
    assert lab.service.configure(lab.tenant, {})["route_lag"] == 1
    lab.service.configure(lab.tenant, {"route_lag": 0})
    assert [row["id"] for row in lab.get(f"/groups/{made}/members")["value"]] == [user["id"]]


def test_devices_that_join_lag_too(lab):
    lab.service.configure(lab.tenant, {"lag": 1})
    lab.device("NEW")
    assert [lab.names("/devices") for _read in range(2)] == [[], ["NEW"]]


def test_settings_that_cannot_be(lab):
    for settings in ({"lag": -1}, {"lag": "x"}, {"speed": 1}, {"sign_in": {"outcome": "maybe"}}, {"token_lifetime": 0}):
        with pytest.raises(FaultError):
            lab.service.configure(lab.tenant, settings)


def test_an_empty_first_page_leads_to_the_whole_list(lab):
    for name in ("A", "B"):
        lab.device(name)
    lab.side.faults.add("empty_first_page", {"path": "^/devices$", "query": "top=5"})
    first = lab.get("/devices?$top=5")
    assert first["value"] == []
    assert [row["displayName"] for row in lab.get(first["@odata.nextLink"].partition("v1.0")[2])["value"]] == ["A", "B"]
    assert len(lab.get("/devices?$top=5")["value"]) == 2


def test_an_odd_answer_and_an_expired_page(lab):
    lab.side.faults.add("odd_answer", {"body": "none"})
    assert lab.ask("GET", "/devices").body == "none"
    lab.side.faults.add("expired_page", {"query": "skiptoken"})
    assert lab.ask("GET", "/devices").status == 200
    assert lab.error("GET", "/devices?$skiptoken=x")[:2] == (400, "Directory_ExpiredPageToken")


def test_a_challenge_demands_claims_until_a_token_has_them(lab):
    lab.side.faults.add("claims_challenge", {"times": None})
    found = lab.ask("GET", "/devices")
    assert found.status == 401 and 'error="insufficient_claims", claims="' in found.headers["WWW-Authenticate"]
    application = next(iter(lab.tenant.applications.values()))
    text = lab.service.authority.tokens.issue(lab.tenant, application, "https://127.0.0.1", demanded=DEMANDED)
    assert lab.service.authority.tokens.read(text, {"https://127.0.0.1"}).demanded == DEMANDED
