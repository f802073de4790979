# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs on a device: work as SYSTEM in a one-shot scheduled task, which outlives a lost connection.

A job has an id made of what it does, so that a task that runs again, after a lost connection or a crash of the
controller, finds the job instead of starting a second one.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import uuid

from ..result import Failure
from . import operations as op
from .answers import Result, within
from .codes.hresult import error_code
from .reading import FULL_TOKEN, plain_id
from .waiting import Waiter

JOB_NAMESPACE = uuid.UUID("0d7a3a0e-6c43-4d7e-9d6c-0f9a5f1f3b52")
# The cmdlet gives up after 180 s; the rest is for a slow download and a busy Task Scheduler.
PACKAGE_JOB_SECONDS = 900
#: The name of the failure of an operation that the device did not carry out.
OPERATION_REFUSED = "operation_refused"


def job_id(purpose: str, subject: str) -> str:
    """The GUID of the job that does ``purpose`` to ``subject``: the same on every run."""
    return str(uuid.uuid5(JOB_NAMESPACE, f"{purpose}:{plain_id(subject)}"))


def is_running(job: Result) -> bool:
    """By the answer to job_status(), as the next two."""
    return job.get("state") == "running"


def is_over(job: Result) -> bool:
    """Whether it has ended, by itself or by a restart, and the device still knows it."""
    return job.get("state") in ("done", "lost")


def is_there(job: Result) -> bool:
    """Whether the device knows the job, running or ended."""
    return is_running(job) or is_over(job)


def start(waiter: Waiter, job: dict, old: Result, what: str) -> None:
    """Start a job in place of an ended one of the same id (``old`` is its status).

    Two exchanges: one that removes and starts would, where its answer is lost and it is sent again, end the job that it
    has just started and start a second one.
    """
    if is_over(old):
        waiter.ask({"old": op.job_remove(job["job"])}, "removing the job of an earlier run")
    answer = waiter.ask({"job": job}, f"starting {what} as SYSTEM")
    require(answer["job"], f"{what} cannot be started as SYSTEM")


def outcome(job: Result) -> tuple[bool, dict | None]:
    """``(finished, error)`` of a job; the error is {type, message, hresult} of the step that failed.

    A job that is lost (a restart ended it) or gave up waiting has no error: the engine goes on, and the state decides.
    Between two installations of a package only the last one tells.
    """
    state = job.get("state")
    if state in ("running", None):
        return False, None
    results = _without_clean_up(within(job)) if state == "done" else []
    installs = [number for number, result in enumerate(results) if "gave_up" in result.value]
    if installs:
        results = results[: installs[0]] + results[installs[-1] :]
    return True, next((error for error in map(_failure, results) if error), None)


def _without_clean_up(results: list[Result]) -> list[Result]:
    """The results without that of the removal of our copy, which follows an installation: whether it could be removed
    says nothing of the package, and the task looks again."""
    return results[:-1] if len(results) > 1 and "gave_up" in results[-2].value else results


def _failure(result: Result) -> dict | None:
    """The error of one step."""
    if not result.ok:
        return result.error
    error = result.get("error")
    # All null where it has not failed.
    return error if error and error["type"] and not result.get("gave_up") else None


def evidence(job: Result) -> list[dict]:
    """What the cmdlet in a job that has ended said of the package; for people only."""
    results = within(job) if job.get("state") == "done" else []
    texts = [result.get("text") for result in results if result.get("gave_up") is not None]
    return [{"log": "Install-ProvisioningPackage", "message": text} for text in texts if isinstance(text, str) and text]


def require(result: Result, sentence: str) -> None:
    """Raise Failure where an operation was refused."""
    if error := result.error:
        raise Failure(
            f"{sentence}: {error['message']}",
            side="device",
            name=OPERATION_REFUSED,
            code=error_code(error),
            cause="the device refused the operation",
            fix=f"{FULL_TOKEN}; check also the disk space",
            evidence=[error],
        )
