# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What native programs and cmdlets do to a device of the lab: the answers to the executables of ``native.py``."""

from __future__ import annotations

import typing as t

from ..device import autoenroll, dsregcmd, enrollment, wipe
from ..device.accounts import Caller
from ..device.errors import WindowsError
from ..device.provisioning import cmdlets

#: Programs in System32, and cmdlets and functions of Windows that the runner calls.
PROGRAMS = ("dsregcmd.exe", "deviceenroller.exe", "shutdown.exe")
CALLS = (
    "Install-ProvisioningPackage",
    "Uninstall-ProvisioningPackage",
    "UnregisterDeviceWithManagement",
    "MDM_RemoteWipe",
)
ACCESS_DENIED = 5
OPTIONS = {"/autoenrollmdm": "user", "/autoenrollmdmusingaaddevicecredential": "device"}


async def run(device, caller: Caller, program: str, arguments: list[str]) -> dict[str, t.Any]:
    """{exit_code, text} of a program; {text} or {error: {type, message, hresult}} of the others."""
    if program in PROGRAMS:
        exit_code, text = await _PROGRAMS[program](device, caller, arguments)
        return {"exit_code": exit_code, "text": text}
    try:
        return {"text": await _CALLS[program](device, caller, *arguments)}
    except WindowsError as error:
        return {"error": error.as_answer()}


async def _enroller(device, _caller: Caller, arguments: list[str]) -> tuple[int, str]:
    return await autoenroll.auto_enroll(device, OPTIONS[arguments[-1].lower()])


async def _shutdown(device, caller: Caller, arguments: list[str]) -> tuple[int, str]:
    """``/r /t SECONDS /d p:4:1 /c COMMENT``"""
    given = dict(zip(arguments, arguments[1:], strict=False))
    if "/r" not in arguments or "/t" not in given or given.get("/d") != "p:4:1":
        return 87, "The parameter is incorrect.(87)\r\n"
    if not caller.elevated:
        return ACCESS_DENIED, "Access is denied.(5)\r\n"
    return device.power.schedule_restart(int(given["/t"]), given.get("/c", ""), caller.account), ""


async def _install(device, caller: Caller, path: str, force: str) -> str:
    await cmdlets.install(device, caller, path, force == "True")
    return cmdlets.RESULT


async def _uninstall(device, _caller: Caller, package_id: str) -> str:
    await cmdlets.uninstall(device, package_id)
    return ""


async def _unregister(device, _caller: Caller, enrollment_id: str) -> str:
    await enrollment.unregister_in_time(device, enrollment_id)
    return ""


async def _wipe(device, _caller: Caller, method: str) -> str:
    return str(await wipe.remote_wipe(device, method))


_PROGRAMS = dict(zip(PROGRAMS, (dsregcmd.run, _enroller, _shutdown), strict=True))
_CALLS: dict[str, t.Callable[..., t.Awaitable[str]]] = dict(
    zip(CALLS, (_install, _uninstall, _unregister, _wipe), strict=True)
)
