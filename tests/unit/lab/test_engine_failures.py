# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provisioning engine when it fails: codes and evidence on the device, refusals, and who must ask as whom."""

from __future__ import annotations

import json

import pytest

from tests.lab.device import joinstate
from tests.lab.device.events import AAD
from tests.lab.tenant.defaults import NO_MEMBERS

from .world_lab import ENGINE, PROVISIONING, REGISTRATION, Lab, code, run

FAILURES = {  # kind: (HRESULT, event of User Device Registration, text in it)
    "expired_token": ("0xcaa20003", 305, "AADSTS700082"),
    "user_gone": ("0x801c0024", 305, "AADSTS50034"),
    "conditional_access": ("0xcaa2000c", 305, "AADSTS50076"),
    "join_blocked": ("0x801c0003", 204, "UserNotAllowedToJoin"),
    "wrong_clock": ("0x80072f8f", 304, "0x80072f8f"),
    "endpoint_blocked": ("0x801c0021", 304, "0x80072ee2"),
    "late_join": ("0xcaa50021", 305, ""),
    "reboot_required": ("0x801c000f", None, ""),
    "home": ("0x80070032", None, ""),
    "ad_joined": ("0x80070a83", 335, ""),
}


# Those that a package's join may leave out.
OF_DSREGCMD = (304, 305, 335)


@pytest.mark.parametrize("join_events", [True, False])
@pytest.mark.parametrize("kind", FAILURES)
def test_a_failed_join_leaves_its_evidence_on_the_device(kind, join_events, tmp_path):
    hresult, event_id, text = FAILURES[kind]

    @run
    async def fails(lab: Lab):
        device = lab.device(kind)
        for log in (PROVISIONING, REGISTRATION):
            device.events.read(log).clear()
        device.engine.join_events = join_events
        value = await lab.install(device)
        assert code(value["error"]["hresult"]) == hresult and value["gave_up"] is False
        [failed] = lab.events(device, PROVISIONING, 22)
        assert code(int(failed.data[1])) == hresult
        [category] = lab.events(device, PROVISIONING, 12)
        assert category.data[0] == "AADJ" and code(int(category.data[1])) == hresult and category.data[2] == "AADJ/BPRT"
        if event_id and (join_events or event_id not in OF_DSREGCMD):
            last = lab.events(device, REGISTRATION, event_id)[-1]
            assert text in " ".join(last.data)
        if not join_events:
            assert lab.events(device, REGISTRATION, *OF_DSREGCMD) == lab.events(device, AAD, 1081) == []
        assert joinstate.read(device) is None
        assert not [d for d in lab.world.tenant.devices.values() if d["displayName"] == device.hostname]

    fails(tmp_path)


@run
async def test_a_failing_csp_is_tried_three_more_times_at_once_which_is_one_failure(lab: Lab):
    device = lab.device("user_gone")
    await lab.install(device)
    assert len(lab.events(device, REGISTRATION, 305)) == 4
    path = rf"SOFTWARE\Microsoft\Provisioning\Results\{{{lab.world.packages['user_gone'].id}}}"
    key = device.registry.tree(path, 3)
    assert '"NumFailures": 1' in json.dumps(key)


@run
async def test_earlier_failures_lie_a_month_back(lab: Lab):
    device = lab.device("expired_token")
    await lab.install(device)
    found = await lab.value(device, "events", log=PROVISIONING, ids=[22], limit=10)
    ours = [event for event in found["events"] if "Power" not in event["data"][0]]
    assert [code(int(event["data"][1])) for event in ours] == ["0xcaa20003", "0x80072ee7"]
    fresh = await lab.value(device, "events", log=PROVISIONING, ids=[22], limit=10, since="2026-11-21T08:00:00.000Z")
    assert len([event for event in fresh["events"] if "Power" not in event["data"][0]]) == 1


@run
async def test_a_blocked_endpoint_takes_as_long_as_connections_time_out(lab: Lab):
    value = await lab.install(lab.device("endpoint_blocked"))
    assert 80 < value["seconds"] < 110


@run
async def test_a_package_outside_system_is_refused_by_the_join(lab: Lab):
    device = lab.device("unjoined_pro")
    path = await lab.bring(device)
    value = await lab.value(device, "package_install", path=path, force=False)
    assert code(value["error"]["hresult"]) == "0x80070005" and joinstate.read(device) is None
    await lab.clock.advance(1000)
    assert joinstate.read(device) is not None, "the engine's own retry runs as SYSTEM"


