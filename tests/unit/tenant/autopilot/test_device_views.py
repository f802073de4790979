# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""autopilot_device_info: assigned or not, whose record it is, how a deployment went, and when a wait ends."""

from __future__ import annotations

import datetime
import random

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.modules.autopilot_device_info import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.autopilot import deployments, device_views

from ..device_graph import DeviceBench, DeviceGraph, days_ago
from ..fake_graph import error, guid

NONE = "00000000-0000-0000-0000-000000000000"
LIST = "GET beta/deviceManagement/windowsAutopilotDeviceIdentities"
EVENTS = "GET beta/deviceManagement/autopilotEvents"
SPEC = {name: {key: value for key, value in option.items() if key != "holds"} for name, option in ARGUMENT_SPEC.items()}


@pytest.fixture
def bench() -> DeviceBench:
    return DeviceBench()


@pytest.fixture
def graph(bench: DeviceBench) -> DeviceGraph:
    return bench.graph


def run(bench, limit: float = 300, **options) -> dict:
    checked = ArgumentSpecValidator(SPEC).validate(options)
    assert not checked.error_messages
    return bench.run(device_views.find, checked.validated_parameters, check_mode=True, limit=limit)


def register(graph, serial: str, status: str = "assignedInSync", device: dict | None = None, **more) -> dict:
    row = {
        "id": guid(f"registration {serial} {len(graph.autopilot)}"),
        "serialNumber": serial,
        "deploymentProfileAssignmentStatus": status,
        "deploymentProfileAssignmentDetailedStatus": "none",
        "deploymentProfileAssignedDateTime": days_ago(1),
        "azureAdDeviceId": device["deviceId"] if device else NONE,
        "managedDeviceId": NONE,
        "lastContactedDateTime": "0001-01-01T00:00:00Z",
        **more,
    }
    graph.autopilot.append(row)
    return row


def happen(graph, serial: str, state: str, began: float = 1.0, said: float = 0.9, **more) -> dict:
    """An event of a deployment that began, and of which something was last said, so many days ago."""
    row = {
        "id": guid(f"event {len(graph.events)}"),
        "deviceSerialNumber": serial,
        "deviceId": NONE,
        "deploymentState": state,
        "deploymentStartDateTime": days_ago(began),
        "eventDateTime": days_ago(said),
        "enrollmentState": "enrolled",
        **more,
    }
    graph.events.append(row)
    return row


def only(result: dict) -> dict:
    [device] = result["devices"]
    return device


def found(result: dict) -> dict[str, str]:
    return {one["id"]: one["result"] for one in result["findings"]}


# --- assignment -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "detail", "assigned", "final", "finding"),
    [
        ("assignedInSync", "none", True, False, None),
        ("assignedOutOfSync", "none", True, False, None),
        ("assignedUnkownSyncState", "none", True, False, None),
        ("assignedUnknownSyncState", "none", True, False, None),
        ("assignedInSync", "hardwareRequirementsNotMet", True, False, None),
        ("notAssigned", "none", False, False, "warn"),
        ("pending", None, False, False, "warn"),
        ("failed", "none", False, True, "fail"),
        ("pending", "hardwareRequirementsNotMet", False, True, "fail"),
        ("notAssigned", "windowsPcProfileNotSupported", False, True, "fail"),
        ("unknown", "none", None, False, "unknown"),
        (None, None, None, False, "unknown"),
        ("somethingOfTomorrow", "none", False, False, "warn"),
    ],
)
def test_what_counts_as_assigned(bench, graph, status, detail, assigned, final, finding):
    register(graph, "A1", status, deploymentProfileAssignmentDetailedStatus=detail)
    result = run(bench)
    device = only(result)
    assert (device["assigned"], device["assignment"]["final"]) == (assigned, final)
    assert found(result).get("profile_assignment") == finding
    assert "failed" not in result and result["summary"]["pass"] == 2 + (finding is None)


@pytest.mark.parametrize("at", [None, "", "0001-01-01T00:00:00Z"])
def test_an_assignment_without_a_date_is_not_certain(bench, graph, at):
    register(graph, "A1", deploymentProfileAssignedDateTime=at)
    result = run(bench)
    assert only(result)["assigned"] is None and found(result)["profile_assignment"] == "unknown"
    assert run(bench, wait_for="profiles", limit=1)["waited"]["waiting"] == ["A1"]


