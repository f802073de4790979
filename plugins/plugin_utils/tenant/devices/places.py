# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a tenant keeps objects of devices, and one such object that is to be removed.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from .. import bulk
from ..associations import records
from ..graph import odata
from ..graph.batch import BatchAnswer, Item
from ..graph.errors import Permissions, Purpose
from ..graph.fields import ID_ONLY
from . import look_up
from .intune import AUTOPILOT_READ, INTUNE_READ


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a tenant keeps objects of devices; ``name`` is the option that stands for it."""

    name: str
    what: str
    collection: tuple[str, ...]
    read: Permissions
    write: Permissions
    version: str = "v1.0"


AUTOPILOT_WRITE = Permissions.same("DeviceManagementServiceConfig.ReadWrite.All")
AUTOPILOT_PLACE, ASSOCIATION = "autopilot", "association"
#: In the order in which a device is removed from them: each look-up dies with the object of the next place.
PLACES = (
    Place(
        "intune",
        "Intune record",
        ("deviceManagement", "managedDevices"),
        INTUNE_READ,
        Permissions.same("DeviceManagementManagedDevices.ReadWrite.All"),
    ),
    Place(
        AUTOPILOT_PLACE,
        "Windows Autopilot registration",
        ("deviceManagement", "windowsAutopilotDeviceIdentities"),
        AUTOPILOT_READ,
        AUTOPILOT_WRITE,
    ),
    Place(
        ASSOCIATION,
        "device association",
        ("deviceManagement", "tenantAssociatedDevices"),
        records.ASSOCIATIONS_READ,
        records.WRITE,
        records.VERSION,
    ),
    Place("directory", "Entra device object", ("devices",), look_up.READ_DEVICES, look_up.WRITE_DEVICES),
)


@dataclasses.dataclass
class RemovalTarget:
    """One object to remove, the request that looks whether it is there, and the write that deletes it."""

    id: str
    what: str
    look: Item
    write: bulk.Write
    version: str = "v1.0"

    def is_gone(self, answer: BatchAnswer) -> bool:
        """Whether an answer to the look says so. An association that the device has to clear first stays, pending."""
        if answer.failure is not None:
            return answer.says_absent
        return self.version == records.VERSION and records.is_gone(answer.body)

    @classmethod
    def of(cls, place: Place, identity: str, label: str) -> RemovalTarget:
        what, path = f"{place.what} of {label}", odata.path(*place.collection, identity)
        purpose, associated = Purpose(f"look up the {what}", place.read), place.name == ASSOCIATION
        look = Item("GET", path, purpose, None if associated else {"$select": "id"}, kind=ID_ONLY)
        # Nobody has said what a second removal of an association does.
        item = Item("DELETE", path, Purpose(f"delete the {what}", place.write), once=associated)
        there = {"id": identity, "state": "present"}
        write = bulk.Write(identity, what, item, [(what, there, {**there, "state": "absent"})])
        return cls(identity, what, look, write, place.version)
