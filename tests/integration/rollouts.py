# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts of several runs over one lab and one report, with a credential of its tenant in the environment."""

from __future__ import annotations

import contextlib
import json
import os
import typing as t
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from tests.integration.lab_tenant import LabTenant
from tests.integration.play import ROOT, Play, Player, RunningPlay
from tests.lab.process import RunningLab

BRIEF: dict[str, dict[str, t.Any]] = {
    "join": {"join_serial": "100%", "join_poll_interval": 1, "join_timeout": 60},
    "disconnect": {
        "disconnect_hosts": "devices",
        "disconnect_serial": "100%",
        "disconnect_max_fail_percentage": 100,
        "disconnect_poll_interval": 1,
        "disconnect_timeout": 120,
    },
    "preflight": {},
    "diagnose": {},
    "autopilot": {
        "autopilot_poll_interval": 1,
        "autopilot_wait_timeout": 300,
        "autopilot_reset_timeout": 300,
        "autopilot_reset_gone_after": 5,
    },
    "security_keys": {"security_keys_poll_interval": 1},
    "verify": {},
}
#: The playbook of a work, where it is not called as the work is.
PLAYBOOKS = {"security_keys": "passwordless"}


class Rollout:
    """Runs of one playbook that write one report in ``directory``."""

    def __init__(self, lab: RunningLab, player: Player, directory: Path, work: str) -> None:
        self.lab = lab
        self.tenant = LabTenant(lab, player)
        self.report_file = directory / f"{work}-report.json"
        self.check_file = directory / f"{work}-report.check.json"
        self.journal_file = directory / f"{work}-report.json.journal"
        self._player = player
        self._work = work

    def run(self, *options: str, **settings: t.Any) -> Play:
        """One run to its end."""
        with self.running(*options, **settings) as run:
            return run.wait()

    @contextlib.contextmanager
    def running(
        self,
        *options: str,
        host_variables: dict[str, dict] | None = None,
        environment: dict[str, str] | None = None,
        before: tuple[dict, ...] = (),
        **variables: t.Any,
    ) -> Iterator[RunningPlay]:
        """One run, which is dead when the block ends; ``before`` are plays that come before those of the playbook."""
        more: dict[str, t.Any] = {"host_variables": host_variables, "environment": environment}
        given = {**BRIEF[self._work], f"{self._work}_report": str(self.report_file), **variables}
        chosen = self.tenant.facts["applications"]["everything"]
        credential = {name: str(value) for name, value in self.tenant.facts["environment"].items()}
        credential |= {"AZURE_CLIENT_ID": chosen["client_id"], "AZURE_CLIENT_SECRET": chosen["client_secret"]}
        file = ROOT / "playbooks" / f"{PLAYBOOKS.get(self._work, self._work)}.yml"
        playbook = [*before, {"import_playbook": str(file)}] if before else file
        with (
            mock.patch.dict(os.environ, credential),
            self._player.running(self.lab, playbook, *options, variables=given, **more) as run,
        ):
            yield run

    def report(self, check: bool = False) -> dict[str, t.Any]:
        """The report as it lies there."""
        return json.loads((self.check_file if check else self.report_file).read_text(encoding="utf-8"))

    def devices(self, check: bool = False) -> dict[str, dict[str, t.Any]]:
        """Its devices by name."""
        return {device["device"]: device for device in self.report(check)["devices"]}

    def outcomes(self, check: bool = False) -> dict[str, str]:
        """What it says has become of each."""
        return {name: device["outcome"] for name, device in self.devices(check).items()}

    def journal(self) -> list[dict[str, t.Any]]:
        """The lines of its journal, none where there is none."""
        if not self.journal_file.exists():
            return []
        lines = self.journal_file.read_text(encoding="utf-8").splitlines()[1:]
        return [json.loads(line) for line in lines if line.endswith("}")]


def ids(lab: RunningLab) -> dict[str, str]:
    """The device id of each device that is joined, by name: the lab's own account."""
    found = {device["name"]: lab.get(f"/devices/{device['name']}")["join"] for device in lab.get("/devices")}
    return {name: join["device_id"] for name, join in found.items() if join.get("device_id")}


def known_ids(tenant: LabTenant) -> set[str]:
    """The device ids of all objects that the tenant has, in the directory and in Intune."""
    state = tenant.state()
    managed = {row["azureADDeviceId"] for row in state["managed_devices"].values()}
    return {row["deviceId"] for row in state["devices"].values()} | managed
