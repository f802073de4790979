# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readiness of the lab's tenant: what it says is what joins then meet, and it changes nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import PATIENCE, ROOT, Player
from tests.lab.tenant.defaults import DEVICE_REGISTRATION
from tests.lab.tenant.roles import WINDOWS_365_ADMINISTRATOR

CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"
HOST = "localhost"
SCENARIO = {
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.example",
            "join": ["fleet"],
            "mdm": ["fleet"],
            "quota": 3,
            "mfa": True,
            "users": {
                "anna": {"licences": ["m365_e3"], "devices": 2},
                "full": {"licences": ["intune"], "devices": 3},
                "bruno": {"enabled": False},
                "carla": {"roles": ["password_administrator"], "registered": ["mobilePhone"]},
                "dario": {"roles_in_a_unit": ["intune_administrator"], "registered": ["fido2SecurityKey"]},
                "elsa@branch.example": {"roles": ["windows_365_administrator"]},
            },
            "groups": {"Prepared": {}, "Everybody": {}, "Nobody's": {}, "Staff": {"members": ["anna"]}},
            "domain_types": {"branch.example": "Federated"},
            "enrollment_limits": [{"name": "Few", "limit": 2, "groups": ["Staff"]}],
            "conditional_access": {"block": ["conditional_access"]},
            "conditional_access_policies": [
                {
                    "displayName": "Administrators join with MFA",
                    "conditions": {
                        "users": {"includeUsers": ["None"], "includeRoles": [WINDOWS_365_ADMINISTRATOR]},
                        "applications": {"includeUserActions": ["urn:user:registerdevice"]},
                    },
                    "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
                },
                {
                    "displayName": "Microsoft-managed: Multifactor authentication for all users",
                    "state": "enabledForReportingButNotEnforced",
                    "conditions": {
                        "users": {"includeUsers": ["All"]},
                        "applications": {"includeUserActions": ["urn:user:registerdevice"]},
                    },
                    "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
                },
                {
                    "displayName": "Workloads",
                    "conditions": {
                        "users": {"includeUsers": ["None"]},
                        "applications": {"includeApplications": ["All"]},
                        "clientApplications": {"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]},
                    },
                    "grantControls": {"operator": "OR", "builtInControls": ["block"]},
                },
                {
                    "displayName": "Guests",
                    "conditions": {
                        "users": {
                            "includeGuestsOrExternalUsers": {
                                "guestOrExternalUserTypes": "b2bCollaborationGuest,internalGuest",
                                "externalTenants": {
                                    "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                                    "membershipKind": "all",
                                },
                            }
                        },
                        "applications": {"includeApplications": ["All"]},
                    },
                    "grantControls": {"operator": "OR", "termsOfUse": ["0b1c2d3e-0000-4000-8000-000000000001"]},
                },
            ],
            "enrollment_restrictions": [
                {
                    "@odata.type": "#microsoft.graph.deviceEnrollmentPlatformRestrictionConfiguration",
                    "displayName": "Staff",
                    "platformType": "windows",
                    "platformRestriction": {"platformBlocked": True, "personalDeviceEnrollmentBlocked": False},
                },
                {
                    "@odata.type": "#microsoft.graph.deviceEnrollmentPlatformRestrictionConfiguration",
                    "displayName": "Phones",
                    "platformType": "ios",
                    "platformRestriction": {"platformBlocked": True, "personalDeviceEnrollmentBlocked": False},
                },
            ],
            "without_service_principals": [DEVICE_REGISTRATION],
            "corporate_identifiers": ["LENOVO,21FV0012GE,PF3K9Z1A"],
            "preparation_policies": [
                {"name": "Office", "group": "Prepared", "assigned": ["Everybody"]},
                {"name": "Shop", "group": "Nobody's", "owned": False, "template": "association"},
            ],
        }
    },
    "devices": [{"kind": "unjoined_pro"}],
}
USERS = ["anna@contoso.example", "full@contoso.example", "bruno@contoso.example", "nobody@contoso.example"]
ELSA, CARLA, DARIO = "elsa@branch.example", "carla@contoso.example", "dario@contoso.example"


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    return LabTenant(start_fleet(SCENARIO), player)


def readiness(tenant: LabTenant, *options: str, sign_in: dict | None = None, **arguments):
    return tenant.run([{"name": "readiness", "winops.entra.readiness_info": arguments}], *options, sign_in=sign_in)


def results(play, identity: str) -> dict:
    return {
        finding["subject"]: finding["result"]
        for finding in play.result(HOST, "readiness")["findings"]
        if finding["id"] == identity
    }


def said(play, identity: str) -> dict:
    """(result, observed) of each finding, by its subject."""
    found: dict = {}
    for finding in play.result(HOST, "readiness")["findings"]:
        if finding["id"] == identity:
            found.setdefault(finding["subject"], []).append((finding["result"], finding["observed"]))
    return found


def package_user(tenant: LabTenant, label: str) -> str:
    return tenant.lab.get("/packages")[label]["user"]


