# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the modules join, ppkg and ppkg_info, in which a package and a device meet.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ..device import state
from ..device.acceptance import run as acceptance
from ..device.facts import after_a_package
from ..device.joining import package_state
from ..device.joining.join import Join
from ..device.joining.join_plan import JoinPlan
from ..device.joining.provisioning import PackageSource
from ..device.work import begin
from ..options import bad_option
from ..task import Task
from .description import description_of
from .source import (
    PACKAGE_OPTIONS,
    chosen_package,
    contents_of_file,
    harmless_package,
    refuse_unused,
)

PLANNED = (
    "method",
    "mdm_id",
    "expect_mdm",
    "reboot",
    "reboot_timeout",
    "timeout",
    "poll_interval",
    "on_failure",
    "keep_copy",
    "apply_again",
    "remove_package",
)
COMPARISONS = ("description", "description_file", "compare_with")
PACKAGE_PLANNED = ("force", "keep_copy", "apply_again", "timeout", "poll_interval")


def join(task: Task) -> dict:
    """Join the device, by a package or as an Azure VM. Raises Failure."""
    args = task.args
    package, described = None, None
    if args["method"] == "provisioning_package":
        refuse_unused(args, ["mdm_id"], "only method azure_vm takes it")
        package, described = chosen_package(task, True)
    else:
        refuse_unused(args, PACKAGE_OPTIONS, f"method {args['method']} joins without a package")
    if args["remove_package"]:
        _require_removable(package, args["keep_copy"])
    plan = JoinPlan(
        tenant_id=args["tenant_id"],
        package=package,
        **{name: args[name] for name in PLANNED},
    )
    return begin(task, Join, plan).run() | {"package": described}


def _require_removable(package: PackageSource | None, keep_copy: bool) -> None:
    """Refuse the option remove_package where it would take back more than the package. Raises Failure."""
    problem = None
    if package is None:
        problem = "an Azure VM joins without a package", "leave remove_package out"
    elif keep_copy:
        problem = "its copies are removed with the package, but keep_copy is true", "leave one of the two out"
    elif package.reverts is None:
        problem = "the controller cannot read a package that it does not have", "give the package as src"
    elif package.reverts:
        taken = ", ".join(package.reverts)
        problem = f"Windows would revert with the package its settings for: {taken}", "leave remove_package out"
    if problem:
        raise bad_option("remove_package", *problem)


def apply_or_remove(task: Task) -> dict:
    """Bring one package to the asked state on the device. Raises Failure."""
    args = task.args
    if args["state"] == "absent" and args["package_id"]:
        unused = ["checksum"] if args["src"] is None else []
        refuse_unused(args, unused, "a package that is removed by its id has no file to compare it with")
        package, described = package_state.by_id(args["package_id"]), None
    else:
        package, described = chosen_package(task, False)
    plan = package_state.PackagePlan(package, **{name: args[name] for name in PACKAGE_PLANNED})
    work = begin(task, package_state.PackageState, plan)
    done = work.present() if args["state"] == "present" else work.absent()
    return done | {"package": described} | after_a_package(task)


def accept(task: Task) -> dict:
    """Try the operations on a disposable device, and ask it about packages where one is named. Raises Failure."""
    src = task.args["package"]
    package = None if src is None else harmless_package(task, src)
    return acceptance.accept(task, package)


def describe(task: Task) -> dict:
    """A package file of the controller, the packages that the device has, or both. Raises Failure."""
    args = task.args
    src, installed = args["src"], args["installed"]
    if src is None:
        refuse_unused(args, COMPARISONS, "there is no package in src to compare")
    if src is None and installed is False:
        raise bad_option(
            "installed",
            "it is false, and without src there is nothing else to describe",
            "give src, or leave installed out",
        )
    facts: dict[str, t.Any] = dict.fromkeys(("package", "settings", "description", "differences", "installed"))
    if src is not None:
        facts |= contents_of_file(task, src, description_of(task), args["compare_with"])
    if installed or src is None:
        answer = task.session.run(state.observations(("packages",)))
        facts["installed"] = state.build(answer, ("packages",))["packages"]
    return facts
