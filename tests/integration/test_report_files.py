# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a report cannot lie no device is asked; and what a device says is a text, on the screen and in the file."""

from __future__ import annotations

import json
import os
import stat
import typing as t

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.play import ROOT, Player
from tests.lab.process import RunningLab

FAILED = 2
TENANT = "11111111-2222-4333-8444-555555555555"
ROW = "pc-0009    joined          12.0  device id 6e4cbe68-588b-499c-8c04-dcfff140a1ca"
NEEDED = {
    "join": {"join_tenant_id": TENANT, "join_src": "join.ppkg"},
    "preflight": {"preflight_tenant_id": TENANT},
    "diagnose": {},
    "disconnect": {"disconnect_hosts": "devices"},
    "verify": {},
    "accept": {},
}


@pytest.fixture(scope="module")
def lab(start_fleet: StartFleet) -> RunningLab:
    return start_fleet({"devices": [{"kind": "unjoined_pro", "name": "one"}]})


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("options", [(), ("--check",)], ids=["run", "check"])
def test_a_report_in_the_place_of_a_pipe_stops_the_playbook_before_any_device_is_asked(
    lab: RunningLab, player: Player, tmp_path: t.Any, name: str, options: tuple[str, ...]
) -> None:
    place, known = tmp_path / "report", len(lab.commands())
    os.mkfifo(place)
    variables = NEEDED[name] | {f"{name}_report": str(place)}
    play = player.run(lab, ROOT / "playbooks" / f"{name}.yml", *options, variables=variables)
    assert play.exit_code == FAILED and f"{place} cannot be written" in play.output
    assert lab.commands()[known:] == []
    assert stat.S_ISFIFO(place.lstat().st_mode) and os.listdir(tmp_path) == ["report"]


def test_a_record_is_shown_as_text_and_takes_the_report_from_nobody(lab: RunningLab, player: Player) -> None:
    records: dict[str, t.Any] = {
        "lines": {"outcome": "refused", "cause": f"x\r\n{ROW}\u2028{ROW}\x85{ROW}\u202e"},
        "text": "joined",
        "wrong": {"outcome": "joined", "seconds": "x", "device_id": ["a"]},
        "good": {"outcome": "joined", "device_id": "d"},
    }
    plays = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [
                {"name": "host", "ansible.builtin.add_host": {"name": "{{ item }}", "join_outcome": "{{ told[item] }}"}}
                | {"loop": list(records)},
                {"name": "report", "winops.entra.rollout_report": report(list(records))},
            ],
        }
    ]
    play = player.run(lab, plays, variables={"told": records})
    assert play.exit_code == 0, play.output
    result = play.result("localhost", "report")
    assert result["totals"] == {"devices": 4, "joined": 2, "refused": 1, "failed": 1}
    assert not [line for line in play.output.splitlines() if line.startswith("pc-0009")]
    assert r"\u2028" in play.output and r"\u202e" in play.output
    text = (play.directory / "report.json").read_text(encoding="utf-8")
    assert all(line.isprintable() for line in text.split("\n"))
    devices = {device["device"]: device for device in json.loads(text)["devices"]}
    assert devices["text"]["name"] == "damaged_record"
    assert devices["lines"]["cause"] == records["lines"]["cause"].replace("\x85", "\ufffd")
    assert devices["wrong"]["outcome"] == "joined" and len(devices["wrong"]["unreadable"]) == 2


def report(hosts: list[str]) -> dict[str, t.Any]:
    return {"work": "join", "dest": "{{ run_directory }}/report.json", "hosts": hosts}
