# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource engine: read, merge, compare, write, and read back until it shows.

A resource is a table (``resources/``): which option is which property of Graph, and how the two are compared. What a
table cannot say is a function beside it: an order of writes hands Steps to ``apply``, lists of references (members,
groups, assignments) go through ``references``.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import copy
import dataclasses
import enum
import functools
import typing as t
from collections.abc import Callable, Iterable, Sequence

from ...result import Failure
from ...task import Task
from ...untrusted import in_one_line
from ..graph.consistency import SECOND_LOOK_SECONDS, says_done_before, settle
from ..graph.errors import GraphFailure, Permissions, Purpose
from ..graph.fields import ANY_OBJECT, Kind
from .memberships import membership_of, membership_text
from .new_objects import NewObjects, ObjectReference


class PropertyKind(enum.Enum):
    """How the value of a property is compared and shown."""

    SCALAR = "scalar"  # equal or not
    TEXT = "text"  # null and the empty text are the same
    SET = "set"  # a list without order
    MEMBERSHIP = "membership"  # polymorphic: everybody, nobody, or a set of users and groups


@dataclasses.dataclass(frozen=True)
class Property:
    """One option and its property.

    ``path`` is where it is in the object (``azureADJoin.localAdmins.enableGlobalAdmins``), ``what`` a noun phrase for
    changes. ``values`` maps the option's value to Graph's, where they differ. ``unless_false`` is the path of a
    property that forbids a change where it is false.
    """

    option: str
    path: str
    what: str
    kind: PropertyKind = PropertyKind.SCALAR
    values: dict | None = None
    unless_false: str | None = None

    def sent(self, wanted: t.Any) -> t.Any:
        """Graph's form of the option's value."""
        if self.kind is PropertyKind.MEMBERSHIP:
            return membership_of(wanted)
        if self.kind is PropertyKind.TEXT:
            return wanted or None
        return self.values[wanted] if self.values else wanted

    def shown(self, value: t.Any) -> t.Any:
        """The option's form of Graph's value; lists are sorted."""
        if self.kind is PropertyKind.MEMBERSHIP:
            return membership_text(value)
        if self.kind is PropertyKind.SET:
            return sorted(value or [])
        if self.kind is PropertyKind.TEXT:
            return value or None
        if self.values:
            return next((option for option, sent in self.values.items() if sent == value), value)
        return value


@dataclasses.dataclass(frozen=True)
class Resource:
    """A kind of object. ``whole`` says that a write replaces the object (PUT), so that everything but ``read_only`` is
    sent back; else only what changes is sent (PATCH), with the top-level properties of ``always``. ``kind`` is what an
    answer is checked by, ``odata_type`` the type that a write has to name, ``version`` the one of Graph that has it."""

    noun: str
    properties: tuple[Property, ...]
    read: Permissions
    write: Permissions
    version: str = "v1.0"
    whole: bool = False
    read_only: tuple[str, ...] = ()
    kind: Kind = ANY_OBJECT
    odata_type: str = ""
    always: tuple[str, ...] = ()

    @property
    def reading(self) -> Purpose:
        return Purpose(f"read the {self.noun}", self.read)

    @property
    def writing(self) -> Purpose:
        return Purpose(f"change the {self.noun}", self.write)

    def shown(self, current: dict) -> dict:
        """The object as the module's options would say it."""
        return {item.option: item.shown(value_at(current, item.path)) for item in self.properties}


@dataclasses.dataclass(frozen=True)
class Change:
    """One property that is not as wanted; ``before`` and ``after`` as shown, ``sent`` as Graph takes it."""

    item: Property
    before: t.Any
    after: t.Any
    sent: t.Any


@dataclasses.dataclass(frozen=True)
class ResourceStep:
    """One write and what it changes: (what, before, after) each."""

    changes: Sequence[tuple[str, t.Any, t.Any]]
    write: Callable[[], t.Any]


