# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of scheduled_tasks."""

from __future__ import annotations

from pathlib import Path

from .base import Case, Scene, variant
from .windows import NEXT_RUN


def rows(_scratch: Path) -> list[Case]:
    return [
        Case(
            "scheduled_tasks",
            {"folder": "\\"},
            lambda v: (
                v
                == {
                    "exists": True,
                    "folders": ["Denied", "Microsoft"],
                    "tasks": [{"name": "Only one", "state": "Ready", "last_result": 267011, "next_run": NEXT_RUN}],
                }
            ),
        ),
        Case("scheduled_tasks", {"folder": "\\Microsoft"}, lambda v: v["folders"] == ["Windows"]),
        Case(
            "scheduled_tasks",
            {"folder": "\\Microsoft\\Windows\\Workplace Join"},
            lambda v: [task["next_run"] for task in v["tasks"]] == [None],
        ),
        Case("scheduled_tasks", {"folder": "\\Missing"}, lambda v: v == {"exists": False, "folders": [], "tasks": []}),
        Case("scheduled_tasks", {"folder": "\\Denied"}, error="UnauthorizedAccessException"),
    ]


SCENES = [
    Scene("tasks", rows),
    # The Task Scheduler tells local times.
    variant("tasks far from Greenwich", rows, environment={"TZ": "Asia/Kolkata"}),
]
