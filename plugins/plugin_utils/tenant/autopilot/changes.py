# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Group tag, user and names of registrations: one request for each that differs, 20 in one.

Name, tag and user are set together, and what a request leaves out may be emptied: each has all of them, as they are to
be. A user is unassigned by a call of its own. Sources: Microsoft Graph, "updateDeviceProperties" and
"unassignUserFromDevice"; docs-contrib issue 1955 (412 ConditionNotMet under load), microsoft-graph-docs issue 11620 (a
read shows the change up to ten minutes later).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ...result import Failure
from ...task import Task
from .. import bulk
from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import APPROVALS, Purpose
from ..graph.retry import back_off
from . import identities
from .wanted import PROPERTIES, UNCHANGED, Properties, Wanted, current, shown, target

_FIELDS = {
    "group_tag": "groupTag",
    "assigned_user": "userPrincipalName",
    "addressable_user_name": "addressableUserName",
    "display_name": "displayName",
}
_USER = ("assigned_user", "addressable_user_name")
_PRECONDITION, _MOST_ATTEMPTS = 412, 4
NOT_SHOWN = "not_shown"


def ensure(task: Task, wanted: Sequence[Wanted]) -> Failure | None:
    """Give the registrations of these devices the properties that they are to have. The Failure of a connection that
    broke, so that nothing more should be tried.

    Of a device that this task has registered the change is told already.
    """
    unassign, update = [], []
    for one in wanted:
        before, after = current(one.identity or {}), target(one)
        if one.outcome == bulk.SKIPPED:
            one.outcome = UNCHANGED
        if before["assigned_user"] and not after["assigned_user"]:
            unassign.append((one, _unassign(one, before)))
            before = {**before, "assigned_user": "", "addressable_user_name": ""}
        if before != after:
            update.append((one, _update(one, before, after)))
    broken = _carry_out(task, unassign)
    refused = {id(one) for one, write in unassign if write.outcome != bulk.CHANGED}
    left = [(one, write) for one, write in update if id(one) not in refused]
    if broken is None:
        broken = _carry_out(task, left)
    else:
        for _one, write in left:
            write.failure = broken
    _confirm(task, [*unassign, *left], broken)
    for one, write in [*unassign, *update]:
        _take_over(one, write)
    return broken


def _unassign(one: Wanted, before: Properties) -> bulk.Write:
    item = Item(
        "POST",
        odata.path(*identities.IDENTITIES, _key(one), "unassignUserFromDevice"),
        Purpose(f"unassign the user of the {one.what}", identities.AUTOPILOT_WRITE),
        idempotent=True,
    )
    what = f"user of the {one.what}"
    return bulk.Write(_key(one), what, item, [(what, before["assigned_user"], None)])


def _update(one: Wanted, before: Properties, after: Properties) -> bulk.Write:
    body = {field: after[name] for name, field in _FIELDS.items() if after[name] or before[name]}
    item = Item(
        "POST",
        odata.path(*identities.IDENTITIES, _key(one), "updateDeviceProperties"),
        Purpose(f"change the {one.what}", identities.AUTOPILOT_WRITE),
        body=body,
        idempotent=True,
    )
    return bulk.Write(_key(one), one.what, item, [] if one.created else [(one.what, shown(before), shown(after))])


def _key(one: Wanted) -> str:
    return str((one.identity or {})["id"]).lower()


Pair = tuple[Wanted, bulk.Write]


def _carry_out(task: Task, pairs: Sequence[Pair]) -> Failure | None:
    """Send them; those whose precondition fails under load once more."""
    writes = [write for _one, write in pairs]
    broken = bulk.send(task, writes, what="the changes of Windows Autopilot")
    for attempt in range(1, _MOST_ATTEMPTS):
        again = [write for write in writes if _failed_precondition(write)]
        if broken is not None or not again or not task.client.waits.wait(back_off(attempt), "a precondition failed"):
            break
        broken = bulk.send(task, again, what="the changes of Windows Autopilot")
    return broken


def _failed_precondition(write: bulk.Write) -> bool:
    failure = write.failure
    return (
        write.outcome == bulk.FAILED
        and failure is not None
        and getattr(failure, "status", None) == _PRECONDITION
        and failure.error["name"] not in APPROVALS
    )


def _confirm(task: Task, pairs: Sequence[Pair], broken: Failure | None) -> None:
    """Learn what became of writes without an answer, and wait until the others show. That they do not show in time is
    a warning: the service may take ten minutes."""
    by_key = {write.key: one for one, write in pairs}

    def pending(keys: list[str]) -> list[str]:
        asked = [by_key[key] for key in keys]
        by_id, _others = identities.rows(task.client, asked)
        late = []
        for key, one in zip(keys, asked):
            row = by_id.get(key)
            if row is None or not _same(current(row), goals[key]):
                late.append(key)
            else:
                one.identity = row
        return late

    goals = {write.key: target(one) for one, write in pairs}
    writes = list({write.key: write for _one, write in pairs}.values())
    with task.client.waits.at_most(task.args["listing_timeout"]):
        bulk.confirm(task, writes, pending, "the changes of Windows Autopilot", broken)
    late = [write for write in writes if write.outcome == bulk.CHANGED and write.failure is not None]
    for write in late:
        if write.failure is not None and write.failure.error["name"] == NOT_SHOWN:
            write.failure = None
    if late:
        task.learned.setdefault("warnings", []).append(
            f"the service has accepted the changes of {len(late)} registrations and does not show them yet"
        )


def _same(row: Properties, goal: Properties) -> bool:
    return all(
        row[name].casefold() == goal[name].casefold() if name in _USER else row[name] == goal[name]
        for name in PROPERTIES
    )


def _take_over(one: Wanted, write: bulk.Write) -> None:
    """The outcome of a write is the device's, where it is worse than what it has."""
    if one.failure is not None:
        return
    if write.failure is not None:
        one.fail(write.failure, write.outcome)
    elif write.outcome == bulk.CHANGED:
        one.outcome = bulk.CHANGED


def described(one: Wanted) -> dict[str, t.Any]:
    """The properties at the end, as far as they are known."""
    if one.outcome in (bulk.CHANGED, UNCHANGED) and one.failure is None and not one.gone:
        return shown(target(one))
    return shown(current(one.identity or {}))
