# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant holds of devices that have left it: exactly theirs, and what is lost with it.

Sources: Microsoft Graph, "managedDevice", "windowsAutopilotDeviceIdentity", "device", "bitlockerRecoveryKey",
"deviceLocalCredentialInfo". Autopilot has no filter for device ids (microsoft-graph-docs issues 9357 and 12174).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterable

from ...options import bad_option, require_guid
from .. import bulk
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import GraphFailure, Permissions, Purpose
from . import directory_device, look_up
from .intune import AUTOPILOT_READ, INTUNE_PAGE, INTUNE_READ, intune_rows

BITLOCKER_READ = Permissions.same("BitlockerKey.ReadBasic.All")
LAPS_READ = Permissions.same("DeviceLocalCredential.ReadBasic.All")
_IDS = ("device_id", "intune_device_id", "autopilot_id")


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a tenant keeps objects of devices; ``name`` is the option that stands for it."""

    name: str
    what: str
    collection: tuple[str, ...]
    read: Permissions
    write: Permissions


#: In the order in which a device is removed from them: each look-up dies with the object of the next place.
PLACES = (
    Place(
        "intune",
        "Intune record",
        ("deviceManagement", "managedDevices"),
        INTUNE_READ,
        Permissions.same("DeviceManagementManagedDevices.ReadWrite.All"),
    ),
    Place(
        "autopilot",
        "Windows Autopilot registration",
        ("deviceManagement", "windowsAutopilotDeviceIdentities"),
        AUTOPILOT_READ,
        Permissions.same("DeviceManagementServiceConfig.ReadWrite.All"),
    ),
    Place("directory", "Entra device object", ("devices",), look_up.READ_DEVICES, look_up.WRITE_DEVICES),
)


@dataclasses.dataclass
class RemovalTarget:
    """One object to remove, the request that looks whether it is there, and the write that deletes it."""

    id: str
    what: str
    look: Item
    write: bulk.Write

    @classmethod
    def of(cls, place: Place, identity: str, label: str) -> RemovalTarget:
        what, path = f"{place.what} of {label}", odata.path(*place.collection, identity)
        look = Item("GET", path, Purpose(f"look up the {what}", place.read), {"$select": "id"})
        item = Item("DELETE", path, Purpose(f"delete the {what}", place.write))
        there = {"id": identity, "state": "present"}
        return cls(
            identity, what, look, bulk.Write(identity, what, item, [(what, there, {**there, "state": "absent"})])
        )


@dataclasses.dataclass
class Leaver:
    """A device that has left, by the ids recorded before, and what the tenant has of it, by place.

    ``problems`` say why nothing of it may be removed. ``recovery_keys`` are ids of BitLocker keys, ``laps`` whether a
    password is backed up; None: not known. ``row``: its Entra object.
    """

    device_id: str
    intune_device_id: str | None = None
    autopilot_id: str | None = None
    serial_number: str | None = None
    name: str | None = None
    targets: dict[str, RemovalTarget] = dataclasses.field(default_factory=dict)
    problems: list[str] = dataclasses.field(default_factory=list)
    recovery_keys: list[str] | None = None
    laps: bool | None = None
    row: dict | None = None

    @property
    def label(self) -> str:
        return f"{self.name} ({self.device_id})" if self.name else self.device_id

    def add(self, place: Place, identity: str) -> None:
        self.targets[place.name] = RemovalTarget.of(place, identity, self.label)


def named(records: Iterable[dict]) -> dict[str, Leaver]:
    """The devices by id, once each, from records with the fields of ``Leaver``; other fields do not matter.

    Failure for a record without a device id, for an id that is none, and for two records of one device that differ.
    """
    found: dict[str, Leaver] = {}
    for record in records:
        ids = {field: str(record.get(field) or "").strip() or None for field in _IDS}
        ids = {
            field: value and require_guid(value, "devices", f"give as {field} the GUID that was recorded")
            for field, value in ids.items()
        }
        if ids["device_id"] is None:
            raise bad_option("devices", "a device has no device_id", "leave out devices whose id is not known")
        serial = str(record.get("serial_number") or "").strip() or None
        leaver = Leaver(str(ids["device_id"]), ids["intune_device_id"], ids["autopilot_id"], serial)
        if found.setdefault(leaver.device_id, leaver) != leaver:
            raise bad_option("devices", f"two records of {leaver.device_id} differ", "leave the wrong one out")
    return found


def look_at_tenant(client: GraphClient, leavers: dict[str, Leaver], places: Iterable[str]) -> list[str]:
    """Learn what the tenant has of these devices. Returns warnings about what stays, as nothing proves it theirs."""
    names = set(places)
    rows = look_up.look_up(client, {"device_ids": list(leavers)}).by_key["device_ids"]
    objects = {key: found[0] for key, found in rows.items() if found}
    for key, row in objects.items():
        leavers[key].name = row.get("displayName")
        leavers[key].row = row
    warnings: list[str] = []
    intune, autopilot, directory = PLACES
    if intune.name in names:
        warnings += _intune(client, leavers, intune)
    anchored: set[str] = set()
    if autopilot.name in names:
        warnings += _autopilot(client, leavers, objects, autopilot)
    else:
        anchored = {key for key, row in objects.items() if directory_device.is_autopilot_anchor(row)}
    if directory.name in names:
        for key, row in objects.items():
            leavers[key].add(directory, row["id"])
            if len(rows[key]) > 1:
                leavers[key].problems.append(f"the directory has {len(rows[key])} objects of it")
            if key in anchored:
                leavers[key].problems.append(
                    "a Windows Autopilot registration keeps its Entra object from being deleted, and autopilot is off"
                )
    return warnings


def _intune(client: GraphClient, leavers: dict[str, Leaver], place: Place) -> list[str]:
    """Exactly one record whose azureADDeviceId is the device's, and which is the recorded one where one is recorded."""
    rows = intune_rows(client, leavers)
    for key, found in rows.items():
        leaver = leavers[key]
        leaver.name = leaver.name or found[0].get("deviceName")
        ids = [str(row["id"]).lower() for row in found]
        if len(ids) > 1:
            leaver.problems.append(f"Intune has {len(ids)} records of it: {', '.join(ids)}")
        elif leaver.intune_device_id not in (None, ids[0]):
            leaver.problems.append(f"Intune has the record {ids[0]} of it, and {leaver.intune_device_id} was recorded")
        else:
            leaver.add(place, ids[0])
    others = [
        RemovalTarget.of(place, leaver.intune_device_id, leaver.label)
        for key, leaver in leavers.items()
        if key not in rows and leaver.intune_device_id
    ]
    return [
        f"the {target.what} stays: {target.id} does not carry this device id any more"
        for target in present(client, others)
    ]


