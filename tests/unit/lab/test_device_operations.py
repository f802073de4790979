# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation of the vocabulary, on every kind of device: shapes, refusals, and what Windows says."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.lab.device.accounts import POLICIES
from tests.lab.device.operations import HANDLERS
from tests.lab.device.registry import Registry
from tests.shapes import complaints

from .world_lab import JOB, PACKAGES, Lab, code, run

ROOT = Path(__file__).parents[3]
VOCABULARY = json.loads((ROOT / "plugins/plugin_utils/device/vocabulary.json").read_text(encoding="utf-8"))
OPERATIONS = VOCABULARY["operations"]

OBSERVING = [
    {"op": "registry_read", "path": r"SOFTWARE\Microsoft", "depth": 3},
    {"op": "registry_users_read", "path": "SOFTWARE", "depth": 4},
    {"op": "certificates", "store": "My", "issuers": []},
    {"op": "dsregcmd_status"},
    {"op": "cim_query", "class": "Win32_OperatingSystem", "properties": ["Caption", "LastBootUpTime"]},
    {"op": "events", "log": "System", "ids": [], "limit": 10},
    {"op": "scheduled_tasks", "folder": "\\Microsoft\\Windows"},
    {"op": "provisioning_packages"},
    {"op": "path_info", "path": r"%windir%\System32\dsregcmd.exe", "hash": True},
    {"op": "processes", "names": ["lsass.exe", "provtool.exe"]},
    {"op": "icd_find"},
    {"op": "job_status", "job": JOB},
    {"op": "local_administrators"},
    {
        "op": "endpoints",
        "timeout": 10,
        "targets": [{"name": "login", "url": "https://login.microsoftonline.com/common/oauth2", "headers": {}}],
    },
]
CHANGING = [
    {"op": "directory_create", "path": PACKAGES},
    {"op": "path_remove", "path": rf"{PACKAGES}\none.ppkg"},
    {"op": "package_remove", "id": "{11111111-2222-3333-4444-555555555555}"},
    {"op": "job_start", "job": JOB, "ops": [{"op": "dsregcmd_status"}], "time_limit": 60},
    {"op": "job_remove", "job": JOB},
    {"op": "hybrid_autojoin_stop"},
    {"op": "device_link", "timeout": 60},
    {"op": "system_probe", "ops": [{"op": "bitlocker"}], "timeout": 60},
    {"op": "restart", "delay": 600, "comment": "unit test"},
]
AS_SYSTEM = [
    {"op": "bitlocker"},
    {"op": "mdm_auto_enroll", "credential": "device"},
    {"op": "enrollment_remove", "id": "11111111-2222-3333-4444-555555555555", "provider": "x", "unregister": True},
    {"op": "package_forget", "id": "11111111-2222-3333-4444-555555555555"},
    {
        "op": "icd_build",
        "folder": rf"{PACKAGES}\build",
        "tool": r"C:\adk\ICD.exe",
        "stores": [],
        "customizations": "",
        "encrypted": True,
        "timeout": 60,
    },
    {"op": "dsregcmd_leave"},
]
#: Kinds whose connecting account has no full token, and how Windows refuses it.
UNELEVATED = ("filtered_token", "not_administrator")
REFUSED = ("System.Security.SecurityException", "System.UnauthorizedAccessException")


def test_there_is_one_handler_for_each_operation():
    assert set(HANDLERS) == set(OPERATIONS)


@run
async def test_answers_of_every_kind_of_device_have_the_shapes_of_the_vocabulary(lab: Lab):
    for device in lab.world.hosts:
        steps = OBSERVING + CHANGING
        request = {"v": 1, "id": "unit", "ops": steps}
        answer = await lab.clock.run(device.run_operations(request, account=device.login))
        assert complaints(VOCABULARY["answer"], answer) == []
        for step, result in zip(steps, answer["results"], strict=True):
            if device.image.server and step["op"] == "package_remove":
                assert result["error"]["type"] == "System.NotSupportedException"
                continue
            if device.kind in UNELEVATED and not result["ok"]:
                assert result["error"]["type"] in REFUSED, (device.kind, step, result)
                continue
            assert result["ok"], (device.kind, step, result)
            assert complaints(OPERATIONS[step["op"]]["returns"], result["value"]) == [], (device.kind, step)


