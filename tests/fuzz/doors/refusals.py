# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of Microsoft Graph, Intune, and whatever answers in their place: each has a cause, a side and one sentence
in which there is no markup, no JSON and no address of a service."""

from __future__ import annotations

import json
import random
import re
import typing as t

from ansible_collections.winops.entra.plugins.plugin_utils.result import SIDES
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import error_bodies, refused_requests
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.errors import Caller, Permissions, Purpose

SAMPLE = 3000
STATUSES = (400, 401, 403, 404, 407, 409, 412, 418, 422, 429, 500, 503, 511)
PIECES = (
    *("An error has occurred", "Insufficient privileges", "The device is busy", "Directory_QuotaExceeded", "Forbidden"),
    *(" - Operation ID (for customer support): 0", " - Activity ID: 12345678-9abc", " - Url: https://fef.x.example/a"),
    *("one of the following scopes: A.B.All, C.D.All", "https://learn.microsoft.com/x", "http://inner.example/y?z=1"),
    *("<!DOCTYPE html><html><title>", "</title>", "<br/>", "<", "'x'", '"', "\\", "\x1b[2J", "\u202e", "\ud800", "\n"),
    *("{", "}", '{"a": 1}', "[", "%s", "{0}", "{who}", "\u00e9", "", "a" * 3000),
)
CALLERS = (
    Caller(),
    Caller(False, frozenset(), "app"),
    Caller(True, frozenset({"A.B.All"}), None),
    Caller(False, frozenset({"Group.ReadWrite.All"}), "{who}"),
)
PURPOSES = (
    Purpose("do it"),
    Purpose("create the group", Permissions(("Group.Create",), ("Group.ReadWrite.All",))),
    Purpose("read {it}", Permissions(delegated=("Policy.Read.All",))),
)
CALLS = ("", "POST /groups", "GET /deviceManagement/managedDevices", "GET /a/b/c")
_NEVER = re.compile(r"<\s*/?\s*(?:html|title|br|!doctype)|\{\s*\\*\"|://(?!l)", re.IGNORECASE)


def one(chance: random.Random) -> None:
    body = _body(chance)
    headers = {"x-msft-approval-code": "a"} if chance.random() < 0.05 else {}
    status = chance.choice(STATUSES)
    refused_requests.refuses_the_token(status, headers, body)
    answer = error_bodies.read_error(status, headers, body)
    failure = refused_requests.refused_request(
        answer, chance.choice(PURPOSES), chance.choice(CALLERS), chance.choice(CALLS)
    )
    assert failure.error["side"] in SIDES and failure.error["name"] and failure.error["cause"] and failure.error["fix"]
    assert failure.msg.isprintable() and len(failure.msg) < 3000
    assert _NEVER.search(failure.msg) is None, failure.msg
    json.dumps(failure.error, allow_nan=False).encode()


def _body(chance: random.Random) -> t.Any:
    text = _text(chance)
    for _level in range(chance.choice((0, 0, 1, 2, 3, 9))):
        name, code = chance.choice(("Message", "message")), chance.choice(("ErrorCode", "errorCode", "code"))
        text = json.dumps({code: _text(chance), name: text})
    if chance.random() < 0.2:
        return text
    error: dict[str, t.Any] = {"code": _odd(chance, _text(chance)), "message": _odd(chance, text)}
    if chance.random() < 0.3:
        error["innerError"] = _odd(chance, {"code": _text(chance), "innerError": {"code": "x"}})
    if chance.random() < 0.3:
        error["details"] = _odd(chance, [{"target": _text(chance)}])
    return {"error": _odd(chance, error)}


def _text(chance: random.Random) -> str:
    return "".join(chance.choice(PIECES) for _piece in range(chance.choice((0, 1, 1, 2, 4))))


def _odd(chance: random.Random, value: t.Any) -> t.Any:
    return chance.choice((None, 5, True, [], {}, "x", [None])) if chance.random() < 0.05 else value
