# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One playbook of all examples in YAML, and what is to be seen of each."""

from __future__ import annotations

import collections
import typing as t
from collections.abc import Iterable
from pathlib import Path

import yaml

from . import commands, texts
from .texts import Block
from .world import FLEET, LAST, OVER_A_FLEET, PLACES, World

EXCEPTIONS = Path(__file__).with_name("exceptions.yml")
Entry = dict[str, t.Any]
#: One that fails is reported, and the others run all the same.
GO_ON: Entry = {"ignore_errors": True}


class Exceptions(t.NamedTuple):
    """Examples, by ``source: title``, each with a word why: that run nowhere, fail in check mode, or are skipped.
    ``other`` are texts in YAML that are neither tasks nor plays, ``commands`` those that are not run."""

    not_run: dict[str, str]
    fails_in_check_mode: dict[str, str]
    skipped: dict[str, str]
    other: dict[str, str]
    commands: dict[str, str]


class Wanted(t.NamedTuple):
    """A task of an example, and the host it runs on; None for that of its play."""

    source: str
    title: str
    host: str | None

    @property
    def key(self) -> str:
        return f"{self.source}: {self.title}"


def exceptions() -> Exceptions:
    """The list in the file."""
    return Exceptions(**yaml.safe_load(EXCEPTIONS.read_text(encoding="utf-8")))


class Examples:
    """All examples in YAML, ready for a world. ``wanted`` are the tasks of which a result has to come."""

    def __init__(self, world: World, blocks: Iterable[Block]) -> None:
        self.wanted: list[Wanted] = []
        self.plays: list[Entry] = []
        self._world = world
        self._tasks: dict[str, list[Entry]] = {}
        self._of_fleet: list[Entry] = []
        self._left_out = exceptions().not_run
        for block in blocks:
            ours = Block(block.source, world.of_the_lab(block.source, block.text))
            for entry in ours.entries:
                self._take(block.source, entry)
            if ours.variables:
                self._evaluate(ours)

    def add_commands(self, blocks: Iterable[Block]) -> None:
        """What commands run: each playbook once, with the variables of all its commands."""
        merged: dict[str, commands.Command] = {}
        for block in blocks:
            if f"{block.source}: {block.text}" in exceptions().commands:
                continue
            command = commands.parsed(self._world.command(block), self._world.elsewhere)
            earlier = merged.get(command.name)
            merged[command.name] = command._replace(given={**earlier.given, **command.given}) if earlier else command
        for command in merged.values():
            play = commands.as_play(command)
            self.plays.append(play if "import_playbook" in play else GO_ON | play)
            self.wanted.append(Wanted(command.source, *commands.ran(command)))

    def write(self) -> Path:
        """The playbook, in the folder of the world."""
        folder = self._world.folder
        for host, tasks in self._tasks.items():
            _write(folder / f"tasks-{host}.yml", tasks)
        local = [host for host in self._tasks if host.startswith("local-")]
        hosts = {host: {"ansible_connection": "local", "examples": f"tasks-{host}.yml"} for host in local}
        hosts |= {host: {"examples": f"tasks-{host}.yml"} for host in self._tasks if host not in local}
        _write(folder / "places.yml", {"all": {"hosts": hosts}})
        last = [_local(source) for source in LAST if _local(source) in self._tasks]
        first = [host for host in self._tasks if host not in last]
        return _write(
            folder / "examples.yml",
            [
                {"hosts": "joined", "gather_facts": False, "tasks": [self._world.bundle_task()]},
                {
                    "hosts": ",".join(FLEET),
                    "gather_facts": False,
                    **GO_ON,
                    "tasks": self._of_fleet,
                },
                _included(first),
                *self.plays,
                _included(last),
            ],
        )

    def _evaluate(self, block: Block) -> None:
        """Variables of a guide have a value."""
        tasks: list[Entry] = [
            {"name": f"{name} of {block.source}", "ansible.builtin.debug": {"var": name}} for name in block.variables
        ]
        play = {"hosts": commands.HOST, "gather_facts": False, "vars": block.variables, "tasks": tasks}
        self.plays.append(GO_ON | play)
        self.wanted += [Wanted(block.source, str(task["name"]), commands.HOST) for task in tasks]

    def _take(self, source: str, entry: Entry) -> None:
        key = f"{source}: {texts.title(entry)}"
        if key in self._left_out:
            return
        play, fleet = "hosts" in entry, key in OVER_A_FLEET or source in OVER_A_FLEET
        host = PLACES.get(key, PLACES.get(source)) or _local(source)
        if play:
            self.plays.append(GO_ON | entry)
            for role in entry.get("roles", ()):
                self.wanted.append(Wanted(source, commands.role_task(role), entry["hosts"]))
        elif fleet:
            self._of_fleet.append(entry)
        else:
            self._tasks.setdefault(host, []).append(entry)
        for task in texts.leaves(entry):
            self.wanted.append(Wanted(source, texts.title(task), None if play or fleet else host))


def problems(wanted: Iterable[Wanted], lines: list[dict[str, t.Any]], check: bool) -> list[str]:
    """Which examples did not run as they should, a sentence each. ``lines`` are those of the callback plugin
    task_results."""
    may_fail = exceptions().fails_in_check_mode if check else {}
    may_skip = exceptions().skipped
    said = []
    times = collections.Counter(wanted)
    for one, count in times.items():
        found = [line for line in lines if line["task"] == one.title and one.host in (None, line["host"])]
        failed = [line for line in found if line["status"] not in ("ok", "skipped") or _is_undefined(line)]
        if len(found) < count:
            said.append(f"{one.key}: it has run {len(found)} times, not {count}")
        elif failed and one.key not in may_fail:
            said.append(f"{one.key}: {failed[0]['status']}: {failed[0]['result'].get('msg')}")
        elif not failed and one.key in may_fail:
            said.append(f"{one.key}: it does not fail in check mode, as {EXCEPTIONS.name} says")
        elif all(line["status"] == "skipped" for line in found) and one.key not in may_skip:
            said.append(f"{one.key}: it was skipped")
    known = {(one.title, one.host) for one in times} | {(one.title, None) for one in times}
    said += [
        f"{line['task']} on {line['host']}: {line['status']}: {line['result'].get('msg')}"
        for line in lines
        if line["status"] not in ("ok", "skipped") and not known & {(line["task"], line["host"]), (line["task"], None)}
    ]
    return said


def _local(source: str) -> str:
    """The host for the examples of a source that run on the controller."""
    return "local-" + source.replace("/", "-").replace(".", "-")


def _included(hosts: list[str]) -> Entry:
    """The play of the tasks of hosts, each of which goes on by itself."""
    return {
        "hosts": ",".join(hosts),
        "gather_facts": False,
        "strategy": "ansible.builtin.free",
        **GO_ON,
        "tasks": [{"name": "examples", "ansible.builtin.include_tasks": "{{ examples }}"}],
    }


def _is_undefined(line: dict[str, t.Any]) -> bool:
    """What the module debug says of a variable without a value; it does not fail."""
    return line["action"].endswith("debug") and "VARIABLE IS NOT DEFINED" in str(line["result"])


def _write(path: Path, content: t.Any) -> Path:
    path.write_text(yaml.safe_dump(content, sort_keys=False, width=1000), encoding="utf-8")
    return path
