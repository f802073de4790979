# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenes in other cultures: a driver's PowerShell changes its own, and jobs begin with it. Standard library only.

What culture can spoil: capital letters (Turkish and Azerbaijani i), searching (in Thai a colon is found everywhere),
the calendar (Thai, Persian, Arabic), signs of numbers (Arabic), commas and dots (German).
"""

from __future__ import annotations

import dataclasses
import tempfile
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
    return [one] * bool(plain) + [scene for scene in scenes if scene.how == "driver" and not _is_plain(scene)]


def quick(scenes: list[base.Scene]) -> list[base.Scene]:
    """What is played in every culture there is."""
    nowhere = Path(tempfile.gettempdir())
    return [scene for scene in scenes if _is_plain(scene) and not SLOW & {row.op for row in scene.rows(nowhere)}]


def play_in(driver: Driver, scenes: list[base.Scene], culture: str) -> list[Row]:
    """All rows of the scenes in one culture; the culture stands in the place of the scene's name."""
    found = [row for scene in scenes for row in play(driver, scene, culture)]
    return [dataclasses.replace(row, how=culture) for row in found]


def _is_plain(scene: base.Scene) -> bool:
    return scene == base.Scene(scene.name, scene.rows)
