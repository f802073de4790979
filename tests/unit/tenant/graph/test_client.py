# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client: retries that do no harm, pages that stay at home, batches item by item, failures that say what to do."""

from __future__ import annotations

import dataclasses
import itertools
import json

import httpx
import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.batch import Item
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.consistency import settle
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.errors import GraphFailure, Permissions, Purpose

from ..fake_graph import ROOT, SECRET, error, jwt

LIST = Purpose("list the devices", Permissions(("Device.Read.All",), ("Device.Read.All", "Directory.AccessAsUser.All")))
ONCE = httpx.Response(200, json={"value": []})


def failure_of(call, *arguments, **options) -> Failure:
    with pytest.raises(Failure) as caught:
        call(*arguments, **options)
    return caught.value


# --- tokens ---


def test_a_hundred_reads_ask_for_one_token(bench, graph):
    client = bench.client()
    for _number in range(100):
        client.get("/policies/deviceRegistrationPolicy", LIST)
    assert graph.issued == 1 and len(graph.requests) == 100
    assert graph.scopes == [("https://graph.microsoft.com/.default",)]


def test_a_token_that_ends_in_mid_run_is_renewed_once_and_the_request_repeated(bench, graph):
    client = bench.client()
    client.get("/policies/deviceRegistrationPolicy", LIST)
    graph.on("PUT", error(401, "InvalidAuthenticationToken"))
    assert client.put("/policies/deviceRegistrationPolicy", dict(graph.policy), LIST) is not None
    assert graph.issued == 2
    assert graph.headers[-1]["Authorization"] != graph.headers[0]["Authorization"]


def test_a_token_that_is_refused_again_is_a_failure(bench, graph):
    graph.on("GET", error(401, "InvalidAuthenticationToken"), error(401, "InvalidAuthenticationToken"))
    failure = failure_of(bench.client().get, "/users", LIST)
    assert failure.error["name"] == "token_refused" and graph.issued == 2


def test_a_claims_challenge_gets_a_new_token(bench, graph):
    header = 'Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'
    graph.on("GET", error(401, "InvalidAuthenticationToken", headers={"WWW-Authenticate": header}))
    bench.client().get("/policies/deviceRegistrationPolicy", LIST)
    assert graph.issued == 2


# --- pages ---


def pages(graph, *links: str) -> None:
    answers = [
        httpx.Response(200, json={"value": [{"id": number}], "@odata.nextLink": link})
        for number, link in enumerate(links)
    ]
    graph.on("GET v1.0/devices", *answers, httpx.Response(200, json={"value": [{"id": len(links)}]}))


def test_pages_are_followed_word_for_word_with_their_headers(bench, graph):
    link = f"{ROOT}/v1.0/devices?$filter=a%27b&$skiptoken=m%7E1"
    pages(graph, link)
    assert [row["id"] for row in bench.client().list("/devices", LIST, {"$count": True}, eventual=True)] == [0, 1]
    assert graph.urls[1] == link
    assert {headers["ConsistencyLevel"] for headers in graph.headers} == {"eventual"}


def test_an_empty_page_is_not_the_end(bench, graph):
    link = f"{ROOT}/v1.0/devices?$skiptoken=2"
    graph.on(
        "GET v1.0/devices",
        httpx.Response(200, json={"value": [], "@odata.nextLink": link}),
        httpx.Response(200, json={"value": [{"id": 1}]}),
    )
    assert list(bench.client().list("/devices", LIST)) == [{"id": 1}]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/devices?$skiptoken=2",
        "http://graph.microsoft.com/v1.0/devices?$skiptoken=2",
        "https://graph.microsoft.com:444/v1.0/devices",
        "https://graph.microsoft.com.evil.example/v1.0/devices",
        "https://graph.microsoft.com@evil.example/v1.0/devices",
        "//evil.example/v1.0/devices",
        "/v1.0/devices?$skiptoken=2",
        "https://graph.microsoft.com:port/v1.0/devices",
        "https://[graph/v1.0",
        5,
        {"a": 1},
    ],
    ids=str,
)
def test_a_page_elsewhere_is_refused_and_the_token_is_not_sent(bench, graph, link):
    pages(graph, link)
    failure = failure_of(list, bench.client().list("/devices", LIST))
    assert failure.error["name"] == "foreign_page" and failure.error["side"] == "network"
    assert len(graph.requests) == 1


