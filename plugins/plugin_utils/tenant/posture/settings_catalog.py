# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration policies of a device by Intune's report, which is the one place that has the settings catalog,
baselines and endpoint security: asked for by pages, and judged.

Source: Microsoft Graph (beta), "deviceManagementReports: getConfigurationPoliciesReportForDevice", as public tools use
it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ...findings import FAIL, PASS, UNKNOWN
from ..devices.unread import filter_ignored
from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Purpose, unreadable
from ..graph.failures import RequestFailure
from .findings import said
from .policy_report import COLUMNS, STATUS_NUMBERS, report_kind
from .policy_states import READ_STATES
from .run import Looked, Run
from .state_rows import FAILED_STATES, some_of

_PATH = "/deviceManagement/reports/getConfigurationPoliciesReportForDevice"
CONFIGURATION = "Microsoft.Management.Services.Api.DeviceConfiguration"
_KINDS = (
    CONFIGURATION,
    "DeviceManagementConfigurationPolicy",
    "DeviceConfigurationAdmxPolicy",
    "Microsoft.Management.Services.Api.DeviceManagementIntent",
)
#: Rows that are asked for at once; the service may give fewer, and the next page begins behind those that came.
_PAGE = 50
#: More policies than one device has: a report with more rows is not read to its end, and unknown.
_MOST_ROWS = 500
_WHAT = "the reports of configuration policies"
_ONE = "its report of configuration policies"

Rows = list[dict[str, t.Any]]


def ask(run: Run) -> None:
    """Fill ``settings_catalog`` of every device that Intune has."""
    for device in run.devices:
        device.shown["settings_catalog"] = None
    for device, came in read(run):
        if isinstance(came, RequestFailure):
            run.not_known(device, "settings_catalog", _ONE, came)
        else:
            _judge(device, came)


def read(run: Run) -> list[tuple[Looked, Rows | RequestFailure]]:
    """The rows ``{policy, number, user, ...}`` of each device that Intune has, of all pages."""
    found: dict[str, Rows | RequestFailure] = {device.device_id: [] for device in run.managed}
    asked = [(device, t.cast("Rows", found[device.device_id])) for device in run.managed]
    while asked:
        items = [_item(device, len(rows)) for device, rows in asked]
        again = []
        for (device, rows), item, came in zip(asked, items, run.bodies("settings_catalog", _WHAT, items, "beta")):
            failure = came if isinstance(came, RequestFailure) else _odd(device, item, came, rows)
            if failure is not None:
                found[device.device_id] = failure
                continue
            rows += t.cast("dict[str, t.Any]", came)["rows"]
            if _has_more(came, len(rows)):
                again.append((device, rows))
        asked = again
    return [(device, found[device.device_id]) for device in run.managed]


def _has_more(came: t.Any, have: int) -> bool:
    """Whether there is another page. A report that does not say how many rows it has ends with an empty one."""
    total = came["total"]
    return bool(came["rows"]) if total is None else total > have


def _odd(device: Looked, item: Item, came: t.Any, before: Rows) -> RequestFailure | None:
    """Why a page is none of this device's report, or not the next one."""
    rows = came["rows"]
    if any((row["device"] or device.record_id).lower() != device.record_id.lower() for row in rows):
        return filter_ignored(device.device_id)
    if not rows and _has_more(came, len(before)):
        return unreadable(item.purpose, "the report does not have all rows")
    if rows and rows == before[-len(rows) :]:
        return unreadable(item.purpose, "the report gives the same page again")
    if len(before) + len(rows) > _MOST_ROWS:
        return unreadable(item.purpose, f"the report has more than {_MOST_ROWS} rows")
    return None


def _item(device: Looked, skip: int) -> Item:
    kinds = " or ".join(f"({odata.equals('PolicyBaseTypeName', kind)})" for kind in _KINDS)
    identity = odata.equals("IntuneDeviceId", device.record_id)
    return Item(
        "POST",
        _PATH,
        Purpose(f"read the report of configuration policies of {device.subject}", READ_STATES),
        body={"select": list(COLUMNS), "filter": f"({kinds}) and ({identity})", "skip": skip, "top": _PAGE},
        reads=True,
        kind=report_kind,
    )


def _shown_already(device: Looked, row: dict[str, t.Any]) -> bool:
    """Whether a device configuration has its finding in ``configuration``, with its settings."""
    failed = device.shown.get("configuration") or []
    return row["type"] == CONFIGURATION and any(one["policy"] == row["policy"] for one in failed)


def _judge(device: Looked, rows: Rows) -> None:
    told = [
        {
            "policy": row["policy"],
            "state": STATUS_NUMBERS.get(row["number"], "unknown"),
            "number": row["number"],
            "user": row["user"],
        }
        for row in rows
        if not _shown_already(device, row)
    ]
    odd = [row for row in told if row["number"] not in STATUS_NUMBERS]
    silent = [row for row in told if row["number"] == 0]
    failed = [row for row in told if row["state"] in FAILED_STATES]
    device.shown["settings_catalog"] = [*failed, *odd]
    for row in failed:
        whose = f", judged for {row['user']}" if row["user"] else ""
        device.say(
            said(
                "settings_catalog",
                FAIL,
                f"{row['policy'] or 'a policy without a name'}{whose}: {row['state']}",
                "the device is not configured as it should be",
                "look at the settings of the policy for this device in the Intune admin center",
            )
        )
    for row in odd:
        device.say(
            said(
                "settings_catalog",
                UNKNOWN,
                f"{row['policy'] or 'a policy without a name'}: the report has the number {row['number']}",
                "what it means is not known",
                "look at the policy for this device in the Intune admin center",
            )
        )
    if silent:
        names = some_of([row["policy"] or "a policy without a name" for row in silent])
        device.say(
            said(
                "settings_catalog",
                UNKNOWN,
                f"policies of the report without a verdict: {names}",
                "the device has not reported on them yet",
                "sync the device, and look again",
                "device",
            )
        )
    if not failed and not odd and not silent:
        device.say(said("settings_catalog", PASS, "no policy of the report has failed"))
