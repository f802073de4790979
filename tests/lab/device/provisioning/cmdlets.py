# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Provisioning module's cmdlets, as far as the vocabulary calls them.

Install-ProvisioningPackage starts provtool and waits 180 s for it (decompiled in public); then it throws although the
engine goes on. What it throws for a failing CSP is not documented: here it is the engine's HRESULT.
"""

from __future__ import annotations

import asyncio
import ntpath

from ... import ppkg
from .. import errors
from ..accounts import Caller
from ..errors import WindowsError, signed
from ..events import PROVISIONING
from . import engine, memory, removal, results
from .package import CMDLET_EXCEPTION, POLICY, InstalledPackage, key

STORE = r"%ProgramData%\Microsoft\Provisioning"
#: Bytes without which no package is taken (a guess; Windows names no number).
LEAST_FREE = 100 * 2**20
#: What Install-ProvisioningPackage says of a package that was applied.
RESULT = "LastResult:Success\nMessage:Provisioning succeeded\nNumberOfFailures:0 (0x0)"
WAIT_TIMEOUT = 0x80070102
BAD_FORMAT = 0x8007000B
UNREADABLE = {"not_wim": BAD_FORMAT, "damaged": 0x8007000D, "encrypted": 0x80070005}


class GaveUp(WindowsError):
    """The cmdlet stopped waiting; the engine did not."""


def available(device) -> bool:
    """The module exists on client editions only."""
    return not device.image.server


def installed(device) -> list[dict]:
    """Get-ProvisioningPackage -AllInstalledPackages in the vocabulary's shape."""
    return [
        {
            "id": package.id.strip("{}"),
            "name": package.name,
            "version": package.version,
            "path": package.path,
            "installed": not package.pending,
        }
        for package in _found(device)
    ]


def _found(device) -> list[InstalledPackage]:
    return [
        package
        for package in device.packages.values()
        if device.engine.listing == "registered" or device.files.exists(package.path)
    ]


async def install(device, caller: Caller, path: str, force: bool) -> bool:
    """Install-ProvisioningPackage -QuietInstall: returns False when provtool ended well in time, raises otherwise."""
    package = _add(device, caller, path, force)
    device.packages[package.id] = package
    results.register(device, package)
    run = device.spawn(_run(device, package, caller))
    limit = asyncio.ensure_future(device.clock.limit(device.engine.cmdlet_limit))
    try:
        await asyncio.wait({run, limit}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        limit.cancel()
    if not run.done():
        raise GaveUp(CMDLET_EXCEPTION, "The operation did not complete within the time-out of 180000 ms.", WAIT_TIMEOUT)
    if package.failed:
        code = next(iter(package.failed.values()))
        raise WindowsError(CMDLET_EXCEPTION, f"Provisioning failed with {errors.hexadecimal(code)}.", code)
    return False


async def _run(device, package: InstalledPackage, caller: Caller) -> None:
    """The last of AddPackage: the engine, and the word that the package was taken."""
    await engine.start(device, package, caller)
    device.event(PROVISIONING, 61, [device.files.resolve(STORE)])


def _add(device, caller: Caller, path: str, force: bool) -> InstalledPackage:
    """AddPackage: everything that is refused before the engine starts."""
    device.event(PROVISIONING, 60, [1])
    if not caller.elevated:
        raise _refused(device, errors.E_ACCESSDENIED, "Administrator privileges are required.")
    if device.registry.get(POLICY, "AllowAddProvisioningPackage", 1) == 0:
        raise _refused(device, errors.E_ACCESSDENIED, "Adding provisioning packages is blocked by policy.")
    if device.hardware.free_bytes < LEAST_FREE:
        raise _refused(device, errors.E_DISK_FULL, "There is not enough space on the disk.")
    full = device.files.resolve(path)
    data = device.files.read(full)
    try:
        settings = ppkg.inspect(data)
    except ppkg.BadPackage as error:
        raise _refused(device, UNREADABLE[error.reason], str(error)) from error
    if device.engine.refuses:
        raise _refused(device, device.engine.refuses, "The package was not taken.")
    package_id = key(settings["package_id"])
    known = next((one for one in _found(device) if one.id == package_id), None)
    if known is not None and not force:
        device.event(PROVISIONING, 23, [known.name, package_id])
        raise _refused(device, errors.E_ALREADY_EXISTS, "The package is already installed.")
    copy = rf"{device.files.resolve(STORE)}\{ntpath.splitext(ntpath.basename(full))[0]}.ppkg"
    device.files.make_directory(STORE)
    device.files.write(copy, data)
    package = InstalledPackage(package_id, settings["name"], settings["version"], copy, settings)
    memory.due(device, package)  # Results of what has changed are no more.
    package.pending = [name for name in package.order if (results.last(device, package, name) or (1, 0))[0]]
    return package


def _refused(device, hresult: int, message: str) -> WindowsError:
    device.event(PROVISIONING, 62, [signed(hresult)])
    return WindowsError(CMDLET_EXCEPTION, message, hresult)


async def uninstall(device, package_id: str) -> bool:
    """Uninstall-ProvisioningPackage of a package that is listed; False where it is not."""
    package = next((one for one in _found(device) if one.id == key(package_id)), None)
    if package is None:
        return False
    await removal.remove(device, package)
    return True
