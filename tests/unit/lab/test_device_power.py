# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts: what the network sees, what a boot changes, what shutdown.exe answers."""

from __future__ import annotations

import asyncio

import pytest

from tests.lab.device import power
from tests.lab.device.dump import dump
from tests.lab.device.provisioning import own_packages

from .world_lab import Lab, run


@run
async def test_a_restart_closes_the_port_and_changes_the_boot_time(lab: Lab):
    device, seen = lab.device("unjoined_pro"), []

    async def note(host, up):
        seen.append((up, host.online, lab.clock.elapsed()))

    device.on_power.append(note)
    before = device.booted
    assert await lab.value(device, "restart", delay=30, comment="x") == {"scheduled": True, "exit_code": 0}
    await lab.clock.advance(29)
    assert device.online and seen == []
    await lab.clock.advance(200)
    assert [(up, online) for up, online, _when in seen] == [(False, False), (True, True)]
    assert seen[1][2] - seen[0][2] == pytest.approx(device.power.boot_seconds)
    assert device.booted > before
    started = (
        await lab.value(device, "cim_query", **{"class": "Win32_OperatingSystem", "properties": ["LastBootUpTime"]})
    )["instances"][0]["LastBootUpTime"]
    assert started.startswith(device.booted.strftime("%Y-%m-%dT%H:%M:%S"))


@run
async def test_a_second_restart_is_refused_while_one_is_under_way(lab: Lab):
    device = lab.device("unjoined_pro")
    await lab.value(device, "restart", delay=60, comment="first")
    assert await lab.value(device, "restart", delay=0, comment="second") == {
        "scheduled": False,
        "exit_code": power.ALREADY_SCHEDULED,
    }
    await lab.clock.advance(62)
    assert await lab.value(device, "restart", delay=0, comment="third") == {
        "scheduled": False,
        "exit_code": power.IN_PROGRESS,
    }


@run
async def test_a_boot_clears_what_was_pending_and_applies_the_name(lab: Lab):
    device = lab.device("pending_reboot")
    power.mark_pending(device, ["servicing", "update", "file_renames"])
    device.set_name("new-name", active=False)
    old = device.hostname
    assert device.registry.exists(power.SERVICING) and power.pending_name(device) == "new-name"
    device.power.schedule_restart(0, "", "unit")
    await lab.clock.advance(10)
    assert device.hostname == old
    await lab.clock.advance(120)
    assert device.hostname == "new-name" and power.pending_name(device) is None
    assert not device.registry.exists(power.SERVICING) and not device.registry.exists(power.UPDATE)
    assert device.registry.get(power.SESSION_MANAGER, "PendingFileRenameOperations") is None


@run
async def test_an_exchange_that_the_power_cuts_off_is_an_aborted_connection(lab: Lab):
    device = lab.device("slow_cmdlet")
    path = await lab.bring(device)
    request = {"v": 1, "id": "unit", "ops": [{"op": "package_install", "path": path, "force": False}]}
    exchange = asyncio.ensure_future(device.run_operations(request, account="ansible", system=True))
    await lab.clock.advance(20)
    await device.power.off()
    with pytest.raises(ConnectionAbortedError):
        await exchange
    with pytest.raises(ConnectionAbortedError, match="is off"):
        await device.run_operations(request, account="ansible")
    assert (await _processes(lab, device)) == []


async def _processes(lab: Lab, device) -> list:
    await device.power.on()
    return (await lab.value(device, "processes", names=["provtool.exe", "powershell.exe"]))["processes"]


@run
async def test_event_log_tells_who_restarted_the_device(lab: Lab):
    device = lab.device("unjoined_pro")
    await lab.value(device, "restart", delay=0, comment="for a reason")
    await lab.clock.advance(120)
    found = await lab.value(device, "events", log="System", ids=[1074, 6006, 6005], limit=10)
    assert [event["id"] for event in found["events"]] == [6005, 6006, 1074, 6005]
    assert "for a reason" in found["events"][2]["data"]


@run
async def test_a_device_is_starting_until_the_last_that_a_start_brings_has_come(lab: Lab):
    device = lab.device("unjoined_pro")
    assert not dump(device)["starting"]
    device.power.schedule_restart(0, "", "unit")
    await lab.clock.advance(power.SHUTDOWN_SECONDS + device.power.boot_seconds + 1)
    started = dump(device)
    assert (started["online"], started["starting"]) == (True, True)
    await lab.clock.advance(own_packages.AFTER_BOOT)
    over = dump(device)
    assert not over["starting"] and over["digest"] != started["digest"]
    await lab.clock.advance(86400)
    assert dump(device)["digest"] == over["digest"]
