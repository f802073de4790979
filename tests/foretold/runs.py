# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One case played: the task in check mode, for real, and again, on one device of the lab, in one process with it."""

from __future__ import annotations

import importlib
import tempfile
import typing as t
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import task as tasks
from ansible_collections.winops.entra.plugins.plugin_utils.device import work
from ansible_collections.winops.entra.plugins.plugin_utils.option_door import understood
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
from tests.lab.device import out_of_box
from tests.lab.device.dump import dump
from tests.unit.device.played import Played

from .cases import WORLD, options
from .story import Case, Result, Story

#: Device seconds between two runs: a restart that Windows has scheduled comes in them, and an enrollment that follows.
PAUSE = 900
#: What Ansible's connection plugin was told.
CONNECTION = {"scheme": "https", "port": 5986}
PLUGIN = "ansible_collections.winops.entra.plugins.action.{}"


def spec_of(module: str) -> dict[str, dict[str, t.Any]]:
    """A module's own options."""
    return dict(importlib.import_module(PLUGIN.format(module)).ActionModule.spec)


def run(module: str, given: dict[str, t.Any], played: Played, check_mode: bool = False) -> Result:
    """The result of one task, as Ansible would have it with --diff."""
    plugin = importlib.import_module(PLUGIN.format(module)).ActionModule
    spec = plugin.spec
    args = {name: option.get("default") for name, option in spec.items()} | given
    made = Task(understood(args, spec), check_mode, host="pc", find_file=lambda path: path)
    made.session = played.session(check_mode)
    made.session.connection.get_option = CONNECTION.__getitem__
    began: Result = {"changed": False, "changes": [], **plugin.refused}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "Deadline", played.deadline)
        return tasks.perform(made, plugin.sides, plugin.work, began, with_diff=True)


def _cut_off(case: Case, given: dict[str, t.Any], played: Played) -> None:
    """An earlier run whose connection is gone after so many exchanges; what it has started goes on."""
    whole = played._execute

    def execute(script: str, data: bytes) -> tuple[str, str, int]:
        if played.exchanges >= case.cut:
            raise ConnectionResetError("reset by peer")
        return whole(script, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(played, "_execute", execute)
        ended = run(case.module, given | {"timeout": 5, "poll_interval": 1}, played)
        assert ended.get("failed"), f"{case}: nothing was cut off"
    played.exchanges = 0


def _deploy(played: Played) -> None:
    """Somebody deploys a device that was reset: it answers again, as another installation."""
    if played.device.out_of_box:
        played.device.out_of_box = False
        played.do(out_of_box.answer_again(played.device))


def play(case: Case, with_again: bool = True) -> Story:
    """The three runs of a case."""
    with tempfile.TemporaryDirectory() as folder, Played(Path(folder), case.kind, world=WORLD) as played:
        given = options(case, played)
        if case.cut:
            _cut_off(case, given, played)
        before = dump(played.device)["digest"]
        checked = run(case.module, given, played, check_mode=True)
        looks, untouched = played.exchanges, dump(played.device)["digest"] == before
        real = run(case.module, given, played)
        again: Result = {}
        if with_again and not real.get("failed"):
            played.let_pass(PAUSE)
            _deploy(played)
            again = run(case.module, given, played)
        return Story(checked, real, again, untouched, looks)
