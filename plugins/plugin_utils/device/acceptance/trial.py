# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One trial: an operation that is tried on a device, what was wrong with its answers, and what may be told of them.

What a trial keeps for the report are sentences of this collection's own, numbers, and yes or no. What the device said
is looked at here and forgotten: it may name machines, people and tenants.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import shapes, wire
from ..answers import WRONG_SHAPE, Answer, Result
from ..codes.hresult import error_code
from ..operations import VOCABULARY
from ..reading import Unreadable
from ..session import ConnectionLost, DeviceSession
from ..waiting import Deadline, Progress, Waiter
from .system import System

RAN, FAILED, NOT_POSSIBLE = "ran", "failed", "not_possible"
LOST = "the connection to the device was lost"


class NotPossible(Exception):
    """The operation cannot be tried here; the text is one of our own sentences."""


class Failed(Exception):
    """What is wrong has been noted; there is nothing more to look at in this trial."""


@dataclasses.dataclass
class Ground:
    """What all trials of a run share. ``notes`` is what one trial learns for a later one."""

    session: DeviceSession
    system: System
    progress: Progress
    deadline: Deadline
    poll_interval: float
    notes: dict[str, t.Any] = dataclasses.field(default_factory=dict)

    def waiter(self, seconds: float) -> Waiter:
        """One that waits so long at most, and no longer than the whole run may."""
        left = max(0.0, self.deadline.seconds - self.deadline.elapsed)
        return Waiter(self.session, self.progress, self.poll_interval, Deadline(min(seconds, left)))


class Trial:
    """One operation's trial. ``seconds`` counts the exchanges with the device, from the controller's side.

    ``evidence`` is for the screen of whoever runs it, never for the report: what the device said of a failure.
    """

    def __init__(self, operation: str, ground: Ground) -> None:
        self.operation = operation
        self.ground = ground
        self.status = RAN
        self.why: str | None = None
        self.checks = 0
        self.problems: list[str] = []
        self.seen: dict[str, int | bool | None] = {}
        self.seconds = 0.0
        self.evidence: list[dict] = []

    def run(self, work: t.Callable[[Trial], None]) -> None:
        """Do the work and set the status. Raises ConnectionLost, with the status set to failed."""
        try:
            work(self)
        except NotPossible as exc:
            self.status, self.why = NOT_POSSIBLE, str(exc)
        except Failed:
            pass
        except wire.WireError as exc:
            self.problem("the device gave no readable answer", {"error": type(exc).__name__, "said": str(exc)})
        except (Unreadable, LookupError, TypeError, ValueError, AttributeError) as exc:
            # Shapes cannot say everything: what trips a trial all the same is a wrong answer, or a fault of the trial.
            self.problem("the answer is inconsistent", {"error": type(exc).__name__, "said": str(exc)})
        except ConnectionLost as exc:
            self.problem(LOST, {"error": type(exc).__name__, "said": str(exc)})
            raise
        finally:
            if self.problems:
                self.status, self.why = FAILED, self.problems[0]

    # --- asking -------------------------------------------------------------------------------------------------------

    def results(self, **operations: dict) -> Answer:
        """The results of operations, whatever they are."""
        start = self.ground.deadline.elapsed
        try:
            return self.ground.session.run(operations)
        finally:
            self.seconds += self.ground.deadline.elapsed - start

    def values(self, **operations: dict) -> dict[str, dict]:
        """The values of operations that must succeed, each in the shape that the vocabulary says. Raises Failed."""
        answer = self.results(**operations)
        return {name: self.value(answer[name], operation["op"], name) for name, operation in operations.items()}

    def value(self, result: Result, operation: str, name: str) -> dict:
        """The value of one result, checked as in ``values``."""
        self.checks += 1
        if not result.ok:
            misshapen = (result.error or {}).get("type") == WRONG_SHAPE
            what = "answers in another shape than the vocabulary says" if misshapen else f"failed{_code(result)}"
            self.problem(f"{name}: {operation} {what}", dict(result.error or {}))
            raise Failed
        if _has_more(result.value, VOCABULARY["operations"][operation]["returns"]):
            self.problem(f"{name}: {operation} answers more than the vocabulary says")
            raise Failed
        return result.value

    def answer(self, value, name: str) -> dict:
        """The answer that operations in a job gave, held against the vocabulary. Raises Failed."""
        self.checks += 1
        if value is None:
            self.problem(f"{name}: there is no answer")
            raise Failed
        found = shapes.misfit(value, VOCABULARY["answer"], name)
        if found or _has_more(value, VOCABULARY["answer"]):
            self.problem(f"{name}: the answer has another shape than the vocabulary says", {"said": found})
            raise Failed
        return value

    # --- judging ------------------------------------------------------------------------------------------------------

    def check(self, sentence: str, holds: bool) -> None:
        """Note ``sentence``, which says how it should be, as a problem unless it holds."""
        self.checks += 1
        if not holds:
            self.problem(f"not so: {sentence}")

    def refused(self, sentence: str, result: Result, *types: str) -> None:
        """The operation must have failed, with one of these .NET types (the end of the name; any where none is
        given)."""
        kind = (result.error or {}).get("type")
        named = isinstance(kind, str) and (not types or kind.endswith(types))
        self.check(sentence, not result.ok and named)
        if not result.ok and not named:
            self.evidence.append(dict(result.error or {}))

    def tell(self, **facts: int | bool | None) -> None:
        """Put into the report what was seen: counts and yes or no, never a text."""
        for name, fact in facts.items():
            if fact is not None and not isinstance(fact, int):
                raise TypeError(f"{name} is neither a number nor a yes or no")
            self.seen[name] = fact

    def problem(self, sentence: str, evidence: dict | None = None) -> None:
        self.problems.append(sentence)
        if evidence:
            self.evidence.append(evidence)


def _code(result: Result) -> str:
    code = error_code(result.error)
    return f" ({code})" if code else ""


def _has_more(value, shape) -> bool:
    """Whether a value of this shape has members that the shape does not name."""
    if isinstance(shape, list):
        return any(_has_more(item, shape[0]) for item in value)
    if not isinstance(shape, dict) or value is None:
        return False
    if "*" in shape:
        return any(_has_more(item, shape["*"]) for item in value.values())
    known = {name.rstrip("?"): inner for name, inner in shape.items()}
    return not set(value) <= set(known) or any(_has_more(item, known[name]) for name, item in value.items())
