# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new in the tenant: used by the next tasks although Graph does not know it yet, and made only once."""

from __future__ import annotations

import collections
import contextlib
import json
import subprocess
import sys
import typing as t

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import ROOT, Play, Player

CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"
WORKERS = [f"worker{number}" for number in range(6)]
GROUPS = {
    "From on-premises": {"members": ["lab.user"], "synchronised": True},
    "Helpdesk": {"members": ["lab.user"], "role_assignable": True},
}
SCENARIO = {"devices": [{"kind": "unjoined_pro"}], "tenants": {"main": {"domain": "contoso.example", "groups": GROUPS}}}
#: A playbook as people write one: each task names what the task before has made.
ORDER: list[dict[str, t.Any]] = [
    {
        "name": "group",
        "winops.entra.group": {"name": "Local admins", "role_assignable": True, "users": ["lab.user@contoso.example"]},
    },
    {"name": "nested", "winops.entra.group": {"name": "Everybody", "groups": ["Nested"]}},
    {"name": "role", "winops.entra.local_admin_role": {"groups": ["Local admins"]}},
    {
        "name": "policy",
        "winops.entra.registration_policy": {"join": {"scope": "selected", "groups": ["Local admins", "Everybody"]}},
    },
    {"name": "scope", "winops.entra.mdm_scope": {"scope": "selected", "groups": ["Everybody"]}},
]
ORDER.insert(1, {"name": "inner", "winops.entra.group": {"name": "Nested"}})


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    return LabTenant(start_fleet(SCENARIO), player)


@contextlib.contextmanager
def settings(tenant: LabTenant, **changes: t.Any) -> t.Iterator[None]:
    tenant.lab.post("/tenant/settings", changes)
    try:
        yield
    finally:
        tenant.lab.post("/tenant/settings", dict.fromkeys(changes, 0))


def groups(tenant: LabTenant, name: str) -> list[dict[str, t.Any]]:
    return [group for group in tenant.state()["groups"].values() if group["displayName"] == name]


def writes(tenant: LabTenant) -> dict[str, int]:
    routes = tenant.lab.get("/tenant/requests")["routes"]
    return {
        route: count for route, count in routes.items() if route.split()[0] not in ("GET",) and "$batch" not in route
    }


@pytest.fixture(scope="module")
def ordered(tenant: LabTenant) -> Play:
    with settings(tenant, route_lag=1):
        return tenant.run(ORDER, sign_in=tenant.user())


def test_each_task_uses_what_the_task_before_has_made(tenant, ordered):
    assert ordered.exit_code == 0, ordered.output
    state = tenant.state()
    user = next(id_ for id_, row in state["users"].items() if row["userPrincipalName"] == "lab.user@contoso.example")
    [admins], [everybody], [nested] = (groups(tenant, name) for name in ("Local admins", "Everybody", "Nested"))
    assert (admins["members"], everybody["members"]) == ([user], [nested["id"]])
    assert admins["id"] in {row["principalId"] for row in state["role_assignments"].values()}
    joiners = state["registration_policy"]["azureADJoin"]["allowedToJoin"]
    assert joiners["groups"] == sorted([admins["id"], everybody["id"]])
    assert state["mdm_policy"]["includedGroups"] == [everybody["id"]]


def test_again_nothing_is_changed_in_check_mode_and_without(tenant, ordered):
    for options in (["--check"], []):
        again = tenant.run(ORDER, *options, sign_in=tenant.user())
        assert [line["result"]["changed"] for line in again.lines] == [False] * len(ORDER), again.output


def test_what_is_found_is_asked_for_once(tenant, ordered):
    tenant.lab.delete("/tenant/requests")
    play = tenant.run([ORDER[0]], sign_in=tenant.credential())
    assert play.exit_code == 0, play.output
    assert tenant.lab.get("/tenant/requests")["routes"] == {
        "GET /v1.0/groups": 1,
        "GET /v1.0/users": 1,
        "GET /v1.0/groups/{id}/members": 1,
    }


# --- many at once ---


def at_once(tenant: LabTenant, name: str) -> tuple[list[dict[str, t.Any]], dict[str, t.Any]]:
    """A play of many hosts, each of which makes the same group, and its options for a Player."""
    task = {"name": "make", "winops.entra.group": {"name": name, "users": ["lab.user@contoso.example"]}}
    defaults = {"group/winops.entra.tenant": tenant.credential()}
    play = {"hosts": ",".join(WORKERS), "gather_facts": False, "module_defaults": defaults, "tasks": [task]}
    return [play], {"variables": {"lab_secrets": tenant.secrets}, "host_variables": {worker: {} for worker in WORKERS}}


def slow_creations(tenant: LabTenant) -> None:
    """Time for everybody to look before anybody has made one."""
    tenant.lab.post(
        "/tenant/faults", {"kind": "latency", "seconds": 1, "path": "^/groups$", "methods": ["POST"], "times": None}
    )


