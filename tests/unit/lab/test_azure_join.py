# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dsregcmd /AzureSecureVMJoin of a device that is joined already, in a domain, or to be enrolled at once."""

from __future__ import annotations

import pytest

from tests.lab.device import azure_mdm, joinstate
from tests.lab.device.dump import dump

from .world_lab import MDM, REGISTRATION, Lab, code, run

INTUNE = "0000000a-0000-0000-c000-000000000000"


async def join(lab: Lab, device, mdm_id: str | None = None) -> dict:
    given = {"mdm_id": mdm_id} if mdm_id else {}
    return await lab.value(device, "dsregcmd_azure_vm_join", system=True, **given)


@pytest.mark.parametrize(
    ("kind", "by_identity", "mdm_id", "expected"),
    [
        ("azure_vm_mdm", True, None, "0x00000000"),
        ("azure_vm_mdm", True, INTUNE, "0x801c0074"),
        ("joined_multi_session", False, None, "0x801c0044"),
        ("joined_multi_session", False, INTUNE, "0x801c0044"),
        ("ad_joined", False, None, "0x801c0075"),
    ],
)
def test_what_is_joined_already_is_told_by_how_it_is_joined(kind, by_identity, mdm_id, expected, tmp_path):
    @run
    async def joins(lab: Lab):
        device = lab.device(kind)
        if by_identity:
            assert (await join(lab, device))["exit_code"] == 0
        before = dump(device)["join"]
        answer = await join(lab, device, mdm_id)
        assert code(answer["exit_code"]) == expected and dump(device)["join"] == before
        failures = lab.events(device, REGISTRATION, 304)
        assert [code(int(event.data[0])) for event in failures] == ([expected] if answer["exit_code"] else [])
        assert all(event.data[2] == "Managed" and "AzureSecureVMJoin-" in event.data[3] for event in failures)

    joins(tmp_path)


@run
async def test_the_enrollment_is_made_at_once(lab: Lab):
    device = lab.device("azure_vm_mdm")
    answer = await join(lab, device, INTUNE)
    assert answer["exit_code"] == 0 and "MDM enrollment succeeded" in answer["text"]
    assert dump(device)["join"]["mdm"] is True and lab.events(device, MDM, 72, 75)
    [event] = lab.events(device, REGISTRATION, 389)
    assert event.utc < lab.events(device, MDM, 72)[0].utc


@run
async def test_a_failed_enrollment_takes_the_join_back(lab: Lab):
    device = lab.device("azure_vm_mdm")
    device.mdm.broker_failures = [azure_mdm.BROKER_FAILED] * 10
    began = lab.clock.elapsed()
    answer = await join(lab, device, INTUNE)
    assert code(answer["exit_code"]) == "0x801c0076" and "Rolling back device join" in answer["text"]
    assert lab.clock.elapsed() - began > sum(azure_mdm.WAITS)
    assert joinstate.read(device) is None and not any(dump(device)["join_parts"].values())
    assert [event.id for event in lab.events(device, REGISTRATION, 389, 110, 304)] == [389, 110, 304]
    device.network.blocked.add("enrollment.manage.microsoft.com")
    answer = await join(lab, device, INTUNE)
    assert code(answer["exit_code"]) == "0x80180010" and joinstate.read(device) is None


@run
async def test_the_resource_is_asked_for_first(lab: Lab):
    target = {
        "name": "x",
        "url": "http://169.254.169.254/metadata/instance/compute?api-version=2017-12-01",
        "headers": {"Metadata": "true"},
    }
    answer = await lab.value(lab.device("azure_vm_long_name"), "endpoints", targets=[target], timeout=5)
    assert '"name": "contoso-frontend-weu-01"' in answer["results"][0]["body_start"]
