# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tenant knows of a device of the lab after its join, and what a device or the tenant refuses to tell."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from tests.lab.control import application
from tests.lab.device import joinstate
from tests.planted_rounds import rounds
from tests.planted_verify import ODD, PLANTED, SAMPLE

from .graph_lab import GraphLab
from .world_lab import Lab

ROOT = Path(__file__).resolve().parents[3]
SETUP = {"op": "events", "log": "Setup", "ids": [2], "limit": 5}
SYSTEM = {**SETUP, "log": "System"}
VOLUMES = {"op": "volume_encryption"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Lab:
    return Lab(tmp_path_factory.mktemp("lab"), "verify")


def device_id(lab: Lab, name: str) -> str:
    join = joinstate.read(lab.world.host(name))
    assert join is not None
    return join.device_id


def keys(lab: Lab, name: str) -> list[str]:
    wanted = device_id(lab, name)
    return [row["id"] for row in lab.world.tenant.recovery_keys.values() if row["deviceId"] == wanted]


def records(lab: Lab, name: str) -> list[dict]:
    wanted = device_id(lab, name)
    return [row for row in lab.world.tenant.managed_devices.values() if row["azureADDeviceId"] == wanted]


def test_every_device_is_planted_or_odd(lab):
    assert sorted(host.name for host in lab.world.hosts) == sorted([*PLANTED, *ODD])
    assert len(PLANTED) >= 20 and len(ODD) >= 10


def test_readme_and_guide_count_what_is_planted():
    readme, guide = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/contributing.md"))
    assert f"{len(PLANTED)} faults and {len(ODD)} oddities that the lab plants" in readme
    assert f"each of {len(PLANTED) + len(ODD)} simulated devices after their join" in readme
    assert f"{len(PLANTED)} have one thing wrong" in guide and f"{len(ODD)} are healthy and look odd" in guide
    assert f"`make integration` plays {len(SAMPLE)} devices" in guide


def test_each_planted_fault_is_refused_in_some_round():
    refused = [(name, fault.id) for refusals in rounds() for name, fault, _group in refusals]
    assert {(name, fault.id) for name, faults in PLANTED.items() for fault in faults} == set(refused)


def test_intune_has_one_record_of_a_device_and_entra_the_key_of_its_protector(lab):
    [record] = records(lab, "well")
    assert record["serialNumber"] == lab.world.host("well").hardware.serial
    [protector] = [one for one in lab.world.host("well").volumes[0].protectors if one.type == "RecoveryPassword"]
    assert keys(lab, "well") == [protector.id.strip("{}").lower()]
    assert keys(lab, "key_not_stored") == [] and len(keys(lab, "data_key_only")) == 1


def test_a_device_can_be_gone_from_one_of_the_two(lab):
    tenant = lab.world.tenant
    assert records(lab, "no_record") == [] and tenant.device(device_id(lab, "no_record")) is not None
    assert len(records(lab, "object_deleted")) == 1 and tenant.device(device_id(lab, "object_deleted")) is None


def test_an_old_object_has_the_name_of_another_device(lab):
    twins = [row for row in lab.world.tenant.devices.values() if row["displayName"] == "TWIN"]
    assert len(twins) == 2 and {row["accountEnabled"] for row in twins} == {True, False}


def test_policies_of_conditional_access_name_users_and_groups(lab):
    groups = {group["displayName"]: group["id"] for group in lab.world.tenant.groups.values()}
    policies = {row["displayName"]: row["conditions"]["users"] for row in lab.world.tenant.conditional_access}
    assert policies["Leavers get nothing"] == {"includeGroups": [groups["Leavers"]]}
    assert policies["Nobody, soon"] == {"includeUsers": ["All"]}


def test_a_device_refuses_what_it_was_told_to_and_nothing_else(tmp_path):
    async def main() -> None:
        lab = Lab(tmp_path, "verify")
        device = lab.world.host("well")
        async with TestClient(TestServer(application(lab.world))) as client:
            told = await client.post("/devices/well/refuses", json={"reads": [{"op": "events", "of": "setup"}]})
            assert told.status == 200
            assert [one["ok"] for one in await lab.ask(device, SETUP, SYSTEM, VOLUMES)] == [False, True, True]
            [refused] = await lab.ask(device, SETUP)
            assert refused["error"]["hresult"] == -2147024891
            await client.post("/devices/well/refuses", json={"reads": [{"op": "volume_encryption"}]})
            assert [one["ok"] for one in await lab.ask(device, SETUP, SYSTEM, VOLUMES)] == [True, True, False]
            wrong = await client.post("/devices/well/refuses", json={"reads": [{"op": "read_minds"}]})
            assert wrong.status == 400
        await lab.world.stop()

    asyncio.run(main())


def test_a_fault_can_wait_for_what_a_request_has_in_its_body():
    lab = GraphLab()
    lab.side.faults.add("forbidden", {"path": "^/groups", "content": "Blue", "times": None})
    group = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True, "groupTypes": []}
    asked = [lab.ask("POST", "/groups", {**group, "displayName": name}).status for name in ("Red", "Blue")]
    assert asked == [201, 403] and lab.ask("GET", "/groups").status == 200
