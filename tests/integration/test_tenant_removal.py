# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's half of a disconnect: the playbook and the module against the lab, read past the product."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import PATIENCE, ROOT, Play, Player, Tasks
from tests.lab.process import RunningLab

CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"
HOST = "localhost"
PLACES = ("managed_devices", "autopilot_devices", "devices")
SCENARIO = {
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.example",
            "devices": [{"name": "OLD", "count": 25}, {"name": "FROM-AD", "trust": "ServerAd"}],
            "autopilot": [{"serial": "SN001", "user": "admin@contoso.example"}, {"serial": "SN0010"}],
            "associations": [{"serial": "SN001"}, {"serial": "SN0010", "state": "preassociated"}],
        }
    },
    "devices": [
        {"kind": "joined_bitlocker", "name": "goes"},
        {"kind": "joined", "name": "leaves"},
        {"kind": "joined_without_administrator", "name": "stays", "device": {"mdm": "enrolled"}},
        {"kind": "joined", "name": "thief", "device": {"mdm": "none", "claims": {"device": "stays", "how": "forged"}}},
    ],
}
#: Who calls itself by whose id, how; the reason that is given for leaving its objects alone.
THEFTS = {
    "forged": ("owner-1", "the directory knows this id by"),
    "copied": ("owner-2", "the proof is wrong"),
    "replayed": ("owner-3", "the proof is wrong"),
    "elsewhere": ("owner-4", "it was in another tenant"),
    "cloned": ("twin", "2 devices call themselves by this id"),
    "twin": ("twin", "2 devices call themselves by this id"),
}


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    return LabTenant(start_fleet(SCENARIO), player)


def held(tenant: LabTenant) -> dict[str, set[str]]:
    """Ids of what the tenant has, by place."""
    state = tenant.state()
    return {place: set(state[place]) for place in PLACES}


def test_check_apply_again_in_three_places(tenant):
    state = tenant.state()
    by_name = {device["displayName"]: device for device in state["devices"].values()}
    registered = next(row for row in state["autopilot_devices"].values() if row["serialNumber"] == "SN001")
    records = [{"device_id": by_name[f"OLD-{number:05}"]["deviceId"]} for number in range(1, 25)]
    records.append({"device_id": registered["azureActiveDirectoryDeviceId"], "serial_number": "SN001"})
    task: Tasks = [{"name": "remove", "winops.entra.device_removal": {"devices": records, "max_deletions": 25}}]
    before = held(tenant)
    checked = tenant.run(task, "--check", "--diff")
    assert held(tenant) == before
    tenant.lab.post("/tenant/settings", {"lag": 2})
    try:
        applied = tenant.run(task, "--diff")
    finally:
        tenant.lab.post("/tenant/settings", {"lag": 0})
    assert applied.exit_code == 0, applied.output
    said, done = checked.result(HOST, "remove"), applied.result(HOST, "remove")
    assert said["diff"] == done["diff"] and said["changes"] == done["changes"] and len(done["changes"]) == 27
    states = {row["serialNumber"]: row["associationState"] for row in tenant.state()["associated_devices"].values()}
    assert states == {"SN001": "pendingRemoval", "SN0010": "preassociated"}
    for result in (said, done):
        assert any("firmware" in warning and "SN001" in warning for warning in result["warnings"])
    gone = {
        "managed_devices": set(),
        "autopilot_devices": {registered["id"]},
        "devices": {row["id"] for row in by_name.values() if row["deviceId"] in [r["device_id"] for r in records]},
    }
    assert held(tenant) == {place: before[place] - gone[place] for place in PLACES}
    again = tenant.run(task)
    assert again.result(HOST, "remove")["changed"] is False and again.exit_code == 0


def test_the_object_of_a_hybrid_join_is_removed_with_a_warning_and_comes_back(tenant):
    [device] = [row for row in tenant.state()["devices"].values() if row["trustType"] == "ServerAd"]
    task: Tasks = [{"name": "remove", "winops.entra.device_removal": {"devices": [{"device_id": device["deviceId"]}]}}]
    # Intune answers its first question with an error of its own: it is asked again. There are no associations.
    tenant.lab.post("/tenant/faults", {"kind": "expired_page", "path": "tenantAssociatedDevices"})
    tenant.lab.post("/tenant/faults", {"kind": "server_error", "path": "managedDevices", "methods": ["GET"]})
    done = tenant.run(task)
    assert done.exit_code == 0, done.output
    result = done.result(HOST, "remove")
    assert result["changed"] and any("Entra Connect" in warning for warning in result["warnings"])
    assert result["associations_unread"]
    assert device["id"] not in tenant.state()["devices"]
    assert tenant.lab.post("/tenant/sync", {}) == {"restored": 1}
    assert tenant.state()["devices"][device["id"]]["deviceId"] == device["deviceId"]


def run_playbook(
    lab: RunningLab,
    player: Player,
    tenant: LabTenant,
    report: Path,
    monkeypatch,
    *options: str,
    application: str = "everything",
    **variables: t.Any,
) -> Play:
    """playbooks/disconnect.yml with a credential in the environment."""
    for name, value in tenant.facts["environment"].items():
        monkeypatch.setenv(name, str(value))
    chosen = tenant.facts["applications"][application]
    monkeypatch.setenv("AZURE_CLIENT_ID", chosen["client_id"])
    monkeypatch.setenv("AZURE_CLIENT_SECRET", chosen["client_secret"])
    return player.run(
        lab,
        ROOT / "playbooks/disconnect.yml",
        *options,
        variables={
            "disconnect_hosts": "devices",
            "disconnect_serial": "100%",
            "disconnect_max_fail_percentage": 100,
            "disconnect_poll_interval": 1,
            "disconnect_report": str(report),
            "disconnect_remove_from_tenant": True,
            **variables,
        },
    )


