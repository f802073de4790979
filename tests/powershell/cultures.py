# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenes in other cultures: a driver's PowerShell changes its own, and its jobs run there. Standard library only.

What culture can spoil: capital letters (Turkish and Azerbaijani i), searching (in Thai a colon is found everywhere),
the calendar (Thai, Persian, Arabic), signs of numbers (Arabic), commas and dots (German).
"""

from __future__ import annotations

import dataclasses
import tempfile
import typing as t
from pathlib import Path

from driver import Driver
from playing import Row, play
from rows import base

SIX = ("tr-TR", "az", "th-TH", "fa-IR", "ar-SA", "de-DE")
SLOW = {"endpoints"}
"""Operations whose rows wait for seconds: not in every culture there is."""


def joined(scenes: list[base.Scene]) -> list[base.Scene]:
    """The same rows in fewer requests: scenes that are nothing but rows become one."""
    plain = [scene for scene in scenes if _is_plain(scene)]
    one = base.Scene("plain scenes", lambda scratch: [row for scene in plain for row in scene.rows(scratch)])
    return [one] * bool(plain) + [scene for scene in scenes if _is_odd(scene)]


def quick(scenes: list[base.Scene]) -> list[base.Scene]:
    """What is played in every culture there is."""
    nowhere = Path(tempfile.gettempdir())
    return [scene for scene in scenes if _is_plain(scene) and not SLOW & {row.op for row in scene.rows(nowhere)}]


def play_in(driver: Driver, scene: base.Scene, names: t.Iterable[str]) -> dict[str, list[Row]]:
    """All rows of a scene in each of these cultures; the culture stands in the place of the scene's name."""
    return {name: [dataclasses.replace(row, how=name) for row in play(driver, scene, name)] for name in names}


def _is_odd(scene: base.Scene) -> bool:
    return scene.everywhere and scene.how == "driver" and not _is_plain(scene)


def _is_plain(scene: base.Scene) -> bool:
    return scene == base.Scene(scene.name, scene.rows)
