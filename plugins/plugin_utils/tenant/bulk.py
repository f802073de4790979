# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes to many objects: 20 in one request, an outcome for each, and a look at what became of those in doubt.

A module makes one Write an object, hands them to ``carry_out`` with a function that tells which do not show yet, and
asks ``partly_done`` for the failure of those that are not done.

Sources: Microsoft Graph, "Combine multiple HTTP requests using JSON batching"; what Graph says of a write that was done
before is in ``graph/consistency.py``.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Collection, Mapping, Sequence

from ..result import Failure
from ..task import Task
from .graph.batch import LARGEST, BatchAnswer, Item
from .graph.consistency import not_shown, says_done_before, settle
from .graph.failures import RequestFailure
from .graph.retry import AGAIN_FOR_READS, UNSURE

CHANGED, FAILED, UNKNOWN, SKIPPED = BATCH_OUTCOMES = ("changed", "failed", "unknown", "skipped")
#: A line of progress at most so often.
TELL_SECONDS = 20.0

#: Keys that do not show yet; with the failure where nobody knows whether one does.
StillPending = Mapping[str, RequestFailure | None]
#: Of these keys, those that do not show yet. It reads only; Failure where it cannot.
Pending = Callable[[list[str]], Collection[str] | StillPending]


class Told(t.Protocol):
    """What is told of one of many in the end: a Write, or what stands for several of them."""

    @property
    def what(self) -> str: ...

    @property
    def outcome(self) -> str: ...

    @property
    def failure(self) -> Failure | None: ...


@dataclasses.dataclass
class Write:
    """One write and what became of it.

    ``key`` is the id by which a look finds it, ``what`` a noun phrase, ``changes`` what it changes as (what, before,
    after). ``outcome``: skipped (not sent), changed (accepted), failed, unknown (sent, and nobody knows whether it was
    executed). ``failure`` is why it is not done; of a changed one, why it is not known to show. ``forbidden_fix`` is
    what to do where Graph forbids it without a reason. ``done_before``: Graph says that there is something of the kind
    already, so that it is done if a look shows it, and failed if not.
    """

    key: str
    what: str
    item: Item
    changes: list[tuple[str, t.Any, t.Any]]
    forbidden_fix: str | None = None
    outcome: str = SKIPPED
    failure: Failure | None = None
    done_before: bool = False

    @property
    def error(self) -> dict | None:
        """The failure as modules return it."""
        return None if self.failure is None else as_error(self.failure)


def as_error(failure: Failure) -> dict:
    """The failure of one of many as modules return it: the fields of an error, and its sentence."""
    return {**failure.error, "msg": failure.msg}


def carry_out(task: Task, writes: Sequence[Write], pending: Pending, what: str, version: str = "v1.0") -> bool:
    """Send the writes and wait until they show. False where the connection broke and left some undone or in doubt, so
    that nothing more should be tried.

    No refusal of one write is raised: outcomes and failures are kept in the writes.
    """
    broken = send(task, writes, version, what=what)
    confirm(task, writes, pending, what, broken)
    return broken is None or all(write.failure is None for write in writes)


def send(
    task: Task, writes: Sequence[Write], version: str = "v1.0", at_once: int = LARGEST, what: str = "the changes"
) -> Failure | None:
    """Send those that are not done, ``at_once`` in one request. What is accepted goes into the change set at once.

    The Failure of a connection or a service that broke: nothing is sent after it. In check mode nothing is sent at all,
    and every write is said to be changed.
    """
    rest = [write for write in writes if write.outcome != CHANGED]
    if task.check_mode:
        for write in rest:
            _done(task, write)
        return None
    tell = _progress(task, what, len(rest))
    for start in range(0, len(rest), at_once):
        part = rest[start : start + at_once]
        try:
            with task.changes.attempt([change for write in part for change in write.changes]):
                answers = task.client.batch([write.item for write in part], version)
        except Failure as broken:
            for write in part:
                write.outcome, write.failure = UNKNOWN, broken
            for write in rest[start + at_once :]:
                write.failure = broken
            return broken
        for write, answer in zip(part, answers):
            _settle_answer(task, write, answer)
        tell(start + len(part))
    return None


