# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's settings: checked without a trace, applied, and unchanged when applied again."""

from __future__ import annotations

import copy
import subprocess
import sys

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import ROOT, Play, Player

HOST = "localhost"
NAME = "O'Brien's 100 % \"kiosks\" \\ Büro 日本"
POLICY = "policy"
CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"
TASKS = [
    {
        "name": "dynamic group",
        "winops.entra.group": {"name": NAME, "autopilot_group_tag": "Kiosk", "description": "All of them"},
    },
    {
        "name": "members",
        "winops.entra.group": {
            "name": "Deployment staff",
            "users": ["admin@contoso.example", "lab.user@contoso.example"],
            "members_state": "exact",
        },
    },
    {"name": "role group", "winops.entra.group": {"name": "Helpdesk", "role_assignable": True}},
]
DEPENDENT = [
    {
        "name": POLICY,
        "winops.entra.registration_policy": {
            "join": {"scope": "selected", "users": ["admin@contoso.example"], "groups": ["Deployment staff"]},
            "local_administrators": {"scope": "none"},
            "devices_per_user": 15,
            "laps": True,
        },
    },
    {"name": "role", "winops.entra.local_admin_role": {"groups": ["Helpdesk"], "users": ["lab.user@contoso.example"]}},
]


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    return LabTenant(start_fleet("healthy"), player)


@pytest.fixture(scope="module")
def before(tenant: LabTenant) -> dict:
    return settings(tenant)


@pytest.fixture(scope="module")
def checked(tenant: LabTenant, before: dict) -> Play:
    play = tenant.run(TASKS, "--check", "--diff")
    assert settings(tenant) == before
    return play


@pytest.fixture(scope="module")
def applied(tenant: LabTenant, checked: Play) -> Play:
    return tenant.run(TASKS + DEPENDENT, "--diff")


def settings(tenant: LabTenant) -> dict:
    """The part of the tenant's state that these tasks may touch, in a form that compares."""
    state = tenant.state()
    return copy.deepcopy(
        {
            name: state[name]
            for name in (
                "groups",
                "registration_policy",
                "mdm_policy",
                "mam_policy",
                "role_assignments",
                "users",
                "conditional_access",
            )
        }
    )


def test_a_check_says_what_would_change_and_changes_nothing(checked):
    assert {line["task"]: line["result"]["changed"] for line in checked.lines} == {task["name"]: True for task in TASKS}


def test_what_a_check_says_is_what_happens(checked, applied):
    for task in TASKS:
        foretold, real = checked.result(HOST, task["name"]), applied.result(HOST, task["name"])
        for field in ("changed", "changes", "diff"):
            assert foretold[field] == real[field], task["name"]


def test_a_change_arrives_and_leaves_the_rest_alone(tenant, before, applied):
    assert applied.exit_code == 0, applied.output
    after = settings(tenant)
    group = tenant.group(NAME)
    assert group["membershipRule"] == '(device.devicePhysicalIds -any (_ -eq "[OrderID]:Kiosk"))'
    assert group["membershipRuleProcessingState"] == "On"
    users = {user["userPrincipalName"]: identity for identity, user in after["users"].items()}
    staff = tenant.group("Deployment staff")
    assert set(staff["members"]) == {users["admin@contoso.example"], users["lab.user@contoso.example"]}
    policy = after["registration_policy"]
    assert policy["azureADJoin"]["allowedToJoin"] == {
        "@odata.type": "#microsoft.graph.enumeratedDeviceRegistrationMembership",
        "users": [users["admin@contoso.example"]],
        "groups": [staff["id"]],
    }
    assert (policy["userDeviceQuota"], policy["localAdminPassword"]) == (15, {"isEnabled": True})
    for name in ("azureADRegistration", "multiFactorAuthConfiguration"):
        assert policy[name] == before["registration_policy"][name]
    assert policy["azureADJoin"]["localAdmins"]["enableGlobalAdmins"] is True
    added = [
        row["principalId"]
        for identity, row in after["role_assignments"].items()
        if identity not in before["role_assignments"]
    ]
    assert sorted(added) == sorted([tenant.group("Helpdesk")["id"], users["lab.user@contoso.example"]])
    for name in ("mdm_policy", "mam_policy", "users", "conditional_access"):
        assert after[name] == before[name]


def test_a_check_of_what_is_done_and_a_second_run_change_nothing(tenant, applied):
    done = settings(tenant)
    for options in (["--check"], []):
        play = tenant.run(TASKS + DEPENDENT, *options)
        assert [line["result"]["changed"] for line in play.lines] == [False] * 5, play.output
        assert settings(tenant) == done


