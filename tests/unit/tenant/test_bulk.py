# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes to many objects: each has an outcome, what is in doubt is looked at, and nobody waits in silence."""

from __future__ import annotations

import httpx
import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
from ansible_collections.winops.entra.plugins.plugin_utils.tenant import bulk
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.batch import Item
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.errors import Purpose

from .fake_graph import error, guid

THINGS = [guid(f"thing {number}") for number in range(45)]


@pytest.fixture
def gone(graph):
    """The things that the service has deleted."""
    deleted: list[str] = []

    def delete(_query, _body, identity):
        deleted.append(identity)
        return httpx.Response(204)

    routes = graph._routes
    graph._routes = lambda: [("DELETE things/([0-9a-f-]{36})", delete), *routes()]
    return deleted


def writes(things=THINGS) -> list[bulk.Write]:
    return [
        bulk.Write(one, f"thing {one}", Item("DELETE", f"/things/{one}", Purpose("delete it")), [(one, "here", None)])
        for one in things
    ]


def make_task(bench, check_mode=False, limit=300) -> Task:
    return Task({}, check_mode, client=bench.client(check_mode, limit), show=bench.sentences.append)


def carry_out(bench, todo, pending, limit=300) -> tuple[bool, Task]:
    made = make_task(bench, limit=limit)
    return bulk.carry_out(made, todo, pending, "the removal"), made


def outcomes(todo) -> list[str]:
    return [write.outcome for write in todo]


def test_twenty_go_in_one_request_and_each_is_recorded_once(bench, graph, gone):
    todo = writes()
    fine, made = carry_out(bench, todo, lambda keys: [key for key in keys if key not in gone])
    assert fine and set(outcomes(todo)) == {"changed"} and gone == THINGS
    assert [len(body["requests"]) for _method, path, body in graph.requests] == [20, 20, 5]
    assert len(made.changes.as_result(False)["changes"]) == 45
    assert bulk.partly_done(todo, "not all", "") is None


def test_check_mode_sends_nothing_and_says_the_same(bench, graph, gone):
    applied, foretold = writes(), writes()
    _fine, made = carry_out(bench, applied, lambda keys: [])
    before = len(graph.requests)
    checked = make_task(bench, check_mode=True)
    assert bulk.carry_out(checked, foretold, lambda keys: pytest.fail("it looked"), "the removal") is True
    assert len(graph.requests) == before and checked.changes.as_result(True) == made.changes.as_result(True)


def test_an_object_that_is_gone_already_is_done(bench, graph, gone):
    graph.on("DELETE", error(404, "NotFound"))
    todo = writes(THINGS[:2])
    assert carry_out(bench, todo, lambda keys: [])[0] and outcomes(todo) == ["changed", "changed"]


def test_one_that_is_refused_does_not_stop_the_others(bench, graph, gone):
    graph.on(f"DELETE .*{THINGS[1]}", error(403, "Forbidden"))
    todo = writes(THINGS[:25])
    fine, made = carry_out(bench, todo, lambda keys: [key for key in keys if key not in gone])
    assert fine and outcomes(todo).count("changed") == 24 and todo[1].outcome == "failed"
    failure = bulk.partly_done(todo, "not all are removed", ", which does the rest")
    assert failure.error["name"] == "partly_done" and failure.error["evidence"] == [
        f"thing {THINGS[1]}: failed, {todo[1].error['cause']}"
    ]
    assert failure.msg.startswith("not all are removed: ")
    assert failure.msg.endswith("; then run the task again, which does the rest")


def test_after_a_break_one_look_tells_what_arrived_and_the_rest_is_skipped(bench, graph, gone):
    """Of the second twenty, ten were executed before the connection broke."""

    def execute_half_and_break(request):
        if THINGS[20].encode() not in request.content:
            return None
        gone.extend(THINGS[20:30])
        raise httpx.ReadError("reset")

    graph.on(r"POST v1.0/\$batch", *[execute_half_and_break] * 3)
    looks = []

    def pending(keys):
        looks.append(len(keys))
        return [key for key in keys if key not in gone]

    todo = writes()
    fine, made = carry_out(bench, todo, pending, limit=0)
    assert fine is False and looks == [40] and bench.slept == []
    assert outcomes(todo) == ["changed"] * 30 + ["unknown"] * 10 + ["skipped"] * 5
    assert len(made.changes.as_result(False)["changes"]) == 30
    assert all(write.error["side"] == "network" for write in todo[30:])
    assert all(write.error is None for write in todo[:30])
    assert bulk.counts(todo) == "30 changed, 10 unknown, 5 skipped"


