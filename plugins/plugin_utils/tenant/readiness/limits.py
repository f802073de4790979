# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many devices Intune lets a user enroll: the assigned limit with the highest priority, or the default one.

The priority 1 is the highest, 0 is the default, which cannot be assigned. What counts is documented: personal
enrollments by a user, and none by Windows Autopilot, packages, group policy, enrollment managers and co-management.

Sources: Intune, "Create device limit restrictions" and "Understand Intune and Microsoft Entra device limit
restrictions"; Microsoft Graph, "deviceEnrollmentLimitConfiguration resource type".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ...findings import Finding
from ...result import Failure
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from .findings import DOCS, finding, unknown
from .kinds import LIMIT_ASSIGNMENT_KIND
from .questions import Answered, Person, answered
from .restrictions import LIMIT_TYPE, without_type

_IDENTITY = "enrollment_limit"
_LIMIT_KINDS = ("limit", "defaultLimit")
_GROUP, _EXCLUDED, _ALL = (
    f"#microsoft.graph.{name}"
    for name in ("groupAssignmentTarget", "exclusionGroupAssignmentTarget", "allLicensedUsersAssignmentTarget")
)
_READ = Permissions.same("DeviceManagementServiceConfig.Read.All")


class Limit(t.NamedTuple):
    """A limit that is assigned: ``number`` of devices, None where it is not shown. ``assignments`` are rows, or why
    they could not be read."""

    name: str
    number: int | None
    priority: int
    assignments: Answered

    @property
    def groups(self) -> set[str]:
        return self.targets(_GROUP) | self.targets(_EXCLUDED)

    def targets(self, kind: str) -> set[str]:
        """The groups of the assignments of a kind."""
        rows = [] if isinstance(self.assignments, Failure) else [row.get("target") or {} for row in self.assignments]
        return {str(one.get("groupId")).lower() for one in rows if one.get("@odata.type") == kind}

    @property
    def for_all(self) -> bool:
        return bool(self.targets(_ALL))

    @property
    def strange(self) -> bool:
        """Whether it is assigned to something that is not known here."""
        rows = [] if isinstance(self.assignments, Failure) else self.assignments
        return any((row.get("target") or {}).get("@odata.type") not in (_GROUP, _EXCLUDED, _ALL) for row in rows)


def limit_rows(configurations: Answered) -> list[dict]:
    """The configurations that are limits of devices; none where they could not be read."""
    if isinstance(configurations, Failure):
        return []
    return [row for row in configurations if row.get("@odata.type") == LIMIT_TYPE or without_type(row, _LIMIT_KINDS)]


def ask(client: GraphClient, configurations: Answered) -> list[Limit]:
    """The limits that are not the default one, by priority, with their assignments. Most tenants have none."""
    rows = sorted(
        (row for row in limit_rows(configurations) if row.get("priority") and row.get("id")),
        key=lambda row: row["priority"],
    )
    items = [
        Item(
            "GET",
            "/deviceManagement/deviceEnrollmentConfigurations" + odata.path(row["id"], "assignments"),
            Purpose(f"list the assignments of the device limit {row.get('displayName')}", _READ),
            row_kind=LIMIT_ASSIGNMENT_KIND,
        )
        for row in rows
    ]
    read = answered(client, items, "beta") if items else []
    return [
        Limit(str(row.get("displayName")), row.get("limit"), row["priority"], assignments)
        for row, assignments in zip(rows, read)
    ]


def judge(args: dict, configurations: list[dict], assigned: list[Limit], people: list[Person]) -> Iterable[Finding]:
    """One finding for each user who is not of a package, or one about the tenant."""
    rows = limit_rows(configurations)
    numbers = [row["limit"] for row in rows if row.get("limit") is not None]
    if len(numbers) < len(rows):
        yield _says(
            "unknown",
            "there is a device limit, but the tenant does not show its number",
            None,
            "users may not be able to enroll more devices (0x80180013)",
            "look at the device limit restrictions in the Intune admin center",
        )
        return
    if not numbers:
        yield _says("pass", "Intune has no device limit for users", None)
        return
    least, most = min(numbers), max(numbers)
    named = [person for person in people if person.known and not person.package]
    if not named:
        limit = str(least) if least == most else f"{least} to {most}"
        yield _says("pass", f"Intune lets a user enroll {limit} devices; bulk enrollments do not count", None)
    default = next((row["limit"] for row in rows if not row.get("priority")), None)
    for person in named:
        yield _of_person(args["devices_per_user"], _limit_of(assigned, default, person), (least, most), person)


def _limit_of(assigned: list[Limit], default: int | None, person: Person) -> tuple[int | None, str] | Failure | None:
    """(number, where it is said) for the person; None where nobody can tell which one it is, or why not."""
    for limit in assigned:
        if isinstance(limit.assignments, Failure):
            return limit.assignments
        if limit.strange:
            return None
        wanted, excluded = limit.targets(_GROUP), limit.targets(_EXCLUDED)
        if (excluded or (wanted and not limit.for_all)) and not isinstance(person.groups, set):
            return person.groups
        groups = person.groups if isinstance(person.groups, set) else set()
        if (limit.for_all or groups & wanted) and not groups & excluded:
            return limit.number, f" ({limit.name!r}, priority {limit.priority})"
    return None if default is None else (default, " (the default)" if assigned else "")


def _of_person(
    wanted: int, limit: tuple[int | None, str] | Failure | None, span: tuple[int, int], person: Person
) -> Finding:
    for source in (person.owned, limit):
        if isinstance(source, Failure):
            return unknown(_IDENTITY, source, person.name, DOCS["limit"])
    managed = sum(bool(device.get("isManaged")) for device in person.owned)
    least, most = span
    if isinstance(limit, tuple) and limit[0] is not None:
        least = most = limit[0]
        observed = f"{managed} managed devices, and Intune's limit is {least}{limit[1]}"
    else:
        observed = f"{managed} managed devices, and Intune's limit is {least} to {most}"
    if managed + wanted <= least:
        return _says("pass", observed, person.name)
    which = "" if least == most else "which limit applies depends on the user's groups; "
    return _says(
        "warn",
        observed,
        person.name,
        f"{which}the device will join, but its MDM enrollment may fail (0x80180013); the limit does not count for "
        "Windows Autopilot, packages, group policy, enrollment managers and co-management",
        "remove old devices from Intune, or raise the device limit restriction",
    )


def _says(result: str, observed: str, subject: str | None, cause: str | None = None, fix: str | None = None) -> Finding:
    return finding(_IDENTITY, result, observed, cause, fix, subject, DOCS["limit"])
