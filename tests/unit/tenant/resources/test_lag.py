# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that are new: what Graph does not know of them yet is waited for, and what is old is not."""

from __future__ import annotations

import datetime

import httpx
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.modules import (
    group as group_module,
)
from ansible_collections.winops.entra.plugins.modules import (
    local_admin_role as role_module,
)
from ansible_collections.winops.entra.plugins.modules import (
    mdm_scope as scope_module,
)
from ansible_collections.winops.entra.plugins.modules import (
    registration_policy as policy_module,
)
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import (
    group,
    local_admin_role,
    mdm_scope,
    registration_policy,
)

from ..fake_graph import error, guid

ADA, STAFF = guid("ada@contoso.com"), guid("group Staff 0")
MODULES = {
    "group": (group_module, group),
    "role": (role_module, local_admin_role),
    "scope": (scope_module, mdm_scope),
    "policy": (policy_module, registration_policy),
}
#: What each does with one group, and the request that names it.
USES = {
    "member": ("group", {"name": "Pilot", "groups": ["Staff"]}, r"POST v1.0/groups/.*/members/\$ref"),
    "role": ("role", {"groups": ["Staff"]}, "POST .*roleAssignments"),
    "scope": ("scope", {"scope": "selected", "groups": ["Staff"]}, r"POST .*includedGroups/\$ref"),
    "policy": (
        "policy",
        {"join": {"scope": "selected", "groups": ["Staff"]}},
        "PUT .*deviceRegistrationPolicy",
    ),
}
PAST = "2020-01-01T00:00:00Z"


def unknown(identity="x", status=404, code="Request_ResourceNotFound"):
    text = f"Resource '{identity}' does not exist or one of its queried reference-property objects are not present."
    return error(status, code, text)


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


@pytest.fixture(autouse=True)
def signed_in(graph):
    graph.claims = {"scp": "Policy.ReadWrite.MobilityManagement", "tid": guid("tenant")}


def run(bench, module, check_mode=False, limit=300, **options):
    spec, work = MODULES[module]
    checked = ArgumentSpecValidator(spec.ARGUMENT_SPEC).validate(options)
    assert not checked.error_messages
    bench.settings = bench.settings.__class__(
        **{**vars(bench.settings), "kind": "device_code", "client_secret": None, "token_cache": None}
    )
    bench.slept.clear()
    return bench.run(work.ensure, checked.validated_parameters, check_mode, limit)


def remembering(bench, tmp_path):
    bench.memory_directory = str(tmp_path / "memory")


# --- an object that is named ---


@pytest.mark.parametrize("use", sorted(USES))
@pytest.mark.parametrize("answer", [unknown(), unknown(STAFF), unknown(STAFF, 400, "PrincipalNotFound")], ids=str)
@pytest.mark.parametrize("created", [None, "now"])
def test_a_new_object_is_named_again_until_it_is_known(bench, graph, use, answer, created):
    module, options, request = USES[use]
    if created:
        graph.groups[STAFF]["createdDateTime"] = now()
    graph.on(request, answer, answer, answer)
    result = run(bench, module, **options)
    assert result.get("error") is None and result["changed"] is True
    assert bench.slept == [0.5, 1.0, 2.0]
    assert run(bench, module, **options)["changed"] is False


@pytest.mark.parametrize("use", sorted(USES))
@pytest.mark.parametrize("answer", [unknown(), unknown(STAFF), unknown(guid("another"))], ids=str)
def test_an_old_object_is_not_waited_for(bench, graph, use, answer):
    module, options, request = USES[use]
    for row in graph.groups.values():
        row["createdDateTime"] = PAST
    graph.on(request, *[answer] * 9)
    result = run(bench, module, **options)
    assert result["error"]["name"] == "not_found" and bench.slept == []


@pytest.mark.parametrize("use", sorted(USES))
def test_the_waiting_ends_with_the_task_s_time(bench, graph, use):
    module, options, request = USES[use]
    graph.on(request, *[unknown()] * 99)
    result = run(bench, module, limit=20, **options)
    assert result["error"]["name"] == "not_found" and 5 < sum(bench.slept) <= 20
    assert [change for change in result["changes"] if change["what"] != "scope"] == []


def test_a_user_whose_date_nobody_may_read_was_found_a_moment_ago(bench, graph):
    graph.on(f"GET v1.0/users/{ADA}", error(403, "Authorization_RequestDenied"))
    graph.on("POST .*roleAssignments", unknown(ADA))
    assert run(bench, "role", users=["ada@contoso.com"])["changed"] is True
    assert bench.slept == [0.5]


def test_a_user_who_was_found_and_is_not_known_by_id_is_new(bench, graph):
    graph.on(f"GET v1.0/users/{ADA}", unknown(ADA))
    graph.on("POST .*roleAssignments", unknown(ADA))
    assert run(bench, "role", users=["ada@contoso.com"])["changed"] is True
    assert bench.slept == [0.5]


