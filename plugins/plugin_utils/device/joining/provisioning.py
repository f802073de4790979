# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Provisioning packages on a device: bring, install as SYSTEM, remove, clean up.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import functools
import ntpath

from ...result import Failure
from .. import jobs
from .. import operations as op
from ..answers import Answer, Result
from ..reading import FULL_TOKEN, STATE_UNREADABLE, Unreadable, known, plain_id
from ..requirements import JoinRefusal
from ..session import DeviceSession
from ..waiting import Waiter
from . import engine_memory

ALREADY_EXISTS = 0x800700B7
ENGINE = "provtool.exe"
ENGINE_STORE = r"%ProgramData%\Microsoft\Provisioning"
ENGINE_FOLDER = r"\Microsoft\Windows\Management\Provisioning"
# What tells whether the engine is at work, and when it would be next.
ENGINE_OBSERVATIONS = {"engine": op.processes(ENGINE), "engine_tasks": op.scheduled_tasks(ENGINE_FOLDER)}
# The delayed retry of the engine, registered again for each with the time of it (public decompilation of provops.dll);
# in older builds it may be Retry, which newer ones enable when only the next start is left to wait for.
RETRY_TASKS = ("provnonrebootretry", "retry")


@dataclasses.dataclass(frozen=True)
class PackageSource:
    """Where a package comes from: exactly one of ``src`` (controller), ``path`` (device) and ``url`` is set.

    The file at ``src`` may be vaulted. ``id`` is the package id, ``sha256`` the file's hash in lower-case hexadecimal
    (None with ``path``). Where the controller has looked into the file, ``reverts`` is what of it Windows takes back
    with a removal, ``runs_again`` what a second application repeats, for people, and ``renames`` whether it gives the
    computer a name, so that Windows waits for a restart afterwards. ``reverted_areas`` are the names, in lower case, of
    all areas and CSPs that Windows takes back.
    """

    id: str
    sha256: str | None = None
    src: str | None = None
    path: str | None = None
    url: str | None = None
    reverts: tuple[str, ...] | None = None
    runs_again: tuple[str, ...] | None = None
    reverted_areas: tuple[str, ...] = ()
    renames: bool | None = None

    @property
    def device_path(self) -> str:
        """Where the file lies on the device when it is installed: ours by the package's id, so that a removal by the id
        finds it."""
        return self.path or rf"{op.PACKAGE_DIRECTORY}\{plain_id(self.id)}.ppkg"

    @property
    def engine_path(self) -> str:
        """Where the engine keeps its own copy of that file: under the same name (public decompilations)."""
        return rf"{ENGINE_STORE}\{ntpath.basename(self.device_path)}"

    @property
    def install_job(self) -> str:
        return jobs.job_id("package_install", self.id)

    @property
    def remove_job(self) -> str:
        return jobs.job_id("package_remove", self.id)


def observations(package: PackageSource) -> dict[str, dict]:
    """What must be known before the package is installed; part of a module's first exchange."""
    return {
        "job": op.job_status(package.install_job),
        "removal": op.job_status(package.remove_job),
        "file": op.path_info(package.device_path, with_hash=bool(package.sha256)),
        "engine_copy": op.path_info(package.engine_path),
        "packages": op.provisioning_packages(),
        "engine": op.processes(ENGINE),
    } | engine_memory.OBSERVATIONS


def under_way(package: PackageSource | None, look: Answer) -> bool:
    """Whether an earlier run's job, or the engine that it has started and that outlives it, is still at work.

    ``look`` holds the answers to observations(), or of them only ``job`` where there is no package.
    """
    if jobs.is_running(look["job"]):
        return True
    here = known(lambda: listed(look["packages"], package.id)) if package else None
    return bool(here and look["engine"].get("processes", []))


def engine_is_idle(engine: Result) -> bool:
    """Whether the provisioning engine surely does nothing (the answer to processes(ENGINE))."""
    return known(lambda: not engine["processes"]) is True


def next_attempt(tasks: Result) -> str | None:
    """When Windows has the engine set to try again, on the device's clock; None where no task says so.

    ``tasks`` is the answer to scheduled_tasks(ENGINE_FOLDER). Raises Refused.
    """
    times = [
        task["next_run"]
        for task in tasks["tasks"]
        if task["name"].lower() in RETRY_TASKS and task["state"] != "Disabled" and task["next_run"]
    ]
    return min(times, default=None)


def left_behind(package: PackageSource | None, keep_copy: bool, look: Answer) -> bool:
    """Whether an earlier run has left its job, our copy of the package or the engine's of it on the device.

    ``look`` as in under_way().
    """
    if package is None:
        return jobs.is_there(look["job"])
    own = package.path is None and look["file"].get("exists", False)
    copy = not keep_copy and (own or bool(engine_copy(package, look)))
    return copy or jobs.is_there(look["removal"]) or jobs.is_there(look["job"])


def ended_removal(package: PackageSource, look: Answer) -> dict[str, dict]:
    """What removes the job of a removal that an earlier run has started and not seen the end of."""
    return {"remove removal": op.job_remove(package.remove_job)} if jobs.is_over(look["removal"]) else {}


def engine_copy(package: PackageSource, look: Answer) -> str | None:
    """The path of the engine's copy of the file that the package is given as, where it surely is this package."""
    here = known(lambda: listed(look["packages"], package.id))
    path = here["path"] if here and is_engine_copy(here["path"]) else ""
    same = ntpath.basename(path).lower() == ntpath.basename(package.engine_path).lower()
    return path if same and look["engine_copy"].get("exists") else None


