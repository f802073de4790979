# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups: found by exactly their name, made once, dynamic or assigned, members 20 in one request."""

from __future__ import annotations

import httpx
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.modules.group import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import group

from ..fake_graph import error, guid

HOSTILE = [
    "O'Brien's",
    "'' or displayName ne '",
    'say "hi"',
    "back\\slash",
    "100 % of them",
    "a%27b",
    "Gerät Nr. 5 – Büro",
    "日本",
    "a&b=c#d?e+f",
    "x/../y",
    "$filter",
    "Staff' or 'a' eq 'a",
    "{{ 7 * 7 }}",
]


def arguments(**options) -> dict:
    checked = ArgumentSpecValidator(ARGUMENT_SPEC, **CONSTRAINTS).validate(options)
    assert not checked.error_messages
    return checked.validated_parameters


def run(bench, check_mode=False, limit=300, **options):
    return bench.run(group.ensure, arguments(**options), check_mode, limit)


def test_a_new_group_is_made_once(bench, graph):
    made = run(bench, name="Kiosks")
    assert made["changed"] is True and made["group"]["membership"] == "assigned"
    ((_method, _path, body),) = graph.writes
    assert body == {
        "displayName": "Kiosks",
        "mailNickname": "Kiosks",
        "groupTypes": [],
        "securityEnabled": True,
        "mailEnabled": False,
    }
    again = run(bench, name="Kiosks")
    assert again["changed"] is False and again["group"]["id"] == made["group"]["id"]


def test_a_rule_makes_a_dynamic_group_that_runs(bench, graph):
    run(bench, name="Autopilot devices", autopilot_devices=True)
    body = graph.writes[0][2]
    assert body["groupTypes"] == ["DynamicMembership"] and body["membershipRuleProcessingState"] == "On"
    assert body["membershipRule"] == '(device.devicePhysicalIDs -any (_ -startsWith "[ZTDid]"))'
    assert body["mailNickname"] == "Autopilotdevices"
    assert run(bench, name="Autopilot devices", autopilot_devices=True)["changed"] is False


def test_the_rule_of_a_group_tag(bench, graph):
    result = run(bench, name="Kiosks", autopilot_group_tag="Kiosk-O'Hara")
    assert result["group"]["membership_rule"] == '(device.devicePhysicalIds -any (_ -eq "[OrderID]:Kiosk-O\'Hara"))'
    assert run(bench, name="K", autopilot_group_tag='a"] -or')["error"]["name"] == "bad_option"


@pytest.mark.parametrize(
    "options",
    [
        {"description": "New"},
        {"mail_nickname": "other"},
        {"rule_paused": True},
        {"membership_rule": "(device.x -eq 1)"},
    ],
    ids=str,
)
def test_each_option_alone_changes_only_its_property(bench, graph, options):
    identity = graph.add_group(
        "D",
        description="Old",
        groupTypes=["DynamicMembership"],
        membershipRule="(device.y -eq 2)",
        membershipRuleProcessingState="On",
    )
    before = dict(graph.groups[identity])
    checked = run(bench, check_mode=True, name="D", **options)
    assert graph.writes == []
    applied = run(bench, name="D", **options)
    assert checked == applied and applied["changed"] is True
    after = graph.groups[identity]
    assert len([name for name in before if before[name] != after[name]]) == 1
    assert run(bench, name="D", **options)["changed"] is False


def test_check_mode_says_what_making_a_group_does(bench, graph):
    options = {"name": "Kiosks", "description": "x", "users": ["ada@contoso.com"]}
    checked = run(bench, check_mode=True, **options)
    assert graph.writes == [] and checked["group"]["id"] is None
    applied = run(bench, **options)
    assert checked["changes"] == applied["changes"] and checked["diff"] == applied["diff"]
    assert checked["group"]["members"] == applied["group"]["members"] == [guid("ada@contoso.com")]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_finds_exactly_the_named_group(bench, graph, name):
    first = run(bench, name=name)
    assert first["changed"] is True and graph.group(name) is not None
    assert len(graph.groups) == 3
    again = run(bench, name=name, description="found")
    assert again["group"]["id"] == first["group"]["id"] and len(graph.groups) == 3
    assert run(bench, name=name, state="absent")["changed"] is True
    assert {one["displayName"] for one in graph.groups.values()} == {"Staff", "Pilot"}


def test_a_name_that_two_groups_have_is_refused_and_an_id_tells_them_apart(bench, graph):
    second = graph.add_group("Staff")
    refused = run(bench, name="Staff", state="absent")
    assert refused["error"]["name"] == "group_ambiguous" and second in refused["msg"] and graph.writes == []
    assert run(bench, name="Staff", object_id=second, state="absent")["changed"] is True
    assert list(graph.groups) == [guid("group Staff 0"), guid("group Pilot 1")]


