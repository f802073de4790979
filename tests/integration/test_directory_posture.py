# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""directory_posture over the lab's tenant: one play, each planted fault found, and nothing on what only looks odd."""

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
INTUNE = "0000000a-0000-0000-c000-000000000000"
PACKAGE = "package_3f2504e0-4f89-11d3-9a0c-0305e82c3301@contoso.example"
REGISTERED = {"registered": ["mobilePhone", "email"]}
OK: dict[str, t.Any] = {"user": "ada"}


def setting(name: str, **more: t.Any) -> list[dict[str, t.Any]]:
    return [{"setting": name, **more}]


def policy(name: str, state: str, settings: list[dict[str, t.Any]], **more: t.Any) -> list[dict[str, t.Any]]:
    return [{"name": name, "state": state, "settings": settings, **more}]


BITLOCKER = policy("Windows", "nonCompliant", setting("Windows10CompliancePolicy.BitLockerEnabled"), system=True)
FAILED = policy("Desktop", "error", setting("Windows10General.Wallpaper", state="error", code=-2016345708))
REMEDIATION = policy("Desktop", "error", setting("Windows10General.Wallpaper", state="error", code=-2016281112))
VERSION = policy(
    "Windows",
    "nonCompliant",
    setting("Windows10CompliancePolicy.OsMinimumVersion", value="10.0.22631.1", code=-2016345612),
)
#: By device: what is wrong with it in Intune, and the one finding that it should have.
PLANTED: dict[str, tuple[dict[str, t.Any], tuple[str, str]]] = {
    "ENCRYPT": ({**OK, "compliance": "noncompliant", "policies": BITLOCKER}, ("compliance", "fail")),
    "GRACE": (
        {**OK, "compliance": "inGracePeriod", "grace_days": 2, "entra": True, "policies": VERSION},
        ("compliance", "warn"),
    ),
    "NOTHING": ({**OK, "policies": []}, ("compliance", "warn")),
    "PERSONAL": ({**OK, "owner": "personal"}, ("ownership", "warn")),
    "SILENT": ({**OK, "sync_days": 20.0}, ("sync", "warn")),
    "NOKEY": ({**OK, "keys": []}, ("escrow", "fail")),
    "CONFIG": ({**OK, "configurations": FAILED}, ("configuration", "fail")),
    "APPLIED": ({**OK, "configurations": REMEDIATION}, ("configuration", "warn")),
    "CATALOG": (
        {**OK, "report": [{"id": "1", "name": "Catalog", "status": 6, "user": "ada@contoso.example"}]},
        ("settings_catalog", "fail"),
    ),
    "NOBODY": ({"enrolled_by": PACKAGE}, ("primary_user", "warn")),
    "NEWUSER": ({"user": "new"}, ("registration", "unknown")),
    "NOMFA": ({"user": "bob"}, ("registration", "warn")),
    "LATE": ({**OK, "entra": False}, ("verdicts_differ", "warn")),
}
#: Those that only look odd.
ODD: dict[str, dict[str, t.Any]] = {
    "FINE": OK,
    "COMANAGED": {**OK, "compliance": "configManager", "entra": True, "agent": "configurationManagerClientMdm"},
    "PLAIN": {**OK, "encrypted": False, "keys": []},
    "FEDERATED": {"user": "eve@corp.example"},
    "SILENTROWS": {
        **OK,
        "configurations": [
            {
                "name": "Desktop",
                "state": "compliant",
                "settings": [{"setting": None, "state": "compliant", "code": None, "value": None}],
            }
        ],
    },
}
SCENARIO = {
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.example",
            "domain_types": {"corp.example": "Federated"},
            "users": {
                "ada": REGISTERED,
                "bob": {"registered": []},
                "new": {},
                "eve@corp.example": REGISTERED,
            },
            "devices": [{"name": name} for name in (*PLANTED, *ODD, "UNMANAGED")],
            "managed": {**{name: entry for name, (entry, _found) in PLANTED.items()}, **ODD},
            "conditional_access_policies": [
                {
                    "displayName": "Compliant devices",
                    "conditions": {
                        "users": {"includeUsers": ["All"]},
                        "applications": {"includeApplications": ["Office365"]},
                    },
                    "grantControls": {"operator": "OR", "builtInControls": ["compliantDevice"]},
                },
                {
                    "displayName": "Abroad",
                    "conditions": {
                        "users": {"includeUsers": ["All"]},
                        "applications": {"includeApplications": [INTUNE]},
                        "locations": {"includeLocations": ["9b6d5d0a-5f4c-4c5e-9c1a-2f0a4f4f0001"]},
                    },
                    "grantControls": {"operator": "OR", "builtInControls": ["block"]},
                },
                {
                    "displayName": "Soon",
                    "state": "enabledForReportingButNotEnforced",
                    "conditions": {
                        "users": {"includeUsers": ["All"]},
                        "applications": {"includeApplications": ["All"]},
                    },
                    "grantControls": {"operator": "OR", "builtInControls": ["block"]},
                },
            ],
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
    odd = {"name": "odd", "winops.entra.directory_posture": {"device_ids": [ids[name] for name in ODD]}}
    every = [ids[name] for name in (*PLANTED, *ODD, "UNMANAGED")]
    access = {
        "device_ids": [ids["ENCRYPT"], ids["FINE"], ids["NOBODY"]],
        "questions": ["user"],
        "applications": ["Office365", INTUNE],
    }
    refused = {"device_ids": every[:3], **tenant.credential("device_reader")}
    tasks: Tasks = [
        {"name": "all", "winops.entra.directory_posture": {"device_ids": every}, "check_mode": True},
        odd,
        {"name": "access", "winops.entra.directory_posture": access},
        {
            "name": "stop",
            "winops.entra.directory_posture": {"device_ids": [ids["UNMANAGED"]], "fail_on": ["in_intune"]},
            "ignore_errors": True,
        },
        {"name": "refused", "winops.entra.directory_posture": refused},
    ]
    return tenant.run(tasks, "-vvv")


def test_each_planted_fault_is_found_and_no_other(played):
    result = played.result(HOST, "all")
    told: dict[str, set[tuple[str, str]]] = {}
    for one in result["findings"]:
        told.setdefault(one["subject"].partition(" ")[0], set()).add((one["id"], one["result"]))
    assert told.pop("UNMANAGED") == {("in_intune", "fail"), ("escrow", "unknown")}
    assert told == {name: {wanted} for name, (_entry, wanted) in PLANTED.items()}


def test_what_only_looks_odd_has_no_finding(played):
    result = played.result(HOST, "odd")
    assert result["findings"] == [] and result["summary"]["fail"] == 0
    shown = {row["name"]: row for row in result["devices"]}
    assert shown["FEDERATED"]["domain"] == {"name": "corp.example", "federated": True}


def test_conditional_access_goes_by_the_device_and_report_only_blocks_nobody(played):
    devices = played.result(HOST, "access")["devices"]
    encrypt, fine, nobody = (row["access"][0] for row in devices)
    assert (encrypt["verdict"], fine["verdict"], nobody["verdict"]) == ("device_refused", "allowed", "unknown")
    assert [row["access"][1]["verdict"] for row in devices] == ["unknown"] * 3, "nobody has said from where"
    assert [one["effect"] for one in fine["policies"] if one["report_only"]] == ["blocks"]
    assert "Conditional Access: 2 questions, one a second, about 1 s" in played.output


def test_no_recovery_key_and_no_secret_is_in_the_output(tenant, played):
    keys = [row["key"] for row in tenant.state()["recovery_keys"].values()]
    secrets = [one["client_secret"] for one in tenant.facts["applications"].values() if one.get("client_secret")]
    assert "recoveryKeys" in played.output, "-vvv shows the requests"
    assert keys and secrets and not any(text in played.output for text in (*keys, *secrets, "Bearer ", "eyJ"))


def test_fail_on_names_the_finding(played):
    assert played.result(HOST, "stop")["error"]["name"] == "directory_posture_in_intune"


def test_what_the_credential_may_not_read_is_unknown(played):
    result = played.result(HOST, "refused")
    assert {one["result"] for one in result["findings"]} == {"unknown"}
    assert all(row["in_entra"] and row["in_intune"] is None for row in result["devices"])


@pytest.mark.skipif(not CONTRACT.exists(), reason="needs ../shared/graph, Microsoft's description of Graph")
def test_every_exchange_is_as_microsoft_describes_it(tenant, played):
    assert played.result(HOST, "all")
    command = [sys.executable, str(CONTRACT), str(tenant.lab.out / "graph.jsonl"), "--strict"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
