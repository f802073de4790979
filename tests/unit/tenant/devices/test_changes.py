# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""directory_device: exactly the named devices, all checked before the first write, every outcome told."""

from __future__ import annotations

import base64

import httpx
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.doc_fragments.named_devices import NAMED_DEVICES_SPEC
from ansible_collections.winops.entra.plugins.modules.directory_device import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.devices import changes

from ..fake_graph import error, guid
from ..resources.test_group import HOSTILE
from ..troubled_graph import TroubledGraph, make_trouble


def run(bench, check_mode=False, limit=300, **options):
    checked = ArgumentSpecValidator({**NAMED_DEVICES_SPEC, **ARGUMENT_SPEC}, **CONSTRAINTS).validate(options)
    assert not checked.error_messages
    return bench.run(changes.ensure, checked.validated_parameters, check_mode, limit)


def outcomes(result):
    return {device["name"]: device["outcome"] for device in result["devices"]}


@pytest.mark.parametrize(
    "option, value",
    [("names", "pc-1"), ("device_ids", guid("device PC-1").upper()), ("object_ids", guid("object PC-1"))],
)
def test_a_device_is_found_by_each_kind_of_key(bench, graph, option, value):
    target, other = graph.add("PC-1"), graph.add("PC-10")
    result = run(bench, state="disabled", **{option: [value]})
    assert result["changed"] is True and target["accountEnabled"] is False and other["accountEnabled"] is True
    assert graph.writes == [("PATCH", f"/devices/{target['id']}", {"accountEnabled": False})]
    assert run(bench, state="disabled", **{option: [value]})["changed"] is False


@pytest.mark.parametrize(
    "options",
    [
        {"state": "disabled"},
        {"state": "enabled"},
        {"state": "absent"},
        {"extension_attributes": {"extensionAttribute3": "x"}},
        {"state": "disabled", "extension_attributes": {"extensionAttribute15": 7, "extensionAttribute1": ""}},
    ],
    ids=str,
)
def test_check_mode_says_what_a_run_does_and_the_next_run_does_nothing(bench, graph, options):
    graph.add("A", accountEnabled=False, extensionAttributes={"extensionAttribute1": "old"})
    graph.add("B", extensionAttributes={"extensionAttribute1": "old", "extensionAttribute2": "kept"})
    checked = run(bench, check_mode=True, names=["A", "B"], **options)
    assert graph.writes == []
    applied = run(bench, names=["A", "B"], **options)
    assert checked == applied and applied["changed"] is True
    again = run(bench, names=["A", "B"], **options)
    assert again["changed"] is False and again["changes"] == [] and again["diff"] == {"before": {}, "after": {}}


def test_untouched_attributes_survive_and_are_not_sent(bench, graph):
    device = graph.add("A", extensionAttributes={"extensionAttribute1": "same", "extensionAttribute2": "kept"})
    result = run(
        bench,
        names=["A"],
        state="enabled",
        extension_attributes={"extensionAttribute1": "same", "extensionAttribute9": "new"},
    )
    assert graph.writes[0][2] == {"extensionAttributes": {"extensionAttribute9": "new"}}
    assert device["extensionAttributes"]["extensionAttribute2"] == "kept"
    assert result["changes"] == [
        {
            "what": f"device A ({device['deviceId']})",
            "before": {"extensionAttribute9": None},
            "after": {"extensionAttribute9": "new"},
        }
    ]
    assert "/beta/" in graph.urls[0] and all("/beta/" in url for url in graph.urls)


def test_a_name_that_several_devices_have_is_refused_before_anything_changes(bench, graph):
    graph.add("FINE")
    twins = [graph.add("TWIN", key=key) for key in ("one", "two")]
    result = run(bench, names=["FINE", "twin"], state="absent")
    assert result["error"]["name"] == "device_ambiguous" and graph.writes == []
    assert all(twin["deviceId"] in result["error"]["evidence"][0] for twin in twins)


def test_an_answer_with_other_devices_deletes_nothing(bench, graph):
    """A service that ignores the filter answers with every device."""
    graph.add("PC-1")
    rows = list(graph.devices.values())
    graph.on("GET v1.0/devices", httpx.Response(200, json={"value": rows}))
    result = run(bench, names=["PC"], state="absent")
    assert result["changed"] is False and result["missing"] == ["PC"] and graph.writes == []


def test_an_unknown_device_is_refused_before_anything_changes(bench, graph):
    graph.add("HERE")
    result = run(bench, names=["HERE", "GONE"], state="disabled")
    assert result["error"]["name"] == "device_unknown" and "'GONE'" in result["msg"] and graph.writes == []


def test_deleting_what_is_gone_is_no_change(bench, graph):
    result = run(bench, device_ids=[guid("nothing")], state="absent")
    assert result["changed"] is False and result["missing"] == [guid("nothing")]


