# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a careful client does with deployment profiles, enrollment status pages, apps and approvals of the lab's Graph:
each of their routes is asked."""

from __future__ import annotations

import base64
import typing as t

from tests.integration.graph_client import BareGraph

PROFILES = "/deviceManagement/windowsAutopilotDeploymentProfiles"
PAGES = "/deviceManagement/deviceEnrollmentConfigurations"
APPS = "/deviceAppManagement/mobileApps"
REQUESTS = "/deviceManagement/operationApprovalRequests"
TYPE = "#microsoft.graph."
ENTRA, PAGE = TYPE + "azureADWindowsAutopilotDeploymentProfile", TYPE + "windows10EnrollmentCompletionPageConfiguration"


def ask(app: BareGraph, group: str, control: t.Callable[[str, dict], t.Any]) -> None:
    """``group`` is the id of some group, ``control`` posts to the lab's control API."""
    _apps(app)
    _profiles(app, group)
    _pages(app, group)
    _approvals(app, control)


def _apps(app: BareGraph) -> None:
    rows = list(app.pages(APPS + "?$select=id,displayName", "beta"))
    assert len(rows) == 61 and {row["@odata.type"] for row in rows} == {TYPE + "win32LobApp", TYPE + "winGetApp"}
    assert app.get(f"{APPS}/{rows[0]['id']}", "beta")["displayName"] == rows[0]["displayName"]
    assert app.call("GET", f"{APPS}/none", version="beta").status == 404


def _profiles(app: BareGraph, group: str) -> None:
    experience = {"deviceUsageType": "singleUser", "userType": "standard", "escapeLinkHidden": True}
    body = {"@odata.type": ENTRA, "displayName": "Office", "outOfBoxExperienceSetting": experience, "locale": ""}
    made = app.call("POST", PROFILES, body, version="beta")
    assert made.status == 201 and made.body["locale"] == "os-default"
    path = f"{PROFILES}/{made.body['id']}"
    changed = app.call("PATCH", path, {"@odata.type": ENTRA, "preprovisioningAllowed": True}, version="beta")
    assert changed.status == 200 and app.get(path, "beta")["enableWhiteGlove"] is True
    for odd in ({"displayName": "a (b)"}, {"deviceNameTemplate": "A" * 16}):
        assert app.call("PATCH", path, {"@odata.type": ENTRA, **odd}, version="beta").status == 400
    target = {"target": {"@odata.type": TYPE + "groupAssignmentTarget", "groupId": group}}
    assigned = app.call("POST", path + "/assignments", target, version="beta")
    assert assigned.status == 201 and app.call("DELETE", path, version="beta").status == 400
    assert app.get(PROFILES, "beta")["value"][0]["@odata.type"] == ENTRA
    [row] = app.get(path + "/assignments", "beta")["value"]
    assert row["target"] == target["target"]
    assert app.call("DELETE", f"{path}/assignments/{row['id']}", version="beta").status == 204
    assert app.call("DELETE", path, version="beta").status == 204


def _pages(app: BareGraph, group: str) -> None:
    body = {"@odata.type": PAGE, "displayName": "Office", "installQualityUpdates": False}
    first, second = (app.call("POST", PAGES, body, version="beta").body for _number in range(2))
    path = f"{PAGES}/{second['id']}"
    assert (first["priority"], second["priority"]) == (1, 2)
    assert app.call("PATCH", path, {**body, "installProgressTimeoutInMinutes": 90}, version="beta").status == 200
    assert app.call("POST", path + "/setPriority", {"priority": 2}, version="beta").status == 400
    assert app.call("POST", path + "/setPriority", {"priority": 1}, version="beta").status == 204
    assert app.get(path, "beta")["priority"] == 1 and app.get(path)["displayName"] == "Office"
    target = {"target": {"@odata.type": TYPE + "groupAssignmentTarget", "groupId": group}}
    assign = {"enrollmentConfigurationAssignments": [target]}
    assert app.call("POST", path + "/assign", assign, version="beta").status == 204
    [row] = app.get(path + "/assignments", "beta")["value"]
    assert row["target"] == target["target"]
    for one in (first, second):
        assert app.call("DELETE", f"{PAGES}/{one['id']}", version="beta").status == 204


def _approvals(app: BareGraph, control: t.Callable[[str, dict], t.Any]) -> None:
    control("/tenant/approvals", {"protect": ["tenantConfiguration"]})
    body = {"@odata.type": PAGE, "displayName": "Office", "installQualityUpdates": False}
    why = {"x_msft_approval_justification": base64.b64encode(b"a change").decode()}
    assert app.call("POST", PAGES, body, version="beta").status == 400
    filed = app.call("POST", PAGES, body, version="beta", **why)
    assert filed.status == 412
    code = filed.headers["x-msft-approval-code"]
    [row] = app.get(REQUESTS, "beta")["value"]
    assert (row["id"], row["status"]) == (code, "needsApproval")
    control("/tenant/approvals", {"decision": "approve"})
    assert app.get(f"{REQUESTS}/{code}", "beta")["status"] == "approved"
    made = app.call("POST", PAGES, body, version="beta", x_msft_approval_code=code)
    assert made.status == 201 and app.get(f"{REQUESTS}/{code}", "beta")["status"] == "completed"
    control("/tenant/approvals", {"protect": []})
    assert app.call("DELETE", f"{PAGES}/{made.body['id']}", version="beta").status == 204