def test_many_hosts_of_two_runs_make_one_group(tenant, player):
    plays, options = at_once(tenant, "Shared")
    slow_creations(tenant)
    try:
        with settings(tenant, route_lag=1), contextlib.ExitStack() as stack:
            runs = [stack.enter_context(player.running(tenant.lab, plays, **options)) for _run in range(2)]
            done = [run.wait() for run in runs]
    finally:
        tenant.lab.delete("/tenant/faults")
    results = [play.result(worker, "make") for play in done for worker in WORKERS]
    assert [play.exit_code for play in done] == [0, 0], done[0].output + done[1].output
    [made] = groups(tenant, "Shared")
    assert {result["group"]["id"] for result in results} == {made["id"]} and len(made["members"]) == 1
    created = collections.Counter(change["what"] for result in results for change in result["changes"])
    assert created["group 'Shared'"] == 1


def test_two_controllers_that_make_the_same_group_are_told_and_nothing_is_deleted(tenant, player, tmp_path):
    plays, options = at_once(tenant, "Twice")
    slow_creations(tenant)
    try:
        with player.running(tenant.lab, plays, **options) as ours:
            with Player(tmp_path).running(tenant.lab, plays, **options) as theirs:
                done = [ours.wait(), theirs.wait()]
    finally:
        tenant.lab.delete("/tenant/faults")
    made = {group["id"] for group in groups(tenant, "Twice")}
    errors = [
        line["result"]["error"] for play in done for line in play.lines if line["result"].get("error") is not None
    ]
    assert len(made) <= 2  # one of each controller, at the most
    assert {error["name"] for error in errors} <= {"group_made_twice", "group_ambiguous"}
    assert bool(errors) is (len(made) == 2)
    if errors:
        told = [error["cause"] for error in errors if error["name"] == "group_made_twice"]
        assert told and all(identity in told[0] for identity in made)


def test_what_a_controller_remembers_is_no_secret_and_its_own(tenant, player, ordered):
    home = ordered.directory.parent / "home" / "winops_entra"
    files = sorted(home.iterdir())
    assert [file.name for file in files if not file.name.startswith("new_objects_")] == []
    for file in files:
        assert file.stat().st_mode & 0o777 == 0o600
        text = file.read_text(encoding="utf-8")
        assert not any(secret in text for secret in tenant.secrets.values()) and "eyJ" not in text
        assert {field for row in json.loads(text)["objects"] for field in row} == {"noun", "name", "id", "made"}


# --- what is refused is refused in check mode, too ---

REFUSED = [
    ("everything", {"name": "From on-premises", "description": "x"}, "synchronised_object"),
    ("everything", {"name": "From on-premises", "users": [], "members_state": "exact"}, "synchronised_object"),
    ("groups_writer", {"name": "Helpdesk", "users": [], "members_state": "exact"}, "protected_object"),
    ("groups_writer", {"name": "New helpdesk", "role_assignable": True}, "protected_object"),
    ("groups_writer", {"name": "Helpdesk", "state": "absent"}, "protected_object"),
]


@pytest.fixture(scope="module", params=["--check", "--diff"])
def refused(tenant: LabTenant, request: pytest.FixtureRequest) -> Play:
    """All of them, the MDM scope with an application, and a name that nobody knows."""
    permissions = ["Group.ReadWrite.All", "User.Read.All"]
    made = tenant.lab.post("/tenant/applications", {"name": "groups_writer", "permissions": permissions})
    writer = {"client_id": made["client_id"], "client_secret": made["client_secret"]}
    tasks = [
        {
            "name": f"refused {number}",
            "winops.entra.group": {**options, **(writer if application == "groups_writer" else {})},
            "ignore_errors": True,
        }
        for number, (application, options, _name) in enumerate(REFUSED)
    ]
    scope = {"name": "scope", "winops.entra.mdm_scope": {"scope": "none"}, "ignore_errors": True}
    role = {"name": "role", "winops.entra.local_admin_role": {"groups": ["Nobody"]}, "ignore_errors": True}
    before = tenant.state()["groups"]
    tenant.lab.delete("/tenant/requests")
    play = tenant.run([*tasks, scope, role], request.param)
    assert tenant.state()["groups"] == before and writes(tenant) == {}
    return play


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_a_group_that_cannot_be_changed(refused, number):
    result = refused.result("localhost", f"refused {number}")
    assert result["error"]["name"] == REFUSED[number][2] and result["changed"] is False


def test_the_mdm_scope_with_an_application(refused):
    assert refused.result("localhost", "scope")["error"]["name"] == "delegated_only"


def test_a_name_that_nobody_made_is_refused_with_what_may_be(refused):
    result = refused.result("localhost", "role")
    assert result["error"]["name"] == "group_unknown" and "may need a minute" in result["msg"]


def test_everything_said_to_graph_is_within_microsoft_s_contract(tenant, ordered):
    if not CONTRACT.exists():
        pytest.skip(f"Microsoft's description of Graph is not at {CONTRACT}")
    checked = subprocess.run(
        [sys.executable, str(CONTRACT), str(tenant.lab.out / "graph.jsonl"), "--strict"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout[-6000:]
