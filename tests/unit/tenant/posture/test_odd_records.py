# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""directory_posture: odd records, users and keys; what breaks in the middle; what is said beforehand."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.devices.directory_device import instant, newest
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.posture import expected

from .bench import DOMAIN, PostureBench, found

NO_DEVICE = "00000000-0000-0000-0000-000000000000"
NASTY = "a\x00\x1b[31m\u202eb\n" + "y" * 5000


@pytest.fixture
def bench() -> PostureBench:
    made = PostureBench()
    made.user("ada", ["mobilePhone", "email"])
    return made


def record(bench: PostureBench, number: int = -1) -> dict[str, t.Any]:
    return list(bench.lab.tenant.managed_devices.values())[number]


@pytest.mark.parametrize("never", [None, "", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "x"])
def test_a_record_without_a_contact_is_older_than_all(bench, never):
    device = bench.managed("PC-1", user="ada")
    old = {**record(bench), "id": "6a1d7d43-6f36-4d7b-a0fb-3c1bd0f5b001", "lastSyncDateTime": never}
    bench.lab.tenant.managed_devices[old["id"]] = old
    [shown] = bench.play(device)["devices"]
    assert shown["intune"]["id"] == record(bench, 0)["id"] and shown["intune"]["records"] == 2
    assert newest([old, record(bench, 0)]) is record(bench, 0)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-11-30T10:00:00Z", 10),
        ("2026-11-30T10:00:00.1234567Z", 10),
        ("2026-11-30T10:00:00+05:30", 4),
        ("2026-11-30T10:00:00.5-03:00", 13),
        ("2026-11-30T10:00:00", 10),
    ],
)
def test_a_time_may_have_an_offset(text, hour):
    told = instant(text)
    assert told is not None and told.hour == hour


@pytest.mark.parametrize("text", ["2026-13-40T99:99:99Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:00", "soon"])
def test_what_is_no_time_is_none(text):
    assert instant(text) is None


def test_a_grace_period_without_an_end_has_none(bench):
    device = bench.managed("PC-1", user="ada", compliance="inGracePeriod", entra=True)
    result = bench.play(device)
    assert result["devices"][0]["intune"]["grace_until"] is None
    assert "until a time that Intune does not say" in found(result, "compliance")[0][1]


def test_names_that_nobody_can_read_stay_on_one_line(bench):
    device = bench.managed("PC-1", user="ada", compliance=NASTY)
    record(bench).update(
        deviceEnrollmentType=NASTY,
        managementAgent=NASTY,
        userPrincipalName=NASTY,
        complianceGracePeriodExpirationDateTime="2026-11-30T10:00:00Z" + NASTY,
        enrolledDateTime="2026-11-30T10:00:00Z" + NASTY,
    )
    for states in bench.lab.tenant.policy_states.values():
        for row in states["deviceCompliancePolicyStates"]:
            row.update(state=NASTY, displayName=NASTY)
    other = bench.lab.device("PC-2", mdmAppId=NASTY, displayName=NASTY)
    result = bench.play(device, other)
    assert found(result, "in_intune")[0][0] == "warn"

    def texts(value: t.Any) -> list[str]:
        if isinstance(value, dict):
            value = list(value.values())
        return [value] if isinstance(value, str) else sum(map(texts, value), []) if isinstance(value, list) else []

    told = texts([result["devices"], result["findings"]])
    assert len(told) > 40 and all(one.isprintable() and len(one) < 1500 for one in told)


def test_what_entra_has_not_heard_yet_is_no_verdict(bench):
    device = bench.managed("PC-1", user="ada")
    device.update(isCompliant=None, approximateLastSignInDateTime=None)
    [(kind, observed)] = found(bench.play(device), "verdicts_differ")
    assert kind == "warn" and "Entra says nothing about compliance" in observed and "last sign-in" not in observed


def test_several_objects_with_one_device_id_are_none_that_is_known(bench):
    device = bench.managed("PC-1", user="ada")
    twin = bench.lab.device("PC-2", accountEnabled=False)
    twin["deviceId"] = device["deviceId"]
    result = bench.play(device)
    [shown] = result["devices"]
    assert shown["in_entra"] is None and shown["entra"] is None and shown["in_intune"] and shown["unread"]
    assert [kind for kind, _observed in found(result, "entra_object")] == ["unknown"]


def test_the_id_that_stands_for_no_device_finds_none(bench):
    device = bench.managed("PC-1", user="ada")
    record(bench)["azureADDeviceId"] = NO_DEVICE
    result = bench.play(device, NO_DEVICE)
    assert result["bad_ids"] == [NO_DEVICE] and len(result["devices"]) == 1
    assert "stands for no device" in bench.play(NO_DEVICE)["msg"]


def test_one_device_id_in_two_spellings_is_one_device(bench):
    device = bench.managed("PC-1", user="ada")
    spelled = "{" + device["deviceId"].upper() + "}"
    record(bench)["azureADDeviceId"] = device["deviceId"].upper()
    result = bench.play(device, spelled)
    assert [one["in_intune"] for one in result["devices"]] == [True]


def test_several_primary_users_are_none_that_is_known(bench):
    bench.user("bob", ["email"])
    device = bench.managed("PC-1", user="ada")
    record(bench)["users"] += [bench.lab.tenant.user(f"bob@{DOMAIN}")["id"]]
    result = bench.play(device)
    [shown] = result["devices"]
    assert shown["has_primary_user"] is True and shown["primary_user"] is None and shown["registration"] is None
    assert found(result, "primary_user") == [("unknown", "Intune names 2 primary users")] and shown["unread"]


