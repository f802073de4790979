# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant: who may redeem a bulk token and register a device, and what happens to device objects."""

from __future__ import annotations

import datetime
import types

import pytest

from tests.lab.clock import ManualClock
from tests.lab.device.images import image
from tests.lab.tenant import Directory, Tenant, TenantError, policy, registration
from tests.lab.tenant.defaults import INTUNE, INTUNE_ENROLLMENT, some_members

DEVICE = types.SimpleNamespace(
    hostname="PC",
    image=image("Professional", "22631.1", "en-US"),
    next_id=lambda purpose: f"id of {purpose}",
    hardware=types.SimpleNamespace(manufacturer="m", model="m", serial="s"),
)


@pytest.fixture
def world():
    clock = ManualClock()
    tenant = Tenant("11111111-1111-1111-1111-111111111111", "Contoso", ["contoso.example"])
    directory = Directory([tenant], clock)
    token = tenant.issue_bulk_token("fleet", clock.utc())
    return types.SimpleNamespace(
        clock=clock, tenant=tenant, directory=directory, token=token, user=tenant.users[token.user_id]
    )


def _redeem(world):
    return registration.redeem(world.directory, world.token.value)


def _refusal(call) -> TenantError:
    with pytest.raises(TenantError) as caught:
        call()
    return caught.value


