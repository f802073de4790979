# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant holds of devices that have left it: exactly theirs, and what is lost with it.

Sources: Microsoft Graph, "managedDevice", "windowsAutopilotDeviceIdentity", "device", "bitlockerRecoveryKey",
"deviceLocalCredentialInfo". Autopilot has no filter for device ids (microsoft-graph-docs issues 9357 and 12174).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Iterable

from .. import bulk
from ..graph import odata
from ..graph.batch import BatchAnswer, Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import IDENTITY, TEXT, needed, object_of
from . import association_targets, directory_device, look_up
from .intune import AUTOPILOT_READ, INTUNE_PAGE, REGISTRATION_KIND, managed_devices, recorded_record
from .leavers import Leaver
from .ownership import SELECT_KEYS
from .places import AUTOPILOT_PLACE, AUTOPILOT_WRITE, PLACES, Place, RemovalTarget

BITLOCKER_READ = Permissions.same("BitlockerKey.ReadBasic.All")
_OF_DEVICE = object_of({"id": needed(IDENTITY), "deviceId": TEXT})
#: How Intune says that what was recorded is not an id of it.
_NOT_AN_ID = 400
LAPS_READ = Permissions.same("DeviceLocalCredential.ReadBasic.All")


def look_at_tenant(
    client: GraphClient, leavers: dict[str, Leaver], places: Iterable[str]
) -> tuple[list[str], str | None]:
    """Learn what the tenant has of these devices. Returns warnings about what stays, as nothing proves it theirs, and
    why associations could not be read, if the tenant has no such list.

    A device of which something cannot be read is left out, with its reason. RequestFailure where what is about all of
    them cannot be read.
    """
    names = set(places)
    select = (*look_up.SELECT, SELECT_KEYS)
    seen = look_up.look_up(client, {"device_ids": list(leavers)}, select)
    for key, failure in seen.unread.get("device_ids", {}).items():
        leavers[key].not_read("its Entra object", failure)
    rows = seen.by_key["device_ids"]
    objects = {key: found[0] for key, found in rows.items() if found}
    for key, row in objects.items():
        leavers[key].name = row.get("displayName")
        leavers[key].row = row
    warnings: list[str] = []
    intune, autopilot, association, directory = PLACES
    if intune.name in names:
        warnings += _intune(client, {key: one for key, one in leavers.items() if not one.unread}, intune)
    unread: str | None = None
    if all(leaver.unread for leaver in leavers.values()):
        return warnings, unread
    anchored: set[str] = set()
    if autopilot.name in names:
        warnings += _autopilot(client, leavers, objects, autopilot)
    else:
        anchored = {key for key, row in objects.items() if directory_device.is_autopilot_anchor(row)}
    if association.name in names:
        told, unread = association_targets.look(
            client, {key: one for key, one in leavers.items() if not one.unread}, association
        )
        warnings += told
    if directory.name in names:
        for key, row in objects.items():
            leavers[key].add(directory, row["id"])
            if len(rows[key]) > 1:
                leavers[key].problems.append(f"the directory has {len(rows[key])} objects of it")
            if key in anchored:
                leavers[key].problems.append(
                    "a Windows Autopilot registration keeps its Entra object from being deleted, and autopilot is off"
                )
    return warnings, unread


def _intune(client: GraphClient, leavers: dict[str, Leaver], place: Place) -> list[str]:
    """Exactly one record whose azureADDeviceId is the device's, and which is the recorded one where one is recorded."""
    managed = managed_devices(client, leavers)
    for key, failure in managed.unread.items():
        leavers[key].not_read("its record in Intune", failure)
    for key, found in managed.rows.items():
        leaver = leavers[key]
        leaver.name = leaver.name or found[0].get("deviceName")
        ids = [str(row["id"]).lower() for row in found]
        if len(ids) > 1:
            leaver.problems.append(f"Intune has {len(ids)} records of it: {', '.join(ids)}")
        elif leaver.intune_device_id not in (None, ids[0]):
            leaver.problems.append(f"Intune has the record {ids[0]} of it, and {leaver.intune_device_id} was recorded")
        else:
            leaver.managed = found[0]
            leaver.add(place, ids[0])
    others = [
        leaver
        for key, leaver in leavers.items()
        if key not in managed.rows and not leaver.unread and leaver.intune_device_id
    ]
    items = [recorded_record(str(leaver.intune_device_id), leaver.label) for leaver in others]
    return [
        f"the {place.what} of {leaver.label} stays: {leaver.intune_device_id} {why}"
        for leaver, answer in zip(others, client.batch(items))
        if (why := _why_it_stays(leaver, answer))
    ]


