# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The join of one device: look, refuse or go, apply, wait for the state, verify, clean up.

"The cmdlet returned" says nothing: it gives up after 180 s while the engine goes on, the engine tries again after
15 min, 1 h, 4 h and at boot (Microsoft, "How provisioning works in Windows"), and the device may restart by itself
meanwhile. Only the device's state counts.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...progress import Progress
from ...result import Failure
from ...time_limit import TaskTimeUp
from .. import enrollment, join_facts, reboot, state, wire
from .. import operations as op
from ..answers import Answer
from ..diagnosis import logs
from ..facts import Facts, read_facts, stamps, with_newer
from ..jobs import is_running
from ..reading import Unreadable
from ..requirements import account_refusal, join_state_refusal, windows_refusal
from ..session import ConnectionLost, DeviceSession
from ..system_work import UNFINISHED
from ..waiting import LOST_IN_BETWEEN, connection_lost
from ..work import AFTERWARDS_SECONDS
from . import azure_vm, foretelling, mdm_wait, provisioning, taking_back
from .applying import Applying
from .ending import PackageWork
from .join_plan import JoinPlan
from .join_wait import JOINED_WRONG_TENANT, RESTART_FIRST, JoinWait
from .remains import Remains

JOIN_LOG_ENDS = logs.ends(*(log for log, _ids in logs.FAILURE_EVENTS.values()))


