# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/troubleshootingEvents: enrollments that Intune refused.

Microsoft Graph reference, "enrollmentTroubleshootingEvent". Which filters Intune looks at is not published: it
disregards any here, as it does for devices with those that it does not know.
"""

from __future__ import annotations

from ...tenant import logs
from ..answers import Answer, Call, intune_error
from ..filter import Node
from ..query import Kind, collection, entity
from ..routing import route

READ = "DeviceManagementManagedDevices.Read.All DeviceManagementManagedDevices.ReadWrite.All"


def _disregard(call: Call, node: Node) -> Node:
    return ("true",)


EVENT = Kind("enrollmentTroubleshootingEvent", pages=(1000, 1000), rewrite=_disregard)


@route("GET", "/deviceManagement/troubleshootingEvents", READ)
def list_events(call: Call) -> Answer:
    return collection(call, EVENT, _shown(call))


@route("GET", "/deviceManagement/troubleshootingEvents/{id}", READ)
def read(call: Call) -> Answer:
    found = next((row for row in _shown(call) if row["id"] == call.params["id"].lower()), None)
    if found is None:
        raise intune_error(404, "ResourceNotFound", "Event not found", "/".join(call.path))
    return entity(call, EVENT, found)


def _shown(call: Call) -> list[dict]:
    rows = call.side.tenant.logs.shown(logs.ENROLLMENTS, call.side.clock.elapsed())
    return [{"@odata.type": "#microsoft.graph.enrollmentTroubleshootingEvent", **row} for row in rows]
