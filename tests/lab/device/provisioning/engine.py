# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""provtool: applies a package's ProvXML files, retries what failed, and restarts the device when it must.

Documented by Microsoft ("How provisioning works in Windows"): a failing CSP is tried three more times at once, then by
a delayed task after 15 minutes, 1 hour and 4 hours and at the next system start, always as SYSTEM, until the package
is removed. Nobody else's patience ends it: a caller that gives up leaves the engine running.

The delayed task is ProvNonRebootRetry in the Task Scheduler's folder of the engine, registered again for each retry
with the time of it; when the delays are used up, the task Retry is enabled, which waits for the next start (a public
decompilation of provops.dll, which also has a first delay of 2 minutes that Microsoft does not document).
"""

from __future__ import annotations

import asyncio
import datetime
import ntpath
import typing as t

from .. import tasks
from ..accounts import SYSTEM, Caller
from ..errors import signed
from ..events import PROVISIONING
from ..images import PROVISIONING_FOLDER
from . import memory, own_packages, results
from .csp import HANDLERS, apply_unknown
from .package import CspError, InstalledPackage, category

PROCESS = "provtool.exe"
RETRY_TASK, BOOT_TASK = "ProvNonRebootRetry", "Retry"


def start(device, package: InstalledPackage, caller: Caller) -> asyncio.Task:
    """Run the engine over what is due of a package, as a process of its own."""
    return device.spawn(_run(device, package, caller))


def resume(device) -> None:
    """At boot: take up what the last session left pending (the RunOnReboot and Retry tasks)."""
    _wait_for_boot(device, tasks.DISABLED)
    for package in list(device.packages.values()):
        package.running, package.retry_at = False, None
        if package.pending:
            device.power.start_with_windows(_run_after_boot(device, package))
    device.power.start_with_windows(_own_after_boot(device))
    show_next_retry(device)


def is_running(device) -> bool:
    return any(package.running for package in device.packages.values())


async def _own_after_boot(device) -> None:
    await device.sleep(own_packages.AFTER_BOOT)
    own_packages.try_again(device)


async def _run_after_boot(device, package: InstalledPackage) -> None:
    await device.sleep(10)
    await _run(device, package, SYSTEM)


async def _run(device, package: InstalledPackage, caller: Caller) -> None:
    """One run: what is due of it, then the delayed retries of what failed. Packages are found by their files."""
    while is_running(device):
        await device.sleep(1)
    if not device.files.exists(package.path):
        return
    package.running = True
    process = device.processes.start(PROCESS)
    try:
        own_packages.try_again(device)
        device.event(PROVISIONING, 20, [_file(package), package.id])
        await device.delay(device.engine.seconds)
        package.failed.clear()
        for name in memory.due(device, package):
            if device.packages.get(package.id) is not package:
                return  # removed meanwhile
            await _apply(device, package, name, caller)
        if package.failed:
            device.event(PROVISIONING, 22, [_file(package), signed(next(iter(package.failed.values())))])
        else:
            device.event(PROVISIONING, 21, [_file(package)])
            _restart_if_due(device, "after_join")
    finally:
        package.running = False
        device.processes.end(process)
    if package.id in device.packages and (package.failed or _waits(device, package)):
        device.spawn(_retry_later(device, package))


def _waits(device, package: InstalledPackage) -> bool:
    return any((results.last(device, package, name) or (0,))[0] == results.PENDING for name in package.pending)


def _file(package: InstalledPackage) -> str:
    return ntpath.basename(package.path)


def show_next_retry(device) -> None:
    """Have the Task Scheduler show when the first of the packages is tried again."""
    times = [package.retry_at for package in device.packages.values() if package.retry_at is not None]
    if times:
        device.tasks.register(PROVISIONING_FOLDER, tasks.Task(RETRY_TASK, next_run=min(times)))
    else:
        device.tasks.unregister(PROVISIONING_FOLDER, RETRY_TASK)


def _wait_for_boot(device, state: str) -> None:
    task = device.tasks.get(PROVISIONING_FOLDER, BOOT_TASK)
    if task is not None:
        task.state = state


async def _retry_later(device, package: InstalledPackage) -> None:
    if package.retries >= len(device.engine.retry_delays):
        _wait_for_boot(device, tasks.READY)
        return
    delay = device.engine.retry_delays[package.retries]
    package.retries += 1
    # Times of day are not sped up: that is when the retry really comes.
    package.retry_at = device.utc() + datetime.timedelta(seconds=delay / device.clock.speed)
    show_next_retry(device)
    await device.sleep(delay)
    package.retry_at = None
    show_next_retry(device)
    if device.packages.get(package.id) is package and package.pending:
        await _run(device, package, SYSTEM)


async def _apply(device, package: InstalledPackage, name: str, caller: Caller) -> None:
    values = package.sets[name]
    area = category(values)
    if area == "AADJ" and _restart_if_due(device, "before_join"):
        await asyncio.Event().wait()  # the restart ends this process
    # The second field is the path of the settings.
    device.event(PROVISIONING, 10, [area, values[0][0] if values else name])
    results.begin(device, package, name)
    error = None
    for _attempt in range(1 + device.engine.retries_at_once):
        error = await _try(device, caller, area, dict(values))
        if error is None or error.hresult == results.PENDING:
            break
    if device.packages.get(package.id) is not package:
        return  # removed meanwhile
    hresult = error.hresult if error else 0
    results.record(device, package, name, hresult, error.node if error else "")
    memory.keep(device, package, name)
    if error is None or hresult == results.PENDING:
        if error is None and name in package.pending:
            package.pending.remove(name)
        package.failed.pop(name, None)
        device.event(PROVISIONING, 11, [area, ""])
    else:
        package.failed[name] = error.hresult
        device.event(PROVISIONING, 12, [area, signed(error.hresult), error.node, area])


async def _try(device, caller: Caller, area: str, values: dict[str, str]) -> CspError | None:
    handler: t.Callable = HANDLERS.get(area, apply_unknown)
    try:
        await handler(device, caller, values)
    except CspError as error:
        return error
    return None


def _restart_if_due(device, moment: str) -> bool:
    """Ask Windows for a restart where the scenario or a rename wants one at this moment; true if it was asked."""
    from ..power import pending_name

    restart = device.engine.restart
    if restart is not None and restart["when"] == moment:
        device.engine.restart = None
        after = restart.get("after", device.engine.restart_after_rename)
    elif restart is None and moment == "after_join" and pending_name(device) and not device.power.scheduled:
        after = device.engine.restart_after_rename
    else:
        return False
    device.event(PROVISIONING, 43)
    if device.power.schedule_restart(after, "Provisioning", r"NT AUTHORITY\SYSTEM") == 0:
        device.event(PROVISIONING, 41)
    return True
