# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants of scenarios, and what their rules make of a join."""

from __future__ import annotations

import pytest

from tests.lab.graph.service import Service
from tests.lab.host import ScenarioError
from tests.lab.tenant import TenantError, licences, policy, registration

from .world_lab import Lab


def _lab(tmp_path, **tenant) -> Lab:
    return Lab(
        tmp_path,
        {"tenants": {"main": {"name": "C", "domain": "c.example", **tenant}}, "devices": [{"kind": "unjoined_pro"}]},
    )


def _join(lab: Lab):
    """What the tenant says to the package of the device."""
    package, tenant = lab.world.packages["fleet"], lab.world.tenant
    grant = registration.redeem(lab.world.directory, package.token.value)
    registered = registration.register(lab.world.directory, grant, lab.device("unjoined_pro"))
    return tenant.device(registered.device_id), registered


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"join": "none"}, 0x801C0003),
        ({"join": []}, 0x801C0003),
        ({"join": ["rename"]}, 0x801C0003),
        ({"mfa": True}, 0x801C03ED),
        ({"security_defaults": True}, 0xCAA2000C),
        ({"registration_policy": {"multiFactorAuthConfiguration": "required"}}, 0x801C03ED),
        ({"conditional_access": {"block": ["fleet"]}}, 0xCAA2000C),
        (
            {
                "conditional_access_policies": [
                    {
                        "conditions": {
                            "users": {"includeUsers": ["All"]},
                            "applications": {"includeUserActions": ["urn:user:registerdevice"]},
                        },
                        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
                    }
                ]
            },
            0xCAA2000C,
        ),
    ],
)
def test_rules_that_stop_a_join(tmp_path, options, code):
    with pytest.raises(TenantError) as refused:
        _join(_lab(tmp_path, **options))
    assert refused.value.hresult == code


def test_a_join_makes_an_object_with_its_owner(tmp_path):
    lab = _lab(tmp_path, mdm="none")
    found, registered = _join(lab)
    assert found["registeredOwners"] == [lab.world.packages["fleet"].token.user_id] and registered.mdm_url == ""
    assert _join(_lab(tmp_path, mdm=["fleet"]))[1].mdm_url


def test_people_groups_and_licences(tmp_path):
    lab = _lab(
        tmp_path,
        quota=2,
        users={
            "anna": {
                "name": "Anna",
                "licences": ["ems_e3"],
                "without": ["INTUNE_A"],
                "devices": 2,
                "roles": ["intune_administrator"],
            },
            "bruno": {"enabled": False},
        },
        skus={"m365_e5": 5},
        groups={"G": {"members": ["anna"], "packages": ["fleet"]}, "D": {"rule": 'device.deviceOSType -eq "Windows"'}},
    )
    tenant = lab.world.tenant
    anna, bruno = tenant.user("anna@c.example"), tenant.user("bruno@c.example")
    assert policy.quota_left(tenant, anna["id"]) == 0 and policy.quota_left(tenant, bruno["id"]) == 2
    assert bruno["accountEnabled"] is False and len(tenant.roles_of(anna["id"])) == 1
    assert {"admin@c.example", "lab.user@c.example"} < {user["userPrincipalName"] for user in tenant.users.values()}
    assert {p["servicePlanId"]: p["capabilityStatus"] for p in anna["assignedPlans"]} == {
        licences.INTUNE[0]: "Deleted",
        licences.P1[0]: "Enabled",
    }
    group = next(g for g in tenant.groups.values() if g["displayName"] == "G")
    assert group["members"] == [anna["id"], lab.world.packages["fleet"].token.user_id]


def test_hybrid_devices_do_not_count_against_the_quota(tmp_path):
    lab = _lab(
        tmp_path,
        quota=3,
        devices=[
            {"name": name, "trust": trust, "owner": "lab.user"}
            for name, trust in (("A", "AzureAd"), ("B", "Workplace"), ("C", "ServerAd"))
        ],
    )
    assert policy.quota_left(lab.world.tenant, lab.world.tenant.user("lab.user@c.example")["id"]) == 1


def test_parts_of_the_registration_policy_are_laid_over(tmp_path):
    nobody = {"@odata.type": "#microsoft.graph.noDeviceRegistrationMembership"}
    given = {"localAdminPassword": {"isEnabled": True}, "azureADJoin": {"allowedToJoin": nobody}}
    rules = _lab(tmp_path, registration_policy=given).world.tenant.registration_policy
    assert rules["localAdminPassword"]["isEnabled"] and rules["userDeviceQuota"] == 50
    assert rules["azureADJoin"]["allowedToJoin"] == {"@odata.type": "#microsoft.graph.noDeviceRegistrationMembership"}
    assert rules["azureADJoin"]["localAdmins"]["enableGlobalAdmins"] is True


def test_faults_and_settings_are_there_from_the_beginning(tmp_path):
    lab = _lab(
        tmp_path, faults=[{"kind": "throttle", "retry_after": 1, "times": 2}], settings={"page_size": 3, "lag": 1}
    )
    side = Service(lab.world.directory, lab.clock).side(lab.world.tenant)
    assert [fault.kind for fault in side.faults.waiting] == ["throttle"] and (side.page_size, side.view.lag) == (3, 1)


def test_objects_without_devices(tmp_path):
    tenant = _lab(
        tmp_path,
        devices=[{"name": "OLD", "count": 3, "days": 100}],
        autopilot=[{"serial": "S", "group_tag": "t"}],
        without_service_principals=["00000014-0000-0000-c000-000000000000"],
    ).world.tenant
    assert sorted(d["displayName"] for d in tenant.devices.values()) == ["OLD-00001", "OLD-00002", "OLD-00003", "S"]
    assert not any(row["displayName"] == "Microsoft.SyncFabric" for row in tenant.service_principals.values())


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"users": {"a": {"licences": ["office"]}}}, "licences"),
        ({"groups": {"G": {"members": ["nobody"]}}}, "members"),
        ({"groups": {"G": {"packages": ["nothing"]}}}, "groups.G"),
        ({"faults": [{"kind": "explode"}]}, "faults"),
        ({"devices": [{"name": "X", "owner": "nobody"}]}, "owner"),
        ({"users": {"a": {"roles": ["king"]}}}, "roles"),
        ({"settings": {"speed": 1}}, "settings"),
        ({"autopilot": [{}]}, "serial"),
    ],
)
def test_bad_options_are_refused_with_their_place(tmp_path, options, place):
    with pytest.raises(ScenarioError, match=place):
        _lab(tmp_path, **options)
