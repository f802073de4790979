# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory that a lab writes: as a person would write it, and read as Ansible reads it."""

from __future__ import annotations

import stat
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager

from tests.lab import inventory
from tests.lab.scenario import load_world
from tests.lab.world import World

Written = tuple[World, Path]


def write(world: World, directory: Path) -> Path:
    path = directory / "inventory.yml"
    ports = {host.name: (1000 + number, 2000 + number) for number, host in enumerate(world.hosts)}
    inventory.write(path, world, ports, directory / "ca.pem")
    return path


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A world with devices that ask for their way in and one that is reached by another account."""
    directory = tmp_path_factory.mktemp("lab")
    world = load_world("preflight", out=directory)
    return world, write(world, directory)


def parsed(path: Path) -> dict[str, t.Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))["all"]["children"]


def test_ansible_finds_every_device_in_its_order_and_the_variables_that_the_reader_finds(fleet: Written) -> None:
    world, path = fleet
    loader = DataLoader()
    ansible = InventoryManager(loader=loader, sources=[str(path)])
    found = inventory.read(path)
    hosts = ansible.get_hosts("devices")
    assert [host.name for host in hosts] == [host.name for host in world.hosts] == list(found)
    for host in hosts:
        variables = VariableManager(loader=loader, inventory=ansible).get_vars(host=host, include_hostvars=False)
        ours = {name for name in variables if name.startswith(("ansible_winrm", "join_", "lab_"))}
        assert ours <= set(found[host.name])
        assert {name: variables.get(name) for name in found[host.name]} == found[host.name]


def test_a_device_may_ask_for_its_kind_of_connection(fleet: Written) -> None:
    hosts = inventory.read(fleet[1])
    assert hosts["listener-certificate-of-ad-01"]["ansible_winrm_scheme"] == "https"
    assert hosts["listener-certificate-gone-01"]["ansible_winrm_scheme"] == "http"
    assert {host["ansible_winrm_scheme"] for host in hosts.values()} == {"http", "https"}


def test_every_device_is_reached_at_the_port_of_its_transport(fleet: Written) -> None:
    world, path = fleet
    hosts = inventory.read(path)
    for number, host in enumerate(world.hosts):
        found = hosts[host.name]
        way = {"http": (1000, "ntlm", "always"), "https": (2000, "basic", None)}[found["ansible_winrm_scheme"]]
        assert way == (
            found["ansible_port"] - number,
            found["ansible_winrm_transport"],
            found.get("ansible_winrm_message_encryption"),
        )


def test_what_devices_share_is_written_once(fleet: Written) -> None:
    world, path = fleet
    devices = parsed(path)["devices"]
    assert {"ansible_user", "ansible_password", "ansible_connection", "join_tenant_id"} <= set(devices["vars"])
    own = {name for variables in devices["hosts"].values() for name in variables}
    assert {name for name in own if not name.startswith(("join_", "lab_"))} == {"ansible_port", "ansible_user"}
    in_children = [name for child in devices["children"].values() for name in child["hosts"]]
    assert sorted(in_children) == sorted(host.name for host in world.hosts)
    assert not any(variables for child in devices["children"].values() for variables in child["hosts"].values())


def test_an_account_of_a_devices_own_wins_over_the_usual_one(fleet: Written) -> None:
    world, path = fleet
    hosts = inventory.read(path)
    assert parsed(path)["devices"]["vars"]["ansible_user"] == "ansible"
    assert hosts["joined-by-entra-account-01"]["ansible_user"] == "lab.admin"
    for host in world.hosts:
        found = hosts[host.name]
        assert (found["ansible_user"], found["ansible_password"]) == (host.login, host.accounts[host.login])


def test_a_password_of_a_devices_own_wins_over_the_usual_one(tmp_path: Path) -> None:
    world = load_world("healthy", devices=3, out=tmp_path)
    world.hosts[0].account("ansible").password = "another one"
    hosts = inventory.read(write(world, tmp_path))
    usual = world.hosts[1].accounts["ansible"]
    assert [host["ansible_password"] for host in hosts.values()] == ["another one", usual, usual]


def test_only_its_owner_may_read_it(fleet: Written) -> None:
    assert stat.S_IMODE(fleet[1].stat().st_mode) == 0o600
