# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A group is made once, whoever else is at it, and whatever becomes of the answer."""

from __future__ import annotations

import json
import threading

import httpx
import pytest

from ..fake_graph import error, guid
from .test_group import run

_MESSAGE = "A conflicting object with one or more of the specified property values is present in the directory."
CONFLICT = error(400, "Request_BadRequest", _MESSAGE)


@pytest.fixture
def remembering(bench, tmp_path):
    bench.memory_directory = str(tmp_path)
    return bench


def posts(graph) -> int:
    return len([path for method, path, _body in graph.writes if (method, path) == ("POST", "/groups")])


def test_a_second_group_of_the_name_is_told_with_both_ids_and_nothing_is_deleted(bench, graph):
    graph.on("POST v1.0/groups$", lambda _request: graph.add_group("Kiosks") and None)
    result = run(bench, name="Kiosks", users=["ada@contoso.com"])
    ours, theirs = (row["id"] for row in reversed(graph.groups.values()) if row["displayName"] == "Kiosks")
    assert result["error"]["name"] == "group_made_twice"
    assert ours in result["msg"] and theirs in result["msg"] and "run_once" in result["msg"]
    assert [change["what"] for change in result["changes"]] == ["group 'Kiosks'"]
    assert len(graph.groups) == 4 and [method for method, _path, _body in graph.writes] == ["POST"]


def test_a_second_one_that_shows_late_is_seen_as_soon_as_the_own_one_shows(bench, graph):
    def listed(_request):
        return httpx.Response(200, json={"value": []})

    graph.on("GET v1.0/groups$", listed, listed, listed)
    graph.on("POST v1.0/groups$", lambda _request: graph.add_group("Kiosks") and None)
    assert run(bench, name="Kiosks")["error"]["name"] == "group_made_twice"
    assert bench.slept == [0.5, 1.0]


def test_a_group_of_another_spelling_is_not_a_second_one(bench, graph):
    graph.on("POST v1.0/groups$", lambda _request: graph.add_group("KIOSKS") and None)
    assert run(bench, name="Kiosks")["changed"] is True


def test_a_list_that_lacks_the_new_group_for_long_does_not_hold_the_task_up(bench, graph):
    graph.on("GET v1.0/groups$", *[httpx.Response(200, json={"value": []})] * 99)
    result = run(bench, name="Kiosks", users=["ada@contoso.com"])
    assert result["changed"] is True and graph.members[result["group"]["id"]] == [guid("ada@contoso.com")]
    assert 0 < sum(bench.slept) <= 15


def reset(_request):
    raise httpx.ReadError("reset")


@pytest.mark.parametrize(
    "break_off",
    [
        lambda _request: error(504, "Timeout"),
        lambda _request: error(500, "generalException"),
        lambda _request: httpx.Response(201, content=b"<html>"),
        reset,
    ],
    ids=["gateway", "service", "unreadable", "network"],
)
def test_a_group_whose_answer_was_lost_is_looked_for_and_found(bench, graph, break_off):
    def make_and_break(request):
        graph._post_group({}, json.loads(request.content))
        return break_off(request)

    graph.on("POST v1.0/groups$", make_and_break)
    graph.on("GET v1.0/groups$", None, *[httpx.Response(200, json={"value": []})] * 2)
    result = run(bench, name="Kiosks", users=["ada@contoso.com"])
    assert result.get("error") is None and result["group"]["id"] == graph.group("Kiosks")["id"]
    assert [change["what"] for change in result["changes"]] == ["group 'Kiosks'", "member ada@contoso.com"]
    assert posts(graph) == 1 and bench.slept == [0.5, 1.0]


def test_a_group_that_was_made_perhaps_is_looked_for_longer_by_the_next_task(remembering, graph):
    graph.on("POST v1.0/groups$", error(503, "ServiceUnavailable"))
    assert run(remembering, name="Kiosks")["error"]["name"] == "service_unavailable"
    late = graph.add_group("Kiosks")  # it was made all the same
    graph.on("GET v1.0/groups$", *[httpx.Response(200, json={"value": []})] * 3)
    again = run(remembering, name="Kiosks")
    assert again["changed"] is False and again["group"]["id"] == late and posts(graph) == 1


