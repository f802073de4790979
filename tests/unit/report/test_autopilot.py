# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a device has come with Windows Autopilot, of the results of any of the steps."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.winops.entra.plugins.filter.rollout_outcome import rollout_outcome
from ansible_collections.winops.entra.plugins.plugin_utils.report import autopilot, table
from tests.unit.report.making import devices, made

WANTED = {
    "serial_number": "S1",
    "smbios_uuid": None,
    "group_tag": "Sales",
    "assigned_user": "ada@c.example",
    "mode": "user_driven",
}
HARVEST = {
    "changed": False,
    "changes": [],
    "autopilot": {"serial_number": "S1", "manufacturer": "LENOVO", "model": "21HM", "smbios_uuid": "u1"},
    "findings": [{"id": "tpm", "result": "pass"}, {"id": "virtual_machine", "result": "warn", "observed": "a VM"}],
}
SERIAL = {"id": "serial_number", "result": "fail", "observed": "Default string", "side": "device", "cause": "c"}
BAD_HARVEST = {
    "failed": True,
    "changes": [],
    "msg": "the serial number is a placeholder",
    "findings": [SERIAL],
    "error": {"name": "autopilot_hash_serial_number", "side": "device", "cause": "many devices have it", "fix": "f"},
}
UNREACHABLE = {"unreachable": True, "changes": [], "msg": "no answer"}
REGISTERED = {"outcome": "changed", "registered": True, "serial_number": "S1", "autopilot_id": "z1", "error": None}
REFUSED_USER = {
    "outcome": "skipped",
    "registered": False,
    "error": {"name": "user_unknown", "side": "tenant", "cause": "no such user", "fix": "correct it", "msg": "m"},
}
OTHER_TENANT = REFUSED_USER | {
    "import_error": "ZtdDeviceAssignedToOtherTenant",
    "error": {"name": "other_tenant", "msg": "of another tenant"},
}
LISTED = {
    "id": "z1",
    "serial_number": "S1",
    "assigned": True,
    "managed_device_id": "m1",
    "device_id": "d1",
    "assignment": {"status": "assignedInSync"},
    "deployment": None,
}
WAITING = LISTED | {"assigned": False, "assignment": {"status": "pending"}}
NOT_MET = {
    "id": "profile_assignment",
    "result": "fail",
    "side": "tenant",
    "observed": "o",
    "cause": "no TPM",
    "fix": "f",
}
RESET = {
    "outcome": "reset",
    "changed": True,
    "changes": [{}],
    "phases": [{"name": "go", "seconds": 41.0}],
    "proved": "gone",
}
WINRE = {
    "failed": True,
    "outcome": "refused",
    "changes": [],
    "msg": "WinRE is off",
    "error": {"name": "recovery_environment_disabled", "side": "device", "cause": "off", "fix": "reagentc /enable"},
}
APP = {
    "id": "apps",
    "result": "fail",
    "side": "device",
    "observed": "app 7 is error",
    "cause": "it could not be installed",
    "fix": "look it up",
}
STATUS = {"deployment": {"state": "running", "waits_for": ["the app 7"]}, "findings": [APP]}


def deployed(outcome: str, **more: t.Any) -> dict[str, t.Any]:
    return LISTED | {"deployment": {"outcome": outcome, "profile": "Office", **more}}


def record(changed: bool = False, **steps: t.Any) -> dict[str, t.Any]:
    return rollout_outcome({"changes": [], "changed": changed, "steps": {"wanted": WANTED, **steps}}, "autopilot")


@pytest.mark.parametrize(
    ("steps", "outcome", "name"),
    [
        ({}, "skipped", None),
        ({"harvest": {"skipped": True, "changed": False}}, "skipped", None),
        ({"harvest": HARVEST}, "harvested", None),
        ({"harvest": BAD_HARVEST}, "refused", "autopilot_hash_serial_number"),
        ({"harvest": UNREACHABLE}, "unreachable", "unreachable"),
        ({"harvest": HARVEST, "registration": REGISTERED}, "registered", None),
        ({"harvest": HARVEST, "registration": REGISTERED, "check": True}, "would_register", None),
        ({"harvest": HARVEST, "registration": REFUSED_USER}, "refused", "user_unknown"),
        ({"harvest": HARVEST, "registration": OTHER_TENANT}, "failed", "other_tenant"),
        ({"harvest": HARVEST, "registration": REFUSED_USER, "listed": LISTED}, "refused", "user_unknown"),
        ({"harvest": HARVEST, "twin": "pc-0"}, "refused", "same_serial_number"),
        ({"harvest": HARVEST, "failed": {"failed": True, "error": {"name": "throttled"}}}, "failed", "throttled"),
        ({"registration": REGISTERED, "listed": WAITING}, "registered", None),
        (
            {"registration": REGISTERED, "listed": WAITING, "findings": [NOT_MET]},
            "failed",
            "autopilot_profile_assignment",
        ),
        ({"listed": LISTED}, "ready", None),
        ({"harvest": UNREACHABLE, "listed": LISTED}, "ready", None),
        ({"listed": LISTED, "reset": RESET}, "reset", None),
        ({"listed": LISTED, "reset": {"outcome": "would_reset", "changes": [{}]}}, "would_reset", None),
        ({"listed": LISTED, "reset": WINRE}, "refused", "recovery_environment_disabled"),
        ({"listed": LISTED, "reset": UNREACHABLE}, "unreachable", "unreachable"),
        ({"harvest": UNREACHABLE, "before": {"reset_at": "2026-11-30T08:00:00Z"}}, "reset", None),
        ({"listed": LISTED, "before": {"reset_at": "2026-11-30T08:00:00Z"}}, "reset", None),
        ({"listed": deployed("deployed"), "before": {"reset_at": "x"}}, "deployed", None),
        ({"listed": deployed("in_use")}, "deployed", None),
        ({"listed": deployed("in_progress"), "harvest": UNREACHABLE}, "deploying", None),
        ({"listed": deployed("in_progress"), "status": UNREACHABLE}, "deploying", None),
        ({"listed": deployed("in_progress"), "status": STATUS}, "failed", "deployment_hangs"),
        ({"listed": deployed("incomplete"), "status": STATUS}, "incomplete", "deployment_incomplete"),
        ({"listed": deployed("failed", code="0x80180014")}, "failed", "deployment_failed"),
    ],
)
def test_a_record_says_the_furthest_state_or_what_keeps_the_device_from_it(steps, outcome, name):
    found = record(reset_began="2026-11-30T08:00:00Z", **steps)
    assert (found["outcome"], found["name"]) == (outcome, name)


