# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recovery environment, and the reset of the whole device."""

from __future__ import annotations

from .. import recovery, wipe
from ..accounts import Caller
from ..errors import WindowsError, access_denied, bad_argument
from .dispatch import operation, require_system

LONGEST_SETTINGS = 65536


@operation("recovery_environment")
def recovery_environment(device, _caller: Caller) -> dict:
    settings = None
    if device.files.exists(recovery.SETTINGS):
        data = device.files.read(recovery.SETTINGS)
        if len(data) > LONGEST_SETTINGS:
            raise WindowsError("System.IO.InvalidDataException", "Longer than such a file is.", None)
        settings = data.decode("utf-8-sig")
    return {"settings": settings, "image": device.files.exists(recovery.IMAGE)}


@operation("remote_wipe")
async def remote_wipe(device, caller: Caller, method: str, serial_number: str, uuid: str) -> dict:
    require_system(caller)
    if method not in wipe.METHODS:
        raise bad_argument(f"No method of a wipe: {method}")
    own = {"SerialNumber": device.hardware.serial.strip(), "UUID": device.hardware_uuid}
    for (name, known), wanted in zip(own.items(), (serial_number, uuid), strict=True):
        if known != wanted:
            raise access_denied(f"Refused, {name} of this device is '{known}', not '{wanted}'.")
    if not wipe.is_there(device):
        raise WindowsError("System.NotSupportedException", "This Windows has no instance of MDM_RemoteWipe.", None)
    return {"return_value": await wipe.remote_wipe(device, method)}
