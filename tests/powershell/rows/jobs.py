# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of job_start, job_status, job_remove and system_probe."""

from __future__ import annotations

import typing as t
from pathlib import Path

from .base import Case, Scene, variant
from .names import FOREIGN_FOLDER, JOB, LOST_JOB, LOST_PROBE, TEXT


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


def after_a_lost_probe(_scratch: Path) -> list[Case]:
    """A look as SYSTEM cleans up after one that was ended in the middle, and nothing that lies there stops it."""
    read = {"op": "registry_read", "path": "SOFTWARE\\Proof"}
    return [Case("system_probe", {"timeout": 600, "ops": [read]}, lambda v: v["answer"]["results"][0]["ok"])]


def left(*wanted: str) -> t.Callable[[Path], str]:
    """Compares what is left of the jobs' directories with what must be."""

    def after(scratch: Path) -> str:
        jobs = scratch / "ProgramData" / "winops.entra" / "jobs"
        found = {path.name for path in jobs.iterdir()}
        return "" if found == set(wanted) else f"left are {sorted(found)} instead of {sorted(wanted)}"

    return after


SCENES = [
    # A probe of this moment is somebody's.
    Scene("jobs", rows, job=job_is_right, after=left(LOST_PROBE, FOREIGN_FOLDER)),
    variant(
        "lost probe",
        after_a_lost_probe,
        {"WINOPS_PROOF_PROBE_HOURS": "-1", "WINOPS_PROOF_JOBS": "here"},
        after=left(LOST_JOB, FOREIGN_FOLDER),
    ),
]
