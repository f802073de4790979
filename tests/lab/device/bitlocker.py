# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BitLocker: volumes and their key protectors. Keys themselves do not exist here."""

from __future__ import annotations

import dataclasses
import datetime

from .events import SYSTEM

#: Names of Get-BitLockerVolume's KeyProtectorType, with the numbers of Win32_EncryptableVolume.GetKeyProtectorType.
TYPES = {"Tpm": 1, "ExternalKey": 2, "RecoveryPassword": 3, "TpmPin": 4, "TpmStartupKey": 5, "Password": 8}
SYSTEM_DRIVE = "C:"
DRIVER = "Microsoft-Windows-BitLocker-Driver"
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


@dataclasses.dataclass(frozen=True)
class GoesOn:
    """An encryption: ``share`` percent are done at ``begun``, all ``seconds`` later, both in seconds of the lab."""

    begun: float
    share: int
    seconds: float


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
    #: An encryption that goes on; and when it ended, None if that was before everything else.
    goes_on: GoesOn | None = None
    ended: datetime.datetime | None = None

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


def go_on(device, volumes: list[Volume]) -> list[Volume]:
    """The volumes as they are by now: an encryption that has ended is protected, and leaves its event."""
    for volume in volumes:
        if volume.goes_on is None:
            continue
        begun, share, seconds = volume.goes_on.begun, volume.goes_on.share, volume.goes_on.seconds
        rest = begun + seconds - device.clock.elapsed()
        volume.percentage = 100 if rest <= 0 else int(100 - (100 - share) * rest / seconds)
        if rest <= 0:
            volume.goes_on, volume.conversion, volume.protected = None, "encrypted", True
            volume.ended = device.utc() + datetime.timedelta(seconds=rest / device.clock.speed)
            device.events.write(SYSTEM, 24579, volume.ended, ["2", volume.mount_point], DRIVER)
    return volumes


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
