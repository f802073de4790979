# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The join of an Azure VM by its managed identity: ``dsregcmd /AzureSecureVMJoin`` as SYSTEM.

Microsoft, "Sign in to a Windows virtual machine in Azure": the metadata service of the VM tells the tenant, dsregcmd's
exit code is a signed HRESULT, 0 for success.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from .. import jobs
from .. import operations as op
from ..answers import Answer, Result, within
from ..preflight import endpoints
from ..reading import known
from ..requirements import JoinRefusal, azure_identity_refusal
from ..waiting import Waiter

AZURE_JOIN_JOB = jobs.job_id("dsregcmd_azure_vm_join", "device")


def observations() -> dict[str, dict]:
    """What must be known before; part of the module's first exchange."""
    return {"azure_identity": endpoints.ask_azure_identity()}


def refusal(look: Answer, tenant_id: str) -> JoinRefusal | None:
    """By what the metadata service says; where it does not answer us, dsregcmd has to find out."""
    found = known(lambda: endpoints.replies_of(look["azure_identity"])) or {}
    reply = found.get(endpoints.AZURE_IDENTITY.id)
    if reply is None or reply.status is None:
        return None
    return azure_identity_refusal(reply.status, reply.body, tenant_id)


def start(waiter: Waiter, mdm_id: str | None, job: Result) -> None:
    """Start the job; ``job`` is its status now. ``mdm_id`` is the application id of an MDM."""
    work = op.job_start(AZURE_JOIN_JOB, [op.dsregcmd_azure_vm_join(mdm_id)], jobs.PACKAGE_JOB_SECONDS)
    jobs.start(waiter, work, job, "the Azure VM join")


def outcome(job: Result) -> tuple[bool, dict | None]:
    """``(finished, error)`` of the job."""
    finished, error = jobs.outcome(job)
    results = within(job, [op.dsregcmd_azure_vm_join(None)])
    code = results[-1].get("exit_code") if results else None
    if error is None and code:
        error = {"type": "ExitCode", "message": "dsregcmd /AzureSecureVMJoin failed", "hresult": code}
    return finished, error
