# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/autopilotEvents: one row for each deployment, 50 on a page, in the beta version only."""

from __future__ import annotations

from ..answers import Answer, Call
from ..query import Kind, collection
from ..routing import route

READ = "DeviceManagementManagedDevices.Read.All DeviceManagementManagedDevices.ReadWrite.All"
EVENT = Kind("deviceManagementAutopilotEvent", pages=(50, 50))


@route("GET", "/deviceManagement/autopilotEvents", READ, versions=("beta",))
def list_events(call: Call) -> Answer:
    return collection(call, EVENT, call.side.tenant.autopilot_events.values())
