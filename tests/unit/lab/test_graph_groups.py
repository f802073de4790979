# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups: what makes one, who belongs to it."""

from __future__ import annotations

import pytest

from tests.lab.graph.resources.groups import sid

from .graph_lab import GraphLab

GROUP = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True, "groupTypes": []}
RULE = '(device.displayName -startsWith "PC")'
DYNAMIC = {**GROUP, "groupTypes": ["DynamicMembership"], "membershipRule": RULE, "membershipRuleProcessingState": "On"}


@pytest.fixture
def lab() -> GraphLab:
    return GraphLab()


def _make(lab: GraphLab, **changes) -> str:
    found = lab.ask("POST", "/groups", {**GROUP, **changes})
    assert found.status == 201, found
    return found.body["id"]


@pytest.mark.parametrize(
    "changes",
    [
        {"displayName": None},
        {"mailNickname": None},
        {"mailEnabled": None},
        {"securityEnabled": None},
        {"mailNickname": "a b"},
        {"mailNickname": "a@b"},
        {"mailNickname": "ü"},
        {"mailNickname": "x" * 65},
        {"displayName": "x" * 257},
        {"displayName": ""},
        {"mailEnabled": True},
        {"membershipRule": RULE},
        {"groupTypes": ["DynamicMembership"]},
        {**DYNAMIC, "membershipRule": "(device.x -eq 1)"},
        {**DYNAMIC, "membershipRuleProcessingState": "Off"},
        {"id": "x"},
        {"colour": "blue"},
        {"securityEnabled": "yes"},
        {"description": "x" * 1025},
    ],
)
def test_what_is_no_group_is_refused(lab, changes):
    body = {k: v for k, v in {**GROUP, **changes}.items() if v is not None}
    assert lab.error("POST", "/groups", body)[:2] == (400, "Request_BadRequest")
    assert lab.tenant.groups == {}


def test_names_are_taken_as_they_are(lab):
    name = 'O\'Neil \\ 50% "x" ✓'
    id_ = _make(lab, displayName=name)
    _make(lab, displayName="O")
    [found] = lab.get("/groups?$filter=displayName eq '" + name.replace("'", "''").replace("%", "%25") + "'")["value"]
    assert (found["id"], found["displayName"]) == (id_, name)


def test_the_security_identifier_comes_from_the_object_id():
    assert sid("73d664e4-0886-4a73-b745-c694da45ddb4") == "S-1-12-1-1943430372-1249052806-2496021943-3034400218"


def test_changes_and_what_cannot_be_changed(lab):
    group = f"/groups/{_make(lab, isAssignableToRole=True, uniqueName='u')}"
    assert lab.ask("PATCH", group, {"description": "d"}).status == 204
    assert lab.get(group)["description"] == "d"
    for change in ({"isAssignableToRole": False}, {"uniqueName": "v"}, {"securityIdentifier": "S-1"}):
        assert lab.error("PATCH", group, change)[0] == 400
    assert lab.ask("PATCH", group, {"isAssignableToRole": True, "uniqueName": "u"}).status == 204
    assert lab.ask("DELETE", group).status == 204 and lab.error("PATCH", group, {})[0] == 404


SYNCHRONISED = {"onPremisesSyncEnabled": True}
ASSIGNABLE = {"isAssignableToRole": True}


@pytest.mark.parametrize(
    ("properties", "app", "status"),
    [(SYNCHRONISED, "everything", 400), (ASSIGNABLE, "groups", 403), (ASSIGNABLE, "everything", 204)],
    ids=str,
)
def test_groups_that_not_everybody_changes(lab, properties, app, status):
    user = lab.tenant.user("lab.user@contoso.example")
    group = lab.tenant.add_group("G", [], **properties)
    member = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user['id']}"}
    path = f"/groups/{group['id']}"
    calls = [
        ("POST", f"{path}/members/$ref", member),
        ("DELETE", f"{path}/members/{user['id']}/$ref", None),
        ("PATCH", path, {"description": "d"}),
        ("DELETE", path, None),
    ]
    group["members"] = [] if status == 204 else [user["id"]]
    assert [lab.ask(method, url, body, app=app).status for method, url, body in calls] == [status] * 4


