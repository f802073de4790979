# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that have left removed from Intune, Windows Autopilot and the directory, in this order, many in one task.

Sources: Microsoft Graph, "Delete managedDevice", "Delete windowsAutopilotDeviceIdentity", "Delete device"; Windows
Autopilot, "Deregister a device" (the order); memdocs issue 1435 (403 while a registration points at the object).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...proofs import NOT_YET
from ...result import Failure
from ...task import Task
from .. import bulk
from . import association_targets, directory_device, leavers, ownership, removal_targets
from .leavers import Leaver, Named
from .places import AUTOPILOT_PLACE, PLACES, Place
from .unread import left_out

DOC = "https://learn.microsoft.com/autopilot/registration-overview"
_GO = "go with them, for good after 30 days or when the deleted object is purged"
_NOT_LOOKED_UP = (
    "Whether BitLocker recovery keys or LAPS passwords go with Entra device objects could not be looked up "
    "(BitlockerKey.ReadBasic.All, DeviceLocalCredential.ReadBasic.All)"
)


def remove(task: Task) -> dict:
    """The work of the module: ``{"devices": [...]}``."""
    args = task.args
    named = leavers.named(args["devices"], "devices")
    places = [place for place in PLACES if args[place.name]]
    if not places or not (named.leavers or named.bad):
        return {"devices": [], "associations_unread": None}
    warnings, unread = removal_targets.look_at_tenant(task.client, named.by_id, [place.name for place in places])
    task.learned["associations_unread"] = unread
    _judge(named, task)
    sure = [one for one in named.by_id.values() if not one.problems]
    # A refusal says to look at the list.
    task.learned["devices"] = _all_shown(named)
    _require_allowed(args, sure)
    losing = [one for one in sure if "directory" in one.targets]
    removal_targets.secrets(task.client, losing)
    task.learned["warnings"] = warnings + _not_yet(sure) + association_targets.marks(sure) + _losses(losing)
    try:
        for place in places:
            if not _remove(task, place, sure):
                break
    finally:  # A failure halfway tells each object's outcome, too.
        task.learned["devices"] = _all_shown(named)
    failure = _left_out(named, _partly(sure))
    if failure is not None:
        raise failure
    return {}


def _may_go_on(leaver: Leaver) -> bool:
    """A device whose object stays in one place keeps those that follow: without them it could not be found again."""
    return not any(target.write.failure for target in leaver.targets.values())


# --- before anything changes ---


def _judge(named: Named, task: Task) -> None:
    """Learn why devices are left out. Of one that the tenant has nothing of there is nothing to be sure of, and what
    was not read tells nothing of whose it is."""
    for one in named.by_id.values():
        if one.targets and not one.unread:
            one.problems += ownership.problems(one, task.check_mode, ownership.own_tenant(task.client))
    named.share_unread()
    leavers.contest(named)


def _require_allowed(args: dict, sure: list[Leaver]) -> None:
    lost = [leaver for leaver in sure if leaver.targets]
    if len(lost) > args["max_deletions"]:
        raise bulk.refused(
            "too_many_deletions",
            f"{len(lost)} devices would be removed, and max_deletions is {args['max_deletions']}",
            [leaver.label for leaver in lost],
            "look at the list, then raise max_deletions if it is right",
            DOC,
        )


def _not_yet(sure: list[Leaver]) -> list[str]:
    """What check mode cannot know: whether devices that are to leave will prove that they are who they say."""
    labels = [leaver.label for leaver in sure if leaver.targets and leaver.evidence == NOT_YET]
    sentence = "not proved yet, and left out unless they prove their key when they leave"
    return [f"{sentence}: {directory_device.some(labels)}"] if labels else []


