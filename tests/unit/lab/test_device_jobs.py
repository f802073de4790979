# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SYSTEM jobs: their states over time, and what a restart, a time limit or a removal does to them."""

from __future__ import annotations

import json

from .world_lab import JOB, Lab, run

DIRECTORY = rf"%ProgramData%\winops.entra\jobs\{JOB}"
TASK = f"winops.entra-{JOB}"


async def _start(lab: Lab, device, *steps: dict, time_limit: int = 3600) -> dict:
    return await lab.value(device, "job_start", job=JOB, ops=list(steps), time_limit=time_limit)


async def _status(lab: Lab, device) -> dict:
    return await lab.value(device, "job_status", job=JOB)


@run
async def test_a_job_goes_from_absent_through_running_to_done(lab: Lab):
    device = lab.device("unjoined_pro")
    assert (await _status(lab, device)) == {
        "state": "absent",
        "started": None,
        "last_task_result": None,
        "answer": None,
    }
    assert (await _start(lab, device, {"op": "registry_read", "path": "SECURITY"}))["started"]
    queued = await _status(lab, device)
    assert (queued["state"], queued["last_task_result"], queued["answer"]) == ("running", 267045, None)
    await lab.clock.advance(10)
    done = await _status(lab, device)
    assert (done["state"], done["last_task_result"]) == ("done", 0)
    assert done["answer"]["device"]["system"] is True and done["answer"]["device"]["sid"] == "S-1-5-18"
    assert done["answer"]["results"][0]["ok"], "SYSTEM may open what an administrator may not"


@run
async def test_a_job_of_the_same_id_is_left_alone(lab: Lab):
    device = lab.device("unjoined_pro")
    await _start(lab, device, {"op": "dsregcmd_status"})
    restart = {"op": "restart", "delay": 0, "comment": ""}
    assert (await _start(lab, device, restart)) == {"started": False, "already": True}
    await lab.clock.advance(10)
    assert (await _start(lab, device, restart))["already"]
    assert not device.power.scheduled


@run
async def test_while_it_runs_its_task_shows_in_the_scheduler(lab: Lab):
    device = lab.device("unjoined_pro")
    path = await lab.bring(device)
    await _start(lab, device, {"op": "package_install", "path": path, "force": False})
    await lab.clock.advance(5)
    tasks = (await lab.value(device, "scheduled_tasks", folder="\\"))["tasks"]
    assert {"name": TASK, "state": "Running", "last_result": 267009, "next_run": None} in tasks
    assert (await lab.value(device, "processes", names=["provtool.exe"]))["processes"]


@run
async def test_a_restart_loses_a_running_job_and_keeps_a_finished_one(lab: Lab):
    device, other = lab.device("unjoined_pro"), lab.device("joined")
    path = await lab.bring(device)
    await _start(lab, device, {"op": "package_install", "path": path, "force": False})
    await _start(lab, other, {"op": "dsregcmd_status"})
    await lab.clock.advance(5)
    for host in (device, other):
        await lab.value(host, "restart", delay=0, comment="unit test")
    await lab.clock.advance(120)
    lost = await _status(lab, device)
    assert (lost["state"], lost["last_task_result"], lost["answer"]) == ("lost", 267014, None)
    assert (await _status(lab, other))["state"] == "done"
    assert (await _start(lab, device, {"op": "dsregcmd_status"}))["started"], "a lost job may be started again"


@run
async def test_the_time_limit_ends_the_job_but_not_the_engine(lab: Lab):
    device = lab.device("slow_cmdlet")
    path = await lab.bring(device)
    await _start(lab, device, {"op": "package_install", "path": path, "force": False}, time_limit=30)
    await lab.clock.advance(60)
    assert (await _status(lab, device))["state"] == "lost"
    await lab.clock.advance(600)
    assert not next(iter(device.applied.values())).pending


@run
async def test_a_removed_job_leaves_nothing(lab: Lab):
    device = lab.device("unjoined_pro")
    await _start(lab, device, {"op": "dsregcmd_status"})
    await lab.clock.advance(1)
    assert (await lab.value(device, "job_remove", job=JOB))["removed"] is True
    await lab.clock.advance(30)
    assert not device.files.exists(DIRECTORY)
    assert device.tasks.get("\\", TASK) is None
    assert (await lab.value(device, "job_remove", job=JOB))["removed"] is False


@run
async def test_job_directories_are_private_and_ids_are_checked(lab: Lab):
    device = lab.device("unjoined_pro")
    await _start(lab, device, {"op": "dsregcmd_status"})
    assert device.files.entry(DIRECTORY).private
    assert json.loads(device.files.read(rf"{DIRECTORY}\request.b64"))["ops"] == [{"op": "dsregcmd_status"}]
    error = await lab.error(device, "job_start", job=r"..\..\x", ops=[], time_limit=1)
    assert error["type"] == "System.ArgumentException"