def test_a_primary_user_who_is_disabled_is_named(bench):
    device = bench.managed("PC-1", user="ada")
    bench.lab.tenant.user(f"ada@{DOMAIN}")["accountEnabled"] = False
    [(kind, observed)] = found(bench.play(device), "primary_user")
    assert kind == "warn" and "disabled" in observed


@pytest.mark.parametrize("name", [None, "", "no address"])
def test_a_primary_user_without_a_name_has_no_domain_that_is_known(bench, name):
    device = bench.managed("PC-1", user="ada")
    identity = bench.lab.tenant.user(f"ada@{DOMAIN}")["id"]
    body = {"value": [{"id": identity, "userPrincipalName": name}]}
    bench.lab.side.faults.add("odd_answer", {"path": "managedDevices/[^/]+/users", "body": body})
    result = bench.play(device)
    assert result["devices"][0]["domain"] is None and "domain" in str(result["devices"][0]["unread"])
    assert [kind for kind, _observed in found(result, "domain")] == ["unknown"]


def test_what_the_report_says_of_another_user_is_not_believed(bench):
    device = bench.managed("PC-1", user="ada")
    body = {"id": "6a1d7d43-6f36-4d7b-a0fb-3c1bd0f5b001", "isMfaRegistered": False, "isSsprRegistered": False}
    bench.lab.side.faults.add("odd_answer", {"path": "userRegistrationDetails", "body": body})
    result = bench.play(device)
    assert result["devices"][0]["registration"] is None
    assert [kind for kind, _observed in found(result, "registration")] == ["unknown"]


@pytest.mark.parametrize(
    ("volume", "kinds"),
    [
        ("OperatingSystemVolume", []),
        ("fixedDataVolume", ["warn"]),
        ("FIXEDDATAVOLUME", ["warn"]),
        ("unknownFutureValue", []),
        (None, []),
        (1, []),
    ],
)
def test_a_volume_without_a_name_may_be_that_of_windows(bench, volume, kinds):
    device = bench.managed("PC-1", user="ada", keys=[volume])
    assert [kind for kind, _observed in found(bench.play(device), "escrow")] == kinds


def test_two_hundred_keys_are_all_listed(bench):
    device = bench.managed("PC-1", user="ada", keys=["operatingSystemVolume"] * 230)
    bench.lab.side.page_size = 40
    result = bench.play(device)
    assert len(result["devices"][0]["escrow"]) == 230 and "123456" not in str(result)


def test_a_list_that_is_longer_than_any_device_has_is_unknown(bench):
    device = bench.managed("PC-1", user="ada", keys=["operatingSystemVolume"] * 1001)
    [shown] = bench.play(device, questions=["escrow"])["devices"]
    assert shown["escrow"] is None and "more than 1000 rows" in shown["unread"][0]


def test_a_page_that_fails_in_the_middle_leaves_nothing_concluded(bench):
    device = bench.managed("PC-1", user="ada", keys=["fixedDataVolume"] * 9)
    other = bench.managed("PC-2", user="ada")
    bench.lab.side.page_size = 3
    bench.lab.side.faults.add("odd_answer", {"path": "recoveryKeys", "skip": 3, "body": {"value": "x"}})
    result = bench.play(device, other, questions=["escrow"])
    assert result["devices"][0]["escrow"] is None and len(result["devices"][1]["escrow"]) == 1
    assert [kind for kind, _observed in found(result, "escrow")] == ["unknown"]


def test_a_batch_that_breaks_in_the_middle_takes_no_other_with_it(bench):
    devices = [bench.managed(f"PC-{n}", user="ada") for n in range(70)]
    broken: list[int] = []

    def trouble(number: int, sent: bool) -> None:
        """The list of Intune cannot be read, and the second batch of questions for single records neither."""
        body = bench.bodies[number - 1]
        asked = [one["url"] for one in body["requests"]] if body and "requests" in body else []
        if asked and asked[0].startswith("/deviceManagement/managedDevices?") and not sent:
            broken.append(number)

    bench.trouble = trouble
    bench.lab.side.faults.add(
        "odd_answer", {"path": "^/deviceManagement/managedDevices$", "body": {"value": [{"id": 7}]}}
    )
    real = bench._handle

    async def handle(request):
        answer = await real(request)
        if len(broken) == 2 and bench.bodies[-1] and len(bench.exchanges) == broken[1]:
            return type(answer)(200, json={"responses": [{"id": "0"}]})
        return answer

    bench._handle = handle
    result = bench.play(*devices, questions=["escrow"])
    known = [one["in_intune"] for one in result["devices"]]
    assert known.count(None) == 20 and known.count(True) == 50
    assert len(found(result, "in_intune")) == 20


def test_no_device_at_all_is_no_error(bench):
    result = bench.play()
    assert not result.get("failed") and result["devices"] == [] and result["findings"] == []


def test_the_expected_time_is_said_before_the_first_request():
    bench = PostureBench()
    devices = [bench.managed(f"PC-{n}") for n in range(90)]
    bench.play(*devices)
    first = bench.sentences[0]
    told = int(first.split("about ")[1].split()[0])
    assert first.startswith("90 devices: about ") and abs(told - len(bench.exchanges)) <= 7
    assert expected.in_words(20, expected.requests(20, ["escrow"], False)) is None
