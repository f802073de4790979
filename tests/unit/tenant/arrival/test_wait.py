# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wait_for_management: its rounds, whom it asks about again, what it says meanwhile, and what cannot be read."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.arrival import rounds
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.devices.intune import NO_DEVICE
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.client import GraphClient
from tests.lab.tenant import posture

from ..posture.bench import PostureBench
from .bench import ArrivalBench

NOWHERE = "6a1d7d43-6f36-4d7b-a0fb-3c1bd0f5b001"
OTHER_MDM = "54b943f8-d761-4f8d-951e-9cea1846db5a"


@pytest.fixture
def bench() -> ArrivalBench:
    made = ArrivalBench()
    made.user("ada")
    return made


def test_a_device_that_is_there_costs_one_round(bench):
    result = bench.wait(bench.managed("PC-1", user="ada"))
    assert result["met"] is True and result["waited"] == {"seconds": 0, "rounds": 1, "open": 0}
    [device] = result["devices"]
    assert device["intune"] == {"met": True, "reason": "in_intune", "said": "Intune shows the device", "seconds": 0}
    assert device["compliant"] is None and device["policies"] is None and result["findings"] == []
    assert result["summary"]["pass"] == 1 and not result.get("failed")


def test_one_that_comes_later_is_waited_for_and_the_others_are_not_asked_again(bench):
    there = [bench.managed(f"PC-{number}", user="ada") for number in range(3)]
    late = bench.lab.device("PC-LATE")
    bench.later.append((100, lambda: posture.manage(bench.lab.tenant, late, {"user": "ada"}, bench.lab.clock.utc())))
    result = bench.wait(*there, late)
    assert result["met"] is True
    assert [100 <= row["intune"]["seconds"] <= 240 for row in result["devices"]] == [False, False, False, True]
    assert bench.asked("GET /v1.0/deviceManagement/managedDevices") == 4 + result["waited"]["rounds"] - 1


def test_the_time_is_bounded_and_the_last_round_is_near_its_end(bench):
    device = bench.lab.device("PC-1")
    result = bench.wait(device, timeout=600)
    assert result["met"] is False and not result.get("failed")
    assert 570 <= result["waited"]["seconds"] <= 600 and result["waited"]["open"] == 1
    [finding] = result["findings"]
    assert (finding["id"], finding["result"], finding["side"]) == ("intune", "fail", "device")
    assert result["devices"][0]["intune"]["reason"] == "not_in_intune"
    assert result["devices"][0]["intune"]["said"].endswith("MDM scope and at the user's license")


def test_pauses_grow_while_nothing_changes(bench):
    device = bench.lab.device("PC-1")
    result = bench.wait(device, timeout=1800, poll_interval=10)
    assert 45 <= result["waited"]["rounds"] <= 50
    assert "1 of 1 devices are open: 1 not in Intune yet: waiting 40 s" in "\n".join(bench.sentences)


def test_progress_says_how_many_and_why_and_what_it_will_cost(bench):
    devices = [bench.lab.device(f"PC-{number}") for number in range(30)]
    entry = {"user": "ada", "compliance": "unknown"}
    known = [bench.managed(f"NEW-{number}", **entry) for number in range(10)]
    bench.wait(*devices, *known, expect_compliant=True, timeout=300)
    first, second = bench.sentences[:2]
    assert first == (
        "40 devices, intune, compliant: about 7 requests a round, about 6 rounds at most in 300 s; devices that have "
        "come are not asked about again"
    )
    assert second.startswith("40 of 40 devices are open: 30 not in Intune yet, 10 not judged yet: waiting 30 s")


def test_check_mode_looks_once(bench):
    device = bench.lab.device("PC-1")
    result = bench.wait(device, check_mode=True)
    assert result["waited"] == {"seconds": 0, "rounds": 1, "open": 1} and result["met"] is False
    assert bench.lab.clock.elapsed() == 0 and bench.sentences == ["1 device: one look, about 2 requests"]


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"accountEnabled": False}, "disabled_in_entra"),
        ({"mdmAppId": OTHER_MDM, "isManaged": True}, "another_mdm"),
    ],
)
def test_what_keeps_a_device_away_for_good_ends_early(bench, properties, reason):
    device = bench.lab.device("PC-1", **properties)
    result = bench.wait(device, expect_compliant=True, expect_policies=True)
    [shown] = result["devices"]
    assert {shown[name]["reason"] for name in ("intune", "compliant", "policies")} == {reason}
    assert result["waited"]["rounds"] == 1 and result["met"] is False


