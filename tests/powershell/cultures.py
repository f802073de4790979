# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenes in other cultures: a driver's PowerShell changes its own, and its jobs run there. Standard library only.

What culture can spoil: capital letters (Turkish and Azerbaijani i), searching (in Thai a colon is found everywhere),
the calendar (Thai, Persian, Arabic), signs of numbers (Arabic), commas and dots (German).
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from driver import Driver
from playing import Row, play
from rows import base
from shell import wire

SIX = ("tr-TR", "az", "th-TH", "fa-IR", "ar-SA", "de-DE")
SOME = 50
"""So many cultures at a time in one PowerShell."""


def joined(scenes: list[base.Scene]) -> list[base.Scene]:
    """The same rows in fewer requests: scenes that are nothing but rows become one."""
    plain = [scene for scene in scenes if _is_plain(scene)]
    name = ", ".join(scene.name for scene in plain)
    one = base.Scene(name, lambda scratch: [row for scene in plain for row in scene.rows(scratch)])
    return [one] * bool(plain) + [scene for scene in scenes if _is_odd(scene)]


def known(driver: Driver) -> frozenset[str]:
    """The names of those that this PowerShell knows; none where it does not even say that."""
    try:
        return frozenset(driver.cultures())
    except wire.WireError:
        return frozenset()


def works(scenes: list[base.Scene], names: list[str]) -> dict[str, t.Callable[[Driver], dict[str, list[Row]]]]:
    """Plays all rows of the scenes in each of these cultures; the culture stands in the place of the scene's name.

    One after another in the same PowerShell: it is ten times as quick with a text that it has run before.
    """
    return {
        f"{scene.name} in {names[start]} ...": functools.partial(
            _played, scene=scene, names=names[start : start + SOME]
        )
        for start in range(0, len(names), SOME)
        for scene in joined(scenes)
    }


def _played(driver: Driver, scene: base.Scene, names: list[str]) -> dict[str, list[Row]]:
    return {name: [dataclasses.replace(row, how=name) for row in play(driver, scene, name)] for name in names}


def _is_odd(scene: base.Scene) -> bool:
    return scene.everywhere and scene.how == "driver" and not _is_plain(scene)


def _is_plain(scene: base.Scene) -> bool:
    return scene == base.Scene(scene.name, scene.rows)
