# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Intune and Entra know of a device of the lab after its join: option ``record``, beside its own state."""

from __future__ import annotations

import typing as t

from ..tenant import Tenant, posture
from . import joinstate


def keep(device, tenant: Tenant, entry: dict[str, t.Any]) -> None:
    """What Intune and Entra know of a device of the lab, beside its own state after the join.

    Entra holds the keys of the recovery passwords that the device has, by the ids of their protectors, unless ``keys``
    names others. ``gone``: Intune has forgotten it, and the device does not know.
    """
    join = joinstate.read(device)
    if join is None:
        raise ValueError(f"{device.name} has a record and is not joined")
    found = tenant.device(join.device_id) or {"deviceId": join.device_id, "displayName": device.hostname}
    if entry.get("gone"):
        for identity in [key for key, row in tenant.managed_devices.items() if posture.is_of(row, found)]:
            del tenant.managed_devices[identity]
    else:
        system = next((volume for volume in device.volumes if volume.system), None)
        entry = {"encrypted": system is not None and system.conversion == "encrypted", **entry}
        posture.manage(tenant, found, {"keys": [], **entry}, device.utc())
    if "keys" not in entry:
        for volume in device.volumes:
            for protector in volume.protectors:
                if protector.type == "RecoveryPassword":
                    kind = "operatingSystemVolume" if volume.system else "fixedDataVolume"
                    posture.add_key(tenant, found, kind, 0, device.utc(), protector.id.strip("{}").lower())
    if "mdm_app" in entry:
        found["mdmAppId"] = entry["mdm_app"]