def test_a_name_in_other_case_is_not_the_same_group_and_makes_no_second_one(bench, graph):
    result = run(bench, name="staff")
    assert result["error"]["name"] == "group_spelled_otherwise" and graph.writes == []


def test_an_assigned_group_becomes_dynamic_only_when_told(bench, graph):
    rule = "(device.x -eq 1)"
    refused = run(bench, name="Staff", membership_rule=rule)
    assert refused["error"]["name"] == "assigned_group" and graph.writes == []
    run(bench, name="Staff", membership_rule=rule, membership="dynamic")
    staff = graph.group("Staff")
    assert (staff["groupTypes"], staff["membershipRule"], staff["membershipRuleProcessingState"]) == (
        ["DynamicMembership"],
        rule,
        "On",
    )
    run(bench, name="Staff", membership="assigned")
    assert staff["groupTypes"] == [] and staff["membershipRuleProcessingState"] == "Paused"
    assert run(bench, name="Staff", membership="assigned")["changed"] is False


def test_a_group_that_is_not_a_security_group_is_left_alone(bench, graph):
    graph.add_group("Team", securityEnabled=False, mailEnabled=True, groupTypes=["Unified"])
    assert run(bench, name="Team", description="x")["error"]["name"] == "not_a_security_group"
    assert run(bench, name="Team", state="absent")["error"]["name"] == "not_a_security_group"
    assert graph.writes == []


def test_deleting_is_done_once_and_waited_for(bench, graph):
    graph.lag = 2
    result = run(bench, name="Staff", state="absent")
    assert result["group"] is None and [change["what"] for change in result["changes"]] == ["group 'Staff'"]
    assert result["diff"]["before"]["group 'Staff'"]["membership"] == "assigned"
    assert bench.slept == [0.5, 1.0]
    assert run(bench, name="Staff", state="absent")["changed"] is False


def test_a_new_group_is_used_only_when_it_can_be_read(bench, graph):
    graph.on(
        "GET v1.0/groups/[0-9a-f-]{36}$", error(404, "Request_ResourceNotFound"), error(404, "Request_ResourceNotFound")
    )
    graph.on(r"POST v1.0/groups/.*ref", error(404, "Request_ResourceNotFound"))
    result = run(bench, name="Fresh", users=["ada@contoso.com"])
    assert result["changed"] is True, result
    assert graph.members[result["group"]["id"]] == [guid("ada@contoso.com")]
    assert bench.slept[:2] == [0.5, 1.0]


def test_a_member_that_does_not_exist_is_not_waited_for(bench, graph):
    stranger = guid("stranger")
    graph.on(r"POST v1.0/groups/.*ref", error(404, "Request_ResourceNotFound", f"Resource '{stranger}' does not exist"))
    result = run(bench, name="Fresh", users=[stranger])
    assert result["error"]["name"] == "not_found" and bench.slept == []


def test_forty_five_members_are_added_in_three_requests(bench, graph):
    devices = [graph.add_device(f"PC-{number}") for number in range(45)]
    ids = [device["deviceId"] for device in devices]
    result = run(bench, name="Staff", devices=ids)
    batches = [body["requests"] for _method, path, body in graph.requests if path == "/$batch"]
    assert [len(batch) for batch in batches] == [20, 20, 5, 20, 20, 5]  # looked up, then added
    assert len(result["changes"]) == 45
    assert sorted(graph.members[guid("group Staff 0")]) == sorted(device["id"] for device in devices)
    assert run(bench, name="Staff", devices=ids)["changed"] is False


@pytest.mark.parametrize(("state", "left"), [("present", "abx"), ("absent", "x"), ("exact", "ab")])
def test_members_present_absent_and_exact(bench, graph, state, left):
    names = {"a": guid("ada@contoso.com"), "b": guid("bob@contoso.com"), "x": guid("stranger")}
    staff = guid("group Staff 0")
    graph.members[staff] = [names["a"], names["x"]]
    options = {"name": "Staff", "users": ["ada@contoso.com", names["b"]], "members_state": state}
    checked = run(bench, check_mode=True, **options)
    assert graph.writes == []
    applied = run(bench, **options)
    assert checked == applied
    assert sorted(graph.members[staff]) == sorted(names[letter] for letter in left)
    assert run(bench, **options)["changed"] is False


def test_exact_with_an_empty_list_empties_the_group_and_leaving_it_out_does_not(bench, graph):
    staff = guid("group Staff 0")
    graph.members[staff] = [guid("a")]
    assert run(bench, name="Staff", members_state="exact")["changed"] is False
    run(bench, name="Staff", members_state="exact", users=[])
    assert graph.members[staff] == []


