# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Graph as modules see it: plain dicts in, plain dicts out, a Failure for everything that goes wrong.

Sources: Microsoft Graph, "Best practices", "Paging", "Throttling guidance", "Advanced query capabilities".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import json
import typing as t
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence

from ...result import Failure
from . import errors, odata, retry, tokens
from .answers import OddAnswer, json_of, text_of
from .approval import Approvals, Headers
from .approval_requests import intune_write
from .batch import BatchAnswer, BatchAnswers, Item, batch_with_approvals, run_batch
from .errors import Purpose
from .failures import RequestFailure
from .fields import ANY_OBJECT, Kind, page_of, read_as
from .libraries import httpx
from .lists import ListReader
from .memory import Memory
from .network import network_failure
from .pages import Pages
from .retry import Waits
from .session import Session
from .trace import GraphTrace

#: Some calls demand one (BitLocker keys); it also tells the tenant who called.
USER_AGENT = "winops.entra (Ansible)"
Query = Mapping[str, str | int | bool]


class GraphClient:
    """Requests of one task. In check mode it refuses to send anything that would change the tenant. A ``trace`` is
    told of every request. ``memory`` knows what this controller has made in the tenant, ``approvals`` what a task says
    of Multi Admin Approval of Intune; without it nobody is asked to approve a change.

    Methods take a path (``odata.path``), a Purpose for messages, a query (names with ``$``, values unescaped), the API
    version, the kind (``fields``) by which the answer is checked, and ``eventual`` for advanced queries
    (ConsistencyLevel; the caller adds ``$count``). They raise GraphFailure (with ``status`` and ``code``) where Graph
    refuses or what answered cannot be read, RequestFailure where nothing answers, Failure where nobody can sign in.
    """

    def __init__(
        self,
        session: Session,
        waits: Waits,
        check_mode: bool = False,
        trace: GraphTrace | None = None,
        memory: Memory | None = None,
        approvals: Approvals | None = None,
    ) -> None:
        self.session = session
        self.waits = waits
        self.check_mode = check_mode
        session.network.waits = waits
        self.trace = trace
        self.memory = memory or Memory()
        self.approvals = approvals

    def require_delegated(self, what: str, permission: str) -> None:
        """Failure, before the first call, where the credential is an application's and only a user may ``what``."""
        tokens.require_delegated(self.session.tokens, self.session.settings, what, permission)

    @contextlib.contextmanager
    def asking_nobody(self) -> Iterator[None]:
        """For writes that are not worth an administrator's time: where they need an approval, they are refused."""
        approvals, self.approvals = self.approvals, None
        try:
            yield
        finally:
            self.approvals = approvals

    # --- reading ---

    def get(
        self, path: str, purpose: Purpose, query: Query | None = None, version: str = "v1.0", kind: Kind = ANY_OBJECT
    ) -> dict:
        """One object, of this kind."""
        return read_as(kind, self._call("GET", self.url(path, query, version), purpose), purpose)

    def find(
        self, path: str, purpose: Purpose, query: Query | None = None, version: str = "v1.0", kind: Kind = ANY_OBJECT
    ) -> dict | None:
        """One object, None where Graph says 404."""
        try:
            return self.get(path, purpose, query, version, kind)
        except errors.GraphFailure as refused:
            if refused.says_absent:
                return None
            raise

    def list(
        self,
        path: str,
        purpose: Purpose,
        query: Query | None = None,
        version: str = "v1.0",
        eventual: bool = False,
        kind: Kind = ANY_OBJECT,
        before_page: Callable[[], None] | None = None,
    ) -> Iterator[dict]:
        """All objects of a collection, each of this kind and once, page by page as they are consumed. ``before_page``
        is called before each page is asked for; what it raises ends the list.

        RequestFailure for a next page that is not on the configured Graph, before any request goes there, and for a
        list without an end.
        """
        return self._reader(purpose, eventual, kind, before_page).rows(self.url(path, query, version))

    def batch(self, items: Sequence[Item], version: str = "v1.0") -> BatchAnswers:
        """Many requests, 20 in one, in the order of ``items``. An item that fails is a BatchAnswer with a failure.

        Throttled items are sent again after their own Retry-After. Items that are not GET are refused in check mode.
        A single item is sent as it is.
        """
        for item in items:
            self._guard(item.method, item.reads)
        if len(items) == 1:
            return [self._alone(items[0], version)]
        if self.approvals is None:
            return run_batch(self, items, version)
        return batch_with_approvals(self, self.approvals, items, version)

    def rows_of(self, item: Item, answer: BatchAnswer, version: str = "v1.0") -> Iterator[t.Any]:
        """As ``list``, of a list (an Item with ``row_kind``) whose first page was asked for in a batch."""
        first = answer.require()
        reader = self._reader(item.purpose, item.eventual, item.row_kind or ANY_OBJECT)
        return reader.rows(self.url(item.path, item.query, version), first, again=item.method == "GET")

    def _reader(
        self, purpose: Purpose, eventual: bool, kind: Kind, before_page: Callable[[], None] | None = None
    ) -> ListReader:
        headers, page_kind = _consistency(eventual), page_of(kind)

        def ask(url: str) -> dict:
            if before_page is not None:
                before_page()
            return read_as(page_kind, self._call("GET", url, purpose, None, headers), purpose)

        return ListReader(
            purpose,
            ask,
            lambda: Pages(purpose, self.session.origin, self.waits),
            self.waits.tell,
        )

    def _alone(self, item: Item, version: str) -> BatchAnswer:
        """A write that gets no answer raises, as a whole batch of writes does: nobody knows whether it arrived."""
        url, headers = self.url(item.path, item.query, version), _consistency(item.eventual)
        try:
            body = self._call(item.method, url, item.purpose, item.body, headers, item.reads, item.repeatable)
            return BatchAnswer(200, item.checked(body))
        except RequestFailure as failed:
            if not (item.changes_nothing or isinstance(failed, errors.GraphFailure)):
                raise
            return BatchAnswer(failed.status, None, failed)

    # --- writing ---

    def post(
        self,
        path: str,
        body: t.Any,
        purpose: Purpose,
        version: str = "v1.0",
        reads: bool = False,
        repeatable: bool = False,
    ) -> dict | None:
        """Create, or call an action. ``reads``: it changes nothing, and is sent in check mode too. ``repeatable``:
        twice does no harm, so that it may be sent again when nobody knows whether it arrived."""
        return self._call("POST", self.url(path, None, version), purpose, body, {}, reads, repeatable or reads)

    def put(self, path: str, body: dict, purpose: Purpose, version: str = "v1.0") -> dict | None:
        return self._call("PUT", self.url(path, None, version), purpose, body)

    def patch(self, path: str, body: dict, purpose: Purpose, version: str = "v1.0") -> dict | None:
        return self._call("PATCH", self.url(path, None, version), purpose, body)

    def delete(self, path: str, purpose: Purpose, version: str = "v1.0") -> None:
        """Delete; an object that is gone already is fine."""
        try:
            self._call("DELETE", self.url(path, None, version), purpose)
        except errors.GraphFailure as refused:
            if not refused.says_absent:
                raise

    # --- one request ---

    @property
    def cloud_graph(self) -> str:
        """The address by which objects are referred to (``@odata.id``): the cloud's own, wherever requests really
        go."""
        return self.session.settings.scope.removesuffix("/.default")

    def url(self, path: str, query: Query | None, version: str) -> str:
        return f"{self.session.settings.graph_url}/{version}{path}{odata.query(query)}"

    def _guard(self, method: str, reads: bool) -> None:
        if self.check_mode and method != "GET" and not reads:
            raise AssertionError(f"a {method} in check mode: a fault of this collection, nothing was sent")

    def _call(
        self,
        method: str,
        url: str,
        purpose: Purpose,
        body: t.Any = None,
        headers: dict | None = None,
        reads: bool = False,
        repeatable: bool | None = None,
    ) -> dict | None:
        self._guard(method, reads)
        write = intune_write(method, url, body, reads, purpose.what)
        if write is None or self.approvals is None:
            return self._request(method, url, purpose, body, headers, reads, repeatable)

        def send(added: Headers) -> dict | None:
            return self._request(method, url, purpose, body, {**(headers or {}), **added}, reads, repeatable)

        return self.approvals.carry_out_one(self, write, send)

    def _request(
        self,
        method: str,
        url: str,
        purpose: Purpose,
        body: t.Any,
        headers: t.Mapping[str, str] | None,
        reads: bool,
        repeatable: bool | None,
    ) -> dict | None:
        sent = {
            "Accept": "application/json",
            "client-request-id": str(uuid.uuid4()),
            "User-Agent": USER_AGENT,
            **(headers or {}),
        }
        content = None if body is None else json.dumps(body).encode()
        again = method != "POST" if repeatable is None else repeatable
        parts = len(body["requests"]) if self.trace and url.endswith("/$batch") else 0
        response = self._send(method, url, sent, content, purpose, again, reads or method == "GET", parts)
        if response.is_success:
            return _parsed(response, purpose)
        raise self.refused(response.status_code, response.headers, _leniently(response.content), purpose, method, url)

    def refused(
        self, status: int, headers: t.Mapping[str, str], body: t.Any, purpose: Purpose, method: str, url: str
    ) -> errors.GraphFailure:
        """The failure of an answer to this request that is a refusal; ``url`` may be a path."""
        from .error_bodies import read_error
        from .held_permissions import call_of
        from .refused_requests import refused_request

        return refused_request(read_error(status, headers, body), purpose, self.session.caller, call_of(method, url))

    def _send(
        self,
        method: str,
        url: str,
        headers: dict,
        content: bytes | None,
        purpose: Purpose,
        repeatable: bool,
        reads: bool,
        parts: int,
    ) -> t.Any:
        """The last answer, after as many attempts as make sense."""
        attempt, renewed = 1, False
        while True:
            started = self.waits.clock()
            response, failed = None, None
            try:
                response = self.session.send(method, url, headers, content)
            except httpx.RequestError as exc:
                failed = exc
            except OddAnswer as odd:
                raise errors.unreadable(purpose, str(odd)) from None
            except httpx.InvalidURL:
                raise _too_long(purpose) from None
            took = self.waits.clock() - started
            if response is None or not response.is_success:
                self.waits.lose(took)
            status = response.status_code if response is not None else None
            seconds, new_token = None, response is not None and not renewed and _refuses_the_token(response)
            if not new_token and (response is None or not response.is_success):
                seconds = retry.pause(
                    attempt,
                    status,
                    response.headers.get("Retry-After") if response is not None else None,
                    repeatable,
                    unsent=isinstance(failed, (httpx.ConnectError, httpx.ConnectTimeout)),
                    reads=reads,
                )
            if self.trace is not None:
                then = "asks for a new token" if new_token else self.waits.described(seconds)
                request_id = response.headers.get("request-id") if response is not None else None
                self.trace.exchange(method, url, parts, status or type(failed).__name__, request_id, took, then)
            if new_token and response is not None:
                self.session.tokens.renew(response.extensions["challenge"])
                renewed = True
                continue
            if seconds is None or not self.waits.wait(
                seconds, f"could not yet {purpose.what} ({status or 'no answer'})"
            ):
                if failed is not None:
                    raise network_failure(failed, purpose.what, RequestFailure) or failed from None
                return response
            attempt += 1


def _consistency(eventual: bool) -> dict[str, str]:
    return {"ConsistencyLevel": "eventual"} if eventual else {}


def _parsed(response: t.Any, purpose: Purpose) -> dict | None:
    if not response.content:
        return None
    try:
        body = json_of(response.content)
    except ValueError as exc:
        raise errors.unreadable(purpose, f"no JSON: {exc}", response.status_code) from None
    if not isinstance(body, dict):
        raise errors.unreadable(purpose, "no JSON object", response.status_code)
    return body


def _refuses_the_token(response: t.Any) -> bool:
    if response.status_code != 401:
        return False
    from .refused_requests import refuses_the_token

    return refuses_the_token(401, response.headers, _leniently(response.content))


def _leniently(content: bytes) -> t.Any:
    try:
        return json_of(content)
    except ValueError:
        return text_of(content, errors.LONGEST_EVIDENCE * 2)


def _too_long(purpose: Purpose) -> Failure:
    cause, fix = "what is asked for makes no address that can be sent", "correct the name or id; it may be too long"
    return Failure(
        f"could not {purpose.what}: {cause}; {fix}", side="controller", name="bad_request", cause=cause, fix=fix
    )
