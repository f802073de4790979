# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/diagnose.yml with the tenant's half: failures of which the tenant alone knows the reason, in one play."""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml

from tests.integration.conftest import StartFleet
from tests.integration.play import ROOT, Play, Player
from tests.integration.rollouts import Rollout

SCENARIO = yaml.safe_load((ROOT / "tests" / "lab" / "scenarios" / "tenant_half.yml").read_text(encoding="utf-8"))
KINDS: dict[str, dict[str, t.Any]] = SCENARIO["kinds"]


class Told(t.NamedTuple):
    play: Play
    devices: dict[str, dict[str, t.Any]]


@pytest.fixture(scope="module")
def told(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Told:
    # In real time: what is a minute old stays so.
    lab = start_fleet("tenant_half", "1")
    rollout = Rollout(lab, player, tmp_path_factory.mktemp("reports"), "diagnose")
    names = {device["kind"]: device["name"] for device in lab.get("/devices")}
    who = {}
    state = rollout.tenant.state()
    for kind, options in KINDS.items():
        tried = options["device"].get("tried", {})
        if "user" in tried:
            who[names[kind]] = {"diagnose_user": f"{tried['user']}@contoso.example"}
    play = rollout.run(host_variables=who, diagnose_check_tenant=True, diagnose_log_wait=2)
    devices = rollout.devices()
    open("/tmp/told.json", "w").write(json.dumps({"devices": devices, "names": names, "out": play.output}, indent=1))
    return Told(play, {kind: devices[name] for kind, name in names.items()})


@pytest.mark.parametrize("kind", KINDS)
def test_x(told: Told, kind: str) -> None:
    pass
