# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vaulted package is on the controller's disk in clear while it is copied, and at no other time of a join."""

from __future__ import annotations

import stat
import typing as t
from pathlib import Path

import pytest

from tests.integration import inspection, joins, vault
from tests.integration.conftest import StartFleet
from tests.integration.play import Player, RunningPlay, wait_until
from tests.lab.process import RunningLab

# The engine of one works for a day; the other is slow to answer to the copy of the package.
WAITING, COPYING = "waiting", "copying"
DEVICES: dict[str, dict[str, t.Any]] = {
    WAITING: {"engine": {"seconds": 86400, "cmdlet_limit": 3600}},
    COPYING: {"faults": [{"kind": "slow_receive", "skip": 2, "seconds": 120}]},
}
SPEED = "6"


class Killed(t.NamedTuple):
    """What a controller that was killed has left of the package in clear."""

    waiting: list[Path]
    copying: list[Path]


@pytest.fixture(scope="module")
def killed(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """Two joins with a vaulted package, killed while the device applies it, and while it is copied."""
    lab = start_fleet(
        {"devices": [{"kind": "unjoined_pro", "name": name, "device": device} for name, device in DEVICES.items()]},
        SPEED,
    )
    package = inspection.package_file(lab, "fleet")
    vaulted = vault.encrypt(package, tmp_path_factory.mktemp("vault"))
    options = {name: given | {"src": vaulted.file} for name, given in joins.options_of_scenario(lab).items()}

    def left(name: str, moment: t.Callable[[], t.Any], what: str) -> list[Path]:
        play = {"hosts": name, "gather_facts": False, "tasks": [joins.join_task()]}
        arguments = ("--vault-password-file", vaulted.password_file)
        with player.running(lab, [play], *arguments, host_variables=joins.wanted(options)) as run:
            wait_until(moment, what)
            run.kill()
        return _in_clear(run, package.read_bytes())

    return Killed(
        left(WAITING, lambda: _started(lab), "the installation is started"),
        left(
            COPYING, lambda: inspection.copies(inspection.state(lab, COPYING), package), "the package is being copied"
        ),
    )


def _started(lab: RunningLab) -> bool:
    return any(line["device"] == WAITING and "job_start" in line["operations"] for line in lab.commands())


def _in_clear(run: RunningPlay, package: bytes) -> list[Path]:
    files = (path for path in run.directory.rglob("*") if path.is_file())
    return [path for path in files if package in path.read_bytes()]


def test_nothing_is_left_once_the_package_is_on_the_device(killed: Killed) -> None:
    assert killed.waiting == []


def test_a_controller_that_is_killed_while_it_copies_leaves_one_file_for_its_owner_only(killed: Killed) -> None:
    [file] = killed.copying
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert file.parent.name.startswith("ansible-local-")