def test_an_object_that_is_absent_for_some_rounds_does_not_come(bench):
    result = bench.wait(NOWHERE)
    assert result["devices"][0]["intune"]["reason"] == "not_in_entra" and result["waited"]["rounds"] == 3


def test_an_object_that_shows_late_is_waited_for(bench):
    device = bench.managed("PC-1", user="ada")
    hidden = bench.lab.tenant.devices.pop(device["id"])
    record = bench.lab.tenant.managed_devices.popitem()

    def show():
        bench.lab.tenant.devices[device["id"]] = hidden
        bench.lab.tenant.managed_devices[record[0]] = record[1]

    bench.later.append((20, show))
    assert bench.one(device, "intune")["met"] is True


def test_a_permission_that_is_missing_is_unknown_and_said(bench):
    devices = [bench.managed(f"PC-{number}", user="ada") for number in range(3)]
    bench.lab.side.faults.add("refusal", {"path": "managedDevices", "times": 1000, "form": "intune_forbidden"})
    result = bench.wait(*devices)
    assert result["met"] is None and result["waited"]["rounds"] == 1
    assert {row["intune"]["reason"] for row in result["devices"]} == {"not_readable"}
    assert result["devices"][0]["intune"]["said"].startswith("unknown, because")
    assert {one["result"] for one in result["findings"]} == {"unknown"}


def test_one_device_that_cannot_be_read_keeps_nobody_from_the_others(bench):
    devices = [bench.managed(f"PC-{number}", user="ada") for number in range(3)]
    bench.record(devices[1])["id"] = "not an id / at all"
    result = bench.wait(*devices, timeout=60)
    assert [row["intune"]["met"] for row in result["devices"]] == [True, None, True] and result["met"] is None


def test_a_service_that_is_down_for_a_while_ends_nothing(bench):
    device = bench.managed("PC-1", user="ada")
    bench.lab.side.faults.add("unavailable", {"path": "managedDevices", "times": 12})
    result = bench.wait(device)
    assert result["met"] is True and result["waited"]["rounds"] > 1


def test_a_throttled_service_is_waited_for(bench):
    devices = [bench.managed(f"PC-{number}", user="ada") for number in range(30)]
    bench.lab.side.faults.add("throttle", {"path": "managedDevices", "times": 25, "retry_after": 3})
    result = bench.wait(*devices, expect_policies=True, timeout=300)
    assert {row["intune"]["met"] for row in result["devices"]} == {True}


def test_what_could_not_be_read_in_the_end_says_what_was_seen_before(bench):
    device = bench.lab.device("PC-1")
    broken = {"path": "managedDevices", "times": 10_000}
    bench.later.append((60, lambda: bench.lab.side.faults.add("server_error", broken)))
    found = bench.one(device, "intune", timeout=200)
    assert (found["met"], found["reason"]) == (None, "not_readable")
    assert "before, it was: Intune has no record with this device id" in found["said"]


def test_intune_alone_is_enough_where_entra_may_not_be_read(bench):
    settings = [{"setting": "Windows10CompliancePolicy.SecureBootEnabled", "state": "compliant"}]
    device = bench.managed("PC-1", user="ada", policies=[{"name": "Windows", "settings": settings}])
    bench.lab.side.faults.add("forbidden", {"path": "/devices", "times": 1000})
    result = bench.wait(device, expect_compliant=True)
    [shown] = result["devices"]
    assert (shown["name"], shown["compliant"]["met"], shown["compliant"]["entra"]) == ("PC-1", True, None)
    assert "what Entra says could not be read" in shown["compliant"]["said"]


def test_ids_that_are_none_are_left_out_and_named(bench):
    result = bench.wait(bench.managed("PC-1", user="ada"), "PC-2")
    assert result["bad_ids"] == ["PC-2"] and len(result["devices"]) == 1 and result["met"] is True


