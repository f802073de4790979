# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that nobody here wrote talk to the lab's devices: pywinrm, pypsrp, Ansible's winrm and psrp connections.

This keeps the lab honest: a device that only the collection's own code can talk to would prove nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import requests
import yaml
from ansible.release import __version__ as CORE
from pypsrp.exceptions import AuthenticationError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan
from winrm import Session
from winrm.exceptions import InvalidCredentialsError

from tests.integration import inspection
from tests.lab import tls
from tests.lab.process import RunningLab

ROOT = Path(__file__).resolve().parents[2]
STOCK = ROOT / "build" / "collections" / "ansible_collections" / "ansible" / "windows"
ANSIBLE_SECONDS = 400

Device = dict[str, t.Any]


@pytest.fixture(scope="module")
def devices(lab: RunningLab) -> dict[str, Device]:
    """One device of the lab's inventory by its way in: ntlm (HTTP, sealed messages) and basic (HTTPS)."""
    found = {}
    for name, variables in inspection.inventory(lab).items():
        found.setdefault(variables["ansible_winrm_transport"], {"name": name, **variables})
    return found


@pytest.fixture(params=["ntlm", "basic"])
def device(request: pytest.FixtureRequest, devices: dict[str, Device]) -> Device:
    """Each of the two."""
    return devices[request.param]


def hostname(lab: RunningLab, device: Device) -> str:
    """The computer name, by the control API."""
    return lab.get(f"/devices/{device['name']}")["hostname"]


def session(device: Device, **options: t.Any) -> Session:
    """pywinrm's session on a device."""
    extra = {"message_encryption": "always"} if device["ansible_winrm_transport"] == "ntlm" else {}
    return Session(
        f"{device['ansible_winrm_scheme']}://127.0.0.1:{device['ansible_port']}/wsman",
        auth=(options.pop("user", device["ansible_user"]), options.pop("password", device["ansible_password"])),
        transport=device["ansible_winrm_transport"],
        ca_trust_path=options.pop("ca", device["ansible_winrm_ca_trust_path"]),
        **extra,
    )


def wsman(device: Device, **options: t.Any) -> WSMan:
    """pypsrp's connection to a device."""
    secure = device["ansible_winrm_scheme"] == "https"
    return WSMan(
        "127.0.0.1",
        port=device["ansible_port"],
        ssl=secure,
        username=device["ansible_user"],
        password=options.get("password", device["ansible_password"]),
        auth=device["ansible_winrm_transport"],
        cert_validation=device["ansible_winrm_ca_trust_path"] if secure else True,
    )


# --- pywinrm ----------------------------------------------------------------------------------------------------------


def test_pywinrm_runs_commands(lab: RunningLab, device: Device) -> None:
    client = session(device)
    name = client.run_cmd("hostname")
    code = client.run_cmd("cmd", ["/c", "exit", "9"])
    status = client.run_cmd("dsregcmd", ["/status"])
    unknown = client.run_cmd("nonsense")
    assert (name.status_code, name.std_out.decode()) == (0, hostname(lab, device) + "\r\n")
    assert code.status_code == 9
    assert b"AzureAdJoined : NO" in status.std_out
    assert (unknown.status_code, unknown.std_out) == (1, b"")
    assert b"is not recognized as an internal or external command" in unknown.std_err


def test_pywinrm_runs_scripts(lab: RunningLab, device: Device) -> None:
    client = session(device)
    script = client.run_ps("hostname\n$env:COMPUTERNAME; Write-Output 'x'\nexit 3")
    unknown = client.run_ps("Get-Nonsense")
    assert script.status_code == 3
    assert script.std_out.decode().split() == [hostname(lab, device), hostname(lab, device).upper(), "x"]
    assert unknown.status_code == 1
    assert b"is not recognized as the name of a cmdlet" in unknown.std_err


def test_pywinrm_is_refused_with_a_wrong_password_or_account(device: Device) -> None:
    for wrong in ({"password": "not the password"}, {"user": "nobody"}):
        with pytest.raises(InvalidCredentialsError):
            session(device, **wrong).run_cmd("hostname")


