# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wait for the MDM enrollment that follows a join, which ends where no enrollment can come.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ...result import Failure
from .. import enrollment, state
from .. import operations as op
from ..answers import Answer
from ..diagnosis import causes, logs
from ..mdm_facts import mdm_facts
from ..reading import UNREADABLE_FIX, known
from ..requirements import JoinRefusal
from ..waiting import Waiter
from . import provisioning

if t.TYPE_CHECKING:
    from ..diagnosis.clues import Diagnosis

CANNOT_BE = "and cannot be"
# After so long without another attempt, and without one that is set, a failure that may pass is not waited out.
QUIET_SECONDS = 600
# An enrollment that is being made may lack its certificate or its tasks, since Windows writes its key first. It has
# them seconds later, the service's answer included; what is the same after so long is a leftover.
LEFTOVER_SECONDS = 300
# The program that enrolls a device on its own (deviceenroller.exe), beside the engine that applies packages.
ENROLLER = "deviceenroller.exe"


#: What of a device tells whether somebody is making an enrollment, or is about to.
FORESEEING = {
    "engine_tasks": provisioning.ENGINE_OBSERVATIONS["engine_tasks"],
    "at_work": op.processes(provisioning.ENGINE, ENROLLER),
}


def server_not_enrolled() -> JoinRefusal:
    """Why a Windows Server is not to be waited for."""
    return JoinRefusal(
        "server_has_no_mdm", "Windows Server cannot be enrolled in MDM", "set expect_mdm: false for servers"
    )


def _joined_server() -> Failure:
    return server_not_enrolled().failure(f"the device is joined, but not enrolled in MDM {CANNOT_BE}")


def until_enrolled(waiter: Waiter, since: logs.Start, tenant_id: str, server: bool | None) -> dict:
    """The facts ``{mdm}`` of a device once it is enrolled. Raises Failure where it is not, or cannot be.

    ``since`` is where the task began, before which no failure counts; ``server`` says whether it runs Windows
    Server.
    """
    if server:
        raise _joined_server()
    return {"mdm": MdmWait(waiter, tenant_id).run(since)}


def foretell(waiter: Waiter, look: Answer, tenant_id: str, server: bool | None) -> None:
    """Raise the Failure in which until_enrolled() surely ends on a device that is joined already, by one look at it.

    ``look`` holds the answers to FORESEEING beside those to state.observations().
    """
    if server:
        raise _joined_server()
    wait = MdmWait(waiter, tenant_id)
    # What must be seen twice, because Windows may be about to change it, counts here at one look.
    for _time in range(2):
        wait.judge(look)


