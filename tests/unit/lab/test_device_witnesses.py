# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices whose registry alone does not tell what they are: stale joins, other channels, values that stop."""

from __future__ import annotations

import pytest

from tests.lab.device import joinstate, leaving
from tests.lab.device.dump import dump

from .world_lab import MDM, Lab, code, run

INFOS = rf"{joinstate.CLOUD_DOMAIN_JOIN}\JoinInfo"
WINDOWS = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def stale_of(device) -> list[str]:
    live = joinstate.read(device)
    return [name for name in device.registry.subkeys(INFOS) if live is None or name != live.certificate.thumbprint]


@pytest.mark.parametrize("kind", ["joined_stale_key", "joined_stale_certificate"])
def test_a_stale_join_comes_first_and_is_not_the_join(tmp_path, kind):
    device = Lab(tmp_path).device(kind)
    [stale] = stale_of(device)
    assert sorted(device.registry.subkeys(INFOS))[0] == stale
    assert dump(device)["join"]["tenant_id"] != device.registry.get(rf"{INFOS}\{stale}", "TenantId")
    issued = [c.thumbprint for c in device.certificates if joinstate.is_device_certificate(c)]
    assert (stale in issued) is (kind == "joined_stale_certificate")


@run
async def test_a_leave_leaves_what_it_was_not_told(lab: Lab):
    device = lab.device("joined_stale_certificate")
    [stale] = stale_of(device)
    await lab.value(device, "dsregcmd_leave", system=True)
    assert leaving.remains(device)["certificates"] == [stale] == list(device.registry.subkeys(INFOS))
    told = lab.device("joined_stale_key")
    [stale] = stale_of(told)
    tenant = told.registry.get(rf"{INFOS}\{stale}", "TenantId")
    answer = await lab.value(told, "dsregcmd_leave", system=True, stale=[stale, tenant])
    assert [name.rpartition("\\")[2] for name in answer["removed"]] == [stale, tenant]
    assert leaving.remains(told) == {"registry": [], "certificates": [], "keys": []}
    error = await lab.error(device, "dsregcmd_leave", system=True, stale=[r"..\Lsa"])
    assert error["type"] == "System.ArgumentException"


@run
async def test_values_on_the_enrollments_key_stop_an_enrollment_with_their_codes(lab: Lab):
    for kind, expected in (("mmpc_flag", "0x80190190"), ("externally_managed", "0x80180026")):
        device = lab.device(kind)
        await lab.install(device)
        await lab.clock.advance(60)
        [failed] = lab.events(device, MDM, 76)
        assert code(int(failed.data[1])) == expected and dump(device)["join"]["mdm"] is False


@run
async def test_the_channel_alone_lets_an_enrollment_end_without_a_word(lab: Lab):
    device = lab.device("joined_mmpc_orphan")
    await lab.value(device, "mdm_auto_enroll", system=True, credential="device")
    assert dump(device)["join"]["mdm"] is False
    assert lab.events(device, MDM, 75) == lab.events(device, MDM, 76) == []


def test_what_an_enrollment_is_decides_whether_it_manages_the_device(tmp_path):
    lab = Lab(tmp_path)
    managed = {"joined_state_3": True, "joined_both_channels": True, "joined_state_4_gone": False}
    managed["joined_co_managed"] = True
    managed |= dict.fromkeys(("joined_enrolled_elsewhere", "joined_enrollment_expired", "joined_mmpc_orphan"), False)
    assert {kind: dump(lab.device(kind))["join"]["mdm"] for kind in managed} == managed


@run
async def test_editions_say_what_they_are(lab: Lab):
    client, core = lab.device("multi_session"), lab.device("server_core")
    asked = {"class": "Win32_OperatingSystem", "properties": ["ProductType", "OperatingSystemSKU"]}
    [system] = (await lab.value(client, "cim_query", **asked))["instances"]
    assert system == {"ProductType": 3, "OperatingSystemSKU": 175}
    assert client.registry.get(WINDOWS, "InstallationType") == "Client"
    assert core.registry.get(WINDOWS, "InstallationType") == "Server Core"
    assert lab.device("azure_vm").registry.get(WINDOWS, "InstallationType") == "Server"


@run
async def test_a_co_managed_device_and_its_hotpatches_are_told_by_registry_and_cim(lab: Lab):
    device = lab.device("joined_co_managed")
    assert device.registry.get(r"SOFTWARE\Microsoft\CCM", "CoManagementFlags") == 12543
    policies = r"SOFTWARE\Microsoft\PolicyManager\current\device\Update"
    assert device.registry.get(policies, "AllowRebootlessUpdates") == 1
    asked = {"class": "Win32_DeviceGuard", "properties": ["VirtualizationBasedSecurityStatus"]}
    asked["namespace"] = r"root\Microsoft\Windows\DeviceGuard"
    for kind, status in (("joined_co_managed", 2), ("server", 0)):
        [guard] = (await lab.value(lab.device(kind), "cim_query", **asked))["instances"]
        assert guard == {"VirtualizationBasedSecurityStatus": status}
