# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tenant says after a join, as a careful client asks: states of policies, their report, domains, What If."""

from __future__ import annotations

import json

from tests.integration.graph_client import BareGraph

#: Options of a tenant whose device object PC-STATES has states of policies.
MANAGED = {
    "PC-STATES": {
        "compliance": "noncompliant",
        "policies": [
            {
                "name": "Windows",
                "state": "nonCompliant",
                "settings": [{"setting": "Windows10CompliancePolicy.BitLockerEnabled", "code": -2016281112}],
            }
        ],
        "configurations": [
            {
                "name": "Desktop",
                "state": "conflict",
                "settings": [{"setting": "Windows10General.Wallpaper", "state": "conflict", "sources": ["A", "B"]}],
            }
        ],
        "report": [{"id": "1", "name": "Catalog", "status": 5, "user": ""}],
    }
}
EVALUATE = "/identity/conditionalAccess/evaluate"


def ask(app: BareGraph, user: str) -> None:
    rows = app.get("/deviceManagement/managedDevices?$filter=deviceName eq 'PC-STATES'")["value"]
    device = f"/deviceManagement/managedDevices/{rows[0]['id']}"
    for version in ("v1.0", "beta"):
        for kind in ("deviceCompliancePolicyStates", "deviceConfigurationStates"):
            [*_built_in, state] = app.get(f"{device}/{kind}", version)["value"]
            [setting] = app.get(f"{device}/{kind}/{state['id']}/settingStates", version)["value"]
            assert state["settingStates"] == [] and setting["settingName"] is None
        names = [row["id"] for row in app.get("/domains", version)["value"]]
        assert app.get(f"/domains/{names[0]}", version)["authenticationType"] == "Managed"
    path = "/deviceManagement/reports/getConfigurationPoliciesReportForDevice"
    body = {"select": ["PolicyName", "PolicyStatus"], "filter": f"(IntuneDeviceId eq '{rows[0]['id']}')", "top": 50}
    report = app.call("POST", path, body, version="beta")  # a file
    assert json.loads(report.body)["Values"] == [["Catalog", 5]]
    assert app.call("POST", path, {**body, "filter": ""}, version="beta").status == 400
    question = {
        "signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": user},
        "signInContext": {"@odata.type": "#microsoft.graph.userActionContext", "userAction": "registerOrJoinDevices"},
        "signInConditions": {"devicePlatform": "windows", "deviceInfo": {"isCompliant": False}},
        "appliedPoliciesOnly": False,
    }
    answer = app.call("POST", EVALUATE, question)
    assert answer.status == 200 and {row["policyApplies"] for row in answer.body["value"]} <= {True, False}
