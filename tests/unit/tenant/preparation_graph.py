# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant with device preparation policies, into which DeviceLinks are imported."""

from __future__ import annotations

from tests.lab.device import device_link

from .fake_graph import _page, error, guid
from .tenant_graph import TenantGraph

IMPORT = "importTenantAssociatedDevice"


class PreparationGraph(TenantGraph):
    """Imports as the service does them; policies by name."""

    def __init__(self) -> None:
        super().__init__()
        self.prepared: list[dict] = []
        self.elsewhere: set[str] = set()

    def prepare(self, name: str, family: str = "enrollmentConfiguration") -> dict:
        row = {
            "id": guid(f"{name} {len(self.prepared)}"),
            "name": name,
            "templateReference": {"templateFamily": family},
        }
        row |= {"settings": [], "assignments": []}
        self.prepared.append(row)
        return row

    def _routes(self):
        path = "deviceManagement/tenantAssociatedDevices"
        return [
            ("GET deviceManagement/configurationPolicies", lambda q, b: _page(self.prepared)),
            (f"POST {path}/{IMPORT}", lambda q, b: self._import(b)),
            (rf"PATCH {path}/([0-9a-f-]{{36}})", lambda q, b, identity: self._bind(identity, b)),
            *super()._routes(),
        ]

    def _import(self, body):
        info = device_link.read(body["deviceLink"])
        serials = {row["serialNumber"] for row in self.associated} | self.elsewhere
        if info["SerialNumber"] in serials:
            return error(409, "Conflict", "Already there.")
        row = self.associate(
            info["SerialNumber"],
            smbiosUuid=info["SmbiosUuid"],
            devicePreparationPolicyId=body.get("devicePreparationPolicyId"),
        )
        return error(201, "") if row is None else _page([row])

    def _bind(self, identity, body):
        next(row for row in self.associated if row["id"] == identity).update(body)
        return _page([])
