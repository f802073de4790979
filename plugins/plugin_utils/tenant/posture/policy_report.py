# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One page of Intune's report of the configuration policies of a device.

The report is an answer of its own form: names of columns, in any order, and rows of values, as a file; within a batch a
file is base64. Its states are the numbers of ``complianceStatus``.

Source: Microsoft Graph (beta), "deviceManagementReports: getConfigurationPoliciesReportForDevice", as public tools use
it; "complianceStatus enum type".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from ...untrusted import load_json
from ..graph.fields import ANY_LIST, LINE, NUMBER, Misfit, list_of, needed, object_of, or_null
from .state_rows import SYSTEM_ACCOUNT

COLUMNS = ("IntuneDeviceId", "PolicyBaseTypeName", "PolicyId", "PolicyName", "PolicyStatus", "UPN")
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
_DIGITS = re.compile(r"[0-9]{1,9}")
_line = or_null(LINE)


def report_kind(value: t.Any) -> dict[str, t.Any]:
    """A report, as an object or as base64 of its JSON: ``{"rows": [...], "total": rows on all pages, or None}``, each
    row as ``{policy, number, user, device, type, id}``."""
    if isinstance(value, str):
        try:
            value = load_json(base64.b64decode(value, validate=True).decode("utf-8-sig"))
        except (binascii.Error, ValueError):
            raise Misfit("is not a report") from None
    report = needed(_REPORT)(value)
    names = [column["Column"] for column in report["Schema"]]
    if not {"PolicyName", "PolicyStatus"} <= set(names):
        raise Misfit("has no columns PolicyName and PolicyStatus", ".Schema")
    if len(set(names)) < len(names):
        raise Misfit("has a column twice", ".Schema")
    rows = []
    for number, values in enumerate(report["Values"]):
        if len(values) != len(names):
            raise Misfit("has another number of values than the report has columns", f".Values[{number}]")
        rows.append(_row(dict(zip(names, values))))
    return {"rows": rows, "total": report.get("TotalRowCount")}


def _row(values: dict[str, t.Any]) -> dict[str, t.Any]:
    number = values["PolicyStatus"]
    if isinstance(number, str) and _DIGITS.fullmatch(number):
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise Misfit("is not a number", ".PolicyStatus")
    user = _line(values.get("UPN")) or None
    return {
        "policy": _line(values["PolicyName"]),
        "number": NUMBER(number),
        "user": None if user is not None and user.casefold() == SYSTEM_ACCOUNT else user,
        "device": _line(values.get("IntuneDeviceId")) or None,
        "type": _line(values.get("PolicyBaseTypeName")),
        "id": _line(values.get("PolicyId")),
    }
