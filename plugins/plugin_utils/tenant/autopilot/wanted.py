# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device as a task wants it in Windows Autopilot, and its outcome.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...result import Failure
from .. import bulk

UNCHANGED, STILL_PENDING = "unchanged", "pending"
OUTCOMES = (UNCHANGED, bulk.CHANGED, STILL_PENDING, bulk.FAILED, bulk.UNKNOWN, bulk.SKIPPED)
#: What can be set, in the order in which it is shown.
PROPERTIES = ("group_tag", "assigned_user", "addressable_user_name", "display_name")
Properties = dict[str, str]


@dataclasses.dataclass
class Wanted:
    """One device. What is None was not given; ``clear`` names properties to empty.

    ``identity`` is its registration as the tenant lists it, ``user`` whom to assign, as the directory has them.
    ``created``: this task, or one that was cut off, has imported it.
    """

    serial: str | None
    key: str
    autopilot_id: str | None = None
    hardware_hash: str | None = None
    product_id: str | None = None
    group_tag: str | None = None
    assigned_user: str | None = None
    addressable_user_name: str | None = None
    display_name: str | None = None
    clear: frozenset[str] = frozenset()
    identity: dict[str, t.Any] | None = None
    user: dict[str, t.Any] | None = None
    outcome: str = bulk.SKIPPED
    failure: Failure | None = None
    import_error: str | None = None
    created: bool = False
    gone: bool = False

    @property
    def label(self) -> str:
        """Who it is, in sentences: no two devices of a task have the same."""
        if self.serial and self.autopilot_id:
            return f"{self.serial} ({self.autopilot_id})"
        return self.serial or str(self.autopilot_id)

    @property
    def what(self) -> str:
        return f"Windows Autopilot registration of {self.label}"

    def fail(self, failure: Failure, outcome: str = bulk.FAILED) -> None:
        self.failure, self.outcome = failure, outcome


@dataclasses.dataclass(frozen=True)
class Entry:
    """What the task was given: an entry of the list, or a row of the file with its line; several may be one device."""

    wanted: Wanted
    line: int | None = None


def current(row: dict[str, t.Any]) -> Properties:
    """The properties of a registration, empty where it has none."""
    return {
        "group_tag": row.get("groupTag") or "",
        "assigned_user": row.get("userPrincipalName") or "",
        "addressable_user_name": row.get("addressableUserName") or "",
        "display_name": row.get("displayName") or "",
    }


def target(wanted: Wanted) -> Properties:
    """The properties that the registration is to have: what is given, laid over what is there.

    The service sets name, tag and user together, and may empty what a request leaves out.
    """
    before = current(wanted.identity or {})
    after = dict(before)
    for name in ("group_tag", "display_name"):
        given = getattr(wanted, name)
        after[name] = "" if name in wanted.clear else before[name] if given is None else given
    if "assigned_user" in wanted.clear:
        return {**after, "assigned_user": "", "addressable_user_name": ""}
    if changes_user(wanted):
        after["assigned_user"] = (wanted.user or {}).get("userPrincipalName") or str(wanted.assigned_user)
    if needs_user(wanted):
        after["addressable_user_name"] = (wanted.user or {}).get("displayName") or ""
    if wanted.addressable_user_name is not None:
        after["addressable_user_name"] = wanted.addressable_user_name
    return after


def changes_user(wanted: Wanted) -> bool:
    """Whether a user is to be assigned who is not yet."""
    there = current(wanted.identity or {})["assigned_user"]
    return wanted.assigned_user is not None and wanted.assigned_user.casefold() != there.casefold()


def needs_user(wanted: Wanted) -> bool:
    """Whether the directory has to say who the user is: for an assignment, and for a greeting that is missing."""
    greeted = current(wanted.identity or {})["addressable_user_name"] or wanted.addressable_user_name is not None
    return changes_user(wanted) or (wanted.assigned_user is not None and not greeted)


def shown(properties: Properties) -> dict[str, str | None]:
    """The properties as results have them: null for what is empty."""
    return {name: properties[name] or None for name in PROPERTIES}
