# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong when a scenario or a test says so.

=====================  =====================================================================================
throttle               429; ``retry_after`` seconds, none when it is null or missing
unavailable            503; ``retry_after``
gateway_timeout        504
server_error           500
forbidden              403, whatever the permissions
expired_token          401
claims_challenge       401 with claims that a new token is to have (continuous access evaluation), unless it has them
expired_page           400, as to a page token that is too old
drop                   the connection ends without an answer
odd_answer             200, and ``body`` in the place of what was asked for
empty_first_page       the first page of a list is empty, and its next link leads to all of it
latency                an answer comes ``seconds`` later
foreign_next_link      ``@odata.nextLink`` names another ``host``
refusal                the refusal of this ``form`` (a name of ``refusal_forms.FORMS``)
no_intune              400 for everything below /deviceManagement: a tenant without Intune
quota_reset            a PUT of the registration policy without a quota sets it to 0 instead of being refused
token_error            the token endpoint refuses with ``code`` (AADSTS...)
token_unavailable      the token endpoint answers 503
=====================  =====================================================================================

Options of each: ``times`` (default 1, null: for ever), ``skip`` (so many matching requests pass first), ``path``,
``query`` and ``content`` (regular expressions, sought in the path behind the version, in the decoded query, and in the
body as JSON; ``content`` where a request meets a fault before its resource is asked), ``methods`` (list),
``after`` (true: the write is done all the same), ``html`` (true: the body is a page of a gateway and no JSON).
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import typing as t

from .answers import Answer, GraphError
from .refusal_forms import FORMS

STATUS = {
    "throttle": 429,
    "unavailable": 503,
    "gateway_timeout": 504,
    "server_error": 500,
    "forbidden": 403,
    "expired_token": 401,
    "claims_challenge": 401,
    "expired_page": 400,
}
KINDS = (
    *STATUS,
    "refusal",
    "drop",
    "odd_answer",
    "empty_first_page",
    "latency",
    "foreign_next_link",
    "no_intune",
    "quota_reset",
    "token_error",
    "token_unavailable",
)
OPTIONS: dict[str, type | tuple[type, ...]] = {
    "times": (int, type(None)),
    "skip": int,
    "path": str,
    "query": str,
    "methods": list,
    "after": bool,
    "html": bool,
    "retry_after": (int, float, str, type(None)),
    "seconds": (int, float),
    "host": str,
    "code": str,
    "form": str,
    "content": str,
    "body": object,
}
CODES = {
    429: ("TooManyRequests", "Too Many Requests"),
    503: ("serviceNotAvailable", "The service is temporarily unavailable. Please retry later."),
    504: ("UnknownError", "The gateway did not get an answer in time."),
    500: ("generalException", "An internal server error occurred."),
    403: ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
    400: (
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and can no longer be included in your request.",
    ),
    401: ("InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
}
#: What a challenge demands: a token that is newer than an event.
DEMANDED = {"access_token": {"nbf": {"essential": True, "value": "1764460800"}}}
GATEWAY = "<html><head><title>{status}</title></head><body><h1>{status} Service unavailable</h1></body></html>"


class FaultError(Exception):
    """A fault that cannot be set; the text says why."""


@dataclasses.dataclass
class Fault:
    kind: str
    times: int | None = 1
    skip: int = 0
    path: str = ""
    query: str = ""
    methods: tuple[str, ...] = ()
    content: str = ""
    options: dict[str, t.Any] = dataclasses.field(default_factory=dict)

    def matches(self, method: str, path: str, query: str, body: t.Any) -> bool:
        if self.methods and method not in self.methods:
            return False
        if self.content and (body is None or re.search(self.content, json.dumps(body)) is None):
            return False
        return re.search(self.path, path) is not None and re.search(self.query, query) is not None

    def refusal(self, path: str) -> Answer | GraphError:
        """The answer of a fault with a status, or of one with a form."""
        if self.kind == "refusal":
            return FORMS[self.options["form"]].answer(path)
        status = STATUS[self.kind]
        headers = {}
        after = self.options.get("retry_after")
        if after is not None:
            headers["Retry-After"] = str(after)
        if self.options.get("html"):
            return Answer(status, GATEWAY.format(status=status), {**headers, "Content-Type": "text/html"})
        code, message = CODES[status]
        if self.kind == "claims_challenge":
            claims = base64.b64encode(json.dumps(DEMANDED).encode()).decode()
            headers["WWW-Authenticate"] = f'Bearer realm="", error="insufficient_claims", claims="{claims}"'
        if status == 429:
            headers["x-ms-throttle-scope"] = "Tenant_Application/ReadWrite"
            headers["x-ms-throttle-information"] = "CPULimitExceeded"
        return GraphError(status, code, message, headers)


class Faults:
    """The faults that wait for their request, oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, kind: str, options: dict[str, t.Any]) -> None:
        """FaultError for an unknown kind or option."""
        if kind not in KINDS:
            raise FaultError(f"kind must be one of {', '.join(KINDS)}")
        for name, value in options.items():
            if name not in OPTIONS or not isinstance(value, OPTIONS[name]):
                raise FaultError(f"{name}: {value!r} is no option of a fault; known are {', '.join(OPTIONS)}")
        if kind == "refusal" and options.get("form") not in FORMS:
            raise FaultError(f"form must be one of {', '.join(FORMS)}")
        for name in ("path", "query", "content"):
            try:
                re.compile(options.get(name, ""))
            except re.error as error:
                raise FaultError(f"{name} is no regular expression: {error}") from error
        named = ("times", "skip", "path", "query", "methods", "content")
        rest = {k: v for k, v in options.items() if k not in named}
        self.waiting.append(
            Fault(
                kind,
                options.get("times", 1),
                options.get("skip", 0),
                options.get("path", ""),
                options.get("query", ""),
                tuple(options.get("methods", ())),
                options.get("content", ""),
                rest,
            )
        )

    def take(
        self, kinds: t.Container[str], method: str = "GET", path: str = "", query: str = "", body: t.Any = None
    ) -> Fault | None:
        """The first fault of these kinds that fits the request, which uses it up."""
        for fault in self.waiting:
            if fault.kind not in kinds or not fault.matches(method, path, query, body):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
            return fault
        return None

    def clear(self) -> None:
        self.waiting.clear()

    def pending(self) -> list[dict[str, t.Any]]:
        return [dataclasses.asdict(fault) for fault in self.waiting]
