# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs every example of the documentation over the lab, for real: what is in YAML as one playbook, and each command of
the guides as it stands, in a lab of its own.

    python -m tests.examples [--only TEXT]     TEXT: what the command contains; without the examples in YAML
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from tests.integration.play import Player
from tests.lab.process import running, utf8_environment

from . import playing, texts
from .texts import ROOT, Block
from .world import JOINED, LAPTOP, SCENARIO, World

SPEED = "60"
#: Seconds after which a command is ended that hangs.
LONGEST = 600
#: The devices of the inventory that a command finds.
LEAVERS = [{**JOINED, "name": "pc-0001.branch.example.com"}, {**JOINED, "name": "pc-0002.branch.example.com"}]
OTHERS = [
    {
        **LAPTOP,
        "name": f"{name}.branch.example.com",
        "device": {"serial": serial, "wipe": {"seconds": 60}},
        # A profile comes by the tag, and a device that is reset does not answer: nobody of the lab unpacks it.
        "variables": {
            "autopilot_serial_number": serial,
            "autopilot_group_tag": "office",
            "autopilot_reset_gone_after": 10,
        },
    }
    for name, serial in (("pc-0001", "PF3K9A01"), ("pc-0002", "PF3K9A02"))
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.examples", description=__doc__)
    parser.add_argument("--only")
    only = parser.parse_args().only
    found: list[str] = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="examples-") as name:
        if only is None:
            found += run_texts(Path(name))
        left_out = playing.exceptions().commands
        # A command that stands in a guide and in the head of its playbook is one.
        once = {block.text: block for block in texts.commands() if f"{block.source}: {block.text}" not in left_out}
        for number, block in enumerate(once.values()):
            if only is None or only in block.text:
                found += run_command(Path(name) / str(number), block)
    print(*found, sep="\n")
    print(f"{time.monotonic() - started:.0f} s; {len(found)} examples do not run")
    return 1 if found else 0


def run_texts(folder: Path) -> list[str]:
    """All examples in YAML: what is wrong, a sentence each."""
    with running(folder / "lab", "--scenario", _scenario(folder, SCENARIO), "--speed", SPEED) as lab:
        world = World(lab, folder)
        examples = playing.Examples(world, texts.blocks())
        playbook = examples.write()
        play = Player(folder / "plays").run(
            lab,
            playbook,
            "-i",
            str(playbook.with_name("places.yml")),
            variables=world.variables,
            environment={**world.tenant["environment"], "HOME": str(folder)},
            folder=world.elsewhere,
        )
        print(f"{len(examples.wanted)} tasks of examples were played", flush=True)
        return playing.problems(examples.wanted, play.lines, check=False)


def run_command(folder: Path, block: Block) -> list[str]:
    """A command as it stands: a sentence where it does not end well."""
    folder.mkdir()
    devices = LEAVERS if "disconnect" in block.text else OTHERS
    scenario = {**SCENARIO, "devices": devices}
    with running(folder / "lab", "--scenario", _scenario(folder, scenario), "--speed", SPEED) as lab:
        world = World(lab, folder)
        command = world.command(block)
        environment = (
            utf8_environment()
            | world.tenant["environment"]
            | {
                "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
                "ANSIBLE_FORCE_COLOR": "0",
                "ANSIBLE_HOME": str(folder / "home"),
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            }
        )
        with (folder / "output.txt").open("w+", encoding="utf-8") as output:
            try:
                code: int | str = subprocess.run(
                    command.text,
                    check=False,
                    shell=True,
                    cwd=world.elsewhere,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=LONGEST,
                ).returncode
            except subprocess.TimeoutExpired:
                code = f"not within {LONGEST} s"
            output.seek(0)
            said = output.read()
    print(f"{code}  {block.source}: {block.text}", flush=True)
    return [] if code == 0 else [f"{block.source}: {block.text}: {code}\n{said[-3000:]}"]


def _scenario(folder: Path, content: dict) -> str:
    file = folder / "scenario.yml"
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return str(file)


if __name__ == "__main__":
    sys.exit(main())
