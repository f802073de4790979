# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""-vvv: one line a request, and never what is secret."""

from __future__ import annotations

import types

import httpx
import pytest
from ansible.utils.display import Display

from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
from ansible_collections.winops.entra.plugins.plugin_utils.tenant import side
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.batch import Item
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.client import GraphClient
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.errors import Purpose
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.trace import GraphTrace

from ..fake_graph import ROOT, SECRET, error

READ = Purpose("read it")
LAPS = "x7!Kq2#Lm9-laps-password"


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def client(bench, lines) -> GraphClient:
    made = bench.client()
    made.trace = GraphTrace(lines.append, lambda: made.session.tokens.secrets)
    return made


def answer(body, request_id="r-1", status=200) -> httpx.Response:
    return httpx.Response(status, json=body, headers={"request-id": request_id})


def test_a_line_has_method_path_status_seconds_and_request_id(client, graph, lines):
    graph.on("GET v1.0/users", answer({"value": []}))
    client.waits.clock = lambda: 1.25 * len(graph.requests)
    list(client.list("/users", READ, {"$filter": "displayName eq 'Ada'"}))
    assert lines == ["GET /v1.0/users: 200 in 1.25 s, request id r-1"]


def test_each_attempt_has_its_line_and_says_what_it_waits(client, graph, lines):
    graph.on(
        "GET v1.0/me",
        error(429, "TooManyRequests", headers={"Retry-After": "7"}),
        httpx.ReadError("cut"),
        answer({}, "r-3"),
    )
    client.get("/me", READ)
    assert lines[0] == "GET /v1.0/me: 429 in 0.00 s, request id r-1, waits 7.0 s"
    assert lines[1].startswith("GET /v1.0/me: ReadError in 0.00 s, waits ")
    assert lines[2] == "GET /v1.0/me: 200 in 0.00 s, request id r-3" and len(lines) == 3


def test_a_wait_for_which_no_time_is_left_is_told(bench, graph, lines):
    client = bench.client(limit=5)
    client.trace = GraphTrace(lines.append, lambda: ())
    graph.on("GET v1.0/me", error(429, "TooManyRequests", headers={"Retry-After": "60"}))
    with pytest.raises(Failure):
        client.get("/me", READ)
    assert lines == ["GET /v1.0/me: 429 in 0.00 s, request id r-1, no time left to wait 60.0 s"]


def test_a_batch_has_one_line_and_one_for_each_request_that_was_not_done(client, graph, lines):
    graph.on("GET v1.0/users/a", answer({"id": "a"}))
    graph.on("GET v1.0/users/b", error(403, "Forbidden"))
    client.batch([Item("GET", "/users/a", READ), Item("GET", "/users/b", READ, {"$select": "id"})])
    assert lines == [
        "POST /v1.0/$batch (2 requests): 200 in 0.00 s",
        "in the batch, GET /users/b: 403, request id r-1",
    ]


def test_a_refused_token_is_told_and_not_shown(client, graph, lines):
    graph.on("GET v1.0/me", error(401, "InvalidAuthenticationToken"))
    graph.on("GET v1.0/users/a", error(401, "InvalidAuthenticationToken"))
    client.get("/policies/deviceRegistrationPolicy", READ)
    client.find("/me", READ)
    assert lines[1] == "GET /v1.0/me: 401 in 0.00 s, request id r-1, asks for a new token"
    client.batch([Item("GET", "/users/a", READ), Item("GET", "/users/b", READ)])
    assert "in the batch, GET /users/a: 401, asks for a new token" in lines
    assert graph.issued == 3 and not any("token-" in line for line in lines)


def test_a_token_a_client_secret_and_a_laps_password_are_in_no_line(client, graph, lines):
    """Not where a body holds them, and not where a server echoes them in its ids, errors or addresses."""
    client.session.tokens.token()
    token = client.session.tokens.secrets[-1]
    assert token.startswith("token-") and SECRET in client.session.tokens.secrets
    laps = {"credentials": [{"passwordBase64": LAPS}]}
    echo = f"{token}/{SECRET}"
    graph.on("GET v1.0/directory/deviceLocalCredentials/x", answer(laps))
    graph.on("PATCH", error(400, "BadRequest", f"not {LAPS}, {echo}", {"request-id": echo}))
    graph.on("GET v1.0/users", answer({"value": [], "@odata.nextLink": f"{ROOT}/v1.0/{'a/' * 140}{echo}?t={token}"}))
    client.get("/directory/deviceLocalCredentials/x", READ, {"$select": "credentials"})
    with pytest.raises(Failure):
        client.patch("/devices/x", {"password": LAPS, "secret": SECRET}, READ)
    with pytest.raises(Failure):
        list(client.list("/users", READ))
    items = [Item("PATCH", f"/devices/{token}", READ, body={"password": LAPS}), Item("GET", "/devices/y", READ)]
    client.batch(items)
    shown = "\n".join(lines)
    assert len(lines) == 7 and "request id ***/***" in shown and "/devices/***: 404" in shown
    for secret in (token, SECRET, LAPS, token[:12], SECRET[:12], LAPS[:12]):
        assert secret not in shown


def test_what_a_server_sends_cannot_forge_a_line(client, graph, lines):
    url = f"{ROOT}/v1.0/users\u2028fatal:%0aok/{'x' * 1000}"
    client.trace.exchange("GET", url, 0, 200, "r-1\x1b[31m\r\nok: [localhost]", 0.0, "")
    (line,) = lines
    assert line.isprintable() and line.isascii() and len(line) < 500


@pytest.mark.parametrize(("verbosity", "told"), [(0, False), (2, False), (3, True), (4, True)])
def test_only_vvv_asks_for_the_lines(monkeypatch, client, verbosity, told):
    """Without it there is no GraphTrace at all, so that a request costs nothing more."""
    shown = []
    monkeypatch.setattr(Display(), "verbosity", verbosity)
    monkeypatch.setattr(Display(), "vvv", shown.append)
    action = types.SimpleNamespace(_task=types.SimpleNamespace(action="winops.entra.group"))
    trace = side._trace(action, client.session)
    assert (trace is not None) is told
    if trace is not None:
        trace.exchange("GET", f"{ROOT}/v1.0/groups", 0, 200, None, 0.5, "")
        assert shown == ["group: GET /v1.0/groups: 200 in 0.50 s"]


@pytest.mark.parametrize("quiet", [False, True])
def test_a_task_that_may_show_nothing_has_no_trace(monkeypatch, client, quiet):
    monkeypatch.setattr(Display(), "verbosity", 4)
    monkeypatch.setattr(side.libraries, "require", lambda: None)
    chosen = types.SimpleNamespace(described=dict)
    monkeypatch.setattr(side.credentials, "settings", lambda *_args: chosen)
    monkeypatch.setattr(side, "session_for", lambda *_args: client.session)
    task = Task({}, False, quiet=quiet)
    side.TENANT_SIDE.open(task, types.SimpleNamespace(_task=types.SimpleNamespace(action="a", args={})), {"timeout": 1})
    assert (task.client.trace is None) is quiet
