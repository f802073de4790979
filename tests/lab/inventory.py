# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible inventory of a running lab."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import yaml

from .host import Host, World


def write(path: Path, world: World, ports: dict[str, tuple[int, int]], ca: Path) -> None:
    """Write the inventory (mode 0600: it holds the passwords of the devices).

    Every other device is reached by NTLM with message encryption over HTTP, the rest by Basic over HTTPS with the
    certificate checked against the lab's authority, unless a device wants one of the two. A device's own variables win.
    """
    devices = {
        host.name: _variables(host, ports[host.name], secure=_secure(host, number))
        for number, host in enumerate(world.hosts)
    }
    common: dict[str, t.Any] = {
        "ansible_connection": "winrm",
        "ansible_host": "127.0.0.1",
        "ansible_winrm_ca_trust_path": str(ca),
        "ansible_winrm_server_cert_validation": "validate",
        **world.variables,
    }
    groups: dict[str, t.Any] = {"devices": {"vars": common, "hosts": devices}}
    for host in world.hosts:
        for group in host.groups:
            groups.setdefault(group, {"hosts": {}})["hosts"][host.name] = {}
    text = yaml.safe_dump({"all": {"children": groups}}, sort_keys=False, width=200)
    temporary = path.with_suffix(".tmp")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def _secure(host: Host, number: int) -> bool:
    return bool(number % 2) if host.secure is None else host.secure


def _variables(host: Host, ports: tuple[int, int], *, secure: bool) -> dict[str, t.Any]:
    transport = {"ansible_winrm_transport": "basic"} if secure else {
        "ansible_winrm_transport": "ntlm", "ansible_winrm_message_encryption": "always",
    }
    return {
        "ansible_port": ports[1] if secure else ports[0],
        "ansible_winrm_scheme": "https" if secure else "http",
        **transport,
        "ansible_user": host.login,
        "ansible_password": host.accounts[host.login],
        **host.variables,
    }
