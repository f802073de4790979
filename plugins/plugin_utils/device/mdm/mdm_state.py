# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module mdm: enroll a device in the MDM of its tenant, or remove one enrollment and nothing else.

What the join type allows is documented by Microsoft in "Enroll a Windows device automatically using Group Policy" and
"Diagnose MDM enrollment": automatic enrollment needs a device that is Entra joined or hybrid joined and whose tenant
gave it an MDM address.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from ...result import Failure
from ...task import Task
from .. import administrators, enrollment, state
from .. import operations as op
from ..answers import Answer
from ..diagnosis import causes, logs
from ..facts import read_facts, with_newer
from ..jobs import is_there
from ..join_facts import is_joined
from ..reading import known
from ..requirements import JoinRefusal, account_refusal
from ..system_work import SystemWork, WorkStep, evidence
from ..work import begin
from .enrollment_removal import MDM_OBSERVATIONS, described, found, removal, works

AUTO_ENROLL_POLICY = r"SOFTWARE\Policies\Microsoft\Windows\CurrentVersion\MDM"
SHOWN_FIELDS = (
    "enrollment_id",
    "provider",
    "channel",
    "tenant_id",
    "upn",
    "enrolled",
    "why_not",
    "state",
    "certificate_expires",
    "last_sync",
    "witnesses",
)


@dataclasses.dataclass(frozen=True)
class MdmPlan:
    """What a task of the module mdm asked for. Seconds; ids in plain lower case."""

    state: str
    provider: str
    enrollment_id: str | None
    credential: str
    allow_account_loss: bool
    timeout: int
    poll_interval: int

    @property
    def outcome(self) -> str:
        return "enrolled" if self.state == "enrolled" else "removed"


