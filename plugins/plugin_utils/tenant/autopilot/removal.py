# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registrations removed: users unassigned first, then deleted, each gone when the list does not have it any more.

By id, not by serial number (deleteDevices): several registrations may have one. Sources: Microsoft Graph, "Delete
windowsAutopilotDeviceIdentity"; "Windows Autopilot registration" (the order).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...task import Task
from .. import bulk
from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Purpose
from . import identities
from .troubles import DOC
from .wanted import UNCHANGED, Wanted, current, shown


def remove(task: Task, wanted: Sequence[Wanted]) -> None:
    """Remove the registrations of these devices. Failure before the first, where there are too many."""
    there = [one for one in wanted if one.identity is not None and one.failure is None]
    for one in wanted:
        if one.failure is None and one.identity is None:
            one.outcome = UNCHANGED
    if len(there) > task.args["max_deletions"]:
        raise bulk.refused(
            "too_many_deletions",
            f"{len(there)} registrations would be removed, and max_deletions is {task.args['max_deletions']}",
            [one.label for one in there],
            "look at the list, then raise max_deletions if it is right",
            DOC,
        )
    assigned = [(one, _unassign(one)) for one in there if current(one.identity or {})["assigned_user"]]
    broken = bulk.send(task, [write for _one, write in assigned], what="the unassignment of users")
    for one, write in assigned:
        if write.failure is not None:
            one.fail(write.failure, write.outcome)
    deletions = [(one, _delete(one)) for one in there if one.failure is None]
    if broken is not None:
        for one, _write in deletions:
            one.fail(broken, bulk.SKIPPED)
        return
    _delete_all(task, deletions)


def _delete_all(task: Task, pairs: Sequence[tuple[Wanted, bulk.Write]]) -> None:
    by_id = {write.key: one for one, write in pairs}

    def pending(ids: list[str]) -> list[str]:
        listed, _by_key = identities.rows(task.client, [by_id[identity] for identity in ids])
        return [identity for identity in ids if identity in listed]

    writes = [write for _one, write in pairs]
    broken = bulk.send(task, writes, what="the removal from Windows Autopilot")
    with task.client.waits.at_most(task.args["listing_timeout"]):
        bulk.confirm(task, writes, pending, "the removal from Windows Autopilot", broken)
    for one, write in pairs:
        one.outcome, one.failure = write.outcome, write.failure
        one.gone = write.outcome == bulk.CHANGED


def _unassign(one: Wanted) -> bulk.Write:
    identity = str((one.identity or {})["id"])
    item = Item(
        "POST",
        odata.path(*identities.IDENTITIES, identity, "unassignUserFromDevice"),
        Purpose(f"unassign the user of the {one.what}", identities.AUTOPILOT_WRITE),
        idempotent=True,
    )
    return bulk.Write(identity, f"user of the {one.what}", item, [])


def _delete(one: Wanted) -> bulk.Write:
    identity = str((one.identity or {})["id"]).lower()
    item = Item(
        "DELETE",
        odata.path(*identities.IDENTITIES, identity),
        Purpose(f"delete the {one.what}", identities.AUTOPILOT_WRITE),
    )
    before = {"serial_number": one.serial, **shown(current(one.identity or {}))}
    return bulk.Write(identity, one.what, item, [(one.what, before, None)])
