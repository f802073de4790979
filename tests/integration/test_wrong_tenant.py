# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/join.yml with a package of another tenant: the rollout ends with the wave of the first device it joins."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.play import ROOT, Player

NAMES = ("fit", "astray", "later")
FLEET = {"devices": [{"kind": "unjoined_pro", "name": name} for name in NAMES]}


def test_a_device_that_joins_another_tenant_ends_the_rollout_after_its_wave(
    start_fleet: StartFleet, player: Player
) -> None:
    lab = start_fleet(FLEET)
    before = inspection.states(lab)
    stray = str(inspection.package_file(lab, "other_tenant"))
    play = player.run(
        lab,
        ROOT / "playbooks" / "join.yml",
        variables={"join_serial": 2, "join_poll_interval": 1, "join_report": "{{ run_directory }}/report.json"},
        host_variables={"astray": {"join_src": stray}, "later": {"join_src": stray}},
    )
    after = inspection.states(lab)
    other = lab.get("/tenants/other")["id"]
    assert play.exit_code != 0 and "joined the tenant" in play.output
    assert (after["astray"]["join"]["type"], after["astray"]["join"]["tenant_id"]) == ("entra", other)
    assert after["fit"]["join"]["tenant_id"] == inspection.tenant_id(lab)
    assert after["later"]["digest"] == before["later"]["digest"]
    report = json.loads(Path(play.directory, "report.json").read_text(encoding="utf-8"))
    told = {device["device"]: device for device in report["devices"]}
    assert {name: told[name]["outcome"] for name in NAMES} == {
        "fit": "joined",
        "astray": "failed",
        "later": "not_started",
    }
    assert (told["astray"]["name"], told["astray"]["tenant_id"]) == ("joined_wrong_tenant", other)
    assert told["astray"]["changed"] is True
