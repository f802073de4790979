# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on one device: what a join, a package, a leave and an MDM enrollment have in common.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ..progress import Deadline, Progress
from ..result import ChangeSet, Failure, Phases
from ..task import Task
from . import state
from .answers import Answer
from .facts import FACT_NAME, Facts, fact_name, told_facts
from .reading import FULL_TOKEN, STATE_UNREADABLE
from .requirements import JoinRefusal
from .session import DeviceSession
from .waiting import Waiter

#: For how long a device is asked what it is, or told to clean up, after a failure.
AFTERWARDS_SECONDS = 120


class DeviceWork:
    """One run of some work. ``changes``, ``phases`` and ``learned`` tell the truth at any moment, also when it raises.

    The plan has ``timeout`` and ``poll_interval`` in seconds. ``learned`` begins with what is so until something better
    is known.
    """

    def __init__(self, session: DeviceSession, plan: t.Any, progress: Progress, check_mode: bool) -> None:
        self.session = session
        self.plan = plan
        self.progress = progress
        self.check_mode = check_mode
        self.changes = ChangeSet()
        self.phases = Phases()
        self.learned: dict[str, t.Any] = {"outcome": "failed", "left_behind": []}
        self.fact_name = FACT_NAME
        self.waiter = self.new_waiter(plan.timeout)
        session.deadline = self.waiter.deadline

    def new_waiter(self, seconds: float) -> Waiter:
        return Waiter(self.session, self.progress, self.plan.poll_interval, Deadline(seconds))

    def as_facts(self, found: Facts) -> dict[str, t.Any]:
        """What Ansible is to keep of the device."""
        return {self.fact_name: told_facts(found, self.session.device)}

    def warn(self, *sentences: str | None) -> None:
        """Add warnings to the result, those that there are."""
        if told := [sentence for sentence in sentences if sentence]:
            self.learned["warnings"] = [*self.learned.get("warnings", []), *told]

    def refused(self, refusal: JoinRefusal, evidence: list | None = None) -> Failure:
        """The Failure of a refusal. What was changed before it is said, where there is something."""
        if self.changes.changed:
            sentence = "stopped before it went further (changes says what was done)"
        else:
            self.learned["outcome"] = "refused"
            sentence = "refused before anything changed"
        return refusal.failure(sentence, evidence)

    def unreadable(self, sentence: str, evidence: list | None = None) -> Failure:
        """The refusal of a device that does not say what must be known."""
        refusal = JoinRefusal(STATE_UNREADABLE, f"the device's state cannot be read: {sentence}", FULL_TOKEN)
        return self.refused(refusal, evidence)

    def require_readable(self, look: Answer, essential: Iterable[str]) -> None:
        """Nothing is decided by a look that lacks what must be known: refused is not absent."""
        names = tuple(name for name in essential if name in look.results)
        if sentences := state.refused_reads(look, names):
            raise self.unreadable(sentences[0], [{"problem": sentence} for sentence in sentences])


Work = t.TypeVar("Work", bound=DeviceWork)


def begin(task: Task, kind: type[Work], plan: t.Any) -> Work:
    """Work of this kind for a task, which from now on reports what the work learns and changes."""
    work = kind(task.session, plan, task.progress, task.check_mode)
    work.fact_name = fact_name(task)
    task.changes, task.phases, task.learned = work.changes, work.phases, work.learned
    return work
