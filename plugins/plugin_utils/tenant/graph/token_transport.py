# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to the token service: azure-identity's requests go through the same door as those to Graph.

Its own transport would sleep for as long as a Retry-After says, read whatever is sent, and wait as long again for every
byte.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import json
import typing as t
from urllib.parse import urlencode, urlsplit

from ...environment import Environment
from ...result import Failure
from .answers import ACCEPTED_ENCODING, LARGEST_BODY, OddAnswer, json_of, text_of
from .door import CONNECT_SECONDS, READ_SECONDS, Network, open_door
from .libraries import azure_errors, httpx
from .retry import THROTTLED

#: Of an answer that is no JSON, which only people look at.
_SHOWN_BODY = 2000


class TokenTransport:
    """What azure-core calls a transport. ``begin`` before each token: a sign-in has as long as one wait of the task,
    however many requests it takes. ``status`` is that of the last answer."""

    def __init__(self, network: Network, trust: t.Any, environment: Environment, replaced: t.Any = None) -> None:
        self._network = network
        self._door: t.Any = None
        self._trust = trust
        self._environment = environment
        self._replaced = replaced
        self._end = 0.0
        self._lost: Exception | None = None
        self.status: int | None = None

    def begin(self) -> None:
        self.status, self._lost = None, None
        self._end = self._network.loop.time() + max(self._network.bound, self._network.waits.left)

    def send(self, request: t.Any, **options: t.Any) -> TokenAnswer:
        """One exchange, as azure-core's pipeline asks for it; errors are azure-core's."""
        left = self._end - self._network.loop.time()
        if left <= 0:
            raise _no_answer("timed out: the sign-in takes longer than the task's timeout")
        if self._door is None:
            self._door = open_door(self._trust, self._environment, self._replaced)
        try:
            answer = self._network.exchange(
                self._door.send(self._as_httpx(request, options)),
                str(urlsplit(str(request.url)).hostname),
                min(left, self._network.bound),
            )
        except httpx.RequestError as exc:
            unsent = isinstance(exc, (httpx.ConnectError, httpx.ConnectTimeout))
            kind = azure_errors.ServiceRequestError if unsent else azure_errors.ServiceResponseError
            self.status, self._lost = None, kind(_said(exc))
            raise self._lost from exc
        except (httpx.InvalidURL, OddAnswer) as exc:
            raise _unreadable(str(exc)) from exc
        self.status, self._lost = answer.status_code, None
        return TokenAnswer(request, answer)

    def _as_httpx(self, request: t.Any, options: dict[str, t.Any]) -> t.Any:
        body = getattr(request, "content", None) or getattr(request, "data", None)
        headers = {name: str(value) for name, value in request.headers.items() if name.lower() != "content-length"}
        seconds = httpx.Timeout(
            options.get("read_timeout") or READ_SECONDS, connect=options.get("connection_timeout") or CONNECT_SECONDS
        )
        if isinstance(body, dict):  # a form, whose values may be bytes
            body = urlencode(body, doseq=True).encode()
        headers["Accept-Encoding"] = ACCEPTED_ENCODING
        return self._door.build_request(request.method, request.url, headers=headers, timeout=seconds, content=body)

    def sleep(self, seconds: float) -> None:
        """What azure-core waits before it asks again. Where the task has not the time it is told why it would have to:
        the error of a lost connection, or a Failure."""
        if self._network.waits.wait(seconds, "the token service is to be asked again"):
            return
        if self._lost is not None:
            raise self._lost
        cause = f"the token service answered {self.status}, and is to be asked again in {seconds:.0f} s"
        fix = "run the task again then, or give it a longer timeout"
        name = "throttled" if self.status == THROTTLED else "service_unavailable"
        raise Failure(f"could not sign in: {cause}; {fix}", side="tenant", name=name, cause=cause, fix=fix)

    def open(self) -> None:
        """Nothing to open before the first request."""

    def close(self) -> None:
        """Connections live as long as the session."""

    def __enter__(self) -> TokenTransport:
        return self

    def __exit__(self, *_exception: t.Any) -> None:
        self.close()


class TokenAnswer:
    """An answer as azure-core and MSAL read it: JSON that is JSON, or a short text."""

    def __init__(self, request: t.Any, answer: t.Any) -> None:
        self.request = request
        self.status_code = answer.status_code
        self.reason = answer.reason_phrase
        self.headers = answer.headers
        try:
            self._text = json.dumps(json_of(answer.content)) if answer.content else ""
            self.content_type = "application/json"
        except ValueError:
            self._text = text_of(answer.content, _SHOWN_BODY)
            self.content_type = "text/plain"
        self.headers["content-type"] = self.content_type

    @property
    def content(self) -> bytes:
        return self.body()

    def body(self) -> bytes:
        return self._text.encode()[:LARGEST_BODY]

    def text(self, _encoding: str | None = None, encoding: str | None = None) -> str:
        return self._text

    def json(self) -> t.Any:
        return json.loads(self._text)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise azure_errors.HttpResponseError(response=self)


def _said(exc: Exception) -> str:
    return str(exc) or ("timed out" if isinstance(exc, httpx.TimeoutException) else type(exc).__name__)


def _no_answer(text: str) -> Exception:
    return azure_errors.ServiceResponseError(text)


def _unreadable(why: str) -> Failure:
    cause = f"what answered is not a token service ({why})"
    fix = "check authority, and whether a proxy or a login page answers in its place"
    return Failure(f"could not sign in: {cause}; {fix}", side="network", name="unreadable_answer", cause=cause, fix=fix)
