# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""provisioning_packages, package_install, package_remove: the cmdlets of the Provisioning module; package_forget."""

from __future__ import annotations

from ..accounts import Caller
from ..errors import WindowsError, bad_argument, file_not_found, not_supported
from ..jobs import GUID
from ..provisioning import cmdlets, engine
from .dispatch import operation, require_elevated, require_system

#: Where the engine keeps a key a package: checksums, and results.
MEMORY = (r"SOFTWARE\Microsoft\Multivariant\Status\CachedCRCs\RunTime", r"SOFTWARE\Microsoft\Provisioning\Results")
NO_ERROR = {"type": None, "message": None, "hresult": None}


@operation("provisioning_packages")
def provisioning_packages(device, caller: Caller) -> dict:
    if not cmdlets.available(device):
        return {"available": False, "packages": []}
    require_elevated(caller)
    return {"available": True, "packages": cmdlets.installed(device)}


@operation("package_install")
async def package_install(device, caller: Caller, path: str, force: bool) -> dict:
    full = device.files.resolve(path)
    if not device.files.exists(full) or device.files.is_directory(full):
        raise file_not_found(full)
    if not cmdlets.available(device):
        raise not_supported("This system has no provisioning cmdlets.")
    begun = device.clock.elapsed()
    gave_up, error, text = False, NO_ERROR, ""
    try:
        gave_up = await cmdlets.install(device, caller, full, force)
        text = cmdlets.RESULT
    except cmdlets.GaveUp as refusal:
        gave_up, error = True, refusal.as_answer()
    except WindowsError as refusal:
        error = refusal.as_answer()
    return {"gave_up": gave_up, "seconds": round(device.clock.elapsed() - begun, 3), "error": error, "text": text}


@operation("package_remove")
async def package_remove(device, caller: Caller, id: str) -> dict:
    if not GUID.fullmatch(id.strip("{}")):
        message = f"Cannot convert the value '{id}' to the type System.Guid."
        raise WindowsError("System.Management.Automation.PSInvalidCastException", message)
    if not cmdlets.available(device):
        raise not_supported("This system has no provisioning cmdlets.")
    require_elevated(caller)
    return {"removed": await cmdlets.uninstall(device, id)}


@operation("package_forget")
def package_forget(device, caller: Caller, id: str) -> dict:
    require_system(caller)
    if not GUID.fullmatch(id):
        raise bad_argument(f"The package id '{id}' is not a GUID.")
    if device.processes.named(engine.PROCESS):
        raise WindowsError("System.InvalidOperationException", "Refused: the provisioning engine is at work.")
    for parent in MEMORY:
        own = next((name for name in device.registry.subkeys(parent) if name.strip("{}").lower() == id.lower()), None)
        if own is not None:
            device.registry.delete(rf"{parent}\{own}")
            return {"removed": [rf"HKLM\{parent}\{own}"]}
    return {"removed": []}
