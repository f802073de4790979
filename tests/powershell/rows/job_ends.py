# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of jobs and probes that do not end well: stopped, lost, refused, left behind."""

from __future__ import annotations

import os
import shutil
import time
import typing as t
from pathlib import Path

from .base import Case, own_paths, variant
from .names import FOREIGN_FOLDER, JOB, LOST_JOB, LOST_PROBE
from .windows import Document

QUEUED, WAITING, YOUNG, OLD, ENDED, TASK_ONLY = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123456")
HOURS = 3600
SLOW = {"op": "endpoints", "timeout": 600, "targets": [{"name": "slow", "url": "https://slow.proof/", "headers": {}}]}
"""An operation that takes longer than anybody waits."""
OLD_PROBE, YOUNG_PROBE = (f"00000000-0000-4000-8000-00000000000{digit}" for digit in "12")


def jobs(scratch: Path) -> Path:
    return scratch / "ProgramData" / "winops.entra" / "jobs"


def make(scratch: Path, job: str, hours: float = 0) -> None:
    """A job's directory, so old."""
    folder = jobs(scratch) / job
    folder.mkdir(mode=0o700)
    then = time.time() - hours * HOURS
    os.utime(folder, (then, then))


def left(*expected: str) -> t.Callable[[Path], str]:
    """What is wrong with the directories of jobs in the end."""

    def after(scratch: Path) -> str:
        found = {path.name for path in jobs(scratch).iterdir()} - {LOST_PROBE, FOREIGN_FOLDER}
        return "" if found == set(expected) else f"there is {sorted(found)}"

    return after


# --- what a task says ---------------------------------------------------------------------------------------------


def tasks(document: Document) -> None:
    for job, state, result in (
        (QUEUED, "Queued", 0),
        (WAITING, "Ready", 267045),
        (YOUNG, "Ready", 267011),
        (OLD, "Ready", 267011),
        (ENDED, "Ready", 267014),
        (TASK_ONLY, "Queued", 267045),
    ):
        document["tasks"]["\\"]["tasks"][f"winops.entra-{job}"] = {"state": state, "last_result": result}


def folders(scratch: Path) -> None:
    for job in (QUEUED, WAITING, YOUNG, ENDED):
        make(scratch, job)
    make(scratch, OLD, hours=2)


def told_by_tasks(_scratch: Path) -> list[Case]:
    """A job without a result: queued, not begun yet, or lost. Windows needs a moment to say that a task runs."""

    def status(job: str, state: str, result: int | None) -> Case:
        return Case("job_status", {"job": job}, lambda v: (v["state"], v["last_task_result"]) == (state, result))

    return [
        status(QUEUED, "running", 0),
        status(WAITING, "running", 267045),
        status(YOUNG, "running", 267011),
        status(OLD, "lost", 267011),
        status(ENDED, "lost", 267014),
        Case(
            "job_start", {"job": QUEUED, "time_limit": 9, "ops": []}, lambda v: v == {"started": False, "already": True}
        ),
        Case("job_remove", {"job": QUEUED}, lambda v: v == {"removed": True}),
        Case("job_remove", {"job": TASK_ONLY}, lambda v: v == {"removed": True}),
        Case(
            "scheduled_tasks",
            {"folder": "\\"},
            lambda v: (
                not {f"winops.entra-{one}" for one in (QUEUED, TASK_ONLY)} & {task["name"] for task in v["tasks"]}
            ),
        ),
    ]


def denied(_scratch: Path) -> list[Case]:
    """A task that nobody may see is not absent."""
    return [Case("job_status", {"job": LOST_JOB}, error="UnauthorizedAccessException")]


def closed(document: Document) -> None:
    document["tasks"]["\\"]["closed"] = "all"


# --- jobs that are stopped or do not begin ------------------------------------------------------------------------


def stopped(scratch: Path) -> list[Case]:
    """A job that was lost begins anew, and is ended while it runs."""
    return [
        Case("job_start", {"job": LOST_JOB, "time_limit": 60, "ops": [SLOW]}, lambda v: v["started"]),
        Case("path_info", {"path": own_paths(scratch)("jobs", LOST_JOB, "left.txt")}, lambda v: not v["exists"]),
        Case(
            "job_status",
            {"job": LOST_JOB},
            lambda v: (v["state"], v["last_task_result"], v["answer"]) == ("running", 267009, None),
        ),
        Case("job_start", {"job": LOST_JOB, "time_limit": 60, "ops": []}, lambda v: v["already"]),
        # A task that runs cannot be deleted.
        Case("job_remove", {"job": LOST_JOB}, lambda v: v == {"removed": True}),
        Case("job_status", {"job": LOST_JOB}, lambda v: v["state"] == "absent"),
    ]


def leftover(scratch: Path) -> None:
    (jobs(scratch) / LOST_JOB / "left.txt").write_text("of the lost one")


def not_begun(_scratch: Path) -> list[Case]:
    """What fails half way is said, and nothing of it stays."""
    return [
        Case("job_start", {"job": JOB, "time_limit": "soon", "ops": []}, error="InvalidCastException"),
        Case("job_status", {"job": JOB}, lambda v: v["state"] == "absent"),
    ]


def busy(_scratch: Path) -> list[Case]:
    """The process of the job is in its last moments."""
    return [Case("job_remove", {"job": LOST_JOB}, lambda v: v == {"removed": True})]


def kept(_scratch: Path) -> list[Case]:
    """A directory that may not be removed: the first refusal is the end."""
    return [
        Case("job_remove", {"job": LOST_JOB}, error="UnauthorizedAccessException"),
        Case("job_status", {"job": LOST_JOB}, lambda v: v["state"] == "lost"),
    ]


# --- probes -------------------------------------------------------------------------------------------------------


def too_slow(_scratch: Path) -> list[Case]:
    """A probe that does not end in time has no answer."""
    return [Case("system_probe", {"timeout": 1, "ops": [SLOW]}, lambda v: v == {"answer": None})]


def after_others(_scratch: Path) -> list[Case]:
    """Before anything else a probe clears away what others have left; this one does not begin itself."""
    return [Case("system_probe", {"timeout": "soon", "ops": []}, error="InvalidCastException")]


def probes(scratch: Path) -> None:
    make(scratch, OLD_PROBE, hours=2)
    make(scratch, YOUNG_PROBE)
    make(scratch, OLD, hours=2)


def without_jobs(scratch: Path) -> None:
    shutil.rmtree(jobs(scratch))


def still_none(scratch: Path) -> str:
    return "there are jobs" if jobs(scratch).exists() else ""


SCENES = [
    variant(
        "jobs by their tasks",
        told_by_tasks,
        change=tasks,
        before=folders,
        after=left(WAITING, YOUNG, OLD, ENDED, LOST_JOB),
    ),
    variant("jobs, denied", denied, change=closed, after=left(LOST_JOB)),
    variant("job stopped", stopped, before=leftover, after=left()),
    variant("job not begun", not_begun, after=left(LOST_JOB)),
    variant("job busy", busy, {"WINOPS_PROOF_BUSY": "IO.IOException,IO.IOException"}, after=left()),
    variant("job kept", kept, {"WINOPS_PROOF_BUSY": "UnauthorizedAccessException"}, after=left(LOST_JOB)),
    variant("probe too slow", too_slow, after=left(LOST_JOB)),
    variant("probes left behind", after_others, before=probes, after=left(YOUNG_PROBE, OLD, LOST_JOB)),
    variant("no jobs at all", after_others, before=without_jobs, after=still_none),
]
