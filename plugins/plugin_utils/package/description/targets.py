# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For which devices a description says something: its targets, and the conditions that name them.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ..blocks import BLOCK_KINDS, REPLACE, VARIANT, Condition, Target
from .problems import Place, Problems
from .writer import fits_xml


def targets_in(given: t.Any, problems: Problems) -> list[Target]:
    """The targets of a description."""
    targets: list[Target] = []
    for number, entry in enumerate(list_in(given, ("targets",), problems)):
        place: Place = ("targets", number)
        if not isinstance(entry, Mapping):
            problems.add(place, "is not a dictionary")
            continue
        problems.unknown_keys(place, entry, ("id", "states"))
        name = entry.get("id")
        if not isinstance(name, str) or not name.strip() or not fits_xml(name):
            problems.add((*place, "id"), "is missing, or is not a text")
            continue
        if name in {target.id for target in targets}:
            problems.add((*place, "id"), "is that of another target, too")
        states = [
            _state(state, (*place, "states", count), problems)
            for count, state in enumerate(list_in(entry.get("states"), (*place, "states"), problems))
        ]
        if not any(states):
            problems.add((*place, "states"), "is missing: no device would fit")
        targets.append(Target(name, tuple(states)))
    return targets


def _state(given: t.Any, place: Place, problems: Problems) -> tuple[tuple[str, str], ...]:
    """The conditions of a state: {name: value}, or a list of {name, value} where a name is there twice."""
    pairs: list[tuple[t.Any, t.Any]] = []
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif isinstance(given, (list, tuple)) and all(
        isinstance(each, Mapping) and set(each) == {"name", "value"} for each in given
    ):
        pairs = [(each["name"], each["value"]) for each in given]
    if not pairs:
        problems.add(place, "is neither a dictionary of conditions nor a list of them, each with name and value")
    state = []
    for name, value in pairs:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not (isinstance(name, str) and name.strip() and isinstance(value, str) and fits_xml(name + value)):
            problems.add(place, "has a condition whose name or value is not a text")
            continue
        state.append((name, value))
    return tuple(state)


def condition_in(entry: Mapping, place: Place, targets: list[Target], problems: Problems) -> Condition:
    """The condition of an entry of ``conditional``."""
    given = str(entry.get("kind", VARIANT)).lower()
    kind = next((each for each in BLOCK_KINDS if each.lower() == given), None)
    if kind is None:
        problems.add((*place, "kind"), f"is not one of: {', '.join(each.lower() for each in BLOCK_KINDS)}")
    name = entry.get("name")
    if name is not None and (not isinstance(name, str) or not fits_xml(name)):
        problems.add((*place, "name"), "is not a text")
        name = None
    names = list_in(entry.get("targets"), (*place, "targets"), problems)
    known = {target.id for target in targets}
    if not names:
        problems.add((*place, "targets"), "is missing: nobody knows for which devices this is")
    for number, each in enumerate(names):
        # What is replaced is a profile of Windows, which no target of the document is.
        if not isinstance(each, str) or (kind != REPLACE and each not in known):
            problems.add((*place, "targets", number), "is not the id of a target")
    return Condition(kind or VARIANT, name, tuple(str(each) for each in names))


def list_in(given: t.Any, place: Place, problems: Problems) -> list:
    """The list; an empty one if it is not given, or is something else."""
    if given is None:
        return []
    if not isinstance(given, (list, tuple)):
        problems.add(place, "is not a list")
        return []
    return list(given)