def test_more_deletions_than_allowed_are_refused_before_the_first_also_in_check_mode(bench, graph):
    names = [graph.add(f"PC-{number}")["displayName"] for number in range(6)]
    for check_mode in (True, False):
        result = run(bench, check_mode=check_mode, names=names, state="absent")
        assert result["error"]["name"] == "too_many_deletions" and len(result["error"]["evidence"]) == 6
    assert graph.writes == [] and result["changed"] is False
    assert run(bench, names=[*names, "GONE"], state="absent", max_deletions=6)["changed"] is True
    assert graph.devices == {}


def test_a_deleted_hybrid_joined_object_is_known_to_come_back(bench, graph):
    graph.add("AD-1", trustType="ServerAd")
    graph.add("PC-1")
    [warning] = run(bench, names=["AD-1", "PC-1"], state="absent")["warnings"]
    assert "Entra Connect" in warning and "AD-1" in warning and "PC-1" not in warning
    graph.add("AD-2", trustType="ServerAd")
    assert not run(bench, names=["AD-2"], state="disabled").get("warnings")


PROVED = {"proof": "proved", "proved_thumbprint": "AB" * 20}


def record(graph, name: str, **changes) -> dict:
    """A device of the directory, and the record of one that has proved its key."""
    key = base64.b64encode(f"X509:<SHA1-TP-PUBKEY>{'AB' * 20}{'x' * 43}=".encode("utf-16-le")).decode()
    row = graph.add(name, alternativeSecurityIds=[{"type": 2, "key": key}])
    return {"device": name.lower(), "hostname": name, "device_id": row["deviceId"], **PROVED, **changes}


@pytest.mark.parametrize(
    "odd",
    [
        {"proved_thumbprint": "CD" * 20},
        {"proof": "missing", "not_proved": "its key is gone"},
        {"hostname": "OTHER"},
        {"device_id": "no id"},
    ],
    ids=str,
)
@pytest.mark.parametrize("state", ["absent", "disabled"])
def test_records_change_what_is_proved_and_leave_the_rest_alone(bench, graph, odd, state):
    fine, doubtful = record(graph, "FINE"), record(graph, "ODD", **odd)
    checked = run(bench, check_mode=True, records=[doubtful, fine], state=state)
    assert graph.writes == []
    result = run(bench, records=[doubtful, fine], state=state)
    assert result["error"]["name"] == checked["error"]["name"] == "ownership_uncertain"
    assert "odd" in result["error"]["evidence"][0].lower() and result["changes"] == checked["changes"]
    assert len(graph.writes) == 1 and [
        row["displayName"] for row in graph.devices.values() if row["accountEnabled"]
    ] == ["ODD"]
    told = {device["name"]: (device["outcome"], bool(device["error"])) for device in result["devices"]}
    assert told["FINE"] == ("changed", False) and told.get("ODD", ("skipped", True)) == ("skipped", True)
    if state == "disabled":
        again = run(bench, records=[fine], state=state)
        assert "failed" not in again and again["changed"] is False and len(graph.writes) == 1


def test_what_people_know_themselves_needs_no_proof(bench, graph):
    kept = record(graph, "KNOWN", proof="missing")
    assert run(bench, device_ids=[kept["device_id"]], state="absent")["changed"] is True and graph.devices == {}


def test_the_object_of_an_azure_vm_is_known_to_be_gone_for_good(bench, graph):
    graph.add("VM-1", profileType="SecureVM")
    graph.add("PC-1", profileType="RegisteredDevice")
    [warning] = run(bench, names=["VM-1", "PC-1"], state="absent")["warnings"]
    assert "cannot be restored" in warning and "VM-1" in warning and "PC-1" not in warning


@pytest.mark.parametrize("state", ["absent", "enabled"])
def test_an_autopilot_anchor_is_refused_unless_told(bench, graph, state):
    anchor = graph.add("ANCHOR", accountEnabled=False, physicalIds=["[HWID]:h:1", "[ZTDid]:abc"])
    result = run(bench, names=["ANCHOR"], state=state)
    assert result["error"]["name"] == "autopilot_anchor" and graph.writes == []
    assert anchor["id"] in graph.devices
    assert run(bench, names=["ANCHOR"], state=state, allow_autopilot=True)["changed"] is True


def test_an_anchor_is_told_by_the_kind_of_its_id_and_not_by_a_substring(bench, graph):
    graph.add("NO-ANCHOR", physicalIds=["[OrderId]:about [ZTDID]:x"])
    assert run(bench, names=["NO-ANCHOR"], state="absent")["changed"] is True
    graph.add("ANCHOR", physicalIds=["[ZTDID]:x"])
    assert run(bench, names=["ANCHOR"], extension_attributes={"extensionAttribute1": "x"})["changed"] is True