def test_everything_that_stops_joins_is_found_in_few_requests_and_nothing_changes(tenant):
    before = tenant.state()
    fleet, blocked = package_user(tenant, "fleet"), package_user(tenant, "conditional_access")
    play = readiness(
        tenant,
        "--check",
        users=[*USERS, ELSA, fleet, blocked],
        token_requesters=[CARLA, DARIO],
        device_preparation=True,
        ip_address="203.0.113.5",
        country="it",
    )
    assert play.exit_code == 0, play.output
    assert results(play, "join_scope") == {
        USERS[0]: "fail",
        USERS[1]: "fail",
        USERS[2]: "fail",
        ELSA: "fail",
        fleet: "pass",
        blocked: "fail",
    }
    assert results(play, "mfa_at_join") == {None: "fail"}
    assert results(play, "user") == {
        USERS[0]: "pass",
        USERS[1]: "pass",
        USERS[2]: "fail",
        USERS[3]: "fail",
        ELSA: "pass",
        fleet: "pass",
        blocked: "pass",
        CARLA: "pass",
        DARIO: "pass",
    }
    assert results(play, "device_quota") == {USERS[0]: "pass", USERS[1]: "fail", USERS[2]: "pass", ELSA: "pass"}
    assert results(play, "licence") == {USERS[0]: "pass", USERS[1]: "warn", USERS[2]: "fail", ELSA: "fail"}
    assert results(play, "domain") == {"contoso.example": "pass", "branch.example": "warn"}
    told = said(play, "conditional_access")
    assert "fail" in dict(told[blocked]) and "fail" not in dict(told[fleet])
    # The role that the policy names is not read; the service knows it.
    assert any(
        "requires mfa for joins, the service says; as it is read" in observed for _result, observed in told[ELSA]
    )
    assert [result for result, _observed in told[USERS[0]]] == ["warn"] and "Microsoft-managed" in told[USERS[0]][0][1]
    [(asked, observed)] = said(play, "what_if")[None]
    assert asked == "pass" and "4 users in 4 questions" in observed and "would prove nothing" in observed
    assert results(play, "token_role") == {CARLA: "pass", DARIO: "fail"}
    assert results(play, "token_sign_in") == {CARLA: "pass", DARIO: "warn"}
    assert results(play, "token_scope") == {CARLA: "unknown", DARIO: "unknown"}
    assert results(play, "service_principal")["Device Registration Service"] == "fail"
    limits = said(play, "enrollment_limit")
    assert limits[USERS[0]] == [("pass", "0 managed devices, and Intune's limit is 2 ('Few', priority 1)")]
    assert limits[USERS[1]] == [("pass", "0 managed devices, and Intune's limit is 15 (the default)")]
    [restriction] = [one for one in play.result(HOST, "readiness")["findings"] if one["id"] == "enrollment_restriction"]
    assert restriction["result"] == "warn" and restriction["observed"] == "'Staff' blocks Windows"
    assert results(play, "mdm_scope") == {None: "unknown"}
    assert results(play, "corporate_identifier") == {None: "warn"}
    assert results(play, "device_preparation") == {"Office": "pass", "Shop": "pass"}
    assert results(play, "preparation_group") == {"Office": "pass", "Shop": "fail"}
    assert results(play, "preparation_account") == {"Office": "pass", "Shop": "pass"}
    assert results(play, "preparation_conflict") == {"Office": "pass", "Shop": "pass"}
    assert play.result(HOST, "readiness")["ready"] is False and tenant.state() == before


def test_a_signed_in_user_sees_the_mdm_scope(tenant):
    fleet, blocked = package_user(tenant, "fleet"), package_user(tenant, "conditional_access")
    play = readiness(tenant, sign_in=tenant.user(), user_prefixes=["package_"])
    scope = results(play, "mdm_scope")
    assert scope[fleet] == "pass" and scope[blocked] == "warn" and len(scope) > 2


def test_each_permission_that_is_missing_is_named(tenant):
    play = readiness(tenant, sign_in=tenant.credential("nothing"), users=USERS[:1], device_preparation=True)
    assert play.exit_code == 0
    result = play.result(HOST, "readiness")
    assert {finding["id"]: finding["permissions"] for finding in result["findings"]} == {
        "registration_policy": ["Policy.Read.DeviceConfiguration"],
        "user": ["User.Read.All"],
        "conditional_access": ["Policy.Read.All"],
        "security_defaults": ["Policy.Read.All"],
        "service_principal": ["Application.Read.All"],
        "mdm_scope": ["Policy.Read.All"],
        "enrollment_limit": ["DeviceManagementServiceConfig.Read.All"],
        "corporate_identifier": ["DeviceManagementServiceConfig.Read.All"],
        "device_preparation": ["DeviceManagementConfiguration.Read.All"],
    }
    assert result["summary"] == {"pass": 0, "warn": 0, "fail": 0, "unknown": 9}


def test_findings_can_fail_the_task(tenant):
    play = readiness(tenant, users=USERS[:1], expect_mdm=False, fail_on=["fail"])
    assert play.status(HOST, "readiness") == "failed"
    result = play.result(HOST, "readiness")
    assert result["error"]["name"].startswith("readiness_") and result["findings"] and result["summary"]["fail"] > 0


@pytest.mark.skipif(not CONTRACT.exists(), reason="needs ../shared/graph, the description of Graph")
def test_everything_sent_and_answered_is_as_microsoft_describes_it(tenant):
    """Last, over all that the tests above exchanged."""
    check = subprocess.run(
        [sys.executable, str(CONTRACT), str(tenant.lab.out / "graph.jsonl"), "--strict"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert check.returncode == 0, check.stdout[-3000:] + check.stderr[-1000:]
