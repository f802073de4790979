# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of autopilot_device: what is given, what the tenant has, users, changes, imports, and what became of each.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import collections
import typing as t
from collections.abc import Sequence

from ...result import Phases
from ...task import Task
from .. import bulk
from ..devices.intune import NO_DEVICE
from . import changes, chunk, entries, identities, listing, removal, troubles, users
from .imports import Importer
from .sync import Sync
from .wanted import OUTCOMES, Entry, Wanted


def ensure(task: Task) -> dict:
    """The work of the module: ``{"devices": [...], "summary": {...}}``."""
    given = entries.read(task)
    wanted = entries.devices(given)
    identities.look(task.client, wanted)
    task.phases = Phases()
    work = _remove if task.args["state"] == "absent" else _register
    try:
        work(task, wanted)
    finally:  # A failure halfway tells each device's outcome, too.
        task.learned |= {"devices": [_shown(task, entry) for entry in given], "summary": _summary(wanted)}
    undone = sum(one.failure is not None for one in wanted)
    failure = bulk.partly_done(wanted, f"{undone} of {len(wanted)} devices are not done", "", troubles.DOC)
    if failure is not None:
        raise failure
    return {}


def _remove(task: Task, wanted: Sequence[Wanted]) -> None:
    with t.cast(Phases, task.phases).phase("removal"):
        removal.remove(task, wanted)


def _register(task: Task, wanted: Sequence[Wanted]) -> None:
    phases = t.cast(Phases, task.phases)
    for one in wanted:
        if one.failure is None and one.identity is None:
            if one.autopilot_id is not None:  # an import would make another registration, with another id
                one.fail(troubles.not_found(one.autopilot_id))
            elif not one.hardware_hash:
                one.fail(troubles.no_hash())
    with phases.phase("users"):
        users.resolve(task.client, wanted, task.args["require_licence"])
    listed = [one for one in wanted if one.failure is None and one.identity is not None]
    missing = [one for one in wanted if one.failure is None and one.identity is None]
    with phases.phase("changes"):
        broken = changes.ensure(task, listed)
    if broken is not None:
        for one in missing:
            one.fail(broken, bulk.SKIPPED)
        return
    if task.check_mode:
        for one in missing:
            one.created, one.outcome = True, bulk.CHANGED
            task.changes.add(one.what, None, chunk.registered(one))
    elif any(one.hardware_hash for one in wanted):
        _import(task, phases, listed, missing)


def _import(task: Task, phases: Phases, listed: Sequence[Wanted], missing: Sequence[Wanted]) -> None:
    importer = Importer(task, Sync(task))
    with phases.phase("import"):
        importer.look([*listed, *missing])
        importer.run(missing)
    _follow(task, phases, importer)
    importer.clean_up()


def _follow(task: Task, phases: Phases, importer: Importer) -> None:
    """What comes after the imports: registrations are listed, and get what an import does not give them."""
    waiting = importer.waiting
    if importer.broken is not None:
        for one in waiting:
            if one.failure is None and not one.created:
                one.fail(importer.broken, bulk.SKIPPED)
    if importer.broken is not None or not waiting:
        return
    with phases.phase("listing"):
        # One whose receipt is gone has failed unless it shows.
        for one in waiting:
            one.failure = None
        listing.wait(task, importer.sync, waiting)
    for one in waiting:
        if one.identity is None and one.failure is None:
            _not_listed(one)
    with phases.phase("changes"):
        changes.ensure(task, [one for one in waiting if one.identity is not None and one.failure is None])


def _not_listed(one: Wanted) -> None:
    if one.created:
        one.failure = troubles.not_listed(None)
    elif one.import_error is not None:
        one.fail(troubles.not_listed(one.import_error))
    else:
        one.fail(troubles.receipt_gone(), bulk.UNKNOWN)


# --- what is returned ---


def _summary(wanted: Sequence[Wanted]) -> dict[str, int]:
    counted = collections.Counter(one.outcome for one in wanted)
    return {outcome: counted[outcome] for outcome in sorted(OUTCOMES)}


def _shown(task: Task, entry: Entry) -> dict[str, t.Any]:
    one = entry.wanted
    row = one.identity or {}
    managed = (row.get("managedDeviceId") or "").lower()
    device = (row.get("azureActiveDirectoryDeviceId") or "").lower()
    properties = changes.described(one)
    return {
        "serial_number": row.get("serialNumber") or one.serial,
        "line": entry.line,
        "autopilot_id": row.get("id") if not one.gone else None,
        "device_id": device if device not in ("", NO_DEVICE) else None,
        "managed_device_id": managed if managed not in ("", NO_DEVICE) else None,
        "registered": _registered(task, one),
        **{name: properties[name] for name in ("group_tag", "assigned_user", "display_name")},
        "outcome": one.outcome,
        "import_error": one.import_error,
        "error": None if one.failure is None else bulk.as_error(one.failure),
    }


def _registered(task: Task, one: Wanted) -> bool | None:
    """Whether the list has it in the end, None where that is not known."""
    if one.gone:
        return False if one.failure is None else None
    if one.identity is not None:
        return True
    if one.created:
        return True if task.check_mode else None
    return None if one.outcome in ("pending", bulk.UNKNOWN) else False
