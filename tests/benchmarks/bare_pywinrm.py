# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that the same exchange can cost: a thread pool of bare pywinrm clients that send what device_facts sends.

Arguments: the lab's inventory, the number of threads.
"""

from __future__ import annotations

import base64
import sys
from concurrent.futures import ThreadPoolExecutor

import winrm
import yaml
from ansible.plugins.loader import init_plugin_loader

init_plugin_loader(["build/collections"])

from ansible_collections.winops.entra.plugins.plugin_utils.device import state, wire  # noqa: E402

REQUEST = {"v": 1, "id": "00000000-0000-0000-0000-000000000001", "stop_on_error": False,
           "ops": list(state.observations().values())}
SCRIPT = base64.b64encode(wire.BOOTSTRAP.encode("utf-16-le")).decode("ascii")
PAYLOAD = wire.encode_payload(REQUEST)


def ask(host: dict) -> None:
    scheme = host["ansible_winrm_scheme"]
    protocol = winrm.Protocol(
        f"{scheme}://{host['ansible_host']}:{host['ansible_port']}/wsman", transport=host["ansible_winrm_transport"],
        username=host["ansible_user"], password=host["ansible_password"],
        ca_trust_path=host.get("ansible_winrm_ca_trust_path", "legacy_requests"),
        message_encryption="always" if scheme == "http" else "auto")
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(
        shell, "PowerShell", ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Unrestricted", "-EncodedCommand", SCRIPT],
        console_mode_stdin=False)
    protocol.send_command_input(shell, command, PAYLOAD, end=True)
    stdout, stderr, code = protocol.get_command_output(shell, command)
    protocol.cleanup_command(shell, command)
    protocol.close_shell(shell)
    if code or not wire.decode_answer(stdout, REQUEST["id"])["results"]:
        raise RuntimeError(f"exit code {code}: {stderr!r}")


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as stream:
        inventory = yaml.safe_load(stream)
    group = inventory["all"]["children"]["devices"]
    common = group.get("vars") or {}
    hosts = [common | (own or {}) for own in group["hosts"].values()]
    with ThreadPoolExecutor(int(sys.argv[2])) as pool:
        list(pool.map(ask, hosts))


if __name__ == "__main__":
    main()
