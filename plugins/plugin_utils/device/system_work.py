# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that a device does as SYSTEM in steps, each judged by the device's state before and after it.

A step is a job with an id of its own that is the same on every run: a run that was cut off, by a lost connection, a
crash of the controller or an impatient timeout, leaves the job to its end, and the next run finds it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..result import Failure
from ..time_limit import TaskTimeUp
from . import jobs, left_behind, state, wire
from . import operations as op
from .answers import Answer, Result, within
from .codes.hresult import error_code
from .facts import Facts, read_facts
from .jobs import is_over, is_running, is_there
from .reading import Unreadable, known
from .reboot import NOT_BACK
from .session import ConnectionLost
from .waiting import connection_lost
from .work import AFTERWARDS_SECONDS, DeviceWork

STEP_JOBS = {
    name: jobs.job_id(name, "device")
    for name in ("hybrid_autojoin_stop", "enrollment_remove", "dsregcmd_leave", "mdm_auto_enroll", "remote_wipe")
}
STEP_JOB_SECONDS = 600
SHOWN_TEXT = 600
UNFINISHED = "unfinished"
OUTCOME_UNKNOWN = "unknown: the device stopped answering"


@dataclasses.dataclass(frozen=True)
class WorkStep:
    """One job. ``job`` is a name of JOBS, ``title`` what messages call it, ``phase`` what the result's phases do.

    ``changes`` holds (what, before, after); ``reached(answer)`` says whether the device is as it should be,
    ``gate(answer)`` raises Failure where the step must not be started, ``failure(answer)`` makes the Failure of one
    that has ended in vain. ``lasting`` work goes on after its job has ended: it is waited for until it is reached, or
    ``hopeless(answer)``. ``watch`` is looked at besides what the whole work watches. ``seconds`` is the job's limit.
    ``told(answer)`` are the warnings of a step that is done.
    """

    job: str
    phase: str
    title: str
    operations: list[dict]
    changes: list[tuple]
    reached: t.Callable[[Answer], bool]
    failure: t.Callable[[Answer], Failure]
    gate: t.Callable[[Answer], None] = lambda _answer: None
    lasting: bool = False
    hopeless: t.Callable[[Answer], bool] = lambda _answer: False
    watch: dict[str, dict] = dataclasses.field(default_factory=dict)
    seconds: int = STEP_JOB_SECONDS
    told: t.Callable[[Answer], list[str]] = lambda _answer: []


