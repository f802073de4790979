# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant that knows of joined devices what directory_posture asks."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from .fake_graph import _page, guid
from .tenant_graph import TenantGraph

_SETTING = {
    "setting": "Windows10CompliancePolicy.BitLockerEnabled",
    "state": "nonCompliant",
    "currentValue": "false",
    "errorCode": -2016281112,
    "sources": [{"displayName": "A"}],
}
_STATE = {"displayName": "Windows", "state": "nonCompliant", "userId": guid("x"), "userPrincipalName": "System account"}
_OF_ADA = {"userId": guid("ada@contoso.com"), "userPrincipalName": "ada@contoso.com"}
#: Two rows of one policy, which share its id, and the settings of both.
_STATES = [{"id": guid("state"), **_STATE}, {"id": guid("state"), **_STATE, **_OF_ADA}]
_SETTINGS = [{**_SETTING, "userPrincipalName": "System account"}, {**_SETTING, **_OF_ADA}]
_REPORT = {
    "TotalRowCount": 1,
    "Schema": [{"Column": name} for name in ("PolicyBaseTypeName", "PolicyName", "PolicyStatus", "UPN")],
    "Values": [["DeviceManagementConfigurationPolicy", "Catalog", 5, ""]],
}
_RESULT = {
    "displayName": "Compliant",
    "state": "enabled",
    "policyApplies": True,
    "analysisReasons": "notSet",
    "grantControls": {"operator": "OR", "builtInControls": ["compliantDevice"]},
}


class PostureGraph(TenantGraph):
    """Every device has ada for its primary user, and one policy of each kind that has failed."""

    def _routes(self) -> list[tuple[str, Callable]]:
        device = r"GET deviceManagement/managedDevices/[0-9a-f-]{36}"
        states = rf"{device}/device(?:CompliancePolicy|Configuration)States"
        person = {"id": guid("ada@contoso.com"), "userPrincipalName": "ada@contoso.com", "accountEnabled": True}
        domains = [{"id": "contoso.com", "authenticationType": "Managed"}]
        return [
            (f"{device}/users", lambda q, b: _page([person])),
            (states, lambda q, b: _page(_STATES)),
            (rf"{states}/[0-9a-f-]{{36}}/settingStates", lambda q, b: _page(_SETTINGS)),
            (
                "POST deviceManagement/reports/getConfigurationPoliciesReportForDevice",
                lambda q, b: httpx.Response(200, json=_REPORT),
            ),
            ("GET domains", lambda q, b: _page(domains)),
            ("POST identity/conditionalAccess/evaluate", lambda q, b: _page([_RESULT])),
            *super()._routes(),
        ]