def _why_it_stays(leaver: Leaver, answer: BatchAnswer) -> str | None:
    """Of a record that was recorded, and is not among those that Intune lists for the device; None where it is gone, or
    where the device is left out because of it."""
    failure = answer.failure
    if answer.says_absent:
        return None
    if failure is not None and answer.status != _NOT_AN_ID:
        leaver.not_read("its record in Intune", failure)
    elif failure is not None:
        return f"could not be looked up ({failure.error['cause']})"
    elif str(answer.require().get("azureADDeviceId")).lower() != leaver.device_id:
        return "does not carry this device id any more"
    else:
        leaver.problems.append(
            f"Intune does not list the record {leaver.intune_device_id} for this device id, which the record carries: "
            "what Intune lists is not complete"
        )
    return None


def _autopilot(client: GraphClient, leavers: dict[str, Leaver], objects: dict[str, dict], place: Place) -> list[str]:
    """The registration that the tenant itself ties to the device: it names the device's id or its Intune record, or the
    Entra object names it.

    That a device names it proves nothing, unless people have recorded it; nor does a serial number (boards without one
    share "Default string"), but one that differs disproves.
    """
    ties = _Ties(leavers, objects)
    warnings = []
    count: Counter[str] = Counter()
    purpose = Purpose("list the devices of Windows Autopilot", AUTOPILOT_READ)
    for row in client.list(odata.path(*place.collection), purpose, {"$top": INTUNE_PAGE}, kind=REGISTRATION_KIND):
        identity, serial = row["id"].lower(), str(row.get("serialNumber") or "").casefold()
        count[serial] += 1
        owners = ties.owners(row)
        if not owners:
            warnings += [
                f"the Windows Autopilot registration {identity} stays: {why} {leaver.label}, and nothing else tells "
                "that it is of this device"
                for leaver, why in ties.alike(identity, serial)
            ]
        for leaver in owners:
            if len(owners) > 1:
                leaver.problems.append(f"several devices claim the Windows Autopilot registration {identity}")
            elif place.name in leaver.targets:
                leaver.problems.append(f"it has a second Windows Autopilot registration, {identity}")
            elif leaver.serial_number and serial and leaver.serial_number.casefold() != serial:
                leaver.problems.append(
                    f"its Windows Autopilot registration {identity} has another serial number, {row['serialNumber']}"
                )
            else:
                leaver.registration = row
                leaver.add(place, identity)
    for leaver in leavers.values():
        known = {str(row.get("serialNumber") or "").casefold() for row in (leaver.managed, leaver.registration) if row}
        leaver.serial_shared = any(count[serial] > 1 for serial in known if serial)
    return warnings


