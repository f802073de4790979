# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a join takes back: all of it after a failure, and after a good one its package, where that was asked for.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ...result import Failure
from .. import jobs, wire
from .. import operations as op
from ..answers import Answer
from ..reading import Unreadable, known
from ..session import ConnectionLost
from ..work import AFTERWARDS_SECONDS
from . import provisioning, removal
from .ending import PackageWork


def back_out(work: PackageWork, first: Answer) -> None:
    """After a failed join: leave nothing that would join the device hours later, unless asked to keep it.

    Takes as long as the engine may need to remove the package.
    """
    work.changes.undo("join")
    package = work.plan.package
    if package and work.plan.on_failure == "keep":
        work.waiter = work.new_waiter(AFTERWARDS_SECONDS)
        with work.phases.phase("clean up"), leftovers_told(work):
            remove_ours(work, package)
        return
    work.waiter = work.new_waiter(
        work.plan.poll_interval * 6 + removal.REMOVAL_SECONDS if package else AFTERWARDS_SECONDS
    )
    with work.phases.phase("back out"), leftovers_told(work):
        if package:
            _take_package_back(work, package, first)
        else:
            work.waiter.ask({"job": op.job_remove(work.plan.job)}, "cleaning up")


@contextlib.contextmanager
def leftovers_told(work: PackageWork) -> Iterator[None]:
    """After a failure, which is what the task tells: what cannot be cleaned up is among its changes."""
    try:
        yield
    except (Failure, ConnectionLost, Unreadable, wire.WireError) as exc:
        work.changes.add("leftovers", None, {"job": work.remains.job, "left behind": str(exc)})


def remove_ours(work: PackageWork, package: provisioning.PackageSource) -> None:
    """Remove our jobs and our copy of the package, and nothing of the engine's. A job that still runs is left to its
    end, at which it removes the copy itself."""
    ours = {"job": package.install_job, "removal": package.remove_job}
    answer = work.waiter.ask({name: op.job_status(job) for name, job in ours.items()}, "looking for our jobs")
    steps = {name: op.job_remove(job) for name, job in ours.items() if jobs.is_over(answer[name])}
    if package.path is None and not work.plan.keep_copy and not jobs.is_running(answer["job"]):
        steps["copy"] = op.path_remove(package.device_path)
    if steps:
        work.waiter.ask(steps, "cleaning up")


def _take_package_back(work: PackageWork, package: provisioning.PackageSource, first: Answer) -> None:
    answer = work.waiter.ask(provisioning.observations(package), "checking what the package has left")
    stays = [name for name in work.remains.settings(answer) if name not in work.remains.settings(first)]
    # Where the list is refused, too: a removal that finds nothing does no harm, a package left behind does.
    if known(lambda: provisioning.listed(answer["packages"], package.id) is None) is not True:
        try:
            removal.remove(work.waiter, package)
        except Failure:
            # Ours holds the token, too. The engine's own copy stays: without it the package cannot be removed any more.
            provisioning.clean_up(work.waiter, package, False)
            raise
        work.warn(removal.reverted(package))
    if stays:
        work.changes.add("package settings", None, {"applied": stays, "stay": "Windows does not revert them"})
    provisioning.clean_up(work.waiter, package, False, first["packages"], answer["packages"])


def remove_package(work: PackageWork) -> None:
    """After a good join: have the engine remove the package. Raises Failure."""
    waited, work.waiter = work.waiter, work.new_waiter(removal.REMOVAL_SECONDS)
    try:
        removal.remove(work.waiter, work.plan.package)
    finally:
        work.waiter = waited


def taken(package: provisioning.PackageSource, before: dict, after: dict) -> Failure | None:
    """The Failure of a removal that has taken the join or the MDM enrollment along, by the facts before and after."""
    for name, thing in (("join", "the join"), ("mdm", "the MDM enrollment")):
        if _is_there(before[name]) and not _is_there(after[name]):
            return _taken(package, name, thing, [before[name], after[name]])
    return None


def _is_there(facts: dict) -> bool:
    """Of ``join`` or ``mdm`` facts. What cannot be read counts as there."""
    return facts["enrolled"] is not False if "enrolled" in facts else facts["type"] in ("entra", None)


def _taken(package: provisioning.PackageSource, name: str, thing: str, evidence: list) -> Failure:
    return Failure(
        f"the removal of the package {package.id} has also removed {thing}",
        side="device",
        name=f"{name}_taken_by_removal",
        cause="Windows removed the package, as requested by remove_package, and with it the result of the package",
        fix="run the task again without remove_package",
        evidence=evidence,
    )
