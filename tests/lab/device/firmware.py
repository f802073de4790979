# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the firmware says of a device, and the hardware hash that Windows makes of it (class MDM_DevDetail_Ext01).

How a hash can be wrong (``Hardware.hash``): damaged as ``hardware_hash.DAMAGES`` says, ``another`` device's, ``short``
as of a virtual machine without serial number and TPM, ``absent`` (the property is empty), ``class_missing`` as in audit
mode, ``general_error`` as after an update of May 2022.
"""

from __future__ import annotations

import typing as t

from .. import hardware_hash
from . import errors

HASHES = ("whole", "another", "short", "absent", "class_missing", "general_error", *hardware_hash.DAMAGES)
AZURE = ("Microsoft Corporation", "Virtual Machine")


def maker(device) -> str:
    return AZURE[0] if device.hardware.azure else device.hardware.manufacturer


def model(device) -> str:
    return AZURE[1] if device.hardware.azure else device.hardware.model


def smbios_uuid(device) -> str:
    return device.new_id("smbios")


def endorsement_key(device) -> bytes | None:
    """The public part of the TPM's key; None without a TPM."""
    return hardware_hash.endorsement_key(device.new_id("endorsement")) if device.hardware.tpm else None


def harvest(device) -> str:
    """The device's hash as it is harvested after this start of Windows: each start gives another one."""
    how, serial = device.hardware.hash, device.hardware.serial
    if how == "short":
        return hardware_hash.make("", "", "", ek=None, smbios_uuid=smbios_uuid(device), size=500)
    made = hardware_hash.make(
        f"{serial}-2" if how == "another" else serial,
        maker(device),
        model(device),
        smbios_uuid=smbios_uuid(device),
        ek=endorsement_key(device),
        tpm_version=device.hardware.tpm_version,
        build=device.image.build,
        when=int(device.booted.timestamp()),
    )
    return hardware_hash.damaged(made, how) if how in hardware_hash.DAMAGES else made


def details(device) -> list[dict[str, t.Any]]:
    """The instances of MDM_DevDetail_Ext01. WindowsError where Windows gives none."""
    how = device.hardware.hash
    if how == "class_missing":
        raise errors.cim_error("Invalid class ", errors.WBEM_E_INVALID_CLASS)
    if how == "general_error":
        # MI RESULT 1, which has no code of WMI.
        raise errors.cim_error("A general error occurred that is not covered by a more specific error code.", None)
    return [
        {
            "InstanceID": "Ext",
            "ParentID": "./DevDetail",
            "DeviceHardwareData": None if how == "absent" else harvest(device),
        }
    ]