class _Ties:
    """What ties registrations to devices: ids by which the tenant does, those that were recorded, serial numbers."""

    def __init__(self, leavers: dict[str, Leaver], objects: dict[str, dict]) -> None:
        self._leavers = leavers
        self._by_object = {
            identity: leavers[key] for key, row in objects.items() if (identity := directory_device.autopilot_id(row))
        }
        self._by_record = {str(one.managed["id"]).lower(): one for one in leavers.values() if one.managed}
        self._by_name: dict[str, list[Leaver]] = {}
        self._by_serial: dict[str, Leaver] = {}
        for leaver in leavers.values():
            if leaver.autopilot_id:
                self._by_name.setdefault(leaver.autopilot_id, []).append(leaver)
            if leaver.serial_number:
                self._by_serial.setdefault(leaver.serial_number.casefold(), leaver)

    def owners(self, row: dict) -> list[Leaver]:
        identity = str(row["id"]).lower()
        tied = [
            self._leavers.get(str(row.get("azureActiveDirectoryDeviceId") or "").lower()),
            self._by_record.get(str(row.get("managedDeviceId") or "").lower()),
            self._by_object.get(identity),
        ]
        recorded = [leaver for leaver in self._by_name.get(identity, ()) if not leaver.told_by_itself]
        return list({leaver.device_id: leaver for leaver in (*tied, *recorded) if leaver is not None}.values())

    def alike(self, identity: str, serial: str) -> list[tuple[Leaver, str]]:
        """Devices that only look like the owner, and why."""
        named = [(leaver, "only the device's own word names it for") for leaver in self._by_name.get(identity, ())]
        return named or (
            [(self._by_serial[serial], "it has the serial number of")] if serial in self._by_serial else []
        )


def present(client: GraphClient, place: Place, targets: list[RemovalTarget]) -> dict[str, RequestFailure | None]:
    """The ids of those that Graph still has, 20 in one request; with the failure where it says neither yes nor no.

    Windows Autopilot lists a registration for a while that is not found by its id any more: it is gone when the list
    does not have it.
    """
    answers = list(zip(targets, client.batch([target.look for target in targets], place.version)))
    there = {target.id: answer.failure for target, answer in answers if not target.is_gone(answer)}
    if place.name != AUTOPILOT_PLACE or there:
        return there
    ids = {target.id for target in targets}
    purpose = Purpose("list the devices of Windows Autopilot", AUTOPILOT_READ)
    rows = client.list(odata.path(*place.collection), purpose, {"$top": INTUNE_PAGE}, kind=REGISTRATION_KIND)
    return {row["id"].lower(): None for row in rows if row["id"].lower() in ids}


def unassign(leavers: Iterable[Leaver]) -> dict[str, bulk.Write]:
    """By registration, the writes that take users from registrations which are to be deleted: Microsoft says to do
    that before."""
    found = {}
    for one in leavers:
        row = one.registration or {}
        if not row.get("userPrincipalName") or AUTOPILOT_PLACE not in one.targets:
            continue
        identity = one.targets[AUTOPILOT_PLACE].id
        what = f"user of the {one.targets[AUTOPILOT_PLACE].what}"
        path = odata.path("deviceManagement", "windowsAutopilotDeviceIdentities", identity, "unassignUserFromDevice")
        # The registration that follows is the change.
        item = Item("POST", path, Purpose(f"unassign the {what}", AUTOPILOT_WRITE), idempotent=True)
        found[identity] = bulk.Write(identity, what, item, [])
    return found


# --- what is lost with an Entra device object ---


def secrets(client: GraphClient, leavers: list[Leaver]) -> None:
    """Learn ids of BitLocker recovery keys and whether a LAPS password is there; the secrets themselves are never read.

    What cannot be read, above all as the credential may not, stays None.
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
        row_kind=_OF_DEVICE,
    )


def _laps_item(leaver: Leaver) -> Item:
    return Item(
        "GET",
        "/directory/deviceLocalCredentials",
        Purpose(f"look for a LAPS password of {leaver.label}", LAPS_READ),
        {"$filter": odata.equals("deviceName", str(leaver.name)), "$select": "id,deviceName"},
        row_kind=_OF_DEVICE,
    )


def _lists(
    client: GraphClient,
    leavers: list[Leaver],
    key: str,
    item: t.Callable[[Leaver], Item],
) -> t.Iterator[tuple[Leaver, list[dict] | None]]:
    """The rows that really are of each device; None where they cannot be read."""
    items = [item(leaver) for leaver in leavers]
    for leaver, asked, answer in zip(leavers, items, client.batch(items)):
        try:
            rows = [row for row in client.rows_of(asked, answer) if str(row.get(key)).lower() == leaver.device_id]
        except RequestFailure:
            yield leaver, None
        else:
            yield leaver, rows
