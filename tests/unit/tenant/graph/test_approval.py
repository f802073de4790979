# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Multi Admin Approval: asked for once, found again, waited for within a limit, sent again only when it is approved."""

from __future__ import annotations

import base64
import json
import re

import httpx
import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.devices import removal
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.batch import Item
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.errors import Permissions, Purpose

from ..fake_graph import error, guid
from ..tenant_graph import TenantGraph, outcomes

CHANGE = Purpose("change the page", Permissions.same("DeviceManagementServiceConfig.ReadWrite.All"))
CODE = "aabb1234-5678-4012-abcd-ef0123456789"
PAGE = "/deviceManagement/deviceEnrollmentConfigurations/x"
SAID = {"approval_justification": "Rollout of March", "approval_timeout": 0}
WAITING = {**SAID, "approval_timeout": 600}


class Guarded:
    """What of a FakeGraph answers for a protected object, as Intune does; ``states`` is what the polls are told."""

    def __init__(self, graph, *states: str, by_header: bool = True) -> None:
        self.graph, self.states = graph, list(states)
        self.by_header = by_header
        self.rows: list[dict] = []
        self.asked, self.done = [], []
        graph.on("(PATCH|POST|DELETE) beta/deviceManagement", *[self._write] * 9)
        graph.on("GET beta/deviceManagement/operationApprovalRequests", *[self._read] * 99)

    def _write(self, request) -> httpx.Response:
        return self.answer(request.headers)

    def answer(self, headers) -> httpx.Response:
        if "x-msft-approval-code" in headers:
            self.done.append(headers["x-msft-approval-code"])
            assert "x-msft-approval-justification" not in headers
            return httpx.Response(204)
        if "x-msft-approval-justification" not in headers:
            return error(400, "BadRequest", "Header 'x-msft-approval-justification' is required to request approval")
        text = base64.b64decode(headers["x-msft-approval-justification"]).decode()
        self.asked.append(text)
        code = CODE if len(self.asked) == 1 else guid(f"{text} {len(self.asked)}")
        self.rows.append({"id": code, "status": "needsApproval", "requestJustification": text})
        said = f"Approval Required. x-msft-approval-code: {code}"
        return error(412, "BadRequest", said, {"x-msft-approval-code": code} if self.by_header else {})

    def _read(self, request) -> httpx.Response:
        if self.asked and self.states:  # The first list, before anything is asked, is no poll.
            for row in self.rows:
                row["status"] = self.states[0]
            self.states = self.states[1:] or self.states
        return httpx.Response(200, json={"value": self.rows})


def failure_of(call, *arguments, **options) -> Failure:
    with pytest.raises(Failure) as caught:
        call(*arguments, **options)
    return caught.value


def change(client) -> dict | None:
    return client.patch(PAGE, {"a": 1}, CHANGE, "beta")


def test_a_run_that_does_not_wait_names_its_request_and_sends_nothing_again(bench, graph):
    guarded = Guarded(graph)
    failure = failure_of(change, bench.client(args=SAID))
    assert failure.error["name"] == "approval_pending" and CODE in failure.msg
    assert {"approval_request": CODE, "status": "needsApproval"} in failure.error["evidence"]
    assert len(graph.writes) == 1 and guarded.done == [] and bench.slept == []
    assert re.fullmatch(r"Rollout of March \[winops\.entra [0-9a-f]{16}\]", guarded.asked[0])


def test_the_next_run_finds_the_request_and_files_no_second_one(bench, graph):
    guarded = Guarded(graph)
    failure_of(change, bench.client(args=SAID))
    failure = failure_of(change, bench.client(args=SAID))
    assert failure.error["name"] == "approval_pending" and CODE in failure.msg
    assert len(graph.writes) == 1
    guarded.rows[0]["status"] = "approved"
    change(bench.client(args=SAID))
    assert guarded.done == [CODE] and len(graph.writes) == 2


def test_another_write_is_another_request(bench, graph):
    guarded = Guarded(graph)
    failure_of(change, bench.client(args=SAID))
    failure_of(bench.client(args=SAID).patch, PAGE, {"a": 2}, CHANGE, "beta")
    assert len(set(guarded.asked)) == 2