def _losses(losing: list[Leaver]) -> list[str]:
    """What people should know before an Entra device object goes. Names and ids only."""
    keys = [f"{leaver.label}: {', '.join(leaver.recovery_keys)}" for leaver in losing if leaver.recovery_keys]
    laps = [leaver.label for leaver in losing if leaver.laps]
    unknown = [leaver.label for leaver in losing if leaver.recovery_keys is None or leaver.laps is None]
    told = (
        (f"BitLocker recovery keys are stored with Entra device objects and {_GO}", keys),
        (f"LAPS passwords are stored with Entra device objects and {_GO}", laps),
        (_NOT_LOOKED_UP, unknown),
    )
    return directory_device.restoring([(leaver.label, leaver.row or {}) for leaver in losing]) + [
        f"{sentence}: {directory_device.some(labels)}" for sentence, labels in told if labels
    ]


# --- removing ---


def _remove(task: Task, place: Place, leavers: Iterable[Leaver]) -> bool:
    """Delete the objects of one place, and wait until they are gone: the next place refuses while this one still shows
    them. False where the connection broke, so that nothing more is tried."""
    going = [leaver for leaver in leavers if place.name in leaver.targets and _may_go_on(leaver)]
    if place.name == AUTOPILOT_PLACE and not _unassign_users(task, going):
        return False
    targets = {leaver.targets[place.name].id: leaver.targets[place.name] for leaver in going if _may_go_on(leaver)}

    def pending(ids: list[str]) -> bulk.StillPending:
        return removal_targets.present(task.client, place, [targets[identity] for identity in ids])

    writes = [target.write for target in targets.values()]
    return bulk.carry_out(task, writes, pending, f"the removal from {place.name}", place.version)


def _unassign_users(task: Task, leavers: Iterable[Leaver]) -> bool:
    """Take the users from registrations before they go. A registration whose user cannot be taken stays. False where
    the connection broke."""
    writes = removal_targets.unassign(leavers)
    broken = bulk.send(task, list(writes.values()), what="the unassignment of users")
    for leaver in leavers:
        target = leaver.targets[AUTOPILOT_PLACE]
        write = writes.get(target.id)
        failure = broken if write is None or write.failure is None else write.failure
        if failure is not None:
            target.write.failure = failure
    return broken is None


def _partly(sure: list[Leaver]) -> Failure | None:
    """The Failure of a removal that is not complete."""
    left = sum(
        any(target.write.outcome != bulk.CHANGED or target.write.failure for target in leaver.targets.values())
        for leaver in sure
    )
    return bulk.partly_done(
        [target.write for leaver in sure for target in leaver.targets.values()],
        f"{left} of {len(sure)} devices are not fully removed",
        " with the same ids, which does the rest",
        DOC,
    )


def _left_out(named: Named, partly: Failure | None) -> Failure | None:
    """The Failure that names devices which were left out, beside what else has failed."""
    unsure = named.left_out
    if partly is not None:
        partly.error["evidence"] += unsure
    if partly is not None or not unsure:
        return partly
    total = len(named.leavers) + len(named.bad)
    told = f"{sum(bool(one.problems) for one in named.leavers) + len(named.bad)} of {total} devices were left out"
    failed = [one for one in named.leavers if one.unread]
    if not failed:
        return ownership.uncertain(told, unsure, DOC)
    first = failed[0]
    return left_out(f"{told}: {first.label}: {first.problems[0]}", first.unread[0], unsure, DOC)


# --- what is returned ---


def _all_shown(named: Named) -> list[dict]:
    return [_shown(one) for one in named.leavers] + [_nobody(*one) for one in named.bad]


def _shown(leaver: Leaver) -> dict:
    shown: dict = {
        "device": leaver.device,
        "device_id": leaver.device_id,
        "name": leaver.name,
        "evidence": leaver.evidence,
        "problem": "; ".join(leaver.problems) or None,
    }
    for place in PLACES:
        target = None if leaver.problems else leaver.targets.get(place.name)
        shown[place.name] = (
            None if target is None else {"id": target.id, "outcome": target.write.outcome, "error": target.write.error}
        )
    return {**shown, "bitlocker_key_ids": leaver.recovery_keys, "laps_password": leaver.laps}


def _nobody(who: str, why: str) -> dict:
    """A record that names no device, in the same form."""
    nothing = dict.fromkeys(("device_id", "name", "evidence", *(place.name for place in PLACES)))
    return {"device": who, **nothing, "problem": why, "bitlocker_key_ids": None, "laps_password": None}
