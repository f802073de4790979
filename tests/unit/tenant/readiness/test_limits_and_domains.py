# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""readiness_info: the device limit that is in force for a user, and the domains in which users sign in."""

from __future__ import annotations

import pytest

from ..fake_graph import error, guid
from .readiness_graph import ADA, PACKAGE, TYPE, findings, results, run

KIND = "#microsoft.graph."


def limit(graph, number, priority, *targets):
    identity = f"{guid(f'limit {priority}')}_Limit"
    graph.enrollment.append(
        {
            "@odata.type": TYPE + "LimitConfiguration",
            "id": identity,
            "displayName": f"Limit {number}",
            "priority": priority,
            "limit": number,
        }
    )
    graph.limit_assignments[identity] = [{"@odata.type": KIND + kind, **more} for kind, more in targets]


def to(group, kind="groupAssignmentTarget"):
    return kind, {"groupId": group}


@pytest.fixture
def managed(graph):
    """Ada has four managed devices, and is in a group."""
    graph.owners[ADA] = [graph.add(f"D{number}", isManaged=True)["id"] for number in range(4)]
    graph.enrollment[0]["limit"] = 5
    return graph.add_group("Staff", (guid(ADA),))


def test_the_limit_with_the_highest_priority_that_is_assigned_to_the_user_rules(bench, graph, managed):
    other = graph.add_group("Others")
    limit(graph, 15, 3, to(managed))
    limit(graph, 2, 2, to(managed))
    limit(graph, 1, 1, to(other))
    found = findings(run(bench), "enrollment_limit")[ADA]
    assert found["result"] == "warn" and found["observed"].endswith("Intune's limit is 2 ('Limit 2', priority 2)")
    assert "0x80180013" in found["cause"]


def test_who_has_no_limit_of_a_group_has_the_default_one(bench, graph, managed):
    limit(graph, 1, 1, to(graph.add_group("Others")))
    assert findings(run(bench), "enrollment_limit")[ADA]["observed"].endswith("Intune's limit is 5 (the default)")


def test_an_exclusion_and_all_users(bench, graph, managed):
    limit(graph, 1, 1, ("allLicensedUsersAssignmentTarget", {}), to(managed, "exclusionGroupAssignmentTarget"))
    assert results(run(bench), "enrollment_limit") == {ADA: "pass"}
    graph.limit_assignments.clear()
    graph.enrollment.pop()
    limit(graph, 1, 1, ("allLicensedUsersAssignmentTarget", {}))
    assert results(run(bench), "enrollment_limit") == {ADA: "warn"}


def test_limits_whose_assignments_are_not_known(bench, graph, managed):
    limit(graph, 1, 1, to(managed))
    graph.on("Configurations/.*/assignments", *[error(403, "Forbidden")] * 4)
    found = findings(run(bench), "enrollment_limit")[ADA]
    assert found["result"] == "unknown" and found["permissions"] == ["DeviceManagementServiceConfig.Read.All"]


def test_a_target_that_nobody_knows_leaves_the_span(bench, graph, managed):
    limit(graph, 2, 1, ("targetOfTomorrow", {}))
    found = findings(run(bench), "enrollment_limit")[ADA]
    assert found["result"] == "warn" and found["observed"].endswith("Intune's limit is 2 to 5")
    assert found["cause"].startswith("which limit applies depends on the user's groups")


def test_groups_that_cannot_be_read_leave_the_limit_unknown(bench, graph, managed):
    limit(graph, 2, 1, to(managed))
    graph.on("checkMemberGroups", *[error(403, "Authorization_RequestDenied")] * 4)
    assert results(run(bench), "enrollment_limit") == {ADA: "unknown"}


# --- domains ---


def test_a_federated_domain_says_what_a_join_meets(bench, graph):
    graph.domains["corp.contoso.com"] = "Federated"
    graph.person("carl@Corp.contoso.com")
    result = run(bench, users=[ADA, "carl@Corp.contoso.com"])
    assert results(result, "domain") == {"contoso.com": "pass", "corp.contoso.com": "warn"}
    found = findings(result, "domain")["corp.contoso.com"]
    assert all(word in found["cause"] + found["fix"] for word in ("WS-Fed", "WS-Trust", "usernamemixed", "packages"))


@pytest.mark.parametrize("domains", [{}, {"contoso.com": None}, {"contoso.com": "Elsewhere"}])
def test_a_domain_of_which_the_tenant_says_nothing_is_unknown(bench, graph, domains):
    graph.domains = domains
    assert results(run(bench), "domain") == {"contoso.com": "unknown"}


def test_packages_meet_no_federation_and_nobody_asks_for_their_domain(bench, graph):
    graph.domains["contoso.com"] = "Federated"
    for options in ({"users": [PACKAGE]}, {"users": [], "user_prefixes": ["package_"]}, {"users": []}):
        assert results(run(bench, **options), "domain") == {}
    assert not any("domains" in str(body) for _method, _path, body in graph.requests)
