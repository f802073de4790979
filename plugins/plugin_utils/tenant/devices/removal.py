# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that have left removed from Intune, Windows Autopilot and the directory, in this order, many in one task.

Sources: Microsoft Graph, "Delete managedDevice", "Delete windowsAutopilotDeviceIdentity", "Delete device"; Windows
Autopilot, "Deregister a device" (the order); memdocs issue 1435 (403 while a registration points at the object).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...options import require_at_least
from ...result import Failure
from ..graph.batch import LARGEST
from ..resources.engine import settle
from ..task import TenantTask
from . import removal_targets
from .removal_targets import PLACES, Leaver, Target

GONE = 404
DOC = "https://learn.microsoft.com/autopilot/registration-overview"
SHOWN = 20
_NOT_LOOKED_UP = (
    "Whether BitLocker recovery keys or LAPS passwords go with Entra device objects could not be looked up "
    "(BitlockerKey.ReadBasic.All, DeviceLocalCredential.ReadBasic.All)"
)


def remove(task: TenantTask) -> dict:
    """The work of the module: ``{"devices": [...]}``."""
    args = task.args
    require_at_least(0, args["max_deletions"], "max_deletions")
    leavers = removal_targets.named(args["devices"])
    places = [place for place in PLACES if args[place.name]]
    if not leavers or not places:
        return {"devices": []}
    warnings = removal_targets.look(task.client, leavers, [place.name for place in places])
    _require_allowed(args, leavers)
    losing = [leaver for leaver in leavers.values() if "directory" in leaver.targets]
    removal_targets.secrets(task.client, losing)
    task.learned["warnings"] = warnings + _losses(losing)
    try:
        for place in places:
            targets = [
                leaver.targets[place.name]
                for leaver in leavers.values()
                if place.name in leaver.targets and _may_go_on(leaver)
            ]
            if not _remove(task, targets):
                break
    finally:  # A failure halfway tells each object's outcome, too.
        task.learned["devices"] = [_shown(leaver) for leaver in leavers.values()]
    broken = [target for leaver in leavers.values() for target in leaver.targets.values() if target.error]
    if broken:
        raise _partly(leavers, broken)
    return {}


def _may_go_on(leaver: Leaver) -> bool:
    """A device whose object stays in one place keeps those that follow: without them it could not be found again."""
    return not any(target.error for target in leaver.targets.values())


# --- before anything changes ---


def _require_allowed(args: dict, leavers: dict[str, Leaver]) -> None:
    unsure = [f"{leaver.label}: {problem}" for leaver in leavers.values() for problem in leaver.problems]
    if unsure:
        raise _refused(
            "ownership_uncertain",
            f"what to remove is not certain: {unsure[0]}",
            unsure,
            "look at the objects that are named, and remove what is too much or leave the device out",
        )
    lost = [leaver for leaver in leavers.values() if leaver.targets]
    if len(lost) > args["max_deletions"]:
        raise _refused(
            "too_many_deletions",
            f"{len(lost)} devices would be removed, and max_deletions is {args['max_deletions']}",
            [leaver.label for leaver in lost],
            "look at the list, then raise max_deletions if it is right",
        )


def _refused(name: str, cause: str, evidence: list[str], fix: str) -> Failure:
    return Failure(
        f"{cause}; nothing was changed; {fix}",
        side="tenant",
        name=name,
        cause=cause,
        fix=fix,
        evidence=evidence,
        doc=DOC,
    )


def _losses(losing: list[Leaver]) -> list[str]:
    """What people should know before an Entra device object goes. Names and ids only."""
    keys = [f"{leaver.label}: {', '.join(leaver.recovery_keys)}" for leaver in losing if leaver.recovery_keys]
    laps = [leaver.label for leaver in losing if leaver.laps]
    unknown = [leaver.label for leaver in losing if leaver.recovery_keys is None or leaver.laps is None]
    told = (
        ("BitLocker recovery keys are stored with Entra device objects and go with them", keys),
        ("LAPS passwords are stored with Entra device objects and go with them", laps),
        (_NOT_LOOKED_UP, unknown),
    )
    return [f"{sentence}: {_some(labels)}" for sentence, labels in told if labels]