@run
async def test_what_only_system_may_do_has_the_shapes_of_the_vocabulary(lab: Lab):
    for device in lab.world.hosts:
        for step, result in zip(AS_SYSTEM, await lab.ask(device, *AS_SYSTEM, system=True), strict=True):
            if device.image.server and step["op"] == "mdm_auto_enroll":
                assert result["error"]["type"] == "System.IO.FileNotFoundException"
                continue
            assert complaints(OPERATIONS[step["op"]]["returns"], result["value"]) == [], (device.kind, step)


@run
async def test_observing_operations_change_nothing(lab: Lab):
    from tests.lab.device.dump import dump

    for device in lab.world.hosts:
        before = dump(device)["digest"]
        await lab.ask(device, *OBSERVING)
        await lab.clock.advance(3600)
        assert dump(device)["digest"] == before, device.kind


@run
async def test_a_failing_operation_does_not_stop_the_others_unless_asked(lab: Lab):
    device = lab.device("unjoined_pro")
    steps = [{"op": "path_info", "path": "no\\root"}, {"op": "processes", "names": ["lsass.exe"]}]
    bad, good = await lab.ask(device, *steps)
    assert not bad["ok"] and good["ok"]
    bad, skipped = await lab.ask(device, *steps, stop_on_error=True)
    assert skipped["error"]["type"] == "Skipped"


@pytest.mark.parametrize(
    "step",
    [
        {"op": "path_info"},
        {"op": "path_info", "path": 7},
        {"op": "processes", "names": [], "x": 1},
        {"op": "restart", "delay": True, "comment": ""},
    ],
)
def test_what_the_vocabulary_does_not_have_is_refused(step, tmp_path):
    @run
    async def refused(lab: Lab):
        [result] = await lab.ask(lab.device("unjoined_pro"), step)
        assert result["error"]["type"] == "System.ArgumentException"

    refused(tmp_path)


@run
async def test_what_is_no_operation_is_refused_as_the_runner_refuses_it(lab: Lab):
    [result] = await lab.ask(lab.device("unjoined_pro"), {"op": "format_disk"})
    assert result["error"]["type"] == "System.NotSupportedException"


# --- observing ----------------------------------------------------------------------------------------------------


@run
async def test_registry_is_read_without_regard_to_case_and_as_deep_as_asked(lab: Lab):
    device = lab.device("joined")
    flat = await lab.value(device, "registry_read", path=r"software\MICROSOFT\Enrollments")
    assert flat["key"] == {"values": {}, "keys": {}}
    deep = await lab.value(device, "registry_read", path=r"software\MICROSOFT\Enrollments", depth=1)
    enrolled = [key for key in deep["key"]["keys"].values() if key["values"].get("UPN")]
    assert len(enrolled) == 1 and enrolled[0]["keys"] == {}
    missing = await lab.value(device, "registry_read", path=r"SOFTWARE\Nobody")
    assert missing == {"exists": False, "key": None}


@run
async def test_a_hive_in_the_path_and_the_security_hive_are_refused(lab: Lab):
    device = lab.device("unjoined_pro")
    assert (await lab.error(device, "registry_read", path=r"HKLM\SOFTWARE"))["type"] == "System.ArgumentException"
    denied = await lab.error(device, "registry_read", path="SECURITY")
    assert denied["type"] == "System.Security.SecurityException"
    assert (await lab.value(device, "registry_read", path="SECURITY", system=True))["exists"] is True


@run
async def test_binary_values_travel_as_base64(lab: Lab):
    device = lab.device("unjoined_pro")
    device.registry.set("SOFTWARE\\Lab", {"": "default", "Blob": b"\x00\xff", "Many": ["a"], "Number": 4294967295})
    found = await lab.value(device, "registry_read", path="SOFTWARE\\Lab")
    assert found["key"]["values"] == {"": "default", "Blob": {"base64": "AP8="}, "Many": ["a"], "Number": 4294967295}


@run
async def test_work_accounts_are_found_in_the_hives_of_users(lab: Lab):
    path = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\WorkplaceJoin\JoinInfo"
    found = await lab.value(lab.device("registered"), "registry_users_read", path=path, depth=1)
    [key] = found["users"].values()
    assert len(key["keys"]) == 1
    assert (await lab.value(lab.device("joined"), "registry_users_read", path=path))["users"] == {}


