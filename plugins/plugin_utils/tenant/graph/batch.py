# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON batching: many requests in one, each with its own status.

Source: Microsoft Graph, "Combine multiple HTTP requests using JSON batching": at most 20 in one, answers in any order,
each throttled by itself with its own Retry-After; a failed dependency is 424.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from . import errors, odata, retry
from .answers import CHALLENGE, LONGEST_HEADER
from .approval import Approvals, Headers
from .approval_requests import intune_write
from .errors import Purpose
from .failures import RequestFailure
from .fields import ANY_OBJECT, TEXT, Kind, Misfit, list_of, needed, object_of, page_of, read_as
from .session import Session
from .tokens import demanded
from .trace import GraphTrace

if t.TYPE_CHECKING:
    from .client import GraphClient

LARGEST = 20


class Sender(t.Protocol):
    """What a batch needs of a Graph client."""

    session: Session
    waits: retry.Waits
    trace: GraphTrace | None

    def post(
        self,
        path: str,
        body: t.Any,
        purpose: Purpose,
        version: str = "v1.0",
        reads: bool = False,
        repeatable: bool = False,
    ) -> dict | None:
        """Send one request; as client.GraphClient does."""

    def refused(
        self, status: int, headers: Mapping[str, str], body: t.Any, purpose: Purpose, method: str, url: str
    ) -> errors.GraphFailure:
        """The failure of an answer to this request that is a refusal."""


@dataclasses.dataclass(frozen=True)
class Item:
    """One request of a batch. ``reads``: a POST that changes nothing; ``idempotent``: one that adds what may be there
    already, so that twice does no harm; ``once``: whatever its method, it is not sent again when nobody knows whether
    it arrived. ``kind`` is what its answer is checked by, ``row_kind`` each object of one that is a list; without them
    nobody reads the answer. ``headers`` are those of this request alone."""

    method: str
    path: str
    purpose: Purpose
    query: Mapping[str, str | int | bool] | None = None
    body: t.Any = None
    eventual: bool = False
    reads: bool = False
    idempotent: bool = False
    once: bool = False
    kind: Kind | None = None
    row_kind: Kind | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def checked(self, body: t.Any) -> dict | None:
        """The body of its answer as it may be read. GraphFailure for one that cannot be."""
        kind = self.kind if self.row_kind is None else page_of(self.row_kind)
        if kind is not None:
            return read_as(kind, body, self.purpose)
        return body if isinstance(body, dict) else None

    @property
    def changes_nothing(self) -> bool:
        return self.method == "GET" or self.reads

    @property
    def repeatable(self) -> bool:
        return not self.once and (self.method != "POST" or self.reads or self.idempotent)

    def as_request(self, number: int) -> dict:
        headers = {"Content-Type": "application/json", **self.headers} if self.body is not None else {**self.headers}
        if self.eventual:
            headers["ConsistencyLevel"] = "eventual"
        request: dict[str, t.Any] = {
            "id": str(number),
            "method": self.method,
            "url": self.path + odata.query(self.query),
        }
        if headers:
            request["headers"] = headers
        if self.body is not None:
            request["body"] = self.body
        return request


@dataclasses.dataclass(frozen=True)
class BatchAnswer:
    """What came for an item: ``body`` (None where empty), or a ``failure``. ``status`` is 0 where nothing came for a
    single one."""

    status: int
    body: dict | None = None
    failure: RequestFailure | None = None

    @property
    def says_absent(self) -> bool:
        """Whether it says that there is no such object."""
        return self.failure is not None and self.failure.says_absent

    def require(self) -> dict:
        """The body; raises the failure."""
        if self.failure is not None:
            raise self.failure
        return self.body or {}


#: In the order of the items that were sent.
BatchAnswers = list[BatchAnswer]


def run_batch(client: Sender, items: Sequence[Item], version: str) -> BatchAnswers:
    """The answers, in the order of the items. Failure where a whole batch fails."""
    answers: dict[int, BatchAnswer] = {}
    for start in range(0, len(items), LARGEST):
        _run_chunk(client, {n: items[n] for n in range(start, min(start + LARGEST, len(items)))}, version, answers)
    return [answers[number] for number in range(len(items))]


def batch_with_approvals(
    client: GraphClient, approvals: Approvals, items: Sequence[Item], version: str
) -> BatchAnswers:
    """As ``run_batch``, where writes to Intune may need a second administrator: those are asked for, waited for
    together, and sent again when they are approved."""
    answers: dict[int, BatchAnswer] = {}
    writes = {
        number: write
        for number, item in enumerate(items)
        if (write := intune_write(item.method, item.path, item.body, item.reads, item.purpose.what)) is not None
    }

    def send(headers: Mapping[int, Headers]) -> dict[int, RequestFailure | None]:
        numbers = sorted([*headers, *(n for n in range(len(items)) if n not in writes and n not in answers)])
        parts = [dataclasses.replace(items[n], headers={**items[n].headers, **headers.get(n, {})}) for n in numbers]
        answers.update(zip(numbers, run_batch(client, parts, version)))
        return {number: answers[number].failure for number in headers}

    for number, failure in approvals.carry_out(client, writes, send).items():
        if failure is not None and number in writes:
            answers[number] = BatchAnswer(failure.status, None, failure)
    return [answers[number] for number in range(len(items))]


