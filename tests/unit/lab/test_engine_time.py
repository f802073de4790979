# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provisioning engine over time: the impatient cmdlet, late retries, restarts in the middle."""

from __future__ import annotations

import asyncio

import pytest

from tests.lab.clock import Clock
from tests.lab.device import joinstate
from tests.lab.device.dump import join_summary
from tests.lab.device.images import PROVISIONING_FOLDER
from tests.lab.device.provisioning import engine
from tests.lab.device.provisioning.package import InstalledPackage
from tests.lab.device.wire import parse_utc

from .world_lab import JOB, PROVISIONING, Lab, code, run


@run
async def test_the_cmdlet_gives_up_after_three_minutes_and_the_engine_joins_later(lab: Lab):
    device = lab.device("slow_cmdlet")
    value = await lab.install(device)
    assert value["gave_up"] is True and value["seconds"] == pytest.approx(180)
    assert value["error"]["type"].endswith("CmdletException")
    assert joinstate.read(device) is None
    assert (await lab.value(device, "processes", names=["provtool.exe"]))["processes"]
    await lab.clock.advance(80)
    assert joinstate.read(device) is not None
    assert (await lab.value(device, "processes", names=["provtool.exe"]))["processes"] == []


@run
async def test_retries_come_after_15_minutes_1_hour_and_4_hours_and_then_end(lab: Lab):
    device = lab.device("expired_token")
    await lab.install(device)
    runs = [lab.clock.elapsed()]
    for _each in range(40):
        before = len(lab.events(device, PROVISIONING, 22))
        await lab.clock.advance(600)
        if len(lab.events(device, PROVISIONING, 22)) > before:
            runs.append(lab.clock.elapsed())
    gaps = [later - earlier for earlier, later in zip(runs, runs[1:], strict=False)]
    assert len(gaps) == 3
    for gap, documented in zip(gaps, (900, 3600, 14400), strict=True):
        assert documented - 620 < gap < documented + 620


@run
async def test_the_task_scheduler_shows_when_the_engine_tries_again(lab: Lab):
    device = lab.device("expired_token")

    async def engine_tasks() -> dict[str, tuple[str, str | None]]:
        found = await lab.value(device, "scheduled_tasks", folder=r"\Microsoft\Windows\Management\Provisioning")
        return {task["name"]: (task["state"], task["next_run"]) for task in found["tasks"]}

    assert (await engine_tasks())["Retry"] == ("Disabled", None)
    await lab.install(device)
    for delay in (900, 3600, 14400):
        state, shown = (await engine_tasks())["ProvNonRebootRetry"]
        left = (parse_utc(shown) - device.utc()).total_seconds()
        assert state == "Ready" and delay - 60 < left <= delay
        runs = len(lab.events(device, PROVISIONING, 22))
        await lab.clock.advance(left - 5)
        assert len(lab.events(device, PROVISIONING, 22)) == runs
        await lab.clock.advance(60)
        assert len(lab.events(device, PROVISIONING, 22)) == runs + 1
    tasks = await engine_tasks()
    assert "ProvNonRebootRetry" not in tasks and tasks["Retry"] == ("Ready", None)


@run
async def test_a_retry_is_shown_for_the_moment_at_which_it_really_comes(lab: Lab):
    """Times of day are real, however much faster the waits are."""
    device = lab.device("expired_token")
    device.clock = Clock(speed=60)
    package = InstalledPackage("{x}", "x", "1", "", {"sets": {}}, pending=["x"])
    device.packages["{x}"] = package
    work = device.spawn(engine._retry_later(device, package))
    await asyncio.sleep(0)
    [task] = [task for task in device.tasks.tasks(PROVISIONING_FOLDER) if task.name == engine.RETRY_TASK]
    assert 14 < (task.next_run - device.utc()).total_seconds() <= 15
    work.cancel()


@run
async def test_a_passing_failure_is_healed_by_the_first_retry(lab: Lab):
    device = lab.device("late_join")
    assert code((await lab.install(device))["error"]["hresult"]) == "0xcaa50021"
    await lab.clock.advance(880)
    assert joinstate.read(device) is None
    await lab.clock.advance(60)
    assert joinstate.read(device) is not None


@run
async def test_removing_the_package_ends_the_retries(lab: Lab):
    device = lab.device("late_join")
    await lab.install(device)
    await lab.value(device, "package_remove", id=lab.world.packages["fleet"].id)
    await lab.clock.advance(20000)
    assert joinstate.read(device) is None


@run
async def test_a_failed_package_is_taken_up_again_at_the_next_boot(lab: Lab):
    device = lab.device("reboot_required")
    assert code((await lab.install(device))["error"]["hresult"]) == "0x801c000f"
    device.power.schedule_restart(0, "", "unit")
    await lab.clock.advance(150)
    assert joinstate.read(device) is not None


@run
async def test_a_restart_before_the_join_loses_the_job_but_not_the_join(lab: Lab):
    device = lab.device("self_restart")
    old = device.hostname
    path = await lab.bring(device)
    await lab.value(
        device, "job_start", job=JOB, ops=[{"op": "package_install", "path": path, "force": False}], time_limit=3600
    )
    await lab.clock.advance(45)
    assert device.online is False and joinstate.read(device) is None
    await lab.clock.advance(120)
    assert device.online and device.hostname.startswith("CT-") and device.hostname != old
    assert (await lab.value(device, "job_status", job=JOB))["state"] == "lost"
    assert joinstate.read(device) is not None
    assert lab.world.tenant.device(joinstate.read(device).device_id)["displayName"] == device.hostname
    await lab.clock.advance(60)
    assert join_summary(device)["mdm"] is True


@run
async def test_a_rename_restarts_the_device_a_minute_after_the_join_and_mdm_follows(lab: Lab):
    device = lab.device("renamed")
    boot = device.booted
    await lab.install(device)
    assert joinstate.read(device) is not None and device.power.scheduled
    assert [e.id for e in lab.events(device, PROVISIONING, 41, 43)] == [43, 41]
    assert join_summary(device)["mdm"] is False
    await lab.clock.advance(58)
    assert device.online
    await lab.clock.advance(20)
    assert device.online is False
    await lab.clock.advance(200)
    assert device.booted > boot and device.hostname.startswith("CT-")
    assert join_summary(device)["mdm"] is True


@run
async def test_one_engine_at_a_time(lab: Lab):
    device = lab.device("slow_cmdlet")
    await lab.install(device)
    value = await lab.install(device, "no_mdm")
    assert value["gave_up"] is False or value["seconds"] == pytest.approx(180)
    await lab.clock.advance(900)
    packages = await lab.listed(device)
    assert len(packages) == 2
    assert joinstate.read(device).mdm_url, "the first package joined, the second came too late"


@run
async def test_a_power_cut_in_mid_join_leaves_no_half_join(lab: Lab):
    device = lab.device("unjoined_pro")
    path = await lab.bring(device)
    await lab.value(
        device, "job_start", job=JOB, ops=[{"op": "package_install", "path": path, "force": False}], time_limit=3600
    )
    await lab.clock.advance(14)
    await device.power.off()
    await lab.clock.advance(60)
    assert joinstate.read(device) is None
    await device.power.on()
    await lab.clock.advance(60)
    assert joinstate.read(device) is not None, "the engine takes the package up again at boot"
