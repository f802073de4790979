# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices whose PowerShell is kept from running the collection's script: each says by what, and what to do."""

from __future__ import annotations

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player

BLOCKS = {"constrained": "constrained_language", "antivirus": "malicious_content"}


@pytest.fixture(scope="module")
def looked(start_fleet: StartFleet, player: Player) -> Play:
    """device_facts on one device a block, and again when nothing blocks it any more."""
    devices = [
        {"kind": "unjoined_pro", "name": name, "device": {"faults": [{"kind": "powershell_blocked", "by": by}]}}
        for name, by in BLOCKS.items()
    ]
    look = {"winops.entra.device_facts": {}, "ignore_errors": True}
    return player.tasks(start_fleet({"devices": devices}), [{"name": "blocked", **look}, {"name": "free", **look}])


@pytest.mark.parametrize("name", BLOCKS)
def test_what_blocks_powershell_is_named(looked: Play, name: str) -> None:
    result = looked.result(name, "blocked")
    assert looked.status(name, "blocked") == "ignored" and result["error"]["name"] == BLOCKS[name]
    assert result["error"]["doc"].endswith(("#constrained-language-mode", "#malicious-content"))
    assert "ansible_facts" not in result


@pytest.mark.parametrize("name", BLOCKS)
def test_the_same_device_answers_once_it_is_let(looked: Play, name: str) -> None:
    assert looked.result(name, "free")["ansible_facts"]["entra"]["join"]["type"] == "none"
