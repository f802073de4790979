# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios of which the tenant alone knows the cause: that its logs have it, and that the device has it not."""

from __future__ import annotations

import re

import pytest

from tests.lab.device import joinstate, mdm
from tests.lab.device.device import Device
from tests.lab.tenant import logs
from tests.unit.lab.world_lab import MDM, PROVISIONING, REGISTRATION, Lab

#: What a log says of each cause: (log, what an entry's words must match).
SIGNED_IN = {"user_deleted": 50034, "user_disabled": 50057, "token_expired": 700082}
SAID = {
    "not_allowed": (logs.AUDITS, "UserNotAllowedToJoin"),
    "quota": (logs.AUDITS, "DeviceCapReached"),
    "registration_mfa": (logs.AUDITS, "Multi-factor"),
    "licence": (logs.ENROLLMENTS, "UserNotLicensed"),
    "restriction": (logs.ENROLLMENTS, "DeviceTypeNotSupported|PersonalDeviceEnrollmentBlocked"),
    "limit": (logs.ENROLLMENTS, "DeviceCapReached"),
}


@pytest.fixture(scope="module")
def half(tmp_path_factory) -> Lab:
    return Lab(tmp_path_factory.mktemp("half"), "tenant_half")


def _of(lab: Lab, *causes: str) -> list[Device]:
    return [host for host in lab.world.hosts if host.expect["tenant"] in causes]


def _entries(lab: Lab, name: str, host: Device, shown: bool = True) -> list[dict]:
    """What a log has of the device's user in the last three hours, and of the device where it names one."""
    tenant = lab.world.tenant
    rows = tenant.logs.shown(name, lab.clock.elapsed() + (0 if shown else 10**6))
    upn = host.variables["lab_user"]
    if name == logs.SIGN_INS:
        return [row for row in rows if row["userPrincipalName"] == upn]
    if name == logs.ENROLLMENTS:
        return [row for row in rows if row["userId"] == tenant.user(upn)["id"]]
    return [row for row in rows if row["targetResources"][0]["displayName"] == host.hostname]


def _failures(row: dict) -> list[str]:
    return [one["displayName"] for one in row["appliedConditionalAccessPolicies"] if one["result"] == "failure"]


def test_every_issue_of_a_join_has_its_cases(half):
    causes = {host.expect["tenant"] for host in half.world.hosts}
    assert {"not_allowed", "quota"} | {"conditional_access"} | {*SIGNED_IN, "object_deleted"} <= causes
    assert {"mdm_scope", "licence", "restriction", "limit", "not_yet", "nothing"} <= causes
    assert len(half.world.hosts) == len({host.hostname for host in half.world.hosts})


def test_a_policy_is_named_by_the_sign_in_and_not_by_the_device(half):
    for host in _of(half, "conditional_access"):
        named = {name for row in _entries(half, logs.SIGN_INS, host) for name in _failures(row)}
        assert named == {host.expect["policy"]}
        assert host.expect["policy"] not in _words(host)


def test_a_grant_that_is_no_good_has_its_own_code_in_the_log_alone(half):
    for host in _of(half, *SIGNED_IN):
        codes = {row["status"]["errorCode"] for row in _entries(half, logs.SIGN_INS, host)}
        assert codes == {SIGNED_IN[host.expect["tenant"]]}
        assert "AADSTS" not in _words(host) and str(0xCAA20003 - 2**32) in _words(host)


def test_refusals_of_the_services_are_in_their_logs_and_not_on_the_device(half):
    for host in _of(half, *SAID):
        log, words = SAID[host.expect["tenant"]]
        entries = [str(row) for row in _entries(half, log, host)]
        assert entries and re.search(words, entries[0]), host.name
        assert not re.search(words, _words(host)), host.name


def test_a_join_outside_the_scope_leaves_no_trace_of_an_enrollment_anywhere(half):
    for host in _of(half, "mdm_scope"):
        join = joinstate.read(host)
        assert join is not None and not join.mdm_url and not mdm.enrollments(host)
        assert [row["resourceDisplayName"] for row in _entries(half, logs.SIGN_INS, host)][-1:] == [
            "Device Registration Service"
        ]
        assert host.events.read(MDM) == []


def test_who_took_the_object_away_is_in_the_audits(half):
    for host, activity in zip(_of(half, "object_deleted", "object_disabled"), ("Delete device", "Update device")):
        [last, *_earlier] = _entries(half, logs.AUDITS, host)
        assert last["activityDisplayName"] == activity
        assert last["initiatedBy"]["user"]["userPrincipalName"] == "admin@contoso.example"
        join = joinstate.read(host)
        assert join is not None
        status = half.world.directory.device_auth_status(join.tenant_id, join.device_id)
        assert status.startswith("FAILED")


def test_what_happened_a_moment_ago_is_written_and_does_not_show(half):
    [host] = _of(half, "not_yet")
    recent = [row for row in _entries(half, logs.SIGN_INS, host, shown=False) if row[logs.SHOWS] > 0]
    assert len(recent) == 4 and {name for row in recent for name in _failures(row)} == {host.expect["policy"]}
    assert not {row["id"] for row in recent} & {row["id"] for row in _entries(half, logs.SIGN_INS, host)}


def test_healthy_devices_have_entries_that_look_like_failures(half):
    for host in _of(half, "nothing"):
        rows = _entries(half, logs.SIGN_INS, host)
        assert any(row["status"]["errorCode"] for row in rows), host.name
        assert (joinstate.read(host) is not None) is bool(mdm.enrollments(host)) is (host.kind != "never_reached")


def test_the_switch_of_the_registration_policy_is_no_conditional_access(tmp_path):
    lab = Lab(tmp_path, "tenant_half_mfa")
    [host] = lab.world.hosts
    for row in _entries(lab, logs.SIGN_INS, host):
        assert (row["status"]["errorCode"], row["conditionalAccessStatus"]) == (0, "notApplied")
        assert [one["result"] for one in row["appliedConditionalAccessPolicies"]] == ["reportOnlyInterrupted"]
    assert "Multi-factor" in _entries(lab, logs.AUDITS, host)[0]["resultReason"]


def _words(host: Device) -> str:
    """Everything that the three logs of a join have on the device."""
    return " ".join(str(event.data) for log in (PROVISIONING, REGISTRATION, MDM) for event in host.events.read(log))