def _ca(world, controls: list[str], **conditions) -> dict:
    shape = {"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]}, **conditions}
    world.tenant.conditional_access.append(
        {"id": "x", "state": "enabled", "conditions": shape, "grantControls": {"builtInControls": controls}}
    )
    return world.tenant.conditional_access[-1]


def test_a_live_token_registers_a_device(world):
    registered = registration.register(world.directory, _redeem(world), DEVICE)
    assert registered.tenant_id == world.tenant.id and registered.user_upn == world.user["userPrincipalName"]
    assert registered.user_upn.startswith("package_") and registered.user_upn.endswith("@contoso.example")
    assert registered.mdm_url == world.tenant.mdm_policy["discoveryUrl"]
    assert world.tenant.device(registered.device_id)["registrationDateTime"] == "2026-11-21T08:00:00Z"


@pytest.mark.parametrize(
    ("change", "server_code", "hresult"),
    [
        (lambda w: w.tenant.users.clear(), "AADSTS50034", 0x801C0024),
        (lambda w: setattr(w.token, "expires", w.clock.utc()), "AADSTS700082", 0xCAA20003),
        (lambda w: w.user.update(accountEnabled=False), "AADSTS50057", 0xCAA20003),
        (lambda w: w.tenant.tokens.clear(), "AADSTS70000", 0xCAA20003),
        (lambda w: _ca(w, ["block"]), "AADSTS53003", 0xCAA2000C),
        (lambda w: _ca(w, ["mfa"]), "AADSTS50076", 0xCAA2000C),
        (lambda w: _ca(w, ["compliantDevice"]), "AADSTS53000", 0xCAA2000C),
    ],
)
def test_the_token_service_refuses(world, change, server_code, hresult):
    change(world)
    refusal = _refusal(lambda: _redeem(world))
    assert (refusal.phase, refusal.server_code, refusal.hresult) == ("auth", server_code, hresult)
    assert server_code in refusal.response and refusal.request_id in refusal.response


@pytest.mark.parametrize(
    "change",
    [
        lambda w: _ca(w, ["mfa"]).update(state="enabledForReportingButNotEnforced"),
        lambda w: _ca(w, ["mfa"], users={"includeUsers": ["All"], "excludeUsers": [w.user["id"]]}),
        lambda w: _ca(
            w, ["mfa"], applications={"includeApplications": ["All"], "excludeApplications": [INTUNE_ENROLLMENT]}
        ),
        lambda w: _ca(w, ["mfa"], applications={"includeApplications": ["00000003-0000-0ff1-ce00-000000000000"]}),
        lambda w: _ca(w, []),
    ],
)
def test_conditional_access_that_does_not_cover_the_registration_lets_it_pass(world, change):
    change(world)
    assert _redeem(world).user_id == world.user["id"]


def test_conditional_access_by_application_user_action_and_group_covers_it(world):
    group = world.tenant.add_group("g", [world.user["id"]])
    for conditions in (
        {"applications": {"includeApplications": [INTUNE]}},
        {"applications": {"includeUserActions": ["urn:user:registerdevice"]}},
        {"users": {"includeGroups": [group["id"]]}},
    ):
        world.tenant.conditional_access.clear()
        _ca(world, ["mfa"], **conditions)
        assert policy.conditional_access_demands(world.tenant, world.user["id"]) == "mfa"


@pytest.mark.parametrize(
    ("change", "hresult", "status"),
    [
        (lambda w: w.tenant.registration_policy.update(multiFactorAuthConfiguration="required"), 0x801C03ED, 401),
        (
            lambda w: w.tenant.registration_policy["azureADJoin"].update(allowedToJoin=some_members([], [])),
            0x801C0003,
            403,
        ),
        (
            lambda w: w.tenant.registration_policy["azureADJoin"].update(
                allowedToJoin={"@odata.type": "#microsoft.graph.noDeviceRegistrationMembership"}
            ),
            0x801C0003,
            403,
        ),
    ],
)
def test_the_registration_service_refuses(world, change, hresult, status):
    grant = _redeem(world)
    change(world)
    refusal = _refusal(lambda: registration.register(world.directory, grant, DEVICE))
    assert (refusal.phase, refusal.hresult, refusal.status) == ("join", hresult, status)
    assert world.tenant.devices == {}


def test_membership_by_user_and_by_group_allows_the_join(world):
    group = world.tenant.add_group("g", [world.user["id"]])
    for members in (some_members([world.user["id"]], []), some_members([], [group["id"]])):
        world.tenant.registration_policy["azureADJoin"]["allowedToJoin"] = members
        assert policy.may_join(world.tenant, world.user["id"])


def test_the_quota_does_not_count_package_users_but_others(world):
    world.tenant.registration_policy["userDeviceQuota"] = 0
    assert registration.register(world.directory, _redeem(world), DEVICE).device_id
    world.user["userPrincipalName"] = "person@contoso.example"
    refusal = _refusal(lambda: registration.register(world.directory, _redeem(world), DEVICE))
    assert refusal.hresult == 0x801C000E and "DeviceCapReached" in refusal.response


def test_the_mdm_scope_decides_whether_the_device_learns_an_address(world):
    world.tenant.mdm_policy["appliesTo"] = "none"
    assert registration.register(world.directory, _redeem(world), DEVICE).mdm_url == ""
    group = world.tenant.add_group("g", [])
    world.tenant.mdm_policy.update(appliesTo="selected", includedGroups=[group["id"]])
    assert registration.register(world.directory, _redeem(world), DEVICE).mdm_url == ""
    group["members"].append(world.user["id"])
    assert registration.register(world.directory, _redeem(world), DEVICE).mdm_url != ""


def test_device_auth_status_follows_the_object(world):
    registered = registration.register(world.directory, _redeem(world), DEVICE)

    def ask():
        return world.directory.device_auth_status(world.tenant.id, registered.device_id)

    assert ask() == "SUCCESS"
    world.tenant.device(registered.device_id)["accountEnabled"] = False
    assert ask() == "FAILED. Device is either disabled or deleted"
    world.tenant.devices.clear()
    assert ask() == "FAILED. Device is either disabled or deleted"


def test_a_token_lives_180_days_at_most(world):
    assert world.token.expires - world.token.issued == datetime.timedelta(days=180)
    other = world.tenant.issue_bulk_token("other", world.clock.utc())
    assert other.value != world.token.value and other.user_id != world.token.user_id
