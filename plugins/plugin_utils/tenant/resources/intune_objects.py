# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of Intune that people name: finding one by its exact name or its id, making one once, deleting one.

Names are not unique in Intune, and there are few objects of these kinds, so that the whole list is read and compared
here: what a filter takes differs from collection to collection. Tasks of one controller make an object of one name one
after another.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from collections.abc import Callable

from ...options import bad_option
from ...result import Failure
from ...task import Task
from ..graph import odata
from ..graph.consistency import once_known, settle
from ..graph.errors import GraphFailure, Purpose
from ..graph.fields import read_as
from .directory import Named, at_most_one
from .engine import Resource, ResourceStep, apply
from .group_creation import may_be_made

Answer = t.TypeVar("Answer")


@dataclasses.dataclass(frozen=True)
class IntuneObjects:
    """The objects of one kind. ``named`` says how they are called, ``root`` their path, ``is_one`` which rows of the
    list are of the kind."""

    task: Task
    named: Named
    resource: Resource
    root: str
    is_one: Callable[[dict], bool] = lambda row: True

    def path(self, identity: str, *segments: str) -> str:
        """The path of one object, or of something below it."""
        return self.root + odata.path(identity, *segments)

    def rows(self) -> list[dict]:
        """All objects of the kind."""
        resource = self.resource
        listed = self.task.client.list(
            self.root,
            Purpose(f"list the {self.named.noun}s", resource.read),
            version=resource.version,
            kind=resource.kind,
        )
        return [row for row in listed if self.is_one(row)]

    def by_name(self, name: str, rows: list[dict]) -> dict | None:
        """The one of exactly this name; Failure where there are several, or one that is spelled otherwise."""
        return at_most_one(self.named, name, rows)

    def by_id(self, identity: str, option: str, rows: list[dict]) -> dict | None:
        """The one with this id; Failure where there is none, unless it is to be absent."""
        found = next((row for row in rows if row["id"].lower() == identity.lower()), None)
        if found is None and self.task.args["state"] == "present":
            raise bad_option(
                option, f"the tenant has no {self.named.noun} {identity}", "give the id of an existing one"
            )
        return found

    def read(self, identity: str) -> dict:
        """One object, as it is now."""
        resource = self.resource
        return self.task.client.get(self.path(identity), resource.reading, version=resource.version, kind=resource.kind)

    def create(self, name: str, body: dict, shown: dict) -> tuple[dict, bool]:
        """The object, and whether this task has made it: another task of this controller may have, meanwhile.

        A creation that gets no answer is looked for, and not repeated.
        """
        client, change = self.task.client, (f"{self.named.noun} {name!r}", None, shown)
        purpose = Purpose(f"create the {self.named.noun} {name!r}", self.resource.write)
        with client.memory.alone(self.named.noun, name, client.waits) as others:
            found = self.by_name(name, self.rows()) if others else None
            if found is not None:
                return found, False
            with self.task.changes.attempt([change]):
                made = self._post(name, body, purpose)
            self.task.changes.add(*change)
        read = functools.partial(self.read, made["id"])
        return once_known(client.waits, read, f"the new {self.named.noun}"), True

    def _post(self, name: str, body: dict, purpose: Purpose) -> dict:
        try:
            made = self.task.client.post(self.root, body, purpose, self.resource.version)
            return read_as(self.resource.kind, made, purpose)
        except Failure as refused:
            if not may_be_made(refused):
                raise
            try:
                found = self.by_name(name, self.rows())
            except Failure:
                raise refused from None
            if found is None:
                raise
            return found

    def delete(self, current: dict, shown: dict) -> None:
        """Delete the object, and wait until the list is without it."""
        client, name = self.task.client, current[self.named.name]
        purpose = Purpose(f"delete the {self.named.noun} {name!r}", self.resource.write)
        step = ResourceStep(
            [(f"{self.named.noun} {name!r}", shown, None)],
            lambda: client.delete(self.path(current["id"]), purpose, self.resource.version),
        )
        apply(self.task, [step])
        if not self.task.check_mode:
            settle(
                client.waits,
                lambda: [row["id"] for row in self.rows()],
                lambda ids: current["id"] not in ids,
                f"the deletion of the {self.named.noun}",
            )


def explained(call: Callable[[], Answer], noun: str, checked: str) -> Answer:
    """``call``, whose refusal without a reason is told with what the task has checked, and what is left to look at."""
    try:
        return call()
    except GraphFailure as refused:
        if refused.error["name"] != "unexplained":
            raise
        refused.error["cause"] += f"; this task has checked {checked}"
        refused.error["fix"] = (
            f"check the scope tags and the language of the {noun}, and whether the tenant has a license of Intune and "
            f"its MDM authority set (Intune refuses everything without them); then {refused.error['fix']}"
        )
        refused.msg = f"{refused.msg.split(': ')[0]}: {refused.error['cause']}; {refused.error['fix']}"
        raise
