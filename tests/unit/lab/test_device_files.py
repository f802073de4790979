# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and directories: what may be changed, by whom, and what is fetched."""

from __future__ import annotations

import pytest

from .world_lab import ENGINE, PACKAGES, Lab, code, run


@pytest.mark.parametrize(
    "path",
    [
        r"C:\Windows\System32",
        r"%ProgramData%\winops.entra",
        r"%ProgramData%\winops.entra\..\other",
        r"%ProgramData%\winops.entra-other\x",
        r"%ProgramData%\Microsoft\Provisioning\sub\x.ppkg",
        r"%ProgramData%\Microsoft\Provisioning\x.txt",
        r"%ProgramData%\winops.entra\a:stream",
        r"\\server\share\x",
    ],
)
def test_changing_files_is_confined(path, tmp_path):
    @run
    async def refused(lab: Lab):
        device = lab.device("unjoined_pro")
        for operation in ("path_remove", "directory_create"):
            error = await lab.error(device, operation, path=path)
            assert code(error["hresult"]) == "0x80070005", operation

    refused(tmp_path)


@run
async def test_directories_are_closed_before_anything_lies_in_them(lab: Lab):
    device = lab.device("unjoined_pro")
    first = await lab.value(device, "directory_create", path=PACKAGES)
    assert first == {"path": r"C:\ProgramData\winops.entra\packages", "created": True}
    assert (await lab.value(device, "directory_create", path=PACKAGES.upper()))["created"] is False
    assert device.files.entry(PACKAGES).private and device.files.entry(r"%ProgramData%\winops.entra").private


@run
async def test_a_directory_of_our_name_that_is_open_to_others_is_refused(lab: Lab):
    device = lab.device("unjoined_pro")
    device.files.make_directory(r"%ProgramData%\winops.entra")
    assert code((await lab.error(device, "directory_create", path=PACKAGES))["hresult"]) == "0x80070005"


@run
async def test_the_engines_copy_of_a_package_can_be_removed(lab: Lab):
    device = lab.device("unjoined_pro")
    await lab.install(device)
    [copy] = device.files.children(ENGINE)
    assert (await lab.value(device, "path_remove", path=copy.path))["removed"] is True
    assert (await lab.value(device, "path_remove", path=copy.path))["removed"] is False
    assert (await lab.value(device, "path_remove", path=PACKAGES))["removed"] is True
    assert not device.files.exists(rf"{PACKAGES}\fleet.ppkg")


@run
async def test_downloads_check_address_and_hash(lab: Lab):
    import hashlib

    device, data = lab.device("unjoined_pro"), lab.world.packages["fleet"].data
    good = {
        "url": "https://packages.lab.example/fleet.ppkg",
        "path": rf"{PACKAGES}\f.ppkg",
        "timeout": 60,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    value = await lab.value(device, "download", **good)
    assert value["size"] == len(data) and device.files.read(rf"{PACKAGES}\f.ppkg") == data
    changed = await lab.error(device, "download", **{**good, "sha256": "0" * 64})
    assert changed["type"] == "hash" and changed["hresult"] is None
    plain = await lab.error(device, "download", **{**good, "url": "http://x/y"})
    assert plain["type"] == "System.ArgumentException"
    gone = await lab.error(device, "download", **{**good, "url": "https://packages.lab.example/none.ppkg"})
    assert gone["type"] == "not_found" and "404" in gone["message"]
    unknown = await lab.error(device, "download", **{**good, "url": "https://nowhere.example/x"})
    assert unknown["type"] == "dns" and "could not be resolved" in unknown["message"]
    device.faults.add("download", {"as": "cut"})
    assert (await lab.error(device, "download", **good))["type"] == "cut"
    device.network.blocked.add("packages.lab.example")
    begun = lab.clock.elapsed()
    assert (await lab.error(device, "download", **{**good, "timeout": 5}))["type"] == "timeout"
    assert lab.clock.elapsed() - begun == pytest.approx(5)
