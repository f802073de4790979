# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of one package on one device: present or absent, by its package id.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from ...progress import Progress
from ...result import Failure
from ...time_limit import TaskTimeUp
from .. import jobs, wire
from .. import operations as op
from ..answers import Answer, Result
from ..diagnosis import causes, logs
from ..session import ConnectionLost, DeviceSession
from ..work import AFTERWARDS_SECONDS
from . import engine_memory, provisioning, removal, taking_back
from .applying import Applying
from .ending import PackageWork
from .provisioning import PackageSource
from .remains import Remains


def by_id(package_id: str) -> PackageSource:
    """A package of which only the id is known: enough to remove it."""
    return PackageSource(id=package_id)


PACKAGE_LOG_ENDS = logs.ends(logs.PROVISIONING_LOG, logs.REGISTRATION_LOG, logs.SIGN_IN_LOG)


@dataclasses.dataclass(frozen=True)
class PackagePlan:
    """What the task asked for. Seconds."""

    package: PackageSource
    force: bool
    keep_copy: bool
    apply_again: bool
    timeout: int
    poll_interval: int


class PackageState(PackageWork):
    """Brings one package to the asked state."""

    def __init__(self, session: DeviceSession, plan: PackagePlan, progress: Progress, check_mode: bool) -> None:
        super().__init__(session, plan, progress, check_mode)
        self.package = plan.package
        self.since: logs.Start = {}
        self.applying = Applying(plan.package, plan.apply_again, plan.keep_copy)
        self.remains = Remains(plan.package, plan.package.install_job)
        del self.learned["outcome"]  # The module has none: installed says it.

    def present(self) -> dict:
        """Install the package unless it is installed (or ``force``). Returns ``{installed}``; raises Failure."""
        first = self._look(provisioning.observations(self.package) | PACKAGE_LOG_ENDS)
        self.look_before(first)
        before = self._is_applied(first)
        if before and not self.plan.force:
            self._warn_of_pending(first)
            self._end_earlier_run(first)
            return {"installed": True}
        if refusal := self.applying.decide(first, self.plan.force):
            raise refusal.failure("refused before anything changed")
        after = {"id": self.package.id, "applied": "again" if before else "once"}
        self.changes.add("package", {"id": self.package.id} if before else None, after)
        self.applying.tell(self.changes)
        if self.check_mode:
            return {"installed": True}
        with self._ending_told():
            with self.phases.phase("apply"), self.changes.attempt():
                last = self._apply(first)
        self._warn_of_pending(last)
        self._clean_up(first, last["packages"])
        return {"installed": True}

    def absent(self) -> dict:
        """Uninstall the package if it is installed. Returns ``{installed}``; raises Failure."""
        first = self._look(provisioning.observations(self.package))
        self.look_before(first)
        before = provisioning.listed(first["packages"], self.package.id)
        memory = engine_memory.remembered(first, self.package.id)
        if self._file_is_gone(before) if before else memory and memory.results:
            self._end_earlier_run(first)
            raise removal.file_is_gone(self.package.id)
        if not before:
            self._end_earlier_run(first)
            return {"installed": False}
        self.changes.add("package", {"id": self.package.id, "name": before["name"]}, None)
        if not self.check_mode:
            with self._ending_told():
                with self.phases.phase("remove"), self.changes.attempt():
                    self.waiter = self.new_waiter(max(self.plan.timeout, removal.REMOVAL_SECONDS))
                    removal.remove(self.waiter, self.package)
            self.warn(removal.reverted(self.package))
            self._clean_up(first)
        return {"installed": False}

    @contextlib.contextmanager
    def _ending_told(self) -> Iterator[None]:
        """Where it ends in a failure, what is ours is removed, and the result tells what is on the device. The engine's
        own copy stays with the package: uninstalling is the user's decision."""
        try:
            yield
        except Failure:
            self.tell_unknown()  # until it is known
            self.waiter = self.new_waiter(AFTERWARDS_SECONDS)
            with self.phases.phase("clean up"), taking_back.leftovers_told(self):
                self._clean_up_after_failure()
            raise
        except (ConnectionLost, wire.WireError):
            self.tell_unknown("package")
            raise
        except TaskTimeUp:
            self.tell_unknown()
            raise

    def _file_is_gone(self, listed: dict) -> bool:
        """Whether Windows lists a package that it cannot remove."""
        if not listed["path"]:
            return False
        look = self.waiter.ask({"file": op.path_info(listed["path"])}, "looking for the package's file")
        return look["file"].get("exists") is False

    def _is_applied(self, look: Answer) -> bool:
        """Whether the engine has applied it: Windows lists it as installed, or, where Windows lists only packages whose
        file is there, the engine's memory tells."""
        memory = engine_memory.remembered(look, self.package.id)
        listed = provisioning.installed(look["packages"], self.package.id)
        return listed is not None or bool(memory and memory.applied)

    def _warn_of_pending(self, look: Answer) -> None:
        memory = engine_memory.remembered(look, self.package.id)
        if memory and memory.pending:
            self.warn(f"a setting of the package {self.package.id} is pending: it waits, usually for a restart")

    def _apply(self, look: Answer) -> Answer:
        """Have the engine apply it, by one way after the other where it skips it. Gives the last look."""
        while True:
            if not provisioning.under_way(self.package, look):
                self.applying.start(self.session, self.waiter, look)
            last = self._await_install(logs.start_of(look))
            self.applying.tell(self.changes, last["job"])
            if not (self.applying.way and self._is_skipped(last)):
                return last
            look = self._look(provisioning.observations(self.package) | PACKAGE_LOG_ENDS)
            self.applying.skipped(look, self.changes)

    def _is_skipped(self, last: Answer) -> bool:
        return bool(engine_memory.skipped_all(last["begun"].get("events", []), self.package.id))

    def _end_earlier_run(self, first: Answer) -> None:
        """Clean up after a run that was cut off when the package was as good as applied, or not yet."""
        self.tell_left_behind(first)
        if provisioning.left_behind(self.package, self.plan.keep_copy, first):
            self.tell_cleared()
            if not self.check_mode:
                self._clean_up(first)

    def _clean_up(self, first: Answer, *later: Result) -> None:
        seen = (first["packages"], *later)
        then = provisioning.ended_removal(self.package, first) | self.remains.observations()
        try:
            with self.phases.phase("clean up"):
                last = provisioning.clean_up(self.waiter, self.package, self.plan.keep_copy, *seen, then=then)
        except (ConnectionLost, wire.WireError, TaskTimeUp):
            self.tell_unknown()
            raise
        self.tell_left_behind(last)

    def _clean_up_after_failure(self) -> None:
        try:
            taking_back.remove_ours(self, self.package)
        finally:
            look = self.remains.observations() | {"packages": op.provisioning_packages()}
            self.tell_failed(self.waiter.ask(look, "reading what is left"))

    def _look(self, observations: dict[str, dict]) -> Answer:
        with self.phases.phase("look"):
            first = self.session.run(observations)
        jobs.require(first["packages"], "the device's packages cannot be listed")
        if not first["packages"]["available"]:
            raise Failure(
                "the device has no provisioning cmdlets",
                side="device",
                name="no_provisioning",
                cause="Windows Server and editions without the Provisioning module do not support packages",
                fix="take the host out of the inventory group; a server joins as an Azure VM (winops.entra.join, "
                "method azure_vm)",
            )
        return first

    def _await_install(self, since: logs.Start) -> Answer:
        """Wait until the engine has ended and lists the package."""
        self.since = since
        watch = {
            "job": op.job_status(self.package.install_job),
            "packages": op.provisioning_packages(),
            "engine": op.processes(provisioning.ENGINE),
            "begun": op.events(logs.PROVISIONING_LOG, engine_memory.LOG_EVENTS, since[logs.PROVISIONING_LOG], 50),
        }
        watch |= logs.observations(since) | engine_memory.OBSERVATIONS

        def settled(answer: Answer) -> bool:
            finished, error = jobs.outcome(answer["job"])
            if error and not provisioning.is_already_applied(error):
                raise self._install_failed(answer, error)
            return finished and provisioning.engine_is_idle(answer["engine"])

        answer = self.waiter.until(watch, settled, "waiting for the package to be applied")
        if answer is None:
            raise self._install_failed(self.waiter.last, None)
        if not self._is_applied(answer):
            if causes.find_causes(answer):
                raise self._install_failed(answer, None)
            raise Failure(
                f"the package was applied, but Windows does not list {self.package.id} among its packages",
                side="device",
                name="package_not_listed",
                cause="the file has another package id",
                fix="give the package_id that winops.entra.ppkg_info prints for the file",
                evidence=jobs.evidence(answer["job"]),
            )
        return answer

    def _install_failed(self, answer: Answer, error: dict | None) -> Failure:
        from ..diagnosis.package_end import completed

        found = completed(self.waiter, answer, error, self.since)
        if found:
            return Failure(
                f"the package {self.package.id} was not applied: {found.explanation['cause']}",
                side=found.side,
                **found.as_error(),
            )
        return Failure(
            f"the package {self.package.id} is not applied after {self.plan.timeout} s and the device shows no error",
            side="device",
            name="package_timeout",
            cause="the provisioning engine is still working, or never started",
            fix="raise timeout, or look at the Provisioning-Diagnostics-Provider event log on the device",
            evidence=jobs.evidence(answer["job"]),
        )