def test_registrations_are_read_from_the_list_of_the_beta_and_zeros_mean_none(bench, graph):
    register(graph, "A1")
    device = only(run(bench, serial_numbers=[" a1 "]))
    [url] = graph.urls
    assert "/beta/deviceManagement/windowsAutopilotDeviceIdentities?" in url
    assert (device["device_id"], device["managed_device_id"], device["last_contact"]) == (None, None, None)
    assert not {"directory", "intune", "deployment"} & set(device)


def test_devices_are_named_by_serial_number_or_id_and_missing_ones_told(bench, graph):
    rows = [register(graph, serial) for serial in ("A1", "B2", "C3", "A10")]
    result = run(bench, serial_numbers=["a1", "nobody"], ids=[rows[2]["id"].upper(), guid("gone")])
    assert [device["serial_number"] for device in result["devices"]] == ["A1", "C3"]
    assert result["missing"] == {"serial_numbers": ["nobody"], "ids": [guid("gone")]}
    assert [one["subject"] for one in result["findings"]] == ["nobody", guid("gone")]
    assert [device["serial_number"] for device in run(bench)["devices"]] == ["A1", "A10", "B2", "C3"]


def test_a_serial_number_that_many_have_names_nobody(bench, graph):
    first = register(graph, "Default string")
    for serial in ("TWIN", "TWIN"):
        register(graph, serial)
    result = run(bench)
    assert [device["serial_usable"] for device in result["devices"]] == [False] * 3
    assert {one["subject"] for one in result["findings"]} == {row["id"] for row in graph.autopilot}
    assert only(run(bench, ids=[first["id"]]))["serial_number"] == "Default string"
    refused = run(bench, serial_numbers=["0000000"])
    assert refused["failed"] and refused["msg"].startswith("bad option serial_numbers")


# --- records ----------------------------------------------------------------------------------------------------------


def test_a_record_is_found_by_its_own_ids_and_by_a_serial_number_only_where_it_is_one(bench, graph):
    pcs = [graph.add(f"PC-{number}") for number in range(4)]
    records = [graph.enroll(pc, serialNumber=serial) for pc, serial in zip(pcs, ("X", "X", "C3", "Default string"))]
    register(graph, "A1", managedDeviceId=records[0]["id"])
    register(graph, "B2", device=pcs[1])
    register(graph, "C3")
    register(graph, "Default string")
    for many in (False, True):
        if many:
            for number in range(30):
                register(graph, f"MANY{number}")
        devices = {device["serial_number"]: device for device in run(bench, intune=True)["devices"]}
        assert {serial: devices[serial]["matched_by"] for serial in ("A1", "B2", "C3", "Default string")} == {
            "A1": "managed_device_id",
            "B2": "device_id",
            "C3": "serial_number",
            "Default string": None,
        }
        assert devices["A1"]["intune"]["id"] == records[0]["id"] and devices["A1"]["intune"]["name"] == "PC-0"
        assert devices["Default string"]["intune"] is None and devices["Default string"]["refused"] == []


def test_answers_with_other_devices_are_no_record(bench, graph):
    graph.enroll(graph.add("OTHER"))
    register(graph, "A1", device=graph.add("PC-1"))
    graph.ignore_filters = True
    device = only(run(bench, intune=True))
    assert device["intune"] is None and "ignored the filter" in device["refused"][0]


def test_what_its_own_ids_have_found_needs_no_serial_number(bench, graph):
    device = graph.add("PC-1")
    graph.enroll(device)
    register(graph, "A B-1", device=device)
    # The question for the device id comes first.
    refused = [lambda _request: None, error(400, "BadRequest", "Invalid filter clause")]
    graph.script = [("GET v1.0/deviceManagement/managedDevices", refused * 2)]
    found = only(run(bench, intune=True))
    assert found["matched_by"] == "device_id" and found["refused"] == []
    graph.managed.clear()
    assert only(run(bench, intune=True))["refused"] != []


