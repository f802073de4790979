# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of enrollment_remove."""

from __future__ import annotations

from pathlib import Path

from .base import Case, Scene, variant
from .names import BORROWED, BUILT_IN, ENROLLED, ENROLLMENTS, FOREIGN, JOB, STUCK, TASK_FOLDER


def rows(_scratch: Path) -> list[Case]:
    return [
        *[
            Case("enrollment_remove", {"id": name, "provider": provider, "unregister": True}, error=error)
            for name, provider, error in (
                (FOREIGN, "MS DM Server", "UnauthorizedAccessException"),
                (FOREIGN, "another mdm", "UnauthorizedAccessException"),
                (BUILT_IN, "", "UnauthorizedAccessException"),
                (BUILT_IN, "MS DM Server", "UnauthorizedAccessException"),
                ("", "MS DM Server", "ArgumentException"),
                ("{" + ENROLLED + "}", "MS DM Server", "ArgumentException"),
                (ENROLLED + "\n", "MS DM Server", "ArgumentException"),
                ("Status", "MS DM Server", "ArgumentException"),
            )
        ],
        Case(
            "enrollment_remove",
            {"id": JOB, "provider": "MS DM Server", "unregister": True},
            lambda v: v == {"removed": [], "unregistered": None},
        ),
        Case(
            "enrollment_remove",
            {"id": ENROLLED.lower(), "provider": "MS DM Server", "unregister": True},
            lambda v: (
                v["unregistered"]
                and "error" not in v
                and v["removed"]
                == [
                    f"{TASK_FOLDER}\\{ENROLLED}",
                    "Cert:\\LocalMachine\\My\\" + "AB" * 20,
                    f"HKLM\\{ENROLLMENTS}\\Status\\{ENROLLED}",
                    f"HKLM\\{ENROLLMENTS}\\Context\\{ENROLLED}",
                    f"HKLM\\SOFTWARE\\Microsoft\\Provisioning\\OMADM\\Accounts\\{ENROLLED}",
                    f"HKLM\\{ENROLLMENTS}\\{ENROLLED}",
                ]
            ),
        ),
        Case(
            "enrollment_remove",
            {"id": ENROLLED, "provider": "MS DM Server", "unregister": False},
            lambda v: v == {"removed": [], "unregistered": None},
        ),
        Case(
            "registry_read",
            {"path": ENROLLMENTS, "depth": 1},
            lambda v: (
                # The operation alone leaves them as they were.
                set(v["key"]["keys"]) >= {FOREIGN, STUCK, BUILT_IN}
                and v["key"]["keys"][FOREIGN]["values"]["ProviderID"] == "Another MDM"
            ),
        ),
        Case(
            "scheduled_tasks",
            {"folder": TASK_FOLDER},
            lambda v: {FOREIGN, STUCK, BUILT_IN} <= set(v["folders"]),
        ),
        Case("scheduled_tasks", {"folder": f"{TASK_FOLDER}\\{FOREIGN}"}, lambda v: len(v["tasks"]) == 2),
    ]


def not_whole(_scratch: Path) -> list[Case]:
    """Windows does not know the one; of the other it keeps the tasks. What can go goes, and the rest is told."""
    return [
        Case(
            "enrollment_remove",
            {"id": BORROWED, "provider": "MS DM Server", "unregister": True},
            lambda v: (
                v["unregistered"] is False
                and v["error"]["hresult"] == -2145910776
                and len(v["removed"]) == 5
                and not any("Cert:" in name for name in v["removed"])
            ),
        ),
        Case(
            "enrollment_remove",
            {"id": STUCK, "provider": "MS DM Server", "unregister": False},
            lambda v: (
                v["unregistered"] is None
                and v["error"]["type"].endswith("UnauthorizedAccessException")
                and len(v["removed"]) == 3
                and f"HKLM\\{ENROLLMENTS}\\{STUCK}" not in v["removed"]
            ),
        ),
        Case(
            "registry_read",
            {"path": ENROLLMENTS, "depth": 1},
            lambda v: set(v["key"]["keys"]) >= {FOREIGN, STUCK, BUILT_IN} and BORROWED not in v["key"]["keys"],
        ),
        Case(
            "scheduled_tasks",
            {"folder": TASK_FOLDER},
            lambda v: {FOREIGN, STUCK, BUILT_IN} <= set(v["folders"]) and BORROWED not in v["folders"],
        ),
    ]


SCENES = [Scene("enrollments", rows), variant("enrollments, not whole", not_whole)]
