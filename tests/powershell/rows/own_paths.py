# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of directory_create and path_remove."""

from __future__ import annotations

from pathlib import Path

from .base import Case, Scene, own_paths


def rows(scratch: Path) -> list[Case]:
    own = own_paths(scratch)
    cache = scratch / "ProgramData" / "Microsoft" / "Provisioning"
    return [
        Case("directory_create", {"path": own("new", "deep")}, lambda v: v["created"]),
        Case("directory_create", {"path": own("new", "deep")}, lambda v: not v["created"]),
        # With the last of it go our directories above it that are empty.
        Case("path_remove", {"path": own("new", "deep")}, lambda v: v["removed"]),
        Case("directory_create", {"path": own("new")}, lambda v: v["created"]),
        Case("directory_create", {"path": own("new", "deep")}, lambda v: v["created"]),
        Case("directory_create", {"path": own("new", "beside")}, lambda v: v["created"]),
        Case("path_remove", {"path": own("new", "deep")}, lambda v: v["removed"]),
        Case("directory_create", {"path": own("new", "beside")}, lambda v: not v["created"]),
        Case("directory_create", {"path": own("folder")}, lambda v: v["created"]),
        Case("path_remove", {"path": own("folder", "gone.txt")}, lambda v: not v["removed"]),
        Case("directory_create", {"path": own("folder")}, lambda v: v["created"]),
        Case("directory_create", {"path": own()}, error="UnauthorizedAccessException"),
        Case("directory_create", {"path": str(scratch / "elsewhere")}, error="UnauthorizedAccessException"),
        Case("directory_create", {"path": own("new", "..", "..", "..", "x")}, error="UnauthorizedAccessException"),
        Case("directory_create", {"path": own("link", "x")}, error="UnauthorizedAccessException"),
        Case("directory_create", {"path": own("foreign", "x")}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": own("old")}, lambda v: v["removed"]),
        Case("path_remove", {"path": own("old")}, lambda v: not v["removed"]),
        Case("path_remove", {"path": str(scratch / "outside.txt")}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": own()}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": own("new", "..", "..", "..", "outside.txt")}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": own("link", "dsregcmd.exe")}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": str(cache / "a.ppkg")}, lambda v: v["removed"]),
        Case("path_remove", {"path": str(cache / "a.ppkg")}, lambda v: not v["removed"]),
        Case("path_remove", {"path": str(cache / "folder.ppkg")}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": str(cache / "a.xml")}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": str(cache)}, error="UnauthorizedAccessException"),
    ]


SCENES = [Scene("own_paths", rows)]