@run
async def test_certificates_are_filtered_by_issuer(lab: Lab):
    device = lab.device("joined")
    everything = (await lab.value(device, "certificates", store="My", issuers=[]))["certificates"]
    mine = (await lab.value(device, "certificates", store="my", issuers=["ms-organization-access"]))["certificates"]
    assert len(everything) == 4 and len(mine) == 1
    assert (await lab.value(device, "certificates", store="Nowhere", issuers=[]))["certificates"] == []


@run
async def test_cim_knows_filters_namespaces_and_its_limits(lab: Lab):
    device = lab.device("unjoined_pro")
    accounts = await lab.value(
        device,
        "cim_query",
        **{"class": "Win32_UserAccount", "properties": ["Name"], "filter": "LocalAccount=True AND NOT (Disabled=True)"},
    )
    assert {"Name": "ansible"} in accounts["instances"] and {"Name": "Administrator"} not in accounts["instances"]
    like = await lab.value(
        device,
        "cim_query",
        **{"class": "win32_process", "properties": ["ProcessId"], "filter": "Name LIKE 'ls%' OR ProcessId = 4"},
    )
    assert like["instances"] == [{"ProcessId": 4}, {"ProcessId": 792}]
    tpm = {"class": "Win32_Tpm", "properties": ["SpecVersion"]}
    space = r"root\cimv2\Security\MicrosoftTpm"
    assert len((await lab.value(device, "cim_query", **tpm, namespace=space))["instances"]) == 1
    assert (await lab.value(lab.device("unjoined_windows10"), "cim_query", **tpm, namespace=space))["instances"] == []
    for wrong, expected in (
        ({"class": "Win32_Nothing", "properties": []}, "0x80041010"),
        (tpm, "0x80041010"),
        ({**tpm, "namespace": "root/nothing"}, "0x8004100e"),
        ({"class": "Win32_BIOS", "properties": ["Colour"]}, "0x80041017"),
        ({"class": "Win32_BIOS", "properties": [], "filter": "SerialNumber = "}, "0x80041017"),
        ({"class": "Win32_BIOS", "properties": [], "filter": "SerialNumber = 'x' garbage"}, "0x80041017"),
    ):
        assert code((await lab.error(device, "cim_query", **wrong))["hresult"]) == expected, wrong


@run
async def test_events_come_newest_first_and_messages_follow_the_language(lab: Lab):
    device = lab.device("conditional_access")
    await lab.install(device)
    log = "Microsoft-Windows-Provisioning-Diagnostics-Provider/Admin"
    found = await lab.value(device, "events", log=log, ids=[12, 20, 22], limit=3)
    assert [event["id"] for event in found["events"]] == [22, 12, 20]
    records = [event["record"] for event in found["events"]]
    assert records == sorted(records, reverse=True)
    assert "non riuscito" in found["events"][0]["message"]
    later = await lab.value(device, "events", log=log, ids=[], limit=10, since="2030-01-01T00:00:00.000Z")
    assert later == {"log_exists": True, "events": []}
    assert (await lab.value(device, "events", log="No/Such", ids=[], limit=1))["log_exists"] is False
    assert len((await lab.value(device, "events", log=log, ids=[], limit=2))["events"]) == 2


@run
async def test_a_filtered_token_may_look_but_not_change(lab: Lab):
    device = lab.device("unjoined_pro")
    device.registry.set(POLICIES, {"LocalAccountTokenFilterPolicy": 0})
    assert (await lab.value(device, "dsregcmd_status"))["present"]
    for step in CHANGING:
        [result] = await lab.ask(device, step)
        assert code(result["error"]["hresult"]) == "0x80070005", step
    device.users["S-1-5-21-1-2-3-1001"] = Registry()
    users = (await lab.value(device, "registry_users_read", path="SOFTWARE"))["users"]
    assert {key["refused"]["type"] for key in users.values()} == {"System.Security.SecurityException"}


def test_a_client_that_goes_away_does_not_stop_what_it_started(tmp_path):
    async def main():
        lab = Lab(tmp_path)
        device = lab.device("unjoined_pro")
        path = await lab.bring(device)
        request = {"v": 1, "id": "unit", "ops": [{"op": "package_install", "path": path, "force": False}]}
        client = asyncio.ensure_future(device.run_operations(request, account="ansible", system=True))
        await lab.clock.advance(5)
        client.cancel()
        await lab.clock.advance(60)
        assert client.cancelled()
        assert device.applied and not next(iter(device.applied.values())).pending
        await lab.world.stop()

    asyncio.run(main())
