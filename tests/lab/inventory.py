# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible inventory of a running lab."""

from __future__ import annotations

import os
import typing as t
from collections import Counter
from pathlib import Path

import yaml

from .device.furnish import PASSWORD
from .host import Host, World

Variables = dict[str, t.Any]

#: Groups below ``devices`` by the way in, each with what it takes.
HTTP, HTTPS = "over_http_ntlm", "over_https_basic"
TRANSPORTS: dict[str, Variables] = {
    HTTP: {
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "ntlm",
        "ansible_winrm_message_encryption": "always",
    },
    HTTPS: {"ansible_winrm_scheme": "https", "ansible_winrm_transport": "basic"},
}


class _Plain(yaml.SafeDumper):
    """YAML as a person writes it: no anchors, and nothing after the name of a host without variables."""

    def ignore_aliases(self, data: t.Any) -> bool:
        return True


_Plain.add_representer(type(None), lambda dumper, _none: dumper.represent_scalar("tag:yaml.org,2002:null", ""))


def write(path: Path, world: World, ports: dict[str, tuple[int, int]], ca: Path) -> None:
    """Write the inventory (mode 0600: it holds the passwords of the devices).

    Every other device is reached by NTLM with message encryption over HTTP, the rest by Basic over HTTPS with the
    certificate checked against the lab's authority, unless a device wants one of the two. What all devices share,
    the account of most of them included, is said once, for the group ``devices``, and what all of a kind share for the
    group of their kind; a device's own variables win.
    """
    account = _usual_account(world.hosts)
    common = {
        "ansible_connection": "winrm",
        "ansible_host": "127.0.0.1",
        **account,
        "ansible_winrm_ca_trust_path": str(ca),
        "ansible_winrm_server_cert_validation": "validate",
        **world.variables,
    }
    hosts: dict[str, Variables] = {}
    transports: dict[str, Variables] = {}
    groups: dict[str, Variables] = {"devices": {"vars": common, "hosts": hosts, "children": transports}}
    shared = {
        group: {name: value for name, value in variables.items() if name not in common}
        for group, variables in _shared_by_group(world.hosts).items()
    }
    for number, host in enumerate(world.hosts):
        secure = bool(number % 2) if host.secure is None else host.secure
        hosts[host.name] = {
            "ansible_port": ports[host.name][secure],
            **{name: value for name, value in _account(host).items() if account[name] != value},
            **{
                name: value
                for name, value in host.variables.items()
                if not any(name in shared[group] for group in host.groups)
            },
        }
        way = HTTPS if secure else HTTP
        transports.setdefault(way, {"vars": TRANSPORTS[way], "hosts": {}})["hosts"][host.name] = None
        for group in host.groups:
            variables = {"vars": shared[group]} if shared[group] else {}
            groups.setdefault(group, {**variables, "hosts": {}})["hosts"][host.name] = None
    text = yaml.dump({"all": {"children": groups}}, Dumper=_Plain, sort_keys=False, width=200)
    temporary = path.with_suffix(".tmp")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def read(path: Path) -> dict[str, Variables]:
    """The variables of every host of such a file, by the host's name, as Ansible resolves them.

    A host's own win over those of its groups, an inner group's over an outer one's.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    of_groups: dict[str, Variables] = {}
    own: dict[str, Variables] = {}

    def visit(group: Variables, outer: Variables) -> None:
        variables = {**outer, **(group.get("vars") or {})}
        for name, given in (group.get("hosts") or {}).items():
            of_groups.setdefault(name, {}).update(variables)
            own.setdefault(name, {}).update(given or {})
        for child in (group.get("children") or {}).values():
            visit(child, variables)

    visit(yaml.load(path.read_text(encoding="utf-8"), loader)["all"], {})
    return {name: {**of_groups[name], **given} for name, given in own.items()}


def _shared_by_group(hosts: t.Sequence[Host]) -> dict[str, Variables]:
    """The variables that all devices of a group have alike, by the group's name."""
    shared: dict[str, Variables] = {}
    for host in hosts:
        for group in host.groups:
            known = shared.setdefault(group, dict(host.variables))
            shared[group] = {
                name: value for name, value in known.items() if name in host.variables and host.variables[name] == value
            }
    return shared


def _account(host: Host) -> Variables:
    return {"ansible_user": host.login, "ansible_password": host.accounts.get(host.login, PASSWORD)}


def _usual_account(hosts: t.Sequence[Host]) -> Variables:
    """The account that most devices are reached by."""
    [(account, _count)] = Counter(tuple(_account(host).items()) for host in hosts).most_common(1)
    return dict(account)
