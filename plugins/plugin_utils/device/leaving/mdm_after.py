# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MDM enrollments that nobody asked to remove, and what a leave makes of them.

By a public analysis of dsregcmd, /leave can end the MDM enrollment of a device that is in no AD domain with the join;
whether a plain /leave does so is not known, and nothing makes it leave the enrollment alone. So that it stays cannot be
promised: it is said before, looked at afterwards, and reported.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..answers import Answer
from ..mdm.enrollment_removal import found
from ..reading import known

# EnrollmentType: device-wide with Entra (mdmregistration.h).
OF_A_JOIN = 6


def unasked(look: Answer, asked: Iterable[dict]) -> list[dict]:
    """The enrollments that work, and are not among those to be removed. Raises Refused."""
    ids = {item["enrollment_id"] for item in asked}
    return [item for item in found(look) if item["enrolled"] and item["enrollment_id"] not in ids]


def ended(before: list[dict], answer: Answer) -> list[dict]:
    """Those of ``before`` whose key is surely gone by now."""
    now = known(lambda: {item["enrollment_id"] for item in found(answer)})
    return [item for item in before if now is not None and item["enrollment_id"] not in now]


def foretold(items: list[dict]) -> str | None:
    """What must be said before the leave. Windows ends none but those that a join has brought."""
    items = [item for item in items if item["type"] in (None, OF_A_JOIN)]
    if not items:
        return None
    return (
        f"the removal of the MDM enrollment {_named(items)} was not requested, but Windows may end it with the "
        "join; the result of the leave says whether it did"
    )


def told(items: list[dict]) -> str | None:
    """What must be said of enrollments that went."""
    if not items:
        return None
    return (
        f"Windows ended the MDM enrollment {_named(items)} with the join, although this was not requested: it no "
        "longer manages the device"
    )


def _named(items: list[dict]) -> str:
    return ", ".join(f"{item['enrollment_id']} ({item['provider']})" for item in items)
