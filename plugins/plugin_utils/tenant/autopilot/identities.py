# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registrations of Windows Autopilot: the one list, read to its end, and what of it belongs to the devices of a task.

No filter is used: contains() finds look-alikes and refuses some serial numbers (microsoft-graph-docs issues 9357 and
12174). What is kept is only what is asked for, so that a tenant may have as many registrations as it likes.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ...autopilot import serials
from ..devices.intune import AUTOPILOT_READ, INTUNE_PAGE
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.fields import IDENTITY, LINE, TEXT, all_of, needed, object_of
from . import troubles
from .wanted import Wanted

IDENTITIES = ("deviceManagement", "windowsAutopilotDeviceIdentities")
_PATH = "/" + "/".join(IDENTITIES)
AUTOPILOT_WRITE = Permissions.same("DeviceManagementServiceConfig.ReadWrite.All")
_FIELDS = (
    *("groupTag", "userPrincipalName", "addressableUserName", "displayName"),
    *("azureActiveDirectoryDeviceId", "managedDeviceId"),
)
_KIND = object_of({**all_of(*_FIELDS, kind=TEXT), "serialNumber": LINE, "id": needed(IDENTITY)})
_READ = Purpose("list the devices of Windows Autopilot", AUTOPILOT_READ)
Row = dict[str, t.Any]


def rows(client: GraphClient, wanted: Iterable[Wanted]) -> tuple[dict[str, Row], dict[str, list[Row]]]:
    """The registrations that these devices name: by id, and by serials.key. RequestFailure where the list cannot be
    read to its end: nothing is concluded from a part."""
    ids = {one.autopilot_id for one in wanted if one.autopilot_id}
    ids |= {one.identity["id"].lower() for one in wanted if one.identity}
    keys = {one.key for one in wanted if one.key}
    by_id: dict[str, Row] = {}
    by_key: dict[str, list[Row]] = {}
    for row in client.list(_PATH, _READ, {"$top": INTUNE_PAGE}, kind=_KIND):
        key, identity = serials.key(row.get("serialNumber") or ""), row["id"].lower()
        if key not in keys and identity not in ids and serials.without_zeros(key) not in keys:
            continue
        kept = {name: row.get(name) for name in ("id", "serialNumber", *_FIELDS)}
        by_id[identity] = kept
        by_key.setdefault(key, []).append(kept)
    return by_id, by_key


def look(client: GraphClient, wanted: Iterable[Wanted]) -> None:
    """Learn ``identity`` of each device, None where it is not listed. A device that is not told apart fails.

    Devices that have failed already are not looked for.
    """
    asked = [one for one in wanted if one.failure is None]
    by_id, by_key = rows(client, asked) if asked else ({}, {})
    owners: dict[str, Wanted] = {}
    whole = {serials.without_zeros(key): key for key in by_key}
    for one in asked:
        one.identity = _found(one, by_id, by_key)
        if one.identity is None and one.failure is None and one.autopilot_id is None and not one.hardware_hash:
            longer = whole.get(one.key)
            if longer is not None:
                one.fail(troubles.lost_zeros(one.label, longer))
        if one.identity is None or one.failure is not None:
            continue
        other = owners.setdefault(one.identity["id"].lower(), one)
        if other is not one:
            for each in (one, other):
                each.fail(troubles.contradiction(f"several select the registration {one.identity['id']}"))


def _found(one: Wanted, by_id: dict[str, Row], by_key: dict[str, list[Row]]) -> Row | None:
    if one.autopilot_id is not None:
        row = by_id.get(one.autopilot_id)
        if row is not None and one.key and serials.key(row["serialNumber"] or "") != one.key:
            one.fail(troubles.other_serial(one.autopilot_id, str(row["serialNumber"])))
        if row is not None and one.serial is None:
            one.serial = row["serialNumber"]
        return row
    found = by_key.get(one.key, [])
    if len(found) > 1:
        one.fail(troubles.several(len(found), one.label))
        return None
    return found[0] if found else None
