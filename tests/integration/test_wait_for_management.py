# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wait_for_management over the lab's Intune over time: one play, a wave of devices that come, late or not at all."""

from __future__ import annotations

import subprocess
import sys
import typing as t

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import PATIENCE, ROOT, Play, Player, Tasks

CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"
HOST = "localhost"
BITLOCKER = "Windows10CompliancePolicy.BitLockerEnabled"
SECURE_BOOT = "Windows10CompliancePolicy.SecureBootEnabled"
ADA: dict[str, t.Any] = {"user": "ada", "signs_in": {"user": "ada"}}
#: Those that enroll by themselves while the play goes on.
ARRIVING: dict[str, dict[str, t.Any]] = {
    "FAST": ADA,
    "LATE": {**ADA, "after": 300.0},
    "ENCRYPTS": {**ADA, "encryption": {"from": 40, "seconds": 240.0, "restart_after": 30.0}},
    "USERLESS": {},
    "MANAGER": {**ADA, "config_manager": True, "agent": "configurationManagerClientMdm"},
}
AWAY = {
    "DISABLED": {"enabled": False},
    "OTHER": {"properties": {"mdmAppId": "54b943f8-d761-4f8d-951e-9cea1846db5a"}},
}
NOT_MET = [{"name": "Windows", "state": "nonCompliant", "settings": [{"setting": BITLOCKER}]}]
#: Those that do not change.
STANDING: dict[str, dict[str, t.Any]] = {
    "KEPT": {"user": "ada", "compliance": "noncompliant", "policies": NOT_MET},
    "GRACE": {"user": "ada", "compliance": "inGracePeriod", "grace_days": 2, "policies": NOT_MET, "entra": True},
}
SCENARIO = {
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.example",
            "users": {"ada": {}},
            "devices": [
                *({"name": name} for name in (*ARRIVING, *STANDING, "NEVER")),
                *({"name": name, **entry} for name, entry in AWAY.items()),
            ],
            "managed": STANDING,
            "intune": {
                "record_seconds": 60.0,
                "sync_seconds": 90.0,
                "sync_every": 120.0,
                "enrolled_before": 1200.0,
                "policies": [
                    {"name": "Windows", "demands": [BITLOCKER, SECURE_BOOT]},
                    {"name": "Desktop", "kind": "configuration", "assigned": "users"},
                    {"name": "Catalog", "kind": "catalog", "assigned": "users"},
                ],
                "arriving": ARRIVING,
            },
        }
    },
    "devices": [{"kind": "unjoined_pro", "name": "bench"}],
}


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    return LabTenant(start_fleet(SCENARIO), player)


@pytest.fixture(scope="module")
def played(tenant: LabTenant) -> Play:
    ids = {row["displayName"]: row["deviceId"] for row in tenant.state()["devices"].values()}
    wave = {
        "device_ids": [ids[name] for name in (*ARRIVING, *AWAY)],
        "expect_compliant": True,
        "expect_policies": True,
        "poll_interval": 1,
        "timeout": PATIENCE,
        "device_states": [
            {"device_id": ids["USERLESS"], "signed_in": False},
            {"device_id": ids["ENCRYPTS"], "encryption": "encrypting", "encryption_percentage": 40, "signed_in": True},
        ],
    }
    standing = {
        "device_ids": [ids[name] for name in (*STANDING, "NEVER")],
        "expect_compliant": True,
        "poll_interval": 1,
        "timeout": 3,
        "device_states": [
            {
                "device_id": ids["KEPT"],
                "encryption": "encrypting",
                "encryption_percentage": 42,
                "as_of": "2026-11-30T08:15:00Z",
            }
        ],
    }
    tasks: Tasks = [
        {"name": "wave", "winops.entra.wait_for_management": wave},
        {"name": "standing", "winops.entra.wait_for_management": standing},
        {
            "name": "stop",
            "winops.entra.wait_for_management": {"device_ids": [ids["NEVER"]], "fail_on": ["intune"]},
            "check_mode": True,
            "ignore_errors": True,
        },
        {
            "name": "refused",
            "winops.entra.wait_for_management": {
                "device_ids": [ids["FAST"], ids["LATE"]],
                "expect_compliant": True,
                "expect_policies": True,
                **tenant.credential("device_reader"),
            },
        },
    ]
    return tenant.run(tasks)