def _autopilot(client: GraphClient, leavers: dict[str, Leaver], objects: dict[str, dict], place: Place) -> list[str]:
    """The registration whose id the device or its Entra object knows, or which names the device's id.

    A serial number alone proves nothing (boards without one share "Default string"), but one that differs disproves.
    """
    by_id: dict[str, list[Leaver]] = {}
    for key, leaver in leavers.items():
        for identity in {leaver.autopilot_id, directory_device.autopilot_id(objects.get(key, {}))} - {None}:
            by_id.setdefault(str(identity), []).append(leaver)
    by_serial: dict[str, list[Leaver]] = {}
    for leaver in leavers.values():
        if leaver.serial_number:
            by_serial.setdefault(leaver.serial_number.casefold(), []).append(leaver)
    warnings = []
    purpose = Purpose("list the devices of Windows Autopilot", AUTOPILOT_READ)
    for row in client.list(odata.path(*place.collection), purpose, {"$top": INTUNE_PAGE}):
        identity, serial = str(row["id"]).lower(), str(row.get("serialNumber") or "").casefold()
        owner = leavers.get(str(row.get("azureActiveDirectoryDeviceId") or "").lower())
        owners = {leaver.device_id: leaver for leaver in [*by_id.get(identity, ()), *([owner] if owner else ())]}
        if not owners and serial in by_serial:
            warnings.append(
                f"the Windows Autopilot registration {identity} stays: it has the serial number of "
                f"{by_serial[serial][0].label}, and nothing else tells that it is of this device"
            )
        for leaver in owners.values():
            if len(owners) > 1:
                leaver.problems.append(f"several devices claim the Windows Autopilot registration {identity}")
            elif place.name in leaver.targets:
                leaver.problems.append(f"it has a second Windows Autopilot registration, {identity}")
            elif leaver.serial_number and serial and leaver.serial_number.casefold() != serial:
                leaver.problems.append(
                    f"its Windows Autopilot registration {identity} has another serial number, {row['serialNumber']}"
                )
            else:
                leaver.add(place, identity)
    return warnings


def present(client: GraphClient, targets: list[RemovalTarget]) -> list[RemovalTarget]:
    """Those that Graph still has, 20 in one request. Failure where it answers neither yes nor no."""
    there = []
    for target, answer in zip(targets, client.batch([target.look for target in targets])):
        if answer.status != 404:
            answer.require()
            there.append(target)
    return there


# --- what is lost with an Entra device object ---


def secrets(client: GraphClient, leavers: list[Leaver]) -> None:
    """Learn ids of BitLocker recovery keys and whether a LAPS password is there; the secrets themselves are never read.

    What the credential may not look up stays None.
    """
    for leaver, rows in _lists(client, leavers, "deviceId", _keys_item):
        leaver.recovery_keys = None if rows is None else sorted(row["id"] for row in rows)
    for leaver, rows in _lists(client, [leaver for leaver in leavers if leaver.name], "id", _laps_item):
        leaver.laps = None if rows is None else bool(rows)


def _keys_item(leaver: Leaver) -> Item:
    return Item(
        "GET",
        "/informationProtection/bitlocker/recoveryKeys",
        Purpose(f"list the BitLocker recovery keys of {leaver.label}", BITLOCKER_READ),
        {"$filter": odata.equals("deviceId", leaver.device_id)},
    )


def _laps_item(leaver: Leaver) -> Item:
    return Item(
        "GET",
        "/directory/deviceLocalCredentials",
        Purpose(f"look for a LAPS password of {leaver.label}", LAPS_READ),
        {"$filter": odata.equals("deviceName", str(leaver.name)), "$select": "id,deviceName"},
    )


def _lists(
    client: GraphClient,
    leavers: list[Leaver],
    key: str,
    item: t.Callable[[Leaver], Item],
) -> t.Iterator[tuple[Leaver, list[dict] | None]]:
    """The rows that really are of each device; None where Graph refuses."""
    items = [item(leaver) for leaver in leavers]
    for leaver, asked, answer in zip(leavers, items, client.batch(items)):
        try:
            rows = look_up.rows_of(client, asked, answer)
            yield leaver, [row for row in rows if str(row.get(key)).lower() == leaver.device_id]
        except GraphFailure:
            yield leaver, None
