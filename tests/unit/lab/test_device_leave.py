# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dsregcmd /leave: whole from every elevated account, in its time, with MDM or without; undone by an auto-join."""

from __future__ import annotations

import pytest

from tests.lab.device import autojoin, joinstate, leaving
from tests.lab.device.accounts import SYSTEM
from tests.lab.device.dump import dump, join_summary

from .world_lab import REGISTRATION, Lab, code, run

LEAVE = ["/debug", "/leave"]


def parts(device) -> dict[str, int]:
    return {name: len(found) for name, found in dump(device)["join_parts"].items()}


@run
async def test_a_leave_as_system_takes_the_whole_join_and_nothing_else(lab: Lab):
    device = lab.device("joined_other_mdm")
    before, tenant = dump(device), lab.world.tenant
    assert parts(device) == {"registry": 2, "certificates": 1, "keys": 2}
    answer = await lab.value(device, "dsregcmd_leave", system=True)
    assert answer["exit_code"] == 0
    after = dump(device)
    assert parts(device) == {"registry": 0, "certificates": 0, "keys": 0}
    assert after["join"]["type"] == "none" and after["leave_unfinished"] is True
    for part in ("enrollments", "tasks", "packages", "files", "administrators", "bitlocker", "accounts"):
        assert after[part] == before[part], part
    assert {c["issuer"].split(",")[0] for c in after["certificates"]} == {
        "CN=JOINED-OTHER-01",
        "CN=AirWatchMDM Device CA",
        "CN=Microsoft Intune MDM Device CA",
    }
    assert tenant.device(before["join"]["device_id"])["accountEnabled"] is True, "the object stays"


@run
async def test_events_say_what_was_left_in_english_order_whatever_the_language(lab: Lab):
    device = lab.device("joined_leave_exit_code")
    join = join_summary(device)
    assert (await lab.value(device, "dsregcmd_leave", system=True))["exit_code"] == 1
    [cleared] = lab.events(device, REGISTRATION, 110)
    [flushed] = lab.events(device, REGISTRATION, 111)
    assert cleared.data == ("1", "AzureADJoined", join["tenant_id"], join["user"])
    assert flushed.data == ("1", "AzureADJoined")
    assert "gelöscht" in device.events.message(cleared)


@run
async def test_a_leave_as_an_administrator_is_whole_but_for_the_hello_keys_of_others(lab: Lab):
    device = lab.device("joined_user_signed_in")
    device.hello_keys.add("ansible")
    exit_code, text = await lab.clock.run(device.dsregcmd(LEAVE, account="ansible"))
    assert exit_code == 0 and "rerun as SYSTEM" in text
    assert parts(device) == {"registry": 0, "certificates": 0, "keys": 0}
    assert dump(device)["hello_keys"] == ["lab.user@contoso.example"]
    assert len(lab.events(device, REGISTRATION, 110, 111)) == 2
    exit_code, text = await lab.clock.run(leaving.leave(device, SYSTEM))
    assert (exit_code, text) == (0, "") and dump(device)["hello_keys"] == []


@pytest.mark.parametrize(
    ("kind", "gone"), [("joined_leave_ends_mdm", True), ("joined_other_mdm", False), ("hybrid_offered", False)]
)
def test_the_mdm_enrollment_goes_with_the_join_where_windows_ends_it(kind: str, gone: bool, tmp_path):
    @run
    async def leaves(lab: Lab):
        device = lab.device(kind)
        before = [item["provider"] for item in dump(device)["enrollments"]]
        answer = await lab.value(device, "dsregcmd_leave", system=True)
        after = [item["provider"] for item in dump(device)["enrollments"]]
        assert ("unenrolled from MDM" in answer["text"]) is gone and answer["exit_code"] == 0
        assert after == [name for name in before if not (gone and name == "MS DM Server")]
        assert sum(parts(device).values()) == 0

    leaves(tmp_path)


