# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes that answer in Graph's place: each ends soon in a failure of our own, and takes little memory.

The server is real, on loopback. What never ends is ended by a bound, which is made small here; no test asks how long
anything took.
"""

from __future__ import annotations

import dataclasses
import gzip
import itertools
import json
import time
import tracemalloc
import zlib

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import (
    answers,
    client,
    door,
    pages,
    retry,
    session,
    tokens,
)
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.batch import Item
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.errors import Purpose
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.fields import ANY_OBJECT

from ..fake_graph import FakeCredential
from ..raw_server import RawServer, for_ever, whole

READ = Purpose("read the thing")
REFUSED = b'{"error": {"code": "c", "message": "m"}}'
DEEP = b"[" * 200_000
DEEP_MESSAGE = json.dumps({"error": {"code": "c", "message": '{"a":' * 20_000}}).encode()
CHALLENGE = 'WWW-Authenticate: Bearer realm="", error="insufficient_claims", claims="{}"'
OK = "200 OK"


def paged(link: str) -> bytes:
    return whole(OK, ('{"value": [], "@odata.nextLink": "' + link + '"}').encode())


def batched(responses: str) -> bytes:
    return whole(OK, ('{"responses": ' + responses + "}").encode())


def rows(row: str) -> bytes:
    return batched("[" + ", ".join(f'{{"id": "{number}", {row}}}' for number in range(3)) + "]")


ONE = {
    "a number of another script to wait": whole("429 X", REFUSED, "Retry-After: \xb2"),
    "a number without end to wait": whole("429 X", REFUSED, "Retry-After: " + "9" * 5000),
    "a date whose zone overflows": whole("429 X", REFUSED, "Retry-After: Mon, 01 Jan 2020 00:00:00 +99999999999999"),
    "a date of year 1": whole("429 X", REFUSED, "Retry-After: Mon, 01 Jan 0001 00:00:00 +2359"),
    "a date of year 99999": whole("503 X", REFUSED, "Retry-After: Mon, 01 Jan 99999 00:00:00 GMT"),
    "no number to wait": whole("429 X", REFUSED, "Retry-After: nan"),
    "claims that are no UTF-8": whole("401 X", REFUSED, CHALLENGE.format("//79")),
    "claims of one letter": whole("401 X", REFUSED, CHALLENGE.format("a")),
    "claims that are a list": whole("401 X", REFUSED, CHALLENGE.format("W10=")),
    "deep claims": whole("401 X", REFUSED, CHALLENGE.format("W1tb" * 900)),
    "a deep body of a refusal": whole("400 X", DEEP),
    "a deep body": whole(OK, DEEP),
    "a deep message": whole("400 X", DEEP_MESSAGE),
    "a code of 1 MB with an escape": whole(
        "418 X", b'{"error": {"code": "\\u001b[2J' + b"c" * 2**20 + b'", "message": "\\u001b[2J"}}'
    ),
    "a code that is a list": whole("400 X", b'{"error": {"code": [[]], "message": {"a": "\\ud800"}, "innerError": 5}}'),
    "an error that is a text": whole("400 X", b'{"error": "\\ud800 no"}'),
    "a status nobody knows": whole("799 X", b"{}"),
    "a status of two digits": whole("20 OK", b"{}"),
    "a status that is a word": whole("OK OK", b"{}"),
    "no HTTP": b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "chunks without a size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a header with a NUL": whole(OK, b"{}", "X: a\0b"),
    "an id with control characters": whole("400 X", REFUSED, "request-id: a\x1b[2J"),
    "cookies of year 99999": whole("400 X", REFUSED, "Set-Cookie: a=b; expires=Mon, 01-Jan-99999 00:00:00 GMT"),
    "a redirect to nowhere": whole("302 X", b"", "Location: http://[::1"),
    "a type that is none": b"HTTP/1.1 200 OK\r\nContent-Type: \xff\xfe; charset=\xff\r\nContent-Length: 1\r\n\r\n\xff",
    "an encoding that is none": whole(OK, b"{}", "Content-Encoding: br"),
    "gzip in gzip": whole(OK, gzip.compress(gzip.compress(b"{}")), "Content-Encoding: gzip, gzip"),
    "deflate": whole(OK, zlib.compress(b"{}"), "Content-Encoding: deflate"),
    "gzip that is none": whole(OK, b'{"a": 1}', "Content-Encoding: gzip"),
    "gzip that is cut": whole(OK, gzip.compress(b'{"a": 1}')[:-9], "Content-Encoding: gzip"),
    "no number": whole(OK, b'{"a": NaN}'),
    "a number of 5,000 digits": whole(OK, b'{"a": ' + b"9" * 5000 + b"}"),
    "a list": whole(OK, b"[]"),
    "half a letter": whole(OK, b'{"a": "\xc3"}'),
    "a login page": whole(OK, b"<html>Sign in</html>"),
    "nothing": whole(OK, b""),
}
LISTS = {
    "a next page of 70,000 letters": lambda url: paged(url + "/v1.0/" + "x" * 70_000),
    "a next page with half a letter": lambda url: paged(url + "/v1.0/\\ud800"),
    "a next page with a tab": lambda url: paged(url + "/v1.0/x\\ty"),
    "a next page elsewhere": lambda url: paged("http://127.0.0.2:9/v1.0/x"),
    "a next page with a user": lambda url: paged(url.replace("//", "//a@127.0.0.2@")),
    "a next page that is a list": lambda url: whole(OK, b'{"value": [], "@odata.nextLink": [[]]}'),
    "a next page that is empty": lambda url: paged(""),
    "a value that is a text": lambda url: whole(OK, b'{"value": "x"}'),
    "a row that is a text": lambda url: whole(OK, b'{"value": ["x"]}'),
    "no value": lambda url: whole(OK, b"{}"),
    "pages in a circle": lambda url: paged(url + "/v1.0/x?$skiptoken=1"),
}
BATCHES = {
    "headers that are a text": rows('"status": 200, "headers": "x", "body": {}'),
    "answers that are a number": batched("5"),
    "a number of another script to wait": rows('"status": 429, "headers": {"Retry-After": "\\u00b2"}, "body": {}'),
    "a wait that is a list": rows('"status": 429, "headers": {"Retry-After": [1]}, "body": {}'),
    "a status that is a text": rows('"status": "200"'),
    "a status that is yes": rows('"status": true'),
    "a status of 7 digits": rows('"status": 2000000'),
    "no ids": batched('[{"status": 200}]'),
    "an id that is a number": batched('[{"id": 0, "status": 200}]'),
    "one answer twice": batched('[{"id": "0", "status": 200}, {"id": "0", "status": 404}]'),
    "answers that nobody asked for": batched('[{"id": "77", "status": 200}, {"id": "\\ud800", "status": 200}]'),
    "an answer that is a list": batched("[[]]"),
    "a body that is deep": rows('"status": 200, "body": ' + "[" * 200 + "]" * 200),
    "an error that is a list": rows('"status": 400, "body": {"error": [1]}'),
    "an error without a body": rows('"status": 400'),
}


@pytest.fixture
def asked(bench):
    """A client of a server with these answers, whose task may wait for so many seconds."""

    opened: list[session.Session] = []

    def make(server: RawServer, limit: float = 0) -> client.GraphClient:
        settings = dataclasses.replace(bench.settings, graph_url=server.url)
        source = tokens.TokenSource(settings, lambda: FakeCredential(bench.graph), clock=lambda: 1e9)
        waits = retry.Waits(limit, bench.slept.append, lambda: 0.0, bench.sentences.append)
        opened.append(session.Session(settings, source))
        return client.GraphClient(opened[-1], waits)

    yield make
    for one in opened:
        one.close()


def failure_of(call) -> Failure:
    with pytest.raises(Failure) as caught:
        call()
    failure = caught.value
    assert failure.error["side"] in ("network", "tenant") and failure.error["name"]
    assert len(failure.msg) < 5000 and failure.msg.isprintable()
    assert "\x1b" not in json.dumps(failure.error, ensure_ascii=False)
    json.dumps(failure.error, ensure_ascii=False).encode()
    return failure


@pytest.mark.parametrize("raw", ONE.values(), ids=ONE)
@pytest.mark.parametrize("limit", [0, 3])
def test_one_object(asked, raw, limit):
    with RawServer(lambda url: [raw]) as server:
        failure_of(lambda: asked(server, limit).get("/thing", READ))


@pytest.mark.parametrize("raw", LISTS.values(), ids=LISTS)
def test_a_list(asked, raw):
    with RawServer(lambda url: [raw(url)]) as server:
        failure_of(lambda: list(asked(server).list("/things", READ)))


def test_a_next_page_that_has_no_address_is_not_said_to_be_elsewhere(asked):
    for name, said in (("a next page of 70,000 letters", "no address"), ("a next page elsewhere", "on another server")):
        with RawServer(lambda url, name=name: [LISTS[name](url)]) as server:
            assert said in failure_of(lambda: list(asked(server).list("/things", READ))).msg


@pytest.mark.parametrize("raw", BATCHES.values(), ids=BATCHES)
def test_a_batch(asked, raw):
    items = [Item("GET", f"/things/{number}", READ, kind=ANY_OBJECT) for number in range(3)]
    with RawServer(lambda url: [raw]) as server:
        failure_of(lambda: [answer.require() for answer in asked(server).batch(items)])


@pytest.mark.parametrize("size", [answers.LARGEST_BODY + 1, 64 * 2**20])
def test_a_body_is_bounded_also_when_it_is_packed(asked, size):
    packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    part = b" " * 2**20
    packed = b"".join([*(packer.compress(part) for _n in range(size // len(part) + 1)), packer.flush()])
    with RawServer(lambda url: [whole(OK, packed, "Content-Encoding: gzip")]) as server:
        graph = asked(server)
        tracemalloc.start()
        try:
            failure = failure_of(lambda: graph.get("/thing", READ))
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert failure.error["name"] == "unreadable_answer" and "larger than 16 MiB" in failure.msg
    assert peak < 4 * answers.LARGEST_BODY


def test_a_body_that_is_packed_as_was_asked_for_is_read(asked):
    packed = gzip.compress(b'{"id": "x"}')
    with RawServer(lambda url: [whole(OK, packed, "Content-Encoding: gzip")]) as server:
        assert asked(server).get("/thing", READ) == {"id": "x"}


@pytest.mark.parametrize("member", [b"[],", b"{},", b"1,", b'{"a":{"a":{"a":1}}},'])
def test_many_small_values_are_bounded(asked, member):
    body = b'{"value": [' + member * (2 * answers.MOST_VALUES // member.count(b",") // 2 + 1) + b"1]}"
    with RawServer(lambda url: [whole(OK, body)]) as server:
        assert "holds more than" in failure_of(lambda: asked(server).get("/thing", READ)).msg


# --- what never ends ---


def drip(*first: bytes, then: bytes):
    """An answer whose last part comes again and again."""

    def answer(url):
        yield from first
        for part in for_ever(then):
            time.sleep(0.001)  # a drip, and no flood: nothing waits for it
            yield part

    return answer


ENDLESS = {
    "a body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", then=b" "),
    "chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", then=b"1\r\n \r\n"),
    "a header": drip(b"HTTP/1.1 200 OK\r\nX: ", then=b"x"),
    "a status line": drip(b"HTTP/1.1 200 ", then=b"O"),
    "a promise to go on": drip(then=b"HTTP/1.1 100 Continue\r\n\r\n"),
    "early hints": drip(then=b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"),
    "silence": drip(then=b""),
}


@pytest.fixture
def short(monkeypatch):
    """Bounds that a test can wait for."""
    monkeypatch.setattr(door, "LONGEST_EXCHANGE", 0.2)
    monkeypatch.setattr(door, "SHORTEST_BOUND", 0.2)
    monkeypatch.setattr(door, "PATIENCE_SECONDS", 0.05)


@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS)
def test_an_answer_without_an_end_ends(asked, short, bench, answer):
    with RawServer(answer) as server:
        failure = failure_of(lambda: asked(server).get("/thing", READ))
    assert failure.error["name"] in ("network_timeout", "connection_broken")
    if failure.error["name"] == "network_timeout":
        assert any("has not answered yet" in sentence for sentence in bench.sentences)


def test_what_an_endless_answer_took_is_lost_from_the_timeout(asked, short, bench):
    ticks = itertools.count()
    with RawServer(ENDLESS["a body"]) as server:
        graph = asked(server, limit=5)
        graph.waits.clock = lambda: 2.0 * next(ticks)  # each attempt takes 2 s of the clock
        assert failure_of(lambda: graph.get("/thing", READ)).error["name"] == "network_timeout"
        assert server.requests <= 3 and graph.waits.left < 2


def endless_pages(rows_each: int):
    numbers = itertools.count()

    def answer(url):
        value = [{"id": str(number)} for number in range(rows_each)]
        body = {"value": value, "@odata.nextLink": f"{url}/v1.0/things?$skiptoken={next(numbers)}"}
        return [whole(OK, json.dumps(body).encode())]

    return answer


def test_pages_without_an_end_that_bring_nothing_end_with_the_timeout(asked, bench):
    ticks = itertools.count()
    with RawServer(endless_pages(0)) as server:
        graph = asked(server, limit=50)
        graph.waits.clock = lambda: 1.0 * next(ticks)
        failure = failure_of(lambda: list(graph.list("/things", READ)))
        assert failure.error["name"] == "endless_list" and server.requests <= 51
    assert any("pages so far" in sentence for sentence in bench.sentences)


def test_pages_that_bring_enough_may_take_longer_than_the_timeout(asked, monkeypatch):
    monkeypatch.setattr(pages, "MOST_PAGES", 100)
    ticks = itertools.count()
    with RawServer(endless_pages(100)) as server:
        graph = asked(server, limit=1)
        graph.waits.clock = lambda: 0.3 * next(ticks)
        failure_of(lambda: list(graph.list("/things", READ)))
        assert server.requests == 100


@pytest.mark.parametrize("bound", ["MOST_PAGES", "MOST_ROWS"])
def test_pages_and_objects_are_counted(asked, monkeypatch, bound):
    monkeypatch.setattr(pages, bound, 20)
    with RawServer(endless_pages(2)) as server:
        failure = failure_of(lambda: list(asked(server).list("/things", READ)))
        assert failure.error["name"] == "endless_list" and server.requests in (20, 11)
