# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Intune over time: records, syncs, policies, verdicts, Entra, of imagined devices and of real joins."""

from __future__ import annotations

import asyncio
import contextlib
import typing as t
from pathlib import Path

import pytest

from tests.lab.device.bitlocker import encryption
from tests.lab.device.joined_user import sign_in
from tests.lab.graph.service import Service
from tests.lab.tenant import arrival, arriving

from .graph_lab import GraphLab
from .world_lab import Lab

SECURE_BOOT = "Windows10CompliancePolicy.SecureBootEnabled"
POLICIES = [
    {"name": "Windows", "demands": [arrival.ENCRYPTED, SECURE_BOOT]},
    {"name": "Desktop", "kind": "configuration", "assigned": "users"},
    {"name": "Catalog", "kind": "catalog"},
    {"name": "Unused", "kind": "catalog", "assigned": "nobody"},
]


class Arrivals(GraphLab):
    def __init__(self, entry: dict[str, t.Any], policies: list[dict[str, t.Any]] | None = None, **more: t.Any) -> None:
        super().__init__()
        self.tenant.add_user("ada@contoso.example", "Ada")
        self.device("PC-1")
        arriving.shape(
            self.tenant,
            {"intune": {"policies": POLICIES if policies is None else policies, "arriving": {"PC-1": entry}, **more}},
            0.0,
        )

    def after(self, seconds: float) -> dict[str, t.Any]:
        """How the device stands so many seconds after the beginning."""
        self.clock._now = seconds
        self.records()
        return arriving.shown(self.tenant, seconds)["devices"]["PC-1"]

    def records(self) -> list[dict[str, t.Any]]:
        return self.get("/deviceManagement/managedDevices")["value"]

    def states(self, kind: str) -> list[tuple[str, str, str]]:
        path = f"/deviceManagement/managedDevices/{self.records()[0]['id']}/{kind}"
        rows = self.get(path, version="beta")["value"]
        return [(row["displayName"], row["userPrincipalName"], row["state"]) for row in rows]


def test_a_device_comes_step_by_step():
    lab = Arrivals({"after": 10.0, "user": "ada"})
    assert lab.after(29)["in_intune"] is False and lab.records() == []
    assert lab.after(30)["in_intune"] is True and lab.records()[0]["complianceState"] == "unknown"
    assert lab.states("deviceCompliancePolicyStates") == []
    lab.after(60)
    assert lab.states("deviceCompliancePolicyStates")[1] == ("Windows", "System account", "unknown")
    assert lab.records()[0]["lastSyncDateTime"] > lab.records()[0]["enrolledDateTime"]
    assert lab.after(89)["compliance"] == "unknown"
    found = lab.after(90)
    assert (found["compliance"], found["entra"], found["syncs"]) == ("compliant", None, 1)
    assert lab.after(210)["entra"] is True


def test_policies_of_users_come_when_one_has_signed_in():
    lab = Arrivals({"signs_in": {"user": "ada", "after": 100.0}})
    assert "Desktop" not in lab.after(200)["policies"]
    assert lab.after(231)["policies"]["Desktop"] == "unknown"
    assert lab.after(250)["policies"]["Desktop"] == "compliant"
    assert lab.states("deviceConfigurationStates") == [("Desktop", "ada@contoso.example", "compliant")]
    assert [row["name"] for row in lab.tenant.policy_reports[lab.records()[0]["id"]]] == ["Catalog"]


def test_encryption_that_goes_on_decides_at_the_next_start():
    lab = Arrivals({"encryption": {"from": 40, "seconds": 300.0, "restart_after": 200.0}})
    assert lab.after(150)["encryption_percentage"] == 70
    assert lab.after(400)["compliance"] == "noncompliant" and lab.records()[0]["isEncrypted"] is False
    assert lab.after(440)["compliance"] == "noncompliant" and lab.records()[0]["isEncrypted"] is True
    assert (lab.after(620)["attested"], lab.after(640)["compliance"]) == (True, "compliant")