def test_a_failure_says_which_app_it_was_and_what_to_do():
    found = record(listed=deployed("failed", phase="device_setup", code="0x87d1041c"), status=STATUS)
    assert (
        found["cause"]
        == "the deployment has failed in the phase device setup: app 7 is error: it could not be installed"
    )
    assert (found["fix"], found["code"]) == ("look it up", "0x87d1041c")
    assert found["deployment"]["waits_for"] == ["the app 7"]


def test_a_run_that_says_nothing_of_a_device_leaves_it_where_it_was():
    before = {"outcome": "refused", "name": "user_not_found", "cause": "no such user", "fix": "correct it", "msg": "m"}
    found = record(before=before)
    assert {name: found[name] for name in before} == before
    assert record(before=before, listed=LISTED)["outcome"] == "ready"


def test_a_placeholder_that_two_devices_have_is_called_one():
    assert record(harvest=BAD_HARVEST, twin="pc-0")["name"] == "autopilot_hash_serial_number"


def test_a_name_with_the_serial_number_of_another_has_none_of_its_ids():
    found = record(twin="pc-0", registration=REGISTERED, listed=LISTED)
    assert (found["autopilot_id"], found["device_id"], found["serial_number"]) == (None, None, "S1")


def test_what_has_passed_is_not_in_the_record_and_no_hash_is():
    harvest = HARVEST | {
        "device": {"hardware_hash": "T0E="},
        "autopilot": HARVEST["autopilot"] | {"hardware_hash": "T0E="},
    }
    found = record(harvest=harvest)
    assert [finding["id"] for finding in found["findings"]] == ["virtual_machine"]
    assert "T0E=" not in str(found)


def test_every_record_has_the_same_fields():
    assert set(record()) == set(
        record(harvest=HARVEST, registration=REGISTERED, listed=LISTED, reset=RESET, status=STATUS)
    )


def test_a_result_of_a_reset_alone_has_a_record():
    found = rollout_outcome(WINRE, "autopilot")
    assert (found["outcome"], found["name"]) == ("refused", "recovery_environment_disabled")
    assert rollout_outcome(RESET | {"began": "x"}, "autopilot")["outcome"] == "skipped"


def test_a_device_that_cannot_be_asked_any_more_keeps_what_the_report_knows():
    first = record(
        harvest=HARVEST, registration=REGISTERED, listed=LISTED, reset=RESET, reset_began="2026-11-30T08:00:00Z"
    )
    report = made({"pc": first}, "autopilot").report
    later = made({"pc": rollout_outcome(UNREACHABLE, "autopilot")}, "autopilot", "r2", report).report
    device = devices(later)["pc"]
    assert device["outcome"] == "unreachable" and device["reset_at"] == "2026-11-30T08:00:00Z"
    assert (device["serial_number"], device["autopilot_id"], device["assigned_user"]) == ("S1", "z1", "ada@c.example")


def test_another_device_of_the_same_name_gets_nothing_of_what_was_known():
    report = made({"pc": record(listed=LISTED, reset=RESET, reset_began="2026-11-30T08:00:00Z")}, "autopilot").report
    harvest = HARVEST | {"autopilot": {"serial_number": "S2"}}
    later = made({"pc": record(harvest=harvest)}, "autopilot", "r2", report).report
    device = devices(later)["pc"]
    assert (device["serial_number"], device["reset_at"], device["autopilot_id"]) == ("S2", None, None)


def test_a_later_run_is_told_by_what_a_device_is_found_and_not_of_devices_that_nobody_asked():
    report = made({"pc": record(listed=LISTED), "new": None}, "autopilot").report
    known = autopilot.known(devices(report), ["pc", "new", "other"])
    assert set(known) == {"pc"} and set(known["pc"]) == {*autopilot.COME_TO, *autopilot.KNOWN_FIELDS}
    assert (known["pc"]["outcome"], known["pc"]["serial_number"]) == ("ready", "S1")


def test_the_table_says_by_what_a_device_is_found_and_what_it_waits_for():
    going_on = record(listed=deployed("in_progress"), status=STATUS | {"findings": []})
    [_head, line] = table.table(made({"pc": going_on}, "autopilot").report["devices"], 50)
    assert "deploying" in line and "serial number S1, for ada@c.example, waits for the app 7" in line