def test_a_group_for_roles_is_made_by_few_and_never_dynamic(lab):
    assert lab.error("POST", "/groups", {**GROUP, **ASSIGNABLE}, app="groups")[0] == 403
    rule = {
        "groupTypes": ["DynamicMembership"],
        "membershipRule": "(user.x -eq 1)",
        "membershipRuleProcessingState": "On",
    }
    assert lab.error("POST", "/groups", {**GROUP, **ASSIGNABLE, **rule})[0] == 400


def test_a_unique_name_makes_a_group_once(lab):
    path = "/groups(uniqueName='it''s')"
    assert lab.error("PATCH", path, GROUP)[0] == 404
    made = lab.ask("PATCH", path, GROUP, Prefer="create-if-missing")
    assert (made.status, made.body["uniqueName"]) == (201, "it's")
    assert lab.ask("PATCH", path, {**GROUP, "displayName": "H"}, Prefer="create-if-missing").status == 204
    assert lab.names("/groups") == ["H"]
    assert lab.error("POST", "/groups", {**GROUP, "uniqueName": "it's"})[0] == 400


def test_members_come_and_go(lab):
    group, device = _make(lab), lab.device("PC")
    members = f"/groups/{group}/members"
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/devices/{device['id']}"}
    assert lab.ask("POST", members + "/$ref", reference).status == 204
    assert "already exist" in lab.error("POST", members + "/$ref", reference)[2]
    assert lab.get(members)["value"][0]["@odata.type"] == "#microsoft.graph.device"
    assert lab.get(members + "?$select=id,displayName")["value"] == [
        {"@odata.type": "#microsoft.graph.device", "id": device["id"], "displayName": "PC"}
    ]
    for bad in ({"@odata.id": device["id"]}, {"@odata.id": reference["@odata.id"] + "0"}, {}):
        assert lab.error("POST", members + "/$ref", bad)[0] in (400, 404)
    assert lab.ask("DELETE", f"{members}/{device['id']}/$ref").status == 204
    assert lab.error("DELETE", f"{members}/{device['id']}/$ref")[0] == 404


def test_members_at_creation_and_through_groups(lab):
    inner = _make(lab, **{"members@odata.bind": [f"https://graph.microsoft.com/v1.0/users/{lab.admin['id']}"]})
    outer = _make(lab, **{"members@odata.bind": [f"https://graph.microsoft.com/v1.0/groups/{inner}"]})
    assert lab.names(f"/groups/{outer}/members") == ["G"]
    assert lab.names(f"/groups/{outer}/transitiveMembers") == ["Admin of the lab", "G"]
    checked = lab.ask("POST", f"/users/{lab.admin['id']}/checkMemberGroups", {"groupIds": [outer, lab.admin["id"]]})
    assert checked.body["value"] == [outer]


def test_a_rule_is_evaluated_after_a_while(lab):
    for name in ("PC-1", "PC-2", "OTHER"):
        lab.device(name)
    lab.service.configure(lab.tenant, {"rule_reads": 2})
    group = f"/groups/{_make(lab, **DYNAMIC)}"
    status = group + "?$select=membershipRuleProcessingStatus"
    seen = [lab.get(status, version="beta")["membershipRuleProcessingStatus"]["status"] for _read in range(3)]
    assert seen == ["Running", "Running", "Succeeded"]
    assert lab.names(group + "/members/microsoft.graph.device") == ["PC-1", "PC-2"]
    lab.device("PC-3")
    assert len(lab.names(group + "/members")) == 3
    assert "membershipRuleProcessingStatus" not in lab.get(group, version="beta")
    assert lab.error("GET", status)[0] == 400  # not in v1.0


def test_a_paused_rule_and_a_changed_one(lab):
    lab.device("PC-1")
    lab.device("X-1")
    lab.service.configure(lab.tenant, {"rule_reads": 0})
    group = f"/groups/{_make(lab, **DYNAMIC)}"
    assert lab.names(group + "/members") == ["PC-1"]
    assert lab.ask("PATCH", group, {"membershipRuleProcessingState": "Paused"}).status == 204
    lab.device("PC-2")
    assert lab.names(group + "/members") == ["PC-1"]
    change = {"membershipRule": '(device.displayName -eq "x-1")', "membershipRuleProcessingState": "On"}
    assert lab.ask("PATCH", group, change).status == 204
    assert lab.names(group + "/members") == ["X-1"]


def test_members_of_a_dynamic_group_cannot_be_set(lab):
    group, device = _make(lab, **DYNAMIC), lab.device("X")
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/devices/{device['id']}"}
    assert lab.error("POST", f"/groups/{group}/members/$ref", reference)[0] == 403
