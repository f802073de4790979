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

from ...result import Failure
from ...task import Task
from .. import bulk
from . import directory_device, removal_targets
from .removal_targets import PLACES, Leaver, Place

DOC = "https://learn.microsoft.com/autopilot/registration-overview"
_GO = "go with them, for good after 30 days or when the deleted object is purged"
_NOT_LOOKED_UP = (
    "Whether BitLocker recovery keys or LAPS passwords go with Entra device objects could not be looked up "
    "(BitlockerKey.ReadBasic.All, DeviceLocalCredential.ReadBasic.All)"
)


def remove(task: Task) -> dict:
    """The work of the module: ``{"devices": [...]}``."""
    args = task.args
    leavers = removal_targets.named(args["devices"])
    places = [place for place in PLACES if args[place.name]]
    if not leavers or not places:
        return {"devices": []}
    warnings = removal_targets.look_at_tenant(task.client, leavers, [place.name for place in places])
    _require_allowed(args, leavers)
    losing = [leaver for leaver in leavers.values() if "directory" in leaver.targets]
    removal_targets.secrets(task.client, losing)
    task.learned["warnings"] = warnings + _losses(losing)
    try:
        for place in places:
            if not _remove(task, place, leavers.values()):
                break
    finally:  # A failure halfway tells each object's outcome, too.
        task.learned["devices"] = [_shown(leaver) for leaver in leavers.values()]
    failure = _partly(leavers)
    if failure is not None:
        raise failure
    return {}


def _may_go_on(leaver: Leaver) -> bool:
    """A device whose object stays in one place keeps those that follow: without them it could not be found again."""
    return not any(target.write.failure for target in leaver.targets.values())


# --- before anything changes ---


def _require_allowed(args: dict, leavers: dict[str, Leaver]) -> None:
    unsure = [f"{leaver.label}: {problem}" for leaver in leavers.values() for problem in leaver.problems]
    if unsure:
        raise bulk.refused(
            "ownership_uncertain",
            f"what to remove is not certain: {unsure[0]}",
            unsure,
            "look at the objects that are named, and remove what is too much or leave the device out",
            DOC,
        )
    lost = [leaver for leaver in leavers.values() if leaver.targets]
    if len(lost) > args["max_deletions"]:
        raise bulk.refused(
            "too_many_deletions",
            f"{len(lost)} devices would be removed, and max_deletions is {args['max_deletions']}",
            [leaver.label for leaver in lost],
            "look at the list, then raise max_deletions if it is right",
            DOC,
        )


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
    targets = {
        leaver.targets[place.name].id: leaver.targets[place.name]
        for leaver in leavers
        if place.name in leaver.targets and _may_go_on(leaver)
    }

    def pending(ids: list[str]) -> list[str]:
        return [target.id for target in removal_targets.present(task.client, [targets[identity] for identity in ids])]

    writes = [target.write for target in targets.values()]
    return bulk.carry_out(task, writes, pending, f"the removal from {place.name}")


def _partly(leavers: dict[str, Leaver]) -> Failure | None:
    """The Failure of a removal that is not complete."""
    left = sum(
        any(target.write.outcome != bulk.CHANGED or target.write.failure for target in leaver.targets.values())
        for leaver in leavers.values()
    )
    return bulk.partly_done(
        [target.write for leaver in leavers.values() for target in leaver.targets.values()],
        f"{left} of {len(leavers)} devices are not fully removed",
        " with the same ids, which does the rest",
        DOC,
    )


# --- what is returned ---


def _shown(leaver: Leaver) -> dict:
    shown: dict = {"device_id": leaver.device_id, "name": leaver.name}
    for place in PLACES:
        target = leaver.targets.get(place.name)
        shown[place.name] = (
            None if target is None else {"id": target.id, "outcome": target.write.outcome, "error": target.write.error}
        )
    return {**shown, "bitlocker_key_ids": leaver.recovery_keys, "laps_password": leaver.laps}