@run
async def test_what_is_refused_before_the_engine_starts(lab: Lab):
    forbidden = lab.device("packages_forbidden")
    value = await lab.install(forbidden)
    assert code(value["error"]["hresult"]) == "0x80070005" and not forbidden.applied
    device = lab.device("unjoined_pro")
    missing = await lab.error(device, "package_install", system=True, path=r"C:\none.ppkg", force=False)
    assert missing["type"] == "System.IO.FileNotFoundException"
    device.files.write(r"C:\Windows\Temp\text.ppkg", b"no WIM at all")
    before = device.files.children(ENGINE)
    bad = await lab.value(device, "package_install", system=True, path=r"%TEMP%\text.ppkg", force=False)
    assert code(bad["error"]["hresult"]) == "0x8007000b" and device.files.children(ENGINE) == before
    server = await lab.error(
        lab.device("server"), "package_install", system=True, path=r"%windir%\System32\cmd.exe", force=False
    )
    assert server["type"] == "System.NotSupportedException"
    assert (await lab.value(lab.device("server"), "provisioning_packages"))["available"] is False


@run
async def test_rules_of_the_tenant_are_asked_at_the_moment_of_the_join(lab: Lab):
    device, rules = lab.device("unjoined_pro"), lab.world.tenant.registration_policy
    before = rules["azureADJoin"]["allowedToJoin"]
    rules["azureADJoin"]["allowedToJoin"] = dict(NO_MEMBERS)
    assert code((await lab.install(device))["error"]["hresult"]) == "0x801c0003"
    rules["azureADJoin"]["allowedToJoin"] = before
    await lab.clock.advance(930)
    assert joinstate.read(device) is not None


@run
async def test_a_clock_a_few_minutes_off_fails_at_the_token(lab: Lab):
    import datetime

    device = lab.device("unjoined_pro")
    device.skew = datetime.timedelta(minutes=-20)
    assert code((await lab.install(device))["error"]["hresult"]) == "0xcaa82f8f"
    other = lab.device("pending_reboot")
    other.skew = datetime.timedelta(minutes=4)
    assert (await lab.install(other))["error"]["hresult"] is None


@run
async def test_azure_vms_join_by_their_identity_and_only_there(lab: Lab):
    vm = lab.device("azure_vm")
    value = await lab.value(vm, "dsregcmd_azure_vm_join", system=True)
    assert value["exit_code"] == 0 and joinstate.read(vm).tenant_id == lab.world.tenant.id
    assert lab.events(vm, REGISTRATION, 389)
    again = await lab.value(vm, "dsregcmd_azure_vm_join", system=True)
    assert again["exit_code"] == 0 and "already joined" in again["text"]
    for kind, expected in (
        ("azure_vm_without_identity", "0x801c0042"),
        ("server", "0x801c0042"),
        ("unjoined_pro", "0x801c0042"),
    ):
        refused = await lab.value(lab.device(kind), "dsregcmd_azure_vm_join", system=True)
        assert code(refused["exit_code"]) == expected and "0x801c0042" in refused["text"], kind


@run
async def test_a_resource_name_beyond_15_characters_is_not_taken(lab: Lab):
    vm = lab.device("azure_vm_long_name")
    refused = await lab.value(vm, "dsregcmd_azure_vm_join", system=True)
    assert refused["exit_code"] == -2145648639 and "resource id parameter" in refused["text"]
    vm.hardware.resource = "contoso-web-01"
    assert (await lab.value(vm, "dsregcmd_azure_vm_join", system=True))["exit_code"] == 0


@run
async def test_a_host_name_of_an_earlier_vm_is_not_taken(lab: Lab):
    vm = lab.device("azure_vm_name_taken")
    refused = await lab.value(vm, "dsregcmd_azure_vm_join", system=True)
    assert code(refused["exit_code"]) == "0x801c0083" and "already used by another device" in refused["text"]
    assert "property hostnames" in lab.events(vm, REGISTRATION, 304)[0].data[1]
    (earlier,) = [found for found in lab.world.tenant.devices.values() if found["displayName"] == vm.hostname]
    del lab.world.tenant.devices[earlier["id"]]
    assert (await lab.value(vm, "dsregcmd_azure_vm_join", system=True))["exit_code"] == 0


@run
async def test_an_azure_vm_join_needs_system_and_the_network(lab: Lab):
    vm = lab.device("azure_vm")
    assert code((await lab.value(vm, "dsregcmd_azure_vm_join"))["exit_code"]) == "0x80070005"
    vm.network.blocked.add("enterpriseregistration.windows.net")
    assert (await lab.value(vm, "dsregcmd_azure_vm_join", system=True))["exit_code"] == -2145648607
    vm.network.blocked = {"169.254.169.254"}
    assert (await lab.value(vm, "dsregcmd_azure_vm_join", system=True))["exit_code"] == -2145648574
    assert joinstate.read(vm) is None
