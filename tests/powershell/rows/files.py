# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of path_info."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .base import Case, Scene

LOW = -(2**53) - 1


def rows(scratch: Path) -> list[Case]:
    return [
        Case(
            "path_info",
            {"path": "%WINOPS_PROOF%/good.ppkg", "hash": True},
            lambda v: (
                v["exists"]
                and not v["directory"]
                and v["size"] == 7
                and v["sha256"] == hashlib.sha256(b"content").hexdigest()
            ),
        ),
        Case("path_info", {"path": str(scratch / "good.ppkg")}, lambda v: v["size"] == 7 and v["sha256"] is None),
        Case("path_info", {"path": str(scratch)}, lambda v: v["directory"] and v["size"] is None),
        Case("path_info", {"path": str(scratch / "no" / "such")}, lambda v: not v["exists"] and not v["directory"]),
        # No file system has such a name: that is no "there is none".
        Case("path_info", {"path": str(scratch / ("x" * 300))}, error="Exception"),
        Case("path_info", {"path": "relative"}, error="ArgumentException"),
        # What the message repeats has come as a whole number that neither a double nor an unsigned one holds.
        Case("path_info", {"path": LOW}, error="ArgumentException", said=f"path: {LOW}"),
    ]


SCENES = [Scene("files", rows)]