def test_a_request_of_another_application_is_not_carried_out(bench, graph):
    guarded = Guarded(graph)
    graph.claims = {"appid": guid("app"), "roles": []}
    failure_of(change, bench.client(args=SAID))
    guarded.rows[0].update(status="approved", requestor={"application": {"id": guid("other")}})
    failure_of(change, bench.client(args=SAID))
    assert guarded.done == [] and len(guarded.asked) == 2


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (error(412, "BadRequest", "Approval Required."), "approval_pending"),
        (error(412, "BadRequest", "Multi Admin Approval is required for this operation"), "approval_pending"),
        (error(412, "PreconditionFailed", "The etag does not match"), "changed_meanwhile"),
        (error(400, "BadRequest", "Approval justification is required for this request"), "approval_needed"),
        (error(400, "BadRequest", "Property displayName is invalid"), "bad_request"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_about_an_approval_is_told_from_a_conflict_and_from_a_bad_request(bench, graph, answer, name):
    graph.on("GET beta/deviceManagement/operationApprovalRequests", httpx.Response(200, json={"value": []}))
    graph.on("PATCH beta/deviceManagement", answer)
    assert failure_of(change, bench.client(args=SAID)).error["name"] == name
    assert len(graph.writes) == 1


@pytest.mark.parametrize("by_header", [True, False], ids=["header", "sentence"])
def test_a_run_that_waits_sends_the_same_request_with_the_code(bench, graph, by_header):
    guarded = Guarded(graph, "needsApproval", "needsApproval", "approved", by_header=by_header)
    change(bench.client(args=WAITING))
    assert guarded.done == [CODE] and graph.writes[0] == graph.writes[1] and len(graph.writes) == 2
    assert bench.slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ("rejected", "approval_denied"),
        ("cancelled", "approval_over"),
        ("expired", "approval_over"),
        ("completed", "approval_over"),
        ("unknownFutureValue", "approval_over"),
    ],
)
def test_what_is_not_approved_is_not_sent(bench, graph, state, name):
    guarded = Guarded(graph, "needsApproval", state)
    failure = failure_of(change, bench.client(args=WAITING))
    assert failure.error["name"] == name and CODE in failure.msg and guarded.done == []
    assert len(graph.writes) == 1


def test_the_wait_ends_with_its_limit(bench, graph):
    guarded = Guarded(graph, "needsApproval")
    client = bench.client(args=WAITING)
    failure = failure_of(change, client)
    assert failure.error["name"] == "approval_pending" and guarded.done == []
    assert sum(bench.slept) <= 600 and client.waits.spent == 0


def test_a_state_that_nobody_may_read_ends_the_wait_and_names_the_permission(bench, graph):
    graph.claims = {"roles": ["DeviceManagementServiceConfig.ReadWrite.All"]}
    guarded = Guarded(graph)
    graph.script.insert(0, ("GET beta/deviceManagement/operationApproval", [error(403, "Forbidden")] * 2))
    failure = failure_of(change, bench.client(args=WAITING))
    assert failure.error["name"] == "approval_pending" and guarded.done == []
    assert "DeviceManagementConfiguration.Read.All" in failure.msg


def test_where_the_list_takes_no_filter_the_code_is_the_id(bench, graph):
    guarded = Guarded(graph)
    graph.script.insert(
        0,
        (
            "GET beta/deviceManagement/operationApproval",
            [
                httpx.Response(200, json={"value": []}),
                error(400, "BadRequest", "Could not find a property named 'requestId'"),
                httpx.Response(200, json={"id": CODE, "status": "approved"}),
            ],
        ),
    )
    change(bench.client(args=WAITING))
    assert guarded.done == [CODE] and graph.requests[-2][1].endswith(f"/operationApprovalRequests/{CODE}")


@pytest.mark.parametrize(
    "refusal",
    [
        error(403, "Forbidden", "An error has occurred"),
        error(400, "BadRequest", "Header 'x-msft-approval-code' names a request that has expired"),
        error(412, "BadRequest", "Approval Required.", {"x-msft-approval-code": guid("another one")}),
    ],
    ids=["forbidden", "expired", "another one"],
)
def test_an_approved_request_that_is_not_taken_is_no_missing_permission_and_no_new_one(bench, graph, refusal):
    guarded = Guarded(graph)
    failure_of(change, bench.client(args=SAID))
    guarded.rows[0]["status"] = "approved"
    graph.script.insert(0, ("PATCH beta/deviceManagement", [refusal]))
    failure = failure_of(change, bench.client(args=SAID))
    assert failure.error["name"] == "approval_not_taken" and CODE in failure.msg and failure.error["permissions"] == []


def test_a_code_counts_once(bench, graph):
    guarded = Guarded(graph, "approved")
    client = bench.client(args=WAITING)
    change(client)
    change(client)
    assert len(guarded.asked) == len(guarded.done) == 2 and len(set(guarded.done)) == 2


def test_requests_that_may_not_be_listed_are_told_of(bench, graph):
    Guarded(graph)
    graph.script.insert(0, ("GET beta/deviceManagement/operationApproval", [error(403, "Forbidden")]))
    assert failure_of(change, bench.client(args=SAID)).error["name"] == "approval_pending"
    assert any("open requests" in sentence and "second one" in sentence for sentence in bench.sentences)


def test_without_a_justification_nobody_is_asked(bench, graph):
    guarded = Guarded(graph)
    failure = failure_of(change, bench.client(args={"approval_justification": None, "approval_timeout": 0}))
    assert failure.error["name"] == "approval_needed" and "approval_justification" in failure.error["fix"]
    assert guarded.asked == [] and len(graph.requests) == 1