def test_the_playbook_removes_what_has_left_even_after_a_run_that_could_not(tenant, player, tmp_path, monkeypatch):
    """First in check mode, then without the permission, then with it, and again."""
    lab, report = tenant.lab, tmp_path / "report.json"
    run = [lab, player, tenant, report, monkeypatch]
    removal = "Remove the objects of all devices that have left from the tenant"
    devices = {name: lab.get(f"/devices/{name}")["join"]["device_id"] for name in ("goes", "leaves", "stays")}
    before = held(tenant)
    managed = {row["azureADDeviceId"] for row in tenant.state()["managed_devices"].values()}
    assert managed >= {devices["goes"], devices["leaves"]}
    checked = run_playbook(*run, "--check")
    assert held(tenant) == before
    assert len(next(iter(checked.results(removal).values()))["changes"]) == 4

    refused = run_playbook(*run, application="device_reader")
    assert held(tenant) == before and refused.exit_code != 0
    records = {row["device"]: row for row in json.loads(report.read_text(encoding="utf-8"))["devices"]}
    assert records["goes"]["outcome"] == records["leaves"]["outcome"] == "disconnected"
    assert {name: records[name]["proof"] for name in ("goes", "leaves", "stays")} == {
        "goes": "proved",
        "leaves": "proved",
        "stays": "missing",
    }

    play = run_playbook(*run)
    state = tenant.state()
    left = {row["deviceId"] for row in state["devices"].values()}
    assert devices["stays"] in left and not left & {devices["goes"], devices["leaves"]}, play.output[-3000:]
    assert {row["azureADDeviceId"] for row in state["managed_devices"].values()} == managed - {
        devices["goes"],
        devices["leaves"],
    }
    result = next(iter(play.results(removal).values()))
    assert {row["device"]: row["device_id"] for row in result["devices"]} == {
        "goes": devices["goes"],
        "leaves": devices["leaves"],
        "thief": devices["stays"],
    }
    records = {row["device"]: row for row in json.loads(report.read_text(encoding="utf-8"))["devices"]}
    assert records["goes"]["removal"]["problem"] is None and play.recap["goes"]["failures"] == 0
    assert "the directory knows this id by" in records["thief"]["removal"]["problem"]
    assert "NOT removed from the tenant" in play.output and play.recap["thief"]["failures"] == 1

    again = run_playbook(*run)
    assert next(iter(again.results(removal).values()))["changed"] is False
    assert again.recap["goes"]["failures"] == again.recap["goes"]["changed"] == 0
    assert again.recap["stays"]["failures"] == 1


def thieves() -> list[dict]:
    """Six that are not honest, and those whose ids they have: joined and enrolled, with all there is to lose."""
    fleet = []
    for name, (owner, _why) in THEFTS.items():
        device: dict[str, t.Any] = {"mdm": "none"}
        if name == "twin":
            fleet.append({"kind": "joined", "name": "twin"})
            continue
        if name == "elsewhere":
            device["join"] = {"type": "entra", "tenant": "other"}
        how = "forged" if name == "elsewhere" else name
        device["claims"] = {"device": owner, "how": how, "serial": True}
        fleet.append({"kind": "joined", "name": name, "device": device})
        if owner != "twin":
            fleet.append({"kind": "joined", "name": owner})
    return fleet


def test_the_role_alone_removes_what_leaves_and_nothing_of_whoever_another_device_calls_itself(start_fleet, player):
    honest = [{"kind": "joined_bitlocker", "name": f"honest-{number}"} for number in (1, 2)]
    lab = start_fleet({"description": "Two that leave, and thieves.", "devices": [*honest, *thieves()]})
    tenant = LabTenant(lab, player)
    owners = {lab.get(f"/devices/{owner}")["join"]["device_id"] for owner, _why in THEFTS.values()}
    before = held(tenant)
    play = player.run(
        lab,
        [
            {
                "hosts": ["honest-1", "honest-2", *THEFTS],
                "gather_facts": False,
                "module_defaults": {"group/winops.entra.tenant": tenant.credential()},
                "roles": [{"role": "winops.entra.disconnect"}],
            }
        ],
        variables={
            "disconnect_remove_from_tenant": True,
            "disconnect_tenant_intune": False,
            "disconnect_poll_interval": 1,
            "lab_secrets": tenant.secrets,
        },
    )
    after = held(tenant)
    assert [play.recap[f"honest-{number}"]["failures"] for number in (1, 2)] == [0, 0], play.output[-3000:]
    assert len(before["devices"]) - len(after["devices"]) == 2
    assert owners <= {row["deviceId"] for row in tenant.state()["devices"].values()}
    assert after["managed_devices"] == before["managed_devices"] and before["managed_devices"]
    said = play.results("Fail if the objects in the tenant are not certainly its own")
    assert {name: why in said[name]["msg"] for name, (_owner, why) in THEFTS.items()} == dict.fromkeys(THEFTS, True), (
        play.output[-2000:]
    )


@pytest.mark.skipif(not CONTRACT.exists(), reason="needs ../shared/graph, the description of Graph")
def test_everything_sent_and_answered_is_as_microsoft_describes_it(tenant):
    """Last, over all that the tests above exchanged."""
    check = subprocess.run(
        [sys.executable, str(CONTRACT), str(tenant.lab.out / "graph.jsonl")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert check.returncode == 0, check.stdout[-3000:] + check.stderr[-1000:]
