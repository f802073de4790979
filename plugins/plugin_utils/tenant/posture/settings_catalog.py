# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration policies of a device by Intune's report, which is the one place that has the settings catalog,
baselines and endpoint security.

The report is an answer of its own form: names of columns and rows of values, as a file; within a batch a file is
base64. Its states are the numbers of ``complianceStatus``.

Source: Microsoft Graph (beta), "deviceManagementReports: getConfigurationPoliciesReportForDevice", as public tools use
it; "complianceStatus enum type".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import binascii
import typing as t

from ...findings import FAIL, PASS, UNKNOWN
from ...untrusted import load_json
from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import ANY_LIST, LINE, NUMBER, Misfit, list_of, needed, object_of
from .findings import said
from .policy_states import FAILED_STATES, READ_STATES
from .run import Looked, Run

_PATH = "/deviceManagement/reports/getConfigurationPoliciesReportForDevice"
_COLUMNS = ("PolicyId", "PolicyName", "PolicyStatus", "UPN")
_KINDS = (
    "Microsoft.Management.Services.Api.DeviceConfiguration",
    "DeviceManagementConfigurationPolicy",
    "DeviceConfigurationAdmxPolicy",
    "Microsoft.Management.Services.Api.DeviceManagementIntent",
)
#: More policies than one device has; a report with more rows is not read to its end, and unknown.
_ROWS = 500
#: The numbers of ``complianceStatus``.
STATUS_NUMBERS = {
    0: "unknown",
    1: "notApplicable",
    2: "compliant",
    3: "remediated",
    4: "nonCompliant",
    5: "error",
    6: "conflict",
    255: "notAssigned",
}
_REPORT = object_of(
    {
        "TotalRowCount": NUMBER,
        "Schema": needed(list_of(object_of({"Column": needed(LINE)}))),
        "Values": needed(list_of(ANY_LIST)),
    }
)


def report_kind(value: t.Any) -> dict[str, t.Any]:
    """A report, as an object or as base64 of its JSON: ``{"rows": [{column: value}]}``."""
    if isinstance(value, str):
        try:
            value = load_json(base64.b64decode(value, validate=True).decode("utf-8-sig"))
        except (binascii.Error, ValueError):
            raise Misfit("is not a report") from None
    report = needed(_REPORT)(value)
    names = [column["Column"] for column in report["Schema"]]
    if not {"PolicyName", "PolicyStatus"} <= set(names):
        raise Misfit("has no columns PolicyName and PolicyStatus", ".Schema")
    if (report.get("TotalRowCount") or 0) > len(report["Values"]):
        raise Misfit("does not have all rows", ".Values")
    rows = []
    for number, values in enumerate(report["Values"]):
        if len(values) != len(names):
            raise Misfit("has another number of values than the report has columns", f".Values[{number}]")
        rows.append(_row(dict(zip(names, values))))
    return {"rows": rows}


def _row(values: dict[str, t.Any]) -> dict[str, t.Any]:
    number = values["PolicyStatus"]
    if isinstance(number, str) and number[:20].isdecimal() and number.isascii():
        number = int(number[:20])
    if isinstance(number, bool) or not isinstance(number, int):
        raise Misfit("is not a number", ".PolicyStatus")
    return {"policy": LINE(values["PolicyName"]), "number": NUMBER(number), "user": LINE(values.get("UPN")) or None}


def ask(run: Run) -> None:
    """Fill ``settings_catalog`` of every device that Intune has."""
    for device in run.devices:
        device.shown["settings_catalog"] = None
    for device, came in read(run):
        if isinstance(came, RequestFailure):
            run.not_known(device, "settings_catalog", "its report of configuration policies", came)
            continue
        _judge(device, came)


def read(run: Run) -> list[tuple[Looked, list[dict[str, t.Any]] | RequestFailure]]:
    """The rows ``{policy, number, user}`` of each device that Intune has."""
    asked = run.managed
    items = [_item(device) for device in asked]
    what = "the reports of configuration policies"
    came = run.bodies("settings_catalog", what, items, "beta")
    return [(one, body if isinstance(body, RequestFailure) else body["rows"]) for one, body in zip(asked, came)]


def _item(device: Looked) -> Item:
    kinds = " or ".join(f"({odata.equals('PolicyBaseTypeName', kind)})" for kind in _KINDS)
    identity = odata.equals("IntuneDeviceId", str(device.record and device.record["id"]))
    return Item(
        "POST",
        _PATH,
        Purpose(f"read the report of configuration policies of {device.subject}", READ_STATES),
        body={"select": list(_COLUMNS), "filter": f"({kinds}) and ({identity})", "skip": 0, "top": _ROWS},
        reads=True,
        kind=report_kind,
    )


def _judge(device: Looked, rows: list[dict[str, t.Any]]) -> None:
    told = [{**row, "state": STATUS_NUMBERS.get(row["number"], "unknown")} for row in rows]
    odd = [row for row in told if row["number"] not in STATUS_NUMBERS]
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
    if not failed and not odd:
        device.say(said("settings_catalog", PASS, "no policy of the report has failed"))