class MdmWait:
    """One wait for a device that is joined to ``tenant_id`` to be enrolled in the MDM of this tenant."""

    def __init__(self, waiter: Waiter, tenant_id: str) -> None:
        self.waiter = waiter
        self.tenant_id = tenant_id
        self.mdm: dict = {}
        self._leftovers: list[dict] = []
        self._newest: tuple[int, str] | None = None
        # By the controller's clock: many a device sets its own by hours right after it has joined.
        self._tried_at = self._same_since = 0.0
        self._in_the_way: str | None = None

    def run(self, since: logs.Start) -> dict:
        """The facts ``mdm``. Raises Failure."""
        watch = state.observations(("mdm",)) | logs.observations(since, logs.MDM_EVENTS) | FORESEEING
        if self.waiter.until(watch, self.judge, "waiting for the MDM enrollment") is None:
            raise self._too_late(self.waiter.last)
        return self.mdm

    def judge(self, answer: Answer) -> bool:
        """Whether the device is enrolled. Raises the Failure of one that cannot be."""
        items = known(lambda: enrollment.enrollments(answer))
        self.mdm = mdm_facts(answer, {"type": "entra", "tenant_id": self.tenant_id}, items)
        if enrollment.is_of_tenants_mdm(self.mdm, self.tenant_id):
            return True
        self._refuse_what_failed(answer)
        self._refuse_what_is_in_the_way(items or [])
        self._refuse_leftovers(answer, items or [])
        return False

    # --- what ends it -------------------------------------------------------------------------------------------------

    def _refuse_what_failed(self, answer: Answer) -> None:
        found = causes.find_causes(answer)
        not_offered = enrollment.offers_no_mdm(answer["cloud_join"], self.tenant_id)
        if found and (found.hopeless or not_offered):
            raise _failed(found, CANNOT_BE)
        if found and self._waited_since_a_try(answer) >= QUIET_SECONDS and self._is_quiet(answer):
            raise _failed(found, f"and there was no retry for {QUIET_SECONDS // 60} minutes")
        if not_offered:
            raise _not_enrolled(
                "no_mdm_address",
                "the tenant gave this device no MDM address when it joined",
                "put the joining user (for a package, its package user) into the tenant's MDM user scope, then "
                "disconnect the device and join it again",
                "tenant",
            )

    def _refuse_what_is_in_the_way(self, items: list[dict]) -> None:
        """Of another tenant or channel. Seen twice: Windows may be about to take it away."""
        other = enrollment.in_the_way(items, self.tenant_id)
        if other and other["enrollment_id"] == self._in_the_way:
            raise _not_enrolled(
                "enrolled_elsewhere",
                f"it is enrolled {enrollment.whose(other, self.tenant_id)}",
                f"remove that enrollment ({_removal(other)}), then let the device enroll",
            )
        self._in_the_way = other["enrollment_id"] if other else None

    def _refuse_leftovers(self, answer: Answer, items: list[dict]) -> None:
        """Enrollments of this tenant that do not work, and which nothing on the device is about to complete.

        One in state 1 whose certificate has expired stops the next enrollment (0x8018000a), and nobody is making it: to
        have seen it twice is enough.
        """
        left = enrollment.leftovers(items, self.tenant_id)
        if not left or _lacks(left) != _lacks(self._leftovers):
            self._leftovers, self._same_since = left, self.waiter.deadline.elapsed
            return
        expired = any(item["expired"] and item["state"] == enrollment.ENROLLED for item in left)
        waited = self.waiter.deadline.elapsed - self._same_since
        if (expired or waited >= LEFTOVER_SECONDS) and self._is_quiet(answer):
            raise _left_over(left, CANNOT_BE)

    def _waited_since_a_try(self, answer: Answer) -> float:
        """For how many seconds no event of a failure has come."""
        events = answer["enrollment_events"].get("events", [])
        newest = (events[0]["record"], events[0]["utc"]) if events else None
        if newest != self._newest:
            self._newest, self._tried_at = newest, self.waiter.deadline.elapsed
        return self.waiter.deadline.elapsed - self._tried_at

    def _is_quiet(self, answer: Answer) -> bool:
        """Whether surely nobody is at work, and no task of the enrollment client or of the provisioning engine is set
        for a time before the deadline."""
        now, left = state.parse_utc(answer.device["utc"]), self.waiter.deadline.left

        def is_busy() -> bool:
            tasks = [*answer["enrollment_tasks"]["tasks"], *answer["engine_tasks"]["tasks"]]
            runs = [
                state.parse_utc(task["next_run"]) for task in tasks if task["next_run"] and task["state"] != "Disabled"
            ]
            return bool(answer["at_work"]["processes"]) or any((run - now).total_seconds() <= left for run in runs)

        return known(is_busy) is False

    # --- the deadline -------------------------------------------------------------------------------------------------

    def _too_late(self, answer: Answer) -> Failure:
        found = causes.find_causes(answer)
        late = f"after {self.waiter.deadline.seconds} s"
        if found:
            return _failed(found, late)
        if self.mdm["enrolled"] is None:
            refused = "; ".join(state.problems(answer, state.observations(("mdm",))))
            return Failure(
                f"the device is joined, but it is not known whether it is enrolled in MDM: {refused}",
                side="device",
                name="mdm_unknown",
                cause=refused,
                fix=UNREADABLE_FIX,
            )
        if self._leftovers:
            return _left_over(self._leftovers, late)
        if self.mdm["why_not"]:
            return _not_enrolled(
                "mdm_not_enrolled",
                f"none of its enrollments works ({self.mdm['why_not']})",
                "remove what is left of an earlier enrollment (winops.entra.mdm, state=absent), then let the device "
                "enroll",
                when=late,
            )
        return _not_enrolled(
            "mdm_not_enrolled",
            "the tenant offers no MDM to the user of the package, or enrollment has not started yet",
            "check the tenant's MDM user scope and licences; a package user must be in the scope",
            "tenant",
            late,
        )


def _left_over(left: list[dict], when: str) -> Failure:
    return _not_enrolled(
        "mdm_not_enrolled",
        "an earlier enrollment is left that does not work, and nothing creates another: "
        + "; ".join(f"{enrollment.named(item)}: {item['why_not']}" for item in left),
        f"remove it ({'; '.join(map(_removal, left))}), then let the device enroll (state=enrolled)",
        when=when,
    )


def _removal(item: dict) -> str:
    return f"winops.entra.mdm, state=absent, provider={item['provider']}, enrollment_id={item['enrollment_id']}"


def _lacks(items: list[dict]) -> list[tuple[str, str]]:
    return sorted((item["enrollment_id"], item["why_not"]) for item in items)


def _failed(found: Diagnosis, when: str) -> Failure:
    cause = found.explanation["cause"]
    return Failure(
        f"the device is joined, but not enrolled in MDM {when}: {cause}", side=found.side, **found.as_error()
    )


def _not_enrolled(name: str, cause: str, fix: str, side: str = "device", when: str = CANNOT_BE) -> Failure:
    return Failure(
        f"the device is joined, but not enrolled in MDM {when}: {cause}", side=side, name=name, cause=cause, fix=fix
    )
