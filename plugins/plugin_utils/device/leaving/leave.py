# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The leave of one device: look, refuse or go, stop what would join it again, unenroll, leave, restart, verify.

The exit code of ``dsregcmd /leave`` is documented nowhere, so only the state before and after counts, also of the MDM
enrollment, which Windows may end with the join. Nothing is started unless a local administrator can sign in afterwards;
who can is looked up again before each step that could lock everybody out.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from ...result import Failure
from .. import administrators, reboot, state
from .. import operations as op
from ..answers import Answer
from ..autopilot import association
from ..diagnosis import logs
from ..enrollment import with_children
from ..facts import read_facts
from ..jobs import is_running, is_there
from ..mdm.enrollment_removal import MDM_OBSERVATIONS, described, found, removal
from ..requirements import JoinRefusal, account_refusal
from ..system_work import SystemWork, WorkStep, evidence, job_status
from . import bitlocker, device_record, leave_state, mdm_after, possession
from .leave_step import leave_step, not_left

ROOM_FOR_CLOCKS = 1.0


@dataclasses.dataclass(frozen=True)
class LeavePlan:
    """What the task asked for. Seconds; ids in plain lower case."""

    tenant_id: str | None
    device_id: str | None
    stop_hybrid_autojoin: bool
    remove_mdm: bool
    mdm_provider: str
    mdm_enrollment_id: str | None
    allow_account_loss: bool
    reboot: bool
    reboot_timeout: int
    timeout: int
    poll_interval: int