def test_the_newest_of_several_records_counts(bench, graph):
    device = graph.add("PC-1")
    graph.enroll(device, lastSyncDateTime=days_ago(9))
    newest = graph.enroll(device, lastSyncDateTime=days_ago(1))
    register(graph, "A1", device=device)
    assert only(run(bench, intune=True))["intune"]["id"] == newest["id"]


def test_a_thousand_devices_take_a_handful_of_requests(bench, graph):
    for number in range(1000):
        device = graph.add(f"PC-{number:04}")
        record = graph.enroll(device, serialNumber=f"S{number:04}")
        register(graph, f"S{number:04}", device=device, managedDeviceId=record["id"])
    graph.page = 1000
    result = run(bench, intune=True, directory=True)
    assert result["count"] == 1000 and all(device["intune"] and device["directory"] for device in result["devices"])
    assert len(graph.requests) == 1 + 4 + 1


# --- deployments ------------------------------------------------------------------------------------------------------


def deployed(graph, state: str, enrolled: float | None = 0.99, synced: float = 0.8, **more) -> None:
    """A registered device with a record and an object, whose deployment began a day ago."""
    device = graph.add("PC-1")
    register(graph, "A1", device=device)
    if enrolled is not None:
        graph.enroll(device, enrolledDateTime=days_ago(enrolled), lastSyncDateTime=days_ago(synced))
    happen(graph, "A1", state, **more)


@pytest.mark.parametrize(
    ("state", "more", "outcome", "phase", "result"),
    [
        ("success", {}, "deployed", None, None),
        ("successOnRetry", {}, "deployed", None, None),
        ("successWithTimeout", {"deviceSetupStatus": "successWithTimeout"}, "incomplete", "device_setup", "warn"),
        ("inProgress", {"deviceSetupStatus": "inProgress"}, "in_progress", "device_setup", "warn"),
        ("inProgress", {"deviceSetupStatus": "success"}, "in_progress", "account_setup", "warn"),
        ("inProgress", {}, "in_progress", "device_preparation", "warn"),
        ("failure", {"accountSetupStatus": "failure"}, "failed", "account_setup", "fail"),
        (
            "failure",
            {"accountSetupStatus": "notAttempted", "deviceSetupStatus": "failure"},
            "failed",
            "device_setup",
            "fail",
        ),
        ("notAttempted", {}, "deployed", None, None),
        ("disabled", {}, "deployed", None, None),
        ("disabled", {"enrollmentState": "failed"}, "failed", "device_preparation", "fail"),
        ("unknown", {}, "unknown", None, "unknown"),
        (None, {}, "unknown", None, "unknown"),
    ],
)
def test_how_a_deployment_went(bench, graph, state, more, outcome, phase, result):
    deployed(graph, state, **more)
    told = run(bench, deployments=True)
    deployment = only(told)["deployment"]
    assert (deployment["outcome"], deployment["phase"]) == (outcome, phase)
    assert found(told).get("deployment") == result
    assert deployment["ended"] is (outcome in ("deployed", "incomplete", "failed"))
    assert deployment["confirmed"] is (None if outcome == "unknown" else True)


@pytest.mark.parametrize("state", ["inProgress", "failure"])
def test_an_event_that_never_ends_is_contradicted_by_a_device_at_work(bench, graph, state):
    deployed(graph, state, synced=0.1)
    assert only(run(bench, deployments=True))["deployment"]["outcome"] == "in_use"
    graph.managed[0]["enrolledDateTime"] = days_ago(30)
    assert only(run(bench, deployments=True))["deployment"]["outcome"] != "in_use", "that is an earlier enrollment"
    graph.managed.clear()
    assert only(run(bench, deployments=True))["deployment"]["outcome"] != "in_use"


def test_a_good_end_without_a_device_is_not_confirmed(bench, graph):
    deployed(graph, "success", enrolled=None)
    result = run(bench, deployments=True)
    assert only(result)["deployment"]["confirmed"] is False and found(result)["deployment"] == "warn"


