# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's logs, as a careful client asks: over a time, five requests in ten seconds."""

from __future__ import annotations

import datetime

from tests.integration.graph_client import BareGraph

#: Options of a tenant: an entry in each log, and one of a package.
LOGS = {
    "lag": 0,
    "sign_ins": [
        {"user": "anna", "browser": "Edge 140.0", "error": 53000},
        {"user": "anna", "device": "PC-STATES", "mfa": True},
        {"package": "fleet"},
    ],
    "audits": [
        {"activity": "Delete device", "device": "OLD-1", "user": "admin"},
        {"activity": "Disable account", "on_user": "bruno", "by": "Somebody's application"},
    ],
    "enrollment_failures": [
        {"user": "anna", "device": "PC-STATES", "category": "userValidation", "reason": "UserNotLicensed"}
    ],
}
EVENTS = "/deviceManagement/troubleshootingEvents"


def ask(app: BareGraph) -> None:
    """Reads every log in both versions. The lab's clock is fast enough for its limit not to be met between them."""
    since = f"{datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=4):%Y-%m-%dT%H:%M:%SZ}"
    for version in ("v1.0", "beta"):
        rows = _get(app, f"/auditLogs/signIns?$filter=createdDateTime ge {since}&$top=50", version)["value"]
        assert [row["isInteractive"] for row in rows] == [True, True]
        assert _get(app, f"/auditLogs/signIns/{rows[0]['id']}", version)["id"] == rows[0]["id"]
        audits = _get(app, f"/auditLogs/directoryAudits?$filter=activityDateTime ge {since}", version)["value"]
        assert {"Delete device", "Disable account"} <= {row["activityDisplayName"] for row in audits}
        assert _get(app, f"/auditLogs/directoryAudits/{audits[0]['id']}", version)["id"] == audits[0]["id"]
        [event] = app.get(EVENTS, version)["value"]
        assert app.get(f"{EVENTS}/{event['id']}", version)["failureCategory"] == "userValidation"
    clause = f"createdDateTime ge {since} and signInEventTypes/any(t:t eq 'nonInteractiveUser')"
    [package] = _get(app, f"/auditLogs/signIns?$filter={clause}", "beta")["value"]
    assert package["userPrincipalName"].startswith("package_") and package["status"]["errorCode"] == 0


def _get(app: BareGraph, path: str, version: str) -> dict:
    """What a log answers, in its turn."""
    for _turn in range(200):
        reply = app.call("GET", path, version=version)
        if reply.status != 429:
            break
    assert reply.status == 200, (path, reply)
    return reply.body
