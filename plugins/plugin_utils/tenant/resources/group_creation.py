# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a group by its name, and making one that nobody else makes at the same time.

Names of groups are not unique in Graph (microsoft-graph-docs issues 8035 and 14868), and a list lacks a new group for a
while. So the tasks of one controller look and create one after another and remember what they made; what other
controllers made meanwhile is seen by a look after the creation, and said.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ...result import Failure
from ...task import Task
from ..graph import odata
from ..graph.consistency import FIRST_PAUSE, longer, once_known, says_done_before
from ..graph.errors import GraphFailure, Permissions, Purpose
from ..graph.fields import ID_ONLY, Kind, read_as
from ..graph.retry import AGAIN_FOR_READS, UNSURE
from .directory import GROUP, at_most_one, made_here

CREATE = Permissions(("Group.Create",), ("Group.ReadWrite.All",))
CREATING = Purpose("create the group", CREATE)
#: So long a list may lack a group that was made, before the task goes on without it.
LIST_SECONDS = 15.0


class NamedGroup:
    """The group of one name in the tenant. ``select`` and ``kind`` are how it is read, ``reading`` what for."""

    def __init__(self, task: Task, name: str, reading: Purpose, select: str, kind: Kind) -> None:
        self._client = task.client
        self._changes = task.changes
        self._name = name
        self._reading = reading
        self._select = select
        self._kind = kind

    def find(self) -> dict | None:
        """The group of exactly this name, also one that only this controller knows of yet; None where there is none."""
        return self._listed() or self._made_here()

    def lists(self, identity: str) -> bool:
        """Whether the list of groups of this name has that one."""
        return any(row["id"] == identity for row in self._rows())

    def create(self, body: dict, change: tuple[str, None, dict]) -> tuple[dict, bool]:
        """The group, and whether this task has made it: another task may have done so since it was looked for.

        ``change`` is recorded as soon as it is made. Failure (``group_made_twice``) where somebody else made another
        one at the same time; nothing is deleted.
        """
        memory = self._client.memory
        with memory.alone(GROUP.noun, self._name, self._client.waits) as others:
            found = self._found_meanwhile(others)
            if found is not None:
                return found, False
            with self._changes.attempt([change]):
                made, found = self._post(body)
            if made is not None:
                self._changes.add(*change)
            identity = (made or found or {})["id"]
            memory.add(GROUP.noun, self._name, identity)
        path = odata.path(GROUP.collection, identity)
        group = once_known(
            self._client.waits,
            lambda: self._client.get(path, self._reading, {"$select": self._select}, kind=self._kind),
            "the new group",
        )
        if made is not None:
            self._require_single(identity)
        return group, made is not None

    def _found_meanwhile(self, others: bool) -> dict | None:
        """What another task has made since the first look; ``others`` says that one was at it."""
        doubt = self._client.memory.recall(GROUP.noun, self._name)
        if doubt is not None and doubt.id is None:  # Made perhaps, by a task whose answer was lost.
            return self._listed_in_time()
        # Who held the lock before has remembered it, unless that could not be written.
        return (self._listed() if others else None) or self._made_here()

    def _post(self, body: dict) -> tuple[dict | None, dict | None]:
        """(the new group, None), or (None, one that is there) where Graph says that there is one already."""
        try:
            return read_as(ID_ONLY, self._client.post("/groups", body, CREATING), CREATING), None
        except Failure as refused:
            conflict = isinstance(refused, GraphFailure) and says_done_before(refused)
            if not conflict and not may_be_made(refused):
                raise
            found = self._listed_after(refused)
            if found is not None:
                return (None, found) if conflict else (found, None)
            if not conflict:
                self._client.memory.add(GROUP.noun, self._name, None)
            raise

    def _listed_after(self, refused: Failure) -> dict | None:
        """The group, where it is listed after all; ``refused`` where that cannot be found out."""
        try:
            return self._listed_in_time()
        except Failure:
            raise refused from None

    def _require_single(self, identity: str) -> None:
        """Failure where there is another group of this name. The later of two tasks sees both, as soon as its own is
        listed."""

        def look() -> bool:
            ids = {row["id"] for row in self._rows() if row[GROUP.name] == self._name}
            if ids - {identity}:
                raise _made_twice(self._name, identity, sorted(ids - {identity}))
            return identity in ids

        self._within(look)

    def _listed_in_time(self) -> dict | None:
        return self._within(self._listed)

    def _within(self, look: Callable[[], t.Any]) -> t.Any:
        """What ``look`` gives as soon as that is true, or its last answer where it is not within LIST_SECONDS."""
        waits, seconds, left = self._client.waits, FIRST_PAUSE, LIST_SECONDS
        while not (seen := look()):
            left -= seconds
            if left < 0 or not waits.wait(seconds, f"the group {self._name!r} is not listed yet"):
                break
            seconds = longer(seconds)
        return seen

    def _rows(self) -> list[dict]:
        query = {"$filter": odata.equals(GROUP.name, self._name), "$select": self._select}
        return list(self._client.list("/groups", self._reading, query, kind=self._kind))

    def _listed(self) -> dict | None:
        return at_most_one(GROUP, self._name, self._rows())

    def _made_here(self) -> dict | None:
        return made_here(self._client, GROUP, self._name, self._select, self._kind)


def may_be_made(refused: Failure) -> bool:
    """Whether nobody knows if the request was executed."""
    if not isinstance(refused, GraphFailure):
        return refused.error["side"] == "network"
    return refused.status in UNSURE | AGAIN_FOR_READS or refused.error["name"] == "unreadable_answer"


def _made_twice(name: str, identity: str, others: list[str]) -> Failure:
    cause = f"while this task made the group {name!r} ({identity}), somebody else made {', '.join(others)} of that name"
    fix = "delete the one that nobody needs; let only one host do it (run_once), and only one controller at a time"
    return Failure(f"{cause}; {fix}", side="tenant", name="group_made_twice", cause=cause, fix=fix)