def test_pages_that_go_round_in_circles_end(bench, graph):
    link = f"{ROOT}/v1.0/devices?$skiptoken=2"
    pages(graph, link, link)
    assert failure_of(list, bench.client().list("/devices", LIST)).error["name"] == "foreign_page"


def test_a_redirect_is_not_followed(bench, graph):
    graph.on("GET", httpx.Response(302, headers={"Location": "https://evil.example/"}))
    failure = failure_of(bench.client().get, "/users", LIST)
    assert failure.error["name"] == "unreadable_answer" and len(graph.requests) == 1


# --- repeating ---


def test_429_waits_as_long_as_it_says(bench, graph):
    graph.on("GET", error(429, "TooManyRequests", headers={"Retry-After": "12"}))
    bench.client().get("/policies/deviceRegistrationPolicy", LIST)
    assert bench.slept == [12.0]
    assert "12 s" in bench.sentences[0]


def test_429_without_retry_after_backs_off_from_a_second(bench, graph):
    graph.on("GET", *(error(429, "TooManyRequests") for _number in range(4)))
    bench.client().get("/policies/deviceRegistrationPolicy", LIST)
    assert len(bench.slept) == 4
    assert all(1 <= slept for slept in bench.slept) and bench.slept == sorted(bench.slept)


def test_429_beyond_the_timeout_is_a_failure_that_says_when(bench, graph):
    graph.on("GET", error(429, "TooManyRequests", headers={"Retry-After": "600"}))
    failure = failure_of(bench.client(limit=300).get, "/users", LIST)
    assert failure.error["name"] == "throttled" and "600 s" in failure.msg and bench.slept == []


def test_429_that_never_ends_stays_within_the_timeout(bench, graph):
    graph.on("GET", *(error(429, "TooManyRequests", headers={"Retry-After": "50"}) for _number in range(50)))
    assert failure_of(bench.client(limit=300).get, "/users", LIST).error["name"] == "throttled"
    assert sum(bench.slept) == 300


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_a_gateway_s_answer_is_tried_again(bench, graph, method, status):
    graph.on(".*", error(status, "ServiceUnavailable"), httpx.Response(200, json={}))
    body = () if method in ("get", "delete") else ({},)
    getattr(bench.client(), method)("/x", *body, LIST)
    assert len(graph.requests) == 2


@pytest.mark.parametrize(
    ("answer", "attempts"),
    [
        (error(503, "ServiceUnavailable"), 1),
        (error(504, "GatewayTimeout"), 1),
        (httpx.ReadTimeout("late"), 1),
        (httpx.RemoteProtocolError("cut"), 1),
        (error(429, "TooManyRequests", headers={"Retry-After": "1"}), 2),
        (httpx.ConnectError("refused"), 2),
        (httpx.ConnectTimeout("late"), 2),
    ],
    ids=str,
)
def test_a_post_that_creates_is_repeated_only_when_it_surely_did_nothing(bench, graph, answer, attempts):
    graph.on("POST", answer, httpx.Response(201, json={}))
    client = bench.client()
    if attempts == 1:
        failure_of(client.post, "/groups", {}, LIST)
    else:
        client.post("/groups", {}, LIST)
    assert len(graph.requests) == attempts


def test_repeating_ends(bench, graph):
    graph.on("GET", *(error(503, "ServiceUnavailable") for _number in range(50)))
    assert failure_of(bench.client().get, "/users", LIST).error["name"] == "service_unavailable"
    assert len(graph.requests) == 4


@pytest.mark.parametrize("status", [408, 500])
def test_a_read_that_is_answered_once_with_an_error_of_the_service_is_tried_again(bench, graph, status):
    graph.on("GET", error(status, "InternalServerError"), httpx.Response(200, json={"id": "x"}))
    assert bench.client().get("/deviceManagement/managedDevices/x", LIST) == {"id": "x"}
    assert len(graph.requests) == 2
    graph.on("GET", *(error(status, "InternalServerError") for _number in range(9)))
    assert failure_of(bench.client().get, "/users", LIST).error["name"] == "service_unavailable"
    assert len(graph.requests) == 6


@pytest.mark.parametrize("status", [408, 500])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_that_may_be_half_done_is_not_sent_again(bench, graph, status, method):
    graph.on(method, error(status, "InternalServerError"))
    client = bench.client()
    body = () if method == "DELETE" else ({},)
    failure = failure_of(getattr(client, method.lower()), "/groups/x", *body, LIST)
    assert failure.error["name"] == "service_unavailable" and len(graph.requests) == 1


# --- failures ---


