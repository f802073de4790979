# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of references: members of a group, groups of a scope, assignments of a role. A strategy of the engine.

Source: Microsoft Graph, "Add members" and "Remove member" (by reference). Entries are added before others are
taken out, and nothing is taken out unless all was added: a list of administrators must not end up empty halfway.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection, Iterable, Mapping

from ...result import Failure
from ...task import Task
from .. import bulk
from ..graph.batch import LARGEST, Item
from ..graph.consistency import once_known
from ..graph.errors import GraphFailure


@dataclasses.dataclass(frozen=True)
class ReferenceList:
    """How a list is read and written.

    ``noun`` names an entry in changes, ``outside`` and ``inside`` are what it goes from and to. ``read`` gives the ids
    in it now, ``add`` and ``take_out`` the requests for one id. ``at_once``: so many are sent in one request.
    """

    noun: str
    read: Callable[[], Collection[str]]
    add: Callable[[str], Item]
    take_out: Callable[[str], Item]
    outside: str = "absent"
    inside: str = "present"
    version: str = "v1.0"
    at_once: int = LARGEST


def difference(state: str, wanted: Iterable[str], present: Collection[str]) -> tuple[list[str], list[str]]:
    """(what to add, what to take out) for the states present, absent and exact."""
    wanted = list(wanted)
    if state == "absent":
        return [], [entry for entry in wanted if entry in present]
    surplus = sorted(set(present) - set(wanted)) if state == "exact" else []
    return [entry for entry in wanted if entry not in present], surplus


def additions(entries: ReferenceList, ids: Iterable[str], names: Mapping[str, str]) -> list[bulk.Write]:
    """The writes that add these ids; ``names`` are shown in their place where there are any."""
    return [_write(entries, one, names, entries.add(one), entries.outside, entries.inside) for one in ids]


def removals(entries: ReferenceList, ids: Iterable[str], names: Mapping[str, str]) -> list[bulk.Write]:
    """The writes that take these ids out."""
    return [_write(entries, one, names, entries.take_out(one), entries.inside, entries.outside) for one in ids]


def _write(
    entries: ReferenceList, identity: str, names: Mapping[str, str], item: Item, before: str, after: str
) -> bulk.Write:
    what = f"{entries.noun} {names.get(identity, identity)}"
    return bulk.Write(identity, what, item, [(what, before, after)])


def bring(
    task: Task,
    entries: ReferenceList,
    adding: list[bulk.Write],
    taking_out: list[bulk.Write],
    new: bool = False,
) -> None:
    """Do the writes and wait until they show. Failure where some entries stay as they were.

    ``new``: the object whose list it is was made a moment ago, and may not be known everywhere.
    """
    writes, added = [*adding, *taking_out], {write.key for write in adding}

    def pending(keys: list[str]) -> list[str]:
        seen = entries.read()
        return [key for key in keys if (key in seen) is not (key in added)]

    broken = _send_to_new(task, entries, adding) if new else _send(task, entries, adding)
    if not _fine(adding):  # Some may have arrived all the same.
        bulk.confirm(task, adding, pending, _what(entries), broken)
    if _fine(adding):
        broken = _send(task, entries, taking_out)
        bulk.confirm(task, writes, pending, _what(entries), broken)
    failure = bulk.partly_done(
        writes, f"not every {entries.noun} was changed ({bulk.counts(writes)})", ", which does the rest"
    )
    if failure is None:
        return
    some = any(write.outcome == bulk.CHANGED for write in writes)
    raise failure if some else bulk.first_failure(writes) or failure


def _fine(writes: list[bulk.Write]) -> bool:
    return all(write.failure is None for write in writes)


def _send(task: Task, entries: ReferenceList, writes: list[bulk.Write]) -> Failure | None:
    return bulk.send(task, writes, entries.version, entries.at_once, _what(entries))


def _send_to_new(task: Task, entries: ReferenceList, writes: list[bulk.Write]) -> Failure | None:
    """As ``_send``, again while Graph says 404. A 404 that names an entry is about the entry, and stays."""
    ids = [write.key for write in writes]

    def attempt(part: list[bulk.Write]) -> Failure | None:
        broken = _send(task, entries, part)
        for write in part:
            refused = write.failure
            if isinstance(refused, GraphFailure) and refused.status == 404:
                if not any(identity in refused.message for identity in ids):
                    raise refused
        return broken

    broken = None
    # The first request finds out, so that a long list is not sent in vain.
    for part in (writes[: entries.at_once], writes[entries.at_once :]):
        try:
            broken = broken or once_known(task.client.waits, functools.partial(attempt, part), "the new object")
        except GraphFailure:
            break  # It is kept in the writes.
    return broken


def _what(entries: ReferenceList) -> str:
    return f"the change of {entries.noun}s"
