# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptance run: look, try every operation, take back, look again, say what was seen.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from ...options import bad_option
from ...result import ChangeSet, Failure
from ...task import Task
from .. import operations as op
from .. import wire
from ..answers import Answer
from ..joining.provisioning import PackageSource
from ..reading import Unreadable
from ..requirements import JoinRefusal
from ..session import ConnectionLost, DeviceSession
from ..waiting import Deadline, Progress, Waiter
from . import package_questions, report, system
from .system import Standing
from .trial import FAILED, LOST, NOT_POSSIBLE, RAN, Ground, Trial
from .trials import IMPOSSIBLE, TRIALS

UNDO_SECONDS = 180
CHECK_MODE = "check mode: only operations that read are tried"
LEFT_OUT = "left out by the option skip"
OUT_OF_TIME = JoinRefusal("timeout", "the time was over before it", "raise timeout")
#: Where the connection is lost the rest is not tried: nobody knows what the device is busy with.
CONNECTION_LOST = JoinRefusal(
    "connection_lost",
    LOST,
    "check the network, and run it again: it first removes what an earlier run has left",
)
NOT_ELEVATED = JoinRefusal(
    "account_not_elevated",
    "the connecting account does not have an administrator's full token on the device",
    "connect with a local administrator, and give it its full token over the network (LocalAccountTokenFilterPolicy)",
)
DOMAIN_CONTROLLER = JoinRefusal(
    "domain_controller",
    "the device is a domain controller, which must not be used for trials",
    "use a disposable Windows 10 or 11",
)


@dataclasses.dataclass(frozen=True)
class AcceptancePlan:
    """``timeout`` is for all trials together, in seconds; what is taken back afterwards has UNDO_SECONDS of its own."""

    timeout: float
    poll_interval: float
    skip: frozenset[str]
    connection: str
    package: PackageSource | None = None


def skipped(names: list[str]) -> frozenset[str]:
    """The option skip. Raises the Failure of a bad option for a name of no operation."""
    known = op.VOCABULARY["operations"]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise bad_option("skip", f"{unknown[0]!r} is not an operation", f"give some of {', '.join(known)}")
    return frozenset(names)


