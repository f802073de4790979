# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new device of the lab takes a single package from the root of a stick by itself, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.lab import ppkg
from tests.lab.device import furnish, media
from tests.lab.device.dump import dump

from .world_lab import Lab

SCENARIO = {"devices": [{"kind": "unjoined_pro", "device": {"out_of_box": True}}, {"kind": "unjoined_pro"}]}
ACCOUNT = {"name": furnish.LOGIN, "password": furnish.PASSWORD, "group": "Administrators"}
ID = "5b0e1c3a-7d42-4c19-9e57-1f6a2b3c4d5e"


def put(folder: Path, name: str = "join.ppkg", commands: tuple[str, ...] = ("winrm quickconfig -quiet",)) -> Path:
    (folder / name).write_bytes(
        ppkg.build("Contoso", ID, computer_name="NB-1", accounts=[ACCOUNT], commands=list(commands))
    )
    return folder


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    path = tmp_path / "stick"
    path.mkdir()
    return path


def played(tmp_path: Path, test) -> None:
    """Run a test over the new device and the one that is set up."""

    async def main() -> None:
        lab = Lab(tmp_path, SCENARIO)
        new, used = lab.world.hosts
        try:
            await test(lab, new, used)
        finally:
            await lab.world.stop()

    asyncio.run(main())


def test_a_new_device_is_off_and_has_nothing_on_it(tmp_path: Path, stick: Path):
    async def test(_lab: Lab, new, _used) -> None:
        assert (new.online, new.out_of_box, new.local_accounts) == (False, True, [])
        with pytest.raises(ValueError, match="is off"):
            media.insert(new, put(stick))

    played(tmp_path, test)


def test_a_single_package_is_applied_and_its_command_lets_winrm_in(tmp_path: Path, stick: Path):
    async def test(lab: Lab, new, _used) -> None:
        heard = []

        async def listen(_host, up: bool) -> None:
            heard.append(up)

        new.on_power.append(listen)
        await new.power.on()
        assert media.insert(new, put(stick))["taken"] == "join.ppkg" and heard == []
        await lab.clock.advance(3600)
        assert heard[0] is True and not new.out_of_box and new.login in new.accounts
        assert [package["id"] for package in dump(new)["packages"]] == [ID] and new.hostname == "NB-1"

    played(tmp_path, test)


def test_without_such_a_command_nobody_reaches_it(tmp_path: Path, stick: Path):
    async def test(lab: Lab, new, _used) -> None:
        await new.power.on()
        media.insert(new, put(stick, commands=()))
        await lab.clock.advance(3600)
        assert new.out_of_box and [package["id"] for package in dump(new)["packages"]] == [ID]

    played(tmp_path, test)


def test_windows_asks_where_there_are_several_and_does_nothing_without(tmp_path: Path, stick: Path):
    async def test(_lab: Lab, new, used) -> None:
        await new.power.on()
        assert media.insert(new, stick)["screen"] == "nothing happens"
        (stick / "below").mkdir()
        put(stick / "below")
        assert media.insert(new, stick)["packages"] == []
        put(put(stick), "Other.PPKG")
        told = media.insert(new, stick)
        assert (told["taken"], told["screen"]) == (None, "asks which package to apply")
        (stick / "Other.PPKG").unlink()
        assert media.insert(used, stick) == {"packages": ["join.ppkg"], "taken": None, "screen": "nothing happens"}

    played(tmp_path, test)
