# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Graph would refuse is refused in check mode, too, by the same name and before anything is written."""

from __future__ import annotations

import pytest

from ..fake_graph import error, guid
from .test_group import run

STAFF, ADA = guid("group Staff 0"), guid("ada@contoso.com")
WRITER = {"roles": ["Group.ReadWrite.All"]}
CHANGES = [
    {"name": "Staff", "description": "new"},
    {"name": "Staff", "users": [ADA]},
    {"name": "Staff", "users": [], "members_state": "exact"},
    {"name": "Staff", "state": "absent"},
    {"name": "Crew", "object_id": STAFF},
]


def both(bench, graph, **options) -> tuple[dict, dict]:
    """The results in check mode and without."""
    before = dict(graph.groups[STAFF]), list(graph.members[STAFF])
    found = tuple(run(bench, check_mode=check_mode, **options) for check_mode in (True, False))
    assert graph.writes == [] and (graph.groups[STAFF], graph.members[STAFF]) == before
    return found


@pytest.mark.parametrize("options", CHANGES, ids=str)
def test_a_synchronised_group(bench, graph, options):
    graph.groups[STAFF]["onPremisesSyncEnabled"] = True
    graph.members[STAFF] = [guid("old")]
    for result in both(bench, graph, **options):
        assert (result["error"]["name"], result["error"]["side"]) == ("synchronised_object", "tenant")
        assert "'Staff'" in result["msg"] and result["changed"] is False


@pytest.mark.parametrize("claims", [WRITER, {"scp": "GroupMember.ReadWrite.All"}], ids=str)
@pytest.mark.parametrize("options", CHANGES, ids=str)
def test_a_group_that_can_hold_roles_without_the_permission(bench, graph, options, claims):
    graph.claims = claims
    graph.groups[STAFF]["isAssignableToRole"] = True
    graph.members[STAFF] = [guid("old")]
    for result in both(bench, graph, **options):
        assert result["error"]["name"] == "protected_object"
        assert result["error"]["permissions"] == ["RoleManagement.ReadWrite.Directory"]


def test_making_a_group_that_can_hold_roles_without_the_permission(bench, graph):
    graph.claims = WRITER
    for result in both(bench, graph, name="Helpdesk", role_assignable=True):
        assert result["error"]["name"] == "protected_object" and "'Helpdesk'" in result["msg"]
    assert run(bench, name="Desk")["changed"] is True


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"roles": ["Group.ReadWrite.All", "RoleManagement.ReadWrite.Directory"]},
        {"scp": "Group.ReadWrite.All Directory.AccessAsUser.All"},
    ],
    ids=str,
)
def test_a_token_that_holds_it_or_does_not_tell_goes_on(bench, graph, claims):
    graph.claims = claims
    graph.groups[STAFF]["isAssignableToRole"] = True
    for options in CHANGES[:3]:
        assert run(bench, check_mode=True, **options).get("error") is None
        assert run(bench, **options).get("error") is None


def test_a_reader_s_check_shows_what_would_change(bench, graph):
    graph.claims = {"roles": ["Group.Read.All", "User.ReadBasic.All"]}
    graph.groups[STAFF]["isAssignableToRole"] = True
    assert run(bench, check_mode=True, name="Staff", description="new")["changed"] is True
    graph.on("PATCH .*", error(403, "Authorization_RequestDenied"))
    assert run(bench, name="Staff", description="new")["error"]["name"] == "permission_missing"


@pytest.mark.parametrize("state", [{"onPremisesSyncEnabled": True}, {"isAssignableToRole": True}], ids=str)
def test_what_is_as_asked_is_not_refused(bench, graph, state):
    graph.claims = WRITER
    graph.groups[STAFF].update(state)
    graph.members[STAFF] = [ADA]
    for result in both(bench, graph, name="Staff", users=["ada@contoso.com"]):
        assert result.get("error") is None and result["changed"] is False


def test_a_group_that_was_synchronised_once_can_be_changed(bench, graph):
    graph.groups[STAFF]["onPremisesSyncEnabled"] = False
    assert run(bench, name="Staff", description="new")["changed"] is True


def test_members_of_a_dynamic_group(bench, graph):
    graph.groups[STAFF].update(groupTypes=["DynamicMembership"], membershipRule="x", membershipRuleProcessingState="On")
    for result in both(bench, graph, name="Staff", users=[ADA]):
        assert result["error"]["name"] == "bad_option" and "users" in result["msg"]


def test_a_dynamic_group_that_can_hold_roles(bench, graph):
    for result in both(bench, graph, name="New", role_assignable=True, autopilot_devices=True):
        assert result["error"]["name"] == "bad_option" and "role_assignable" in result["msg"]