def _run_chunk(client: Sender, waiting: dict[int, Item], version: str, answers: dict[int, BatchAnswer]) -> None:
    attempt, renewed = 1, False
    while waiting:
        began = client.waits.began()
        rows = _exchange(client, waiting, version)
        pauses: list[float] = []
        again: dict[int, Item] = {}
        challenges: list[str] = []
        for number, item in waiting.items():
            if number not in rows:
                answers[number] = BatchAnswer(0, None, _incomplete(item.purpose, 1, len(waiting)))
                continue
            status, retry_after = rows[number]["status"], rows[number]["headers"].get("retry-after")
            if status == 401 and not renewed and _refuses_the_token(rows[number]):
                challenges.append(rows[number]["headers"].get(CHALLENGE, ""))
                again[number] = item
                if client.trace is not None:
                    client.trace.part(item.method, item.path, status, None, "asks for a new token")
                continue
            seconds = (
                None
                if 200 <= status < 300
                else retry.pause(attempt, status, retry_after, item.repeatable, reads=item.changes_nothing)
            )
            if seconds is not None and seconds <= client.waits.left:  # One that asks for more keeps no other waiting.
                pauses.append(seconds)
                again[number] = item
            answers[number] = answer = _answer(client, item, rows[number])
            if client.trace is not None and answer.failure is not None:
                request_id = answer.failure.error["request_id"]
                client.trace.part(item.method, item.path, status, request_id, client.waits.described(seconds))
        if challenges:
            client.session.tokens.renew(next(filter(demanded, challenges), ""))
            renewed = True
        if pauses:
            client.waits.lose(client.waits.took(began))
        if pauses and not client.waits.wait(
            max(pauses), f"{len(pauses)} of {len(waiting)} requests are to be repeated"
        ):
            # What has an answer keeps it; what was refused for its token still gets its second attempt.
            again = {number: item for number, item in again.items() if number not in answers}
        attempt += 1
        waiting = again


def _exchange(client: Sender, items: dict[int, Item], version: str) -> dict[int, dict]:
    """The answers by number. Some of reads may be missing; Failure where none is there, or that of a write is not."""
    purpose = _common_purpose(list(items.values()))
    body = {"requests": [item.as_request(number) for number, item in items.items()]}
    reads = all(item.changes_nothing for item in items.values())
    repeatable = all(item.repeatable for item in items.values())
    answer = client.post("/$batch", body, purpose, version, reads=reads, repeatable=repeatable)
    answered = read_as(_ENVELOPE, answer, purpose)["responses"]
    rows = {row["id"].lower(): row for row in answered}
    if len(rows) < len(answered):
        raise errors.unreadable(purpose, "one request of a batch has two answers")
    missing = [number for number in items if str(number) not in rows]
    if len(missing) == len(items) or not all(items[number].changes_nothing for number in missing):
        raise _incomplete(purpose, len(missing), len(items))
    return {number: rows[str(number)] for number in items if str(number) in rows}


def _incomplete(purpose: Purpose, missing: int, asked: int) -> RequestFailure:
    cause, fix = f"{missing} of {asked} answers of a batch are missing", "run the task again"
    return RequestFailure(
        f"could not {purpose.what}: {cause}; {fix}", "tenant", name="incomplete_batch", cause=cause, fix=fix
    )


def _status(value: t.Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 100 <= value <= 599:
        raise Misfit("is not a status")
    return value


def _row(value: t.Any) -> dict[str, t.Any]:
    """The answer to one request; ``headers`` are texts by names in lower case, as long as those of an answer."""
    checked = _ROW(value)
    headers = checked.get("headers") or {}
    texts = {name.lower(): text[:LONGEST_HEADER] for name, text in headers.items() if isinstance(text, str)}
    return {**checked, "headers": texts}


_ROW = object_of({"id": needed(TEXT), "status": _status, "headers": ANY_OBJECT})
_ENVELOPE = object_of({"responses": needed(list_of(_row))})


def _refuses_the_token(row: dict[str, t.Any]) -> bool:
    from .refused_requests import refuses_the_token

    return refuses_the_token(row["status"], row["headers"], row.get("body"))


def _answer(client: Sender, item: Item, row: dict[str, t.Any]) -> BatchAnswer:
    status, body = row["status"], row.get("body")
    if not 200 <= status < 300:
        refused = client.refused(status, row["headers"], body, item.purpose, item.method, item.path)
        return BatchAnswer(status, None, refused)
    try:
        return BatchAnswer(status, item.checked(body))
    except errors.GraphFailure as odd:
        return BatchAnswer(status, None, odd)


def _common_purpose(items: list[Item]) -> Purpose:
    first = items[0].purpose
    return first if len(items) == 1 else Purpose(f"{first.what} and {len(items) - 1} more", first.permissions)
