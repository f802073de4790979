# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of Intune and the object of the directory for each registration, by the ids that it has itself.

The serial number finds a record only where it is this device's alone. Every answer is compared with what was asked:
Intune ignores filters that it does not support, and answers with other devices.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Sequence

from ...autopilot import serials
from ..devices import look_up, unread
from ..devices.directory_device import shown as shown_object
from ..devices.intune import INTUNE_FIELDS, INTUNE_PAGE, INTUNE_READ, MANAGED_KIND
from ..devices.views import fields_of
from ..graph import odata
from ..graph.batch import LARGEST, Item
from ..graph.client import GraphClient
from ..graph.errors import Purpose
from ..graph.failures import RequestFailure
from .assignment import Registration

_RECORDS = "/deviceManagement/managedDevices"
_SELECT = ",".join(("azureADDeviceId", *INTUNE_FIELDS.values()))
#: How a record is found, the surest first, and the field of the record that tells it.
MANAGED_DEVICE_ID, DEVICE_ID, SERIAL_NUMBER = "managed_device_id", "device_id", "serial_number"
_FIELDS = {MANAGED_DEVICE_ID: "id", DEVICE_ID: "azureADDeviceId", SERIAL_NUMBER: "serialNumber"}
OBJECT_FIELDS = ("object_id", "name", "enabled", "join_type", "last_sign_in")


def join_intune(client: GraphClient, found: Sequence[Registration]) -> None:
    """Put ``intune`` and ``matched_by`` into each; None with a sentence in ``refused`` where nobody knows it."""
    read = _asked if len(found) <= LARGEST else _listed
    for one in found:
        one.shown.update(intune=None, matched_by=None)
    for one, matched in read(client, found):
        if isinstance(matched, RequestFailure):
            one.shown["refused"].append(unread.sentence("its record in Intune", matched))
            continue
        by = next((name for name in _FIELDS if matched.get(name)), None)
        if by is not None:
            newest = max(matched[by], key=lambda row: str(row.get("lastSyncDateTime")))
            one.shown.update(intune=fields_of(newest, INTUNE_FIELDS), matched_by=by)


Matched = dict[str, list[dict]]


def _wanted(one: Registration) -> dict[str, str]:
    """By what its record can be found: the value that the record's field must have, as it is compared."""
    wanted = {name: one.shown[name] for name in (MANAGED_DEVICE_ID, DEVICE_ID) if one.shown[name]}
    return wanted | ({SERIAL_NUMBER: one.key} if one.shown["serial_usable"] else {})


def _compared(name: str, row: dict) -> str:
    value = row.get(_FIELDS[name]) or ""
    return serials.key(value) if name == SERIAL_NUMBER else value.lower()


def _listed(
    client: GraphClient, found: Sequence[Registration]
) -> Iterator[tuple[Registration, Matched | RequestFailure]]:
    """From the whole list, which one request a thousand records takes."""
    keys = {(name, value) for one in found for name, value in _wanted(one).items()}
    kept: dict[tuple[str, str], list[dict]] = {}
    purpose = Purpose("list the devices of Intune", INTUNE_READ)
    try:
        for row in client.list(_RECORDS, purpose, {"$select": _SELECT, "$top": INTUNE_PAGE}, kind=MANAGED_KIND):
            for name in _FIELDS:
                key = (name, _compared(name, row))
                if key in keys:
                    kept.setdefault(key, []).append(row)
    except RequestFailure as failed:
        yield from ((one, failed) for one in found)
        return
    for one in found:
        yield one, {name: kept.get((name, value), []) for name, value in _wanted(one).items()}


def _asked(
    client: GraphClient, found: Sequence[Registration]
) -> Iterator[tuple[Registration, Matched | RequestFailure]]:
    """Each way to find a record is a question, 20 in one request."""
    asked = [(one, name, value) for one in found for name, value in _wanted(one).items()]
    items = [_question(one, name, value) for one, name, value in asked]
    answers: dict[str, Matched | RequestFailure] = {one.id: {} for one in found}
    for (one, name, value), item, answer in zip(asked, items, client.batch(items) if items else ()):
        so_far = answers[one.id]
        if isinstance(so_far, RequestFailure):
            continue
        try:
            rows = _rows(client, item, answer)
        except RequestFailure as failed:
            # What its own ids have found needs no serial number.
            if name != SERIAL_NUMBER or not any(so_far.values()):
                answers[one.id] = failed
            continue
        same = [row for row in rows if _compared(name, row) == value]
        if len(same) < len(rows) and name == DEVICE_ID:
            answers[one.id] = unread.filter_ignored(value)
            continue
        so_far[name] = same
    return ((one, answers[one.id]) for one in found)


def _rows(client: GraphClient, item: Item, answer: t.Any) -> list[dict]:
    if item.row_kind is not None:
        return list(client.rows_of(item, answer))
    try:
        return [answer.require()]
    except RequestFailure as failed:
        if failed.says_absent:
            return []
        raise


def _question(one: Registration, name: str, value: str) -> Item:
    purpose = Purpose(f"look up the record of {one.label} in Intune", INTUNE_READ)
    if name == MANAGED_DEVICE_ID:
        path = odata.path("deviceManagement", "managedDevices", value)
        return Item("GET", path, purpose, {"$select": _SELECT}, kind=MANAGED_KIND)
    # The number as the firmware spells it: filters compare it so.
    asked = one.shown["serial_number"] if name == SERIAL_NUMBER else value
    query = {"$filter": odata.equals(_FIELDS[name], asked), "$select": _SELECT}
    return Item("GET", _RECORDS, purpose, query, row_kind=MANAGED_KIND)


def join_directory(client: GraphClient, found: Sequence[Registration], now: t.Any) -> None:
    """Put ``directory`` into each; None with a sentence in ``refused`` where nobody knows it."""
    ids = list(dict.fromkeys(one.shown["device_id"] for one in found if one.shown["device_id"]))
    seen = look_up.look_up(client, {"device_ids": ids})
    failures = seen.unread.get("device_ids", {})
    for one in found:
        one.shown["directory"] = None
        device_id = one.shown["device_id"]
        if device_id in failures:
            one.shown["refused"].append(unread.sentence("its object in the directory", failures[device_id]))
            continue
        rows = seen.by_key["device_ids"].get(device_id, [])
        if rows:
            whole = shown_object(rows[0], now)
            one.shown["directory"] = {name: whole[name] for name in OBJECT_FIELDS}
