# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""job_start, job_status, job_remove: operations that run as SYSTEM in a one-shot scheduled task."""

from __future__ import annotations

import asyncio

from .. import jobs
from ..accounts import Caller
from ..errors import access_denied, bad_argument
from ..wire import utc_text
from .dispatch import VOCABULARY, operation, require_elevated, run_request
from .files import OWN, confirm_directory


@operation("job_start")
async def job_start(device, caller: Caller, job: str, ops: list, time_limit: int) -> dict:
    job_id = _checked(job)
    require_elevated(caller)
    if jobs.state(device, job_id) in ("running", "done"):
        return {"started": False, "already": True}
    confirm_directory(device, device.files.resolve(jobs.directory(job_id)))
    jobs.start(device, job_id, ops, time_limit, run_request)
    return {"started": True, "already": False}


@operation("job_status")
def job_status(device, caller: Caller, job: str) -> dict:
    job_id = _checked(job)
    if device.files.exists(OWN):
        require_elevated(caller)
    found = jobs.state(device, job_id)
    task = device.tasks.get(jobs.FOLDER, jobs.task_name(job_id))
    known = device.jobs.get(job_id)
    return {
        "state": found,
        "started": utc_text(known.started) if known and found != "absent" else None,
        "last_task_result": task.last_result if task else None,
        "answer": jobs.answer(device, job_id) if found == "done" else None,
    }


@operation("system_probe")
async def system_probe(device, caller: Caller, ops: list, timeout: int) -> dict:
    require_elevated(caller)
    for step in ops:
        declared = VOCABULARY["operations"].get(step.get("op"))
        if declared is None or declared["changing"]:
            raise access_denied(f"Refused, it does not only observe: {step.get('op')}")
    probe = "00000000" + device.next_id("probe")[8:]
    confirm_directory(device, device.files.resolve(jobs.directory(probe)))
    jobs.start(device, probe, ops, timeout, run_request)
    limit = asyncio.ensure_future(device.clock.limit(timeout))
    try:
        await asyncio.wait({device.jobs[probe].work, limit}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        limit.cancel()
    answer = jobs.answer(device, probe) if jobs.state(device, probe) == "done" else None
    jobs.remove(device, probe)
    return {"answer": answer}


@operation("job_remove")
def job_remove(device, caller: Caller, job: str) -> dict:
    job_id = _checked(job)
    require_elevated(caller)
    return {"removed": jobs.remove(device, job_id)}


def _checked(job: str) -> str:
    if not jobs.GUID.fullmatch(job):
        raise bad_argument("A job id is a GUID.")
    return job.lower()