@pytest.mark.parametrize(
    ("answer", "name", "side"),
    [
        (error(400, "BadRequest"), "bad_request", "tenant"),
        (error(403, "Forbidden"), "permission_missing", "tenant"),
        (error(404, "Request_ResourceNotFound"), "not_found", "tenant"),
        (error(409, "Conflict"), "conflict", "tenant"),
        (error(412, "PreconditionFailed"), "changed_meanwhile", "tenant"),
        (error(423, "Locked"), "locked", "tenant"),
        (error(418, "Teapot"), "refused", "tenant"),
        (httpx.Response(403, html="<html>Sign in</html>"), "unreadable_answer", "network"),
        (httpx.Response(407, text="proxy"), "unreadable_answer", "network"),
        (httpx.Response(200, html="<html>Welcome</html>"), "unreadable_answer", "network"),
        (httpx.Response(200, json=[1]), "unreadable_answer", "network"),
        (httpx.Response(404, html="<html>nginx</html>"), "unreadable_answer", "network"),
        (error(400, "BadRequest", "Request not applicable to target tenant."), "intune_unusable", "tenant"),
    ],
    ids=str,
)
def test_each_refusal_has_its_name(bench, graph, answer, name, side):
    graph.on("GET", answer)
    failure = failure_of(bench.client().get, "/users", LIST)
    assert (failure.error["name"], failure.error["side"]) == (name, side)
    assert failure.msg.startswith("could not list the devices: ") and failure.error["fix"]


@pytest.mark.parametrize(
    ("exception", "name"),
    [
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), "tls_untrusted"),
        (httpx.ConnectError("[Errno -2] Name or service not known"), "name_unresolved"),
        (httpx.ConnectError("All connection attempts failed"), "network_unreachable"),
        (httpx.ProxyError("403 Forbidden"), "proxy_failed"),
        (httpx.ReadTimeout(""), "network_timeout"),
        (httpx.RemoteProtocolError("Server disconnected"), "connection_broken"),
        (httpx.DecodingError("Error -3 while decompressing data"), "connection_broken"),
    ],
    ids=str,
)
def test_each_way_not_to_reach_graph_has_its_name(bench, graph, exception, name):
    graph.on("GET", *[exception] * 9)
    failure = failure_of(bench.client().get, "/users", LIST)
    assert failure.error["name"] == name and failure.error["side"] == "network"


NEEDS_APPROVAL = "Header 'x-msft-approval-justification' is required to request approval"


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (error(400, "BadRequest", '{"_version": 3, "Message": "' + NEEDS_APPROVAL + '"}'), "approval_needed"),
        (error(403, "Forbidden", "The operation requires Multi Admin Approval."), "approval_needed"),
        (error(412, "BadRequest", "Approval is required.", {"x-msft-approval-code": "a1b2"}), "approval_pending"),
        (error(409, "Conflict", "An active Approval Request already exists for this."), "approval_pending"),
    ],
    ids=["400", "403", "412", "409"],
)
def test_what_a_second_administrator_must_approve_says_so(bench, graph, answer, name):
    graph.claims = {"roles": ["Device.Read.All"], "appid": "app-1"}
    graph.on("DELETE", answer)
    failure = failure_of(bench.client().delete, "/deviceManagement/managedDevices/x", LIST)
    assert failure.error["name"] == name and "Multi Admin Approval" in failure.error["cause"]
    assert "run the task again" not in failure.error["fix"].replace("do not run the task again", "")
    assert failure.error["permissions"] == [] and len(graph.requests) == 1
    assert ("a1b2" in failure.msg) == (failure.status == 412)


def test_412_without_an_approval_is_somebody_else_s_change(bench, graph):
    graph.on("PATCH", error(412, "PreconditionFailed", "The etag does not match."))
    failure = failure_of(bench.client().patch, "/groups/x", {}, LIST)
    assert failure.error["name"] == "changed_meanwhile"


@pytest.mark.parametrize(
    "answer",
    [
        error(403, "Directory_QuotaExceeded", "The directory object quota limit for the Principal has been exceeded."),
        error(400, "Directory_QuotaExceeded", "The directory object quota limit for the Tenant has been exceeded."),
    ],
    ids=["403", "400"],
)
def test_a_quota_is_not_told_as_a_missing_permission(bench, graph, answer):
    graph.on("POST", answer)
    failure = failure_of(bench.client().post, "/groups", {}, LIST)
    assert failure.error["name"] == "quota_exceeded" and failure.error["permissions"] == []


