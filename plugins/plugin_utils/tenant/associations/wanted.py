# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices that an option names, checked before anything is asked.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from ...autopilot import device_link
from ...autopilot.serials import is_placeholder
from ...options import bad_option


@dataclasses.dataclass(frozen=True)
class Wanted:
    """One device of the option. ``link`` is its DeviceLink, ``policy`` the name or id that was given."""

    serial: str | None
    uuid: str | None
    link: device_link.DeviceLink | None
    policy: str | None

    @property
    def label(self) -> str:
        return str(self.serial if self.serial and not is_placeholder(self.serial) else self.uuid)


def named(given: list[dict]) -> list[Wanted]:
    """The devices of the option, each once. Failure for one that is not named, or named twice in two ways."""
    found: dict[tuple[str | None, str | None], Wanted] = {}
    for number, entry in enumerate(given, 1):
        one = _entry(entry, number)
        key = (one.serial, None) if one.serial and not is_placeholder(one.serial) else (None, one.uuid)
        if found.setdefault(key, one) != one:
            raise bad_option("devices", f"entry {number}: {one.label} is named twice, and not alike", "name it once")
    return list(found.values())


def _entry(entry: dict, number: int) -> Wanted:
    link = None
    if entry.get("device_link"):
        try:
            link = device_link.read(entry["device_link"])
        except ValueError as exc:
            raise bad_option(
                "devices.device_link",
                f"entry {number}: {exc}",
                "give the column Data of the .devicelink.csv, or what device_link_info returns",
            ) from exc
    serial, uuid = (entry.get("serial_number") or "").strip() or None, entry.get("smbios_uuid")
    for name, ours, theirs in (
        ("serial_number", serial, link and link.serial_number),
        ("smbios_uuid", uuid, link and link.smbios_uuid),
    ):
        if ours and theirs and ours != theirs:
            raise bad_option(
                f"devices.{name}",
                f"entry {number}: it is {ours}, and the DeviceLink is of the device {theirs}",
                "give the DeviceLink of this device",
            )
    serial, uuid = serial or (link and link.serial_number) or None, uuid or (link and link.smbios_uuid) or None
    if serial is None and uuid is None:
        raise bad_option(
            "devices", f"entry {number}: it names no device", "give serial_number, smbios_uuid or device_link"
        )
    if uuid is None and is_placeholder(serial):
        raise bad_option(
            "devices.serial_number",
            f"entry {number}: {serial!r} is a placeholder that many devices have",
            "give smbios_uuid as well",
        )
    return Wanted(serial, uuid, link, entry.get("device_preparation_policy"))