def test_the_diff_shows_before_and_after(applied):
    result = applied.result(HOST, POLICY)
    assert result["diff"]["before"]["devices per user"] == 50 and result["diff"]["after"]["devices per user"] == 15
    assert {change["what"] for change in result["changes"]} == set(result["diff"]["after"])


def test_a_write_that_shows_late_is_waited_for(tenant, applied):
    tenant.lab.post("/tenant/settings", {"lag": 3})
    try:
        play = tenant.run(
            [
                {"name": "make", "winops.entra.group": {"name": "Late", "users": ["lab.user@contoso.example"]}},
                {"name": POLICY, "winops.entra.registration_policy": {"devices_per_user": 16}},
                {"name": "remove", "winops.entra.group": {"name": "Late", "state": "absent"}},
            ]
        )
    finally:
        tenant.lab.post("/tenant/settings", {"lag": 0})
    assert play.exit_code == 0, play.output
    assert play.result(HOST, POLICY)["policy"]["devices_per_user"] == 16
    assert tenant.group("Late") is None


def test_throttling_gateways_and_a_token_that_ends_are_lived_through(tenant, applied):
    for fault in (
        {"kind": "throttle", "retry_after": 1},
        {"kind": "unavailable"},
        {"kind": "expired_token"},
        {"kind": "gateway_timeout", "methods": ["PUT"]},
    ):
        tenant.lab.post("/tenant/faults", {"path": "deviceRegistrationPolicy", **fault})
    play = tenant.run([{"name": POLICY, "winops.entra.registration_policy": {"devices_per_user": 17}}])
    assert play.exit_code == 0, play.output
    assert tenant.state()["registration_policy"]["userDeviceQuota"] == 17


@pytest.mark.parametrize(
    ("application", "task", "permission"),
    [
        ("nothing", {"winops.entra.registration_policy": {}}, "Policy.Read.DeviceConfiguration"),
        (
            "reader",
            {"winops.entra.registration_policy": {"devices_per_user": 3}},
            "Policy.ReadWrite.DeviceConfiguration",
        ),
        ("nothing", {"winops.entra.group": {"name": "New"}}, "Group.Read.All"),
        ("reader", {"winops.entra.group": {"name": "New"}}, "Group.Create"),
        (
            "reader",
            {"winops.entra.local_admin_role": {"users": [], "state": "exact"}},
            "RoleManagement.ReadWrite.Directory",
        ),
    ],
    ids=str,
)
def test_a_missing_permission_is_named(tenant, applied, application, task, permission):
    before = settings(tenant)
    play = tenant.run([{"name": "denied", **task}], sign_in=tenant.credential(application))
    error = play.result(HOST, "denied")["error"]
    assert (error["name"], error["permissions"]) == ("permission_missing", [permission])
    assert error["request_id"] and permission in play.result(HOST, "denied")["msg"]
    assert settings(tenant) == before


def test_the_mdm_scope_is_a_user_s_business(tenant, applied):
    steps = [
        {"name": f"{number}", "winops.entra.mdm_scope": options}
        for number, options in enumerate(
            [
                {"scope": "none"},
                {"scope": "selected", "groups": ["Deployment staff"], "terms_of_use_url": "https://terms.example/"},
                {"scope": "selected", "groups": ["Deployment staff"]},
                {"scope": "all"},
                {"scope": "all"},
            ]
        )
    ]
    before = settings(tenant)
    refused = tenant.run([{"name": "app", "winops.entra.mdm_scope": {"scope": "none"}}])
    assert refused.result(HOST, "app")["error"]["name"] == "delegated_only" and settings(tenant) == before
    play = tenant.run(steps[:2], sign_in=tenant.user())
    assert play.exit_code == 0, play.output
    policy = tenant.state()["mdm_policy"]
    assert policy["appliesTo"] == "selected" and policy["includedGroups"] == [tenant.group("Deployment staff")["id"]]
    assert policy["termsOfUseUrl"] == "https://terms.example/"
    assert policy["discoveryUrl"] == before["mdm_policy"]["discoveryUrl"]
    again = tenant.run(steps[2:], sign_in=tenant.user())
    assert [line["result"]["changed"] for line in again.lines] == [False, True, False], again.output
    assert tenant.state()["mdm_policy"]["appliesTo"] == "all"


def test_everything_said_to_graph_is_within_microsoft_s_contract(tenant, applied):
    if not CONTRACT.exists():
        pytest.skip(f"Microsoft's description of Graph is not at {CONTRACT}")
    checked = subprocess.run(
        [sys.executable, str(CONTRACT), str(tenant.lab.out / "graph.jsonl")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout[-6000:]
