# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a device and its users have come with security keys, of the results of any of the steps."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.winops.entra.plugins.filter.rollout_outcome import rollout_outcome
from ansible_collections.winops.entra.plugins.plugin_utils.report import security_keys, table
from tests.unit.report.key_rows import ADA, READY, row
from tests.unit.report.making import devices, made

APPLIED = {
    "changed": True,
    "changes": [{}],
    "installed": True,
    "package": {"id": "p1"},
    "phases": [{"name": "apply", "seconds": 3.0}],
}
BAD_PACKAGE = {
    "failed": True,
    "changes": [],
    "msg": "the package failed",
    "error": {"name": "package_failed", "side": "device", "cause": "c", "fix": "f"},
}
BAD_OPTION = {"failed": True, "changes": [], "msg": "bad option src", "error": {"name": "bad_option", "cause": "c"}}
UNREACHABLE = {"unreachable": True, "changes": [], "msg": "no answer"}
FACTS = {"ansible_facts": {"entra": {"join": {"device_id": "d1"}}}}
ON = {
    "changed": False,
    "changes": [],
    "enabled": True,
    "by": ["provisioning_package"],
    "ways": [],
    "build_ok": True,
    "join_type": "entra",
    "findings": [],
}
OPTION = {"id": "option", "result": "fail", "cause": "it is not offered", "fix": "set it", "side": "device"}
PLURAL = {"id": "registry_path", "result": "warn", "cause": "no effect there", "fix": "remove it"}
BUILD = {"id": "build", "result": "fail", "cause": "too old", "fix": "update", "doc": "https://x.example"}
OFF = {**ON, "enabled": False, "by": [], "findings": [OPTION]}
UNKNOWN = {**ON, "enabled": None, "findings": [{"id": "option", "result": "unknown", "cause": "refused"}]}
BY_MDM = {**OFF, "ways": [{"way": "mdm", "value": False}]}
REFUSED = {
    **OFF,
    "failed": True,
    "msg": "mdm has set it",
    "error": {"name": "set_by_another_way", "side": "device", "cause": "mdm", "fix": "there"},
}
NO_RIGHT = {"failed": True, "msg": "m", "error": {"name": "missing_permission", "side": "tenant", "cause": "c"}}
BOB = "bob@c.example"
HALF = {"users": [ADA, BOB], "rows": [READY, row(BOB)]}
ONE = {"users": [ADA], "rows": [READY]}


def record(changed: bool = False, **steps: t.Any) -> dict[str, t.Any]:
    return rollout_outcome({"changes": [], "changed": changed, "steps": steps}, "security_keys")


@pytest.mark.parametrize(
    ("steps", "outcome", "name"),
    [
        ({}, "skipped", None),
        ({"package": {"skipped": True, "changed": False}}, "skipped", None),
        ({"package": APPLIED}, "applied", None),
        ({"package": APPLIED, "check": True}, "would_enable", None),
        ({"package": BAD_PACKAGE}, "failed", "package_failed"),
        ({"package": BAD_OPTION}, "refused", "bad_option"),
        ({"package": UNREACHABLE}, "unreachable", "unreachable"),
        ({"met": UNREACHABLE}, "unreachable", "unreachable"),
        ({"facts": UNREACHABLE}, "unreachable", "unreachable"),
        ({"facts": {"failed": True, "msg": "no right"}, "sign_in": ON, "users": []}, "enabled", None),
        ({"package": APPLIED, "sign_in": ON}, "enabled", None),
        ({"package": APPLIED, "sign_in": ON, "users": []}, "enabled", None),
        ({"sign_in": ON, "users": [ADA]}, "enabled", None),
        ({"sign_in": ON, **ONE}, "ready", None),
        ({"sign_in": ON, **HALF}, "waiting", None),
        ({"sign_in": ON, "users": [ADA], "rows": [row(ready=None)]}, "undecided", None),
        ({"sign_in": ON, "users": [ADA, BOB], "rows": [row(ready=None), row(BOB)]}, "waiting", None),
        ({"sign_in": OFF, **ONE}, "failed", "security_key_option"),
        ({"sign_in": UNKNOWN, **ONE}, "undecided", None),
        ({"sign_in": REFUSED, **ONE}, "refused", "set_by_another_way"),
        ({"sign_in": {**ON, "findings": [BUILD]}, **ONE}, "failed", "security_key_build"),
        ({"sign_in": {**ON, "findings": [PLURAL]}, **ONE}, "ready", None),
        # Check mode: the package is not on the device yet, unless something keeps the option off all the same.
        ({"package": APPLIED, "sign_in": OFF, "check": True, **ONE}, "would_enable", None),
        ({"package": APPLIED, "sign_in": BY_MDM, "check": True}, "failed", "security_key_option"),
        (
            {"package": APPLIED, "sign_in": {**OFF, "findings": [OPTION, BUILD]}, "check": True},
            "failed",
            "security_key_build",
        ),
        ({"package": {**APPLIED, "changed": False}, "sign_in": OFF, "check": True}, "failed", "security_key_option"),
        ({"sign_in": {**ON, "changed": True}, "check": True}, "would_enable", None),
        ({"sign_in": ON, "users": [ADA], "failed": NO_RIGHT}, "failed", "missing_permission"),
        ({"sign_in": OFF, "failed": NO_RIGHT}, "failed", "security_key_option"),
        (ONE, "undecided", None),
    ],
)
def test_a_record_says_the_furthest_state_or_what_keeps_the_device_from_it(steps, outcome, name):
    found = record(**steps)
    assert (found["outcome"], found["name"]) == (outcome, name)
    if outcome in ("failed", "refused", "undecided", "waiting", "unreachable") and name != "bad_option":
        assert found["cause"] and (found["fix"] or name == "missing_permission")


