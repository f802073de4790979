# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package and a stick to lay it out on."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.modules.ppkg_media import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.media.work import lay_out
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
from tests.lab import ppkg

TOKEN = "FAKE-BULK-TOKEN-" + "-".join(f"{number:04d}.not.a.secret" for number in range(20))
PACKAGE_ID = "5b0e1c3a-7d42-4c19-9e57-1f6a2b3c4d5e"
ACCOUNT = {"name": "rescue", "password": "FAKE-password-1111", "group": "Administrators"}
BUILT = {"name": "Contoso join", "package_id": PACKAGE_ID, "token": TOKEN, "computer_name": "PC-%SERIAL%"}


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., Path]:
    """Write a package of the lab: ``package("join.ppkg", token=...)`` -> its path."""

    def write(name: str = "join.ppkg", data: bytes | None = None, **arguments: t.Any) -> Path:
        path = tmp_path / "packages" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(ppkg.build(**(BUILT | {"accounts": [ACCOUNT]} | arguments)) if data is None else data)
        return path

    return write


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    path = tmp_path / "stick"
    path.mkdir()
    return path


class Laid(t.NamedTuple):
    """What the task has returned, and what it would have learned of a failure, and its changes."""

    task: Task
    result: dict[str, t.Any]

    @property
    def media(self) -> list[dict[str, t.Any]]:
        return self.task.learned["media"]

    @property
    def changes(self) -> list[dict[str, t.Any]]:
        return self.task.changes.as_result(False)["changes"]


@pytest.fixture
def lay() -> Callable[..., Laid]:
    """Do the work of a task with these options."""

    def run(check_mode: bool = False, **given: t.Any) -> Laid:
        args = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
        args |= {name: str(value) if isinstance(value, Path) else value for name, value in given.items()}
        below = dict.fromkeys(ARGUMENT_SPEC["media"]["options"])
        if args["media"] is not None:
            args["media"] = [below | row for row in args["media"]]
        task = Task(args, check_mode, find_file=lambda src: src)
        return Laid(task, lay_out(task))

    return run


def names_in(path) -> list[str]:
    return sorted(os.listdir(path))


def refused(lay, **options) -> str:
    with pytest.raises(Failure) as caught:
        lay(**options)
    assert caught.value.error["name"] == "bad_option"
    return caught.value.msg