def test_hundreds_of_devices_need_few_requests(bench, graph):
    ids = [graph.add(f"PC-{number:03}")["deviceId"] for number in range(100)]
    result = run(bench, device_ids=ids, state="disabled")
    assert set(outcomes(result).values()) == {"changed"} and len(result["changes"]) == 100
    assert [len(batch) for batch in graph.batches] == [7, 20, 20, 20, 20, 20, 7]
    assert bench.slept == []


def test_a_batch_that_fails_in_part_tells_of_each_device(bench, graph):
    for name in "ABC":
        graph.add(name)
    graph.on("PATCH v1.0/devices/" + guid("object B"), error(403, "Authorization_RequestDenied"))
    result = run(bench, names=list("ABC"), state="disabled")
    assert result["failed"] and result["error"]["name"] == "partly_done" and result["changed"] is True
    assert outcomes(result) == {"A": "changed", "B": "failed", "C": "changed"}
    assert result["error"]["permissions"] == ["Device.ReadWrite.All"] and result["error"]["request_id"] == "r-1"
    assert "2 changed, 1 failed" in result["msg"]
    assert {change["what"][:8] for change in result["changes"]} == {"device A", "device C"}
    assert result["devices"][1]["error"]["name"] == "permission_missing" and result["devices"][1]["enabled"] is True
    again = run(bench, names=list("ABC"), state="disabled")
    assert outcomes(again) == {"A": "unchanged", "B": "changed", "C": "unchanged"}


def test_an_item_that_is_throttled_is_sent_again_alone(bench, graph):
    for name in "AB":
        graph.add(name)
    graph.on("PATCH v1.0/devices/" + guid("object B"), error(429, "TooManyRequests", headers={"Retry-After": "7"}))
    assert run(bench, names=["A", "B"], state="disabled")["changed"] is True
    assert bench.slept == [7.0] and [len(batch) for batch in graph.batches] == [2, 2, 1]


def test_a_connection_that_breaks_between_two_batches_loses_nothing(bench, graph):
    ids = [graph.add(f"PC-{number:02}")["deviceId"] for number in range(45)]
    calls = []

    def second_executes_and_is_lost(request):
        calls.append(request)
        if len(calls) != 3:  # 1: the look-up, 2: the first writes
            return None
        for device in list(graph.devices.values())[20:30]:
            device["accountEnabled"] = False
        raise httpx.ReadError("reset")

    graph.on(r"POST v1.0/\$batch", *[second_executes_and_is_lost] * 3)
    result = run(bench, device_ids=ids, state="disabled", limit=0)
    told = list(outcomes(result).values())
    assert result["failed"] and result["error"]["side"] == "network"
    assert [told.count(outcome) for outcome in ("changed", "unknown", "skipped")] == [30, 10, 5]
    assert len(result["changes"]) == 30 and "10 unknown, 5 skipped" in result["msg"]


def test_a_change_is_waited_for_until_it_shows(bench, graph):
    graph.add("A")
    graph.late = 3
    result = run(bench, names=["A"], state="absent")
    assert result["changed"] is True and bench.slept == [0.5, 1.0, 2.0]
    graph.add("B")
    graph.late = 1000
    graph._before = None
    result = run(bench, names=["B"], state="disabled", limit=5)
    assert result["error"]["name"] == "not_shown" and result["changed"] is True
    assert outcomes(result) == {"B": "changed"}


def test_a_device_that_is_gone_when_it_is_to_be_deleted_is_done(bench, graph):
    graph.add("A")
    graph.on("DELETE", error(404, "Request_ResourceNotFound"))
    graph.on("GET v1.0/devices", None, httpx.Response(200, json={"value": []}))
    assert run(bench, names=["A"], state="absent")["changed"] is True


@pytest.mark.parametrize(
    "options",
    [
        {"device_ids": ["PC-1"]},
        {"names": [" "]},
        {"names": ["A"], "extension_attributes": {"attribute1": "x"}},
        {"names": ["A"], "extension_attributes": {"extensionAttribute16": "x"}},
        {"names": ["A"], "extension_attributes": {"extensionAttribute1": ["x"]}},
        {"names": ["A"], "extension_attributes": {"extensionAttribute1": "x"}, "state": "absent"},
    ],
    ids=str,
)
def test_bad_options_are_refused_before_any_request(bench, graph, options):
    assert run(bench, **options)["error"]["name"] == "bad_option"
    assert graph.requests == []


@pytest.mark.parametrize("odd", ["PC-1", "", "None", "y" * 100_000, "\ud800", "a\x1b[2J\n"], ids=range(6))
def test_a_device_id_that_is_none_leaves_that_one_out_and_is_named(bench, graph, odd):
    target = graph.add("PC-9")
    result = run(bench, device_ids=[odd, target["deviceId"]], state="disabled")
    assert result["error"]["name"] == "ownership_uncertain" and "is not a GUID" in result["msg"]
    assert len(result["msg"]) < 2000 and result["msg"].isprintable()
    assert target["accountEnabled"] is False
    assert [device["outcome"] for device in result["devices"]] == ["changed", "skipped"]
    assert "is not a GUID" in result["devices"][1]["error"]["cause"]


