# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices as the directory, Intune and Windows Autopilot see them, brought together by device id.

Sources: Microsoft Graph, "List devices", "List managedDevices", "List windowsAutopilotDeviceIdentities".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import re
import typing as t
from collections.abc import Iterable

from ..graph import odata
from ..graph.client import GraphClient
from ..graph.errors import Purpose
from ..graph.failures import RequestFailure
from . import directory_device, look_up, unread
from .intune import AUTOPILOT_READ, INTUNE_FIELDS, INTUNE_PAGE, NO_DEVICE, REGISTRATION_KIND, managed_devices

if t.TYPE_CHECKING:
    from ...task import Task

#: The sign-in stamp is renewed when it is about this old (Microsoft Entra, "How to manage stale devices").
STAMP_DAYS = 14

#: The account of a provisioning package, which some records of devices that it has joined name as their user.
PACKAGE_ACCOUNT = re.compile(r"package_[0-9a-f-]{36}@", re.IGNORECASE)
AUTOPILOT_FIELDS = {
    "id": "id",
    "serial_number": "serialNumber",
    "group_tag": "groupTag",
    "user": "userPrincipalName",
    "enrollment_state": "enrollmentState",
    "last_contact": "lastContactedDateTime",
}
#: Options that say which devices of the directory; a list without them is the whole tenant.
FILTERS = ("owner", "join_type", "stale_days", "enabled", "compliant", "managed")


def find_devices(task: Task) -> dict:
    """The work of the module: ``{"devices": [...], "missing": {...}, "count": n}``."""
    args, client = task.args, task.client
    wanted, bad = look_up.named(args)
    if bad:
        told = directory_device.some([f"{what} ({why})" for what, why in bad])
        task.learned["warnings"] = [f"no device can be looked up by {told}"]
    now = datetime.datetime.now(datetime.timezone.utc)
    if args["stale_days"] is not None:
        if args["stale_days"] <= STAMP_DAYS:
            task.learned.setdefault("warnings", []).append(
                f"stale_days is {args['stale_days']}, but a device in daily use may have a stamp {STAMP_DAYS} days old"
            )
    version = "beta" if args["extension_attributes"] else "v1.0"
    select = (*look_up.SELECT, *(["extensionAttributes"] if args["extension_attributes"] else []))
    names_some = any(args[option] is not None for option in look_up.KEYS)
    rows, missing = _directory(args, client, wanted if names_some else None, now, select, version)
    found = [directory_device.shown(row, now) for row in rows]
    whole = not names_some and all(args[option] is None for option in FILTERS)
    refused = _join_intune(client, found, missing["device_ids"], whole) if args["intune"] else {}
    if args["autopilot"]:
        _join_autopilot(client, found, missing["device_ids"], whole)
    for device in found if args["intune"] else ():  # those that only Autopilot knows
        device.setdefault("intune", None)
        device.setdefault("intune_records", 0)
    _tell_refused(task, found, refused)
    missing["device_ids"] += [what for what, _why in bad]
    return {"devices": found, "missing": missing, "count": len(found)}


# --- the directory ---


def _directory(
    args: dict,
    client: GraphClient,
    wanted: dict[str, list[str]] | None,
    now: datetime.datetime,
    select: tuple[str, ...],
    version: str,
) -> tuple[Iterable[dict], dict[str, list[str]]]:
    """(rows, what was named and is not there)."""
    fits = _test(args, now)
    nothing: dict[str, list[str]] = {option: [] for option in look_up.KEYS}
    if wanted is not None:
        seen = look_up.look_up(client, wanted, select, version).require()
        rows: Iterable[dict] = seen.rows.values()
        if args["owner"] is not None:
            mine = {row["id"] for row in look_up.owned_by(client, args["owner"], ("id",))}
            rows = [row for row in rows if row["id"] in mine]
        return [row for row in rows if fits(row)], seen.missing
    if args["owner"] is not None:
        return filter(fits, look_up.owned_by(client, args["owner"], select, version)), nothing
    filters, advanced = _filters(args, now)
    return filter(fits, look_up.every(client, filters, advanced, select, version)), nothing


def _filters(args: dict, now: datetime.datetime) -> tuple[list[str], bool]:
    """What the directory itself can sort out, and whether that needs its index.

    A device that never signed in has no stamp, and no ``le`` ever finds it.
    """
    filters = []
    if args["enabled"] is not None:
        filters.append(f"accountEnabled eq {str(args['enabled']).lower()}")
    # Null, which most devices have, also means no, and eq false does not find it: it is sorted out here.
    filters += [
        f"{name} eq true" for option, name in (("managed", "isManaged"), ("compliant", "isCompliant")) if args[option]
    ]
    if args["join_type"] is not None:
        filters.append(odata.equals("trustType", directory_device.TRUST_TYPES[args["join_type"]]))
    if args["stale_days"] is not None:
        before = f"{now - datetime.timedelta(days=args['stale_days']):%Y-%m-%dT%H:%M:%SZ}"
        stamp = "approximateLastSignInDateTime"
        filters.append(f"({stamp} le {before} or {stamp} eq null)")
    return filters, args["join_type"] is not None or args["stale_days"] is not None


