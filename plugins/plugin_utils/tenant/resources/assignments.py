# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom an object of Intune is assigned to: groups, all devices, all users, as options and as Graph has it.

An option that is not given leaves its assignments alone, an empty one takes them away. Assignments of kinds that no
option names (filters, collections of Configuration Manager) stay as they are.

Source: Microsoft Graph, "deviceAndAppManagementAssignmentTarget resource type" and its descendants.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Collection, Iterable, Mapping, Sequence

from ...options import bad_option, is_guid
from ...task import Task
from ..graph.fields import IDENTITY, LINE, needed, object_of
from .directory import GROUP, resolve
from .new_objects import ObjectReference

_PREFIX = "#microsoft.graph."
GROUP_TARGETS = {
    "included_groups": _PREFIX + "groupAssignmentTarget",
    "excluded_groups": _PREFIX + "exclusionGroupAssignmentTarget",
}
EVERYBODY_TARGETS = {
    "all_devices": _PREFIX + "allDevicesAssignmentTarget",
    "all_users": _PREFIX + "allLicensedUsersAssignmentTarget",
}
ALL_DEVICES, EXCLUDED = EVERYBODY_TARGETS["all_devices"], GROUP_TARGETS["excluded_groups"]
_NOUNS = {
    GROUP_TARGETS["included_groups"]: "the group",
    GROUP_TARGETS["excluded_groups"]: "the excluded group",
    EVERYBODY_TARGETS["all_devices"]: "all devices",
    EVERYBODY_TARGETS["all_users"]: "all users",
}
ASSIGNMENT_KIND = object_of(
    {
        "id": needed(IDENTITY),
        "target": needed(object_of({"@odata.type": needed(LINE), "groupId": IDENTITY})),
    }
)


@dataclasses.dataclass(frozen=True, order=True)
class Target:
    """One target: its ``type`` in Graph, and the ``group`` (an id in lower case), empty where it has none."""

    type: str
    group: str = ""

    @classmethod
    def of(cls, assignment: Mapping[str, t.Any]) -> Target:
        """That of an assignment which was read."""
        target = assignment["target"]
        return cls(target["@odata.type"], (target.get("groupId") or "").lower())

    @property
    def body(self) -> dict:
        """As Graph takes it."""
        return {"@odata.type": self.type, **({"groupId": self.group} if self.group else {})}

    @property
    def key(self) -> str:
        """What stands for it in a list of references."""
        return f"{self.type} {self.group}"

    def label(self, names: Mapping[str, str]) -> str:
        """A noun phrase; ``names`` are shown in place of ids."""
        noun = _NOUNS.get(self.type, self.type.removeprefix(_PREFIX))
        return f"{noun} {names.get(self.group, self.group)}" if self.group else noun


@dataclasses.dataclass(frozen=True)
class WantedTargets:
    """What a task says of assignments: for each option that is given its targets. ``names`` are those that the task
    gives groups, by id; ``found`` the groups as requests name them."""

    by_option: Mapping[str, frozenset[Target]]
    names: Mapping[str, str]
    found: Mapping[str, ObjectReference]

    def after(self, present: Iterable[Target]) -> set[Target]:
        """The targets that the object is to have, where it has these."""
        ruled = {_type_of(option) for option in self.by_option}
        kept = {target for target in present if target.type not in ruled}
        return kept.union(*self.by_option.values())

    def about(self, targets: Collection[Target]) -> tuple[ObjectReference, ...]:
        """The groups that a request with these targets names, as far as the task names them."""
        return tuple(self.found[target.group] for target in targets if target.group in self.found)


def check_targets(args: Mapping[str, t.Any]) -> None:
    """Failure for options that contradict each other, before anything is asked."""
    included, excluded = args.get("included_groups") or (), args.get("excluded_groups") or ()
    if args.get("all_devices") and excluded:
        raise bad_option(
            "excluded_groups", "Intune excludes no group from all devices", "assign it to groups instead of all_devices"
        )
    both = sorted({name.casefold() for name in included} & {name.casefold() for name in excluded})
    if both:
        raise bad_option("excluded_groups", f"{both[0]!r} is in included_groups as well", "leave it out of one of them")


def resolve_targets(task: Task, options: Sequence[str]) -> WantedTargets:
    """The targets of these options of the task; names of groups are looked up. Failure for one that is unknown."""
    given = {option: task.args[option] for option in options if task.args[option] is not None}
    named = [name for option in given if option in GROUP_TARGETS for name in given[option]]
    ids = resolve(task.client, GROUP, named) if named else {}
    by_option = {
        option: frozenset(Target(GROUP_TARGETS[option], ids[name]) for name in value)
        if option in GROUP_TARGETS
        else frozenset({Target(EVERYBODY_TARGETS[option])} if value else ())
        for option, value in given.items()
    }
    twice = {target.group for target in by_option.get("included_groups", ())} & {
        target.group for target in by_option.get("excluded_groups", ())
    }
    if twice:
        one = next(name for name in named if ids[name] in twice)
        raise bad_option("excluded_groups", f"{one!r} is in included_groups as well", "leave it out of one of them")
    names = {found: name for name, found in ids.items() if not is_guid(name)}
    found = {identity: ObjectReference.of(GROUP, name, identity) for name, identity in ids.items()}
    return WantedTargets(by_option, names, found)


def shown_targets(targets: Iterable[Target], options: Sequence[str]) -> dict[str, t.Any]:
    """The targets as these options would say them; groups are ids, sorted."""
    present = set(targets)
    return {
        option: sorted(target.group for target in present if target.type == GROUP_TARGETS[option])
        if option in GROUP_TARGETS
        else Target(EVERYBODY_TARGETS[option]) in present
        for option in options
    }


def _type_of(option: str) -> str:
    return GROUP_TARGETS.get(option) or EVERYBODY_TARGETS[option]
