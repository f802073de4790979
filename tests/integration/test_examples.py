# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of modules, filters, roles and guides run as they stand, from another folder than the playbook's.

Here in check mode; `make examples` runs them, and the commands of the guides, for real.
"""

from __future__ import annotations

from pathlib import Path

from tests.examples import playing, texts
from tests.examples.world import SCENARIO, World
from tests.integration.conftest import StartFleet
from tests.integration.play import Player


def test_every_example_runs_in_check_mode(start_fleet: StartFleet, player: Player, tmp_path: Path) -> None:
    lab = start_fleet(SCENARIO)
    world = World(lab, tmp_path)
    examples = playing.Examples(world, texts.blocks())
    examples.add_commands(texts.commands())
    playbook = examples.write()
    play = player.run(
        lab,
        playbook,
        "--check",
        "-i",
        str(playbook.with_name("places.yml")),
        variables=world.variables,
        environment={**world.tenant["environment"], "HOME": str(tmp_path)},
        folder=world.elsewhere,
    )
    assert playing.problems(examples.wanted, play.lines, check=True) == [], play.output[-3000:]
    assert [command for command in lab.commands() if command["changing"]] == []