def test_a_break_after_which_everything_turns_out_done_is_none(bench, graph, gone):
    graph.on(r"POST v1.0/\$batch", httpx.ReadError("reset"))
    todo = writes(THINGS[:3])
    fine, made = carry_out(bench, todo, lambda keys: [], limit=0)
    assert fine is True and outcomes(todo) == ["changed"] * 3 and bulk.partly_done(todo, "not all", "") is None


def test_a_look_that_breaks_as_well_leaves_what_was_accepted_and_what_is_in_doubt(bench, graph, gone):
    made = make_task(bench, limit=0)
    graph.on(r"POST v1.0/\$batch", None, *[httpx.ReadError("reset")] * 9)
    todo = writes()

    def pending(keys):
        made.client.get("/things", Purpose("look"))
        return pytest.fail("it answered")

    graph.on("GET v1.0/things", httpx.ReadError("reset"))
    assert bulk.carry_out(made, todo, pending, "the removal") is False
    assert outcomes(todo) == ["changed"] * 20 + ["unknown"] * 20 + ["skipped"] * 5


@pytest.mark.parametrize("status", [504, 500, 408])
def test_a_service_that_gives_up_on_one_item_leaves_it_in_doubt_and_a_look_decides(bench, graph, gone, status):
    for one in THINGS[:2]:
        graph.on(f"DELETE .*{one}", *[error(status, "Timeout")] * 4)
    gone.append(THINGS[0])
    todo = writes(THINGS[:3])
    carry_out(bench, todo, lambda keys: [key for key in keys if key not in gone])
    assert outcomes(todo) == ["changed", "unknown", "changed"]


def test_what_was_accepted_and_does_not_show_is_told_so_and_only_that_is_asked_again(bench, graph, gone):
    todo, looks = writes(THINGS[:3]), []

    def pending(keys):
        looks.append(list(keys))
        return [THINGS[2]]

    fine, _made = carry_out(bench, todo, pending, limit=10)
    assert fine is True and outcomes(todo) == ["changed"] * 3 and sum(bench.slept) <= 10
    assert looks[0] == THINGS[:3] and looks[1] == looks[-1] == [THINGS[2]]
    assert [write.error and write.error["name"] for write in todo] == [None, None, "not_shown"]
    assert bulk.partly_done(todo, "not all", "").error["name"] == "not_shown"


def test_a_long_list_is_not_worked_through_in_silence_nor_line_by_line(bench, graph, gone):
    made = make_task(bench)
    made.client.waits.clock = lambda: 15.0 * len(graph.requests)
    bulk.send(made, writes(), what="the removal")
    assert bench.sentences == ["the removal: 40 of 45 sent"]
    quick = make_task(bench)
    bench.sentences.clear()
    bulk.send(quick, writes())
    assert bench.sentences == []


def test_sending_again_leaves_alone_what_is_done(bench, graph, gone):
    graph.on(f"DELETE .*{THINGS[1]}", error(403, "Forbidden"))
    todo, made = writes(THINGS[:3]), make_task(bench)
    bulk.send(made, todo)
    bulk.send(made, todo)
    assert gone == [THINGS[0], THINGS[2], THINGS[1]] and todo[1].error is None
    assert len(made.changes.as_result(False)["changes"]) == 3


@pytest.mark.parametrize("body", [b"<html>", b"[" * 500, b"[]"])
def test_after_an_answer_that_nobody_can_read_a_look_tells_whether_it_arrived(bench, graph, gone, body):
    [arrived, lost] = todo = writes(THINGS[:2])
    graph.on(
        f"DELETE v1.0/things/{THINGS[0]}", lambda request: gone.append(THINGS[0]) or httpx.Response(200, content=body)
    )
    graph.on(f"DELETE v1.0/things/{THINGS[1]}", httpx.Response(200, content=body))
    made = make_task(bench)
    for write in todo:
        bulk.send(made, [write])
        assert write.outcome == "unknown" and write.failure.error["name"] == "unreadable_answer"
    bulk.confirm(made, todo, lambda keys: [key for key in keys if key not in gone], "the removal")
    assert (arrived.outcome, lost.outcome) == ("changed", "unknown")
