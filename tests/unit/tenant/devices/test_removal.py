# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""device_removal: Intune, Autopilot, directory, in this order, exactly the recorded devices, every outcome told."""

from __future__ import annotations

import httpx
import pytest

from ..fake_graph import error, guid
from ..tenant_graph import nothing_left, outcomes, run

SECRET = "123456-recovery-password"


def test_each_place_in_turn_and_the_next_run_has_nothing_to_do(bench, graph):
    records = [graph.full("A"), graph.full("B")]
    kept = graph.full("AB")
    checked = run(bench, records, check_mode=True)
    assert graph.writes == []
    applied = run(bench, records)
    assert checked == applied and len(applied["changes"]) == 6 and applied["diff"]["before"]
    assert graph.places == ["managedDevices"] * 2 + ["windowsAutopilotDeviceIdentities"] * 2 + ["devices"] * 2
    assert [device["deviceId"] for device in graph.devices.values()] == [kept["device_id"]]
    assert len(graph.managed) == len(graph.autopilot) == 1
    again = run(bench, records)
    assert again["changed"] is False and "failed" not in again and outcomes(again["devices"][0]) == [None, None, None]


def test_each_place_is_waited_for_before_the_next(bench, graph):
    """The directory refuses while Autopilot still shows the registration."""
    record, graph.linger = graph.full("A"), 3
    result = run(bench, [record])
    assert outcomes(result["devices"][0]) == ["changed"] * 3 and nothing_left(graph) and len(bench.slept) == 6


def test_waiting_ends_and_the_places_that_follow_stay(bench, graph):
    record, graph.linger = graph.full("A"), 1000
    result = run(bench, [record], limit=10)
    assert result["error"]["name"] == "partly_done" and sum(bench.slept) <= 10
    assert outcomes(result["devices"][0]) == ["changed", "skipped", "skipped"] and len(result["changes"]) == 1
    graph._ghosts.clear()
    graph.linger = 0
    assert outcomes(run(bench, [record])["devices"][0]) == [None, "changed", "changed"] and nothing_left(graph)


@pytest.mark.parametrize(
    "off, places",
    [
        ({"intune": False}, ["windowsAutopilotDeviceIdentities", "devices"]),
        ({"directory": False}, ["managedDevices", "windowsAutopilotDeviceIdentities"]),
        ({"autopilot": False, "directory": False}, ["managedDevices"]),
        ({"intune": False, "autopilot": False, "directory": False}, []),
    ],
    ids=str,
)
def test_each_place_can_be_left_out(bench, graph, off, places):
    record = graph.full("A")
    assert run(bench, [record], **off)["changed"] is bool(places)
    assert graph.places == places


def test_an_anchor_that_would_be_refused_is_refused_first(bench, graph):
    result = run(bench, [graph.full("A")], autopilot=False)
    assert result["error"]["name"] == "ownership_uncertain" and "autopilot is off" in result["msg"]
    assert graph.writes == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda graph, device: graph.enroll(device),
        lambda graph, device: graph.managed[0].update(id=guid("enrolled again")),
        lambda graph, device: graph.autopilot[0].update(serialNumber="SN-another board"),
        lambda graph, device: graph.register(device, serial="SN-A"),
    ],
    ids=["two Intune records", "another Intune record", "another serial number", "two registrations"],
)
def test_what_is_not_certainly_the_device_s_stays_and_the_others_go_on(bench, graph, spoil):
    record, fine = graph.full("A"), graph.full("B")
    kept = next(iter(graph.devices.values()))
    spoil(graph, kept)
    for check_mode in (True, False):
        result = run(bench, [fine, record], check_mode)
        assert result["error"]["name"] == "ownership_uncertain" and "1 of 2 devices were left out" in result["msg"]
        assert [record["device_id"] in text for text in result["error"]["evidence"]] == [True]
        assert [outcomes(device) for device in result["devices"]] == [["changed"] * 3, [None] * 3]
        assert result["devices"][0]["problem"] is None and result["devices"][1]["problem"]
    assert list(graph.devices.values()) == [kept]
    assert {row["azureADDeviceId"].lower() for row in graph.managed} == {kept["deviceId"]}


def test_a_registration_that_two_devices_claim_is_nobody_s(bench, graph):
    first = graph.full("A")
    clone = {"device_id": graph.add("B")["deviceId"], "autopilot_id": first["autopilot_id"]}
    assert run(bench, [first, clone])["error"]["name"] == "ownership_uncertain" and graph.writes == []


def test_an_answer_with_other_devices_removes_none_of_them(bench, graph):
    """Intune ignores filters at times, and then answers with the whole tenant."""
    record = {"device_id": graph.add("A")["deviceId"]}
    graph.full("B")
    graph.ignore_filters = True
    assert run(bench, [record])["error"]["name"] == "filter_ignored" and graph.writes == []


def test_what_only_looks_alike_stays_and_is_named(bench, graph):
    """The Intune record has lost its device id, the registration shares the serial number only."""
    record = graph.full("A")
    graph.managed[0]["azureADDeviceId"] = "00000000-0000-0000-0000-000000000000"
    graph.autopilot[0].update(azureActiveDirectoryDeviceId=guid("other"))
    for device in graph.devices.values():
        device["physicalIds"] = []
    result = run(bench, [{**record, "autopilot_id": None}])
    assert outcomes(result["devices"][0]) == [None, None, "changed"] and graph.managed and graph.autopilot
    assert any(record["intune_device_id"] in text for text in result["warnings"])
    assert any(record["autopilot_id"] in text for text in result["warnings"])


