# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a managed device can be made to do: how its record is read, what that says of the action, the request.

Sources: Microsoft Graph, "managedDevice: wipe" (beta for useProtectedWipe), "windowsAutopilotDeviceIdentity:
allowNextEnrollment" (beta); "Windows Autopilot self-deploying mode" (one deployment until then). A wipe is queued: 204
is accepted, and ``deviceActionResults`` tells its state, which is ``done`` once the device has answered that it resets
itself. The record of a device that was wiped stays until it is removed, and where the enrollment is kept for good.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ...result import Failure
from .. import bulk
from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Permissions, Purpose
from ..graph.fields import IDENTITY, LINE, TEXT, all_of, list_of, needed, object_of, or_null
from .directory_device import instant
from .intune import AUTOPILOT_READ, INTUNE_READ

WIPE = Permissions.same("DeviceManagementManagedDevices.PrivilegedOperations.All")
UNBLOCK = Permissions.same("DeviceManagementServiceConfig.ReadWrite.All")
#: States of an action that is still to come.
UNDER_WAY = ("pending", "active")
DONE = "done"
ALLOWED = "allowed"
RECORD = ("id", "azureADDeviceId", "serialNumber", "deviceName", "operatingSystem", "deviceActionResults")
ACTION_RESULT = ("actionName", "actionState", "startDateTime", "lastUpdatedDateTime")
RECORD_KIND = object_of(
    {
        **all_of("azureADDeviceId", "operatingSystem", kind=or_null(TEXT)),
        **all_of("serialNumber", "deviceName", kind=or_null(LINE)),
        "id": needed(IDENTITY),
        "deviceActionResults": or_null(list_of(object_of(all_of(*ACTION_RESULT, kind=or_null(TEXT))))),
    }
)
IDENTITY_KIND = object_of(
    {
        **all_of("azureActiveDirectoryDeviceId", "userlessEnrollmentStatus", kind=or_null(TEXT)),
        **all_of("serialNumber", "displayName", kind=or_null(LINE)),
        "id": needed(IDENTITY),
    }
)
Row = dict[str, t.Any]
#: From when on a wipe counts; None where none does.
Since = datetime.datetime | None


@dataclasses.dataclass
class Wanted:
    """One device: what is said of it, and what has come of it. ``state`` is that of the action before."""

    serial_number: str
    key: str
    device_id: str | None
    row: Row | None = None
    state: str | None = None
    problem: str | None = None
    failure: Failure | None = None
    write: bulk.Write | None = None

    @property
    def outcome(self) -> str:
        if self.problem or self.failure:
            return bulk.SKIPPED
        return "unchanged" if self.write is None else self.write.outcome


@dataclasses.dataclass(frozen=True)
class Action:
    """What is done to each: how its record is read, whether that was done before, and the request that does it.

    ``noted`` is what the record has of the action, which is another one afterwards; ``undated`` whether it notes one
    of which nobody can tell whether it counts.
    """

    option: str
    where: str
    version: str
    fields: tuple[str, str]
    read: t.Callable[[Wanted], Item]
    state: t.Callable[[Row], str | None]
    done: t.Callable[[Row, Since], bool]
    write: t.Callable[[Wanted, dict], bulk.Write]
    noted: t.Callable[[Row], list[Row]] = lambda row: []
    undated: t.Callable[[Row, datetime.datetime], bool] = lambda row, since: False


def _read_record(one: Wanted) -> Item:
    return Item(
        "GET",
        odata.path("deviceManagement", "managedDevices", one.key),
        Purpose(f"look up the Intune record of {one.serial_number}", INTUNE_READ),
        {"$select": ",".join(RECORD)},
        kind=RECORD_KIND,
    )


def _wipe_state(row: Row) -> str | None:
    """The state of the newest wipe that Intune knows of the device; None where there was none."""
    wipes = _wipes(row)
    # Nobody says in which order they stand; of those without a date the last counts.
    newest: Row = max(reversed(wipes), key=lambda one: str(instant(one.get("startDateTime")) or ""), default={})
    return newest.get("actionState")


def _wipes(row: Row) -> list[Row]:
    return [one for one in row.get("deviceActionResults") or [] if _is_wipe(one)]


def _is_wipe(result: Row) -> bool:
    return str(result.get("actionName")).lower() in ("wipe", "factoryreset")


def _is_wiped(row: Row, since: Since) -> bool:
    """Whether the newest wipe is under way, or one that was asked for after ``since`` is done."""
    if _wipe_state(row) in UNDER_WAY:
        return True
    dates = [instant(one.get("startDateTime")) for one in _wipes(row) if one.get("actionState") == DONE]
    return since is not None and any(date is not None and date >= since for date in dates)


def _has_undated(row: Row, since: datetime.datetime) -> bool:
    """Whether one is done of which nobody can tell on which side of ``since`` it was asked for."""
    if _is_wiped(row, since):
        return False
    done = [one for one in _wipes(row) if one.get("actionState") == DONE and not instant(one.get("startDateTime"))]
    ended = [instant(one.get("lastUpdatedDateTime")) for one in done]
    return any(date is None or date >= since for date in ended)


def _wipe(one: Wanted, args: dict) -> bulk.Write:
    body = {"keepUserData": args["keep"] == "user_data", "keepEnrollmentData": args["keep"] == "enrollment"}
    item = Item(
        "POST",
        odata.path("deviceManagement", "managedDevices", one.key, "wipe"),
        Purpose(f"wipe the device {one.serial_number}", WIPE),
        body=body | ({"useProtectedWipe": True} if args["protected"] else {}),
    )
    what = f"device {one.serial_number}"
    kept = "protected" if args["protected"] else args["keep"]
    return bulk.Write(one.key, what, item, [(what, {"wipe": one.state}, {"wipe": "pending", "keep": kept})])


def _read_identity(one: Wanted) -> Item:
    return Item(
        "GET",
        odata.path("deviceManagement", "windowsAutopilotDeviceIdentities", one.key),
        Purpose(f"look up the Autopilot registration of {one.serial_number}", AUTOPILOT_READ),
        kind=IDENTITY_KIND,
    )


def _unblock(one: Wanted, _args: dict) -> bulk.Write:
    item = Item(
        "POST",
        odata.path("deviceManagement", "windowsAutopilotDeviceIdentities", one.key, "allowNextEnrollment"),
        Purpose(f"allow the next deployment of {one.serial_number}", UNBLOCK),
        # Twice allows no more than once.
        idempotent=True,
    )
    what = f"next deployment of {one.serial_number}"
    return bulk.Write(one.key, what, item, [(what, one.state, ALLOWED)])


def _status(row: Row) -> str | None:
    return row.get("userlessEnrollmentStatus")


ACTIONS = {
    "wipe": Action(
        "intune_device_id",
        "Intune",
        # Only the beta version has the protected wipe, and one object is never read in two versions.
        "beta",
        ("azureADDeviceId", "deviceName"),
        _read_record,
        _wipe_state,
        _is_wiped,
        _wipe,
        _wipes,
        _has_undated,
    ),
    "unblock": Action(
        "autopilot_id",
        "Windows Autopilot",
        "beta",
        ("azureActiveDirectoryDeviceId", "displayName"),
        _read_identity,
        _status,
        lambda row, _since: _status(row) == ALLOWED,
        _unblock,
    ),
}
