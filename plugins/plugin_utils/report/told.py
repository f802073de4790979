# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of what a task has said, for who makes records of it: nothing, where it is of another type.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping

from .ansibles_own import SKIPPED, UNREACHABLE

#: What a record says of a failure, as ``error`` of a result does.
WHY_FIELDS = ("code", "name", "side", "cause", "fix", "doc")
#: What a device has come to, and why not further.
COME_TO = ("outcome", "msg", *WHY_FIELDS)

Told = Mapping[str, t.Any]


def object_in(told: Told, name: str) -> Told:
    """The mapping of this name, an empty one where there is none."""
    value = told.get(name)
    return value if isinstance(value, Mapping) else {}


def objects_in(told: Told, name: str) -> list[Told]:
    """The mappings in the list of this name."""
    value = told.get(name)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, (list, tuple)) else []


def text_in(told: Told, name: str) -> str | None:
    """The text of this name, None where there is none or it is empty."""
    value = told.get(name)
    return value if isinstance(value, str) and value else None


def taken(steps: Told, name: str) -> Told:
    """What a step of a role has said, nothing where Ansible has skipped it."""
    told = object_in(steps, name)
    return {} if told.get(SKIPPED) else told


def has_failed(result: Told) -> bool:
    """Whether a task has come to nothing."""
    return bool(result.get("failed") or result.get("unreachable"))


def outcome_of_failure(result: Told, refusals: Collection[str]) -> dict[str, t.Any]:
    """What a module's failed result says. ``refused`` is one by which nothing was done to the device: the name of its
    error is one of ``refusals``."""
    error = object_in(result, "error")
    if result.get("unreachable"):
        # A failed connection of a module of others has no error.
        error, outcome = error if error.get("name") else UNREACHABLE, "unreachable"
    else:
        outcome = "refused" if error.get("name") in refusals else "failed"
    return {"outcome": outcome, "msg": result.get("msg")} | {name: error.get(name) for name in WHY_FIELDS}


def known_of(
    devices: Mapping[str, Told], names: Collection[str], fields: Collection[str]
) -> dict[str, dict[str, t.Any]]:
    """What a report knows of the devices that were asked before, by name: how far they had come, and these fields."""
    return {
        name: {field: devices[name].get(field) for field in (*COME_TO, *fields)}
        for name in names
        if name in devices and devices[name]["outcome"] != "not_started"
    }