def test_the_newest_deployment_counts_and_since_leaves_out_the_earlier_ones(bench, graph):
    register(graph, "A1", managedDeviceId=guid("second"))
    happen(graph, "A1", "success", 30, 1)
    happen(graph, "x", "failure", 2, 2, deviceId=guid("second").upper(), enrollmentFailureDetails="Error 0x80180014.")
    happen(graph, "A1", "success", 9, 0.1)
    happen(graph, "NOBODY", "success", 0.1, 0.1)
    deployment = only(run(bench, deployments=True))["deployment"]
    assert (deployment["outcome"], deployment["count"], deployment["code"]) == ("failed", 3, "0x80180014")
    began = datetime.datetime.fromisoformat(graph.events[1]["deploymentStartDateTime"].replace("Z", "+00:00"))
    for since, count in ((began, None), (began - datetime.timedelta(seconds=1), 1)):
        deployment = only(run(bench, deployments=True, since=since.isoformat()))["deployment"]
        assert (deployment and deployment["count"]) == count, "after is after"
    since = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)).isoformat()
    assert only(run(bench, deployments=True, since=since))["deployment"] is None


def test_events_of_a_shared_serial_number_are_nobodys(bench, graph):
    for _twin in range(2):
        register(graph, "TWIN")
    happen(graph, "TWIN", "success")
    assert [device["deployment"] for device in run(bench, deployments=True)["devices"]] == [None, None]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT1H2M3S", 3723),
        ("PT34.5S", 34),
        ("P1DT1S", 86401),
        ("P0D", 0),
        ("", None),
        (None, None),
        ("PT", None),
        ("5", None),
    ],
)
def test_durations(text, seconds):
    assert deployments.seconds_of(text) == seconds


@pytest.mark.parametrize("identity", [None, "", "a b/c", 7])
def test_an_event_with_an_odd_id_hurts_nobody(bench, graph, identity):
    register(graph, "A1")
    happen(graph, "A1", "success", id=identity)
    assert only(run(bench, deployments=True))["deployment"]["outcome"] == "deployed"


def test_what_is_not_said_hurts_nobody(bench, graph):
    dice = random.Random(7)
    fields = (
        "deploymentState",
        "eventDateTime",
        "deploymentStartDateTime",
        "deviceSetupDuration",
        "deviceSerialNumber",
    )
    register(graph, "A1")
    for _round in range(60):
        row = happen(graph, "A1", "success")
        row.update(dict.fromkeys(dice.sample(fields, dice.randrange(1, 6)), dice.choice([None, "", "9999-99"])))
    assert only(run(bench, deployments=True))["deployment"]["outcome"] in ("deployed", "unknown")


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_each_refusal_is_null_with_its_reason_and_the_rest_is_told(bench, graph):
    deployed(graph, "success")
    everything = only(run(bench, deployments=True))
    for pattern, field, says in (
        (EVENTS, "deployment", "its deployments could not be read"),
        ("GET v1.0/deviceManagement/managedDevices", "intune", "its record in Intune could not be read"),
        ("GET v1.0/devices", "directory", "its object in the directory could not be read"),
    ):
        graph.script = [(pattern + "(/.*)?", [error(403, "Forbidden")] * 9)]
        result = run(bench, deployments=True)
        device = only(result)
        assert "failed" not in result and device[field] is None
        assert [sentence.startswith(says) for sentence in device["refused"]] == [True], device["refused"]
        assert result["warnings"] == device["refused"]
        kept = {name for name in ("deployment", "intune", "directory") if device[name] is not None}
        assert kept == {"deployment", "intune", "directory"} - {field}
        if field == "deployment":
            assert found(result)["deployment"] == "unknown"
        else:
            assert device["deployment"]["confirmed"] is None and everything["deployment"]["confirmed"] is True