class Join(PackageWork):
    """One run of a join.

    ``learned`` holds ``outcome`` (joined, unchanged, refused, failed; would_join in check mode), ``left_behind`` and
    the facts read last.
    """

    def __init__(self, session: DeviceSession, plan: JoinPlan, progress: Progress, check_mode: bool) -> None:
        super().__init__(session, plan, progress, check_mode)
        self.restarted = False
        self._was_joined = False
        self.applying = Applying(plan.package, plan.apply_again, plan.keep_copy) if plan.package else None
        self.remains = Remains(plan.package, plan.job)

    def run(self) -> dict:
        """Join the device. Returns the fields of the result beside changes and phases; raises Failure."""
        try:
            return self._run_to_its_end()
        except (ConnectionLost, wire.WireError, TaskTimeUp):
            if self.changes.changed and not self.check_mode:
                # Without the join among the changes, its package was being taken back.
                recorded = {change["what"] for change in self.changes.as_result(False)["changes"]}
                self.tell_unknown(*({"package"} if "join" not in recorded else ()))
            raise

    def _run_to_its_end(self) -> dict:
        try:
            return self._work()
        except Failure as failure:
            if not self.check_mode and self.learned["outcome"] == "failed" and failure.error["name"] != LOST_IN_BETWEEN:
                self._look_again(failure)
            raise

    def _work(self) -> dict:
        with self.phases.phase("look"):
            first = self.session.run(self._first_look())
            self.facts = read_facts(first)
        self.look_before(first)
        self.require_readable(first, state.ESSENTIAL)
        refusal = windows_refusal(self.facts["os"], self.plan.method) or join_state_refusal(
            self.facts["join"], self.plan.tenant_id
        )
        joined_before = self._is_joined(self.facts["join"])
        self._joined_as = _shown(self.facts["join"])
        if not joined_before:
            refusal = refusal or account_refusal(self.facts["caller"])
            if self.applying:
                refusal = refusal or self.applying.decide(first)
            else:
                refusal = refusal or azure_vm.refusal(first, self.plan.tenant_id)
            if self.plan.expect_mdm and self.facts["os"]["server"]:
                refusal = refusal or mdm_wait.server_not_enrolled()
        if refusal:
            raise self.refused(refusal)
        if joined_before and not self.plan.package and is_running(first["job"]) and not self.check_mode:
            self._join(first)  # It may still be taken back.
            self.changes.add("leftovers", {"job": self.plan.job}, None)
        elif joined_before:
            self._end_earlier_run(first)
        else:
            self.changes.add("join", _shown(self.facts["join"]), {"type": "entra", "tenant_id": self.plan.tenant_id})
            if self.applying:
                self._tell_package(self.applying)
            if self.check_mode:
                foretelling.restart(self, bool(self.plan.package and self.plan.package.renames))
                return self._result("would_join")
            self._join(first)
        if self.plan.expect_mdm and not self._is_managed(self.facts["mdm"]):
            foretelling.mdm(self, first) if self.check_mode else self._await_mdm(logs.start_of(first))
        return self._result("unchanged" if joined_before else "joined")

    def _tell_package(self, applying: Applying) -> None:
        """What becomes of the package besides the join."""
        applied = {"id": applying.package.id, "applied": "once"}
        self.changes.add("package", self.known_before, None if self.plan.remove_package else applied)
        applying.tell(self.changes)

    def _look_again(self, failure: Failure) -> None:
        """After a failure: the result says what the device is now, and not what it was."""
        waiter = self.new_waiter(AFTERWARDS_SECONDS)
        look = state.observations() | self.remains.observations()
        try:
            with self.phases.phase("look again"):
                answer = waiter.ask(look, "reading what the device is now")
                self.facts = read_facts(answer)
        except (Failure, ConnectionLost, Unreadable, wire.WireError) as exc:
            self.tell_unknown()
            self.warn(f"join and mdm are what was read before the failure; the device could not be read again: {exc}")
            return
        if failure.error["name"] != UNFINISHED:
            after = _shown(self.facts["join"])
            # A join that is lost again leaves its keys.
            lost = {"joined_meanwhile": True} if self._was_joined and after == self._joined_as else {}
            self.changes.correct("join", self._joined_as, after | lost)
        self.tell_failed(answer, "the engine continues to try" if self._keeps() else None)

    def _keeps(self) -> bool:
        return self.plan.on_failure == "keep" and self.facts["join"]["type"] != "entra"

    # --- steps --------------------------------------------------------------------------------------------------------

    def _join(self, first: Answer) -> None:
        with self.changes.attempt():
            self._have_joined(first)
        try:
            with self.phases.phase("verify"):
                self._verify()
            self._was_joined = True
        except Failure:
            with taking_back.leftovers_told(self):
                self._clean_up(first, keep_job=False)
            raise
        self._finish(first)

    def _have_joined(self, first: Answer) -> None:
        try:
            try:
                self._apply_and_wait(first)
            except Failure as failure:
                possible = self.plan.reboot and not self.waiter.deadline.passed
                if failure.error["code"] != RESTART_FIRST or not possible:
                    raise
                look = self._restart_before_the_join()
                if self.applying:
                    self.applying.plainly(look)
                self._apply_and_wait(look)
        except (ConnectionLost, wire.WireError) as exc:
            self.tell_unknown("join", "package")
            raise connection_lost("the device stopped answering while it joined", exc, "the join") from exc
        except (Failure, Unreadable) as exc:
            name = exc.error["name"] if isinstance(exc, Failure) else None
            if name == UNFINISHED:
                self.changes.correct("join", self._joined_as, "continues; the next run finds it")
            elif name == JOINED_WRONG_TENANT:
                self._keep_wrong_join(first)
            else:
                taking_back.back_out(self, first)
            raise

    def _keep_wrong_join(self, first: Answer) -> None:
        """The device stays in the other tenant: to take it out is a leave, behind its gate. Its package stays
        registered, as after a good join; what is ours goes."""
        self.changes.correct("join", _shown(self.facts["join"]), _shown(join_facts.join_facts(self.waiter.last)))
        self.waiter = self.new_waiter(AFTERWARDS_SECONDS)
        with taking_back.leftovers_told(self):
            self._clean_up(first, keep_job=False)

    def _apply_and_wait(self, look: Answer) -> None:
        while True:
            if not self._is_joined(join_facts.join_facts(look)):  # The engine's own retry at boot may have been faster.
                with self.phases.phase("apply"):
                    self._apply(look)
            with self.phases.phase("join"):
                wait = JoinWait(self.waiter, self.plan.tenant_id, self.plan.job, self.plan.package, self._is_joined)
                wait.may_be_skipped = bool(self.applying and self.applying.may_be_skipped)
                wait.run(look)
                self.warn(wait.warning)
            if not (self.applying and wait.skipped):
                break
            look = self.waiter.ask(self._first_look(), "reading what the engine remembers of the package")
            self.applying.skipped(look, self.changes)
        if self.applying:
            self.applying.tell(self.changes, self.waiter.last["job"])

    def _restart_before_the_join(self) -> Answer:
        """Windows has said that it does not register before it has restarted."""
        with self.phases.phase("restart"), self.waiter.deadline.stopped():
            reboot.restart(
                self.session, self.new_waiter(self.plan.reboot_timeout), "winops.entra: restart before the join"
            )
            self._has_restarted()
        return self.waiter.ask(self._first_look(), "reading the device's state after its restart")

    def _end_earlier_run(self, first: Answer) -> None:
        """Clean up after a run that joined although it was cut off, or left the package to the engine's retries."""
        self.tell_left_behind(first)
        if provisioning.left_behind(self.plan.package, self.plan.keep_copy, first):
            self.tell_cleared()
            if self.check_mode:
                foretelling.restart(self, False)
            else:
                self._finish(first)

    def _finish(self, first: Answer) -> None:
        """Clean up, and restart where that is due. The job goes last: by it the next run takes up one that is cut
        off."""
        problem = self._remove_package() if self.plan.remove_package else None
        restart = bool(self.plan.reboot and self.facts["os"]["pending_reboot"] and not problem)
        self._clean_up(first, keep_job=restart)
        if problem:
            raise problem
        if restart:
            with self.phases.phase("restart"):
                waiter = self.new_waiter(self.plan.reboot_timeout)
                reboot.restart(self.session, waiter, "winops.entra: joined to Entra ID")
                self._has_restarted()
                remove = {"remove job": op.job_remove(self.plan.job)} | self.remains.observations()
                try:
                    self._verify()
                except Failure:
                    with taking_back.leftovers_told(self):
                        waiter.ask(remove, "cleaning up")
                    raise
                self.tell_left_behind(waiter.ask(remove, "cleaning up"))

    def _remove_package(self) -> Failure | None:
        """Have the engine remove the package, and look whether the device is still what it was: what is wrong then."""
        before = self.facts
        with self.phases.phase("remove package"):
            try:
                taking_back.remove_package(self)
                self.facts = read_facts(self.waiter.ask(state.observations(), "verifying"))
            except Failure as failure:
                return failure
        return taking_back.taken(self.plan.package, before, self.facts)

    def _clean_up(self, first: Answer, keep_job: bool) -> None:
        with self.phases.phase("clean up"):
            if self.plan.package:
                answer = self.waiter.ask({"packages": op.provisioning_packages()}, "looking for copies of the package")
                last = provisioning.clean_up(
                    self.waiter,
                    self.plan.package,
                    self.plan.keep_copy,
                    first["packages"],
                    answer["packages"],
                    keep_job=keep_job,
                    then=provisioning.ended_removal(self.plan.package, first) | self.remains.observations(),
                )
                self.tell_left_behind(last)
            elif not keep_job:
                self.waiter.ask({"job": op.job_remove(self.plan.job)}, "cleaning up")

    def _apply(self, first: Answer) -> None:
        if provisioning.under_way(self.plan.package, first):
            return  # An earlier run's doing: it goes on, and this run waits for it.
        if self.applying:
            self.applying.start(self.session, self.waiter, first)
        else:
            azure_vm.start(self.waiter, self.plan.mdm_id, first["job"])

    def _await_mdm(self, since: logs.Start) -> None:
        # The join is made: a device that has not come back after so long is not waited for with a fork.
        self.waiter.longest_silence = self.plan.reboot_timeout
        with self.phases.phase("mdm"):
            enrolled = mdm_wait.until_enrolled(self.waiter, since, self.plan.tenant_id, self.facts["os"]["server"])
            self.facts = with_newer(self.facts, enrolled | stamps(self.waiter.last, enrolled))

    def _verify(self) -> None:
        answer = self.waiter.ask(state.observations(), "verifying")
        before = self.facts["os"]["last_boot"]
        self.facts = read_facts(answer)
        if self.facts["os"]["last_boot"] != before:
            self._has_restarted()
        if not self._is_joined(self.facts["join"]):
            raise Failure(
                "the device was joined, but no longer is",
                side="device",
                name="join_not_kept",
                cause="its registry, certificate and dsregcmd do not agree",
                fix="run winops.entra.device_facts and look at witnesses_agree; disconnect the device and join it "
                "again",
                evidence=[self.facts["join"]],
            )

    # --- helpers ------------------------------------------------------------------------------------------------------

    def _has_restarted(self) -> None:
        """By this task or by itself: where a restart was asked for, it was made."""
        self.restarted = True
        if self.plan.reboot:
            self.changes.undo(foretelling.RESTART[0])
            self.changes.add(*foretelling.RESTART)

    def _first_look(self) -> dict[str, dict]:
        look = state.observations() | {"job": op.job_status(self.plan.job)} | JOIN_LOG_ENDS
        if self.check_mode and self.plan.expect_mdm:
            look |= mdm_wait.FORESEEING
        return look | (provisioning.observations(self.plan.package) if self.plan.package else azure_vm.observations())

    def _is_joined(self, join: dict) -> bool:
        return join["type"] == "entra" and join["tenant_id"] == self.plan.tenant_id

    def _is_managed(self, mdm: dict) -> bool:
        return enrollment.is_of_tenants_mdm(mdm, self.plan.tenant_id)

    @property
    def facts(self) -> Facts:
        """What was read last, as winops.entra.device_facts returns it. A failed task shows only what matters of it."""
        return self._facts

    @facts.setter
    def facts(self, found: Facts) -> None:
        self._facts = found
        self.learned |= {"join": found["join"], "mdm": found["mdm"]}

    def _result(self, outcome: str) -> dict:
        self.learned["outcome"] = outcome
        return {
            "ansible_facts": self.as_facts(self.facts),
            "reboot_required": bool(self.facts["os"]["pending_reboot"]),
            "restarted": self.restarted,
        }


def _shown(join: dict) -> dict:
    return {"type": join["type"], "tenant_id": join["tenant_id"]}