@pytest.mark.parametrize(
    ("call", "path"),
    [("patch", "/groups/x"), ("get", PAGE)],
    ids=["a write elsewhere", "a read of Intune"],
)
def test_a_justification_goes_with_writes_to_intune_only(bench, graph, call, path):
    graph.on("beta", *[httpx.Response(200, json={})] * 2)
    client = bench.client(args=SAID)
    client.patch(path, {}, CHANGE, "beta") if call == "patch" else client.get(path, CHANGE, version="beta")
    assert len(graph.requests) == 1 and not any("approval" in name for name in graph.headers[0])


@pytest.mark.parametrize(
    ("args", "option"),
    [
        ({"approval_justification": None, "approval_timeout": 5}, "approval_timeout"),
        ({"approval_justification": "a" * 961, "approval_timeout": 0}, "approval_justification"),
    ],
    ids=str,
)
def test_options_that_cannot_be_used_are_refused_by_name(bench, graph, args, option):
    failure = failure_of(bench.client, args=args)
    assert failure.error["name"] == "bad_option" and f"bad option {option}" in failure.msg and graph.requests == []


# --- in a batch ---


def items(count: int = 3) -> list[Item]:
    read = Item("GET", "/groups/x", CHANGE)
    return [read, *(Item("PATCH", f"{PAGE}{number}", CHANGE, body={"a": number}) for number in range(1, count))]


class GuardedBatch(Guarded):
    """The same, for the items of a batch: the first one of Intune is not protected."""

    def __init__(self, graph, *states: str, by_header: bool = True) -> None:
        super().__init__(graph, *states, by_header=by_header)
        self.batches: list[list[dict]] = []
        graph.on("POST beta/.batch", *[self._batch] * 9)

    def _batch(self, request) -> httpx.Response:
        rows = json.loads(request.content)["requests"]
        self.batches.append(rows)
        answers = [self._item(row) for row in rows]
        return httpx.Response(200, json={"responses": answers})

    def _item(self, row: dict) -> dict:
        answer = httpx.Response(204)
        if row["method"] != "GET" and not row["url"].endswith("x1"):
            answer = self.answer(row.get("headers", {}))
        elif row["method"] == "GET":
            answer = httpx.Response(200, json={"id": "x"})
        body = {"body": answer.json()} if answer.content else {}
        headers = {k: v for k, v in answer.headers.items() if "approval" in k}
        return {"id": row["id"], "status": answer.status_code, "headers": headers, **body}


@pytest.mark.parametrize("by_header", [True, False], ids=["header", "sentence"])
def test_items_of_a_batch_are_waited_for_together_and_each_has_its_own_code(bench, graph, by_header):
    guarded = GuardedBatch(graph, "needsApproval", "approved", by_header=by_header)
    answers = bench.client(args=WAITING).batch(items(4), "beta")
    assert [answer.failure for answer in answers] == [None] * 4 and answers[0].body == {"id": "x"}
    assert len(guarded.asked) == len(set(guarded.done)) == 2 and guarded.asked[0] != guarded.asked[1]
    first, *others = guarded.batches
    assert "approval" not in str(first[0]) and len(first) == 4
    assert [[row["method"] for row in rows] for rows in others] == [["PATCH", "PATCH"]]


def test_one_item_that_waits_fails_alone(bench, graph):
    GuardedBatch(graph)
    answers = bench.client(args=SAID).batch(items(3), "beta")
    assert [answer.failure and answer.failure.error["name"] for answer in answers] == [None, None, "approval_pending"]
    assert answers[2].status == 412


def test_a_batch_without_a_justification_is_one_request(bench, graph):
    guarded = GuardedBatch(graph)
    answers = bench.client(args={"approval_justification": None, "approval_timeout": 0}).batch(items(3), "beta")
    assert answers[2].failure.error["name"] == "approval_needed" and len(guarded.batches) == 1
    assert len(graph.requests) == 1


# --- devices that are removed ---


def test_a_removal_that_waits_for_an_approval_keeps_what_follows(bench):
    """Neither a conflict nor a device that is lost: the Entra object stays until the record in Intune is gone."""
    bench.graph = graph = TenantGraph()
    records = [graph.full("PC-1"), graph.full("PC-2")]
    held = error(412, "BadRequest", "Approval Required.", {"x-msft-approval-code": CODE})
    graph.on("DELETE v1.0/deviceManagement/managedDevices", held)
    everywhere = {"intune": True, "autopilot": True, "association": False, "directory": True, "max_deletions": 5}
    result = bench.run(removal.remove, {"devices": records, **everywhere, **SAID})
    assert sorted(map(outcomes, result["devices"])) == [["changed"] * 3, ["failed", "skipped", "skipped"]]
    [kept] = [device for device in result["devices"] if device["intune"]["outcome"] == "failed"]
    assert kept["intune"]["error"]["name"] == "approval_pending" and CODE in kept["intune"]["error"]["msg"]
    assert result["error"]["name"] == "partly_done" and CODE in result["msg"]
