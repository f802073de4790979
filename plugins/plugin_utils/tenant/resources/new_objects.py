# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Graph does not know an object because it is new: made by this task or controller, or young by its own date.

Asked only where Graph says that it does not know one, so that nothing is slower where nothing is new. What is old and
not known is gone or was never there, and not waited for.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
from collections.abc import Callable, Iterable

from ...options import is_guid
from ..graph import odata
from ..graph.client import GraphClient
from ..graph.consistency import is_young, once_known, says_not_known
from ..graph.errors import GraphFailure, Purpose
from ..graph.fields import LINE, object_of
from .directory import Named

_GUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Answer = t.TypeVar("Answer")


@dataclasses.dataclass(frozen=True)
class ObjectReference:
    """An object of the directory that a request names: its kind and id. ``found``: this task has found it, so that it
    is there; else the id is what somebody has written."""

    kind: Named
    id: str
    found: bool = True

    @classmethod
    def of(cls, kind: Named, name: str, identity: str) -> ObjectReference:
        """What ``directory.resolve`` gave for a name."""
        return cls(kind, identity, kind.id_is_name or not is_guid(name))


class NewObjects:
    """What is known in one task about the age of objects."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client
        self._known: dict[str, bool] = {}

    def explain(self, refused: GraphFailure, about: Iterable[ObjectReference]) -> bool:
        """Whether a refusal is for an object of ``about`` that is too new to be known everywhere."""
        if not says_not_known(refused):
            return False
        named = set(_GUIDS.findall(refused.message.lower()))
        return any(self._is_new(one) for one in about if not named or one.id.lower() in named)

    def bear(self, call: Callable[[], Answer], about: Iterable[ObjectReference], what: str) -> Answer:
        """``call``, again while Graph does not know a new object of ``about``, within the task's timeout."""
        objects = tuple(about)
        return once_known(self._client.waits, call, what, lambda refused: self.explain(refused, objects))

    def _is_new(self, one: ObjectReference) -> bool:
        if one.id not in self._known:
            self._known[one.id] = self._client.memory.made(one.id) or self._is_young(one)
        return self._known[one.id]

    def _is_young(self, one: ObjectReference) -> bool:
        """By its own date. One that is there without a date, or was found and is not known by its id, is new as far as
        anybody knows."""
        path = odata.path(one.kind.collection, one.id)
        purpose = Purpose(f"look at the {one.kind.noun} {one.id}", one.kind.permissions)
        for select in (f"id,{one.kind.created}", "id"):  # Not everybody who may read a name may read a date.
            try:
                seen = self._client.find(path, purpose, {"$select": select}, kind=object_of({one.kind.created: LINE}))
            except GraphFailure as refused:
                if refused.status != 403:
                    return False
                continue
            return one.found if seen is None else is_young(seen.get(one.kind.created)) is not False
        return one.found