def test_a_record_says_who_is_ready_and_why_not():
    found = record(package=APPLIED, facts=FACTS, sign_in=ON, users_from="inventory", **HALF)
    assert (found["device_id"], found["package_id"], found["seconds"]) == ("d1", "p1", 3.0)
    assert [(one["user"], one["ready"], one["missing"]) for one in found["users"]] == [
        (ADA, True, []),
        (BOB, False, ["no_security_key"]),
    ]
    assert found["msg"] == f"{BOB}: no security key is registered" and "mysecurityinfo" in found["fix"]
    assert found["sign_in"] == {
        "takes_keys": True,
        "enabled": True,
        "by": ["provisioning_package"],
        "build_ok": True,
        "join_type": "entra",
    }


def test_what_is_at_the_place_that_nobody_reads_is_said_where_the_option_is_off():
    found = record(sign_in={**OFF, "findings": [OPTION, PLURAL]})
    assert found["cause"] == "it is not offered; no effect there" and found["fix"] == "remove it"


def of_run(report: dict[str, t.Any]) -> dict[str, t.Any]:
    """What the playbook gives to the role of the only device of a report."""
    return security_keys.known(devices(report), ["pc"])["pc"]


def test_a_step_goes_on_where_an_earlier_run_ended():
    first = made({"pc": record(package=APPLIED, facts=FACTS, sign_in=ON, users=[ADA])}, "security_keys").report
    before = of_run(first)
    users = record(before=before, **ONE)
    assert (users["outcome"], users["device_id"], users["package_id"]) == ("ready", "d1", "p1")
    # And the other way round.
    early = made({"pc": record(users=[ADA], rows=[READY])}, "security_keys").report
    assert record(before=of_run(early), sign_in=ON, users=[ADA])["outcome"] == "ready"


def test_a_device_that_does_not_answer_is_where_it_was():
    before = of_run(made({"pc": record(facts=FACTS, sign_in=ON, **ONE)}, "security_keys").report)
    assert record(before=before, package=UNREACHABLE, **ONE)["outcome"] == "ready"
    assert record(before=before, package=UNREACHABLE, **HALF)["outcome"] == "waiting"
    assert record(before=before, facts=UNREACHABLE, **ONE)["outcome"] == "ready"
    never = of_run(made({"pc": record(package=UNREACHABLE)}, "security_keys").report)
    assert record(before=never, package=UNREACHABLE, **ONE)["outcome"] == "unreachable"


@pytest.mark.parametrize(
    "failed", [{"sign_in": OFF}, {"sign_in": {**ON, "findings": [BUILD]}}, {"package": BAD_PACKAGE}]
)
def test_users_alone_do_not_mend_a_device(failed):
    first = record(facts=FACTS, **failed)
    before = of_run(made({"pc": first}, "security_keys").report)
    later = record(before=before, **ONE)
    assert [later[field] for field in ("outcome", "name", "cause")] == [
        first[field] for field in ("outcome", "name", "cause")
    ]
    assert later["users"][0]["ready"] is True


def test_a_task_for_all_that_has_failed_is_forgotten_when_it_succeeds():
    first = record(sign_in=ON, users=[ADA], failed=NO_RIGHT)
    before = of_run(made({"pc": first}, "security_keys").report)
    assert record(before=before, **ONE)["outcome"] == "ready"


def test_the_report_keeps_what_a_later_run_does_not_ask():
    report = made({"pc": record(facts=FACTS, sign_in=ON, **ONE)}, "security_keys").report
    later = made({"pc": rollout_outcome(UNREACHABLE, "security_keys")}, "security_keys", "r2", report).report
    device = devices(later)["pc"]
    assert (device["outcome"], device["device_id"], device["users"][0]["user"]) == ("unreachable", "d1", ADA)
    other = {"ansible_facts": {"entra": {"join": {"device_id": "d2"}}}}
    fresh = made({"pc": record(facts=other, sign_in=ON)}, "security_keys", "r2", report).report
    assert (devices(fresh)["pc"]["device_id"], devices(fresh)["pc"]["users"]) == ("d2", None)
    # Nobody uses it any more, which is not the same as not known.
    empty = made({"pc": record(facts=FACTS, sign_in=ON, users=[])}, "security_keys", "r2", report).report
    assert devices(empty)["pc"]["users"] == []


def test_a_result_without_steps_is_that_of_a_module():
    assert rollout_outcome(ON, "security_keys")["outcome"] == "enabled"
    assert rollout_outcome(BAD_PACKAGE, "security_keys")["outcome"] == "failed"
    assert rollout_outcome({"failed": True, "msg": "x is undefined"}, "security_keys")["name"] == "not_asked"


def test_the_table_names_those_who_have_something_to_do():
    report = made({"pc": record(sign_in=ON, **HALF), "good": record(sign_in=ON, **ONE)}, "security_keys").report
    [_head, first, second] = table.table(report["devices"], 50)
    assert f"{BOB}: no security key is registered -> " in first and f"{ADA}: ready" in second
    [_head, only, rest] = table.table(report["devices"], 1)
    assert only.startswith("pc") and "1 devices that need no attention" in rest


def test_a_damaged_user_takes_the_report_from_nobody():
    broken = record(sign_in=ON, **ONE) | {"users": [{"user": 7}]}
    report = made({"pc": broken, "good": record(sign_in=ON, **ONE)}, "security_keys").report
    assert devices(report)["pc"]["users"] is None and devices(report)["pc"]["unreadable"]
    assert devices(report)["good"]["users"][0]["user"] == ADA