def test_intune_s_401_of_a_good_token_names_the_permission(bench, graph):
    inside = json.dumps({"_version": 3, "Message": "An error has occurred - Operation ID", "CustomApiErrorPhrase": ""})
    answer = json.dumps({"ErrorCode": "Forbidden", "Message": inside, "Target": None})
    graph.on("GET", error(401, "UnknownError", answer))
    failure = failure_of(bench.client().get, "/deviceManagement/managedDevices", LIST)
    assert failure.error["name"] == "intune_forbidden" and failure.error["permissions"] == ["Device.Read.All"]
    assert failure.error["evidence"] == [
        "HTTP 401 Forbidden",
        "An error has occurred",
        "asked: GET /deviceManagement/managedDevices",
    ]
    assert graph.issued == 1 and len(graph.requests) == 1


def test_403_names_the_permission_of_the_kind_of_credential(bench, graph):
    graph.on("GET", error(403, "Authorization_RequestDenied"))
    application = failure_of(bench.client().get, "/users", LIST)
    assert application.error["permissions"] == ["Device.Read.All"]
    assert "application permission Device.Read.All" in application.msg
    graph.claims = {"scp": "User.Read", "appid": "app-1"}
    graph.on("GET", error(403, "Authorization_RequestDenied"))
    delegated = failure_of(bench.client().get, "/users", LIST)
    assert delegated.error["permissions"] == ["Device.Read.All", "Directory.AccessAsUser.All"]


def test_403_with_the_permission_in_the_token_does_not_ask_for_it_again(bench, graph):
    graph.claims = {"roles": ["Device.Read.All"]}
    graph.on("GET", error(403, "Authorization_RequestDenied"))
    failure = failure_of(bench.client().get, "/users", LIST)
    assert failure.error["name"] == "forbidden" and "although" in failure.msg


def test_intune_s_json_in_json_is_unwrapped(bench, graph):
    inside = '{"_version": 3, "Message": "Device is busy", "CustomApiErrorPhrase": "", "RetryAfter": null}'
    graph.on("GET", error(400, "BadRequest", inside))
    failure = failure_of(bench.client().get, "/users", LIST)
    assert "Device is busy" in failure.msg and "_version" not in failure.msg


def test_a_delete_of_what_is_gone_is_done(bench, graph):
    graph.on("DELETE", error(404, "Request_ResourceNotFound"))
    assert bench.client().delete("/groups/x", LIST) is None


def test_each_request_has_an_id_of_its_own(bench, graph):
    client = bench.client()
    for _number in range(2):
        client.get("/policies/deviceRegistrationPolicy", LIST)
    assert len({headers["client-request-id"] for headers in graph.headers}) == 2


def test_check_mode_sends_nothing_that_changes(bench, graph):
    client = bench.client(check_mode=True)
    for call in (
        lambda: client.post("/groups", {}, LIST),
        lambda: client.put("/x", {}, LIST),
        lambda: client.patch("/x", {}, LIST),
        lambda: client.delete("/x", LIST),
        lambda: client.batch([Item("DELETE", "/x", LIST)]),
    ):
        with pytest.raises(AssertionError):
            call()
    assert graph.requests == []
    graph.on("POST", ONCE)
    assert client.post("/directoryObjects/getByIds", {}, LIST, reads=True) == {"value": []}


# --- batches ---


def items(*paths: str, method: str = "GET") -> list[Item]:
    return [Item(method, path, Purpose(f"read {path}", LIST.permissions)) for path in paths]


def test_answers_come_in_the_order_of_the_questions_whatever_the_service_does(bench, graph):
    def shuffled(request):
        rows = [{"id": str(number), "status": 200, "body": {"n": number}} for number in range(20)]
        return httpx.Response(200, json={"responses": rows[::-1]})

    graph.on("batch", shuffled)
    answers = bench.client().batch(items(*(f"/users/{number}" for number in range(20))))
    assert [answer.require()["n"] for answer in answers] == list(range(20))


def test_a_thousand_questions_are_fifty_requests(bench, graph):
    bench.client().batch(items(*["/policies/deviceRegistrationPolicy"] * 1000))
    assert len(graph.requests) == 50