class AcceptanceRun:
    """One run. ``changes`` and ``learned`` (the report) tell the truth at any moment after the first look."""

    def __init__(self, session: DeviceSession, plan: AcceptancePlan, progress: Progress, check_mode: bool) -> None:
        self.session = session
        self.plan = plan
        self.progress = progress
        self.check_mode = check_mode
        self.changes = ChangeSet()
        self.learned: dict = {}
        self.deadline = Deadline(plan.timeout)
        self.trials: list[Trial] = []
        self.stopped: JoinRefusal | None = None
        self.touched = False
        self.questions = package_questions.unasked(package_questions.NOT_NAMED)

    def run(self) -> None:
        """Do it. Raises Failure unless everything that was tried is as it should be and was taken back.

        A device that does not answer the first look raises ConnectionLost or WireError.
        """
        self.system = system.build(self.session.run(system.opening_look()))
        self.stopped = _stop(self.system)
        self.ground = Ground(self.session, self.system, self.progress, self.deadline, self.plan.poll_interval)
        if not self.stopped and self.system.before.left and not self.check_mode:
            self._remove_left_over()
        for name in [*TRIALS, *IMPOSSIBLE]:
            self._try(name)
        if self.plan.package:
            self._ask(self.plan.package)
        now = self._take_back()
        self._record(now)
        self.learned.update(report.result(self, now))
        self._judge(now)

    def _try(self, name: str) -> None:
        trial = Trial(name, self.ground)
        self.trials.append(trial)
        if not self.stopped and self.deadline.passed:
            self.stopped = OUT_OF_TIME
        why = self._why_not(name)
        if why is not None:
            trial.status, trial.why = NOT_POSSIBLE, why
            return
        self.progress.say(f"trying {name}", self.deadline)
        self.touched = self.touched or name in op.CHANGING
        try:
            trial.run(TRIALS[name])
        except ConnectionLost:
            self.stopped = CONNECTION_LOST

    def _ask(self, package: PackageSource) -> None:
        """The questions about packages, with this one."""
        why = self.stopped.cause if self.stopped else CHECK_MODE if self.check_mode else None
        if why is None and not self.system.client:
            why = package_questions.NO_CLIENT
        if why is not None:
            self.questions = package_questions.unasked(why)
            return
        self.touched = True
        try:
            self.questions = package_questions.ask(self.ground, package)
        except ConnectionLost:
            self.stopped = CONNECTION_LOST
            self.questions = package_questions.unasked(LOST) | {"left": None}
        except (Failure, Unreadable, wire.WireError) as exc:
            self.questions = package_questions.unasked(f"they could not be asked ({type(exc).__name__})") | {
                "left": None
            }

    def _why_not(self, name: str) -> str | None:
        if name in IMPOSSIBLE:
            return IMPOSSIBLE[name]
        if self.stopped:
            return self.stopped.cause
        if name in self.plan.skip:
            return LEFT_OUT
        return CHECK_MODE if self.check_mode and name in op.CHANGING else None

    # --- taking back --------------------------------------------------------------------------------------------------

    def _remove_left_over(self) -> None:
        """Remove what a run has left that was cut off."""
        self.touched = True
        try:
            self._undo(self.deadline)
        except ConnectionLost:
            self.stopped = CONNECTION_LOST
        except wire.WireError:
            return  # The trials will tell.

    def _take_back(self) -> Standing | None:
        """Remove everything of this run, whatever became of it. Gives what is there then, None where nobody knows."""
        if not self.touched:
            return self.system.before
        try:
            return system.standing(self._undo(Deadline(UNDO_SECONDS)))
        except (ConnectionLost, wire.WireError):
            return None

    def _undo(self, deadline: Deadline) -> Answer:
        """All of it may be done twice. Gives a look at what is left."""
        waiter = Waiter(self.session, self.progress, self.plan.poll_interval, deadline)
        undo = {
            "undo_job": op.job_remove(system.ACCEPTANCE_JOB),
            "undo_directory": op.path_remove(system.ACCEPTANCE_DIRECTORY),
        }
        return waiter.ask(undo | system.remains_of_run(), "undoing the changes")

    # --- telling ------------------------------------------------------------------------------------------------------

    def _record(self, now: Standing | None) -> None:
        """What has changed in the end: what could not be taken back, and directories that were empty before, which go
        with what was made in them."""
        before = self.system.before
        for name, path in (("root", op.DATA_DIRECTORY), ("jobs", system.JOBS_DIRECTORY)):
            if now is not None and not self.check_mode:
                self.changes.add(f"the directory {path}", _present(getattr(before, name)), _present(getattr(now, name)))
        if before.left and not self.stopped:
            self.changes.add("what an earlier run has left", "present", "absent")
        if now is None:
            self.changes.add("what this run has made", "absent", "unknown: the device stopped answering")
        elif self.touched and report.is_left(now, before):
            self.changes.add("what this run has made", "absent", "present")
        if self.questions["left"] is not False:
            there = "unknown" if self.questions["left"] is None else "present"
            self.changes.add("the package of the questions", "absent", there)

    def _judge(self, now: Standing | None) -> None:
        failed = [trial for trial in self.trials if trial.status == FAILED]
        evidence = [{"operation": trial.operation, **item} for trial in self.trials for item in trial.evidence]
        if self.stopped:
            raise _failure("the acceptance run was stopped", self.stopped, evidence)
        if failed:
            names = ", ".join(trial.operation for trial in failed)
            tried = sum(trial.status in (RAN, FAILED) for trial in self.trials)
            what = JoinRefusal(
                "operation_failed",
                f"{failed[0].operation}: {failed[0].problems[0]}",
                "attach the report to a bug report",
            )
            raise _failure(f"{len(failed)} of {tried} operations failed ({names})", what, evidence)
        if self.touched and (now is None or report.is_left(now, self.system.before)):
            what = JoinRefusal(
                "not_taken_back",
                "something of the acceptance run is still on the device, or this is not known",
                "run it again: it first removes what an earlier run has left",
            )
            raise _failure("not everything could be undone", what, evidence)


def _stop(found: system.System) -> JoinRefusal | None:
    """Why nothing is tried on this device."""
    if found.facts["account_elevated"] is not True:
        return NOT_ELEVATED
    return DOMAIN_CONTROLLER if found.domain_controller else None


def _failure(sentence: str, refusal: JoinRefusal, evidence: list) -> Failure:
    return refusal.failure(sentence, evidence, "network" if refusal.name == "connection_lost" else "device")


def accept(task: Task, package: PackageSource | None = None) -> dict:
    """The work of the module acceptance, ``package`` being the one of the questions. Raises Failure."""
    args = task.args
    connection = report.connection_name(task.session.connection)
    plan = AcceptancePlan(args["timeout"], args["poll_interval"], skipped(args["skip"]), connection, package)
    run = AcceptanceRun(task.session, plan, task.progress, task.check_mode)
    task.changes, task.learned = run.changes, run.learned
    run.run()
    return {}


def _present(there: bool) -> str:
    return "present" if there else "absent"
