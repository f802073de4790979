# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SYSTEM jobs: a private directory, a one-shot task, and a result file that is renamed into place.

A job has a state over time: queued (its task waits for a process), running, done (the result is there), or lost (its
directory is there, its task does not run and left no result: cut off by a restart or by its time limit).
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import json
import re

from . import tasks
from .accounts import SYSTEM

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
FOLDER = "\\"
OWN = r"%ProgramData%\winops.entra"
DIRECTORY = rf"{OWN}\jobs"
#: Device seconds from Start-ScheduledTask to the first line of the script.
START_SECONDS = 1.5


@dataclasses.dataclass
class Job:
    """A job the device has heard of: when it was started (device clock) and what runs it."""

    started: datetime.datetime
    work: asyncio.Task


def task_name(job: str) -> str:
    return f"winops.entra-{job}"


def directory(job: str) -> str:
    return rf"{DIRECTORY}\{job}"


def state(device, job: str) -> str:
    """absent, running, done or lost."""
    if device.files.exists(rf"{directory(job)}\result.json"):
        return "done"
    task = device.tasks.get(FOLDER, task_name(job))
    if task is not None and task.state in (tasks.RUNNING, tasks.QUEUED):
        return "running"
    return "lost" if device.files.exists(directory(job)) else "absent"


def answer(device, job: str) -> dict:
    """The answer envelope that the job left."""
    return json.loads(device.files.read(rf"{directory(job)}\result.json"))


def start(device, job: str, operations: list, time_limit: int, run_request) -> None:
    """Register and start the task. The directory is there; ``run_request(device, caller, request)`` runs the steps."""
    request = {"v": 1, "id": job, "ops": operations}
    device.files.write(rf"{directory(job)}\self.b64", b"")
    device.files.write(rf"{directory(job)}\request.b64", json.dumps(request).encode("utf-8"))
    task = device.tasks.register(FOLDER, tasks.Task(task_name(job), tasks.QUEUED, tasks.RESULT_QUEUED))
    work = device.spawn(_run(device, job, task, request, run_request))
    limit = device.spawn(_limit(device, work, time_limit))
    work.add_done_callback(lambda _work: limit.cancel())
    device.jobs[job] = Job(device.utc(), work)


async def _run(device, job: str, task: tasks.Task, request: dict, run_request) -> None:
    process = None
    try:
        await device.sleep(START_SECONDS)
        task.state, task.last_result = tasks.RUNNING, tasks.RESULT_RUNNING
        process = device.processes.start("powershell.exe")
        device.process_started()
        result = await run_request(device, SYSTEM, request)
        device.files.write(rf"{directory(job)}\result.json", json.dumps(result).encode("utf-8"))
        task.state, task.last_result = tasks.READY, 0
    finally:
        if process is not None:
            device.processes.end(process)
        if task.state != tasks.READY:
            task.state, task.last_result = tasks.READY, tasks.RESULT_TERMINATED


async def _limit(device, work: asyncio.Task, seconds: int) -> None:
    """ExecutionTimeLimit: the Task Scheduler ends the process; the engine it called goes on (a guess)."""
    await device.clock.limit(seconds)
    work.cancel()


def remove(device, job: str) -> bool:
    """Stop and unregister the task, remove the directory; False where there was neither."""
    known = device.jobs.pop(job, None)
    if known is not None:
        known.work.cancel()
    unregistered = device.tasks.unregister(FOLDER, task_name(job))
    removed = device.files.remove(directory(job))
    if removed:
        device.files.remove_empty(directory(job), OWN)
    return removed or unregistered
