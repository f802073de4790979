# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment profiles and enrollment status pages: checked without a trace, applied, unchanged when applied again, and
changed where a second administrator has to approve it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import PATIENCE, ROOT, Play, Player

HOST = "localhost"
CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"
PROFILE, PAGE = "winops.entra.autopilot_profile", "winops.entra.enrollment_status_page"
SCENARIO = {
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.example",
            "users": {"anna": {"name": "Anna"}},
            "groups": {"Office": {}, "Kiosks": {}, "Staff": {"members": ["anna"]}},
            "apps": [
                {"name": "Company Portal", "type": "winGetApp"},
                {"name": "Company Portal", "type": "iosVppApp"},
                {"name": "Filler", "count": 60},
            ],
        }
    },
    "devices": [{"kind": "unjoined_pro"}],
}
TASKS = [
    {
        "name": "profile",
        PROFILE: {
            "name": "Office PCs",
            "description": "All of them",
            "device_name_template": "PC%SERIAL%",
            "privacy_settings_hidden": True,
            "included_groups": ["Office"],
            "excluded_groups": ["Kiosks"],
        },
    },
    {
        "name": "kiosks",
        PROFILE: {"name": "Kiosks", "deployment_mode": "self_deploying", "locale": "en-us", "all_devices": True},
    },
    {
        "name": "page",
        PAGE: {
            "name": "Office PCs",
            "timeout_minutes": 90,
            "error_message": "Call 4711.",
            "blocking_apps": ["Company Portal", "Filler 60"],
            "included_groups": ["Office", "Staff"],
        },
    },
    {"name": "first page", PAGE: {"name": "Kiosks", "all_devices": True, "priority": 1}},
    {"name": "default page", PAGE: {"default_page": True, "show_progress": True}},
]
REMOVAL = {PAGE: {"name": "Kiosks", "state": "absent"}}
ASKING = {"approval_justification": "Change 4711"}


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    return LabTenant(start_fleet(SCENARIO), player)


@pytest.fixture(scope="module")
def applied(tenant: LabTenant) -> Play:
    """Each task in check mode, for real, and again. Then writes to what needs an approval by then: a second
    administrator gives it at the second look."""
    checks = [{**task, "name": f"check {task['name']}", "check_mode": True} for task in TASKS]
    again = [{**task, "name": f"again {task['name']}"} for task in TASKS]
    protection = {"protect": ["tenantConfiguration"], "decide": "approve", "polls": 1}
    waiting = {"default_page": True, "show_progress": False, **ASKING, "approval_timeout": 60}
    approvals = [
        {"name": "held", "lab_state": {"path": "/tenant"}},
        {"name": "protect", "lab_state": {"path": "/tenant/approvals", "body": protection}},
        {"name": "not asked for", **REMOVAL, "ignore_errors": True},
        {"name": "asked for", PAGE: {**REMOVAL[PAGE], **ASKING}, "ignore_errors": True},
        {"name": "asked for again", PAGE: {**REMOVAL[PAGE], **ASKING}, "ignore_errors": True},
        {"name": "carried out", PAGE: {**REMOVAL[PAGE], **ASKING}},
        {"name": "waited", PAGE: waiting},
    ]
    return tenant.run([*checks, *TASKS, *again, *approvals], "--diff")


@pytest.fixture(scope="module")
def after(applied: Play) -> dict:
    """What the tenant holds before anything needs an approval."""
    return applied.state(HOST, "held")


@pytest.fixture(scope="module")
def approved(applied: Play) -> Play:
    return applied


def targets(row: dict) -> set[tuple[str, str | None]]:
    return {
        (one["target"]["@odata.type"].rpartition(".")[2].removesuffix("AssignmentTarget"), one["target"].get("groupId"))
        for one in row["assignments"]
    }


def named(rows, name: str) -> dict:
    return next(row for row in rows if row["displayName"] == name and row.get("priority") != 0)


