# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""scheduled_tasks."""

from __future__ import annotations

from ..accounts import Caller
from ..wire import utc_text
from .dispatch import operation


@operation("scheduled_tasks")
def scheduled_tasks(device, caller: Caller, folder: str) -> dict:
    if not device.tasks.exists(folder):
        return {"exists": False, "folders": [], "tasks": []}
    return {
        "exists": True,
        "folders": device.tasks.subfolders(folder),
        "tasks": [
            {
                "name": task.name,
                "state": task.state,
                "last_result": task.last_result,
                "next_run": utc_text(task.next_run) if task.next_run else None,
            }
            for task in device.tasks.tasks(folder)
        ],
    }
