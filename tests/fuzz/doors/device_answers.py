# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of a device: the whole run of each module on a device that lies in one to three things."""

from __future__ import annotations

import random
import typing as t

from tests.fuzz import runs, values
from tests.unit.device import hostile
from tests.unit.device.lying import DEEP, MISSING, TWICE

SAMPLE = 250


def one(chance: random.Random) -> None:
    name = chance.choice(list(hostile.RUNS))
    device, told = runs.liar(chance, name), runs.told(name)
    for _lie in range(chance.choice((1, 1, 2, 3))):
        # By operation first: else the longest answers would have all the lies.
        operation = chance.choice(list(told))
        if chance.random() < 0.15 and operation not in ("device", "answer"):
            device.change(operation, (), {"ok": False, "error": _error(chance)})
            continue
        way, old = chance.choice(told[operation])
        device.change(operation, way, _lie_about(chance, old, told))
    runs.play(name, device)


def _lie_about(chance: random.Random, old: t.Any, told: dict) -> t.Any:
    kind = chance.randrange(8)
    if not chance.randrange(60):
        return values.large(chance, old)
    if isinstance(old, dict) and "keys" in old and kind == 7:
        return {"refused": _error(chance)}
    if kind < 3:
        return values.like(chance, old)
    if kind < 5:
        return values.value(chance)
    if kind < 6:
        # What is right in another place.
        return chance.choice(told[chance.choice(list(told))])[1]
    return chance.choice((MISSING, TWICE, DEEP))


def _error(chance: random.Random) -> dict[str, t.Any]:
    """The error of an operation that was refused."""
    kinds = ("System.UnauthorizedAccessException", "TimeoutException", values.text(chance))
    hresult = chance.choice((None, -2147024891, *values.NUMBERS))
    return {"type": chance.choice(kinds), "message": values.text(chance), "hresult": hresult}
