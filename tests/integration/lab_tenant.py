# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs tasks on the lab's tenant, and reads the tenant by the control API, past the product."""

from __future__ import annotations

import functools
import json
import typing as t

from tests.integration.play import Play, Player, Tasks
from tests.lab.process import RunningLab


class LabTenant:
    """The tenant of a lab, with its application registrations."""

    def __init__(self, lab: RunningLab, player: Player) -> None:
        self.lab = lab
        self._player = player

    @functools.cached_property
    def facts(self) -> dict[str, t.Any]:
        """tenant.json."""
        return json.loads((self.lab.out / "tenant.json").read_text(encoding="utf-8"))

    def place(self) -> dict[str, t.Any]:
        """The options that lead to the lab in place of Microsoft's cloud."""
        return {
            "tenant_id": self.facts["tenant_id"],
            "authority": self.facts["authority"],
            "graph_url": self.facts["graph_url"],
            "ca_file": self.facts["ca_file"],
            "disable_instance_discovery": True,
        }

    def credential(self, application: str = "everything") -> dict[str, t.Any]:
        """The options by which an application signs in with its secret.

        The secret is a variable, as Ansible quotes the lines of a playbook that fail.
        """
        return {
            **self.place(),
            "client_id": self.facts["applications"][application]["client_id"],
            "client_secret": "{{ lab_secrets['" + application + "'] }}",
        }

    @property
    def secrets(self) -> dict[str, str]:
        """The client secrets by application."""
        return {
            name: found["client_secret"]
            for name, found in self.facts["applications"].items()
            if found.get("client_secret")
        }

    def user(self) -> dict[str, t.Any]:
        """The options by which the lab's administrator signs in with a device code."""
        return {**self.place(), "auth": "device_code", "client_id": self.facts["sign_in"]["client_id"]}

    def run(self, tasks: Tasks, *options: str, sign_in: dict[str, t.Any] | None = None) -> Play:
        """Run tasks on localhost; ``sign_in`` is set once, for the action group."""
        return self._player.run(
            self.lab, [self.play(tasks, sign_in)], *options, variables={"lab_secrets": self.secrets}
        )

    def play(self, tasks: Tasks, sign_in: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """The play of these tasks, for a run that has others as well; it needs the variable ``lab_secrets``."""
        group = {"group/winops.entra.tenant": self.credential() if sign_in is None else sign_in}
        return {"hosts": "localhost", "gather_facts": False, "module_defaults": group, "tasks": tasks}

    def state(self) -> dict[str, t.Any]:
        """Everything the tenant holds."""
        return self.lab.get("/tenant")

    def group(self, name: str) -> dict[str, t.Any] | None:
        return next((group for group in self.state()["groups"].values() if group["displayName"] == name), None)

    def token_requests(self) -> int:
        """How often a token was asked for since the lab began."""
        return self.lab.get("/tenant/requests")["tokens"]["total"]
