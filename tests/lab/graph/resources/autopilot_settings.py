# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/windowsAutopilotSettings: the last synchronization, and the next, at most one in ten minutes.

"windowsAutopilotSettings resource type" and "sync action" of the beta reference.
"""

from __future__ import annotations

from ...tenant import autopilot
from ..answers import Answer, Call, intune_error
from ..query import Kind, entity
from ..routing import route
from .autopilot import READ, WRITE

_ROOT = "/deviceManagement/windowsAutopilotSettings"
SETTINGS = Kind("windowsAutopilotSettings", pages=None)


@route("GET", _ROOT, READ, versions=("beta",))
def read(call: Call) -> Answer:
    tenant = call.side.tenant
    autopilot.proceed(call.side.directory, tenant)
    service = tenant.autopilot_service
    row = {
        "id": tenant.object_id("autopilot settings"),
        "syncStatus": "inProgress" if "sync_ends" in service else "completed",
        "lastSyncDateTime": service.get("last_sync", "0001-01-01T00:00:00Z"),
        "lastManualSyncTriggerDateTime": service.get("last_manual_sync", "0001-01-01T00:00:00Z"),
    }
    return entity(call, SETTINGS, row)


@route("POST", _ROOT + "/sync", WRITE, versions=("beta",))
def sync(call: Call) -> Answer:
    if not autopilot.may_sync(call.side.directory, call.side.tenant):
        raise intune_error(429, "TooManyRequests", "A sync was triggered in the last 10 minutes.", "/".join(call.path))
    autopilot.sync(call.side.directory, call.side.tenant)
    return Answer(204)