def test_more_devices_than_allowed_are_refused_before_the_first_also_in_check_mode(bench, graph):
    records = [graph.full(f"PC-{number}") for number in range(6)]
    for check_mode in (True, False):
        result = run(bench, records, check_mode=check_mode)
        assert result["error"]["name"] == "too_many_deletions" and len(result["error"]["evidence"]) == 6
        assert {tuple(outcomes(device)) for device in result["devices"]} == {("skipped", "skipped", "skipped")}
    assert graph.writes == []
    assert run(bench, records, max_deletions=6)["changed"] is True and nothing_left(graph)


def test_keys_and_passwords_that_go_along_are_named_and_never_read(bench, graph):
    records = [graph.full("A"), graph.full("B")]
    graph.keys = [{"id": "key-1", "deviceId": records[0]["device_id"], "key": SECRET}]
    graph.laps = [
        {"id": records[1]["device_id"], "deviceName": "B", "credentials": SECRET},
        {"id": guid("namesake"), "deviceName": "A"},
    ]
    result = run(bench, records, check_mode=True)
    assert [device["bitlocker_key_ids"] for device in result["devices"]] == [["key-1"], []]
    assert [device["laps_password"] for device in result["devices"]] == [False, True]
    bitlocker, laps = result["warnings"]
    assert "key-1" in bitlocker and "A (" in bitlocker and "B (" in laps and "A (" not in laps
    assert SECRET not in str(result)


def test_a_hybrid_joined_object_is_removed_with_the_warning_that_it_comes_back(bench, graph):
    record = graph.full("PC1")
    for row in graph.devices.values():
        row["trustType"] = "ServerAd"
    other = graph.full("PC2")
    result = run(bench, [record, other])
    [warning] = [text for text in result["warnings"] if "come back" in text]
    assert "Entra Connect" in warning and "PC1" in warning and "PC2" not in warning
    assert nothing_left(graph)


def test_a_credential_that_may_not_look_for_keys_says_so_and_goes_on(bench, graph):
    record = graph.full("A")
    graph.on("GET v1.0/informationProtection", error(403, "Forbidden"))
    result = run(bench, [record])
    assert "could not be looked up" in result["warnings"][0] and result["devices"][0]["bitlocker_key_ids"] is None
    assert nothing_left(graph)


def test_a_device_that_fails_keeps_what_follows_and_the_others_go_on(bench, graph):
    records = [graph.full("A"), graph.full("B")]
    graph.on(f"DELETE .*{records[0]['intune_device_id']}", error(403, "Forbidden"))
    result = run(bench, records)
    assert result["error"]["name"] == "partly_done" and result["changed"] is True
    assert [outcomes(device) for device in result["devices"]] == [["failed", "skipped", "skipped"], ["changed"] * 3]
    assert outcomes(run(bench, records)["devices"][0]) == ["changed"] * 3 and nothing_left(graph)


def test_after_a_break_a_look_tells_what_arrived_and_nothing_more_is_tried(bench, graph):
    records = [graph.full(f"PC-{number}") for number in range(3)]

    def execute_and_break(request):
        if b'"DELETE"' not in request.content:
            return None
        graph.managed.pop()
        raise httpx.ReadError("cut")

    graph.on(r"POST v1.0/\$batch", *[execute_and_break] * 40)
    result = run(bench, records, limit=0)
    assert result["error"]["name"] == "partly_done"
    assert [outcomes(device)[0] for device in result["devices"]] == ["unknown", "unknown", "changed"]
    assert [change["what"].split()[3] for change in result["changes"]] == ["PC-2"]
    assert len(graph.autopilot) == len(graph.devices) == 3
    graph.script.clear()
    run(bench, records)
    assert nothing_left(graph)


def test_after_a_break_in_which_everything_arrived_the_places_that_follow_are_not_forgotten(bench, graph):
    records = [graph.full("A"), graph.full("B")]

    def execute_and_break(request):
        if b'"DELETE"' not in request.content:
            return None
        graph.managed.clear()
        raise httpx.ReadError("cut")

    graph.on(r"POST v1.0/\$batch", *[execute_and_break] * 3)
    result = run(bench, records, limit=0)
    assert "failed" not in result and nothing_left(graph)
    assert [outcomes(device) for device in result["devices"]] == [["changed"] * 3] * 2


def test_many_devices_cost_few_requests(bench, graph):
    records = [graph.full(f"PC-{number:03}") for number in range(60)]
    assert run(bench, records, max_deletions=60)["changed"] is True
    assert len(graph.requests) < 40 and nothing_left(graph)


@pytest.mark.parametrize(
    "record", [{}, {"device_id": "PC-1"}, {"device_id": guid("a"), "autopilot_id": "SN1"}], ids=str
)
def test_a_record_without_proper_ids_is_refused(bench, graph, record):
    assert run(bench, [record])["error"]["name"] == "bad_option" and graph.requests == []


def test_two_records_of_one_device_that_differ_are_refused(bench, graph):
    record = graph.full("A")
    assert run(bench, [record, dict(record)], check_mode=True)["changed"] is True
    assert run(bench, [record, {**record, "serial_number": "x"}])["error"]["name"] == "bad_option"