def _some(labels: list[str]) -> str:
    more = f"; and {len(labels) - SHOWN} more, see devices" if labels[SHOWN:] else ""
    return "; ".join(labels[:SHOWN]) + more


# --- removing ---


def _remove(task: TenantTask, targets: list[Target]) -> bool:
    """Delete the objects of one place, 20 in one request, and wait until they are gone. An object that stays has its
    ``error``. False where the connection broke, so that nothing more is tried."""
    broken = None
    if task.check_mode:
        for target in targets:
            target.outcome = "changed"
    else:
        broken = _delete(task, targets)
        _await(task, [target for target in targets if target.outcome in ("changed", "unknown")], broken)
    for target in targets:
        if target.outcome == "changed":
            task.changes.add(target.what, {"id": target.id, "state": "present"}, {"id": target.id, "state": "absent"})
    return broken is None


def _delete(task: TenantTask, targets: list[Target]) -> Failure | None:
    for start in range(0, len(targets), LARGEST):
        part = targets[start : start + LARGEST]
        try:
            answers = task.client.batch([target.item("DELETE") for target in part])
        except Failure as failure:
            # The connection or the service broke: each of these may or may not be deleted.
            for target in part:
                target.outcome, target.error = "unknown", _told(failure)
            for target in targets[start + LARGEST :]:
                target.error = _told(failure)
            return failure
        for target, answer in zip(part, answers):
            if answer.failure is None or answer.status == GONE:
                target.outcome = "changed"
            else:
                target.outcome, target.error = "failed", _told(answer.failure)
    return None


def _await(task: TenantTask, sent: list[Target], broken: Failure | None) -> None:
    """Wait until what was deleted is gone everywhere: the next place refuses while this one still shows it. After a
    break, one look tells what arrived."""
    rest, failure = list(sent), broken

    def still_there() -> list[Target]:
        rest[:] = removal_targets.present(task.client, rest)
        return rest

    try:
        if broken is not None:
            still_there()
        elif sent:
            settle(task, still_there, lambda there: not there, f"the removal from {sent[0].place.name}")
    except Failure as failed:
        failure = failure or failed
    for target in sent:
        if target not in rest:
            target.outcome, target.error = "changed", None
        elif failure is not None:  # Accepted or not, it is still there: what follows must wait for it.
            target.error = _told(failure)


def _told(failure: Failure) -> dict:
    return {**failure.error, "msg": failure.msg}


def _partly(leavers: dict[str, Leaver], broken: list[Target]) -> Failure:
    first = broken[0].error or {}
    left = sum(
        any(target.outcome != "changed" or target.error for target in leaver.targets.values())
        for leaver in leavers.values()
    )
    cause = f"{left} of {len(leavers)} devices are not wholly removed: {first['cause']}"
    fix = f"{first['fix']}; then run the task again with the same ids, which does the rest"
    return Failure(
        f"{cause}; {fix}",
        side=first["side"],
        name="partly_done",
        code=first["code"],
        cause=cause,
        fix=fix,
        evidence=[f"{target.what}: {target.outcome}, {(target.error or {})['cause']}" for target in broken],
        request_id=first["request_id"],
        permissions=first["permissions"],
        doc=DOC,
    )


# --- what is returned ---


def _shown(leaver: Leaver) -> dict:
    shown: dict = {"device_id": leaver.device_id, "name": leaver.name}
    for place in PLACES:
        target = leaver.targets.get(place.name)
        shown[place.name] = (
            None if target is None else {"id": target.id, "outcome": target.outcome, "error": target.error}
        )
    return {**shown, "bitlocker_key_ids": leaver.recovery_keys, "laps_password": leaver.laps}
