# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which permissions are enough for a call: every call of the modules is known, and as Microsoft publishes it."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import held_permissions
from tests.collection import ROOT
from tests.tools import call_permissions

from ..odd_answers import RUNS, play

CONTRACT = ROOT.parent / "shared" / "graph"
#: What no run of RUNS asks.
NOT_PLAYED = {
    "DELETE /policies/mobileDeviceManagementPolicies/{id}/includedGroups/{id}/$ref",
    "GET /deviceManagement/operationApprovalRequests/{id}",
    # It writes a file: tests/unit/tenant/users/test_temporary_access_pass.py.
    "POST /users/{id}/authentication/temporaryAccessPassMethods",
}


def asked(name: str) -> set[str]:
    """The calls that a run makes, also in batches."""
    calls: set[str] = set()

    def note(label: str, body):
        method, _blank, path = label.partition(" ")
        if path != "$batch":
            calls.add(held_permissions.call_of(method, f"/v1.0/{path}"))
        return body

    play(name, note)
    return calls


@pytest.fixture(scope="module")
def calls() -> set[str]:
    return set().union(*(asked(name) for name in RUNS))


def test_every_call_of_a_module_has_an_entry(calls):
    unknown = sorted(call for call in calls if held_permissions.known_call(call) is None)
    assert unknown == [], "add them to CALLS of tests/tools/call_permissions.py, and run it"


def test_no_entry_is_of_a_call_that_nobody_makes(calls):
    made = {row.call for call in calls if (row := held_permissions.known_call(call)) is not None}
    entries = {row.call for row in held_permissions.call_permissions()}
    assert {call for call in entries - made if "mobileAppManagementPolicies" not in call} == NOT_PLAYED


@pytest.mark.skipif(not CONTRACT.exists(), reason="the comparison with what Microsoft publishes needs ../shared/graph")
def test_the_entries_are_what_microsoft_publishes():
    written = call_permissions.TARGET.read_text(encoding="utf-8")
    assert written == call_permissions.text(call_permissions.collect(CONTRACT))


def test_every_entry_names_some_permission():
    rows = held_permissions.call_permissions()
    assert [row.call for row in rows if not row.delegated] == []
    without = {row.call.split("/")[2] for row in rows if not row.application}
    assert without == {"mobileDeviceManagementPolicies", "mobileAppManagementPolicies"}


@pytest.mark.parametrize(
    ("url", "call"),
    [
        ("https://graph.microsoft.com/v1.0/groups?$filter=x", "GET /groups"),
        ("https://proxy.example/to/graph/beta/groups/42?$skiptoken=v1.0/x", "GET /groups/42"),
        ("/groups/42/members/$ref", "GET /groups/42/members/$ref"),
        ("https://graph.microsoft.com/v1.0/users/ada%40contoso.com", "GET /users/ada%40contoso.com"),
        ("/users/beta", "GET /users/beta"),
    ],
)
def test_a_call_is_told_by_its_path_however_it_was_asked(url, call):
    assert held_permissions.call_of("GET", url) == call


@pytest.mark.parametrize(
    ("wanted", "granted", "call", "delegated", "missing"),
    [
        (("Group.Create",), {"Group.ReadWrite.All"}, "POST /groups", False, ()),
        (("Group.Create",), {"Group.Read.All"}, "POST /groups", False, ("Group.Create",)),
        (("Group.ReadWrite.All",), {"Group.Create"}, "POST /groups", True, ("Group.ReadWrite.All",)),
        (("Group.Read.All",), {"Directory.Read.All"}, "GET /groups/42", False, ()),
        (("Group.Read.All",), {"Directory.Read.All"}, "GET /unheard/of", False, ("Group.Read.All",)),
        (("Group.Read.All",), {"Group.Read.All"}, "GET /unheard/of", False, ()),
        (("Group.Read.All",), {"Directory.Read.All"}, "", False, ("Group.Read.All",)),
        (("Policy.Read.All",), set(), "GET /policies/mobileDeviceManagementPolicies/x", True, ("Policy.Read.All",)),
    ],
)
def test_what_a_token_lacks_is_decided_for_the_call(wanted, granted, call, delegated, missing):
    assert held_permissions.missing(wanted, granted, call, delegated) == missing


def test_what_stands_for_a_permission_is_named():
    granted = {"Group.ReadWrite.All", "User.Read.All"}
    assert held_permissions.held(("Group.Create",), granted, "POST /groups", False) == ("Group.ReadWrite.All",)
    assert held_permissions.held(("Group.Create",), {"Group.Create", *granted}, "POST /groups", False) == (
        "Group.Create",
    )