def test_a_group_that_was_not_made_after_all_is_made_by_the_next_task(remembering, graph):
    graph.on("POST v1.0/groups$", error(503, "ServiceUnavailable"))
    run(remembering, name="Kiosks")
    assert run(remembering, name="Kiosks")["changed"] is True and posts(graph) == 2
    remembering.slept.clear()
    assert run(remembering, name="Kiosks")["changed"] is False and remembering.slept == []


def test_a_refusal_leaves_nothing_in_doubt(remembering, graph):
    graph.on("POST v1.0/groups$", error(403, "Authorization_RequestDenied"))
    assert run(remembering, name="Kiosks")["error"]["name"] == "permission_missing"
    assert remembering.slept == []
    run(remembering, name="Kiosks")
    assert remembering.slept == []


def test_a_conflict_at_the_creation_is_looked_at_and_the_group_brought_to_what_is_asked(bench, graph):
    def meanwhile(_request):
        graph.add_group("Kiosks", description="theirs")
        return CONFLICT

    graph.on("POST v1.0/groups$", meanwhile)
    result = run(bench, name="Kiosks", description="ours")
    assert result.get("error") is None
    assert [change["what"] for change in result["changes"]] == ["description"]
    assert graph.group("Kiosks")["description"] == "ours"


def test_a_conflict_with_something_else_is_told(bench, graph):
    graph.on("POST v1.0/groups$", CONFLICT)
    assert run(bench, name="Kiosks")["error"]["name"] == "bad_request" and 0 < sum(bench.slept) <= 15


def test_a_task_that_waited_for_another_takes_what_that_one_made(remembering, graph):
    """The other is at it when this one has already looked."""
    other = {}

    def quicker(_request):
        beside = threading.Thread(  # An event loop runs here already.
            target=lambda: other.update(run(remembering, name="Kiosks", description="theirs")["group"])
        )
        beside.start()
        beside.join()
        return httpx.Response(200, json={"value": []})

    graph.on("GET v1.0/groups$", quicker)
    result = run(remembering, name="Kiosks", description="ours")
    assert result["group"]["id"] == other["id"] and posts(graph) == 1
    assert [change["what"] for change in result["changes"]] == ["description"]


# --- a conflict elsewhere ---


@pytest.mark.parametrize("status", [400, 409])
def test_a_change_that_conflicts_is_success_where_it_is_as_asked(bench, graph, status):
    staff = guid("group Staff 0")

    def meanwhile(_request):
        graph.groups[staff]["description"] = "new"
        return error(status, "Conflict", _MESSAGE)

    graph.on("PATCH v1.0/groups/.*", meanwhile)
    assert run(bench, name="Staff", description="new").get("error") is None
    graph.on("PATCH v1.0/groups/.*", error(status, "Conflict", _MESSAGE))
    result = run(bench, name="Staff", description="another")
    assert result["failed"] is True and result["changed"] is False


def test_a_member_that_exists_and_never_shows_is_what_graph_says_it_is(bench, graph):
    there = error(400, "Request_BadRequest", "One or more added object references already exist")
    graph.on(r"POST v1.0/groups/.*ref", there)
    result = run(bench, name="Staff", users=["ada@contoso.com"], limit=60)
    assert result["error"]["name"] == "bad_request" and result["changed"] is False
    assert 20 < sum(bench.slept) <= 60


def test_a_member_that_is_gone_already_in_graph_s_other_words(bench, graph):
    staff, ada = guid("group Staff 0"), guid("ada@contoso.com")
    graph.members[staff] = [ada]

    def meanwhile(_request):
        graph.members[staff].clear()
        return error(400, "Request_BadRequest", "One or more removed object references do not exist for x")

    graph.on(r"DELETE v1.0/groups/.*ref", meanwhile)
    result = run(bench, name="Staff", users=["ada@contoso.com"], members_state="absent")
    assert result.get("error") is None and result["group"]["members"] == []