def test_what_a_check_says_is_what_happens(applied):
    assert applied.exit_code == 0, applied.output
    for task in TASKS:
        foretold, real = applied.result(HOST, f"check {task['name']}"), applied.result(HOST, task["name"])
        for field in ("changed", "changes", "diff"):
            assert foretold[field] == real[field], task["name"]
        assert real["changed"] is True


def test_what_was_asked_for_is_there(tenant, after):
    state = after
    groups = {group["displayName"]: group["id"] for group in state["groups"].values()}
    office = named(state["autopilot_profiles"].values(), "Office PCs")
    assert targets(office) == {("group", groups["Office"]), ("exclusionGroup", groups["Kiosks"])}
    assert office["outOfBoxExperienceSetting"] == {
        "deviceUsageType": "singleUser",
        "userType": "standard",
        "privacySettingsHidden": True,
        "eulaHidden": False,
        "keyboardSelectionPageSkipped": False,
        "escapeLinkHidden": True,
    }
    kiosks = named(state["autopilot_profiles"].values(), "Kiosks")
    assert targets(kiosks) == {("allDevices", None)} and kiosks["locale"] == "en-US"
    pages = [row for row in state["enrollment_configurations"] if "CompletionPage" in row["@odata.type"]]
    page = named(pages, "Office PCs")
    assert targets(page) == {("group", groups["Office"]), ("group", groups["Staff"])}
    assert (page["priority"], named(pages, "Kiosks")["priority"]) == (2, 1)
    assert (page["installProgressTimeoutInMinutes"], page["installQualityUpdates"]) == (90, False)
    apps = tenant.state()["mobile_apps"]
    assert sorted(apps[one]["@odata.type"] for one in page["selectedMobileAppIds"]) == [
        "#microsoft.graph.win32LobApp",
        "#microsoft.graph.winGetApp",
    ]
    default = next(row for row in pages if row["priority"] == 0)
    assert default["showInstallationProgress"] is True and default["installQualityUpdates"] is False


def test_blocking_apps_of_a_page_for_users_are_warned_of(applied):
    [warning] = applied.result(HOST, "page")["warnings"]
    assert "assigned to users" in warning and "warnings" not in applied.result(HOST, "first page")


def test_a_second_run_changes_nothing(applied):
    assert [applied.result(HOST, f"again {task['name']}")["changed"] for task in TASKS] == [False] * len(TASKS)


def test_an_approval_is_asked_for_once_and_the_request_is_named(tenant, approved):
    errors = [approved.result(HOST, name)["error"] for name in ("not asked for", "asked for", "asked for again")]
    assert [error["name"] for error in errors] == ["approval_needed", "approval_pending", "approval_pending"]
    requests = tenant.lab.get("/tenant/approvals")["requests"]
    first = requests[0]
    assert first["requestJustification"].startswith("Change 4711 [winops.entra ")
    for error in errors[1:]:
        assert first["id"] in error["cause"]
    assert [row["requestJustification"] for row in requests].count(first["requestJustification"]) == 1


def test_what_was_approved_is_carried_out(tenant, approved):
    assert approved.exit_code == 0, approved.output
    assert approved.result(HOST, "carried out")["changed"] and approved.result(HOST, "waited")["changed"]
    state = tenant.state()
    pages = {row["displayName"]: row for row in state["enrollment_configurations"] if "CompletionPage" in row["id"]}
    assert set(pages) == {"Office PCs", "All users and all devices"}
    assert pages["All users and all devices"]["showInstallationProgress"] is False
    assert {row["status"] for row in tenant.lab.get("/tenant/approvals")["requests"]} == {"completed"}


@pytest.mark.skipif(not CONTRACT.exists(), reason="needs ../shared/graph, Microsoft's description of Graph")
def test_every_exchange_is_as_microsoft_describes_it(tenant, approved):
    checked = subprocess.run(
        [sys.executable, str(CONTRACT), "--strict", str(tenant.lab.out / "graph.jsonl")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout[-4000:]
