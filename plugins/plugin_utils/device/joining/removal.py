# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The removal of a package by the provisioning engine, as SYSTEM.

It needs the package's file in the engine's own folder, may take minutes, and reverts settings of some kinds. It may
fail although it has done everything, so that the device's list tells, and not its answer (public decompilations of
provops).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...result import Failure
from .. import jobs
from .. import operations as op
from ..codes.hresult import error_code
from ..reading import known
from ..waiting import Waiter
from .provisioning import PackageSource, listed

# The engine waits 180 s at a time for an enrollment of the package to end.
REMOVAL_SECONDS = jobs.PACKAGE_JOB_SECONDS


def remove(waiter: Waiter, package: PackageSource) -> None:
    """Have the engine remove the package and see that it is gone. That does not undo a join. Raises Failure.

    A removal that an earlier run has started is waited for.
    """
    job = waiter.ask({"job": op.job_status(package.remove_job)}, "removing the package")["job"]
    if not jobs.is_running(job):
        start = op.job_start(package.remove_job, [op.package_remove(package.id)], REMOVAL_SECONDS)
        jobs.start(waiter, start, job, "the removal of the package")
    watch = {"job": op.job_status(package.remove_job), "packages": op.provisioning_packages()}
    answer = waiter.until(watch, lambda a: jobs.is_over(a["job"]), "removing the package")
    error = jobs.outcome(answer["job"])[1] if answer else None
    gone = answer is not None and known(lambda: listed(answer["packages"], package.id) is None)
    if answer:  # else it is still at work
        waiter.ask({"job": op.job_remove(package.remove_job)}, "cleaning up")
    if not gone:
        raise _not_removed(waiter, package.id, gone, error)


def reverted(package: PackageSource) -> str | None:
    """What the removal of this package takes back, as a warning; None where it is known to take nothing."""
    if not package.reverts:
        return None
    return (
        f"the package {package.id} was removed, and Windows reverts with it its settings for: "
        f"{', '.join(package.reverts)}"
    )


def file_is_gone(package_id: str) -> Failure:
    """The Failure of a removal for which Windows has not the file."""
    return Failure(
        f"Windows cannot remove the package {package_id}: it was applied, and its file is gone from the device",
        side="device",
        name="package_file_gone",
        cause="to remove a package, the provisioning engine needs its own copy in "
        "%ProgramData%\\Microsoft\\Provisioning, which join and ppkg delete after the package is applied, "
        "unless keep_copy is true",
        fix="its settings stay until something else changes them; apply a package with keep_copy: true if you want "
        "to remove it later",
    )


def _not_removed(waiter: Waiter, package_id: str, gone: bool | None, error: dict | None) -> Failure:
    from ..diagnosis.package_refusals import removal_by_policy

    if error_code(error) == "0x80070002":
        return file_is_gone(package_id)
    policy = removal_by_policy(waiter) if error else None
    sentence = "still installed" if gone is False else "perhaps still installed: Windows does not list its packages"
    return Failure(
        f"the package {package_id} is {sentence}" + (f": {error['message']}" if error else ""),
        side="device",
        name=policy.name if policy else "package_not_removed",
        code=error_code(error),
        cause=policy.cause if policy else "Uninstall-ProvisioningPackage did not remove it",
        fix=policy.fix
        if policy
        else "look at the Provisioning-Diagnostics-Provider event log (65); remove it in Settings, Access work or "
        "school, Add or remove a provisioning package",
    )
