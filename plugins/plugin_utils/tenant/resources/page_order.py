# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of an enrollment status page is written by actions of their own: its place in the order, and its assignments.

``assign`` replaces the whole list, so that what no option names is sent back as it was read; ``setPriority`` to the
present value is an error (Microsoft365DSC issue 4295).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Sequence

from ...result import Failure
from ..graph import odata
from ..graph.client import GraphClient
from ..graph.consistency import settle
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import LINE, object_of
from .assignments import ASSIGNMENT_KIND, EVERYBODY_TARGETS, GROUP_TARGETS, Target, WantedTargets, resolve_targets
from .engine import ResourceStep, apply
from .group_creation import may_be_made
from .intune_objects import IntuneObjects
from .new_objects import NewObjects

_MEMBER = object_of({"@odata.type": LINE})
_READ_MEMBERS = Permissions.same("GroupMember.Read.All")


class PageAssignments:
    """The assignments of one page; ``page`` None: it is not made yet. ``before`` are the targets that it has, ``after``
    those that it is to have."""

    def __init__(self, objects: IntuneObjects, options: Sequence[str], page: str | None) -> None:
        self._objects = objects
        self._task = objects.task
        self._wanted = resolve_targets(objects.task, options) if options else WantedTargets({}, {}, {})
        self._rows: dict[Target, dict] = {}
        self.before: set[Target] = set() if page is None else self._read(page)
        self.after = self._wanted.after(self.before)

    def carry_out(self, page: dict) -> None:
        """Bring the list to what is wanted, in one request; in check mode it is only recorded."""
        if self.after == self.before:
            return
        identity = page.get("id") or "new"
        names = self._wanted.names
        added, taken = sorted(self.after - self.before), sorted(self.before - self.after)
        changes = [(f"assignment to {target.label(names)}", "absent", "present") for target in added]
        changes += [(f"assignment to {target.label(names)}", "present", "absent") for target in taken]
        targets = [self._rows.get(target, target.body) for target in sorted(self.after)]
        body = {"enrollmentConfigurationAssignments": [{"target": target} for target in targets]}
        purpose = Purpose("assign the enrollment status page", self._objects.resource.write)
        new, about = NewObjects(self._task.client), self._wanted.about(self.after)
        version = self._objects.resource.version

        def send() -> t.Any:
            # The whole list: the same one twice does no harm.
            path = self._objects.path(identity, "assign")
            return self._task.client.post(path, body, purpose, version, repeatable=True)

        def assign() -> None:
            new.bear(send, about, "a group of the page")

        apply(self._task, [ResourceStep(changes, assign)])
        if not self._task.check_mode:
            what = "the new list of assignments"
            settle(self._task.client.waits, lambda: self._read(identity), lambda seen: seen == self.after, what)

    def _read(self, page: str) -> set[Target]:
        resource = self._objects.resource
        purpose = Purpose("read the assignments of the enrollment status page", resource.read)
        path = self._objects.path(page, "assignments")
        rows = self._task.client.list(path, purpose, version=resource.version, kind=ASSIGNMENT_KIND)
        self._rows = {Target.of(row): row["target"] for row in rows}
        return set(self._rows)


def bring_priority(objects: IntuneObjects, page: dict, priority: int | None, made: bool) -> dict:
    """The page with the place that is wanted, and as it then is. ``made``: this task has made it, so that
    the place it was given first does not count as what was before."""
    if priority is None:
        return page
    before = None if made else page.get("priority")
    if page.get("priority") == priority:
        objects.task.changes.add("priority", before, priority)
        return page
    task, resource = objects.task, objects.resource
    purpose = Purpose("change the priority of the enrollment status page", resource.write)
    path = objects.path(page.get("id") or "new", "setPriority")
    body = {"priority": priority}

    def write() -> None:
        try:
            task.client.post(path, body, purpose, resource.version)
        except Failure as refused:
            # The value that the page has by now would be refused: a request without an answer is not sent again.
            if not may_be_made(refused) or objects.read(page["id"]).get("priority") != priority:
                raise

    apply(task, [ResourceStep([("priority", before, priority)], write)])
    if task.check_mode:
        return {**page, "priority": priority}
    return settle(
        task.client.waits,
        lambda: objects.read(page["id"]),
        lambda seen: seen.get("priority") == priority,
        "the new priority",
    )


def user_warnings(client: GraphClient, page: dict, targets: Collection[Target]) -> list[str]:
    """What will not work as one might think: apps that block, on a page that is assigned to users.

    Source: Windows Autopilot, "Enrollment Status Page": such a page does not count before a user has signed in.
    """
    if not page.get("selectedMobileAppIds"):
        return []
    users = ["all users"] if any(target.type == EVERYBODY_TARGETS["all_users"] for target in targets) else []
    groups = sorted(target.group for target in targets if target.type == GROUP_TARGETS["included_groups"])
    unread: list[str] = []
    for group in groups:
        found = _has_users(client, group)
        (unread if found is None else users if found else []).append(group)
    told = []
    if users:
        told.append(
            f"the page waits for selected apps and is assigned to users ({', '.join(users)}): Windows ignores these "
            "apps while it sets the device up; assign the page to a group of devices"
        )
    if unread:
        told.append(
            f"whether the groups {', '.join(unread)} have users could not be read (GroupMember.Read.All): for users, "
            "Windows ignores the selected apps while it sets the device up"
        )
    return told


def _has_users(client: GraphClient, group: str) -> bool | None:
    """Whether a user is a direct member of the group, None where that cannot be read."""
    purpose = Purpose(f"read the members of the group {group}", _READ_MEMBERS)
    path = odata.path("groups", group, "members")
    try:
        rows = client.list(path, purpose, {"$select": "id", "$top": 999}, kind=_MEMBER)
        return any(row.get("@odata.type") == "#microsoft.graph.user" for row in rows)
    except RequestFailure:
        return None