def test_pywinrm_refuses_a_certificate_of_another_authority(devices: dict[str, Device], tmp_path: Path) -> None:
    tls.issue(tmp_path)
    with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        session(devices["basic"], ca=str(tmp_path / "ca.pem")).run_cmd("hostname")


# --- pypsrp -----------------------------------------------------------------------------------------------------------


def test_pypsrp_runs_processes_in_a_shell(lab: RunningLab, device: Device) -> None:
    with wsman(device) as connection, WinRS(connection) as shell:
        process = Process(shell, "cmd.exe", ["/c", "hostname", "&", "exit", "4"])
        process.invoke()
        process.signal(SignalCode.CTRL_C)
    assert (process.rc, process.stdout.decode()) == (4, hostname(lab, device) + "\r\n")


def test_pypsrp_runs_pipelines_in_a_runspace_pool(lab: RunningLab, device: Device) -> None:
    with wsman(device) as connection, RunspacePool(connection) as pool:
        outputs = []
        for script in ("hostname", "'second'"):
            pipeline = PowerShell(pool)
            pipeline.add_script(script)
            outputs.append(pipeline.invoke())
    assert outputs == [[hostname(lab, device)], ["second"]]


def test_pypsrp_is_refused_with_a_wrong_password(device: Device) -> None:
    with pytest.raises(AuthenticationError), WinRS(wsman(device, password="not the password")):
        pass


# --- Ansible ----------------------------------------------------------------------------------------------------------

WAYS = ["winrm_ntlm", "winrm_basic", "psrp_ntlm", "psrp_basic"]


def inventory(devices: dict[str, Device]) -> dict[str, t.Any]:
    """The two devices as four hosts: over winrm as the lab's inventory says, and over psrp on the same ports."""
    hosts = {}
    for way, device in devices.items():
        common = {name: device[name] for name in ("ansible_host", "ansible_port", "ansible_user", "ansible_password")}
        winrm = {name: value for name, value in device.items() if name.startswith("ansible_winrm")}
        hosts[f"winrm_{way}"] = {"ansible_connection": "winrm", **common, **winrm}
        hosts[f"psrp_{way}"] = {
            "ansible_connection": "psrp",
            "ansible_psrp_auth": way,
            **common,
            "ansible_psrp_protocol": device["ansible_winrm_scheme"],
            "ansible_psrp_ca_cert": device["ansible_winrm_ca_trust_path"],
        }
    return {"all": {"hosts": hosts}}


def playbook(tmp: Path, hosts: dict[str, t.Any], tasks: list[dict[str, t.Any]]) -> tuple[int, str, dict[str, t.Any]]:
    """Run tasks on all hosts; exit code, output, and by registered name the results of every host."""
    by_host = "{{{{ dict(hosts | zip(hosts | map('extract', hostvars, '{name}'))) }}}}"
    results = {task["register"]: by_host.format(name=task["register"]) for task in tasks}
    file = {"content": "{{ results | to_json }}", "dest": str(tmp / "results.json"), "mode": "0600"}
    save = {
        "name": "Save the results",
        "run_once": True,
        "delegate_to": "localhost",
        "ansible.builtin.copy": file,
        "vars": {"hosts": "{{ ansible_play_hosts_all }}", "results": results},
    }
    play = [{"hosts": "all", "gather_facts": False, "tasks": [*tasks, save]}]
    (tmp / "play.yml").write_text(yaml.safe_dump(play, sort_keys=False), encoding="utf-8")
    (tmp / "inventory.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", tmp / "inventory.yml", tmp / "play.yml"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "0"},
        capture_output=True,
        text=True,
        timeout=ANSIBLE_SECONDS,
        check=False,
    )
    saved = tmp / "results.json"
    found = json.loads(saved.read_text(encoding="utf-8")) if saved.exists() else {}
    return done.returncode, done.stdout + done.stderr, found