@run
async def test_an_end_of_the_enrollment_that_hangs_is_given_up_and_the_leave_is_whole(lab: Lab):
    device = lab.device("joined_leave_ends_mdm")
    device.leave.unenroll_seconds = 4000
    began = lab.clock.elapsed()
    answer = await lab.value(device, "dsregcmd_leave", system=True)
    assert answer["exit_code"] == 0 and "0x80070102" in answer["text"] and sum(parts(device).values()) == 0
    assert "MS DM Server" in [item["provider"] for item in dump(device)["enrollments"]]
    assert lab.clock.elapsed() - began == pytest.approx(216)


@pytest.mark.parametrize(("seconds", "left"), [(2400, 5), (1500, 3)])
def test_an_unjoin_that_takes_too_long_ends_with_dsregcmd_where_it_is(seconds: float, left: int, tmp_path):
    @run
    async def leaves(lab: Lab):
        device = lab.device("joined")
        device.leave.seconds = seconds
        began = lab.clock.elapsed()
        answer = await lab.value(device, "dsregcmd_leave", system=True)
        assert code(answer["exit_code"]) == "0x801c001c" and "timed out 0x801c001c" in answer["text"]
        assert lab.clock.elapsed() - began == pytest.approx(600) and sum(parts(device).values()) == left
        device.leave.seconds = 6
        assert (await lab.value(device, "dsregcmd_leave", system=True))["exit_code"] == 0
        assert sum(parts(device).values()) == 0

    leaves(tmp_path)


@run
async def test_a_32_bit_session_is_one_and_jobs_are_not(lab: Lab):
    device = lab.device("joined_32_bit")
    request = {"v": 1, "id": "unit", "ops": []}
    assert (await lab.clock.run(device.run_operations(request, account="ansible")))["device"]["wow64"] is True
    assert (await lab.clock.run(device.run_operations(request, account="", system=True)))["device"]["wow64"] is False


@run
async def test_without_elevation_nothing_happens(lab: Lab):
    device = lab.device("joined")
    before = dump(device)["digest"]
    exit_code, _text = await lab.clock.run(device.dsregcmd(LEAVE, account="lab.user"))
    assert code(exit_code) == "0x800702e4" and dump(device)["digest"] == before


@pytest.mark.parametrize(
    "step",
    [
        {"op": "dsregcmd_leave"},
        {"op": "mdm_auto_enroll", "credential": "device"},
        {"op": "enrollment_remove", "id": "11111111-2222-3333-4444-555555555555", "provider": "x", "unregister": True},
    ],
)
def test_what_only_system_may_do_is_refused_to_others(step, tmp_path):
    @run
    async def refused(lab: Lab):
        device = lab.device("joined")
        before = dump(device)["digest"]
        [result] = await lab.ask(device, step)
        assert code(result["error"]["hresult"]) == "0x80070005" and dump(device)["digest"] == before

    refused(tmp_path)


@run
async def test_a_power_cut_in_mid_leave_leaves_a_half_that_another_leave_finishes(lab: Lab):
    device = lab.device("joined_slow_leave")
    job = {
        "op": "job_start",
        "job": "0b7e5a52-1f2c-4f3a-9b57-2f1f3f1c9d10",
        "ops": [{"op": "dsregcmd_leave"}],
        "time_limit": 600,
    }
    await lab.ask(device, job)
    await lab.clock.advance(70)
    await device.power.off()
    await device.power.on()
    assert parts(device) == {"registry": 0, "certificates": 1, "keys": 2}
    assert lab.events(device, REGISTRATION, 110, 111) == []
    await lab.value(device, "dsregcmd_leave", system=True)
    assert sum(parts(device).values()) == 0


@run
async def test_a_leave_that_fails_changes_nothing_and_leaves_an_event(lab: Lab):
    device = lab.device("joined_leave_fails_once")
    before = parts(device)
    answer = await lab.value(device, "dsregcmd_leave", system=True)
    assert code(answer["exit_code"]) == "0x80070005" and parts(device) == before
    join = join_summary(device)
    [failed] = lab.events(device, REGISTRATION, 239)
    assert code(int(failed.data[0])) == "0x80070005"
    assert failed.data[1:] == ("1", "AzureADJoined", join["tenant_id"], join["user"])
    await lab.value(device, "dsregcmd_leave", system=True)
    assert sum(parts(device).values()) == 0


