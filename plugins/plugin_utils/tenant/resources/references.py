# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of references: members of a group, groups of a scope, assignments of a role. A strategy of the engine.

Source: Microsoft Graph, "Add members" and "Remove member" (by reference). Entries are added before others are
taken out, and nothing is taken out unless all was added: a list of administrators must not end up empty halfway. A 404
for an entry, or for the object whose list it is, is waited out where that is new (terraform-provider-azuread 220,
pulumi-azuread 2014, microsoft-graph-docs 18218).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping

from ...result import Failure
from ...task import Task
from .. import bulk
from ..graph.batch import LARGEST, Item
from ..graph.consistency import FIRST_PAUSE, longer
from ..graph.errors import GraphFailure
from .new_objects import NewObjects, ObjectReference


@dataclasses.dataclass(frozen=True)
class ReferenceList:
    """How a list is read and written.

    ``noun`` names an entry in changes, ``outside`` and ``inside`` are what it goes from and to. ``read`` gives the ids
    in it now, ``add`` and ``take_out`` the requests for one id, ``about`` what objects these requests name.
    ``at_once``: so many are sent in one request.
    """

    noun: str
    read: Callable[[], Collection[str]]
    add: Callable[[str], Item]
    take_out: Callable[[str], Item]
    about: Callable[[str], tuple[ObjectReference, ...]]
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


def bring(task: Task, entries: ReferenceList, adding: list[bulk.Write], taking_out: list[bulk.Write]) -> None:
    """Do the writes and wait until they show. Failure where some entries stay as they were."""
    writes, added = [*adding, *taking_out], {write.key for write in adding}
    sender = _Sender(task, entries)

    def pending(keys: list[str]) -> list[str]:
        seen = entries.read()
        return [key for key in keys if (key in seen) is not (key in added)]

    broken = sender.send(adding)
    if not _fine(adding):  # Some may have arrived all the same.
        bulk.confirm(task, adding, pending, sender.what, broken)
    if _fine(adding):
        broken = sender.send(taking_out)
        bulk.confirm(task, writes, pending, sender.what, broken)
    failure = bulk.partly_done(
        writes, f"not every {entries.noun} was changed ({bulk.counts(writes)})", ", which does the rest"
    )
    if failure is None:
        return
    some = any(write.outcome == bulk.CHANGED for write in writes)
    raise failure if some else bulk.first_failure(writes) or failure


def _fine(writes: list[bulk.Write]) -> bool:
    return all(write.failure is None for write in writes)


class _Sender:
    """Sends the writes of one list, and again those that Graph refuses because an object is new."""

    def __init__(self, task: Task, entries: ReferenceList) -> None:
        self._task = task
        self._entries = entries
        self._new = NewObjects(task.client)
        self.what = f"the change of {entries.noun}s"

    def send(self, writes: list[bulk.Write]) -> Failure | None:
        """The Failure of a connection or a service that broke; nothing is sent after it."""
        broken = self._once(writes)
        seconds, waits = FIRST_PAUSE, self._task.client.waits
        while broken is None:
            late = [write for write in writes if self._is_late(write)]
            if not late or not waits.wait(seconds, f"{self.what} names what is not known everywhere yet"):
                break
            seconds, began = longer(seconds), waits.began()
            # One finds out for all, so that a long list is not sent in vain.
            broken = self._once(late[:1])
            if broken is None and len(late) > 1 and not self._is_late(late[0]):
                broken = self._once(late[1:])
            if any(self._is_late(write) for write in late):
                waits.lose(waits.took(began))
        return broken

    def _once(self, writes: list[bulk.Write]) -> Failure | None:
        return bulk.send(self._task, writes, self._entries.version, self._entries.at_once, self.what)

    def _is_late(self, write: bulk.Write) -> bool:
        refused = write.failure
        return isinstance(refused, GraphFailure) and self._new.explain(refused, self._entries.about(write.key))
