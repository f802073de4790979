# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two names of the inventory that lead to one device are one join, and a finding in the report."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.play import Player
from tests.integration.rollouts import Rollout

# Every second one is reached in another way: the third as the first.
FLEET = {"devices": [{"kind": "unjoined_pro", "name": name} for name in ("one", "between", "other")]}


def test_two_names_of_one_device_are_joined_once_and_named(start_fleet: StartFleet, player: Player, tmp_path: Path):
    lab = start_fleet(FLEET)
    inventory = yaml.safe_load(lab.inventory.read_text(encoding="utf-8"))
    [hosts] = [group["hosts"] for group in _groups(inventory) if "one" in (group.get("hosts") or {})][:1]
    runs = Rollout(lab, player, tmp_path, "join")
    play = runs.run("--limit", "one,other", host_variables={"other": hosts["one"]})
    devices = runs.devices()
    assert {device["outcome"] for device in devices.values()} <= {"joined", "unchanged"}, play.output
    assert devices["one"]["device_id"] == devices["other"]["device_id"]
    assert (devices["one"]["same_device"], devices["other"]["same_device"]) == (["other"], ["one"])
    assert devices["one"]["machine"] == devices["other"]["machine"]
    assert runs.report()["totals"]["same_device"] == 2
    assert "are the same device as others" in play.output
    assert len(inspection.events(lab, "one", inspection.PROVISIONING, inspection.INSTALLED)) == 1
    assert [line for line in lab.commands() if line["device"] == "other"] == []


def _groups(tree: dict):
    for group in tree.values():
        if isinstance(group, dict):
            yield group
            yield from _groups(group.get("children") or {})