def test_a_failed_item_fails_alone_and_says_what_it_was(bench, graph):
    graph.on("GET v1.0/users/b", error(403, "Authorization_RequestDenied"))
    graph.on("GET v1.0/users/c", error(424, "FailedDependency"))
    graph.on("GET v1.0/users/a", ONCE)
    good, forbidden, dependent = bench.client().batch(items("/users/a", "/users/b", "/users/c"))
    assert good.require() == {"value": []}
    assert forbidden.failure.error["permissions"] == ["Device.Read.All"] and "read /users/b" in forbidden.failure.msg
    assert dependent.failure.status == 424
    with pytest.raises(GraphFailure):
        forbidden.require()


def test_throttled_items_alone_are_sent_again_after_the_longest_retry_after(bench, graph):
    for name, seconds in (("b", "3"), ("c", "9")):
        graph.on(f"GET v1.0/users/{name}", error(429, "TooManyRequests", headers={"Retry-After": seconds}), ONCE)
    graph.on("GET v1.0/users/a", ONCE)
    answers = bench.client().batch(items("/users/a", "/users/b", "/users/c"))
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert bench.slept == [9.0]
    assert [len(body["requests"]) for _method, _path, body in graph.requests] == [3, 2]


def test_items_that_stay_throttled_fail_and_the_others_do_not(bench, graph):
    graph.on(
        "GET v1.0/users/b", *(error(429, "TooManyRequests", headers={"Retry-After": "100"}) for _number in range(9))
    )
    graph.on("GET v1.0/users/a", ONCE)
    good, throttled = bench.client(limit=250).batch(items("/users/a", "/users/b"))
    assert good.status == 200 and throttled.failure.error["name"] == "throttled"
    assert sum(bench.slept) <= 250


def test_items_whose_token_ended_are_sent_again_with_a_new_one(bench, graph):
    graph.on("GET v1.0/users/a", error(401, "InvalidAuthenticationToken"), ONCE)
    assert bench.client().batch(items("/users/a"))[0].status == 200
    assert graph.issued == 2 and bench.slept == []


def test_a_creating_item_is_not_repeated_on_503(bench, graph):
    graph.on("POST v1.0/groups", error(503, "ServiceUnavailable"))
    (answer,) = bench.client().batch([Item("POST", "/groups", LIST, body={})])
    assert answer.status == 503 and len(graph.requests) == 1


def test_reads_of_a_batch_are_tried_again_after_500_and_writes_are_not(bench, graph):
    graph.on("GET v1.0/users/a", error(500, "InternalServerError"), ONCE)
    graph.on("DELETE v1.0/groups/x", error(500, "InternalServerError"))
    read, write = bench.client().batch([*items("/users/a"), *items("/groups/x", method="DELETE")])
    assert (read.status, write.status) == (200, 500) and write.failure.error["name"] == "service_unavailable"
    assert [[one["url"] for one in body["requests"]] for _method, _path, body in graph.requests] == [
        ["/users/a", "/groups/x"],
        ["/users/a"],
    ]


def test_a_batch_of_reads_is_tried_again_as_a_whole_after_500_and_one_with_a_write_is_not(bench, graph):
    for path in ("a", "b"):
        graph.on(f"GET v1.0/users/{path}", ONCE)
    graph.on("batch", error(500, "InternalServerError"))
    assert [answer.status for answer in bench.client().batch(items("/users/a", "/users/b"))] == [200, 200]
    assert len(graph.requests) == 2
    graph.requests.clear()
    graph.on("batch", error(500, "InternalServerError"))
    mixed = [*items("/users/a"), *items("/groups/x", method="DELETE")]
    assert failure_of(bench.client().batch, mixed).error["name"] == "service_unavailable"
    assert len(graph.requests) == 1


def test_an_answer_that_lacks_items_is_a_failure(bench, graph):
    graph.on("batch", httpx.Response(200, json={"responses": []}))
    assert failure_of(bench.client().batch, items("/users/a", "/users/b")).error["name"] == "incomplete_batch"


def test_an_answer_that_lacks_one_read_is_that_read_s_failure_and_one_that_lacks_a_write_is_everybody_s(bench, graph):
    def lacking(request):
        return httpx.Response(200, json={"responses": [{"id": "1", "status": 200, "body": {"value": []}}]})

    graph.on("batch", lacking)
    missing, good = bench.client().batch(items("/users/a", "/users/b"))
    assert (missing.failure.error["name"], missing.status) == ("incomplete_batch", 0) and good.status == 200
    graph.on("batch", lacking)
    writes = [*items("/groups/x", method="DELETE"), *items("/users/a")]
    assert failure_of(bench.client().batch, writes).error["name"] == "incomplete_batch"


