# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States of policies on managed devices, and Intune's report of them.

A list of states comes with empty ``settingStates``; the settings have a path of their own, by the policy's id, with
those of the user and of the System account together. The report is a file: JSON
as application/octet-stream, which a batch carries in base64. Microsoft publishes no permissions for these calls.
"""

from __future__ import annotations

import re

from ..answers import Answer, Call, intune_error
from ..query import Kind, Row, collection
from ..routing import route
from .intune import READ, find

_DEVICE = "/deviceManagement/managedDevices/{id}"
REPORT = "/deviceManagement/reports/getConfigurationPoliciesReportForDevice"
KINDS = {
    "deviceCompliancePolicyStates": (Kind("deviceCompliancePolicyState"), Kind("deviceCompliancePolicySettingState")),
    "deviceConfigurationStates": (Kind("deviceConfigurationState"), Kind("deviceConfigurationSettingState")),
}
_COLUMNS = {
    "IntuneDeviceId": ("device", "String"),
    "PolicyBaseTypeName": ("kind", "String"),
    "PolicyId": ("id", "String"),
    "PolicyName": ("name", "String"),
    "PolicyStatus": ("status", "Int32"),
    "UPN": ("user", "String"),
}
#: Rows of one answer, whatever was asked for.
_MOST = 50
_PERSON = ("userPrincipalName", "userId")
_ID = re.compile(r"\(IntuneDeviceId eq '([0-9a-fA-F-]{36})'\)")


@route("GET", _DEVICE + "/deviceCompliancePolicyStates", READ)
@route("GET", _DEVICE + "/deviceConfigurationStates", READ)
def list_states(call: Call) -> Answer:
    return collection(call, KINDS[call.path[-1]][0], _rows(call, call.path[-1]))


@route("GET", _DEVICE + "/deviceCompliancePolicyStates/{state}/settingStates", READ)
@route("GET", _DEVICE + "/deviceConfigurationStates/{state}/settingStates", READ)
def list_settings(call: Call) -> Answer:
    name = call.path[-3]
    found = [row for row in _rows(call, name) if row["id"] == call.params["state"].lower()]
    if not found:
        raise intune_error(404, "ResourceNotFound", "Policy state not found", "/".join(call.path))
    rows = [{**row, **{key: state[key] for key in _PERSON}} for state in found for row in state["rows"]]
    return collection(call, KINDS[name][1], rows)


@route("POST", REPORT, READ, versions=("beta",))
def report(call: Call) -> Answer:
    """Columns as selected; a filter must name the device, else there is nothing to report."""
    body = call.object_body()
    named = _ID.search(str(body.get("filter") or ""))
    columns = body.get("select") or list(_COLUMNS)
    if named is None or not set(columns) <= set(_COLUMNS):
        raise intune_error(400, "BadRequest", "The filter or the columns of the report are not valid.", call.path[-1])
    rows = call.side.tenant.policy_reports.get(named[1].lower(), [])
    skip, top = body.get("skip") or 0, body.get("top") or 50
    given = {"device": named[1].lower(), "kind": "DeviceManagementConfigurationPolicy"}
    top = min(top, _MOST)
    shown = [[{**given, **row}.get(_COLUMNS[name][0], "") for name in columns] for row in rows[skip : skip + top]]
    table = {
        "TotalRowCount": len(rows),
        "Schema": [{"Column": name, "PropertyType": _COLUMNS[name][1]} for name in columns],
        "Values": shown,
        "SessionId": "",
    }
    return Answer(200, table, {"Content-Type": "application/octet-stream"})


def _rows(call: Call, name: str) -> list[Row]:
    return call.side.tenant.policy_states.get(find(call)["id"], {}).get(name, [])