def test_without_the_registrations_there_is_nothing(bench, graph):
    graph.script = [(LIST, [error(403, "Forbidden")] * 9)]
    result = run(bench)
    assert result["failed"] and result["error"]["permissions"] == ["DeviceManagementServiceConfig.Read.All"]
    assert "devices" not in result


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_a_wait_ends_when_every_profile_is_assigned(bench, graph):
    rows = [register(graph, serial, "notAssigned") for serial in ("A1", "B2")]

    def later(request):
        if len(bench.slept) == 2:
            rows[0]["deploymentProfileAssignmentStatus"] = "assignedUnkownSyncState"
        if len(bench.slept) == 4:
            rows[1]["deploymentProfileAssignmentStatus"] = "assignedInSync"

    graph.script = [(LIST, [later] * 99)]
    result = run(bench, wait_for="profiles", poll_interval=5, deployments=True)
    assert sum("autopilotEvents" in url for url in graph.urls) == 1, "long lists are read once, at the end"
    assert [device["deployment"] for device in result["devices"]] == [None, None]
    assert result["waited"] == {"outcome": "done", "looks": 5, "waiting": [], "final": []} and "failed" not in result
    assert bench.slept == [5, 10, 5, 10], "the pause grows while nothing changes"


def test_the_pause_grows_to_four_times_at_most_and_the_last_look_is_at_the_end(bench, graph):
    register(graph, "A1", "pending")
    assert run(bench, 100, wait_for="profiles", poll_interval=5)["waited"]["looks"] == 8
    assert bench.slept == [5, 10, 20, 20, 20, 20, 5]


def test_a_wait_ends_early_on_what_waiting_cannot_mend(bench, graph):
    register(graph, "A1")
    register(graph, "B2", "failed", deploymentProfileAssignmentDetailedStatus="hardwareRequirementsNotMet")
    result = run(bench, wait_for="profiles")
    assert result["waited"]["outcome"] == "final" and result["waited"]["final"] == ["B2"] and bench.slept == []
    assert result["failed"] and result["error"]["name"] == "autopilot_profile_assignment"
    assert len(result["devices"]) == 2, "all the same"
    assert "failed" not in run(bench, wait_for="profiles", fail_on=[])


def test_a_wait_in_vain_ends_with_its_time_and_names_whom_it_was_for(bench, graph):
    register(graph, "A1", "pending")
    result = run(bench, 100, wait_for="profiles", serial_numbers=["A1", "NEW"], poll_interval=30)
    assert result["waited"]["outcome"] == "timeout" and result["waited"]["waiting"] == ["NEW", "A1"]
    assert sum(bench.slept) == pytest.approx(100) and result["failed"]
    assert {one["id"]: one["result"] for one in result["findings"]} == {
        "registration": "fail",
        "profile_assignment": "fail",
    }
    assert any("2 of 2 devices have no deployment profile yet (NEW, A1)" in sentence for sentence in bench.sentences)


def test_a_wait_for_deployments_ends_when_each_has_ended_well_or_badly(bench, graph):
    for serial in ("A1", "B2"):
        register(graph, serial)
    rows = [happen(graph, "A1", "inProgress")]

    def later(request):
        if len(bench.slept) == 1:
            rows[0]["deploymentState"] = "successWithTimeout"
        if len(bench.slept) == 2 and len(graph.events) == 1:
            happen(graph, "B2", "failure")

    graph.script = [(EVENTS, [later] * 99)]
    result = run(bench, wait_for="deployments", poll_interval=5, fail_on=["deployment"])
    assert result["waited"] == {"outcome": "done", "looks": 3, "waiting": [], "final": []}
    assert [device["deployment"]["outcome"] for device in result["devices"]] == ["incomplete", "failed"]
    assert result["error"]["name"] == "autopilot_deployment" and len(result["error"]["evidence"]) == 1


def test_deployments_that_nobody_may_read_are_not_waited_for(bench, graph):
    register(graph, "A1")
    graph.script = [(EVENTS, [error(403, "Forbidden")] * 9)]
    result = run(bench, wait_for="deployments")
    assert result["error"]["permissions"] == ["DeviceManagementManagedDevices.Read.All"] and bench.slept == []


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-11-21T08:00:00"}, "since"),
        ({"fail_on": ["nonsense"]}, "fail_on"),
        ({"serial_numbers": [" "]}, "serial_numbers"),
        ({"serial_numbers": ["To be filled by O.E.M."]}, "serial_numbers"),
    ],
)
def test_bad_options_are_refused_before_anything_is_asked(bench, graph, options, names):
    result = run(bench, **options)
    assert result["failed"] and result["msg"].startswith(f"bad option {names}: ") and graph.requests == []
