# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's own events write into the tenant's logs, and how Conditional Access judges a sign-in."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.lab.device import history
from tests.lab.device.mdm import enrollments
from tests.lab.tenant import access, logs
from tests.lab.tenant.defaults import INTUNE_ENROLLMENT
from tests.unit.lab.world_lab import MDM, REGISTRATION, Lab

SIGN_IN_LOG = "Microsoft-Windows-AAD/Operational"
SCENARIO = {
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.example",
            "skus": {"m365_e3": 10},
            "join": ["fleet", "conditional_access"],
            "mdm": ["fleet", "no_mdm"],
            "conditional_access": {"mfa": ["conditional_access"]},
            "users": {
                "anna": {"licences": ["m365_e3"]},
                "ben": {},
                "carla": {"licences": ["m365_e3"], "without": ["INTUNE_A"]},
            },
        }
    },
    "kinds": {
        "talkative": {
            "package": "conditional_access",
            "device": {"engine": {"join_events": True, "retries_at_once": 0, "retry_delays": []}},
        },
        "outsider": {"package": "join_blocked", "device": {"engine": {"retries_at_once": 0, "retry_delays": []}}},
        "joins": {"package": "fleet"},
    },
    "devices": [{"kind": "talkative"}, {"kind": "outsider"}, {"kind": "joins"}],
}


@pytest.fixture
def lab(tmp_path) -> Lab:
    return Lab(tmp_path, SCENARIO)


def _install(lab: Lab, kind: str, seconds: float = 200):
    device = lab.device(kind)

    async def install() -> None:
        with contextlib.suppress(AssertionError):  # The cmdlet throws where the join fails.
            await lab.install(device, SCENARIO["kinds"][kind]["package"])
        await lab.clock.advance(seconds)
        await lab.world.stop()

    asyncio.run(install())
    return device


def _rows(lab: Lab, name: str) -> list[dict]:
    return lab.world.tenant.logs.shown(name, 10**6)


def test_ids_of_a_refused_sign_in_are_those_that_the_device_has(lab):
    device = _install(lab, "talkative")
    [row] = _rows(lab, logs.SIGN_INS)
    [event] = [event for event in device.events.read(SIGN_IN_LOG) if event.id == 1081]
    assert event.data[2] == row["correlationId"] and row["id"] != row["correlationId"]
    assert f"Trace ID: {row['id']} Correlation ID: {row['correlationId']}" in event.data[1]
    assert (row["isInteractive"], row["status"]["errorCode"], row["deviceDetail"]["deviceId"]) == (False, 50076, "")


def test_a_registration_that_is_refused_is_an_audit_beside_a_sign_in_that_succeeded(lab):
    device = _install(lab, "outsider")
    [sign_in], [audit] = _rows(lab, logs.SIGN_INS), _rows(lab, logs.AUDITS)
    assert sign_in["status"]["errorCode"] == 0
    assert (audit["activityDisplayName"], audit["result"]) == ("Register device", "failure")
    assert audit["loggedByService"] == "Device Registration Service" and "NotAllowed" in audit["resultReason"]
    [event] = [event for event in device.events.read(REGISTRATION) if event.id == 204]
    assert audit["correlationId"] == event.data[1]


def test_a_join_and_its_enrollment_are_two_sign_ins(lab):
    device = _install(lab, "joins")
    enrolled, joined = _rows(lab, logs.SIGN_INS)
    assert joined["resourceDisplayName"] == "Device Registration Service" and joined["deviceDetail"]["deviceId"] == ""
    assert enrolled["resourceId"] == INTUNE_ENROLLMENT
    [found] = lab.world.tenant.devices.values()
    assert enrolled["deviceDetail"]["deviceId"] == found["deviceId"] and enrollments(device)
    assert {row["activityDisplayName"] for row in _rows(lab, logs.AUDITS)} == {"Add device", "Register device"}


