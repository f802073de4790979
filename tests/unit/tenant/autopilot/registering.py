# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""autopilot_device over the lab's Windows Autopilot in one process."""

from __future__ import annotations

import functools
import typing as t

import pytest

from ansible_collections.winops.entra.plugins.doc_fragments.approval import APPROVAL_SPEC
from ansible_collections.winops.entra.plugins.modules.autopilot_device import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.autopilot import devices, sync
from tests.lab import hardware_hash
from tests.lab.tenant import licences, objects

from ..lab_bench import LabBench

DOMAIN = "contoso.example"


@functools.cache
def hash_of(serial: str) -> str:
    return hardware_hash.make(serial)


def device(serial: str, **given: t.Any) -> dict[str, t.Any]:
    """An entry with everything that an import needs."""
    return {"serial_number": serial, "hardware_hash": hash_of(serial), **given}


class Registering(LabBench):
    """The tenant has Ada and Bob, who are licensed, Dan, who is disabled, Una without a licence, and Gus, a guest."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("ada", "bob", "dan", "una", "gus"):
            user = self.tenant.add_user(f"{name}@{DOMAIN}", name.title(), userType="Member")
            if name != "una":
                licences.assign(self.tenant, user, "m365_e3", "2026-01-01T00:00:00Z")
            user["accountEnabled"] = name != "dan"
            user["userType"] = "Guest" if name == "gus" else "Member"

    @property
    def tenant(self) -> t.Any:
        return self.lab.tenant

    def keep_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sync, "now", self.lab.clock.utc)

    def pass_time(self, seconds: float) -> None:
        self._sleep(seconds)

    def register(self, *entries: dict[str, t.Any], check_mode: bool = False, **options: t.Any) -> dict[str, t.Any]:
        given = {"devices": list(entries), **options} if entries else options
        return self.run(devices.ensure, {**APPROVAL_SPEC, **ARGUMENT_SPEC}, given, check_mode)

    def known(self, serial: str, **properties: t.Any) -> dict[str, t.Any]:
        """A registration that is there already."""
        found = objects.add_autopilot(self.tenant, serial, self.lab.clock.utc())
        found.update(properties)
        return found

    def registration(self, serial: str) -> dict[str, t.Any]:
        [found] = [row for row in self.tenant.autopilot_devices.values() if row["serialNumber"] == serial]
        return found

    @property
    def imported(self) -> dict[str, int]:
        """How often each serial number was imported."""
        return self.tenant.autopilot_service.get("imported", {})

    @property
    def writes(self) -> list[str]:
        """METHOD and path of what was sent to change something, batches unpacked."""
        found = []
        for label, body in zip(self.exchanges, self.bodies):
            if label == "POST /$batch":
                found += [f"{item['method']} {item['url']}" for item in body["requests"]]
            else:
                found.append(label)
        return [label for label in found if not label.startswith("GET ")]


def outcomes(result: dict[str, t.Any]) -> list[str]:
    return [one["outcome"] for one in result["devices"]]


def names(result: dict[str, t.Any]) -> list[str | None]:
    """The names of the devices' errors."""
    return [one["error"] and one["error"]["name"] for one in result["devices"]]