def test_members_of_a_dynamic_group_are_refused_before_anything_is_written(bench, graph):
    result = run(bench, name="New", autopilot_devices=True, users=["ada@contoso.com"])
    assert result["error"]["name"] == "bad_option" and graph.writes == []


def test_an_unknown_member_is_refused_before_the_group_is_made(bench, graph):
    result = run(bench, name="New", users=["nobody@contoso.com"])
    assert result["error"]["name"] == "user_unknown" and graph.writes == []


def test_a_member_that_somebody_else_added_meanwhile_is_no_failure(bench, graph):
    graph.on(
        r"POST v1.0/groups/.*ref",
        error(400, "Request_BadRequest", "One or more added object references already exist for x"),
    )
    staff = guid("group Staff 0")
    graph.on("GET v1.0/groups/.*/members", None, lambda _request: graph.members[staff].append(guid("ada@contoso.com")))
    assert run(bench, name="Staff", users=["ada@contoso.com"])["changed"] is True


def test_a_member_that_is_refused_does_not_hide_those_that_were_added(bench, graph):
    staff, stranger = guid("group Staff 0"), guid("stranger")
    graph.members[staff] = [guid("old")]
    graph.on(r"POST v1.0/groups/.*ref", error(404, "NotFound", f"Resource '{stranger}' does not exist"))
    result = run(bench, name="Staff", users=["ada@contoso.com", stranger], members_state="exact")
    assert result["error"]["name"] == "partly_done" and result["error"]["evidence"][0].startswith(f"member {stranger}")
    assert [change["what"] for change in result["changes"]] == ["member ada@contoso.com"]
    assert graph.members[staff] == [guid("old"), guid("ada@contoso.com")]  # nothing is taken out after that


def test_members_whose_answer_never_came_are_looked_for(bench, graph):
    staff = guid("group Staff 0")

    def execute_one_and_break(request):
        if b"$ref" not in request.content:
            return None
        graph.members[staff].append(guid("ada@contoso.com"))
        raise httpx.ReadError("cut")

    graph.on(r"POST v1.0/\$batch", *[execute_one_and_break] * 3)
    result = run(bench, name="Staff", users=["ada@contoso.com", "bob@contoso.com"], limit=0)
    assert result["error"]["name"] == "partly_done" and result["error"]["side"] == "network"
    assert [change["what"] for change in result["changes"]] == ["member ada@contoso.com"]


def test_one_throttled_member_is_sent_again_alone(bench, graph):
    graph.on(r"POST v1.0/groups/.*ref", None, error(429, "TooManyRequests", headers={"Retry-After": "7"}))
    run(bench, name="Staff", users=["ada@contoso.com", "bob@contoso.com"])
    added = [body["requests"] for _method, path, body in graph.requests if path == "/$batch"][1:]
    assert [len(batch) for batch in added] == [2, 1]
    assert bench.slept == [7.0]
    assert len(graph.members[guid("group Staff 0")]) == 2


def test_403_names_the_permission_of_what_was_tried(bench, graph):
    graph.on("POST v1.0/groups$", error(403, "Authorization_RequestDenied"))
    assert run(bench, name="N")["error"]["permissions"] == ["Group.Create"]
    graph.on("PATCH v1.0/groups/.*", error(403, "Authorization_RequestDenied"))
    assert run(bench, name="Staff", description="x")["error"]["permissions"] == ["Group.ReadWrite.All"]
    graph.on(r"POST v1.0/groups/.*ref", error(403, "Authorization_RequestDenied"))
    assert run(bench, name="Staff", users=["ada@contoso.com"])["error"]["permissions"] == ["GroupMember.ReadWrite.All"]
    graph.on("GET v1.0/users", error(403, "Authorization_RequestDenied"))
    assert run(bench, name="Staff", users=["ada@contoso.com"])["error"]["permissions"] == ["User.ReadBasic.All"]


def test_what_was_done_before_a_failure_is_reported(bench, graph):
    graph.on("POST v1.0/groups/.*ref", error(403, "Authorization_RequestDenied"))
    result = run(bench, name="New", users=["ada@contoso.com"])
    assert result["failed"] is True
    assert [change["what"] for change in result["changes"]] == ["group 'New'"]


def test_making_a_group_is_not_repeated_when_nobody_knows_whether_it_was_made(bench, graph):
    graph.on("POST v1.0/groups$", error(503, "ServiceUnavailable"))
    assert run(bench, name="New")["error"]["name"] == "service_unavailable"
    assert len(graph.writes) == 1
