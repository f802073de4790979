# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token service that lies, stalls or throttles: azure-identity's own credentials over our transport."""

from __future__ import annotations

import dataclasses
import gzip
import itertools
import json

import httpx
import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.environment import Environment
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
from ansible_collections.winops.entra.plugins.plugin_utils.tenant import side
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import (
    answers,
    credentials,
    door,
    retry,
    tokens,
)
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.token_transport import TokenTransport

from ..fake_graph import InProcess
from ..raw_server import RawServer
from .test_door import ENDLESS

AUTHORITY = "https://login.contoso.example"
GIVEN = {"token_type": "Bearer", "expires_in": 3600, "access_token": "a-token"}


class TokenService:
    """Answers discovery as it should be, and requests for tokens by what the test says, the last answer again and
    again."""

    def __init__(self, *given) -> None:
        self.given = list(given)
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            place = f"{AUTHORITY}/contoso.com"
            names = ("token_endpoint", "authorization_endpoint", "device_authorization_endpoint")
            return httpx.Response(200, json={"issuer": place, **dict.fromkeys(names, f"{place}/oauth2/v2.0/token")})
        self.asked += 1
        answer = self.given.pop(0) if len(self.given) > 1 else self.given[0]
        return (
            answer(request)
            if callable(answer)
            else httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        )


BEGUN = {
    "user_code": "A-CODE",
    "device_code": "B",
    "verification_uri": "https://x",
    "expires_in": 900,
    "interval": 0,
    "message": "m",
}


@pytest.fixture
def signing_in(bench):
    """A TokenSource over a service, with Waits that count; ``kind`` of credential as in settings."""

    networks: list[door.Network] = []

    def make(service, limit=300, kind="client_secret", authority=AUTHORITY, prompt=lambda url, code: None):
        settings = dataclasses.replace(bench.settings, kind=kind, authority=authority, disable_instance_discovery=True)
        network = door.Network()
        networks.append(network)
        network.waits = retry.Waits(limit, bench.slept.append, lambda: 0.0, bench.sentences.append)
        replaced = InProcess(service) if isinstance(service, TokenService) else None
        way = TokenTransport(network, True, Environment(), replaced)
        return tokens.TokenSource(settings, lambda: credentials.create(settings, prompt, limit, way), way=way)

    yield make
    for network in networks:
        network.loop.close()


def failure_of(source) -> Failure:
    with pytest.raises(Failure) as caught:
        source.token()
    assert len(caught.value.msg) < 5000 and caught.value.msg.isprintable()
    return caught.value


def answer(status=200, body=None, **headers) -> httpx.Response:
    content = json.dumps(GIVEN if body is None else body).encode()
    return httpx.Response(status, headers={"Content-Type": "application/json", **headers}, content=content)


def throttled(seconds=None) -> httpx.Response:
    headers = {} if seconds is None else {"Retry-After": seconds}
    return answer(429, {"error": "temporarily_unavailable", "error_description": "too many"}, **headers)


def test_a_token_is_given(signing_in):
    assert signing_in(TokenService(answer())).token() == "a-token"


def test_what_the_service_asks_to_wait_is_waited_and_said(signing_in, bench):
    assert signing_in(TokenService(throttled("40"), answer())).token() == "a-token"
    assert bench.slept == [30.0, 10.0] and "the token service" in bench.sentences[0]


@pytest.mark.parametrize("seconds", ["1000000", "9" * 400, "Mon, 01 Jan 2999 00:00:00 GMT"])
def test_a_wait_beyond_the_timeout_is_not_begun(signing_in, bench, seconds):
    service = TokenService(throttled(seconds))
    failure = failure_of(signing_in(service))
    assert failure.error["name"] == "throttled" and failure.error["side"] == "tenant"
    assert bench.slept == [] and service.asked == 1


@pytest.mark.parametrize("seconds", [None, "1", "²", "nan", "-1", "Mon, 99 Foo", "0"])
@pytest.mark.parametrize("limit", [10, 300])
def test_429_for_ever_ends_as_throttled_within_the_timeout(signing_in, bench, seconds, limit):
    service = TokenService(
        lambda request: httpx.Response(
            429, headers=[] if seconds is None else [(b"Retry-After", seconds.encode("latin-1"))], content=b"{}"
        )
    )
    assert failure_of(signing_in(service, limit)).error["name"] == "throttled"
    assert sum(bench.slept) <= limit and service.asked <= 4


