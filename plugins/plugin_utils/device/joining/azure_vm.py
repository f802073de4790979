# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The join of an Azure VM by its managed identity: ``dsregcmd /AzureSecureVMJoin`` as SYSTEM.

Microsoft, "Sign in to a Windows virtual machine in Azure": the metadata service of the VM tells the tenant, dsregcmd's
exit code is a signed HRESULT, 0 for success. By a public analysis of dsregcmd it enrolls with an MDM id at once, after
the join, and takes the join back where that fails, whose code is then its exit code. So a join that is seen is made
only when dsregcmd has ended. Its limits rise as those of a leave do: 1200 s for the program, AZURE_JOIN_SECONDS for the
job.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from ...result import Failure
from .. import jobs, redaction
from .. import operations as op
from ..answers import Answer, Result, within
from ..preflight import endpoints, targets
from ..reading import known
from ..requirements import JoinRefusal, azure_identity_refusal
from ..system_work import UNFINISHED
from ..waiting import Waiter

# How long the device may take to show what dsregcmd has done.
SETTLE_SECONDS = 60
# SCHED_S_TASK_TERMINATED: ended by its time limit, a restart or a person.
TERMINATED = 267014
AZURE_JOIN_SECONDS = 1500
SHOWN_TEXT = 600
# Such as "Join error code: InvalidParameter", "Join message: ...", "AAD Join failed with status code -2145648639."
_OF_AN_ERROR = re.compile(r"error|fail|message", re.IGNORECASE)
AZURE_JOIN_JOB = jobs.job_id("dsregcmd_azure_vm_join", "device")


def observations() -> dict[str, dict]:
    """What must be known before; part of the module's first exchange."""
    return {"azure_identity": endpoints.ask_azure_identity()}


def refusal(look: Answer, tenant_id: str) -> JoinRefusal | None:
    """By what the metadata service says; where it does not answer us, dsregcmd has to find out."""
    found = known(lambda: endpoints.replies_of(look["azure_identity"])) or {}
    reply = found.get(targets.AZURE_IDENTITY.id)
    if reply is None or reply.status is None:
        return None
    return azure_identity_refusal(reply.status, reply.body, tenant_id)


def start(waiter: Waiter, mdm_id: str | None, job: Result) -> None:
    """Start the job; ``job`` is its status now. ``mdm_id`` is the application id of an MDM."""
    work = op.job_start(AZURE_JOIN_JOB, [op.dsregcmd_azure_vm_join(mdm_id)], AZURE_JOIN_SECONDS)
    jobs.start(waiter, work, job, "the Azure VM join")


def outcome(job: Result) -> tuple[bool, dict | None]:
    """``(finished, error)`` of the job. The error's message has what dsregcmd said of it."""
    finished, error = jobs.outcome(job)
    code, text = _said(job)
    if error is None and code:
        message = "\n".join([f"dsregcmd /AzureSecureVMJoin failed with exit code {code}", text]).strip()
        # Small numbers are exit codes of their own, and no HRESULTs.
        hresult = code if not 0 < code < 1 << 31 else None
        error = {"type": "ExitCode", "message": message, "hresult": hresult}
    return finished, error


def has_ended(job: Result) -> bool:
    """Whether dsregcmd surely does not work any more, so that the state that is seen stays."""
    return jobs.is_over(job) or job.get("state") == "absent"


def unfinished(tenant_id: str, seconds: float) -> Failure:
    """The Failure of a join that is seen, and that dsregcmd may still take back."""
    return Failure(
        f"the device is joined to {tenant_id}, but dsregcmd /AzureSecureVMJoin has not ended after {seconds:.0f} s; "
        "it enrolls the device in MDM, and reverts the join if that fails",
        side="device",
        name=UNFINISHED,
        cause="dsregcmd is still running: it asks for the MDM up to ten times",
        fix="run the task again: it continues from there; or raise timeout",
    )


def not_shown(job: Result, join: dict, tenant_id: str) -> Failure:
    """The Failure of a join whose job has ended without an error, and that the device does not show."""
    job_state, (code, text) = job.get("state"), _said(job)
    if job_state == "done" and code is not None:
        name, cause = "join_not_shown", "dsregcmd /AzureSecureVMJoin ended without an error"
    elif job.get("last_task_result") == TERMINATED:
        name = "job_ended"
        cause = (
            f"dsregcmd /AzureSecureVMJoin was ended before it finished: by its time limit of {AZURE_JOIN_SECONDS} "
            "s, or by a restart of the VM"
        )
    else:
        name = "job_ended"
        cause = "the job that runs dsregcmd /AzureSecureVMJoin has ended without a readable answer"
    return Failure(
        f"the device is not joined to {tenant_id}: {cause}, and {SETTLE_SECONDS} s later the device shows the join "
        f"type {join['type'] or 'unknown'}",
        side="device",
        name=name,
        cause=cause,
        fix="run the task again; if it fails in the same way, run winops.entra.diagnose, and look at the User "
        "Device Registration event log of the VM",
        evidence=[{"job": job_state, "exit_code": code, "text": text, "join": join}],
    )


def _said(job: Result) -> tuple[int | None, str]:
    """Exit code of dsregcmd, and the lines of its text that tell of an error, as far as the job has left them.

    Only these: what else /debug prints may be anything.
    """
    results = within(job, [op.dsregcmd_azure_vm_join(None)])
    if not results:
        return None, ""
    lines = [line.strip() for line in (results[-1].get("text") or "").splitlines() if _OF_AN_ERROR.search(line)]
    return results[-1].get("exit_code"), redaction.redact("\n".join(lines))[-SHOWN_TEXT:]
