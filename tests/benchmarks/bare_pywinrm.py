# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that the same exchange can cost: a thread pool of bare pywinrm clients that send what device_facts sends.

Arguments: the lab's inventory, the number of threads, a JSON file with the script and the payload of one exchange.
"""

from __future__ import annotations

import base64
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import winrm

from tests.lab import inventory


def ask(host: dict, script: str, payload: bytes) -> None:
    scheme = host["ansible_winrm_scheme"]
    protocol = winrm.Protocol(
        f"{scheme}://{host['ansible_host']}:{host['ansible_port']}/wsman",
        transport=host["ansible_winrm_transport"],
        username=host["ansible_user"],
        password=host["ansible_password"],
        ca_trust_path=host.get("ansible_winrm_ca_trust_path", "legacy_requests"),
        message_encryption="always" if scheme == "http" else "auto",
    )
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(
        shell,
        "PowerShell",
        ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Unrestricted", "-EncodedCommand", script],
        console_mode_stdin=False,
    )
    protocol.send_command_input(shell, command, payload, end=True)
    stdout, stderr, code = protocol.get_command_output(shell, command)
    protocol.cleanup_command(shell, command)
    protocol.close_shell(shell)
    if code or not stdout.startswith(b"#winops1:"):
        raise RuntimeError(f"exit code {code}: {stderr!r}")


def main() -> None:
    hosts = inventory.read(Path(sys.argv[1])).values()
    exchange = json.loads(Path(sys.argv[3]).read_text(encoding="utf-8"))
    script = base64.b64encode(exchange["script"].encode("utf-16-le")).decode("ascii")
    with ThreadPoolExecutor(int(sys.argv[2])) as pool:
        list(pool.map(lambda host: ask(host, script, exchange["payload"].encode("ascii")), hosts))


if __name__ == "__main__":
    main()
