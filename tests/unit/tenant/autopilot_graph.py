# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A FakeGraph whose Autopilot ends an import at the second look, and lists the device after a synchronization."""

from __future__ import annotations

import httpx

from .device_graph import DeviceGraph
from .fake_graph import _gone, error, guid

IDENTITIES = "deviceManagement/windowsAutopilotDeviceIdentities"
IMPORTS = "deviceManagement/importedWindowsAutopilotDeviceIdentities"
SETTINGS = "deviceManagement/windowsAutopilotSettings"


class AutopilotGraph(DeviceGraph):
    """``late``: registrations that are not listed yet."""

    def __init__(self) -> None:
        super().__init__()
        self.imports: dict[str, dict] = {}
        self.unlisted: list[dict] = []
        self.synced = 0

    def _routes(self):
        one = r"([0-9a-f-]{36})"
        return [
            (f"POST {IDENTITIES}/{one}/(updateDeviceProperties|unassignUserFromDevice)", self._change),
            (f"GET {IMPORTS}", lambda q, b: self._paged(list(self.imports.values()), q, "x")),
            (f"GET {IMPORTS}/{one}", lambda q, b, i: self._receipt(i)),
            (f"POST {IMPORTS}/import", self._take),
            (f"DELETE {IMPORTS}/{one}", lambda q, b, i: _gone(self.imports.pop(i, None))),
            (f"GET {SETTINGS}", lambda q, b: self._settings()),
            (f"POST {SETTINGS}/sync", lambda q, b: self._sync()),
            *super()._routes(),
        ]

    def _change(self, query, body, identity, action) -> httpx.Response:
        [row] = [row for row in self.autopilot if row["id"] == identity]
        names = ("userPrincipalName", "addressableUserName")
        row.update(dict.fromkeys(names, "") if action.startswith("unassign") else body)
        return httpx.Response(204)

    def _take(self, query, body) -> httpx.Response:
        made = []
        for one in body["importedWindowsAutopilotDeviceIdentities"]:
            row = {
                "id": guid(f"import {len(self.imports)}"),
                "serialNumber": one["serialNumber"],
                "hardwareIdentifier": None,
                "state": {"deviceImportStatus": "unknown", "deviceErrorCode": 0, "deviceErrorName": ""},
                "given": one,
            }
            self.imports[row["id"]] = row
            made.append(row)
        return httpx.Response(200, json={"value": made})

    def _receipt(self, identity) -> httpx.Response:
        row = self.imports.get(identity)
        if row is None:
            return error(404, "ResourceNotFound")
        before, given = row["state"]["deviceImportStatus"], row["given"]
        row["state"]["deviceImportStatus"] = {"unknown": "pending"}.get(before, "complete")
        if before == "pending":
            self.unlisted.append(
                {
                    "id": guid(f"registration {given['serialNumber']}"),
                    "serialNumber": given["serialNumber"],
                    "groupTag": given.get("groupTag", ""),
                    "userPrincipalName": given.get("assignedUserPrincipalName", ""),
                    "addressableUserName": "",
                    "displayName": "",
                    "azureActiveDirectoryDeviceId": guid(f"device {given['serialNumber']}"),
                    "managedDeviceId": "00000000-0000-0000-0000-000000000000",
                }
            )
        return httpx.Response(200, json=row)

    def _settings(self) -> httpx.Response:
        stamp = f"2026-01-0{1 + self.synced}T00:00:00Z"
        return httpx.Response(
            200,
            json={"syncStatus": "completed", "lastSyncDateTime": stamp, "lastManualSyncTriggerDateTime": stamp},
        )

    def _sync(self) -> httpx.Response:
        self.synced += 1
        self.autopilot.extend(self.unlisted)
        self.unlisted = []
        return httpx.Response(204)
