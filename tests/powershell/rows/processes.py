# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of processes."""

from __future__ import annotations

from pathlib import Path

from .base import Case, Scene


def rows(_scratch: Path) -> list[Case]:
    return [
        Case(
            "processes",
            {"names": ["pwsh.exe", "powershell.exe", "absent.exe"]},
            lambda v: len(v["processes"]) >= 1 and v["processes"][0]["name"].lower() in ("pwsh.exe", "powershell.exe"),
        ),
        Case("processes", {"names": []}, lambda v: v == {"processes": []}),
    ]


SCENES = [Scene("processes", rows)]