def test_the_id_of_no_device_is_left_out_although_records_have_it(bench):
    device = bench.managed("PC-1", user="ada")
    bench.record(device)["azureADDeviceId"] = NO_DEVICE
    result = bench.wait(NO_DEVICE, NOWHERE, timeout=60)
    assert result["bad_ids"] == [NO_DEVICE] and result["met"] is False
    assert [row["device_id"] for row in result["devices"]] == [NOWHERE]


def test_no_device_at_all_is_nothing_to_ask(bench):
    result = bench.wait()
    assert result["devices"] == [] and result["met"] is None and not result.get("failed") and not bench.exchanges


def test_one_device_that_is_throttled_for_ever_does_not_hold_the_others(bench):
    settings = [{"setting": "Windows10CompliancePolicy.SecureBootEnabled", "state": "compliant"}]
    entry = {"user": "ada", "policies": [{"name": "Windows", "settings": settings}]}
    fine, throttled, late = (bench.managed(name, **entry) for name in ("FINE", "THROTTLED", "LATE"))
    bench.record(late)["complianceState"] = "unknown"
    bench.later.append((300, lambda: bench.record(late).update(complianceState="compliant")))
    fault = {"path": bench.record(throttled)["id"], "times": 100_000, "retry_after": 200}
    bench.lab.side.faults.add("throttle", fault)
    result = bench.wait(fine, throttled, late, expect_compliant=True)
    seen = [(row["compliant"]["met"], row["compliant"]["seconds"]) for row in result["devices"]]
    assert seen[0] == (True, 0) and seen[1][0] is None and seen[2][0] is True and 300 <= seen[2][1] <= 500
    assert result["waited"]["seconds"] <= 1800 and len(bench.exchanges) < 150


def test_rounds_that_take_long_end_in_time(bench, monkeypatch):
    device = bench.lab.device("PC-1")
    look = rounds.look

    def slowly(*args):
        PostureBench._sleep(bench, 100)
        look(*args)

    monkeypatch.setattr(rounds, "look", slowly)
    result = bench.wait(device, timeout=600)
    assert 400 <= result["waited"]["seconds"] <= 600 and result["waited"]["rounds"] >= 3


def test_a_credential_that_ends_meanwhile_is_why_the_rest_is_not_known(bench, monkeypatch):
    gone, there = bench.lab.device("PC-1"), bench.managed("PC-2", user="ada")
    send = GraphClient._send

    def expired(client, *args):
        if bench.lab.clock.elapsed() > 60:
            raise Failure(
                "no", side="tenant", name="credential_expired", cause="the secret has expired", fix="renew it"
            )
        return send(client, *args)

    monkeypatch.setattr(GraphClient, "_send", expired)
    result = bench.wait(gone, there)
    first, second = (row["intune"] for row in result["devices"])
    assert (first["met"], first["reason"]) == (None, "not_readable") and second["met"] is True
    assert "the secret has expired" in first["said"] and first["said"].endswith("renew it")
    assert "before, it was: Intune has no record" in first["said"] and result["waited"]["seconds"] < 200


def test_nothing_expected_is_no_question(bench):
    result = bench.wait(NOWHERE, expect_intune=False)
    assert result["failed"] and result["error"]["name"] == "bad_option" and "expect_intune" in result["msg"]


def test_fail_on_names_the_finding(bench):
    result = bench.wait(bench.lab.device("PC-1"), timeout=30, fail_on=["intune"])
    assert result["failed"] and result["error"]["name"] == "wait_for_management_intune"
    assert result["devices"][0]["intune"]["met"] is False


def test_a_thousand_devices_are_asked_about_twenty_at_a_time(bench):
    devices = [bench.managed(f"PC-{number}", user="ada", report=[]) for number in range(1000)]
    result = bench.wait(*devices, expect_compliant=True)
    assert result["met"] is True
    print(f"wait_for_management, 1,000 devices: {len(bench.exchanges)} requests")
    assert len(bench.exchanges) <= 4 + 1 + 50 + 5
