# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wait_for_management until the configuration policies are applied, by both of Intune's lists."""

from __future__ import annotations

import datetime

import pytest

from tests.lab.tenant.objects import utc_seconds

from .bench import POLICIES, ArrivalBench

FINE = {"name": "Desktop"}
CONFIGURATION = "Microsoft.Management.Services.Api.DeviceConfiguration"
WALLPAPER = "Windows10General.Wallpaper"


@pytest.fixture
def bench() -> ArrivalBench:
    made = ArrivalBench()
    made.user("ada")
    return made


def row(name: str, status: int, user: str = "") -> dict:
    return {"id": name, "name": name, "status": status, "user": user}


def failed(state: str = "error", code: int = -2016345708) -> dict:
    return {
        "name": "Start",
        "state": state,
        "settings": [{"setting": WALLPAPER, "state": state, "code": code}],
    }


def young(bench: ArrivalBench, device: dict) -> None:
    record = bench.record(device)
    record["enrolledDateTime"] = record["lastSyncDateTime"]


def test_all_of_both_lists_are_applied(bench):
    device = bench.managed("PC-1", user="ada", configurations=[FINE], report=[row("Catalog", 2), row("Other", 1)])
    found = bench.one(device, "policies")
    assert (found["met"], found["reason"], found["open"]) == (True, "applied", [])
    assert found["said"] == "its 2 policies are applied" and found["settings_catalog"] is True


def test_a_policy_on_its_way_is_waited_for(bench):
    device = bench.managed("PC-1", user="ada", configurations=[FINE], report=[row("Catalog", 0)])
    report = bench.lab.tenant.policy_reports[bench.record(device)["id"]]
    bench.later.append((150, lambda: report[0].update(status=2)))
    found = bench.one(device, "policies")
    assert found["met"] is True and 150 <= found["seconds"] <= 300


def test_what_does_not_come_is_named(bench):
    device = bench.managed("PC-1", user="ada", configurations=[{"name": "Start", "state": "nonCompliant"}])
    found = bench.one(device, "policies", timeout=60)
    assert (found["met"], found["reason"], found["open"]) == (False, "not_applied", ["Start"])
    device = bench.managed("PC-2", user="ada", configurations=[{"name": "Start", "state": "unknown"}])
    assert bench.one(device, "policies", timeout=60)["reason"] == "pending"


@pytest.mark.parametrize(
    ("entry", "reason", "name"),
    [
        ({"configurations": [failed()]}, "policy_error", "Start"),
        ({"configurations": [failed("conflict")]}, "policy_conflict", "Start"),
        ({"report": [row("Catalog", 5)]}, "policy_error", "Catalog"),
        ({"report": [row("Catalog", 6), row("Other", 0)]}, "policy_conflict", "Catalog"),
    ],
)
def test_errors_and_conflicts_end_early_with_the_name(bench, entry, reason, name):
    result = bench.wait(bench.managed("PC-1", user="ada", **entry), **POLICIES)
    found = result["devices"][0]["policies"]
    assert found["reason"] == reason and name in found["said"] and name in found["open"]
    assert result["waited"]["rounds"] == 1


def test_remediation_failed_alone_is_applied_even_if_the_report_calls_it_an_error(bench):
    device = bench.managed(
        "PC-1",
        user="ada",
        configurations=[failed(code=-2016281112)],
        report=[{**row("Start", 5), "kind": CONFIGURATION}],
    )
    found = bench.one(device, "policies")
    assert (found["met"], found["reason"], found["open"]) == (True, "applied", [])
    assert "remediation failed" in found["said"] and "Start" in found["said"]


def test_a_young_record_is_looked_at_twice(bench):
    device = bench.managed("PC-1", user="ada", configurations=[FINE])
    young(bench, device)
    states = bench.lab.tenant.policy_states[bench.record(device)["id"]]["deviceConfigurationStates"]
    more = {
        **states[0],
        "id": bench.lab.tenant.object_id("more"),
        "displayName": "More",
        "state": "conflict",
        "rows": [],
    }
    bench.later.append((20, lambda: states.append(more)))
    assert bench.one(device, "policies")["reason"] == "policy_conflict"


def test_how_young_a_record_is_does_not_hang_on_the_clock_of_the_controller(bench):
    device = bench.managed("PC-1", user="ada", configurations=[FINE])
    record, now = bench.record(device), bench.lab.clock.utc()
    record["enrolledDateTime"] = utc_seconds(now - datetime.timedelta(hours=3))
    record["lastSyncDateTime"] = utc_seconds(now - datetime.timedelta(hours=2, minutes=55))
    assert bench.wait(device, **POLICIES)["waited"]["rounds"] == 2


def test_no_policy_at_all_is_not_applied(bench):
    device = bench.managed("PC-1", user="ada")
    young(bench, device)
    assert bench.one(device, "policies", timeout=60)["reason"] == "no_policies"
    settled = bench.managed("PC-2", user="ada")
    result = bench.wait(settled, **POLICIES)
    assert result["devices"][0]["policies"]["reason"] == "nothing_assigned" and result["waited"]["rounds"] == 3


def test_policies_of_users_of_whom_nobody_has_signed_in(bench):
    device = bench.managed("PC-1", configurations=[FINE], report=[row("Catalog", 0, "ada@contoso.example")])
    known = {"device_states": [{"device_id": device["deviceId"], "signed_in": False}]}
    result = bench.wait(device, **POLICIES, **known)
    assert result["devices"][0]["policies"]["reason"] == "nobody_signed_in" and result["waited"]["rounds"] == 1
    applied = bench.managed("PC-2", configurations=[FINE])
    known = {"device_states": [{"device_id": applied["deviceId"], "signed_in": False}]}
    assert "come with the first one" in bench.one(applied, "policies", **known)["said"]


def test_a_device_of_configuration_manager_gets_no_policies(bench):
    device = bench.managed("PC-1", user="ada", agent="configurationManagerClient")
    assert bench.one(device, "policies")["reason"] == "config_manager"


def test_without_the_report_the_states_decide_and_that_is_said(bench):
    device = bench.managed("PC-1", user="ada", configurations=[FINE])
    bench.lab.side.faults.add("refusal", {"path": "reports", "times": 1000, "form": "intune_forbidden"})
    found = bench.one(device, "policies")
    assert found["met"] is True and found["settings_catalog"] is False
    assert "unknown, because" in found["said"] and "the settings catalog" in found["said"]


def test_without_both_nothing_is_known(bench):
    device = bench.managed("PC-1", user="ada", configurations=[FINE])
    for path in ("reports", "ConfigurationStates"):
        bench.lab.side.faults.add("refusal", {"path": path, "times": 1000, "form": "intune_forbidden"})
    found = bench.one(device, "policies")
    assert (found["met"], found["reason"]) == (None, "not_readable")
