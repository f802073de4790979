# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One reader of lists: the same whether a list is asked for alone or begins in a batch."""

from __future__ import annotations

import base64
import dataclasses
import json

import httpx
import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.batch import Item
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.errors import Permissions, Purpose
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.fields import ID_ONLY

from ..fake_graph import ROOT, error

LIST = Purpose("list the things", Permissions.same("Device.Read.All"))
#: How services say that a page token is worth nothing any more.
EXPIRED = {
    "directory": error(400, "Directory_ExpiredPageToken", "The specified page token value has expired."),
    "no code": error(400, "", "Invalid Skip Token"),
    "no reason": error(400, "BadRequest", "Value cannot be null. (Parameter 's')"),
    "intune": error(400, "BadRequest", '{"_version": 3, "Message": "An error has occurred - Operation ID"}'),
    "retried": error(404, "DirectoryPageTokenNotFoundException", "The page token was not found."),
    "state": error(410, "syncStateNotFound", "The sync state generation is not found."),
    "resync": error(410, "resyncRequired", "Resync required."),
}


def alone(client):
    return [row["id"] for row in client.list("/things", LIST, {"$top": 2}, kind=ID_ONLY)]


def batched(client, with_others: bool = True):
    """The rows of a list that begins in a batch, beside another question."""
    items = [Item("GET", "/things", LIST, {"$top": 2}, row_kind=ID_ONLY)]
    items += [Item("GET", "/policies/deviceRegistrationPolicy", LIST)] if with_others else []
    return [row["id"] for row in client.rows_of(items[0], client.batch(items)[0])]


WAYS = {"alone": alone, "in a batch": batched, "a batch of one": lambda client: batched(client, False)}


@pytest.fixture(params=WAYS)
def read(request):
    return WAYS[request.param]


def page(*ids: str, following: int | str | None = None) -> httpx.Response:
    body: dict = {"value": [{"id": one} for one in ids]}
    if following is not None:
        body["@odata.nextLink"] = (
            following if isinstance(following, str) else f"{ROOT}/v1.0/things?$top=2&$skiptoken={following}"
        )
    return httpx.Response(200, json=body)


def answers(graph, *given) -> None:
    graph.on("GET v1.0/things", *given)


def asked(graph) -> int:
    """How many pages were asked for, in batches and alone."""
    return sum(
        sum("things" in one["url"] for one in body["requests"]) if path == "/$batch" else path == "/things"
        for _method, path, body in graph.requests
    )


def test_all_pages_are_read_once_each(bench, graph, read):
    answers(graph, page("a", "b", following=1), page(following=2), page(following=3), page("c"))
    assert read(bench.client()) == ["a", "b", "c"] and asked(graph) == 4


def test_an_object_that_comes_twice_is_one(bench, graph, read):
    answers(graph, page("a", "b", following=1), page("b", "c", following=2), page("c", "c", "d"))
    assert read(bench.client()) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("way", EXPIRED)
def test_a_page_token_that_has_expired_is_asked_for_again_from_the_start(bench, graph, read, way):
    answers(graph, page("a", "b", following=1), EXPIRED[way], page("a", "b", following=2), page("c"))
    assert read(bench.client()) == ["a", "b", "c"] and asked(graph) == 4
    assert graph.urls[-2].endswith("/things?$top=2") and "skiptoken=2" in graph.urls[-1]
    assert any("from the start" in sentence for sentence in bench.sentences)


@pytest.mark.parametrize("way", EXPIRED)
def test_a_page_token_that_expires_twice_is_a_failure_that_says_so(bench, graph, read, way):
    answers(graph, page("a", following=1), EXPIRED[way], page("a", following=2), EXPIRED[way], page("a"), page("b"))
    with pytest.raises(Failure) as caught:
        read(bench.client())
    error = caught.value.error
    assert (error["name"], error["side"]) == ("page_expired", "tenant") and asked(graph) == 4
    assert "read again from the start" in error["cause"] and f"HTTP {caught.value.status}" in error["cause"]
    assert "{" not in caught.value.msg


@pytest.mark.parametrize("status", [400, 410])
def test_the_first_page_is_refused_for_another_reason(bench, graph, read, status):
    answers(graph, error(status, "BadRequest", "Invalid filter clause"), page("a"))
    with pytest.raises(Failure) as caught:
        read(bench.client())
    assert caught.value.error["name"] in ("bad_request", "gone") and asked(graph) == 1