def listed(packages: Result, package_id: str) -> dict | None:
    """What Windows lists of this package, None where it knows nothing of it.

    A package that has failed is listed with ``installed`` false: the engine still holds its copy and goes on trying.
    Raises Refused.
    """
    wanted = plain_id(package_id)
    return next((p for p in packages["packages"] if plain_id(p["id"]) == wanted), None)


def installed(packages: Result, package_id: str) -> dict | None:
    """What Windows lists of this package where it is applied, else None. Raises Refused."""
    package = listed(packages, package_id)
    return package if package and package["installed"] is not False else None


def missing_file(package: PackageSource, file: Result) -> JoinRefusal | None:
    """The refusal where ``path`` names no file, or nobody can tell; ``file`` is what observations() say of it."""
    try:
        if not package.path or file["exists"]:
            return None
    except Unreadable as exc:
        return JoinRefusal(STATE_UNREADABLE, f"the device's state cannot be read: {exc}", FULL_TOKEN)
    fix = "correct path, or use src or url"
    return JoinRefusal("package_not_found", f"there is no file {package.path} on the device", fix)


def bring(session: DeviceSession, waiter: Waiter, package: PackageSource, file: Result) -> None:
    """Have the file on the device: nothing to do where it lies there already with the right hash.

    A url is fetched by the install job itself, as SYSTEM.
    """
    if package.path:
        if refusal := missing_file(package, file):
            raise refusal.failure("the package was not applied")
        return
    if file.get("sha256") == package.sha256 or package.src is None:
        return
    directory = waiter.ask({"directory": op.directory_create(op.PACKAGE_DIRECTORY)}, "preparing the package directory")
    jobs.require(directory["directory"], "the package directory cannot be created")
    file_name = package.device_path.rsplit("\\", 1)[1]
    session.put_file(package.src, rf"{directory['directory']['path']}\{file_name}")
    copied = waiter.ask({"file": op.path_info(package.device_path, with_hash=True)}, "checking the copied package")
    if copied["file"].get("sha256") != package.sha256:
        raise Failure(
            "the package arrived damaged on the device: its hash differs from that of the file on the controller",
            side="network",
            name="damaged_copy",
            cause="the copy was cut off, or something on the device changed it",
            fix="check the device's disk space and antivirus log, then run the task again",
            evidence=[{"expected": package.sha256, "found": copied["file"].get("sha256")}],
        )


def start_install(
    waiter: Waiter, package: PackageSource, steps: list[dict], job: Result, keep_copy: bool = False
) -> None:
    """Start the install job with these operations, or find it running. An answer that an earlier run left behind is
    thrown away.

    The job itself removes our copy at its end, whatever came of it: perhaps no controller comes back. By then the
    engine has a copy of its own, also where it goes on (public decompilations of its PackageCopier).
    """
    if package.path is None and not keep_copy:
        steps = [*steps, op.path_remove(package.device_path)]
    if package.url:
        fetch = op.download(
            package.url, package.device_path, package.sha256 or "", timeout=jobs.PACKAGE_JOB_SECONDS // 2
        )
        steps = [fetch, *steps]
        directory = waiter.ask(
            {"directory": op.directory_create(op.PACKAGE_DIRECTORY)}, "preparing the package directory"
        )
        jobs.require(directory["directory"], "the package directory cannot be created")
    jobs.start(waiter, op.job_start(package.install_job, steps, jobs.PACKAGE_JOB_SECONDS), job, "the installation")


def is_already_applied(error: dict | None) -> bool:
    """Whether the engine refused because this very package is on the device.

    It then says 0x800700B7 (reported by immybot and others).
    """
    hresult = (error or {}).get("hresult")
    return hresult is not None and hresult & 0xFFFFFFFF == ALREADY_EXISTS


def clean_up(
    waiter: Waiter,
    package: PackageSource,
    keep_copy: bool,
    *seen: Result,
    keep_job: bool = False,
    then: dict[str, dict] | None = None,
) -> Answer | None:
    """Remove the job and, both unless told not to, the copies of the package that hold its secrets.

    ``then`` is looked at in the same exchange, whose answer is given; None where there was nothing to ask. Copies are
    ours below %ProgramData%\\winops.entra and the engine's in
    %ProgramData%\\Microsoft\\Provisioning, under every name that a listing in ``seen`` (answers to
    provisioning_packages) gave it; a file the user named with ``path`` is the user's.
    """
    # The job of a removal is removed by whoever has waited for it, or by ended_removal().
    steps = {} if keep_job else {"remove job": op.job_remove(package.install_job)}
    if not keep_copy:
        found = [known(functools.partial(listed, packages, package.id)) for packages in seen]
        copies = sorted({entry["path"] for entry in found if entry and is_engine_copy(entry["path"])})
        if package.path is None:
            copies.append(package.device_path)
        steps |= {f"copy {number}": op.path_remove(path) for number, path in enumerate(copies)}
    steps |= then or {}
    return waiter.ask(steps, "removing the copies of the package") if steps else None


def is_engine_copy(path: str) -> bool:
    """Whether a path is that of a package in the engine's own folder."""
    return path.lower().endswith(".ppkg") and "\\microsoft\\provisioning\\" in path.lower()