class Mdm(SystemWork):
    """One run of the module mdm; ``learned`` has ``outcome`` (enrolled, removed, unchanged, refused, failed,
    would_enroll, would_remove), ``enrollments`` and the facts read last."""

    jobs = ("enrollment_remove", "mdm_auto_enroll")
    essential = (*state.ESSENTIAL, "enrollments", "enrollment_tasks")
    watch = (
        MDM_OBSERVATIONS | administrators.OBSERVATIONS | {"auto_enroll_policy": op.registry_read(AUTO_ENROLL_POLICY)}
    )

    def work(self) -> dict:
        first = self.first_look(logs.ends(logs.ENROLLMENT_LOG))
        self._learn(first)
        look = first if self.check_mode else self.wait_for_earlier_run(first)
        by_earlier_run = self._add_changes_between(first, look)
        step = (self._enrollment if self.plan.state == "enrolled" else self._removal)(look, logs.start_of(first))
        if step and (refusal := account_refusal(self.facts["caller"])):
            raise self.refused(refusal)
        leftovers = [job for job in self.jobs if is_there(look[job])]
        if self.check_mode:
            for change in step.changes if step else ():
                self.changes.add(*change)
        elif step:
            look = self.do(step, look)
        if leftovers and not (step or by_earlier_run):
            self.changes.add("leftovers", {"jobs": leftovers}, None)
        if not self.check_mode:
            self.facts = with_newer(self.facts, read_facts(look, ("mdm",)))
            self._learn(look)
            # An enrollment that comes or goes may take other facts along: all of them are read again.
            changed = step or by_earlier_run
            last = self.clean_up(look, state.observations() if changed else None)
            if last and changed:
                self.facts = read_facts(last)
        if not (step or by_earlier_run):
            self.learned["outcome"] = "unchanged"
        elif self.check_mode:
            self.learned["outcome"] = "would_enroll" if self.plan.state == "enrolled" else "would_remove"
        else:
            self.learned["outcome"] = self.plan.outcome
        return {}

    def _learn(self, look: Answer) -> None:
        self.learned["enrollments"] = [{field: item[field] for field in SHOWN_FIELDS} for item in found(look)]

    def _add_changes_between(self, first: Answer, now: Answer) -> bool:
        """What an earlier run's job has done while this run waited for it."""
        gone = {item["enrollment_id"]: item for item in found(first)}
        for item in found(now):
            before = gone.pop(item["enrollment_id"], None)
            if item["enrolled"] and not (before and before["enrolled"]):
                self.changes.add("mdm enrollment", None, {"provider": item["provider"]})
        for enrollment_id, item in gone.items():
            self.changes.add(f"mdm enrollment {enrollment_id}", described(item), None)
        return self.changes.changed

    # --- enrolled -----------------------------------------------------------------------------------------------------

    def _enrollment(self, look: Answer, since: logs.Start) -> WorkStep | None:
        items = found(look)
        if self._is_enrolled(look):
            return None
        refusal = self._enrollment_refusal(look, items)
        if refusal:
            raise self.refused(refusal, items)
        return WorkStep(
            job="mdm_auto_enroll",
            phase="mdm",
            title="the MDM enrollment",
            gate=lambda _answer: None,
            operations=[op.mdm_auto_enroll(self.plan.credential)],
            reached=self._is_enrolled,
            failure=self._not_enrolled,
            changes=[("mdm enrollment", None, {"provider": self.plan.provider})],
            lasting=True,
            hopeless=_is_hopeless,
            watch=logs.observations(since, logs.MDM_EVENTS),
        )

    def _is_enrolled(self, answer: Answer) -> bool:
        tenant_id = self.facts["join"]["tenant_id"]
        own = [item for item in found(answer) if item["provider"] == self.plan.provider]
        return any(item["enrolled"] and not enrollment.is_foreign(item, tenant_id) for item in own)

    def _enrollment_refusal(self, look: Answer, items: list[dict]) -> JoinRefusal | None:
        join = self.facts["join"]
        other = next((item for item in items if item["enrolled"] and not enrollment.is_local(item)), None)
        own = [item for item in items if item["provider"] == self.plan.provider]
        leftover = next((item for item in own if _is_leftover(item)), None)
        if self.facts["os"]["server"]:
            return JoinRefusal(
                "server_has_no_mdm", "Windows Server cannot be enrolled in MDM", "manage servers by other means"
            )
        if not is_joined(join):
            return JoinRefusal(
                "not_joined",
                "automatic MDM enrollment needs a device of a tenant, but the join type of this one is "
                f"{join['type'] or 'unknown'}",
                "join the device first (winops.entra.join), or hybrid join it",
            )
        if other:
            return _enrolled_elsewhere(other, join["tenant_id"])
        if leftover:
            return JoinRefusal(
                "enrollment_leftovers",
                f"an earlier enrollment, {leftover['enrollment_id']}, does not work, {leftover['why_not']}: Windows "
                "treats the device as enrolled (0x8018000a)",
                f"remove it first: state=absent, enrollment_id={leftover['enrollment_id']}, "
                f"provider={leftover['provider']}",
            )
        if not known(lambda: enrollment.offered_address(look["cloud_join"], join["tenant_id"])):
            return JoinRefusal(
                "no_mdm_address",
                "the tenant gave this device no MDM address when it joined",
                "put the joining user (for a package, its package user) into the tenant's MDM user scope, then let the "
                "device join again",
            )
        return None

    def _not_enrolled(self, answer: Answer) -> Failure:
        finding = causes.find_causes(answer)
        if finding:
            code = finding.explanation.get("code")
            return Failure(
                f"the MDM enrollment failed: {finding.explanation['cause']}" + (f" ({code})" if code else ""),
                side=finding.side,
                **finding.as_error(),
            )
        who = (
            "the device's own credential, which Intune accepts only for co-management and Azure Virtual Desktop"
            if self.plan.credential == "device"
            else "the signed-in user, and no user of the tenant is signed in"
        )
        return Failure(
            f"the device is not enrolled in MDM after {self.plan.timeout} s and shows no error",
            side="device",
            name="mdm_not_enrolled",
            cause=f"perhaps because enrollment uses {who}",
            fix="let a user of the tenant sign in to the device, then run the task again; check the MDM user scope and "
            "licences",
            evidence=evidence(answer["mdm_auto_enroll"]),
        )

    # --- absent -------------------------------------------------------------------------------------------------------

    def _removal(self, look: Answer, _since: logs.Start) -> WorkStep | None:
        items = enrollment.enrollments(look)
        if self.plan.enrollment_id:
            items = [item for item in items if item["enrollment_id"] == self.plan.enrollment_id]
            if items and items[0]["provider"] != self.plan.provider:
                raise self.refused(
                    JoinRefusal(
                        "other_provider",
                        f"the enrollment {self.plan.enrollment_id} belongs to {items[0]['provider']}, not to "
                        f"{self.plan.provider}",
                        "correct provider or enrollment_id",
                    ),
                    items,
                )
        items = [item for item in items if item["provider"] == self.plan.provider]
        if not items:
            return None
        if enrollment.is_local(items[0]):
            raise self.refused(
                JoinRefusal(
                    "not_an_mdm",
                    f"{self.plan.provider} is not an MDM: its key {items[0]['enrollment_id']} belongs to "
                    "Windows itself",
                    "correct provider or enrollment_id",
                ),
                items,
            )
        if len(items) > 1:
            listed = ", ".join(item["enrollment_id"] + (" (enrolled)" if item["enrolled"] else "") for item in items)
            raise self.refused(
                JoinRefusal(
                    "several_enrollments",
                    f"the device has {len(items)} enrollments of {self.plan.provider}: {listed}",
                    "say which one with enrollment_id",
                ),
                items,
            )
        if works(items[0]) and is_joined(self.facts["join"]):
            if look["auto_enroll_policy"].key().number("AutoEnrollMDM") == 1:
                raise self.refused(
                    JoinRefusal(
                        "auto_enrollment_policy",
                        "a policy (AutoEnrollMDM) would enroll the device again",
                        "take the device out of that group policy first",
                    ),
                    items,
                )
        items = enrollment.with_children(items, found(look))
        step = removal(items, [], self._lockout_gate if any(map(works, items)) else lambda _answer: None)
        step.gate(look)
        return step

    def _lockout_gate(self, answer: Answer) -> None:
        """Windows may end an Entra join with its MDM enrollment (Microsoft, "Disconnecting from MDM")."""
        if not is_joined(self.facts["join"]):
            return
        caller = self.facts["caller"]
        refusal = administrators.lockout_refusal(answer, caller)
        if not refusal and not self.plan.allow_account_loss:
            refusal = administrators.caller_refusal(answer, caller)
        if refusal:
            raise self.refused(refusal, administrators.facts(answer, caller))


def _enrolled_elsewhere(item: dict, tenant_id: str | None) -> JoinRefusal:
    return JoinRefusal(
        "enrolled_elsewhere",
        f"the device is enrolled {enrollment.whose(item, tenant_id)}",
        f"remove that enrollment first (state=absent, provider={item['provider']}, "
        f"enrollment_id={item['enrollment_id']}), or set provider to it if it is the right one",
    )


def _is_leftover(item: dict) -> bool:
    """An enrollment that Windows takes for one, though neither its certificate nor its tasks are there, or its
    certificate has expired."""
    witnesses = item["witnesses"]
    gone = witnesses["certificate"] is False and witnesses["tasks"] is False
    return witnesses["state"] is True and (gone or item["expired"])


def _is_hopeless(answer: Answer) -> bool:
    finding = causes.find_causes(answer)
    return finding is not None and finding.hopeless


PLANNED = ("state", "provider", "enrollment_id", "credential", "allow_account_loss", "timeout", "poll_interval")


def enroll_or_remove(task: Task) -> dict:
    """The work of the module mdm. Raises Failure."""
    args = task.args
    plan = MdmPlan(**{name: args[name] for name in PLANNED})
    return begin(task, Mdm, plan).run()