def confirm(task: Task, writes: Sequence[Write], pending: Pending, what: str, broken: Failure | None = None) -> None:
    """Wait until what was accepted shows everywhere; learn what became of writes whose answer never came.

    After a break there is one look and no waiting. What does not show in the end, or cannot be looked at, keeps its
    outcome and has a failure.
    """
    sent = [write for write in writes if write.outcome in (CHANGED, UNKNOWN)]
    if task.check_mode or not sent:
        return
    waiting = sent

    def look() -> list[Write]:
        nonlocal waiting
        missing = pending([write.key for write in waiting])
        unread = missing if isinstance(missing, Mapping) else {}
        for write in waiting:
            if write.outcome == UNKNOWN and write.key not in missing:
                _done(task, write)
            elif write.outcome == CHANGED:
                write.failure = unread.get(write.key)
        waiting = [
            write
            for write in waiting
            if write.key in missing
            and unread.get(write.key) is None
            and (write.outcome == CHANGED or write.done_before)
        ]
        return waiting

    try:
        if broken is None:
            settle(task.client.waits, look, lambda left: not left, what)
            return
        look()
        failure = not_shown(what)
    except Failure as failed:
        if broken is not None:  # The look broke as well: what was accepted was accepted.
            return
        failure = failed
    for write in waiting:
        if write.outcome == CHANGED:
            write.failure = failure
        elif failure.error["name"] == "not_shown":
            write.outcome = FAILED


def _settle_answer(task: Task, write: Write, answer: BatchAnswer) -> None:
    refused = answer.failure
    if refused is None or (write.item.method == "DELETE" and refused.says_absent):
        _done(task, write)
        return
    write.done_before = says_done_before(refused) and (write.item.idempotent or write.item.method == "DELETE")
    # What answered in Graph's place may have passed the write on.
    unsure = (
        write.done_before or answer.status in UNSURE | AGAIN_FOR_READS or refused.error["name"] == "unreadable_answer"
    )
    write.outcome, write.failure = UNKNOWN if unsure else FAILED, refused
    if refused.error["name"] == "forbidden" and write.forbidden_fix is not None:
        refused.error["fix"] = write.forbidden_fix


def _done(task: Task, write: Write) -> None:
    write.outcome, write.failure = CHANGED, None
    for what, before, after in write.changes:
        task.changes.add(what, before, after)


def _progress(task: Task, what: str, total: int) -> Callable[[int], None]:
    clock = task.client.waits.clock
    last_told = clock()

    def tell(done: int) -> None:
        nonlocal last_told
        if done < total and clock() - last_told >= TELL_SECONDS:
            last_told = clock()
            task.show(f"{what}: {done} of {total} sent")

    return tell


# --- what is told of them ---


def counts(writes: Sequence[Write]) -> str:
    """Such as "2 changed, 1 failed"."""
    found = {outcome: sum(write.outcome == outcome for write in writes) for outcome in BATCH_OUTCOMES}
    return ", ".join(f"{count} {outcome}" for outcome, count in found.items() if count)


def first_failure(writes: Sequence[Told]) -> Failure | None:
    """The failure to name first: that of a write which Graph refused, else of one in doubt."""
    refused = [write.failure for write in writes if write.failure is not None and write.outcome == FAILED]
    return next(iter(refused), None) or next((write.failure for write in writes if write.failure is not None), None)


def partly_done(writes: Sequence[Told], cause: str, again: str, doc: str | None = None) -> Failure | None:
    """The Failure of writes that are not all done, None where they are.

    ``cause`` says what is not done, ``again`` completes "then run the task again". Where all were accepted and only do
    not show, it is that failure.
    """
    troubled = [(write, write.failure) for write in writes if write.failure is not None]
    if not troubled:
        return None
    if all(write.outcome == CHANGED for write in writes):
        return troubled[0][1]
    error = (first_failure(writes) or troubled[0][1]).error
    cause = f"{cause}: {error['cause']}"
    fix = f"{error['fix']}; then run the task again{again}"
    return Failure(
        f"{cause}; {fix}",
        side=str(error["side"]),
        name="partly_done",
        code=error["code"],
        cause=cause,
        fix=fix,
        evidence=[f"{write.what}: {write.outcome}, {failure.error['cause']}" for write, failure in troubled],
        request_id=error["request_id"],
        permissions=error["permissions"],
        doc=doc or error["doc"],
    )


def refused(name: str, cause: str, evidence: list[str], fix: str, doc: str) -> Failure:
    """The Failure of a list that is refused as a whole, before anything of it is written."""
    return Failure(
        f"{cause}; nothing was changed; {fix}",
        side="tenant",
        name=name,
        cause=cause,
        fix=fix,
        evidence=evidence,
        doc=doc,
    )