@pytest.mark.parametrize("state", ["enabled", "disabled", "present"])
def test_a_recorded_device_that_is_not_there_stops_nobody(bench, graph, state):
    target = graph.add("PC-9", accountEnabled=state == "disabled")
    records = [{"device_id": guid("nobody"), "device": "gone"}, {"device_id": target["deviceId"], "device": "pc-9"}]
    result = run(bench, records=records, state=state)
    assert target["accountEnabled"] is (state == "enabled")  # "present" finds it disabled, and lets it be
    assert result["error"]["name"] == "ownership_uncertain" and "gone" in result["error"]["evidence"][0]
    assert [device["outcome"] for device in result["devices"]][1:] == ["skipped"]
    assert run(bench, device_ids=[guid("nobody"), target["deviceId"]], state=state)["error"]["name"] == "device_unknown"


def test_no_device_is_nothing_to_do(bench, graph):
    result = run(bench, names=[], state="absent")
    assert result["changed"] is False and result["devices"] == [] and graph.requests == []


def test_a_missing_permission_to_read_is_named(bench, graph):
    graph.on("GET v1.0/devices", error(403, "Authorization_RequestDenied"))
    result = run(bench, names=["A"], state="absent")
    assert result["error"]["permissions"] == ["Device.Read.All"] and result["changed"] is False


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_finds_exactly_the_named_device(bench, graph, name):
    graph.add(name)
    graph.add("bystander")
    assert run(bench, names=[name], state="absent")["changed"] is True
    assert [device["displayName"] for device in graph.devices.values()] == ["bystander"]


def test_a_look_after_a_change_that_fails_for_one_device_is_that_device_s(bench):
    bench.graph = graph = TroubledGraph()
    for name in "AB":
        graph.add(name)
    graph.where = lambda label, query: (
        label == "GET devices" and any(method == "PATCH" for method, _url, _body in graph.writes)
    )

    def of_a(label, query, before=graph.where):
        return before(label, query) and guid("object A") in query["$filter"]

    graph.where, graph.trouble = of_a, error(500, "InternalServerError")
    result = run(bench, names=["A", "B"], state="disabled")
    a, b = result["devices"]
    assert (a["outcome"], b["outcome"]) == ("changed", "changed") and a["error"] and b["error"] is None
    assert "answered 500" in a["error"]["cause"] and result["error"]["name"] == "service_unavailable"


def test_a_list_that_cannot_be_read_for_several_is_asked_for_each_alone(bench):
    bench.graph = graph = TroubledGraph()
    for name in "AB":
        graph.add(name)
    graph.where = lambda label, query: " or " in query.get("$filter", "")
    graph.trouble = error(500, "InternalServerError")
    result = run(bench, device_ids=[guid("device A"), guid("device B")], state="disabled")
    assert "failed" not in result and {row["accountEnabled"] for row in graph.devices.values()} == {False}


def test_a_recorded_device_that_cannot_be_looked_up_keeps_nobody_and_a_named_one_everybody(bench):
    bench.graph = graph = TroubledGraph()
    for name in "AB":
        graph.add(name)
    make_trouble(graph, "devices", "page behind a text", guid("device A"))
    records = [{"device_id": guid(f"device {name}"), "device": name.lower()} for name in "AB"]
    result = run(bench, records=records, state="disabled")
    assert [row["accountEnabled"] for row in graph.devices.values()] == [True, False]
    assert result["error"]["name"] == "unreadable_answer" and "could not be read" in result["error"]["evidence"][0]
    assert outcomes(result)["B"] == "changed" and "skipped" in outcomes(result).values()
    named = run(bench, device_ids=[guid("device A"), guid("device B")], state="enabled")
    assert named["failed"] and named["changed"] is False


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("anchor", [True, False])
def test_present_changes_the_attributes_only_also_of_an_autopilot_anchor(bench, graph, enabled, anchor):
    ids = ["[HWID]:h:1", "[ZTDid]:abc"] if anchor else []
    device = graph.add("A", accountEnabled=enabled, physicalIds=ids)
    before = dict(device)
    assert run(bench, names=["A"], extension_attributes={"extensionAttribute3": "x"})["changed"] is True
    assert [body for _method, _path, body in graph.writes] == [{"extensionAttributes": {"extensionAttribute3": "x"}}]
    assert {name: value for name, value in device.items() if value != before.get(name)} == {
        "extensionAttributes": device["extensionAttributes"]
    }
