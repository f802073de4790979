# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wait for the MDM enrollment that follows a join, which ends where no enrollment can come.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...result import Failure
from .. import enrollment, state
from ..answers import Answer
from ..diagnosis import causes
from ..reading import UNREADABLE_FIX, known
from ..waiting import Waiter
from . import provisioning

CANNOT_BE = "and cannot be"
# After so long without another attempt, and without one that is set, a failure that may pass is not waited out.
QUIET_SECONDS = 600


def until_enrolled(waiter: Waiter, since: str, tenant_id: str, server: bool | None) -> dict:
    """The facts ``{mdm}`` of a device once it is enrolled. Raises Failure where it is not, or cannot be.

    ``since`` is a time on the device's clock, before which no failure counts; ``server`` says whether it runs Windows
    Server.
    """
    if server:
        raise _not_enrolled(
            "server_has_no_mdm", "Windows Server cannot be enrolled in MDM", "set expect_mdm: false for servers"
        )
    watch = state.observations(("mdm",)) | causes.observations(since, causes.MDM_EVENTS)
    watch["engine_tasks"] = provisioning.ENGINE_OBSERVATIONS["engine_tasks"]
    in_the_way: str | None = None

    def enrolled(answer: Answer) -> bool:
        nonlocal in_the_way
        if enrollment.is_of_tenants_mdm(state.build(answer, ("mdm",))["mdm"], tenant_id):
            return True
        found, not_offered = causes.find_causes(answer), enrollment.offers_no_mdm(answer["cloud_join"], tenant_id)
        if found and (found.hopeless or not_offered):
            raise _failed(found, CANNOT_BE)
        if found and _nothing_tries_again(answer, found, waiter.deadline.left):
            raise _failed(found, f"and nothing has tried again for {QUIET_SECONDS // 60} minutes")
        if not_offered:
            raise _not_enrolled(
                "no_mdm_address",
                "the tenant gave this device no MDM address when it joined",
                "put the joining user (for a package, its package user) into the tenant's MDM user scope, then "
                "disconnect the device and join it again",
                "tenant",
            )
        found_now = known(lambda: enrollment.enrollments(answer)) or []
        other = enrollment.in_the_way(found_now, tenant_id)
        if other and other["enrollment_id"] == in_the_way:  # Seen twice: Windows may be about to take it away.
            raise _not_enrolled(
                "enrolled_elsewhere",
                f"it is enrolled {enrollment.whose(other, tenant_id)}",
                f"remove that enrollment (winops.entra.mdm, state=absent, provider={other['provider']}, "
                f"enrollment_id={other['enrollment_id']}), then let the device enroll",
            )
        in_the_way = other["enrollment_id"] if other else None
        return False

    if waiter.until(watch, enrolled, "waiting for the MDM enrollment") is None:
        found = causes.find_causes(waiter.last)
        late = f"after {waiter.deadline.seconds} s"
        if found:
            raise _failed(found, late)
        mdm = state.build(waiter.last, ("mdm",))["mdm"]
        if mdm["enrolled"] is None:
            refused = "; ".join(state.problems(waiter.last, state.observations(("mdm",))))
            raise Failure(
                f"the device is joined, and whether it is enrolled in MDM cannot be known: {refused}",
                side="device",
                name="mdm_unknown",
                cause=refused,
                fix=UNREADABLE_FIX,
            )
        if mdm["why_not"]:
            raise _not_enrolled(
                "mdm_not_enrolled",
                f"no enrollment of it works ({mdm['why_not']})",
                "remove what is left of an earlier enrollment (winops.entra.mdm, state=absent), then let the device "
                "enroll",
                when=late,
            )
        raise _not_enrolled(
            "mdm_not_enrolled",
            "the tenant offers no MDM to the user of the package, or enrollment has not started yet",
            "check the tenant's MDM user scope and licences; a package user must be in the scope",
            "tenant",
            late,
        )
    return state.build(waiter.last, ("mdm",))


def _nothing_tries_again(answer: Answer, found: causes.Diagnosis, left: float) -> bool:
    """Whether the newest failure is old, and no task of the enrollment client or of the provisioning engine is set for
    a time before the deadline, ``left`` seconds from now."""
    times = [item["device_utc"] for item in found.evidence if item.get("device_utc")]
    now = state.parse_utc(answer.device["utc"])
    if not times or (now - state.parse_utc(max(times))).total_seconds() < QUIET_SECONDS:
        return False

    def is_set() -> bool:
        tasks = [*answer["enrollment_tasks"]["tasks"], *answer["engine_tasks"]["tasks"]]
        runs = [state.parse_utc(task["next_run"]) for task in tasks if task["next_run"] and task["state"] != "Disabled"]
        return any((run - now).total_seconds() <= left for run in runs)

    return known(is_set) is False


def _failed(found: causes.Diagnosis, when: str) -> Failure:
    cause = found.explanation["cause"]
    return Failure(
        f"the device is joined, but not enrolled in MDM {when}: {cause}", side=found.side, **found.as_error()
    )


def _not_enrolled(name: str, cause: str, fix: str, side: str = "device", when: str = CANNOT_BE) -> Failure:
    return Failure(
        f"the device is joined, but not enrolled in MDM {when}: {cause}", side=side, name=name, cause=cause, fix=fix
    )
