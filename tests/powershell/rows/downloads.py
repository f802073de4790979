# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of download."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .base import Case, Scene, own_paths
from .names import NO_CODE

EMPTY = hashlib.sha256().hexdigest()
RIGHT = hashlib.sha256(b"downloaded").hexdigest()


def rows(scratch: Path) -> list[Case]:
    own = own_paths(scratch)
    return [
        Case(
            "download",
            {
                "url": "https://proof/x",
                "path": own("fetched", "x.ppkg"),
                "timeout": 30,
                "sha256": RIGHT.upper(),
            },
            lambda v: v["size"] == 10,
        ),
        # Over the one that is there.
        Case(
            "download",
            {"url": "https://proof/moved", "path": own("fetched", "x.ppkg"), "timeout": 30, "sha256": RIGHT},
            lambda v: v == {"path": own("fetched", "x.ppkg"), "size": 10, "sha256": RIGHT},
        ),
        Case(
            "download",
            {"url": "https://proof/empty", "path": own("fetched", "empty"), "timeout": 30, "sha256": EMPTY},
            lambda v: v["size"] == 0,
        ),
        *[
            Case(
                "download",
                {"url": f"https://proof/{name}", "path": own("fetched", "y.ppkg"), "timeout": 30, "sha256": sha256},
                lambda v: v["size"] == 10,
                error,
                code,
                said,
            )
            for name, sha256, error, code, said in (
                ("x", "0" * 64, "hash", NO_CODE, "The file has SHA-256"),
                ("gone", RIGHT, "not_found", 0x80190000 - 2**32 + 410, "nothing at this address (410)"),
                ("asks", RIGHT, "proxy", 0x80190000 - 2**32 + 407, "The proxy asks who it is"),
                # .NET Framework takes a connection that ends for the end of the file; .NET fails before.
                ("short", RIGHT, "cut", 0x80072EFE - 2**32, "after 10 of 11 bytes"),
            )
        ],
        Case("path_info", {"path": own("fetched", "x.ppkg")}, lambda v: v["size"] == 10),
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
