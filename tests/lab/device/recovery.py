# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recovery environment (WinRE): its settings in ReAgent.xml, its image, the partitions of the disk.

Layout of ReAgent.xml as published files of Windows 10 and 11 have it (and Microsoft's support article on images of
non-UEFI computers): ``InstallState`` 1 is enabled; ``WinreLocation`` has a folder and the offset at which the partition
begins. While it is disabled, Winre.wim lies beside ReAgent.xml (``reagentc /disable`` puts it there).
"""

from __future__ import annotations

import typing as t

FOLDER = r"C:\Windows\System32\Recovery"
SETTINGS, IMAGE = rf"{FOLDER}\ReAgent.xml", rf"{FOLDER}\Winre.wim"
#: What a scenario can say of it.
STATES = ("enabled", "disabled", "no_partition", "no_image", "no_settings")
NOBODY = "{00000000-0000-0000-0000-000000000000}"
BOOT_ENTRY, DISK = "{ec9e2cda-63d3-11ee-bd2c-af2423a570b6}", "{1cb3eeb3-fd89-4fc4-a7d5-34f852f5aa52}"
#: Where the partition begins, in bytes, and what the disk has: (offset, size, GptType).
OFFSET = 255 * 2**30
EFI, BASIC = "{c12a7328-f81f-11d2-ba4b-00a0c93ec93b}", "{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}"
RECOVERY = "{de94bba4-06d1-4d40-a16a-bfd50179d6ac}"
PARTITIONS = ((2**20, 100 * 2**20, EFI), (117 * 2**20, 254 * 2**30, BASIC), (OFFSET, 2**29, RECOVERY))


def settings_text(enabled: bool, build: int) -> str:
    """ReAgent.xml, as Windows writes it."""
    boot, path, offset, disk = (
        (BOOT_ENTRY, r"\Recovery\WindowsRE", OFFSET, DISK) if enabled else (NOBODY, "", 0, NOBODY)
    )
    nowhere = f'path="" id="0" offset="0" guid="{NOBODY}"'
    return "\r\n".join(
        [
            "<?xml version='1.0' encoding='utf-8'?>",
            "",
            '<WindowsRE version="2.0">',
            f'  <WinreBCD id="{boot}"/>',
            f'  <WinreLocation path="{path}" id="0" offset="{offset}" guid="{disk}"/>',
            f"  <ImageLocation {nowhere}/>",
            f'  <PBRImageLocation {nowhere} index="0"/>',
            f'  <PBRCustomImageLocation {nowhere} index="0"/>',
            f'  <InstallState state="{int(enabled)}"/>',
            '  <OsInstallAvailable state="0"/>',
            '  <CustomImageAvailable state="0"/>',
            '  <IsAutoRepairOn state="1"/>',
            '  <WinREStaged state="0"/>',
            '  <OperationParam path=""/>',
            f'  <OsBuildVersion path="{build}.1.amd64fre.lab_release.240331-1435"/>',
            '  <OemTool state="0"/>',
            '  <IsServer state="0"/>',
            f"  <DownlevelWinreLocation {nowhere}/>",
            '  <IsWimBoot state="0"/>',
            '  <NarratorScheduled state="0"/>',
            '  <ScheduledOperation state="4"/>',
            "</WindowsRE>",
            "",
        ]
    )


def furnish(device, state: str) -> None:
    """What the disk has in that state. ``enabled`` is what the image has: nothing is written."""
    if state == "no_settings":
        device.files.remove(SETTINGS)
    elif state in ("disabled", "no_image"):
        device.files.write(SETTINGS, settings_text(False, device.image.build).encode("utf-8"))
    if state == "disabled":
        device.files.write(IMAGE, b"MSWIM\0\0\0")
    device.hardware.recovery_partition = state not in ("no_partition", "no_image")


def partitions(device) -> list[dict[str, t.Any]]:
    """MSFT_Partition."""
    found = [one for one in PARTITIONS if one[0] != OFFSET or device.hardware.recovery_partition]
    return [
        {"DiskNumber": 0, "PartitionNumber": number, "Offset": offset, "Size": size, "GptType": kind}
        for number, (offset, size, kind) in enumerate(found, 1)
    ]


def is_enabled(device) -> bool:
    """What Windows itself goes by when it is asked to reset the device."""
    if not device.files.exists(SETTINGS):
        return False
    return b'<InstallState state="1"/>' in device.files.read(SETTINGS)
