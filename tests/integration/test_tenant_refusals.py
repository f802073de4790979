# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of Graph and Intune as a playbook meets them: the cause that fits, no permission that does not help, nothing
half done, and the same tasks done when nobody refuses any more."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import PATIENCE, ROOT, Play, Player

HOST = "localhost"
CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"
#: How the creation of a group is refused, one task each: the form; name, side and a part of the cause of the error.
CREATIONS = (
    ("quota_of_the_caller", "quota_exceeded", "tenant", "owns as many directory objects"),
    ("quota_of_the_tenant", "quota_exceeded", "tenant", "the tenant holds as many"),
    ("object_full", "object_full", "tenant", "as many values"),
    ("no_premium", "premium_licence_missing", "tenant", "P1 or P2"),
    ("conditional_access", "conditional_access", "tenant", "Conditional Access"),
    ("filter_page", "unreadable_answer", "network", "a web page answered with status 403"),
    ("network_login", "unreadable_answer", "network", "a proxy on the way"),
    ("denied", "forbidden", "tenant", "although the token holds Group.ReadWrite.All"),
)
#: How Intune refuses to list its devices.
READS = (
    ("intune_forbidden", "intune_forbidden", "although the token holds DeviceManagementManagedDevices.Read.All"),
    ("intune_role", "role_missing", "lacks a role"),
    ("intune_silent", "unexplained", "gives no reason (activity id "),
)


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    return LabTenant(start_fleet("healthy"), player)


def creating(*options: str, tenant: LabTenant) -> Play:
    tasks = [
        {"name": form, "winops.entra.group": {"name": f"Group of {form}"}, "ignore_errors": True}
        for form, _name, _side, _cause in CREATIONS
    ]
    return tenant.run(tasks, *options, sign_in=tenant.credential("groups"))


@pytest.fixture(scope="module")
def refused(tenant: LabTenant) -> Play:
    for form, _name, _side, _cause in CREATIONS:
        tenant.lab.post("/tenant/faults", {"kind": "refusal", "form": form, "path": "^/groups$", "methods": ["POST"]})
    return creating(tenant=tenant)


@pytest.mark.parametrize(("form", "name", "side", "cause"), CREATIONS, ids=lambda value: value)
def test_a_refused_group_has_its_cause_and_no_permission_that_does_not_help(refused, form, name, side, cause):
    result = refused.result(HOST, form)
    assert (result["error"]["name"], result["error"]["side"]) == (name, side), result["msg"]
    assert cause in result["error"]["cause"] and result["error"]["permissions"] == []
    assert not any(letter in result["msg"] for letter in "<>{}") and result["changed"] is False


def test_nothing_is_left_of_them_and_they_are_done_when_nobody_refuses(tenant, refused):
    assert not any(tenant.group(f"Group of {form}") for form, *_rest in CREATIONS)
    checked = creating("--check", tenant=tenant)
    assert not any(tenant.group(f"Group of {form}") for form, *_rest in CREATIONS)
    done = creating(tenant=tenant)
    assert done.exit_code == 0 and all(tenant.group(f"Group of {form}") for form, *_rest in CREATIONS)
    again = creating(tenant=tenant)
    for play, changed in ((checked, True), (done, True), (again, False)):
        assert [play.result(HOST, form)["changed"] for form, *_rest in CREATIONS] == [changed] * len(CREATIONS)


@pytest.fixture(scope="module")
def read(tenant: LabTenant) -> tuple[Play, dict]:
    """The play, and what the lab was asked."""
    for form, _name, _cause in READS:
        tenant.lab.post(
            "/tenant/faults", {"kind": "refusal", "form": form, "path": "^/deviceManagement/managedDevices$"}
        )
    tasks = [
        {"name": form, "winops.entra.directory_device_info": {"intune": True}, "ignore_errors": True}
        for form, _name, _cause in READS
    ]
    tenant.lab.delete("/tenant/requests")
    return tenant.run(tasks), tenant.lab.get("/tenant/requests")


@pytest.mark.parametrize(("form", "name", "cause"), READS, ids=lambda value: value)
def test_intune_s_texts_are_read_to_their_end(read, form, name, cause):
    result = read[0].result(HOST, form)
    assert result["error"]["name"] == name and cause in result["error"]["cause"], result["msg"]
    assert result["error"]["permissions"] == [] and not any(letter in result["msg"] for letter in "<>{}")
    assert not any(part in str(result["error"]) for part in ("fef.lab.example", "_version"))
    assert "asked: GET /deviceManagement/managedDevices" in result["error"]["evidence"]


def test_a_good_token_is_not_renewed_for_intune_s_401(read):
    assert read[1]["tokens"]["total"] == len(READS)
    assert read[1]["routes"]["GET /v1.0/deviceManagement/managedDevices"] == len(READS)


def test_a_permission_that_intune_names_is_named(tenant):
    task = {"name": "read", "winops.entra.directory_device_info": {"intune": True}, "ignore_errors": True}
    error = tenant.run([task], sign_in=tenant.credential("device_reader")).result(HOST, "read")["error"]
    assert (error["name"], error["permissions"]) == (
        "permission_missing",
        ["DeviceManagementManagedDevices.Read.All"],
    )


def test_readiness_says_of_intune_what_it_said(tenant):
    tenant.lab.post(
        "/tenant/faults", {"kind": "refusal", "form": "intune_forbidden", "path": "deviceEnrollmentConfigurations"}
    )
    result = tenant.run([{"name": "ready", "winops.entra.readiness_info": {}}]).result(HOST, "ready")
    [found] = [row for row in result["findings"] if row["id"] == "enrollment_limit"]
    assert found["result"] == "unknown" and "although the token holds" in found["cause"]
    assert "clock" not in found["cause"] + found["fix"]


def test_what_was_recorded_is_what_microsoft_describes(tenant, refused, read):
    if not CONTRACT.exists():
        pytest.skip("needs ../shared/graph")
    checked = subprocess.run(
        [sys.executable, str(CONTRACT), "--strict", str(tenant.lab.out / "graph.jsonl")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout[-4000:]
