# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes in and out of every resource, and how Microsoft Graph words its errors."""

from __future__ import annotations

import dataclasses
import json
import typing as t
import uuid

if t.TYPE_CHECKING:
    from .side import Side
    from .tokens import Caller


@dataclasses.dataclass
class Call:
    """One request to Graph, or one item of a batch.

    ``raw_path`` is what stands behind the version, ``path`` its decoded segments; ``root`` is where links begin (https://host:port/v1.0);
    ``headers`` have lower-case names; ``params`` are the keys out of the path.
    """

    side: Side
    caller: Caller
    method: str
    version: str
    root: str
    raw_path: str
    path: tuple[str, ...]
    query: dict[str, str]
    headers: dict[str, str]
    body: t.Any = None
    params: dict[str, str] = dataclasses.field(default_factory=dict)
    request_id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def eventual(self) -> bool:
        """Whether the client accepts the index that lags behind: the header of advanced queries."""
        return self.headers.get("consistencylevel", "").lower() == "eventual"

    @property
    def query_text(self) -> str:
        """The decoded query."""
        return "&".join(f"{name}={value}" for name, value in self.query.items())

    def object_body(self) -> dict[str, t.Any]:
        """The body, which must be a JSON object."""
        if not isinstance(self.body, dict):
            raise GraphError(400, "BadRequest", "Empty Payload. JSON content expected.")
        return self.body


@dataclasses.dataclass
class Answer:
    """``body`` is JSON data; text/plain for a number that ``/$count`` gives. ``odd`` is an answer that a scenario or a
    test has made other than Graph is described, and that is recorded apart."""

    status: int = 200
    body: t.Any = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    odd: bool = False


class GraphError(Exception):
    """A refusal with Graph's code and message; ``seconds`` (of the lab) pass before it comes."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: dict[str, str] | None = None,
        details: list[dict[str, str]] | None = None,
        seconds: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.seconds = seconds
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.details = details

    def answer(self, call: Call | None, now) -> Answer:
        """The error envelope of the reference; ``innerError.date`` has no offset."""
        request_id = call.request_id if call else str(uuid.uuid4())
        client = (call.headers.get("client-request-id") if call else None) or request_id
        error: dict[str, t.Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = self.details
        error["innerError"] = {
            "date": f"{now:%Y-%m-%dT%H:%M:%S}",
            "request-id": request_id,
            "client-request-id": client,
        }
        return Answer(self.status, {"error": error}, dict(self.headers))


def not_found(identifier: str) -> GraphError:
    """What the directory says about an object that is not there."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{identifier}' does not exist or one of its queried reference-property objects are not present.",
    )


def bad_request(message: str, code: str = "Request_BadRequest", target: str | None = None) -> GraphError:
    details = [{"code": "PropertyValueError", "message": message, "target": target}] if target else None
    return GraphError(400, code, message, details=details)


def unsupported_query(message: str) -> GraphError:
    return GraphError(400, "Request_UnsupportedQuery", message)


def intune_error(status: int, code: str, message: str, path: str = "") -> GraphError:
    """Intune's errors: a JSON document as text inside the message (seen in many public issues)."""
    operation = str(uuid.uuid4())
    wrapped = {
        "_version": 3,
        "Message": f"{message} - Operation ID (for customer support): {operation} - Activity ID: {uuid.uuid4()} - "
        f"Url: https://fef.lab.example/DeviceFE/StatelessDeviceFEService/{path}?api-version=2026-01-01",
        "CustomApiErrorPhrase": "",
        "RetryAfter": None,
        "ErrorSourceService": "",
        "HttpHeaders": "{}",
    }
    return GraphError(status, code, json.dumps(wrapped, indent=2))
