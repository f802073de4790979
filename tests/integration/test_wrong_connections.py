# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories that are wrong in one point each: the result names it, whose fault it is, and how Ansible counts it."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.play import Play, Player
from tests.integration.test_join import PSRP
from tests.lab import inventory, tls
from tests.lab.process import RunningLab

UNREACHABLE, FAILED = "unreachable", "ignored"
#: Of each host the name and side of its error, and what the task is to Ansible.
EXPECTED = {
    "winrm_password": ("credentials_refused", "device", UNREACHABLE),
    "psrp_password": ("credentials_refused", "device", UNREACHABLE),
    "winrm_authority": ("certificate_issuer_unknown", "device", UNREACHABLE),
    "psrp_authority": ("certificate_issuer_unknown", "device", UNREACHABLE),
    "winrm_no_file": ("ca_file_missing", "controller", FAILED),
    "psrp_no_file": ("ca_file_missing", "controller", FAILED),
    "winrm_port": ("connection_refused", "network", UNREACHABLE),
    "psrp_port": ("connection_refused", "network", UNREACHABLE),
    "ssh_port": ("connection_refused", "network", UNREACHABLE),
    "winrm_silent": ("timed_out", "network", UNREACHABLE),
    "psrp_silent": ("timed_out", "network", UNREACHABLE),
    "https_to_http": ("not_tls", "network", UNREACHABLE),
    "http_to_https": ("connection_closed", "network", UNREACHABLE),
    "name": ("name_not_resolved", "network", UNREACHABLE),
    "transport": ("wrong_connection_option", "controller", FAILED),
    "local": ("no_powershell", "controller", FAILED),
}
NAMES = [
    pytest.param(name, marks=pytest.mark.skipif(name == "ssh_port" and not shutil.which("ssh"), reason="no ssh here"))
    for name in EXPECTED
]


@pytest.fixture(scope="module")
def silent_port() -> Iterator[int]:
    """A port at which connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as server:
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def wrong(lab: RunningLab, player: Player, silent_port: int, tmp_path_factory: pytest.TempPathFactory) -> Play:
    """A look at every host, its record, and another look that Ansible is to judge by a field of the result."""
    elsewhere = tmp_path_factory.mktemp("tls")
    tls.issue(elsewhere)
    variables = hosts(lab, silent_port, elsewhere / "ca.pem")
    kept = {"ignore_errors": True, "ignore_unreachable": True}
    look = {"winops.entra.preflight": {}, "register": "looked", **kept}
    record = "{{ looked | winops.entra.rollout_outcome('preflight') }}"
    tasks = [
        {"name": "look", **look},
        {"name": "record", "ansible.builtin.set_fact": {"record": record}},
        {
            "name": "judged",
            **look,
            "failed_when": "looked.summary.fail > 0",
            "when": "inventory_hostname == 'winrm_port'",
        },
    ]
    play = {"hosts": ",".join(EXPECTED), "gather_facts": False, "strategy": "free", "tasks": tasks}
    return player.run(lab, [play], host_variables=variables)


def hosts(lab: RunningLab, silent: int, ca_of_others: Path) -> dict[str, dict]:
    """The variables of each wrong host: those of a device of the lab, but for one or two."""
    known = inventory.read(lab.inventory).values()
    http, https = (
        next(host for host in known if host["ansible_winrm_scheme"] == scheme) | {"ansible_winrm_message_encryption": e}
        for scheme, e in (("http", "always"), ("https", "auto"))
    )
    other, nowhere = ({"ansible_winrm_ca_trust_path": path} for path in (str(ca_of_others), "/no/such/ca.pem"))
    password, port = {"ansible_password": "not-this-one"}, {"ansible_port": closed_port()}
    waiting = {
        "ansible_port": silent,
        "ansible_winrm_operation_timeout_sec": 1,
        "ansible_winrm_read_timeout_sec": 2,
        "ansible_psrp_operation_timeout": 1,
        "ansible_psrp_read_timeout": 2,
    }
    ssh = {"ansible_connection": "ssh", "ansible_shell_type": "powershell", **port, "ansible_host": "127.0.0.1"}
    return {
        "winrm_password": http | password,
        "psrp_password": http | PSRP | password,
        "winrm_authority": https | other,
        "psrp_authority": https | PSRP | other,
        "winrm_no_file": https | nowhere,
        "psrp_no_file": https | PSRP | nowhere,
        "winrm_port": http | port,
        "psrp_port": http | PSRP | port,
        "ssh_port": ssh,
        "winrm_silent": http | waiting,
        "psrp_silent": http | PSRP | waiting,
        "https_to_http": https | {"ansible_port": http["ansible_port"]},
        "http_to_https": http | {"ansible_port": https["ansible_port"]},
        "name": http | {"ansible_host": "nowhere.invalid"},
        "transport": http | {"ansible_winrm_transport": "telepathy"},
        "local": {"ansible_connection": "local"},
    }


def closed_port() -> int:
    """A port at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_is_named_and_counted_as_ansible_counts_it(wrong: Play, name: str) -> None:
    result = wrong.result(name, "look")
    error = result["error"]
    assert (error["name"], error["side"], wrong.status(name, "look")) == EXPECTED[name], result
    assert error["cause"] in result["msg"] and error["fix"] in result["msg"]
    assert result["changed"] is False and result["changes"] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_record_of_such_a_device_says_the_same(wrong: Play, name: str) -> None:
    record, error = wrong.result(name, "record")["ansible_facts"]["record"], wrong.result(name, "look")["error"]
    assert record["outcome"] == ("failed" if EXPECTED[name][2] == FAILED else "unreachable")
    assert all(record[field] == error[field] for field in ("name", "side", "cause", "fix", "doc"))


def test_conditions_of_the_task_are_not_held_against_an_unreachable_device(wrong: Play) -> None:
    assert wrong.status("winrm_port", "judged") == UNREACHABLE, wrong.result("winrm_port", "judged")
    assert "nothing listens at this address and port" in wrong.result("winrm_port", "judged")["msg"]
    assert "error" not in wrong.result("winrm_port", "judged") and "error" in wrong.result("winrm_port", "look")


def test_a_missing_library_is_the_controllers_fault(lab: RunningLab, player: Player, tmp_path: Path) -> None:
    package = tmp_path / "winrm"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError(\"No module named 'winrm'\")\n", encoding="utf-8")
    name = next(iter(inventory.read(lab.inventory)))
    tasks = [{"name": "look", "winops.entra.device_facts": {}, "ignore_errors": True}]
    play = player.tasks(lab, tasks, hosts=name, environment={"PYTHONPATH": str(tmp_path)})
    error = play.result(name, "look")["error"]
    assert (error["name"], error["side"], play.status(name, "look")) == ("library_missing", "controller", FAILED)
    assert "pywinrm" in error["fix"]
