# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of job_start, job_status, job_remove and system_probe."""

from __future__ import annotations

import typing as t
from pathlib import Path

from .base import JOB, LOST_JOB, TEXT, Case, Scene


def job_is_right(status: dict[str, t.Any]) -> bool:
    """The stubbed job's answer: text that looks like a date must still be that text."""
    read, refused = status["answer"]["results"]
    return (
        read["value"]["key"]["values"]["Text"] == TEXT
        and read["value"]["key"]["values"]["Qword"] == 2**64 - 1
        and "2026-11-21T08:00:00Z" in refused["error"]["message"]
    )


def rows(_scratch: Path) -> list[Case]:
    return [
        Case(
            "job_status",
            {"job": JOB},
            lambda v: v == {"state": "absent", "started": None, "last_task_result": None, "answer": None},
        ),
        Case("job_status", {"job": LOST_JOB}, lambda v: v["state"] == "lost" and v["answer"] is None),
        Case("job_remove", {"job": LOST_JOB}, lambda v: v == {"removed": True}),
        Case("job_remove", {"job": LOST_JOB}, lambda v: v == {"removed": False}),
        *[
            Case(op, {"job": "..\\..\\x", "ops": [], "time_limit": 600}, error="ArgumentException")
            for op in ("job_status", "job_start", "job_remove")
        ],
        Case(
            "job_start",
            {
                "job": JOB.upper(),
                "time_limit": 600,
                "ops": [
                    {"op": "registry_read", "path": "SOFTWARE\\Proof"},
                    {"op": "path_info", "path": "2026-11-21T08:00:00Z"},
                ],
            },
            lambda v: v == {"started": True, "already": False},
        ),
        Case(
            "job_start", {"job": JOB, "time_limit": 600, "ops": []}, lambda v: v == {"started": False, "already": True}
        ),
        Case(
            "system_probe",
            {
                "timeout": 600,
                "ops": [
                    {"op": "registry_read", "path": "SOFTWARE\\Proof"},
                    {"op": "path_info", "path": "2026-11-21T08:00:00Z"},
                ],
            },
            job_is_right,
        ),
        *[
            Case("system_probe", {"timeout": 600, "ops": [{"op": op}]}, error="UnauthorizedAccessException")
            for op in ("restart", "system_probe", "job_start", "REGISTRY_READ", "Get-Date")
        ],
    ]


def job_directories(scratch: Path) -> str:
    """What is left of the jobs' directories."""
    return ", ".join(path.name for path in (scratch / "ProgramData" / "winops.entra" / "jobs").iterdir())


SCENES = [Scene("jobs", rows, job=job_is_right, after=job_directories)]
