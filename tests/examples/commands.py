# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of guides and playbook heads: what they run, as plays of one playbook."""

from __future__ import annotations

import json
import shlex
import typing as t
from pathlib import Path

import yaml

from .texts import ROOT, Block

PREFIX = "winops.entra."
#: Where the playbooks run when they are part of one run, in place of the inventory's group.
HOSTS = {"disconnect": "leaver"}
HOST = "branch"


class Command(t.NamedTuple):
    """A command. ``name`` is the playbook or module, without the collection; ``given`` are its variables or options."""

    source: str
    text: str
    program: str
    name: str
    given: dict[str, t.Any]

    @property
    def key(self) -> str:
        return f"{self.source}: {self.text}"


def parsed(block: Block, folder: Path) -> Command:
    """A command in its parts; files of variables are those in a folder."""
    words = shlex.split(block.text)
    program = Path(words[0]).name
    options = [(word, words[number + 1]) for number, word in enumerate(words[:-1]) if word in ("-e", "-m", "-a")]
    if program == "ansible":
        by_option = dict(options)
        name, given = by_option["-m"], json.loads(by_option["-a"])
    else:
        name, given = Path(words[1]).stem if words[1].endswith(".yml") else words[1], {}
        for _option, value in options:
            given |= _variables(value, folder)
    return Command(block.source, block.text, program, name.removeprefix(PREFIX), given)


def as_play(command: Command) -> dict[str, t.Any]:
    """The play that does what the command does, on one host."""
    if command.program == "ansible":
        tasks = [{"name": command.text, PREFIX + command.name: command.given}]
        return {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    hosts = {f"{command.name}_hosts": HOSTS.get(command.name, HOST)}
    return {"import_playbook": PREFIX + command.name, "vars": {**hosts, **command.given}}


def ran(command: Command) -> tuple[str, str]:
    """(task, host) of which a result shows that the command has run."""
    if command.program == "ansible":
        return command.text, "localhost"
    plays = yaml.safe_load((ROOT / "playbooks" / f"{command.name}.yml").read_text(encoding="utf-8"))
    last = [play for play in plays if not _says_nothing(play)][-1]
    title = last["tasks"][0]["name"] if last.get("tasks") else role_task(last["roles"][0])
    return title, "localhost" if command.name == "tenant" else HOSTS.get(command.name, HOST)


def _says_nothing(play: dict[str, t.Any]) -> bool:
    """A play of a group that the plays before have made may have no host, and an import of a role has no result."""
    return play["hosts"].startswith("{{ groups[") or "ansible.builtin.import_role" in next(
        iter(play.get("tasks", [])), {}
    )


def role_task(role: str | dict[str, t.Any]) -> str:
    """The name of the first task of a role, which every run of it has."""
    name = (role if isinstance(role, str) else role["role"]).removeprefix(PREFIX)
    folder = ROOT / "roles" / name / "tasks"
    entry = folder / ("attempt.yml" if (folder / "attempt.yml").exists() else "main.yml")
    return str(yaml.safe_load(entry.read_text(encoding="utf-8"))[0]["name"])


def _variables(value: str, folder: Path) -> dict[str, t.Any]:
    if value.startswith("@"):
        return yaml.safe_load((folder / value[1:]).read_text(encoding="utf-8"))
    if value.startswith("{"):
        return yaml.safe_load(value)
    name, text = value.split("=", 1)
    return {name: text}
