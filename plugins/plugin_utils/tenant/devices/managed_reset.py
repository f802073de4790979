# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices reset by Intune, or allowed to deploy once more: many in one task, each read and compared before anything is
sent.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ...autopilot import serials
from ...options import bad_option, require_moment
from ...result import Failure
from ...task import Task
from .. import bulk
from ..graph.batch import BatchAnswer
from . import unread
from .reset_actions import ACTIONS, Action, Row, Since, Wanted

DOC = "https://learn.microsoft.com/intune/intune-service/remote-actions/device-wipe"
WINDOWS = "windows"


def ensure(task: Task) -> dict:
    """The work of the module: ``{"devices": [...]}``. Raises Failure."""
    action = ACTIONS[task.args["action"]]
    if task.args["protected"] and task.args["keep"] != "nothing":
        raise bad_option(
            "protected", f"the protected wipe keeps nothing, but keep is {task.args['keep']}", "leave one out"
        )
    since = _since(task.args)
    wanted = _wanted(task.args["devices"], action)

    def tell() -> None:
        task.learned["devices"] = [_shown(one) for one in wanted]

    _look(task, action, wanted)
    for one in wanted:
        if since is not None and one.row is not None and one.problem is None and action.undated(one.row, since):
            one.problem = f"Intune does not say when it wiped the device of the record {one.key}"
    tell()
    todo = [one for one in wanted if not one.problem and not one.failure and not action.done(one.row or {}, since)]
    _require_allowed(task.args, todo)
    for one in todo:
        one.write = action.write(one, task.args)
    by_key = {one.key: one for one in todo}

    def pending(keys: list[str]) -> bulk.StillPending:
        left: dict[str, t.Any] = {}
        for key, answer in _answers(task, action, [by_key[key] for key in keys]):
            row, before = answer.body or {}, by_key[key].row or {}
            # A device may have answered by now.
            if answer.failure is not None or not (action.done(row, since) or action.noted(row) != action.noted(before)):
                left[key] = answer.failure
        return left

    writes = [one.write for one in todo if one.write is not None]
    try:
        bulk.carry_out(task, writes, pending, f"{task.args['action']} of {len(writes)} devices", action.version)
    finally:  # A failure halfway tells each device's outcome, too.
        tell()
    failure = bulk.partly_done(
        writes, f"not every device was done ({bulk.counts(writes)})", ", which does the rest", DOC
    ) or _left_out(wanted)
    if failure is not None:
        raise failure
    return {}


# --- before anything changes ------------------------------------------------------------------------------------------


def _since(args: dict) -> Since:
    """The option unless_wiped_after. bad_option where it is not a time, or nothing is wiped."""
    text = args["unless_wiped_after"]
    if text is None:
        return None
    if args["action"] != "wipe":
        raise bad_option("unless_wiped_after", f"the action is {args['action']}, not wipe", "leave one out")
    # Intune's dates are of whole seconds.
    return require_moment(text, "unless_wiped_after").replace(microsecond=0)


def _wanted(given: list[dict], action: Action) -> list[Wanted]:
    """The devices of the option; bad_option for one without the id that the action needs, or that is there twice."""
    found: dict[str, Wanted] = {}
    for number, entry in enumerate(given):
        key = entry[action.option]
        if key is None:
            raise bad_option("devices", f"entry {number} has no {action.option}", "give it: the action needs it")
        if key in found:
            raise bad_option("devices", f"{key} is there twice", "name each device once")
        found[key] = Wanted(entry["serial_number"].strip(), key, entry["device_id"])
    return list(found.values())


def _answers(task: Task, action: Action, wanted: list[Wanted]) -> list[tuple[str, BatchAnswer]]:
    answers = task.client.batch([action.read(one) for one in wanted], action.version)
    return [(one.key, answer) for one, answer in zip(wanted, answers)]


def _look(task: Task, action: Action, wanted: list[Wanted]) -> None:
    """Read the record of each, and learn what is wrong with it. What is refused for all is the task's failure."""
    answers = dict(_answers(task, action, wanted))
    failures = [answer.failure for answer in answers.values() if answer.failure and not answer.says_absent]
    if (of_all := unread.of_all(failures, len(wanted))) is not None:
        raise of_all
    for one in wanted:
        answer = answers[one.key]
        if answer.says_absent:
            one.problem = f"{action.where} has no record with the id {one.key}"
        elif answer.failure is not None:
            one.failure = answer.failure
        else:
            one.row = answer.body or {}
            one.state = action.state(one.row)
            one.problem = _problem(one, one.row, action)


def _problem(one: Wanted, row: Row, action: Action) -> str | None:
    """Why this record must not be touched: it is not surely the device that the task means."""
    serial, device_id = (row.get("serialNumber") or "").strip(), row.get(action.fields[0])
    if str(row.get("id")).lower() != one.key:
        return f"{action.where} answered with the record {row.get('id')}"
    if serial != one.serial_number:
        return f"the record {one.key} has the serial number {serial!r}, not {one.serial_number!r}"
    if one.device_id is not None and one.device_id != str(device_id or "").lower():
        return f"the record {one.key} belongs to the device {device_id or 'without an id'}, not to {one.device_id}"
    if serials.is_placeholder(serial) and one.device_id is None:
        return f"{serial!r} is a placeholder, which many devices have: confirm the device by its device_id, too"
    system = row.get("operatingSystem")
    if system is not None and system.lower() != WINDOWS:
        return f"the record {one.key} is of a device with {system}, not Windows"
    return None


def _require_allowed(args: dict, todo: list[Wanted]) -> None:
    if args["action"] == "wipe" and len(todo) > args["max_resets"]:
        raise bulk.refused(
            "too_many_resets",
            f"{len(todo)} devices are to be wiped, and max_resets allows {args['max_resets']}",
            [f"{one.serial_number} ({one.key})" for one in todo],
            "look at the list, then raise max_resets",
            DOC,
        )


def _left_out(wanted: list[Wanted]) -> Failure | None:
    """The Failure of a task that has left out some devices, and done the rest."""
    evidence = [
        f"{one.serial_number}: {one.problem or unread.sentence('its record', t.cast(Failure, one.failure))}"
        for one in wanted
        if one.problem or one.failure
    ]
    if not evidence:
        return None
    cause = f"{len(evidence)} of {len(wanted)} devices were left out: {evidence[0]}"
    fix = "correct these entries by what Intune shows, then run the task again, which does the rest"
    first = next((one.failure for one in wanted if one.failure), None)
    error = first.error if first is not None else {}
    return Failure(
        f"{cause}; {fix}",
        side="tenant",
        name="devices_left_out",
        code=error.get("code"),
        cause=cause,
        fix=fix,
        evidence=evidence,
        request_id=error.get("request_id"),
        permissions=error.get("permissions"),
        doc=DOC,
    )


# --- what is returned -------------------------------------------------------------------------------------------------


def _shown(one: Wanted) -> dict:
    failure = one.failure or (one.write.failure if one.write else None)
    return {
        "serial_number": one.serial_number,
        "id": one.key,
        "name": (one.row or {}).get("deviceName") or (one.row or {}).get("displayName"),
        "before": one.state,
        "outcome": one.outcome,
        "problem": one.problem,
        "error": None if failure is None else bulk.as_error(failure),
    }