def test_the_timeout_is_one_for_sign_in_and_requests(signing_in, bench):
    source = signing_in(TokenService(throttled("40"), answer()), limit=50)
    source.token()
    assert source._way._network.waits.left == 10


@pytest.mark.parametrize("endless", ENDLESS.values(), ids=ENDLESS)
def test_a_token_that_never_comes_whole_ends(signing_in, monkeypatch, endless):
    for name in ("LONGEST_EXCHANGE", "SHORTEST_BOUND"):
        monkeypatch.setattr(door, name, 0.2)
    with RawServer(endless) as server:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", server.url)  # the only one without TLS
        failure = failure_of(signing_in(server, limit=0, kind="managed_identity"))
    assert failure.error["side"] in ("network", "controller")


def test_a_sign_in_that_is_never_done_ends_with_the_timeout(signing_in, bench, monkeypatch):
    """A service that says 'not yet' and 'ask again at once': the loop is MSAL's, and has no end of its own."""
    service = TokenService(answer(200, BEGUN), answer(400, {"error": "authorization_pending"}))
    source = signing_in(service, limit=300, kind="device_code")
    now = itertools.count(step=1.0)
    monkeypatch.setattr(source._way._network.loop, "time", lambda: next(now))
    failure = failure_of(source)
    assert failure.error["name"] == "network_timeout" and service.asked < 300


ODD = {
    "no JSON": b"<html>",
    "XML": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
    "nothing": b"",
    "a list": b"[]",
    "a text": b'"x"',
    "deep": b"[" * 200_000,
    "no token": b"{}",
    "a token that is a list": b'{"access_token": [1], "expires_in": 3600}',
    "a token of two lines": b'{"access_token": "a\\r\\nX: b", "expires_in": 3600}',
    "a token that is not ASCII": '{"access_token": "\u00e9", "expires_in": 3600}'.encode(),
    "an empty token": b'{"access_token": "", "expires_in": 3600}',
    "an end that is a text": b'{"access_token": "x", "expires_in": "soon"}',
    "an end that is a list": b'{"access_token": "x", "expires_in": []}',
    "an end without end": b'{"access_token": "x", "expires_in": 1' + b"0" * 400 + b"}",
    "an error that is a list": b'{"error": ["x"], "error_description": {"a": 1}}',
    "an error with an escape": b'{"error": "x", "error_description": "AADSTS50001: \\u001b[2J '
    + b"y" * 100_000
    + b'"}',
    "an id token that is none": b'{"access_token": "x", "expires_in": 3600, "id_token": "a.b.c"}',
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize("kind", ["application/json", "text/xml", "x"])
def test_an_odd_answer_gives_a_failure_or_a_token(signing_in, content, status, kind):
    source = signing_in(
        TokenService(lambda request: httpx.Response(status, headers={"Content-Type": kind}, content=content)), limit=20
    )
    try:
        token = source.token()
    except Failure as failure:
        assert len(failure.msg) < 5000 and failure.msg.isprintable()
        json.dumps(failure.error, ensure_ascii=False).encode()
    else:
        assert status == 200 and token == "x"


def test_a_token_answer_is_bounded_also_when_it_is_packed(signing_in):
    packed = gzip.compress(b" " * (answers.LARGEST_BODY + 1))
    service = TokenService(lambda request: Packed(packed))
    assert failure_of(signing_in(service)).error["name"] == "unreadable_answer"


class Packed(httpx.Response):
    """An answer whose bytes are as they are."""

    def __init__(self, content: bytes) -> None:
        super().__init__(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(content))


def test_a_task_that_may_show_nothing_asks_nobody_to_sign_in(signing_in):
    shown: list[str] = []
    prompt = side._prompt(Task({}, False, show=shown.append, quiet=True))
    service = TokenService(answer(200, BEGUN), answer())
    failure = failure_of(signing_in(service, kind="device_code", prompt=prompt))
    assert failure.error["name"] == "bad_option" and "no_log" in failure.msg and "A-CODE" not in failure.msg
    assert shown == [] and service.asked == 1


def test_where_to_sign_in_is_shown_in_one_line_whatever_the_service_says():
    shown: list[str] = []
    side._prompt(Task({}, False, show=shown.append))("https://x/\x1b[2J\r\nTASK [ok]" + "y" * 5000, ["A\n", "\u202eB"])
    assert len(shown[0]) < 500 and shown[0].isprintable()