def test_a_drive_that_nobody_restarts_is_not_attested():
    lab = Arrivals({"encryption": {"seconds": 60.0}})
    assert lab.after(1000)["compliance"] == "noncompliant"
    arriving.of_name(lab.tenant, "pc-1").machine.restart(1000)
    arrival.sync(lab.tenant, arriving.of_name(lab.tenant, "PC-1"), 1001)
    assert lab.after(1040)["compliance"] == "compliant"


@pytest.mark.parametrize(
    ("entry", "policies", "more", "state"),
    [
        ({}, [], {}, "compliant"),
        ({}, [], {"secure_by_default": True}, "noncompliant"),
        ({"config_manager": False}, POLICIES, {}, "configManager"),
        ({"lacks": [SECURE_BOOT]}, POLICIES, {}, "noncompliant"),
        ({"lacks": [SECURE_BOOT]}, [{**POLICIES[0], "grace_days": 3}], {}, "inGracePeriod"),
    ],
)
def test_verdicts(entry, policies, more, state):
    lab = Arrivals(entry, policies, **more)
    assert lab.after(300)["compliance"] == state


def test_a_record_that_somebody_deletes_is_not_missed():
    lab = Arrivals({})
    assert lab.after(60)["in_intune"]
    assert lab.ask("DELETE", f"/deviceManagement/managedDevices/{lab.records()[0]['id']}").status == 204
    assert lab.after(5000)["in_intune"] is False and lab.records() == []


def test_a_policy_that_is_assigned_to_nobody_goes_with_the_next_sync():
    lab = Arrivals({})
    assert "Windows" in lab.after(100)["policies"]
    assert lab.tenant.intune is not None
    lab.tenant.intune.policies["Windows"]["assigned"] = "nobody"
    assert "Windows" not in lab.after(300)["policies"]


async def _of_a_join(lab: Lab) -> None:
    device, tenant, directory = lab.world.hosts[0], lab.world.tenant, lab.world.directory
    service = Service(directory, lab.clock)
    assert service.side(tenant).tenant is tenant
    await lab.install(device)
    await lab.clock.run(device.clock.sleep(60))
    arrival.proceed(directory, tenant)
    [course] = tenant.intune.courses.values() if tenant.intune else []
    assert course.record["deviceName"] == device.hostname and not course.users
    await lab.clock.advance(200)
    arrival.proceed(directory, tenant)
    assert encryption(device)[0]["conversion"] == 2 and 0 < encryption(device)[0]["percentage"] < 100
    await lab.clock.advance(400)
    arrival.proceed(directory, tenant)
    assert encryption(device)[0]["percentage"] == 100 and course.record["complianceState"] == "noncompliant"
    await device.power.off(clean=True)
    await device.power.on()
    await lab.clock.advance(300)
    sign_in(device, "ada")
    await lab.clock.advance(300)
    arrival.proceed(directory, tenant)
    assert course.record["complianceState"] == "compliant"
    assert arriving.shown(tenant, lab.clock.elapsed())["devices"][device.hostname]["policies"]["Desktop"] == "compliant"


def test_a_join_in_the_lab_is_on_the_same_way(tmp_path: Path):
    scenario = {
        "tenants": {
            "main": {
                "name": "Contoso",
                "domain": "contoso.example",
                "users": {"ada": {}},
                "intune": {"policies": POLICIES, "encrypt_seconds": 300.0},
            }
        },
        "devices": [{"kind": "unjoined_pro"}],
    }

    async def main() -> None:
        lab = Lab(tmp_path, scenario)
        try:
            await _of_a_join(lab)
        finally:
            await lab.world.stop()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)

    asyncio.run(main())


def test_without_the_option_a_record_shows_at_once_and_is_not_judged():
    lab = GraphLab()
    assert lab.tenant.intune is None and arriving.shown(lab.tenant, 0.0) == {"policies": {}, "devices": {}}
