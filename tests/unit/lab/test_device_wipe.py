# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reset takes lab time and everything with it, fails as Windows does, and ends at the device's first start."""

from __future__ import annotations

import pytest

from tests.lab.device import out_of_box, recovery, wipe
from tests.lab.device.dump import dump

from .world_lab import Lab, code, run

DAY = 86400.0


def asked(device, method: str = "doWipeMethod", **changes: str) -> dict[str, str]:
    return {"method": method, "serial_number": device.hardware.serial, "uuid": device.hardware_uuid, **changes}


@run
async def test_a_reset_device_is_at_its_first_start_and_has_nothing_of_before(lab: Lab):
    device = lab.device("joined_other_mdm")
    before = dump(device)
    assert (await lab.value(device, "remote_wipe", system=True, **asked(device)))["return_value"] == 0
    assert device.online and dump(device)["digest"] == before["digest"], "it has only been accepted"
    await lab.clock.advance(device.wipe.ready + 60)
    assert not device.online and not device.out_of_box
    await lab.clock.advance(device.wipe.seconds)
    after = dump(device)
    assert after["out_of_box"] and not after["online"] and after["join"]["type"] == "none"
    assert after["certificates"] == after["accounts"] == [] and after["installed"] > before["installed"]
    assert (
        after["hostname"].startswith("DESKTOP-")
        and device.machine_sid != before["accounts"][0]["sid"].rpartition("-")[0]
    )
    assert all(one["built_in"] for one in after["enrollments"])


@run
async def test_nobody_reaches_a_device_at_its_first_start_also_after_a_restart(lab: Lab):
    device = lab.device("joined")
    opened = []

    async def listen(_host, up: bool) -> None:
        opened.append(up)

    device.on_power.append(listen)
    await lab.value(device, "remote_wipe", system=True, **asked(device))
    await lab.clock.advance(DAY)
    await device.power.on()
    assert device.out_of_box and opened == [False]
    await out_of_box.answer_again(device)
    device.out_of_box = False
    assert device.login in device.accounts


@run
async def test_without_a_recovery_environment_windows_refuses(lab: Lab):
    device = lab.device("joined")
    for state in ("disabled", "no_image", "no_settings"):
        recovery.furnish(device, state)
        before = dump(device)["digest"]
        answer = await lab.value(device, "remote_wipe", system=True, **asked(device))
        assert answer["return_value"] == wipe.NOT_SUPPORTED
        await lab.clock.advance(DAY)
        assert device.online and dump(device)["digest"] == before


@run
async def test_a_recovery_environment_without_its_partition_brings_the_old_windows_back(lab: Lab):
    device = lab.device("joined")
    recovery.furnish(device, "no_partition")
    before, booted = dump(device), device.booted
    assert (await lab.value(device, "remote_wipe", system=True, **asked(device)))["return_value"] == 0
    await lab.clock.advance(DAY)
    after = dump(device)
    assert device.booted > booted and after["join"] == before["join"] and after["installed"] == before["installed"]


@run
async def test_a_reset_is_for_system_and_for_the_device_that_is_meant(lab: Lab):
    device = lab.device("joined")
    error = await lab.error(device, "remote_wipe", **asked(device))
    assert code(error["hresult"]) == "0x80070005"
    for other in ({"serial_number": device.hardware.serial.lower()}, {"uuid": device.hardware_uuid.lower()}):
        error = await lab.error(device, "remote_wipe", system=True, **asked(device, **other))
        assert code(error["hresult"]) == "0x80070005"
    assert device.wipe.methods == []


@run
async def test_what_a_reset_keeps(lab: Lab):
    device = lab.device("already_installed")
    await lab.value(device, "remote_wipe", system=True, **asked(device, "doWipePersistProvisionedDataMethod"))
    await lab.clock.advance(DAY)
    assert device.out_of_box and device.applied


@run
async def test_nobody_signs_in_where_no_first_start_is(lab: Lab):
    with pytest.raises(ValueError, match="first start"):
        out_of_box.sign_in(lab.device("joined"), "ada@contoso.example")