def test_an_item_that_asks_for_more_time_than_there_is_keeps_no_other_from_its_second_attempt(bench, graph):
    graph.on("GET v1.0/users/a", error(429, "TooManyRequests", headers={"Retry-After": "9000"}))
    graph.on("GET v1.0/users/b", error(500, "InternalServerError"), ONCE)
    throttled, good = bench.client(limit=60).batch(items("/users/a", "/users/b"))
    assert throttled.failure.error["name"] == "throttled" and good.status == 200 and sum(bench.slept) < 60


# --- secrets ---


def test_no_secret_is_in_any_text(bench, graph):
    graph.on("GET", error(400, "BadRequest", f"you sent {SECRET}"))
    client = bench.client()
    failure_of(client.get, "/users", LIST)
    token = client.session.tokens.token()
    texts = [
        repr(thing)
        for thing in (
            client,
            client.session,
            client.session.tokens,
            client.session.settings,
            vars(client.session.settings).keys(),
        )
    ]
    assert not any(SECRET in text or token in text for text in texts)


def test_what_a_server_quotes_is_masked_in_the_result(bench, graph):
    token = graph.token_text(1)
    graph.on("GET", error(400, "BadRequest", f"you sent {SECRET} and Bearer {token}"))
    result = bench.run(lambda task: task.client.get("/users", LIST), {})
    assert result["failed"] is True
    assert SECRET not in str(result) and token not in str(result) and "***" in str(result["error"]["evidence"])


def test_a_token_is_read_for_hints_only(bench, graph):
    for text in ("opaque", "a.b.c", jwt({}), "a.e30.b", ".."):
        graph.token_text = lambda _number, text=text: text
        client = bench.client()
        client.session.tokens.token()
        assert client.session.caller.granted is None


# --- what is hostile --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x" * 100_000, "é" * 70_000], ids=["x", "é"])
def test_a_name_that_makes_no_address_is_a_failure(bench, graph, name):
    failure = failure_of(bench.client().get, f"/users/{name}", Purpose(f"read the user {name}"))
    assert failure.error["side"] == "controller" and len(failure.msg) < 1000 and graph.requests == []


@pytest.mark.parametrize(
    "claims",
    [
        {"roles": [["x"], 5, None]},
        {"scp": {"a": 1}},
        {"appid": ["x"], "roles": []},
        {"appid": "\x1b[2J" + "y" * 5000, "roles": "Device.Read.All"},
        [],
        "x",
        None,
        5,
        json.loads("[" * 300 + "]" * 300),
        {"roles": {}, "scp": "\ud800"},
    ],
    ids=range(10),
)
def test_a_token_s_claims_are_a_hint_whatever_they_are(bench, graph, claims):
    bench.settings = dataclasses.replace(bench.settings, client_id=None)
    graph.token_text = lambda number: jwt(claims)
    graph.on("GET", error(403, "Forbidden"))
    failure = failure_of(bench.client().get, "/users", LIST)
    assert failure.error["name"] in ("permission_missing", "forbidden")
    assert len(failure.msg) < 1000 and failure.msg.isprintable()


@pytest.mark.parametrize("middle", ["", "a", "!!!", "W1tb" * 30_000, "/w", "\u00e9"])
def test_a_token_that_is_no_jwt_is_a_hint_of_nothing(bench, graph, middle):
    source = bench.client().session.tokens
    source._token = f"a.{middle}.b"
    assert source.caller().granted is None


def test_looks_that_were_too_early_count_as_waiting(bench, graph):
    """A service that drips each look: the task ends near its timeout, whatever one look takes."""
    waits = bench.client(limit=100).waits
    now = itertools.count(step=30.0)
    waits.clock = lambda: next(now)
    looks = []
    with pytest.raises(Failure) as caught:
        settle(waits, lambda: looks.append(1), lambda seen: False, "the change")
    assert caught.value.error["name"] == "not_shown" and len(looks) <= 4


def test_repeats_in_a_batch_count_what_the_batch_took(bench, graph):
    graph.on("GET v1.0/", *(error(429, "TooManyRequests", headers={"Retry-After": "0"}) for _number in range(99)))
    client = bench.client(limit=100)
    now = itertools.count(step=30.0)
    client.waits.clock = lambda: next(now)
    answers = client.batch([Item("GET", f"/things/{number}", LIST) for number in range(2)])
    assert {answer.failure.error["name"] for answer in answers} == {"throttled"}
    assert sum(path == "/$batch" for _method, path, _body in graph.requests) <= 3
