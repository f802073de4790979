# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/join.yml after the join: what a wave waits for, the gate before the next one, and the page for the user."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player
from tests.integration.rollouts import Rollout

FAILED = 2
DEVICES = [
    {"kind": "joined", "name": "pilot"},
    {"kind": "unjoined_pro", "name": "two"},
    {"kind": "unjoined_pro", "name": "three"},
]


def test_explore(start_fleet: StartFleet, player: Player, tmp_path) -> None:
    lab = start_fleet({"devices": DEVICES})
    rollout = Rollout(lab, player, tmp_path, "join")
    play = rollout.run(
        join_expect_intune=True,
        join_expect_compliant=True,
        join_serial=[1, "100%"],
        join_gate=["managed", "let_in"],
        join_expect_timeout=6, join_gate_timeout=6,
        join_expect_poll_interval=1,
        join_hand_over=str(tmp_path / "sheet.html"),
    )
    print(play.output)
    import json
    print(json.dumps(rollout.report(), indent=1))
    print((tmp_path / "sheet.html").read_text())
    assert 0
