# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of local_administrators."""

from __future__ import annotations

from pathlib import Path

from .base import Case, Scene


def rows(_scratch: Path) -> list[Case]:
    return [
        Case(
            "local_administrators",
            {},
            lambda v: (
                v["machine_sid"] == "S-1-5-21-1-2-3"
                and [
                    (m["sid"], m["kind"], m["enabled"], m["locked"], m["password_expired"], m["name"] is None)
                    for m in v["members"]
                ]
                == [
                    ("S-1-5-21-1-2-3-500", "local", False, False, False, False),
                    ("S-1-5-21-1-2-3-1001", "local", True, False, False, False),
                    ("S-1-5-21-1-2-3-1002", "local", False, True, True, False),
                    ("S-1-5-21-1-2-3-1003", "local", True, False, None, False),
                    ("S-1-5-21-1-2-3-1004", "local", None, False, None, False),
                    ("S-1-5-21-1-2-3-1999", "local", None, None, None, True),
                    ("S-1-12-1-7-8-9-10", "entra", None, None, None, True),
                    ("S-1-5-21-1-2-33-500", "domain", None, None, None, False),
                    ("S-1-5-4", "unknown", None, None, None, False),
                    ("S-1-12-1-1-2-3-4", "entra", None, None, None, True),
                    ("WinNT://CORP/old", "unknown", None, None, None, True),
                    ("WinNT://CORP/odd", "unknown", None, None, None, True),
                ]
            ),
        ),
    ]


SCENES = [Scene("administrators", rows)]