@pytest.fixture(scope="module")
def ansible_results(devices: dict[str, Device], tmp_path_factory: pytest.TempPathFactory) -> dict[str, t.Any]:
    """What Ansible's own tasks returned, by task and host."""
    tasks: list[dict[str, t.Any]] = [
        {"ansible.builtin.raw": "hostname", "register": "raw"},
        {"ansible.builtin.raw": "exit 5", "register": "raw_exit", "failed_when": False},
    ]
    if STOCK.is_dir():
        tasks += [
            {"ansible.windows.win_ping": {"data": "hello"}, "register": "ping"},
            {"ansible.windows.win_command": "dsregcmd /status", "register": "status"},
            {"ansible.windows.win_command": "nonsense.exe", "register": "nonsense", "failed_when": False},
            {
                "ansible.windows.win_shell": 'Write-Output "$env:COMPUTERNAME"; exit 7',
                "register": "shell",
                "failed_when": False,
            },
        ]
    code, output, results = playbook(tmp_path_factory.mktemp("play"), inventory(devices), tasks)
    assert code == 0, output
    return results


@pytest.mark.parametrize("way", WAYS)
def test_ansible_runs_raw_commands(
    lab: RunningLab, devices: dict[str, Device], ansible_results: dict[str, t.Any], way: str
) -> None:
    result = ansible_results["raw"][way]
    assert (result["rc"], result["stdout"].strip()) == (0, hostname(lab, devices[way.partition("_")[2]]))
    assert ansible_results["raw_exit"][way]["rc"] == 5


@pytest.mark.skipif(not STOCK.is_dir(), reason="ansible.windows is not in build/collections (make integration gets it)")
@pytest.mark.parametrize("way", WAYS)
def test_ansible_runs_stock_modules(
    lab: RunningLab, devices: dict[str, Device], ansible_results: dict[str, t.Any], way: str
) -> None:
    name = hostname(lab, devices[way.partition("_")[2]])
    assert ansible_results["ping"][way]["ping"] == "hello"
    assert "AzureAdJoined : NO" in ansible_results["status"][way]["stdout"]
    assert ansible_results["nonsense"][way]["rc"] == 2
    assert (ansible_results["shell"][way]["rc"], ansible_results["shell"][way]["stdout"].strip()) == (7, name.upper())


def test_ansible_cannot_reach_a_device_with_a_wrong_password(devices: dict[str, Device], tmp_path: Path) -> None:
    hosts = inventory(devices)
    for variables in hosts["all"]["hosts"].values():
        variables["ansible_password"] = "not the password of this device"
    code, output, _results = playbook(tmp_path, hosts, [{"ansible.builtin.raw": "hostname", "register": "raw"}])
    assert code == 4
    assert output.count("UNREACHABLE!") == len(WAYS)
    assert "the specified credentials were rejected by the server" in output


def test_ansible_moves_files_both_ways(lab: RunningLab, devices: dict[str, Device], tmp_path: Path) -> None:
    """put_file and fetch_file of the connection plugins, called as an action plugin calls them."""
    content = os.urandom(700_000)
    (tmp_path / "source").write_bytes(content)
    (tmp_path / "action_plugins").mkdir()
    (tmp_path / "action_plugins" / "move_file.py").write_text(
        "from ansible.plugins.action import ActionBase\n"
        "class ActionModule(ActionBase):\n"
        "    def run(self, tmp=None, task_vars=None):\n"
        "        super().run(tmp, task_vars)\n"
        "        self._connection.put_file(self._task.args['source'], self._task.args['path'])\n"
        "        self._connection.fetch_file(self._task.args['path'], self._task.args['back'])\n"
        "        return {}\n",
        encoding="utf-8",
    )
    back = f"{tmp_path}/back_of_{{{{ inventory_hostname }}}}"
    path = "C:\\Windows\\Temp\\it's {{ inventory_hostname }}.bin"
    task = {"move_file": {"source": str(tmp_path / "source"), "path": path, "back": back}, "register": "moved"}
    hosts = inventory(devices)
    if tuple(map(int, CORE.split(".")[:2])) < (2, 19):
        # Its psrp fetches with scripts that share a variable; the lab does not run those.
        hosts["all"]["hosts"] = {name: value for name, value in hosts["all"]["hosts"].items() if "winrm" in name}
    code, output, _results = playbook(tmp_path, hosts, [task])
    assert code == 0, output
    for way in hosts["all"]["hosts"]:
        assert (tmp_path / f"back_of_{way}").read_bytes() == content
