# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The associations of devices that have left (Windows Autopilot device association): whose is which.

The record of an association has no device id. It is a device's if it names the device's Intune record, or if its serial
number is the one that the tenant itself has for the device, in Intune or in Windows Autopilot, and for no other one.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...autopilot.serials import is_placeholder, key
from ..associations import records
from ..graph.client import GraphClient
from ..graph.failures import RequestFailure
from .directory_device import some
from .leavers import Leaver
from .places import Place

#: How Graph says that a tenant, or a cloud, has no associations.
NOT_THERE = (400, 404)
_MARKED = (
    "a mark of this tenant stays in the firmware of associated devices, also through a reset, until the device has "
    "cleared it while it is not enrolled; the record stays pending removal until then"
)
_PENDING = "the association is pending removal already, until the device has cleared the mark in its firmware"


def look(client: GraphClient, leavers: dict[str, Leaver], place: Place) -> tuple[list[str], str | None]:
    """Learn what associations the tenant has of these devices. Returns warnings, and why the associations could not be
    read where the tenant does not have such a list. RequestFailure for a list that is there and cannot be read."""
    try:
        rows = records.listed(client)
    except RequestFailure as failed:
        if failed.status in NOT_THERE and failed.error["side"] == "tenant":
            return [], failed.error["cause"]
        raise
    warnings: list[str] = []
    pending: list[str] = []
    for row in rows:
        owners = _owners(row, leavers)
        if not owners:
            warnings += _alike(row, leavers)
        for leaver in owners:
            if len(owners) > 1:
                leaver.problems.append(f"several devices claim the association {row['id']}")
            elif place.name in leaver.targets:
                leaver.problems.append(f"it has a second association, {row['id']}")
            elif _differs(leaver, row):
                leaver.problems.append(f"its association {row['id']} has another serial number, {row['serialNumber']}")
            elif records.is_gone(row):
                pending.append(leaver.label)
            else:
                leaver.association = records.state(row)
                leaver.add(place, row["id"])
    if pending:
        warnings.append(f"{_PENDING}: {some(pending)}")
    return warnings, None


def marks(sure: list[Leaver]) -> list[str]:
    """What people should know before these associations go."""
    marked = [one.label for one in sure if one.association not in (None, records.PREASSOCIATED)]
    return [f"{_MARKED}: {some(marked)}"] if marked else []


def _owners(row: dict, leavers: dict[str, Leaver]) -> list[Leaver]:
    """By the Intune record that it names; only where it names none by the serial number."""
    managed = str(row.get("managedDeviceId") or "").lower()
    serial = None if is_placeholder(row.get("serialNumber")) else key(str(row["serialNumber"]))
    if managed.strip("0-"):
        return [one for one in leavers.values() if _has_record(one, managed, serial)]
    return [one for one in leavers.values() if serial is not None and serial in _known_serials(one)]


def _has_record(leaver: Leaver, managed: str, serial: str | None) -> bool:
    """Whether this is its Intune record, or was: then it is the recorded one, and not on the device's word alone."""
    if leaver.managed:
        return str(leaver.managed["id"]).lower() == managed
    return leaver.intune_device_id == managed and (not leaver.told_by_itself or serial in _known_serials(leaver))


def _known_serials(leaver: Leaver) -> set[str]:
    """What the tenant has as the device's serial number, and what people have recorded without the device. Nothing
    where another registration has it as well: then it names nobody."""
    if leaver.serial_shared:
        return set()
    told = [(row or {}).get("serialNumber") for row in (leaver.managed, leaver.registration)]
    own = None if leaver.told_by_itself else leaver.serial_number
    return {key(text) for text in (*told, own) if text and not is_placeholder(text)}


def _differs(leaver: Leaver, row: dict) -> bool:
    ours, theirs = leaver.serial_number, row.get("serialNumber")
    if not ours or not theirs or is_placeholder(ours) or is_placeholder(theirs):
        return False
    return key(ours) != key(theirs)


def _alike(row: dict, leavers: dict[str, Leaver]) -> list[str]:
    serial = row.get("serialNumber")
    if is_placeholder(serial):
        return []
    return [
        f"the association {row['id']} stays: it has the serial number of {leaver.label}, and nothing else tells that "
        "it is of this device; device_association removes it"
        for leaver in leavers.values()
        if leaver.serial_number and key(leaver.serial_number) == key(str(serial))
    ]