def test_an_id_that_nobody_knows_is_not_waited_for(bench, graph):
    graph.on("POST .*roleAssignments", *[unknown(guid("stranger"))] * 3)
    assert run(bench, "role", users=[guid("stranger")])["error"]["name"] == "not_found" and bench.slept == []


def test_of_two_members_the_new_one_is_waited_for_and_the_wrong_one_is_told(bench, graph):
    stranger = guid("stranger")
    graph.users[ADA]["createdDateTime"] = now()
    graph.on("POST v1.0/groups/.*ref", unknown(stranger), unknown(ADA), unknown(ADA))
    result = run(bench, "group", name="Staff", users=[stranger, "ada@contoso.com"])
    assert result["error"]["name"] == "partly_done" and stranger in result["error"]["evidence"][0]
    assert graph.members[STAFF] == [ADA] and bench.slept[:2] == [0.5, 1.0]


def test_a_long_list_is_not_sent_again_in_vain(bench, graph):
    devices = [graph.add_device(f"PC-{number}") for number in range(45)]
    graph.groups[STAFF]["createdDateTime"] = now()
    graph.on(r"POST v1.0/groups/.*ref", *[unknown(STAFF)] * 48)
    assert run(bench, "group", name="Staff", devices=[row["deviceId"] for row in devices])["changed"] is True
    assert len(graph.members[STAFF]) == 45
    # 45 are refused, one alone three times more, then it and the 44 others go.
    assert len([request for request in graph.writes if request[0] == "POST"]) == 45 + 3 + 1 + 44


# --- what is read of it ---


def test_members_of_a_group_that_was_made_a_moment_ago(bench, graph):
    graph.on("GET v1.0/groups/.*/members", unknown(), unknown())
    result = run(bench, "group", name="Kiosks", users=["ada@contoso.com"])
    assert result.get("error") is None and result["group"]["members"] == [ADA]


@pytest.mark.parametrize(("created", "waits"), [("now", True), (PAST, False)])
def test_members_of_a_group_of_the_task_before(bench, graph, created, waits):
    graph.groups[STAFF]["createdDateTime"] = now() if created == "now" else created
    graph.on(f"GET v1.0/groups/{STAFF}/members", unknown(STAFF), unknown(STAFF))
    result = run(bench, "group", name="Staff", users=["ada@contoso.com"])
    assert (result.get("error") is None) is waits
    assert bench.slept == ([0.5, 1.0] if waits else [])


def test_a_new_group_is_changed_although_its_first_answers_are_404(bench, graph):
    graph.groups[STAFF]["createdDateTime"] = now()
    graph.on(f"PATCH v1.0/groups/{STAFF}", unknown(STAFF))
    graph.on(f"GET v1.0/groups/{STAFF}$", None, unknown(STAFF), None)
    assert run(bench, "group", name="Staff", description="new")["changed"] is True
    assert graph.groups[STAFF]["description"] == "new"


def test_a_new_group_that_the_deletion_did_not_meet_is_deleted_again(bench, graph):
    graph.groups[STAFF]["createdDateTime"] = now()
    graph.on(f"DELETE v1.0/groups/{STAFF}", unknown(STAFF))
    assert run(bench, "group", name="Staff", state="absent")["changed"] is True
    assert STAFF not in graph.groups


def test_a_deleted_group_is_waited_for_until_no_list_has_it(bench, graph):
    row = dict(graph.groups[STAFF])
    graph.on("GET v1.0/groups$", None, *[httpx.Response(200, json={"value": [row]})] * 2)
    assert run(bench, "group", name="Staff", state="absent")["changed"] is True
    assert bench.slept == [0.5, 1.0]


# --- a name ---


@pytest.mark.parametrize("use", sorted(USES))
def test_a_name_that_is_not_listed_yet_is_looked_for_once_more(bench, graph, use):
    module, options, _request = USES[use]
    empty = httpx.Response(200, json={"value": []})
    if use == "member":
        graph.on("GET v1.0/groups$", None, empty)
    else:
        graph.on("GET v1.0/groups$", empty)
    assert run(bench, module, **options)["changed"] is True
    assert bench.slept == [5.0] and any("no group 'Staff' yet" in sentence for sentence in bench.sentences)


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_unknown_name_is_refused_after_one_more_look(bench, graph, check_mode):
    result = run(bench, "role", check_mode, groups=["Nobody", "Staff", "No one"])
    assert result["error"]["name"] == "group_unknown" and "'Nobody'" in result["msg"]
    assert "a new object may need a minute" in result["msg"] and bench.slept == [5.0]
    batches = [[item["url"] for item in body["requests"]] for _method, path, body in graph.requests if body]
    assert [len(urls) for urls in batches] == [3, 2] and graph.writes == []


def test_without_time_there_is_no_second_look(bench, graph):
    result = run(bench, "role", limit=1, groups=["Nobody"])
    assert result["error"]["name"] == "group_unknown" and bench.slept == [] and len(graph.requests) == 1


