# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments as devices and the tenant tell of them: in their middle, hanging, past an error, failed, done."""

from __future__ import annotations

import subprocess
import sys
import typing as t

import pytest

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import PATIENCE, ROOT, Play, Player

CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"
HOST = "localhost"
INFO = "winops.entra.autopilot_device_info"
#: By device: what it says itself, and what the tenant says of it.
STATES = {
    "prepares": ("running", None),
    "sets_up": ("running", "in_progress"),
    "hangs": ("running", "in_use"),
    "waits": ("running", "in_progress"),
    "account": ("running", "in_progress"),
    "done": ("succeeded", "deployed"),
    "past_error": ("incomplete", "incomplete"),
    "failed": ("failed", "failed"),
    "kiosk": ("succeeded", "deployed"),
    "by_policy": ("not_run", None),
    "never": ("not_run", None),
}


class Told(t.NamedTuple):
    """One run over all of them, with the devices' states before and after it."""

    tenant: LabTenant
    play: Play
    before: dict[str, str]
    after: dict[str, str]

    def device(self, name: str) -> dict:
        return self.play.result(name, "status")

    @property
    def info(self) -> dict[str, dict]:
        """What the tenant says of each registration, by its serial number without LAB-."""
        devices = self.play.result(HOST, "info")["devices"]
        return {device["serial_number"].removeprefix("LAB-").lower().replace("-", "_"): device for device in devices}


@pytest.fixture(scope="module")
def told(start_fleet: StartFleet, player: Player) -> Told:
    lab = start_fleet("deployments")
    tenant = LabTenant(lab, player)
    group = {"group/winops.entra.tenant": tenant.credential()}
    limited = tenant.credential("service_config")
    tasks = [
        {"name": "info", INFO: {"deployments": True}},
        {"name": "wait", INFO: {"wait_for": "profiles", "serial_numbers": ["LAB-READY", "LAB-DONE"]}},
        {
            "name": "in vain",
            INFO: {"wait_for": "deployments", "serial_numbers": ["LAB-READY"], "poll_interval": 1, "timeout": 2},
            "ignore_errors": True,
        },
        {"name": "refused", INFO: {"deployments": True, "serial_numbers": ["LAB-DONE"], **limited}},
    ]
    status = {"name": "status", "winops.entra.deployment_status": {}}
    judged = {
        "name": "judged",
        "winops.entra.deployment_status": {"fail_on": ["fail"]},
        "ignore_errors": True,
        "when": "inventory_hostname == 'failed'",
    }
    before = inspection.digests(lab)
    play = player.run(
        lab,
        [
            {"hosts": "devices", "gather_facts": False, "tasks": [status, judged]},
            {"hosts": HOST, "gather_facts": False, "module_defaults": group, "tasks": tasks},
        ],
        variables={"lab_secrets": tenant.secrets},
    )
    return Told(tenant, play, before, inspection.digests(lab))


def test_each_device_tells_how_its_deployment_stands(told):
    assert told.play.exit_code == 0, told.play.output
    assert {name: told.device(name)["deployment"]["state"] for name in STATES} == {
        name: states[0] for name, states in STATES.items()
    }
    assert told.before == told.after, "nothing was changed"
    assert all(told.device(name)["deployment"]["refused"] == [] for name in STATES)


def test_one_command_a_device_is_enough(told):
    executed = [line["device"] for line in told.tenant.lab.commands()]
    assert sorted(executed) == sorted([*STATES, "failed"])


def test_the_tenant_tells_of_the_same_deployments(told):
    outcomes = {name: states[1] for name, states in STATES.items() if states[1] is not None}
    seen = {name: device["deployment"] for name, device in told.info.items()}
    assert {name: seen[name]["outcome"] for name in outcomes} == outcomes
    assert seen["ready"] is None and seen["prepares"] is None
    assert all(seen[name]["confirmed"] for name in ("done", "kiosk", "past_error", "hangs"))
    assert {name: told.info[name]["matched_by"] for name in outcomes} == dict.fromkeys(outcomes, "managed_device_id")


def test_profiles_are_assigned_and_the_device_knows_its_user(told):
    assert {device["assigned"] for device in told.info.values()} == {True}
    assert told.info["done"]["user"] == "ada@main.example" == told.info["done"]["deployment"]["user"]
    assert told.info["kiosk"]["userless_enrollment"] == "blocked"
    assert told.info["done"]["deployment"]["profile"] == "Office"
    waited = told.play.result(HOST, "wait")["waited"]
    assert waited == {"outcome": "done", "looks": 1, "waiting": [], "final": []}


def test_a_wait_that_is_in_vain_fails_and_names_the_device(told):
    result = told.play.result(HOST, "in vain")
    assert told.play.status(HOST, "in vain") == "ignored"
    assert result["error"]["name"] == "autopilot_deployment"
    assert result["waited"]["outcome"] == "timeout" and result["waited"]["waiting"] == ["LAB-READY"]


def test_a_permission_that_is_missing_leaves_the_rest(told):
    result = told.play.result(HOST, "refused")
    [device] = result["devices"]
    assert device["assigned"] and (device["deployment"], device["intune"]) == (None, None)
    assert len(device["refused"]) == 3 and result["warnings"] == device["refused"]
    [finding] = [one for one in result["findings"] if one["id"] == "deployment"]
    assert finding["permissions"] == ["DeviceManagementManagedDevices.Read.All"]


def test_an_app_that_failed_is_a_finding_that_can_fail_the_task(told):
    result = told.play.result("failed", "judged")
    assert result["error"]["name"] == "deployment_status_deployment"
    assert {one["id"] for one in result["error"]["evidence"]} == {"deployment", "device_setup", "apps"}
    assert told.device("waits")["summary"]["fail"] == 1
    assert told.device("hangs")["summary"]["fail"] == 0 < told.device("hangs")["summary"]["warn"]


@pytest.mark.skipif(not CONTRACT.exists(), reason="needs ../shared/graph, the description of Graph")
def test_everything_sent_and_answered_is_as_microsoft_describes_it(told):
    check = subprocess.run(
        [sys.executable, str(CONTRACT), "--strict", str(told.tenant.lab.out / "graph.jsonl")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert check.returncode == 0, check.stdout[-3000:] + check.stderr[-1000:]