class Leave(SystemWork):
    """One run of a leave. ``learned`` holds ``outcome`` (disconnected, unchanged, refused, failed; would_disconnect),
    ``join_state`` (joined, half_left, left), ``remains``, ``record``, ``administrators``, ``mdm_ended`` and the facts
    read last."""

    jobs = ("hybrid_autojoin_stop", "enrollment_remove", "dsregcmd_leave")
    essential = (*state.ESSENTIAL, "enrollments", "enrollment_tasks")
    watch = leave_state.OBSERVATIONS | MDM_OBSERVATIONS | administrators.OBSERVATIONS

    def work(self) -> dict:
        more = (device_record.OBSERVATIONS, association.OBSERVATIONS, logs.ends(logs.REGISTRATION_LOG))
        first = self.first_look(*more)
        self.since = logs.start_of(first)
        self.restarted = False
        self.before = self.facts
        self.proof = possession.UNSIGNED if self.check_mode else possession.UNASKED
        self.learned["record"] = self._record(device_record.build(first), first)
        self._learn(first)
        leftovers = [job for job in self.jobs if is_there(first[job])]
        wanted = {step.job: step for step in self._steps(first)}
        self._refuse(first, wanted)
        leaves = "dsregcmd_leave" in wanted
        self.unasked = mdm_after.unasked(first, self._chosen(first) if self.plan.remove_mdm else []) if leaves else []
        self._warn(first, wanted)
        look = self._predict(first, wanted) if self.check_mode else self._go(first, wanted)
        restart_due = leaves or self._left_since_boot(look)
        restart = self.plan.reboot and restart_due
        if leftovers and not wanted and not restart:
            self.changes.add("leftovers", {"jobs": leftovers}, None)
        if self.check_mode:
            self._add_restart(restart)
        else:
            self._finish(restart, anything=bool(wanted or leftovers))
        self.learned["outcome"] = "unchanged"
        if wanted or restart:
            self.learned["outcome"] = "would_disconnect" if self.check_mode else "disconnected"
        required = restart_due and not self.restarted or self.facts["os"]["pending_reboot"]
        return {"reboot_required": bool(required), "restarted": self.restarted}

    # --- deciding -----------------------------------------------------------------------------------------------------

    def _steps(self, look: Answer) -> list[WorkStep]:
        """What is to be done, in this order; a step whose state is reached already is none."""
        steps = []
        if self.plan.stop_hybrid_autojoin and self._would_rejoin(look):
            steps.append(self._stop_autojoin(look))
        if self.plan.remove_mdm and (items := self._chosen(look)):
            steps.append(removal(items, self._reading, self._gate))
        if leave_state.remains(look):
            steps.append(self._leave(look))
        return steps

    def _chosen(self, look: Answer) -> list[dict]:
        """The enrollments to remove: of the provider, and not of another tenant than the one that is left; or the one
        named. Where nothing says which tenant is left, each that names one may be of another. What Windows has made
        beside Intune's goes with it."""
        everything = found(look)
        items = self._of_the_provider(everything)
        if self.plan.mdm_enrollment_id:
            items = [item for item in items if item["enrollment_id"] == self.plan.mdm_enrollment_id]
        else:
            items = [item for item in items if item["tenant_id"] in (None, self._tenant_left())]
        return with_children(items, everything)

    def _of_the_provider(self, items: list[dict]) -> list[dict]:
        return [item for item in items if item["provider"] == self.plan.mdm_provider]

    def _tenant_left(self) -> str | None:
        return self.plan.tenant_id or self.before["join"]["tenant_id"] or self.learned["record"]["tenant_id"]

    @staticmethod
    def _would_rejoin(look: Answer) -> bool:
        return leave_state.in_domain(look) and not leave_state.autojoin_is_stopped(look)

    def _refuse(self, look: Answer, wanted: dict[str, WorkStep]) -> None:
        refusal = None
        tenant = self.learned["record"]["tenant_id"] if leave_state.remains(look) else None
        if self.plan.tenant_id and tenant not in (None, self.plan.tenant_id):
            name = self.learned["record"]["tenant_name"] or "unnamed"
            refusal = JoinRefusal(
                "joined_to_another_tenant",
                f"the device is joined to another tenant: {name} ({tenant})",
                "correct tenant_id, or leave it out to disconnect the device from any tenant",
            )
        elif leave_state.remains(look) and self.plan.device_id not in (None, self.learned["record"]["device_id"]):
            refusal = JoinRefusal(
                "another_device",
                f"the device reports the id {self.learned['record']['device_id']}, but should have the id "
                f"{self.plan.device_id}",
                "check which device answers at this address; correct device_id if the device has joined again "
                "since then",
            )
        elif not wanted:
            return
        elif self._would_rejoin(look) and not self.plan.stop_hybrid_autojoin:
            refusal = JoinRefusal(
                "hybrid_joined",
                "the device is hybrid joined, and would join again by itself",
                "set stop_hybrid_autojoin=true; also take the device out of the scope of Entra Connect and of the "
                "policy that joins it",
            )
        refusal = refusal or account_refusal(self.before["caller"])
        if refusal:
            raise self.refused(refusal)
        if not is_running(look["dsregcmd_leave"]) and set(wanted) - {"hybrid_autojoin_stop"}:
            self._gate(look)

    def _gate(self, look: Answer) -> None:
        """Nothing that takes accounts away without a local administrator that can sign in afterwards."""
        self._learn(look)
        caller = self.before["caller"]
        refusal = administrators.lockout_refusal(look, caller)
        if not refusal and not self.plan.allow_account_loss:
            refusal = administrators.caller_refusal(look, caller)
        if refusal:
            raise self.refused(refusal, self.learned["administrators"])

    def _warn(self, look: Answer, wanted: dict[str, WorkStep]) -> None:
        leaves = "dsregcmd_leave" in wanted
        warnings = [self._left_alone(look), *(self._warnings_of_the_leave(look) if leaves else ())]
        told = [text for text in warnings if text]
        if leaves or told:
            self.learned["warnings"] = told

    def _left_alone(self, look: Answer) -> str | None:
        """What is said of enrollments of which nobody knows whether they are of the tenant that was left."""
        if not self.plan.remove_mdm or self.plan.mdm_enrollment_id or self._tenant_left():
            return None
        tenants = sorted({item["tenant_id"] for item in self._of_the_provider(found(look)) if item["tenant_id"]})
        if not tenants:
            return None
        return (
            "the device is not joined, so nothing says whose enrollments are to be removed: those of "
            f"{' and '.join(tenants)} were left alone; give tenant_id to remove those of one tenant, or "
            "mdm_enrollment_id to remove one"
        )

    def _warnings_of_the_leave(self, look: Answer) -> list[str | None]:
        warnings = [bitlocker.warning(self.learned["record"]["bitlocker"]), association.warning(look)]
        laps = [administrators.shown(member) for member in self.learned["administrators"] if member["laps"]]
        if laps:
            warnings.append(
                f"LAPS keeps the password of {', '.join(laps)} on the Entra device object: read it before that is "
                "deleted"
            )
        if self.before["os"]["azure_vm"]:
            warnings.append(
                "an Azure VM may be joined again by its extension AADLoginForWindows: remove the extension in Azure"
            )
        if self.check_mode:
            may_end = [] if self.before["join"]["type"] == "hybrid" else self.unasked
            warnings.append(mdm_after.foretold(may_end))
        return warnings

    # --- steps --------------------------------------------------------------------------------------------------------

    def _predict(self, look: Answer, wanted: dict[str, WorkStep]) -> Answer:
        for step in wanted.values():
            self._add(step.changes)
        return look

    def _go(self, first: Answer, wanted: dict[str, WorkStep]) -> Answer:
        """Do what is wanted and gives the newest look. Wanted changes that are there when their turn comes were made by
        an earlier run, or with the step before: Windows may end a join with its MDM enrollment."""
        if wanted:
            record = self.learned["record"]
            self.progress.say(
                f"device id {record['device_id']}, tenant {record['tenant_id']}, "
                f"Intune id {record['intune_device_id']}, serial number {record['serial_number']}",
                self.waiter.deadline,
            )
        # Its time is long for what Windows may take, not for a device that has gone.
        self.waiter.longest_silence = self.plan.reboot_timeout
        if wanted:
            self._prove()
            # From here on the device forgets, and a run may be killed.
            self.session.note({**self.learned, "record": self._record(self.learned["record"], first)})
        look = self.wait_for_earlier_run(first)
        self.learned["record"] = self._record(self.learned["record"], look)
        for job in self.jobs:
            step = next((step for step in self._steps(look) if step.job == job), None)
            now = step.changes if step else []
            self._add([change for change in (wanted[job].changes if job in wanted else []) if change not in now])
            if step:
                look = self._do(step, look)
        self._learn(look)
        return look

    def _prove(self) -> None:
        """Whose objects may be removed from the tenant: asked before the key goes."""
        device_id = self.learned["record"]["device_id"]
        if device_id:
            with self.phases.phase("prove"):
                self.proof = possession.ask(self.waiter, device_id)

    def _do(self, step: WorkStep, look: Answer) -> Answer:
        before = self.learned["join_state"]
        try:
            return self.do(step, look)
        except Failure:
            if self.learned["join_state"] == "half_left" != before:
                self.changes.add("join", step.changes[0][1], {"half_left": self.learned["remains"]})
            raise

    def _add(self, changes: list[tuple]) -> None:
        for change in changes:
            self.changes.add(*change)

    @property
    def _reading(self) -> list[dict]:
        """What each job reads before it takes anything away, so that its answer keeps it."""
        return list(device_record.OBSERVATIONS.values())

    def _stop_autojoin(self, look: Answer) -> WorkStep:
        return WorkStep(
            job="hybrid_autojoin_stop",
            phase="stop hybrid auto-join",
            title="stopping the hybrid auto-join",
            operations=[*self._reading, op.hybrid_autojoin_stop()],
            reached=leave_state.autojoin_is_stopped,
            changes=[("hybrid auto-join", leave_state.autojoin(look), "stopped")],
            failure=lambda answer: Failure(
                "the hybrid auto-join is not stopped, so the device was not disconnected",
                side="device",
                name="autojoin_not_stopped",
                cause="a group policy may set it again (Register domain joined computers as devices)",
                fix="take the device out of that policy, then run the task again",
                evidence=evidence(answer["hybrid_autojoin_stop"]),
            ),
        )

    def _leave(self, look: Answer) -> WorkStep:
        return leave_step(look, self.learned["record"], self._reading, self.since, self._gate, self._not_left)

    def _not_left(self, answer: Answer) -> Failure:
        self._learn(answer)
        self._look_after_mdm(answer)
        return not_left(answer, self.learned["join_state"], self.learned["remains"])

    def _finish(self, restart: bool, anything: bool) -> None:
        """Restart, verify and clean up. The jobs go last: until then a run that is cut off can be taken up."""
        waiter = self.waiter
        if restart:
            with self.phases.phase("restart"):
                waiter = self.new_waiter(self.plan.reboot_timeout)
                with self.changes.attempt([("restart", None, "done")]):
                    reboot.restart(self.session, waiter, "winops.entra: disconnected from Entra ID")
                self.restarted = True
                self._add_restart(True)
        if not anything:
            return
        with self.phases.phase("verify"):
            answer = waiter.ask(job_status(self.jobs) | state.observations() | self.watch, "verifying")
            self.facts = read_facts(answer)
            self._learn(answer)
            self._look_after_mdm(answer)
        if self.learned["remains"]:
            raise Failure(
                f"the device had left, but is joined again: {', '.join(self.learned['remains'])}",
                side="device",
                name="joined_again",
                cause="something joins it automatically: a hybrid auto-join, a provisioning package that the "
                "engine still retries, or the Azure VM extension",
                fix="stop that (stop_hybrid_autojoin, winops.entra.ppkg state=absent, remove the extension), then run "
                "again",
            )
        self.clean_up(answer)

    def _add_restart(self, restart: bool) -> None:
        self.changes.add("restart", None, "done" if restart else None)

    def _look_after_mdm(self, answer: Answer) -> None:
        """What became of the enrollments that nobody asked to remove: their end is a change all the same."""
        gone = mdm_after.ended(self.unasked, answer)
        self.learned["mdm_ended"] = [item["enrollment_id"] for item in gone]
        self._add([(f"mdm enrollment {item['enrollment_id']}", described(item), None) for item in gone])
        self.warn(mdm_after.told(gone))

    def keeps_jobs(self, answer: Answer) -> str | None:
        """Of a device that has begun to leave, they tell what it was: it does not any more."""
        is_whole = leave_state.join_state(answer) == "joined" and not self.changes.changed
        return None if is_whole else "by it the next run knows what the device was"

    # --- helpers ------------------------------------------------------------------------------------------------------

    def _record(self, record: dict, look: Answer) -> dict:
        """The ids, and what proves that they are the device's own: one that has left has those of the inventory."""
        found = device_record.complete(record, *(look[job] for job in reversed(self.jobs)))
        if found["device_id"] is None:
            found["device_id"] = self.plan.device_id
        return found | self.proof.fields(found["device_id"], self.plan.device_id)

    def _learn(self, look: Answer) -> None:
        self.learned["join_state"] = leave_state.join_state(look)
        self.learned["remains"] = leave_state.remains(look)
        self.learned["administrators"] = administrators.facts(look, self.before["caller"])

    def _left_since_boot(self, look: Answer) -> bool:
        """Whether an earlier run's leave is over and the restart after it has not been made."""
        job = look["dsregcmd_leave"]
        if not is_there(job) or leave_state.remains(look) or not job.get("started"):
            return False
        last_boot = self.before["os"]["last_boot"]
        if last_boot is None:
            return True  # Nobody knows. The job is removed after the restart, so that it is made at most once.
        started, boot = state.parse_utc(job["started"]), state.parse_utc(last_boot)
        return (started - boot).total_seconds() > -ROOM_FOR_CLOCKS
