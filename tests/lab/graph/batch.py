# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON batching: up to 20 requests in one, each answered (and throttled) on its own.

Microsoft, "Combine multiple HTTP requests using JSON batching".
"""

from __future__ import annotations

import base64
import dataclasses
import json
import typing as t
import urllib.parse

from . import routing
from .answers import Answer, Call, GraphError

LIMIT = 20


async def answer(envelope: Call) -> Answer:
    """The answer of /$batch; 400 when the envelope itself is wrong."""
    items = _items(envelope)
    done: dict[str, Answer] = {}
    for item in _in_order(items):
        name = item["id"].lower()
        needed = [done.get(other.lower()) for other in item.get("dependsOn") or []]
        if any(other is None or other.status >= 400 for other in needed):
            done[name] = GraphError(424, "FailedDependency", "One or more dependencies of this request failed.").answer(
                envelope, envelope.side.clock.utc()
            )
        else:
            call = _call(envelope, item)
            done[name] = call if isinstance(call, Answer) else await envelope.side.answer(call)
    # Answers come in any order; here the last first, so that nobody relies on it.
    responses = [_response(item["id"], done[item["id"].lower()]) for item in reversed(items)]
    return Answer(200, {"responses": responses}, odd=any(one.odd for one in done.values()))


def _items(envelope: Call) -> list[dict[str, t.Any]]:
    body = envelope.object_body()
    items = body.get("requests")
    if not isinstance(items, list) or not items:
        raise GraphError(400, "BadRequest", "Invalid batch payload format.")
    if len(items) > LIMIT:
        raise GraphError(400, "BadRequest", f"Number of batch request steps exceeds the maximum value of {LIMIT}.")
    seen: set[str] = set()
    for item in items:
        if not isinstance(item, dict) or not all(isinstance(item.get(key), str) for key in ("id", "method", "url")):
            raise GraphError(400, "BadRequest", "Invalid batch payload format: id, method and url are needed.")
        if item["id"].lower() in seen:
            raise GraphError(400, "BadRequest", f"Request Id {item['id']} has to be unique in a batch.")
        seen.add(item["id"].lower())
        if "body" in item and "content-type" not in {name.lower() for name in item.get("headers") or {}}:
            raise GraphError(400, "BadRequest", f"Content-Type header is missing for request Id {item['id']}.")
    for item in items:
        unknown = [name for name in item.get("dependsOn") or [] if str(name).lower() not in seen]
        if unknown:
            raise GraphError(400, "BadRequest", f"Request Id {unknown[0]} is not found in the batch.")
    return items


def _in_order(items: list[dict[str, t.Any]]) -> t.Iterator[dict[str, t.Any]]:
    """Each after those it depends on; 400 for a circle."""
    waiting = list(items)
    done: set[str] = set()
    while waiting:
        ready = [item for item in waiting if {str(n).lower() for n in item.get("dependsOn") or []} <= done]
        if not ready:
            raise GraphError(400, "BadRequest", "Circular dependency in the batch.")
        yield ready[0]
        done.add(ready[0]["id"].lower())
        waiting.remove(ready[0])


def _call(envelope: Call, item: dict[str, t.Any]) -> Call | Answer:
    parts = urllib.parse.urlsplit(item["url"])
    headers = {name.lower(): str(value) for name, value in (item.get("headers") or {}).items()}
    raw_path = "/" + parts.path.lstrip("/")
    try:
        if parts.netloc:
            raise GraphError(400, "BadRequest", "The url of a batch item must be relative.")
        query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    except GraphError as error:
        return error.answer(envelope, envelope.side.clock.utc())
    return dataclasses.replace(
        envelope,
        method=item["method"].upper(),
        raw_path=raw_path,
        path=routing.split(raw_path),
        query=query,
        headers={"client-request-id": envelope.headers.get("client-request-id", ""), **headers},
        body=item.get("body"),
        params={},
    )


def _response(name: str, found: Answer) -> dict[str, t.Any]:
    headers = dict(found.headers)
    if found.body is not None:
        headers.setdefault("Content-Type", "application/json")
    body = found.body
    if headers.get("Content-Type") == "application/octet-stream":  # what is no JSON comes in base64
        body = base64.b64encode(json.dumps(body).encode()).decode()
    return {"id": name, "status": found.status, "headers": headers, "body": body}