def value_at(current: dict, path: str) -> t.Any:
    """The value at a dotted path; None where it is not there."""
    value: t.Any = current
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def compare(resource: Resource, wanted: dict[str, t.Any], current: dict) -> list[Change]:
    """What is to be changed. Options that are None are not asked for.

    Failure where Graph would ignore the change: the property is locked in this tenant.
    """
    changes = []
    for item in resource.properties:
        if wanted.get(item.option) is None:
            continue
        sent = item.sent(wanted[item.option])
        before, after = item.shown(value_at(current, item.path)), item.shown(sent)
        if before == after:
            continue
        if item.unless_false and value_at(current, item.unless_false) is False:
            raise _locked(item, before)
        changes.append(Change(item, before, after, sent))
    return changes


def merge(current: dict, changes: Iterable[Change]) -> dict:
    """The object with the changes in it; ``current`` stays as it is."""
    merged = copy.deepcopy(current)
    for change in changes:
        place = merged
        *parents, last = change.item.path.split(".")
        for name in parents:
            if not isinstance(place.get(name), dict):
                place[name] = {}
            place = place[name]
        place[last] = change.sent
    return merged


def body_of(resource: Resource, merged: dict, changes: Iterable[Change]) -> dict:
    """What is sent: the whole object, or the top-level properties that change. Complex ones are always complete."""
    touched = {change.item.path.split(".")[0] for change in changes} | set(resource.always)
    body = {
        name: value
        for name, value in merged.items()
        if "@odata." not in name and name not in resource.read_only and (resource.whole or name in touched)
    }
    return {"@odata.type": resource.odata_type, **body} if resource.odata_type else body


def update(
    task: Task,
    resource: Resource,
    path: str,
    wanted: dict[str, t.Any],
    current: dict,
    about: Iterable[ObjectReference] = (),
) -> dict:
    """Bring one object to ``wanted``, and return it as it then is (in check mode: as it would be). ``about`` are the
    objects that the requests name: those that are new may not be known everywhere yet."""
    changes = compare(resource, wanted, current)
    if not changes:
        return current
    merged = merge(current, changes)
    if task.check_mode:
        _record(task, changes)
        return merged
    new, objects, what = NewObjects(task.client), tuple(about), f"the new {resource.noun}"
    send = task.client.put if resource.whole else task.client.patch
    body = body_of(resource, merged, changes)

    def read() -> dict:
        get = functools.partial(task.client.get, path, resource.reading, version=resource.version, kind=resource.kind)
        return new.bear(get, objects, what)

    def shows(seen: dict) -> bool:
        return not compare(resource, wanted, seen)

    try:
        new.bear(lambda: send(path, body, resource.writing, resource.version), objects, what)
    except GraphFailure as refused:
        # Somebody else may have done the same at the same time.
        if not says_done_before(refused) or not (shows(read()) or _after_a_pause(task, lambda: shows(read()))):
            raise
    _record(task, changes)
    return settle(task.client.waits, read, shows, what)


def _record(task: Task, changes: Iterable[Change]) -> None:
    for change in changes:
        task.changes.add(change.item.what, change.before, change.after)


def _after_a_pause(task: Task, look: Callable[[], bool]) -> bool:
    return task.client.waits.wait(SECOND_LOOK_SECONDS, "what conflicts does not show yet") and look()


def apply(task: Task, steps: Iterable[ResourceStep]) -> None:
    """Do the writes in order. Each is recorded when it is done, so that a failure halfway reports what was changed so
    far; in check mode they are only recorded."""
    for step in steps:
        if not task.check_mode:
            with task.changes.attempt(step.changes):
                step.write()
        for what, before, after in step.changes:
            task.changes.add(what, before, after)


def _locked(item: Property, before: t.Any) -> Failure:
    cause = f"this tenant does not let administrators change it; it stays {in_one_line(str(before))}"
    fix = f"leave {item.option} out (with Intune or another MDM set up, everybody may register)"
    return Failure(
        f"{item.what} cannot be changed: {cause}; {fix}",
        side="tenant",
        name="not_configurable",
        cause=cause,
        fix=fix,
        doc="https://learn.microsoft.com/graph/api/resources/azureadregistrationpolicy",
    )
