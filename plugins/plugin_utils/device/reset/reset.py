# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reset of one device: look, refuse or go, send it, see the device go, and another installation come.

It destroys the data of the device and every way to reach it. So nothing is sent before every precondition was read, and
Windows itself compares serial number and UUID once more in the moment of the reset (``remote_wipe``): the address may
have become another device's.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...result import Failure
from .. import jobs, left_behind, state, wire
from .. import operations as op
from ..answers import Answer, Result, within
from ..codes.hresult import hresult_hex
from ..facts import read_facts, without_subsets
from ..jobs import is_over, is_running, is_there
from ..session import ConnectionLost
from ..system_work import STEP_JOBS, SystemWork, evidence
from . import preconditions, recovery, reset_state
from .follow import GONE, REINSTALLED, SENT, Before, Follower, undone

WIPE_JOB = "remote_wipe"
METHODS = {
    "nothing": "doWipeMethod",
    "user_data": "doWipePersistUserDataMethod",
    "provisioned_data": "doWipePersistProvisionedDataMethod",
}
PROTECTED = "doWipeProtectedMethod"
WHAT = "installation of Windows"
JOB_SECONDS = 300
IF_IT_COMES_BACK = "the device has gone with it; it is there only if the old Windows comes back"


@dataclasses.dataclass(frozen=True)
class ResetPlan:
    """What the task asked for. Seconds; the UUID in lower case; the time UTC text."""

    confirm_serial_number: str | None
    confirm_uuid: str | None
    keep: str
    protected: bool
    require_profile: bool
    profile_assigned: bool | None
    deployment_mode: str | None
    unblocked: bool
    recovery_keys_recorded: bool
    allow_battery: bool
    unless_installed_after: str | None
    wait: bool
    wait_for_deployment: bool
    timeout: int
    gone_after: int
    deployment_timeout: int
    poll_interval: int

    @property
    def method(self) -> str:
        return PROTECTED if self.protected else METHODS[self.keep]


