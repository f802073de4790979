# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Entra still has the devices that say that they are joined, and has them enabled.

Source: Microsoft Graph, "List devices"; Microsoft Entra, "Troubleshoot devices" (a device whose object was deleted or
disabled gets no token, and says the same of both).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...task import Task
from ..devices import look_up
from ..devices.unread import of_all
from ..graph.failures import RequestFailure
from .clues import BY_OBJECT, TenantClue, evidence
from .device_side import Asked
from .events import audit_view, deletes
from .findings import ABOUT_OBJECT
from .matching import Matched

#: How a device names it, by its code or the name of its finding.
_SEEN_AS = frozenset({"device_disabled_or_deleted", "aadsts700003", "aadsts135011", "aadsts50155"})
_WEIGHT = 90


@dataclasses.dataclass
class Objects:
    """What Entra has by device id: ``enabled`` of each that was found, ``failures`` of those that could not be read;
    ``failure`` where that is all of them. Of an id that is not in ``asked``
    nothing is known."""

    enabled: dict[str, bool | None] = dataclasses.field(default_factory=dict)
    failures: dict[str, RequestFailure] = dataclasses.field(default_factory=dict)
    failure: RequestFailure | None = None
    asked: frozenset[str] = frozenset()


def ask(task: Task, devices: list[Asked]) -> Objects:
    """Look up the devices that are joined, or did not answer, and have an id."""
    ids = list(dict.fromkeys(one.device_id for one in devices if one.device_id and one.said.joined is not False))
    if not ids:
        return Objects()
    try:
        found = look_up.look_up(task.client, {"device_ids": ids})
    except RequestFailure as failed:
        return Objects(failures=dict.fromkeys(ids, failed), failure=failed)
    failures = found.unread.get("device_ids", {})
    enabled = {key: rows[0].get("accountEnabled") for key, rows in found.by_key["device_ids"].items() if rows}
    return Objects(enabled, dict(failures), of_all(failures.values(), len(ids)), frozenset(ids))


def object_clue(device: Asked, objects: Objects, found: Matched) -> TenantClue | None:
    """What is wrong with the object of a device; None where nothing is, or it is not known."""
    identity = device.device_id or ""
    if identity not in objects.asked or identity in objects.failures:
        return None
    if identity not in objects.enabled:
        by = next((audit_view(row, how) for how, row in found.audits if deletes(row)), None)
        told = f": {by['user'] or 'an application'} has deleted one of its name at {by['utc']}" if by else ""
        return _clue(
            identity,
            f"Entra has no object with the device id of the device, and it gets no tokens{told}",
            "restore the object, if it was deleted in the last 30 days; or let the device leave and join again",
            by,
        )
    if objects.enabled[identity] is False:
        return _clue(
            identity,
            "the object of the device in Entra is disabled, and it gets no tokens",
            "enable it (directory_device), if it was not disabled on purpose",
            None,
        )
    return None


def _clue(identity: str, cause: str, fix: str, by: dict[str, t.Any] | None) -> TenantClue:
    data = [f"device id {identity}", f"{by['activity']} at {by['utc']}" if by else None]
    return TenantClue(
        "device",
        ABOUT_OBJECT,
        _WEIGHT,
        cause,
        cause,
        fix,
        BY_OBJECT,
        (evidence("devices", by["utc"] if by else None, data, BY_OBJECT),),
        explains=_SEEN_AS,
    )
