# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role of device local administrators, and the SIDs of its members on a device."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.filter import object_id_to_sid, sid_to_object_id
from ansible_collections.winops.entra.plugins.modules.local_admin_role import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import local_admin_role

from ..fake_graph import error, guid

ADA, BOB, STAFF = guid("ada@contoso.com"), guid("bob@contoso.com"), guid("group Staff 0")
KNOWN = ("73d664e4-0886-4a73-b745-c694da45ddb4", "S-1-12-1-1943430372-1249052806-2496021943-3034400218")


def run(bench, check_mode=False, **options):
    checked = ArgumentSpecValidator(ARGUMENT_SPEC).validate(options)
    assert not checked.error_messages
    return bench.run(local_admin_role.ensure, checked.validated_parameters, check_mode)


def assign(graph, *members: str, scope: str = "/") -> None:
    for member in members:
        number = len(graph.assignments) + 1
        graph.assignments[f"assignment-{number}"] = {
            "id": f"assignment-{number}",
            "roleDefinitionId": local_admin_role.ROLE,
            "principalId": member,
            "directoryScopeId": scope,
            "principal": {"@odata.type": "#microsoft.graph.user", "userPrincipalName": member},
        }


def members(graph) -> set[str]:
    return {row["principalId"] for row in graph.assignments.values()}


@pytest.mark.parametrize(
    ("state", "left"), [("present", {ADA, BOB, STAFF}), ("absent", {BOB}), ("exact", {ADA, STAFF})]
)
def test_present_absent_and_exact(bench, graph, state, left):
    assign(graph, ADA, BOB)
    options = {"users": ["ada@contoso.com"], "groups": ["Staff"], "state": state}
    checked = run(bench, check_mode=True, **options)
    assert graph.writes == []
    applied = run(bench, **options)
    assert checked["changes"] == applied["changes"]
    assert {row["id"] for row in checked["members"]} == {row["id"] for row in applied["members"]} == left
    assert members(graph) == left
    assert run(bench, **options)["changed"] is False


def test_the_assignment_is_for_the_whole_tenant(bench, graph):
    run(bench, users=["ada@contoso.com"])
    assert graph.writes[0][2] == {
        "@odata.type": "#microsoft.graph.unifiedRoleAssignment",
        "roleDefinitionId": "9f06204d-73c1-4d4c-880a-6edb90606fd8",
        "principalId": ADA,
        "directoryScopeId": "/",
    }


def test_an_assignment_of_a_part_of_the_tenant_is_no_membership(bench, graph):
    assign(graph, BOB, scope="/administrativeUnits/x")
    assert run(bench, groups=[], state="exact")["changed"] is False
    assert members(graph) == {BOB}


def test_exact_needs_a_list_to_empty_the_role(bench, graph):
    assign(graph, ADA)
    assert run(bench, state="exact")["error"]["name"] == "bad_option"
    assert members(graph) == {ADA}
    assert run(bench, users=[], state="exact")["changed"] is True
    assert members(graph) == set()


def test_an_assignment_that_exists_meanwhile_is_no_failure(bench, graph):
    def meanwhile(_request):
        assign(graph, ADA)
        return error(
            400,
            "Request_BadRequest",
            "A conflicting object with one or more of the specified property values is present in the directory.",
        )

    graph.on("POST .*roleAssignments", meanwhile)
    assert run(bench, users=["ada@contoso.com"])["changed"] is True
    assert members(graph) == {ADA}


def test_nobody_is_taken_out_where_another_could_not_be_added(bench, graph):
    assign(graph, BOB)
    graph.on("POST .*roleAssignments", error(403, "Authorization_RequestDenied"))
    result = run(bench, users=["ada@contoso.com"], state="exact")
    assert result["error"]["name"] == "permission_missing" and result["changed"] is False
    assert members(graph) == {BOB}


def test_an_assignment_whose_answer_was_lost_is_sent_again_and_made_once(bench, graph):
    def execute_and_time_out(_request):
        assign(graph, ADA)
        return error(504, "Timeout")

    conflict = "A conflicting object with one or more of the specified property values is present in the directory."
    graph.on("POST .*roleAssignments", execute_and_time_out, error(400, "Request_BadRequest", conflict))
    result = run(bench, users=["ada@contoso.com"])
    assert result["changed"] is True and "failed" not in result and members(graph) == {ADA}


def test_403_names_the_permission(bench, graph):
    graph.on("GET .*roleAssignments", error(403, "Authorization_RequestDenied"))
    assert run(bench, users=[ADA])["error"]["permissions"] == ["RoleManagement.Read.Directory"]
    graph.on("POST .*roleAssignments", error(403, "Authorization_RequestDenied"))
    assert run(bench, users=[ADA])["error"]["permissions"] == ["RoleManagement.ReadWrite.Directory"]


def test_sids_go_both_ways():
    assert object_id_to_sid.FilterModule().filters()["object_id_to_sid"](KNOWN[0]) == KNOWN[1]
    assert sid_to_object_id.FilterModule().filters()["sid_to_object_id"](KNOWN[1]) == KNOWN[0]


@pytest.mark.parametrize("text", ["", "x", "S-1-5-18", "S-1-12-1-1-2-3", "S-1-12-1-1-2-3-4294967296", None, 5])
def test_what_is_no_sid_or_object_id_is_refused(text):
    with pytest.raises(AnsibleFilterError, match="sid_to_object_id"):
        sid_to_object_id.FilterModule().filters()["sid_to_object_id"](text)
    with pytest.raises(AnsibleFilterError, match="object_id_to_sid"):
        object_id_to_sid.FilterModule().filters()["object_id_to_sid"](text)


def test_nothing_of_members_that_are_only_eligible_is_read_or_written(bench, graph):
    assign(graph, ADA)
    assert run(bench, users=["bob@contoso.com"], state="exact")["changed"] is True
    paths = {url.partition("?")[0].rpartition("/directory/")[2] for url in graph.urls if "/roleManagement/" in url}
    assert paths and all(path.startswith("roleAssignments") for path in paths)