def of(result: dict[str, t.Any], expected: str) -> dict[str, tuple[bool | None, str]]:
    """What became of an expectation, by the name of the device."""
    return {row["name"]: (row[expected]["met"], row[expected]["reason"]) for row in result["devices"]}


def test_a_wave_comes_or_ends_early_each_with_its_reason(played):
    result = played.result(HOST, "wave")
    away = {"DISABLED": (False, "disabled_in_entra"), "OTHER": (False, "another_mdm")}
    there = dict.fromkeys(ARRIVING, (True, "in_intune"))
    assert of(result, "intune") == {**there, **away}
    compliant = dict.fromkeys(ARRIVING, (True, "compliant"))
    assert of(result, "compliant") == {**compliant, "MANAGER": (True, "config_manager"), **away}
    applied = dict.fromkeys(ARRIVING, (True, "applied"))
    assert of(result, "policies") == {**applied, "USERLESS": (False, "nobody_signed_in"), **away}
    assert result["met"] is False and result["waited"]["open"] == 0
    assert result["summary"] == {"pass": 14, "warn": 0, "fail": 7, "unknown": 0}


def test_what_it_says_is_what_the_lab_has(tenant, played):
    assert played.result(HOST, "wave")
    lab = tenant.lab.get("/tenant/intune")["devices"]
    assert lab["ENCRYPTS"]["attested"] and lab["ENCRYPTS"]["compliance"] == "compliant"
    assert (lab["USERLESS"]["signed_in"], lab["USERLESS"]["compliance"]) == ([], "compliant")
    assert lab["MANAGER"]["compliance"] == "configManager" and lab["MANAGER"]["entra"] is True


def test_progress_and_cost_are_said(played):
    expected = "7 devices, intune, compliant, policies: about 6 requests a round"
    assert expected in played.output
    assert "3 of 3 devices are open: " in played.output
    assert "the least encrypted drive was at 42 % at 2026-11-30T08:15:00Z" in played.output


def test_what_does_not_come_in_time_has_its_reason(played):
    result = played.result(HOST, "standing")
    found = {"KEPT": (False, "encrypting"), "GRACE": (False, "grace_period"), "NEVER": (False, "not_in_intune")}
    assert of(result, "compliant") == found and result["waited"]["open"] == 3
    rows = {row["name"]: row["compliant"] for row in result["devices"]}
    assert "(42 %), as of 2026-11-30T08:15:00Z" in rows["KEPT"]["said"]
    assert rows["KEPT"]["encryption_percentage"] == 42 and rows["KEPT"]["failing"] == [BITLOCKER]
    assert rows["GRACE"]["grace_until"] and rows["GRACE"]["entra"] is True


def test_check_mode_looks_once_and_fail_on_names_the_finding(played):
    result = played.result(HOST, "stop")
    assert result["error"]["name"] == "wait_for_management_intune"
    assert result["waited"] == {"seconds": 0, "rounds": 1, "open": 1}


def test_what_the_credential_may_not_read_is_unknown_at_once(played):
    result = played.result(HOST, "refused")
    assert result["met"] is None and result["waited"]["rounds"] == 1
    assert {one["result"] for one in result["findings"]} == {"unknown"}
    assert result["findings"][0]["permissions"]


@pytest.mark.skipif(not CONTRACT.exists(), reason="needs ../shared/graph, Microsoft's description of Graph")
def test_every_exchange_is_as_microsoft_describes_it(tenant, played):
    assert played.result(HOST, "wave")
    command = [sys.executable, str(CONTRACT), str(tenant.lab.out / "graph.jsonl"), "--strict"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