def _test(args: dict, now: datetime.datetime) -> t.Callable[[dict], bool]:
    """Whether a row is one of those asked for: every answer is compared with the question."""
    flags = [
        (name, args[option])
        for option, name in (("enabled", "accountEnabled"), ("managed", "isManaged"), ("compliant", "isCompliant"))
        if args[option] is not None
    ]
    trust = None if args["join_type"] is None else directory_device.TRUST_TYPES[args["join_type"]]

    def fits(row: dict) -> bool:
        if trust is not None and row.get("trustType") != trust:
            return False
        for name, wanted in flags:
            if bool(row.get(name)) is not wanted:
                return False
        if args["stale_days"] is None:
            return True
        days = directory_device.inactive_days(row, now)
        return days is not None and days >= args["stale_days"]

    return fits


# --- Intune and Autopilot beside it ---


def _join_intune(client: GraphClient, found: list[dict], unknown: list[str], whole: bool) -> dict[str, RequestFailure]:
    """Put ``intune`` into each device; devices that only Intune knows are added where nothing rules them out. Returns,
    by device id, why Intune did not say what it has. Failure where it is refused for all of them."""
    ids = None if whole else _ids(found, unknown)
    managed = managed_devices(client, ids)
    for_all = unread.of_all(managed.unread.values(), len(ids or ()))
    if for_all is not None:
        raise for_all
    known = _by_device_id(found)
    for device in found:
        device.update(intune=None, intune_records=0)
    for key, many in managed.rows.items():
        record = directory_device.newest(many)
        device = known.get(key) or _only(record.get("deviceName"), key)
        if key not in known:
            found.append(device)
        device.update(intune=fields_of(record, INTUNE_FIELDS), intune_records=len(many))
    return managed.unread


def _tell_refused(task: Task, found: list[dict], refused: dict[str, RequestFailure]) -> None:
    """What was not read of a device is null with its reason, never a "no"."""
    told = {key: unread.sentence("its record in Intune", failure) for key, failure in refused.items()}
    for device in found:
        why = told.get(str(device["device_id"]).lower())
        device["refused"] = [] if why is None else [why]
        if why is not None:
            device.update(intune=None, intune_records=None)
    names = {str(device["device_id"]).lower(): device["name"] for device in found if device["name"]}
    if told:
        labels = [f"{names.get(key, 'a device')} ({key}): {why}" for key, why in told.items()]
        task.learned.setdefault("warnings", []).append(directory_device.some(labels))


def _join_autopilot(client: GraphClient, found: list[dict], unknown: list[str], whole: bool) -> None:
    """Put ``autopilot`` into each device, and add those that only Autopilot knows. It has no filter for device ids, so
    that its whole list is read."""
    known, ids = _by_device_id(found), set(_ids(found, unknown))
    for device in found:
        device["autopilot"] = None
    purpose = Purpose("list the devices of Windows Autopilot", AUTOPILOT_READ)
    for row in client.list(
        "/deviceManagement/windowsAutopilotDeviceIdentities", purpose, {"$top": INTUNE_PAGE}, kind=REGISTRATION_KIND
    ):
        key = str(row.get("azureActiveDirectoryDeviceId") or "").lower()
        if not whole and key not in ids:
            continue
        device_id = key if key and key != NO_DEVICE else None
        device = known.get(key) or _only(row.get("displayName") or None, device_id)
        if key not in known:
            found.append(device)
        device["autopilot"] = fields_of(row, AUTOPILOT_FIELDS)


def _ids(found: list[dict], unknown: list[str]) -> list[str]:
    """Device ids to ask the others for: those found, and those named that the directory does not know."""
    ids = [str(device["device_id"]).lower() for device in found if device["device_id"]]
    return list(dict.fromkeys([*ids, *unknown]))


def _by_device_id(found: list[dict]) -> dict[str, dict]:
    return {str(device["device_id"]).lower(): device for device in found if device["device_id"]}


def _only(name: str | None, device_id: str | None) -> dict:
    """A device that the directory does not have."""
    empty = directory_device.shown({"id": None}, datetime.datetime.now(datetime.timezone.utc))
    return {**empty, "name": name, "device_id": device_id}


def fields_of(row: dict, fields: dict[str, str]) -> dict[str, t.Any]:
    """These of a row's fields, as modules return them. Intune says never by the years 1 and 9999, and nothing by what
    v1.0 has no name for."""
    shown = {}
    for option, name in fields.items():
        value = row.get(name)
        dated = name.endswith("DateTime") and directory_device.instant(value) is None
        shown[option] = None if dated or value in ("", "unknownFutureValue") else value
    if PACKAGE_ACCOUNT.match(str(shown["user"] or "")):
        shown["user"] = None
    return shown
