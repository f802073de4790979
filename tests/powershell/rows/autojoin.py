# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of hybrid_autojoin_stop."""

from __future__ import annotations

from pathlib import Path

from .base import Case, Scene


def rows(_scratch: Path) -> list[Case]:
    return [
        Case("hybrid_autojoin_stop", {}, lambda v: v == {"disabled": True}),
        Case("hybrid_autojoin_stop", {}, lambda v: v == {"disabled": False}),
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Policies\\Microsoft\\Windows\\WorkplaceJoin"},
            lambda v: not v["exists"] or v["key"]["values"] == {"autoWorkplaceJoin": 0},
        ),
    ]


SCENES = [Scene("autojoin", rows)]
