# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A FakeGraph with devices as the directory, Intune and Windows Autopilot have them."""

from __future__ import annotations

import datetime
import re

import httpx

from .fake_graph import ROOT, Bench, FakeGraph, _gone, _patch, error, guid

NOW = datetime.datetime.now(datetime.timezone.utc)


def days_ago(days: float) -> str:
    return f"{NOW - datetime.timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


class DeviceGraph(FakeGraph):
    """``page`` is the largest page. ``ignore_filters``: Intune answers every question with all of its devices.
    ``late``: so many lists of devices still show the state before the first write."""

    def __init__(self) -> None:
        super().__init__()
        self.managed: list[dict] = []
        self.autopilot: list[dict] = []
        self.events: list[dict] = []
        self.owners: dict[str, list[str]] = {}
        self.page, self.ignore_filters, self.late = 999, False, 0
        self._before: dict[str, dict] | None = None

    def add(self, name: str, key: str | None = None, **properties) -> dict:
        device = {
            "id": guid(f"object {key or name}"),
            "deviceId": guid(f"device {key or name}"),
            "displayName": name,
            "accountEnabled": True,
            "trustType": "AzureAd",
            "approximateLastSignInDateTime": days_ago(1),
            "registrationDateTime": days_ago(400),
            "isCompliant": None,
            "isManaged": None,
            "physicalIds": [],
            "extensionAttributes": None,
            "operatingSystem": "Windows",
            **properties,
        }
        self.devices[device["id"]] = device
        return device

    def enroll(self, device: dict, **properties) -> dict:
        row = {
            "id": guid(f"intune {len(self.managed)}"),
            "azureADDeviceId": device["deviceId"].upper(),
            "deviceName": device["displayName"],
            "complianceState": "compliant",
            "lastSyncDateTime": days_ago(1),
            "enrolledDateTime": "0001-01-01T00:00:00Z",
            "userPrincipalName": "",
            **properties,
        }
        self.managed.append(row)
        return row

    @property
    def batches(self) -> list[list[dict]]:
        return [body["requests"] for _method, path, body in self.requests if path == "/$batch"]

    def _routes(self):
        one = r"([0-9a-f-]{36})"
        return [
            ("GET devices", self._list_devices),
            (f"PATCH devices/{one}", self._patch_device),
            (f"DELETE devices/{one}", self._delete_device),
            ("GET users/([^/]+)/ownedDevices/microsoft.graph.device", self._owned),
            ("GET deviceManagement/managedDevices", self._managed),
            (f"GET deviceManagement/managedDevices/{one}", self._managed_device),
            (
                "GET deviceManagement/windowsAutopilotDeviceIdentities",
                lambda q, b: self._paged(self.autopilot, q, "autopilot"),
            ),
            ("GET deviceManagement/autopilotEvents", lambda q, b: self._paged(self.events, q, "events")),
            *super()._routes(),
        ]

    def _list_devices(self, query, body) -> httpx.Response:
        rows = list(self.devices.values())
        if self.late > 0 and self._before is not None:
            self.late -= 1
            rows = list(self._before.values())
        text = query.get("$filter")
        if text and re.search(r"\b(id|deviceId|displayName) eq ", text):
            clauses = re.findall(r"(id|deviceId|displayName) eq '((?:[^']|'')*)'(?: or |$)", text)
            if not clauses or len(clauses) > 15 or " or ".join(f"{n} eq '{v}'" for n, v in clauses) != text:
                return error(400, "BadRequest", f"Invalid filter clause: {text}")
            rows = [
                row
                for row in rows
                if any(row[name].casefold() == value.replace("''", "'").casefold() for name, value in clauses)
            ]
        return self._paged(rows, query, "devices")

    def _patch_device(self, query, body, identity) -> httpx.Response:
        if identity not in self.devices:
            return error(404, "Request_ResourceNotFound")
        self._remember()
        row = self.devices[identity]
        tags = {**(row["extensionAttributes"] or {}), **body.get("extensionAttributes", {})}
        return _patch(row, {**body, "extensionAttributes": tags or None})

    def _delete_device(self, query, body, identity) -> httpx.Response:
        self._remember()
        return _gone(self.devices.pop(identity, None))

    def _remember(self) -> None:
        if self._before is None:
            self._before = {identity: dict(row) for identity, row in self.devices.items()}

    def _owned(self, query, body, user) -> httpx.Response:
        if user not in self.owners:
            return error(404, "Request_ResourceNotFound")
        return self._paged([self.devices[identity] for identity in self.owners[user]], query, "owned")

    def _managed(self, query, body) -> httpx.Response:
        rows, text = self.managed, query.get("$filter")
        if text and not self.ignore_filters:
            name, wanted = re.fullmatch(r"(azureADDeviceId|serialNumber) eq '([^']*)'", text).groups()
            rows = [row for row in rows if str(row.get(name)).lower() == wanted.lower()]
        return self._paged(rows, query, "managed")

    def _managed_device(self, query, body, identity) -> httpx.Response:
        found = next((row for row in self.managed if row["id"] == identity), None)
        return httpx.Response(200, json=found) if found else error(404, "ResourceNotFound")

    def _paged(self, rows: list[dict], query: dict, where: str) -> httpx.Response:
        start, size = int(query.get("$skiptoken", 0)), min(self.page, int(query.get("$top", 100)))
        names = query["$select"].split(",") if "$select" in query else None
        part = [{name: row.get(name) for name in names} if names else row for row in rows[start : start + size]]
        answer: dict = {"value": part}
        if start + size < len(rows):
            path = {
                "devices": "devices",
                "autopilot": "deviceManagement/windowsAutopilotDeviceIdentities",
                "events": "deviceManagement/autopilotEvents",
                "managed": "deviceManagement/managedDevices",
                "owned": "users/ada@contoso.com/ownedDevices/microsoft.graph.device",
            }[where]
            rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "$skiptoken")
            version = "beta" if where in ("autopilot", "events") else "v1.0"
            answer["@odata.nextLink"] = f"{ROOT}/{version}/{path}?{rest}&$skiptoken={start + size}"
        return httpx.Response(200, json=answer)


class DeviceBench(Bench):
    graph: DeviceGraph

    def __init__(self) -> None:
        super().__init__()
        self.graph = DeviceGraph()
