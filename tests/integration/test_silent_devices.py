# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that take a request and never answer it: Windows says "not yet" for their shells, and goes on saying it."""

from __future__ import annotations

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player

SILENT = {"faults": [{"kind": "never_answers", "times": 10}]}
WAYS = ("winrm", "psrp")


@pytest.fixture(scope="module")
def silent(start_fleet: StartFleet, player: Player) -> Play:
    """A task with a timeout over each kind of connection, and one that Ansible itself ends."""
    names = [*WAYS, "ansible"]
    lab = start_fleet({"devices": [{"kind": "joined", "name": name, "device": SILENT} for name in names]})
    by_psrp = {
        "ansible_connection": "psrp",
        "ansible_psrp_auth": "{{ ansible_winrm_transport }}",
        "ansible_psrp_protocol": "{{ ansible_winrm_scheme }}",
        "ansible_psrp_ca_cert": "{{ ansible_winrm_ca_trust_path }}",
    }
    timed = {"name": "look", "winops.entra.mdm": {"state": "enrolled", "timeout": 1}, "ignore_errors": True}
    facts = {"name": "facts", "winops.entra.device_facts": {}, "timeout": 5, "ignore_errors": True}
    tasks = [
        {**timed, "when": "inventory_hostname != 'ansible'"},
        {**facts, "when": "inventory_hostname == 'ansible'"},
    ]
    play = {"hosts": "devices", "gather_facts": False, "strategy": "ansible.builtin.free", "tasks": tasks}
    return player.run(lab, [play], host_variables={"psrp": by_psrp})


@pytest.mark.parametrize("way", WAYS)
def test_the_task_ends_as_one_whose_connection_is_lost(silent: Play, way: str) -> None:
    assert silent.status(way, "look") == "unreachable", silent.output
    assert "has taken what was asked and has given no answer within 10 s" in silent.result(way, "look")["msg"]


def test_ansibles_own_timeout_ends_a_task_as_before(silent: Play) -> None:
    assert silent.status("ansible", "facts") == "ignored"
    assert "timed out" in silent.result("ansible", "facts")["msg"].lower()