def hide(graph, *names):
    """These groups are in no list."""

    def listed(request):
        asked = request.url.params["$filter"]
        rows = [row for row in graph.groups.values() if asked == f"displayName eq '{row['displayName']}'"]
        return httpx.Response(200, json={"value": [row for row in rows if row["displayName"] not in names]})

    graph.on("GET v1.0/groups$", *[listed] * 99)


@pytest.mark.parametrize("use", sorted(USES))
def test_a_name_that_this_controller_made_is_known_by_its_id(bench, graph, tmp_path, use):
    remembering(bench, tmp_path)
    del graph.groups[STAFF]
    hide(graph, "Staff")
    made = run(bench, "group", name="Staff")["group"]["id"]
    module, options, _request = USES[use]
    graph.on(f"GET v1.0/groups/{made}$", unknown(made), unknown(made))
    result = run(bench, module, **options)
    assert result.get("error") is None and result["changed"] is True
    assert bench.slept == [0.5, 1.0]  # and no look at the list once more


def test_a_group_that_this_controller_made_is_not_made_again(bench, graph, tmp_path):
    remembering(bench, tmp_path)
    hide(graph, "Kiosks")
    made = run(bench, "group", name="Kiosks")["group"]["id"]
    for check_mode in (True, False):
        again = run(bench, "group", check_mode, name="Kiosks")
        assert again["changed"] is False and again["group"]["id"] == made
    assert run(bench, "group", name="Kiosks", state="absent")["changed"] is True
    assert made not in graph.groups
    assert run(bench, "group", name="Kiosks")["changed"] is True and graph.group("Kiosks") is not None


def test_a_group_that_this_controller_made_and_nobody_sees_is_not_made_again_either(bench, graph, tmp_path):
    remembering(bench, tmp_path)
    made = run(bench, "group", name="Kiosks")["group"]["id"]
    hide(graph, "Kiosks")
    graph.on(f"GET v1.0/groups/{made}$", *[unknown(made)] * 99)
    before = len(graph.writes)
    result = run(bench, "group", limit=60, name="Kiosks")
    assert result["error"]["name"] == "not_shown" and "'Kiosks'" in result["msg"] and len(graph.writes) == before
    assert 30 < sum(bench.slept) <= 60


def test_a_group_is_known_by_its_new_name(bench, graph, tmp_path):
    remembering(bench, tmp_path)
    run(bench, "group", name="Crew", object_id=STAFF)
    hide(graph, "Crew")
    again = run(bench, "group", name="Crew")
    assert again["changed"] is False and again["group"]["id"] == STAFF


def test_the_id_of_a_group_that_this_controller_made_is_waited_for(bench, graph, tmp_path):
    remembering(bench, tmp_path)
    made = run(bench, "group", name="Kiosks")["group"]["id"]
    graph.on(f"GET v1.0/groups/{made}$", *[unknown(made)] * 3)
    assert run(bench, "group", name="Kiosks", object_id=made)["changed"] is False
    assert bench.slept == [0.5, 1.0]


def test_an_id_that_is_unknown_is_looked_for_once_more(bench, graph):
    result = run(bench, "group", name="Staff", object_id=guid("none"))
    assert result["error"]["name"] == "bad_option" and "may need a minute" in result["msg"] and bench.slept == [5.0]
    graph.on(f"GET v1.0/groups/{STAFF}$", unknown(STAFF))
    assert run(bench, "group", name="Staff", object_id=STAFF)["changed"] is False
    assert run(bench, "group", name="Staff", object_id=guid("none"), state="absent")["changed"] is False
    assert bench.slept == []


# --- nothing is slower where nothing is new ---


@pytest.mark.parametrize(
    ("module", "options", "requests"),
    [
        ("group", {"name": "Staff"}, 1),
        ("group", {"name": "Staff", "users": ["ada@contoso.com"], "groups": ["Pilot"]}, 4),
        ("group", {"name": "Staff", "description": "x"}, 3),
        ("role", {"users": ["ada@contoso.com"], "groups": ["Staff"], "state": "absent"}, 3),
        ("role", {"groups": ["Staff", "Pilot"], "state": "absent"}, 2),
        ("scope", {"scope": "none", "groups": []}, 2),
        ("policy", {"join": {"scope": "selected", "groups": ["Staff"], "users": ["ada@contoso.com"]}}, 5),
    ],
    ids=str,
)
def test_what_is_found_costs_no_further_request_and_no_memory(bench, graph, monkeypatch, module, options, requests):
    def forbidden(*_args):
        raise AssertionError("the memory was read")

    monkeypatch.setattr(group.NamedGroup, "_made_here", forbidden)
    bench.memory_directory = "/nonexistent"
    graph.members[STAFF] = [ADA, guid("group Pilot 1")]
    result = run(bench, module, **options)
    assert result.get("error") is None and len(graph.requests) == requests and bench.slept == []