class SystemWork(DeviceWork):
    """One run of such work.

    A subclass names its ``jobs``, what each look at the device asks for in ``watch``, and which observations it cannot
    do without in ``essential``; and it implements ``work()``.
    """

    jobs: tuple[str, ...] = ()
    essential: tuple[str, ...] = state.ESSENTIAL
    jobs_before: t.Sequence[str] = ()
    begun = False
    """Whether this run has started a job, or may have."""
    watch: t.ClassVar[dict[str, dict]] = {}

    def run(self) -> dict:
        """Do the work. Returns the fields of the result beside changes and phases; raises Failure.

        A device that does not answer at all is a ConnectionLost; one that stops answering is a Failure.
        """
        try:
            return self._work_told()
        except (ConnectionLost, wire.WireError) as exc:
            if self.changes.changed:
                self._tell_jobs_unknown()
            if not self.session.exchanges or "ansible_facts" not in self.learned:
                raise
            raise connection_lost("the device stopped answering in the middle", exc, "the work") from exc
        except TaskTimeUp:
            if self.changes.changed and not self.check_mode:
                self._tell_jobs_unknown()
            raise

    def _work_told(self) -> dict:
        try:
            return self.work()
        except (Failure, Unreadable) as exc:
            failure = self.unreadable(str(exc)) if isinstance(exc, Unreadable) else exc
            if self.begun and failure.error["name"] == NOT_BACK:
                self._tell_jobs_unknown()
            elif self.begun:
                self._clean_up_after_failure()
            raise failure from exc.__cause__

    def work(self) -> dict:
        raise NotImplementedError

    # --- looking ------------------------------------------------------------------------------------------------------

    def first_look(self, *more: dict[str, dict]) -> Answer:
        """The first exchange: all facts, what is watched, every job, and ``more``. Refuses where state cannot be
        read."""
        operations = job_status(self.jobs) | state.observations() | self.watch
        for others in more:
            operations |= others
        with self.phases.phase("look"):
            look = self.session.run(operations)
            self.facts = read_facts(look)
        self.jobs_before = [job for job in self.jobs if is_there(look[job])]
        self.require_readable(look, self.essential)
        return look

    def wait_for_earlier_run(self, look: Answer) -> Answer:
        """Let the jobs of an earlier run end before anything is decided. Gives the newest look."""
        if not any(is_running(look[job]) for job in self.jobs):
            return look
        with self.phases.phase("earlier run"):
            ended = self.waiter.until(
                job_status(self.jobs) | self.watch,
                lambda a: not any(is_running(a[job]) for job in self.jobs),
                "waiting for what an earlier run has started",
            )
        if ended is None:
            raise unfinished("what an earlier run has started", self.plan.timeout)
        self.require_readable(ended, self.essential)
        return ended

    # --- doing --------------------------------------------------------------------------------------------------------

    def do(self, step: WorkStep, look: Answer) -> Answer:
        """Have one step done and see that the device is as it should be. Gives the newest look."""
        with self.phases.phase(step.phase):
            step.gate(look)
            for change in step.changes:
                self.changes.add(*change)
            try:
                with self.changes.attempt(step.changes):
                    answer = self._have_done(step, look)
            except Failure as failure:
                self._take_back(step)
                if failure.error["name"] == UNFINISHED:
                    self.changes.add(step.title, None, "continues; the next run finds it")
                raise
            except (ConnectionLost, wire.WireError):
                self._take_back(step)
                for what, before, _after in step.changes:
                    self.changes.add(what, before, OUTCOME_UNKNOWN)
                raise
        self.warn(*step.told(answer))
        return answer

    def _have_done(self, step: WorkStep, look: Answer) -> Answer:
        self.begun = True
        start = op.job_start(STEP_JOBS[step.job], step.operations, step.seconds)
        jobs.start(self.waiter, start, look[step.job], step.title)

        def ended(answer: Answer) -> bool:
            over = not step.lasting or _holds(step.reached, answer) or _holds(step.hopeless, answer)
            return over and not is_running(answer[step.job])

        # Jobs are asked for first: what is read after the end of one is final. Where it hangs, the state decides.
        self.waiter.until(job_status(self.jobs) | self.watch | step.watch, ended, f"waiting for {step.title}")
        last = self.waiter.last
        if _holds(step.reached, last):
            return last
        if is_running(last[step.job]):
            raise unfinished(step.title, self.plan.timeout)
        raise step.failure(last)

    def _take_back(self, step: WorkStep) -> None:
        for what, _before, _after in step.changes:
            self.changes.undo(what)

    def clean_up(self, look: Answer, then: dict[str, dict] | None = None) -> Answer | None:
        """Remove the jobs that ``look`` shows; one that still runs is left to its end, and to the next run. ``then`` is
        looked at in the same exchange, whose answer is given; None where there was nothing to ask."""
        asked = {job: op.job_remove(STEP_JOBS[job]) for job in self.jobs if is_over(look[job])} | (then or {})
        if not asked:
            return None
        running = [job for job in self.jobs if is_running(look[job])]
        self.learned["left_behind"] = [left_behind.job(STEP_JOBS[job], left_behind.STILL_RUNS) for job in running]
        with self.phases.phase("clean up"):
            return self.waiter.ask(asked, "cleaning up")

    def keeps_jobs(self, answer: Answer) -> str | None:
        """Why jobs that have ended are left on the device after a failure; None where they are removed."""
        return None

    def _clean_up_after_failure(self) -> None:
        """Remove the jobs that have ended, and tell of those that stay."""
        waiter = self.new_waiter(AFTERWARDS_SECONDS)
        self._tell_jobs_unknown()
        try:
            with self.phases.phase("clean up"):
                look = waiter.ask(job_status(self.jobs) | self.watch, "looking for our jobs")
                kept = self.keeps_jobs(look)
                steps = {job: op.job_remove(STEP_JOBS[job]) for job in self.jobs if is_over(look[job]) and not kept}
                if steps:
                    waiter.ask(steps, "cleaning up")
        except (Failure, Unreadable, ConnectionLost, wire.WireError) as exc:
            self.warn(f"the device could not be cleaned up: {exc}")
            return
        stay = [job for job in self.jobs if is_there(look[job]) and job not in steps]
        runs = left_behind.STILL_RUNS
        self.learned["left_behind"] = [
            left_behind.job(STEP_JOBS[job], runs if is_running(look[job]) else kept or runs) for job in stay
        ]
        if set(stay) != set(self.jobs_before) and not self.changes.changed:
            self.changes.add("leftovers", _named(self.jobs_before), _named(stay))

    def _tell_jobs_unknown(self) -> None:
        self.learned["left_behind"] = [left_behind.job(STEP_JOBS[job], left_behind.MAY_BE) for job in self.jobs]

    # --- helpers ------------------------------------------------------------------------------------------------------

    @property
    def facts(self) -> Facts:
        """What was read last."""
        return self._facts

    @facts.setter
    def facts(self, found: Facts) -> None:
        self._facts = found
        self.learned["ansible_facts"] = self.as_facts(found)


def _holds(condition: t.Callable[[Answer], bool], answer: Answer) -> bool:
    """Whether a condition surely holds; not where what it looks at could not be read."""
    return bool(known(lambda: condition(answer)))


def _named(jobs: t.Sequence[str]) -> dict | None:
    return {"jobs": list(jobs)} if jobs else None


def job_status(jobs: t.Iterable[str]) -> dict[str, dict]:
    """The operations that ask for the status of jobs, by the jobs' names."""
    return {job: op.job_status(STEP_JOBS[job]) for job in jobs}


def evidence(status: Result) -> list[dict]:
    """What the last operation of a job said: its exit code and text, or its error. Undocumented, for people only."""
    if status.get("state") == "lost":
        return [{"job": "lost", "last_task_result": status.get("last_task_result")}]
    results = within(status)
    if not results:
        return []
    if error := results[-1].error:
        return [{"error": error["type"], "message": error["message"], "code": error_code(error)}]
    value = results[-1].value
    return [{name: item[:SHOWN_TEXT] if isinstance(item, str) else item for name, item in value.items()}]


def unfinished(title: str, seconds: float) -> Failure:
    """The Failure of a job that goes on when the deadline has passed."""
    return Failure(
        f"{title} has not ended after {seconds:.0f} s; the device continues with it",
        side="device",
        name=UNFINISHED,
        cause="the device is slow or busy",
        fix="run the task again: it continues from there; or raise timeout",
    )