@pytest.mark.parametrize(
    ("user", "change", "hresult", "reason"),
    [
        ("anna", lambda t: None, None, None),
        ("ben", lambda t: None, 0x80180018, "UserNotLicensed"),
        ("carla", lambda t: None, 0x80180018, "UserNotLicensed"),
        ("ben", lambda t: t.subscribed_skus.clear(), None, None),
        ("anna", lambda t: _restrict(t, personalDeviceEnrollmentBlocked=True), 0x80180014, "PersonalDevice"),
        ("anna", lambda t: _restrict(t, platformBlocked=True), 0x80180014, "DeviceTypeNotSupported"),
        ("anna", lambda t: _restrict(t, osMinimumVersion="10.0.26100.1"), 0x80180014, "OsVersionTooOld"),
        ("anna", lambda t: t.enrollment_configurations[0].update(limit=0), 0x80180013, "DeviceCapReached"),
        ("package", lambda t: t.enrollment_configurations[0].update(limit=0), None, None),
        ("package", lambda t: _restrict(t, personalDeviceEnrollmentBlocked=True), None, None),
        ("package", lambda t: _restrict(t, platformBlocked=True), 0x80180014, "DeviceTypeNotSupported"),
    ],
)
def test_intune_refuses_whom_it_would(tmp_path, user, change, hresult, reason):
    tenant = {**SCENARIO["tenants"]["main"], "join": "all", "mdm": "all"}
    lab = Lab(tmp_path, {"tenants": {"main": tenant}, "kinds": {"empty": {}}, "devices": [{"kind": "empty"}]})
    change(lab.world.tenant)
    device, package = lab.device("empty"), lab.world.packages["fleet"]
    history.try_to_join(device, lab.world.tenant, package, user=None if user == "package" else user, minutes=5)
    codes = [int(event.data[0]) % 2**32 for event in device.events.read(MDM) if event.id == 71]
    assert codes == ([hresult] if hresult else [])
    events = [row["failureReason"] for row in _rows(lab, logs.ENROLLMENTS)]
    assert [reason in event for event in events] == ([True] if reason else [])
    assert bool(enrollments(device)) is not bool(hresult)


def _restrict(tenant, **rules) -> None:
    default = next(row for row in tenant.enrollment_configurations if "windowsRestriction" in row)
    default["windowsRestriction"] = {**default["windowsRestriction"], **rules}


@pytest.mark.parametrize(
    ("controls", "operator", "met", "error"),
    [
        (["mfa"], "OR", (), 50076),
        (["mfa"], "OR", ("mfa",), 0),
        (["mfa", "compliantDevice"], "OR", ("mfa",), 0),
        (["mfa", "compliantDevice"], "AND", ("mfa",), 53000),
        (["domainJoinedDevice"], "OR", (), 53001),
        (["block", "mfa"], "OR", ("mfa",), 53003),
        (["approvedApplication"], "OR", (), 53003),
    ],
)
def test_the_control_that_is_not_met_is_the_code_of_the_sign_in(lab, controls, operator, met, error):
    tenant = lab.world.tenant
    tenant.conditional_access[:] = [
        {
            "id": "1",
            "displayName": "One",
            "state": "enabled",
            "conditions": {"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]}},
            "grantControls": {"operator": operator, "builtInControls": controls},
        }
    ]
    user = tenant.user("anna@contoso.example")
    verdict = access.judge(tenant, access.Attempt(user["id"], met=frozenset(met)))
    assert (verdict.error, verdict.status) == (error, "failure" if error else "success")


@pytest.mark.parametrize(
    ("conditions", "missing"),
    [
        ({"platforms": {"includePlatforms": ["iOS"]}}, "devicePlatform"),
        ({"platforms": {"includePlatforms": ["all"], "excludePlatforms": ["windows"]}}, "devicePlatform"),
        ({"clientAppTypes": ["browser"]}, "clientType"),
        ({"locations": {"includeLocations": ["AllTrusted"]}}, "location"),
        ({"signInRiskLevels": ["high"]}, "signInRisk"),
        ({"devices": {"deviceFilter": {"mode": "include", "rule": 'device.trustType -eq "AzureAD"'}}}, "deviceState"),
        ({"devices": {"deviceFilter": {"mode": "exclude", "rule": 'device.trustType -eq "AzureAD"'}}}, ""),
        ({"applications": {"includeApplications": ["00000003-0000-0ff1-ce00-000000000000"]}}, "application"),
        ({"users": {"includeUsers": ["All"], "excludeRoles": ["62e90394-69f5-4237-9190-012177145e10"]}}, "users"),
    ],
)
def test_a_condition_that_is_not_met_keeps_a_policy_out(lab, conditions, missing):
    tenant = lab.world.tenant
    admin = tenant.user("admin@contoso.example")
    whole = {"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]}, **conditions}
    assert access.why_not(tenant, {"conditions": whole}, access.Attempt(admin["id"])) == missing
