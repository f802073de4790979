# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module corporate_identifier: rows in, an outcome for each.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from ansible.errors import AnsibleError

from ...options import bad_option
from ...result import Failure
from ...task import Task
from .. import bulk
from ..devices.directory_device import some
from . import identifiers, rows
from .identifiers import VERSION

UNCHANGED = "unchanged"
_FIRST = (
    "these are the tenant's first corporate identifiers of Windows devices: from now on Intune counts every Windows "
    "device that a user enrolls as personal, unless it is listed, or is corporate because of Windows Autopilot, device "
    "association, a provisioning package, group policy, co-management or an enrollment manager"
)
_LAST = "the tenant has no corporate identifier of a Windows device any more: what users enroll counts as before"


@dataclasses.dataclass
class Plan:
    """One row, and what is to be done. ``there`` is what the tenant has of it."""

    row: rows.Row
    there: dict | None = None
    write: bulk.Write | None = None

    @property
    def outcome(self) -> str:
        if self.row.problem:
            return bulk.SKIPPED
        return UNCHANGED if self.write is None else self.write.outcome


def ensure(task: Task) -> dict:
    """The work of the module: ``{"identifiers": [...], "total": n}``."""
    args, absent = task.args, task.args["state"] == "absent"
    given = (
        rows.of_option(args["devices"], args["periods"]) if args["devices"] is not None else _of_file(task, args["src"])
    )
    held = identifiers.listed(task.client)
    before, now = len(held), [held]
    plans = [_plan(row, held, absent) for row in given.rows]
    writes = [plan.write for plan in plans if plan.write is not None]

    def tell() -> None:
        for plan in plans:
            if plan.row.identifier is not None and not task.check_mode:
                plan.there = now[-1].get(rows.key(plan.row.identifier))
        task.learned["identifiers"] = [_shown(plan, absent, task.check_mode) for plan in plans]
        made = sum(write.outcome == bulk.CHANGED for write in writes) if task.check_mode else 0
        task.learned["total"] = len(now[-1]) + (-made if absent else made)

    def pending(keys: list[str]) -> list[str]:
        now.append(identifiers.listed(task.client))
        return [one for one in keys if (one in now[-1]) is absent]

    tell()  # A refusal says to look at the list.
    _require_allowed(args, writes, absent)
    task.learned["warnings"] = given.warnings + _warnings(plans, writes, before, absent)
    try:
        if absent:
            bulk.carry_out(task, writes, pending, "the removal of corporate identifiers", VERSION)
        else:
            broken = identifiers.Upload(task).send(writes)
            bulk.confirm(task, writes, pending, "the upload of corporate identifiers", broken)
    finally:  # A failure halfway tells each row's outcome, too.
        tell()
    failure = bulk.partly_done(
        writes,
        f"not every corporate identifier was changed ({bulk.counts(writes)})",
        ", which does the rest",
        identifiers.DOC,
    )
    return _told(plans, failure)


def _of_file(task: Task, src: str) -> rows.Rows:
    try:
        with task.in_clear(task.find_file(src)) as clear:
            return rows.of_file(clear, task.args["periods"])
    except (OSError, AnsibleError) as error:
        raise bad_option("src", f"it cannot be read: {error}", "give a CSV file on the controller") from None


def _plan(row: rows.Row, held: dict[str, dict], absent: bool) -> Plan:
    if row.problem or row.identifier is None:
        return Plan(row)
    there = held.get(rows.key(row.identifier))
    plan = Plan(row, there)
    if absent and there is not None:
        plan.write = identifiers.removal(row.identifier, there)
    elif not absent and there is None:
        plan.write = identifiers.addition(row.identifier)
    return plan


def _require_allowed(args: dict, writes: list[bulk.Write], absent: bool) -> None:
    if absent and len(writes) > args["max_deletions"]:
        raise bulk.refused(
            "too_many_deletions",
            f"{len(writes)} corporate identifiers would be removed, and max_deletions is {args['max_deletions']}",
            [write.what for write in writes],
            "look at the list, then raise max_deletions if it is right",
            identifiers.DOC,
        )


def _warnings(plans: list[Plan], writes: list[bulk.Write], before: int, absent: bool) -> list[str]:
    bad = [f"{plan.row.label}: {plan.row.problem}" for plan in plans if plan.row.problem and plan.row.double is None]
    told = [f"left out, because Intune would refuse them: {some(bad)}"] if bad else []
    if writes and not absent and before == 0:
        told.append(_FIRST)
    if writes and absent and before == len(writes):
        told.append(_LAST)
    return told


def _told(plans: list[Plan], failure: Failure | None) -> dict:
    """The result. Failure where something was not done; a row that was given twice does not fail."""
    bad = [f"{plan.row.label}: {plan.row.problem}" for plan in plans if plan.row.problem and plan.row.double is None]
    if failure is not None:
        failure.error["evidence"] += bad
        raise failure
    if bad:
        cause, fix = f"{len(bad)} of {len(plans)} rows were left out: {bad[0]}", "correct these rows, or leave them out"
        raise Failure(
            f"{cause}; {fix}",
            side="controller",
            name="rows_left_out",
            cause=cause,
            fix=fix,
            evidence=bad,
            doc=identifiers.DOC,
        )
    return {}


def _shown(plan: Plan, absent: bool, check_mode: bool) -> dict:
    """The row as it is now, or in check mode would be."""
    there = plan.there is not None
    if check_mode and plan.outcome == bulk.CHANGED:
        there = not absent
    state = "present" if there else "absent"
    if plan.row.problem and plan.row.double is None or plan.outcome == bulk.UNKNOWN:
        state = "unknown"
    row = plan.there or {}
    return {
        "line": plan.row.line,
        "identifier": plan.row.identifier,
        "id": row.get("id"),
        "state": state,
        "enrollment_state": row.get("enrollmentState"),
        "outcome": plan.outcome,
        "problem": plan.row.problem,
        "error": plan.write.error if plan.write else None,
    }