def test_a_list_that_an_action_gives_is_not_asked_for_again(bench, graph):
    item = Item("POST", "/things", LIST, body={}, reads=True, row_kind=ID_ONLY)
    graph.on("POST v1.0/things", page("a", following=1))
    answers(graph, EXPIRED["directory"], page("a"))
    client = bench.client()
    rows = client.rows_of(item, client.batch([item])[0])
    with pytest.raises(Failure) as caught:
        list(rows)
    assert caught.value.error["name"] == "page_expired" and len(graph.requests) == 2


TROUBLES = {
    "foreign": (page("a", following="https://evil.example/v1.0/things"), "foreign_page"),
    "no address": (page("a", following="things"), "foreign_page"),
    "in a circle": (page("a", following=1), "foreign_page"),
    "a text": (httpx.Response(200, json="none"), "unreadable_answer"),
    "a text in it": (httpx.Response(200, json={"value": "none"}), "unreadable_answer"),
    "no list": (httpx.Response(200, json={}), "unreadable_answer"),
    "an odd object": (httpx.Response(200, json={"value": [{"id": "a"}, {"id": 5}]}), "unreadable_answer"),
    "empty": (httpx.Response(204), "unreadable_answer"),
    "forbidden": (error(403, "Forbidden"), "permission_missing"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("later", [False, True], ids=["first page", "later page"])
def test_what_cannot_be_read_is_never_an_empty_list(bench, graph, read, trouble, later):
    answer, name = TROUBLES[trouble]
    before = [page("a", following=1)] if later else [page("a", following=1), page("b", following=1)]
    answers(graph, *(before if later or trouble == "in a circle" else []), answer, page("c"))
    with pytest.raises(Failure) as caught:
        read(bench.client())
    assert caught.value.error["name"] == name
    assert all(url.startswith(ROOT) for url in graph.urls)


def test_a_login_page_in_the_place_of_a_later_page_is_not_the_end(bench, graph, read):
    answers(graph, page("a", following=1), httpx.Response(200, html="<html>Sign in</html>"))
    with pytest.raises(Failure) as caught:
        read(bench.client())
    assert caught.value.error["name"] == "unreadable_answer"


@pytest.mark.parametrize("trouble", [httpx.ReadError("cut"), error(500, "InternalServerError"), error(429, "x")])
def test_a_page_that_comes_in_the_end_is_read(bench, graph, read, trouble):
    answers(graph, page("a", following=1), trouble, trouble, page("b"))
    assert read(bench.client()) == ["a", "b"]


# --- continuous access evaluation -------------------------------------------------------------------------------------


def challenge(demanded: dict | None) -> dict:
    """The header as Graph writes it (msgraph-sdk-dotnet issue 1416)."""
    claims = base64.b64encode(json.dumps(demanded).encode()).decode()
    return {
        "WWW-Authenticate": 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/'
        f'authorize", client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="{claims}"'
    }


NEWER = {"access_token": {"nbf": {"essential": True, "value": "1657834417"}}}


@pytest.mark.parametrize("way", WAYS)
def test_a_claims_challenge_reaches_the_credential_in_a_batch_as_outside(bench, graph, way):
    answers(graph, error(401, "InvalidAuthenticationToken", "x", challenge(NEWER)), page("a"))
    assert WAYS[way](bench.client()) == ["a"]
    assert [json.loads(text) for text in graph.demanded] == [NEWER] and graph.issued == 2


def test_of_several_challenges_in_a_batch_one_that_can_be_read_counts(bench, graph):
    graph.on("GET v1.0/users/a", error(401, "InvalidAuthenticationToken"), page("a"))
    graph.on("GET v1.0/users/b", error(401, "InvalidAuthenticationToken", "x", challenge(None)), page("a"))
    graph.on("GET v1.0/users/c", error(401, "InvalidAuthenticationToken", "x", challenge(NEWER)), page("a"))
    found = bench.client().batch([Item("GET", f"/users/{name}", LIST) for name in "abc"])
    assert [answer.status for answer in found] == [200] * 3
    assert [json.loads(text) for text in graph.demanded] == [NEWER] and graph.issued == 2


def test_what_was_demanded_once_is_not_demanded_of_the_next_token(bench, graph):
    client = bench.client()
    for header in (challenge(NEWER), {}):
        answers(graph, error(401, "InvalidAuthenticationToken", "x", header), page("a"))
        assert alone(client) == ["a"]
    assert len(graph.demanded) == 1 and graph.issued == 3


def test_a_user_is_not_asked_to_sign_in_again_for_a_claim(bench, graph):
    """The credential that has the user's refresh token asks with the claim."""
    bench.settings = dataclasses.replace(bench.settings, kind="device_code", client_secret=None)
    client = bench.client()
    answers(graph, error(401, "InvalidAuthenticationToken", "x", challenge(NEWER)), page("a"))
    assert alone(client) == ["a"] and graph.credentials == 1 and graph.issued == 2
