# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant from which devices are removed: Intune, Windows Autopilot and directory, and one run of the module."""

from __future__ import annotations

import dataclasses

import httpx
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.modules.device_removal import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.devices import removal

from .device_graph import DeviceGraph
from .fake_graph import _gone, error, guid


class TenantGraph(DeviceGraph):
    """Deletions in all places; ``linger``: so many looks still show what was deleted. Autopilot keeps its anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.linger, self._ghosts = 0, {}
        #: None: a tenant, or a cloud, that does not have the list.
        self.associated: list[dict] | None = []
        #: So many lists of Windows Autopilot still have what is not found by its id any more.
        self.listed = 0
        self._deleted: list[dict] = []
        self.keys: list[dict] = []
        self.laps: list[dict] = []

    def register(self, device: dict, serial: str = "SN1", **properties) -> dict:
        row = {
            "id": guid(f"autopilot {len(self.autopilot)}"),
            "serialNumber": serial,
            "azureActiveDirectoryDeviceId": device["deviceId"],
            **properties,
        }
        self.autopilot.append(row)
        device["physicalIds"] = [f"[ZTDID]:{row['id']}"]
        return row

    def full(self, name: str, **record) -> dict:
        """A device with an object in each place, and its record."""
        device = self.add(name)
        managed = self.enroll(device)
        registered = self.register(device, serial=f"SN-{name}")
        return {
            "device_id": device["deviceId"],
            "intune_device_id": managed["id"],
            "autopilot_id": registered["id"],
            "serial_number": f"SN-{name}",
            "outcome": "disconnected",
            **record,
        }

    def associate(self, serial: str, **properties) -> dict:
        row = {
            "id": guid(f"association {serial} {len(self.associated or ())}"),
            "serialNumber": serial,
            "smbiosUuid": guid(f"smbios {serial}"),
            "associationState": "preassociated",
            **properties,
        }
        assert self.associated is not None
        self.associated.append(row)
        return row

    @property
    def places(self) -> list[str]:
        return [path.split("/")[-2] for _method, path, _body in self.writes]

    def _routes(self):
        one = r"([0-9a-f-]{36})"
        routes = []
        for path, rows in (
            ("deviceManagement/managedDevices", self.managed),
            ("deviceManagement/windowsAutopilotDeviceIdentities", self.autopilot),
        ):
            routes += [
                (f"GET {path}/{one}", lambda q, b, i, rows=rows: self._look(i, rows)),
                (f"DELETE {path}/{one}", lambda q, b, i, rows=rows: self._forget(i, rows)),
            ]
        associated = "deviceManagement/tenantAssociatedDevices"
        if self.associated is not None:
            routes += [
                (f"GET {associated}", lambda q, b: self._paged(self.associated, q, "x")),
                (f"GET {associated}/{one}", lambda q, b, i: self._look(i, self.associated)),
                (f"DELETE {associated}/{one}", lambda q, b, i: self._end(i)),
            ]
        identities = "deviceManagement/windowsAutopilotDeviceIdentities"
        return [
            *routes,
            (f"POST {identities}/{one}/unassignUserFromDevice", lambda q, b, i: self._unassign_user(i)),
            (f"POST {identities}/{one}/allowNextEnrollment", lambda q, b, i: self._allow(i)),
            (f"POST deviceManagement/managedDevices/{one}/wipe", lambda q, b, i: self._wipe(i)),
            (f"GET {identities}", lambda q, b: self._paged(self._registrations(), q, "x")),
            (f"GET devices/{one}", lambda q, b, i: self._look(i, self.devices.values())),
            ("GET informationProtection/bitlocker/recoveryKeys", lambda q, b: self._paged(self.keys, q, "x")),
            ("GET directory/deviceLocalCredentials", lambda q, b: self._paged(self.laps, q, "x")),
            *super()._routes(),
        ]

    def _look(self, identity, rows) -> httpx.Response:
        if self._ghosts.get(identity, 0) > 0:
            self._ghosts[identity] -= 1
            return httpx.Response(200, json={"id": identity})
        found = next((row for row in rows if row["id"] == identity), None)
        return httpx.Response(200, json=found) if found else error(404, "ResourceNotFound")

    def _end(self, identity) -> httpx.Response:
        """An associated device clears its mark first."""
        found = next((row for row in self.associated if row["id"] == identity), None)
        if found and found["associationState"] == "preassociated":
            return self._forget(identity, self.associated)
        if found:
            found["associationState"] = "pendingRemoval"
        return _gone(found)

    def _allow(self, identity) -> httpx.Response:
        [row] = [row for row in self.autopilot if row["id"] == identity]
        row["userlessEnrollmentStatus"] = "allowed"
        return httpx.Response(204)

    def _wipe(self, identity) -> httpx.Response:
        [row] = [row for row in self.managed if row["id"] == identity]
        row["deviceActionResults"] = [{"actionName": "wipe", "actionState": "pending"}]
        return httpx.Response(204)

    def _unassign_user(self, identity) -> httpx.Response:
        found = next((row for row in self.autopilot if row["id"] == identity), None)
        if found:
            found["userPrincipalName"] = ""
        return _gone(found)

    def _registrations(self) -> list[dict]:
        self.listed = max(0, self.listed - 1) if self._deleted else self.listed
        return self.autopilot + (self._deleted if self.listed else [])

    def _forget(self, identity, rows) -> httpx.Response:
        found = [row for row in rows if row["id"] == identity]
        for row in found:
            rows.remove(row)
            self._deleted += [row] if rows is self.autopilot else []
            self._ghosts[identity] = self.linger
        return _gone(found)

    def _delete_device(self, query, body, identity) -> httpx.Response:
        device = self.devices.get(identity)
        registered = {row["azureActiveDirectoryDeviceId"] for row in self.autopilot}
        ghosts = any(left > 0 for left in self._ghosts.values())
        if device and (device["deviceId"] in registered or ghosts):
            return error(403, "Authorization_RequestDenied")
        return super()._delete_device(query, body, identity)


def run(bench, records, check_mode=False, limit=300, tenant_id=None, **options):
    checked = ArgumentSpecValidator(ARGUMENT_SPEC).validate({"devices": records, **options})
    assert not checked.error_messages
    if tenant_id is not None:
        bench.settings = dataclasses.replace(bench.settings, tenant_id=tenant_id)
    return bench.run(removal.remove, checked.validated_parameters, check_mode, limit)


def outcomes(device):
    return [device[place] and device[place]["outcome"] for place in ("intune", "autopilot", "directory")]


def association_of(device):
    return device["association"] and device["association"]["outcome"]


def nothing_left(graph) -> bool:
    return not (graph.managed or graph.autopilot or graph.devices)
