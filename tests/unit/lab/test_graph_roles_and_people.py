# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and their licences, directory roles, and what is true of the whole tenant."""

from __future__ import annotations

import pytest

from tests.lab.tenant import licences, roles

from .graph_lab import GraphLab

ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
ROLE = roles.DEVICE_LOCAL_ADMINISTRATOR
BY_TEMPLATE = f"/directoryRoles(roleTemplateId='{ROLE}')"


@pytest.fixture
def lab() -> GraphLab:
    return GraphLab()


def _assignment(principal: str, **changes: str) -> dict:
    return {
        "@odata.type": "#microsoft.graph.unifiedRoleAssignment",
        "roleDefinitionId": ROLE,
        "principalId": principal,
        "directoryScopeId": "/",
        **changes,
    }


def test_users_by_id_and_name(lab):
    assert lab.get("/users/ADMIN@contoso.example")["id"] == lab.admin["id"]
    assert lab.error("GET", "/users/nobody@contoso.example")[:2] == (404, "Request_ResourceNotFound")


def test_a_licence_with_a_plan_switched_off(lab):
    licences.assign(lab.tenant, lab.admin, "m365_e3", "2026-01-01T00:00:00Z", ["INTUNE_A"])
    [detail] = lab.get(f"/users/{lab.admin['id']}/licenseDetails")["value"]
    status = {plan["servicePlanName"]: plan["provisioningStatus"] for plan in detail["servicePlans"]}
    assert status["INTUNE_A"] == "Disabled" and status["AAD_PREMIUM"] == "Success"
    plans = lab.get(f"/users/{lab.admin['id']}?$select=assignedPlans")["assignedPlans"]
    assert {p["servicePlanId"]: p["capabilityStatus"] for p in plans}[licences.INTUNE[0]] == "Deleted"
    [sku] = lab.get("/subscribedSkus")["value"]
    assert (sku["skuPartNumber"], sku["consumedUnits"]) == ("SPE_E3", 1)


def test_at_most_20_groups_are_checked(lab):
    path = f"/users/{lab.admin['id']}/checkMemberGroups"
    for ids in ([], ["x"] * 21, "x"):
        assert lab.error("POST", path, {"groupIds": ids})[0] == 400


def test_a_role_is_given_once_and_taken(lab):
    made = lab.ask("POST", ASSIGNMENTS, _assignment(lab.admin["id"]))
    assert made.status == 201
    assert "conflicting" in lab.error("POST", ASSIGNMENTS, _assignment(lab.admin["id"]))[2]
    [row] = lab.get(f"{ASSIGNMENTS}?$filter=roleDefinitionId eq '{ROLE}'&$expand=principal")["value"]
    assert row["principal"]["@odata.type"] == "#microsoft.graph.user"
    assert lab.ask("DELETE", f"{ASSIGNMENTS}/{row['id']}").status == 204
    assert lab.error("DELETE", f"{ASSIGNMENTS}/{row['id']}")[0] == 404


def test_roles_that_cannot_be_given(lab):
    plain = lab.tenant.add_group("plain", [])
    assignable = lab.tenant.add_group("assignable", [], isAssignableToRole=True)
    assert lab.error("POST", ASSIGNMENTS, _assignment(plain["id"]))[0] == 400
    assert lab.ask("POST", ASSIGNMENTS, _assignment(assignable["id"])).status == 201
    assert lab.error("POST", ASSIGNMENTS, _assignment(ROLE))[0] == 404
    assert lab.error("POST", ASSIGNMENTS, _assignment(lab.admin["id"], directoryScopeId="/x"))[0] == 400
    assert lab.error("POST", ASSIGNMENTS, _assignment(lab.admin["id"], roleDefinitionId=plain["id"]))[0] == 404
    assert lab.error("POST", ASSIGNMENTS, _assignment(lab.admin["id"]), app="reader")[0] == 403


def test_a_role_is_activated_before_it_is_read(lab):
    assert lab.error("GET", BY_TEMPLATE)[0] == 404
    lab.tenant.assign_role(ROLE, lab.admin["id"])
    assert lab.error("GET", BY_TEMPLATE + "/members")[0] == 404
    assert lab.ask("POST", "/directoryRoles", {"roleTemplateId": ROLE}).status == 201
    assert lab.error("POST", "/directoryRoles", {"roleTemplateId": ROLE})[0] == 400
    assert lab.names(BY_TEMPLATE + "/members") == ["Admin of the lab"]
    assert lab.get(BY_TEMPLATE)["id"] != ROLE


def test_security_defaults_ask_package_users_for_mfa(lab):
    from tests.lab.tenant import policy

    assert policy.conditional_access_demands(lab.tenant, lab.admin["id"]) is None
    lab.tenant.security_defaults["isEnabled"] = True
    assert policy.conditional_access_demands(lab.tenant, lab.admin["id"]) == "mfa"
    assert lab.get("/policies/identitySecurityDefaultsEnforcementPolicy")["isEnabled"] is True


def test_service_principals(lab):
    [found] = lab.get("/servicePrincipals?$filter=displayName eq 'Microsoft.SyncFabric'")["value"]
    assert lab.get(f"/servicePrincipals(appId='{found['appId']}')")["id"] == found["id"]