class Reset(SystemWork):
    """One run of a reset. ``learned`` holds ``outcome`` (reset, unchanged, refused, failed; would_reset), ``proved``
    (null, sent, gone, reinstalled), ``record``, ``recovery_environment``, ``autopilot``, ``still_registered``,
    ``installed`` and the facts."""

    jobs = (WIPE_JOB,)
    essential = (*state.ESSENTIAL, "bios", "product", "installation")

    def work(self) -> dict:
        self.learned["proved"] = None
        look = self.first_look(reset_state.OBSERVATIONS)
        self._learn(look)
        self._refuse_others()
        if self._is_reset_already():
            self.learned |= {"outcome": "unchanged", "proved": REINSTALLED}
            return {}
        under_way = self._is_under_way(look)
        if not under_way:
            self._refuse(look)
        self._warn()
        if self.check_mode:
            self.changes.add(*self._change())
            self.learned["outcome"] = "would_reset"
            return {}
        self.progress.say(
            f"serial number {self.learned['record']['serial_number']}, device id {self.learned['record']['device_id']}",
            self.waiter.deadline,
        )
        # From here on the device forgets, and a run may be killed.
        self.session.note(dict(self.learned))
        self._reset(look, under_way)
        self.learned["outcome"] = "reset"
        return {}

    # --- deciding -----------------------------------------------------------------------------------------------------

    def _learn(self, look: Answer) -> None:
        self.machine = reset_state.machine(look)
        record = reset_state.record(look)
        profile, source = self._profile(look)
        self.learned |= {
            "record": record,
            "installed": record["installed"],
            "recovery_environment": recovery.facts(look),
            "autopilot": {
                "profile": profile,
                "profile_from": source,
                "deployment_mode": self.plan.deployment_mode,
                "unblocked": self.plan.unblocked,
            },
            "still_registered": self._still_registered(record, profile),
        }

    def _profile(self, look: Answer) -> tuple[str, str | None]:
        """Whether a profile is assigned, and who says so."""
        if self.plan.profile_assigned is not None:
            said = preconditions.HAS_PROFILE if self.plan.profile_assigned else preconditions.NOT_ASSIGNED
            return said, "option"
        if reset_state.has_profile(look):
            return preconditions.HAS_PROFILE, "device"
        return preconditions.UNKNOWN, None

    @staticmethod
    def _still_registered(record: dict, profile: str) -> list[dict[str, t.Any]]:
        """Where the device stays known, whatever becomes of it."""
        places = [("autopilot", record["autopilot_id"])] if record["autopilot_id"] or profile == "assigned" else []
        places += [("entra", record["device_id"]), ("intune", record["intune_device_id"])]
        return [{"place": place, "id": one} for place, one in places if one or place == "autopilot"]

    def _refuse_others(self) -> None:
        refusal = preconditions.identity_refusal(self.machine, self.plan.confirm_serial_number, self.plan.confirm_uuid)
        if refusal:
            raise self.refused(refusal)

    def _refuse(self, look: Answer) -> None:
        found = preconditions.refusals(look, self.facts, self.learned, self.plan)
        if found:
            failure = self.refused(found[0], [dataclasses.asdict(refusal) for refusal in found])
            failure.error["code"] = preconditions.CODES.get(found[0].name)
            raise failure

    def _is_reset_already(self) -> bool:
        after, since = self.plan.unless_installed_after, self.learned["installed"]
        if since is None:
            # By it the new installation is told from the old one, which must not be reset twice.
            raise self.unreadable("Win32_OperatingSystem does not say when Windows was installed (InstallDate)")
        return after is not None and state.parse_utc(since) > state.parse_utc(after)

    def _is_under_way(self, look: Answer) -> bool:
        """Whether an earlier run has sent it, and Windows has not been started since."""
        job = look[WIPE_JOB]
        if is_running(job):
            return True
        return reset_state.is_accepted(job) and not reset_state.restarted_since(look, job.get("started"))

    def _warn(self) -> None:
        self.warn(
            "whether an Autopilot profile is assigned is known from the last deployment of the device only, and may "
            "have changed in the tenant since"
            if self.plan.require_profile and self.learned["autopilot"]["profile_from"] == "device"
            else None,
            "a protected wipe may leave a device that does not start any more" if self.plan.protected else None,
        )

    # --- doing --------------------------------------------------------------------------------------------------------

    def _change(self) -> tuple[str, dict, dict]:
        record = self.learned["record"]
        before = {name: record[name] for name in ("installed", "hostname", "device_id")}
        return WHAT, before, {"reset": self.plan.method}

    def _reset(self, look: Answer, under_way: bool) -> None:
        before = Before(self.machine, str(self.learned["installed"]), reset_state.booted(look))
        follower = Follower(self.session, before, self.progress)
        change = self._change()
        self.changes.add(*change)
        self.learned["proved"] = SENT
        try:
            with self.changes.attempt([change]):
                self._send_and_follow(look, under_way, follower)
        except Failure as failure:
            self._tell_failure(failure, change)
            raise
        if self.plan.wait_for_deployment and self.learned["proved"] == GONE:
            self._follow_deployment(follower)

    def _send_and_follow(self, look: Answer, under_way: bool, follower: Follower) -> None:
        with self.phases.phase("reset"):
            if not under_way:
                self._send(look)
        self.begun = True
        more = {WIPE_JOB: op.job_status(STEP_JOBS[WIPE_JOB])}
        with self.phases.phase("go"):
            proved, answer = follower.until_gone(
                self.waiter,
                more,
                lambda a: self._heed(a, follower),
                self.plan.poll_interval,
                lambda: self.new_waiter(self.plan.gone_after).deadline,
            )
        if proved is None:
            raise self._not_gone(answer)
        self.learned["proved"] = proved
        # Whoever has gone cannot be cleaned up.
        self.begun = False
        self.facts = without_subsets(self.facts, state.SUBSETS)
        if proved == SENT:
            self._leave_behind()
        elif proved == GONE:
            self.learned["left_behind"] = [left_behind.job(STEP_JOBS[WIPE_JOB], IF_IT_COMES_BACK)]
        elif proved == REINSTALLED:
            self._meet()

    def _send(self, look: Answer) -> None:
        """Have Windows start it. Whether a job was started whose answer was lost, the looks after it tell."""
        if is_over(look[WIPE_JOB]):
            self.waiter.ask({WIPE_JOB: op.job_remove(STEP_JOBS[WIPE_JOB])}, "removing the job of an earlier run")
        wipe = op.remote_wipe(self.plan.method, *self.machine)
        try:
            answer = self.session.run({WIPE_JOB: op.job_start(STEP_JOBS[WIPE_JOB], [wipe], JOB_SECONDS)})
        except (ConnectionLost, wire.WireError):
            self.begun = True
            return
        self.begun = True
        jobs.require(answer[WIPE_JOB], "the reset cannot be started as SYSTEM")

    def _heed(self, answer: Answer, follower: Follower) -> bool:
        """Whether what the device says is enough. Raises the Failure of a reset that will not come."""
        job = answer[WIPE_JOB]
        if follower.is_old_again(answer):
            raise undone()
        if not is_there(job) and follower.is_old(answer):
            # It has not reached the device. One that does not say which Windows it is gets no second one.
            self._send(answer)
        elif is_over(job) and not reset_state.is_accepted(job):
            raise self._refused_by_windows(job)
        return reset_state.is_accepted(job) and not self.plan.wait

    def _leave_behind(self) -> None:
        """Without waiting: remove the job, as long as somebody is there to do it."""
        self.learned["left_behind"] = [left_behind.job(STEP_JOBS[WIPE_JOB], left_behind.MAY_BE)]
        try:
            self.session.run({WIPE_JOB: op.job_remove(STEP_JOBS[WIPE_JOB])})
        except (ConnectionLost, wire.WireError):
            return
        self.learned["left_behind"] = []

    def _meet(self) -> None:
        """Read what the new installation is."""
        with self.phases.phase("verify"):
            answer = self.waiter.ask(state.observations() | reset_state.WHICH_DEVICE, "reading the new installation")
            self.facts = read_facts(answer)
            self.learned["installed"] = reset_state.installed(answer)

    def _follow_deployment(self, follower: Follower) -> None:
        self.waiter = self.new_waiter(self.plan.deployment_timeout)
        with self.phases.phase("deployment"):
            answer = follower.until_new(self.waiter, self.plan.poll_interval)
        if answer is None:
            raise Failure(
                f"the device has gone, but no other installation of Windows has answered within "
                f"{self.plan.deployment_timeout} s",
                side="device",
                name="deployment_not_seen",
                cause="nobody has signed in on the device yet, its deployment has not ended, or WinRM and the account "
                "are not set up there",
                fix="look at the device's screen and at the deployment in Intune; give the device what WinRM needs by "
                "a policy, or leave wait_for_deployment out",
            )
        self.learned |= {"proved": REINSTALLED, "left_behind": []}
        self._meet()

    # --- failures -----------------------------------------------------------------------------------------------------

    def _refused_by_windows(self, job: Result) -> Failure:
        # Imported where there is something to explain: a reset that goes well needs no catalogue of codes.
        from ..codes.explain import explain

        results = within(job)
        value = results[-1].get("return_value") if results and results[-1].ok else None
        code = hresult_hex(value) if isinstance(value, int) and value else None
        code = code or next((told["code"] for told in evidence(job) if told.get("code")), None)
        told = explain(code) if code else {}
        return Failure(
            "Windows has refused the reset" + (f" ({code})" if code else ""),
            side="device",
            name="wipe_refused",
            code=code,
            cause=told.get("cause") or "Windows does not say why",
            fix=told.get("fix") or "look at evidence, restart the device, then run the task again",
            evidence=evidence(job),
        )

    def _not_gone(self, answer: Answer | None) -> Failure:
        if answer and is_running(answer[WIPE_JOB]):
            cause = "Windows has not finished to take the reset"
        else:
            cause = "Windows has accepted the reset and has not begun it"
        return Failure(
            f"the device has not gone within {self.plan.timeout} s: it still answers, with the same installation of "
            "Windows",
            side="device",
            name="device_not_gone",
            cause=cause,
            fix="restart the device, which may begin the reset; look at its recovery environment, then run the task "
            "again or raise timeout",
            evidence=evidence(answer[WIPE_JOB]) if answer else [],
        )

    def _tell_failure(self, failure: Failure, change: tuple) -> None:
        """What has become of the change: nothing where Windows has refused it or put everything back."""
        if failure.error["name"] == "device_not_gone":
            self.changes.correct(WHAT, change[1], "unknown: the reset was accepted, and the device has not gone")
            return
        self.changes.undo(WHAT)
        self.learned["proved"] = None
