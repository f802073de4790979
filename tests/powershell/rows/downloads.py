# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of download."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .base import Case, Scene, own_paths


def rows(scratch: Path) -> list[Case]:
    own = own_paths(scratch)
    return [
        Case(
            "download",
            {
                "url": "https://proof/x",
                "path": own("fetched", "x.ppkg"),
                "timeout": 30,
                "sha256": hashlib.sha256(b"downloaded").hexdigest().upper(),
            },
            lambda v: v["size"] == 10,
        ),
        Case(
            "download",
            {"url": "https://proof/x", "path": own("fetched", "y.ppkg"), "timeout": 30, "sha256": "0" * 64},
            error="hash",
        ),
        Case("path_info", {"path": own("fetched", "y.ppkg")}, lambda v: not v["exists"]),
        Case("path_info", {"path": own("fetched", "y.ppkg.part")}, lambda v: not v["exists"]),
        Case(
            "download",
            {"url": "http://proof/x", "path": own("fetched", "z"), "timeout": 30, "sha256": "0" * 64},
            error="ArgumentException",
        ),
        Case(
            "download",
            {"url": "https://proof/x", "path": str(scratch / "z"), "timeout": 30, "sha256": "0" * 64},
            error="UnauthorizedAccessException",
        ),
    ]


SCENES = [Scene("downloads", rows)]
