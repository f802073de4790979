# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs of modules on scripted devices that lie: what a door needs to choose a lie, and to play it."""

from __future__ import annotations

import functools
import random
import tempfile
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleConnectionFailure

from tests.unit.device import hostile
from tests.unit.device.lying import Lying, Way

_KEPT: list[tempfile.TemporaryDirectory] = []


def liar(chance: random.Random, name: str) -> Lying:
    """A device for a module, honest in its first answers or in none."""
    device = hostile.RUNS[name].made()
    device.notes = False
    device.honest_for = chance.choice((0, 0, 0, 1, 2, 3, 5))
    return device


@functools.cache
def told(name: str) -> dict[str, list[tuple[Way, t.Any]]]:
    """By operation all that a module is told on an honest device: the way to each thing, and what is there."""
    device = hostile.RUNS[name].made()
    play(name, device)
    found: dict[str, list[tuple[Way, t.Any]]] = {}
    for (operation, way), value in device.seen.items():
        found.setdefault(operation, []).append((way, value))
    return found


def play(name: str, device: Lying) -> None:
    """Run a module on a device. It must end in a result, and a device that answers is never a lost one."""
    with pytest.MonkeyPatch.context() as patch:
        try:
            result = hostile.run(name, device, str(_folder() / "bundle.json"), patch)
        except AnsibleConnectionFailure:
            raise AssertionError("a device that answers has no lost connection") from None
    hostile.judged(result)


@functools.cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="winops-fuzz-")
    _KEPT.append(folder)
    return Path(folder.name)
