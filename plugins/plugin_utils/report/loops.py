# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loops: the result of a task that ran once for each item has one record an item.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Container, Mapping

from .ansibles_own import SKIPPED
from .records import TaskResult, record


def is_loop(result: TaskResult) -> bool:
    """Whether a registered result is that of a loop."""
    return isinstance(result.get("results"), (list, tuple))


def records_of(result: TaskResult, work: str) -> list[dict[str, t.Any]]:
    """The record of each item of a loop's result, each with ``item``: the item's text, or its place in the loop."""
    return [
        {"item": _item(one, place), **record(one, work)}
        for place, one in enumerate(result["results"], 1)
        if isinstance(one, Mapping)
    ]


def by_device(found: Mapping[str, t.Any], names: Container[str]) -> dict[str, t.Any]:
    """The records by device, from the fact of each host, which of a loop is a list. ``names`` are the inventory's.

    An item that names a host (``delegate_to: "{{ item }}"``) is that device's record, unless it has one of its own;
    another is called ``HOST (ITEM)``. A loop without items is a device that was skipped.
    """
    made: dict[str, t.Any] = {}
    for host, told in found.items():
        if told == []:
            made[host] = {"outcome": SKIPPED, "msg": "no items in the list"}
            continue
        if not _is_of_a_loop(told):  # A record, or what the report's door refuses.
            made[host] = made.get(host) if told is None else told
            continue
        for place, one in enumerate(told, 1):
            item = one["item"]
            free = item in names and made.get(item) is None and (item == host or found.get(item) is None)
            name = item if free else f"{host} ({item})"
            made[name if made.get(name) is None else f"{name}, {place}"] = one
    return made


def _is_of_a_loop(told: t.Any) -> bool:
    return isinstance(told, list) and all(isinstance(one, Mapping) and isinstance(one.get("item"), str) for one in told)


def _item(one: TaskResult, place: int) -> str:
    """A text for people. What is not one may hold more than a report should have."""
    item = one.get(str(one.get("ansible_loop_var", "item")))
    return str(item) if isinstance(item, (str, int)) else str(place)
