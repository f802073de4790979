# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of restart: what shutdown.exe is told."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

from .base import Case, Scene, variant


def told(comment: str) -> t.Callable[[Path], str]:
    """What is wrong with the arguments, one a line, that the program in the place of shutdown.exe has kept."""

    def after(scratch: Path) -> str:
        if os.name == "nt":
            return ""
        found = (scratch / "shutdown.txt").read_text(encoding="utf-8").splitlines()
        expected = ["/r", "/t", "5", "/d", "p:4:1", "/c", comment]
        return "" if found == expected else f"shutdown.exe was told {found}"

    return after


def asked(comment: str) -> t.Callable[[Path], list[Case]]:
    return lambda scratch: [
        Case("restart", {"delay": 5, "comment": comment}, lambda v: v == {"scheduled": True, "exit_code": 0})
    ]


SCENES = [
    # A quote would end the comment, and what comes after it would be an argument; a backslash would keep it open.
    Scene("restart, quotes", asked('it "says"\r\nso /t 0\\ \\'), after=told("it  says   so /t 0")),
    variant("restart, long", asked("x" * 497 + " \\\\ beyond"), after=told("x" * 497)),
]
