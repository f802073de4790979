# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RemovePackage: what the removal of a package takes back, in the order in which public decompilations of ``provops``
have it.

The package must lie in the engine's own folder, for packages are found by their files. Its enrollment goes first, which
may take minutes; then PackageInfo, the checksums, the results, and the file. Settings of a fixed list are reverted
(Microsoft, "Settings changed when you uninstall a provisioning package"), a join is not; whether all the same a removal
may take the join with it, nobody has published: a switch.
"""

from __future__ import annotations

from .. import joinstate, leaving
from ..errors import E_ACCESSDENIED, WindowsError, signed
from ..events import PROVISIONING
from . import csp, engine, memory, results
from .package import CMDLET_EXCEPTION, POLICY, InstalledPackage

FILE_NOT_FOUND = 0x80070002


async def remove(device, package: InstalledPackage) -> None:
    """Take a package back, or raise WindowsError with what RemovePackage fails with."""
    device.event(PROVISIONING, 63, [package.id])
    if device.registry.get(POLICY, "AllowRemoveProvisioningPackage", 1) == 0:
        raise WindowsError(CMDLET_EXCEPTION, "Removing provisioning packages is blocked by policy.", E_ACCESSDENIED)
    if not device.files.exists(package.path):
        raise _failed(device, package)
    await device.delay(device.engine.removal.seconds)
    device.packages.pop(package.id, None)
    engine.show_next_retry(device)
    for name, values in package.sets.items():
        if name not in package.pending:
            csp.revert(device, dict(values))
    if device.engine.removal.takes_join and joinstate.read(device) is not None:
        leaving.forget_registry(device)
        device.certificates = [c for c in device.certificates if not joinstate.belongs_to_join(c)]
    results.forget_package(device, package)
    without_checksums = not device.registry.exists(memory.UICC)
    if not without_checksums:
        memory.forget(device, package)
    results.forget(device, package)
    device.files.remove(package.path)
    if without_checksums:
        raise _failed(device, package)
    device.event(PROVISIONING, 64, [package.id])


def _failed(device, package: InstalledPackage) -> WindowsError:
    device.event(PROVISIONING, 65, [signed(FILE_NOT_FOUND), package.id, 0])
    return WindowsError(CMDLET_EXCEPTION, "The system cannot find the file specified.", FILE_NOT_FOUND)
