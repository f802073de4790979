# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The assignments of a deployment profile: one request each, missing ones before surplus ones.

Devices lose their profile where all assignments are deleted and made again. Only where Intune takes two kinds not
together (all devices and excluded groups) does the old one go first.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..graph.batch import Item
from ..graph.errors import Purpose
from ..graph.fields import IDENTITY, needed, object_of
from . import references
from .assignments import ALL_DEVICES, ASSIGNMENT_KIND, EXCLUDED, Target, WantedTargets
from .intune_objects import IntuneObjects
from .refused import refused_unchanged

_MADE = object_of({"id": needed(IDENTITY)})


class ProfileAssignments:
    """The assignments of one profile. ``wanted`` None: none at all; ``profile`` None: it is not made yet. ``before``
    are the targets that it has, ``after`` those that it is to have."""

    def __init__(self, objects: IntuneObjects, wanted: WantedTargets | None, profile: str | None) -> None:
        self._objects = objects
        self._client = objects.task.client
        self._wanted = wanted or WantedTargets({}, {}, {})
        self._profile = profile
        self._ids: dict[str, str] = {}
        self.before = self._read()
        self.after = set() if wanted is None else wanted.after(self.before)

    def require_possible(self, others: Iterable[dict]) -> None:
        """Failure, before anything is written, where Intune would refuse what is wanted. ``others`` are the other
        profiles of the tenant."""
        whole = Target(ALL_DEVICES)
        excluded = [target for target in self.after if target.type == EXCLUDED]
        if whole in self.after and excluded:
            one = excluded[0].label(self._wanted.names)
            raise refused_unchanged(
                "all_devices_with_exclusions",
                f"the profile is assigned to all devices, from which Intune excludes no group ({one})",
                "give excluded_groups [] as well, or assign it to groups with all_devices false",
            )
        if whole in self.after and whole not in self.before:
            self._require_no_other(list(others))

    def carry_out(self, profile: str | None) -> None:
        """Bring the assignments to what is wanted; in check mode they are only recorded."""
        self._profile = profile
        missing, surplus = self.after - self.before, self.before - self.after
        in_the_way = {target for target in surplus if target.type in self._excluding_types(missing)}
        if in_the_way:
            self._bring(set(), in_the_way)
        if missing or surplus - in_the_way:
            self._bring(missing, surplus - in_the_way)

    def _excluding_types(self, missing: set[Target]) -> set[str]:
        """The types that the missing ones are not taken together with."""
        types = {target.type for target in missing}
        return ({EXCLUDED} if ALL_DEVICES in types else set()) | ({ALL_DEVICES} if EXCLUDED in types else set())

    def _bring(self, missing: set[Target], surplus: set[Target]) -> None:
        targets = {target.key: target for target in missing | surplus}
        labels = {key: target.label(self._wanted.names) for key, target in targets.items()}
        entries = references.ReferenceList(
            "assignment to",
            lambda: {target.key for target in self._read()},
            lambda key: self._add(targets[key]),
            lambda key: self._take_out(targets[key]),
            lambda key: self._wanted.about([targets[key]]),
            version=self._objects.resource.version,
        )
        # What excludes comes first, so that nobody has the profile for a moment.
        add = sorted((target.key for target in missing), key=lambda key: (targets[key].type != EXCLUDED, key))
        references.bring(
            self._objects.task,
            entries,
            references.additions(entries, add, labels),
            references.removals(entries, sorted(target.key for target in surplus), labels),
        )

    def _add(self, target: Target) -> Item:
        purpose = Purpose(f"assign the profile to {target.label(self._wanted.names)}", self._objects.resource.write)
        return Item("POST", self._path(), purpose, body={"target": target.body}, kind=_MADE)

    def _take_out(self, target: Target) -> Item:
        purpose = Purpose(
            f"remove the assignment of the profile to {target.label(self._wanted.names)}", self._objects.resource.write
        )
        return Item("DELETE", self._path(self._ids[target.key]), purpose)

    def _read(self) -> set[Target]:
        if self._profile is None:
            return set()
        resource = self._objects.resource
        purpose = Purpose("read the assignments of the profile", resource.read)
        rows = list(self._client.list(self._path(), purpose, version=resource.version, kind=ASSIGNMENT_KIND))
        self._ids.update((Target.of(row).key, row["id"]) for row in rows)
        return {Target.of(row) for row in rows}

    def _path(self, *segments: str) -> str:
        return self._objects.path(self._profile or "new", "assignments", *segments)

    def _require_no_other(self, others: list[dict]) -> None:
        """Only one profile of a tenant may be assigned to all devices."""
        resource = self._objects.resource
        items = [
            Item(
                "GET",
                self._objects.path(row["id"], "assignments"),
                Purpose(f"read the assignments of the profile {row['displayName']!r}", resource.read),
                row_kind=ASSIGNMENT_KIND,
            )
            for row in others
        ]
        for row, item, answer in zip(others, items, self._client.batch(items, resource.version) if items else []):
            rows = self._client.rows_of(item, answer, resource.version)
            if any(Target.of(assignment) == Target(ALL_DEVICES) for assignment in rows):
                other = f"{row['displayName']!r} ({row['id']})"
                raise refused_unchanged(
                    "all_devices_assigned",
                    f"the profile {other} is assigned to all devices, and Intune lets only one be",
                    "remove that assignment first (all_devices false), or assign this profile to groups",
                )
