# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A variable of a role that is there and empty is refused by its own name, and no device is asked anything."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.integration.play import ROOT, Player
from tests.lab.process import RunningLab

EMPTY = {
    "join": {"join_mdm_id": "", "join_method": "azure_vm"},
    "disconnect": {"disconnect_tenant_id": ""},
    "preflight": {"preflight_extra_endpoints": [{"name": "proxy", "url": " "}]},
}


@pytest.mark.parametrize("work", EMPTY)
def test_an_empty_variable_is_refused_by_its_name(lab: RunningLab, player: Player, tmp_path: Path, work: str) -> None:
    host, known = lab.get("/devices")[0]["name"], len(lab.commands())
    variables: dict[str, t.Any] = {f"{work}_hosts": host, f"{work}_report": str(tmp_path / "report.json")}
    play = player.run(lab, ROOT / "playbooks" / f"{work}.yml", variables={**variables, **EMPTY[work]})
    variable = next(iter(EMPTY[work]))
    assert play.exit_code != 0 and f"bad option {variable}" in play.output, play.output[-3000:]
    assert lab.commands()[known:] == []
