# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BitLocker: volumes and their key protectors. Keys themselves do not exist here."""

from __future__ import annotations

import dataclasses

#: Names of Get-BitLockerVolume's KeyProtectorType, with the numbers of Win32_EncryptableVolume.GetKeyProtectorType.
TYPES = {"Tpm": 1, "ExternalKey": 2, "RecoveryPassword": 3, "TpmPin": 4, "TpmStartupKey": 5, "Password": 8}
SYSTEM_DRIVE = "C:"
#: ConversionStatus of GetConversionStatus.
CONVERSIONS = {
    "decrypted": 0,
    "encrypted": 1,
    "encrypting": 2,
    "decrypting": 3,
    "encrypting_paused": 4,
    "decrypting_paused": 5,
}


@dataclasses.dataclass(frozen=True)
class Protector:
    """``id`` in braces and upper case, as Windows prints it."""

    id: str
    type: str


@dataclasses.dataclass
class Volume:
    """One volume. ``protected``: protection is on; off also while it is suspended."""

    mount_point: str
    protected: bool = False
    protectors: list[Protector] = dataclasses.field(default_factory=list)
    #: One of CONVERSIONS; how much is encrypted; after how many restarts protection comes back.
    conversion: str = "encrypted"
    percentage: int = 100
    suspended: int = 0

    @property
    def system(self) -> bool:
        return self.mount_point == SYSTEM_DRIVE


def volume(device, mount_point: str, protectors: list[str], protected: bool = True) -> Volume:
    """A volume with protectors of these types; without any, and without protection, it is not encrypted."""
    encrypted = bool(protectors) or protected
    made = Volume(
        mount_point,
        protected,
        [
            Protector("{" + device.new_id(f"protector/{mount_point}/{number}").upper() + "}", kind)
            for number, kind in enumerate(protectors)
        ],
    )
    made.conversion, made.percentage = ("encrypted", 100) if encrypted else ("decrypted", 0)
    return made


def available(device) -> bool:
    """Clients have BitLocker; servers only with the feature, which volumes of the scenario imply."""
    return not device.image.server or bool(device.volumes)


def volumes(device) -> list[dict]:
    """In the vocabulary's shape."""
    return [
        {
            "mount_point": volume.mount_point,
            "system": volume.system,
            "protected": volume.protected,
            "protectors": [dataclasses.asdict(protector) for protector in volume.protectors],
        }
        for volume in device.volumes
    ]


def encryption(device) -> list[dict]:
    """In the vocabulary's shape of volume_encryption."""
    return [
        {
            "mount_point": volume.mount_point,
            "system": volume.system,
            "protection": int(volume.protected),
            "conversion": CONVERSIONS[volume.conversion],
            "percentage": volume.percentage,
            "suspended": volume.suspended,
            "protectors_known": True,
            "protectors": [dataclasses.asdict(protector) for protector in volume.protectors],
        }
        for volume in device.volumes
    ]