@pytest.mark.parametrize("world", ["first", "second"])
def test_failures_of_a_kind_are_those_of_each_of_its_devices(world, tmp_path):
    @run
    async def fails_once(lab: Lab):
        device = lab.device("joined_leave_fails_once")
        assert code((await lab.value(device, "dsregcmd_leave", system=True))["exit_code"]) == "0x80070005"

    fails_once(tmp_path)


@run
async def test_a_leave_of_what_is_not_joined_changes_nothing(lab: Lab):
    device = lab.device("unjoined_pro")
    before = dump(device)["digest"]
    assert (await lab.value(device, "dsregcmd_leave", system=True))["exit_code"] == 0
    assert dump(device)["digest"] == before


@run
async def test_a_hybrid_device_joins_again_unless_its_auto_join_was_stopped(lab: Lab):
    device = lab.device("hybrid")
    first = join_summary(device)["device_id"]
    await lab.value(device, "dsregcmd_leave", system=True)
    assert join_summary(device)["type"] == "domain"
    await lab.clock.advance(autojoin.DELAY + 5)
    again = join_summary(device)
    assert again["type"] == "hybrid" and again["device_id"] != first
    assert len(lab.events(device, REGISTRATION, 306)) == 1


@run
async def test_a_stopped_auto_join_stays_stopped_over_a_restart(lab: Lab):
    device = lab.device("hybrid_offered")
    assert (await lab.value(device, "hybrid_autojoin_stop"))["disabled"] is True
    assert (await lab.value(device, "hybrid_autojoin_stop"))["disabled"] is False
    await lab.value(device, "dsregcmd_leave", system=True)
    await device.power.off()
    await device.power.on()
    await lab.clock.advance(600)
    assert join_summary(device)["type"] == "domain" and dump(device)["autojoin_stopped"] is True
    tasks = await lab.value(device, "scheduled_tasks", folder=autojoin.FOLDER)
    assert {task["name"]: task["state"] for task in tasks["tasks"]}[autojoin.TASK] == "Disabled"
    assert device.registry.get(autojoin.POLICY, autojoin.VALUE) == 0


@run
async def test_the_auto_join_runs_at_each_start(lab: Lab):
    device = lab.device("hybrid")
    device.tasks.get(autojoin.FOLDER, autojoin.TASK).state = "Disabled"
    await lab.value(device, "dsregcmd_leave", system=True)
    await lab.clock.advance(600)
    assert join_summary(device)["type"] == "domain"
    device.tasks.get(autojoin.FOLDER, autojoin.TASK).state = "Ready"
    await device.power.off()
    await device.power.on()
    await lab.clock.advance(autojoin.DELAY + 5)
    assert join_summary(device)["type"] == "hybrid"


@run
async def test_join_leave_join_elsewhere_and_leave_end_where_they_began(lab: Lab):
    device = lab.device("unjoined_pro")
    before = dump(device)
    lab.world.tenants["other"].mdm_policy["appliesTo"] = "all"
    for label, tenant in (("fleet", "main"), ("other_tenant", "other")):
        await lab.install(device, label)
        await lab.clock.advance(60)
        assert join_summary(device)["tenant_id"] == lab.world.tenants[tenant].id
        assert join_summary(device)["mdm"] is True
        [enrollment] = [e for e in dump(device)["enrollments"] if not e["built_in"]]
        await lab.value(
            device,
            "enrollment_remove",
            system=True,
            id=enrollment["id"].lower(),
            provider=enrollment["provider"],
            unregister=True,
        )
        await lab.value(device, "dsregcmd_leave", system=True)
        await lab.value(device, "package_remove", id=next(iter(device.applied)))
    after = dump(device)
    for part in ("registry", "certificates", "tasks", "enrollments", "join_parts", "accounts"):
        assert after[part] == before[part], part
    assert joinstate.read(device) is None
