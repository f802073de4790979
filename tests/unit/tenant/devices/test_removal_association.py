# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""device_removal and device associations: whose they are, in which order they go, and what is told of the firmware."""

from __future__ import annotations

import httpx
import pytest

from ..fake_graph import error
from ..tenant_graph import association_of, run

ASSOCIATIONS = "tenantAssociatedDevices"


def test_the_order_is_intune_user_autopilot_association_directory(bench, graph):
    record = graph.full("A")
    graph.autopilot[0]["userPrincipalName"] = "ada@contoso.com"
    graph.associate("SN-A")
    result = run(bench, [record])
    assert [path.split("/")[-2:][0 if method == "DELETE" else 1] for method, path, _body in graph.writes] == [
        "managedDevices",
        "unassignUserFromDevice",
        "windowsAutopilotDeviceIdentities",
        ASSOCIATIONS,
        "devices",
    ]
    assert association_of(result["devices"][0]) == "changed" and graph.associated == []
    assert len(result["changes"]) == 4 and not any("firmware" in text for text in result["warnings"])
    assert run(bench, [record])["changed"] is False


def test_a_registration_whose_user_cannot_be_taken_stays_and_what_follows_too(bench, graph):
    record = graph.full("A")
    graph.autopilot[0]["userPrincipalName"] = "ada@contoso.com"
    graph.associate("SN-A")
    graph.on("unassignUserFromDevice", error(400, "BadRequest"))
    [device] = run(bench, [record])["devices"]
    assert device["intune"]["outcome"] == "changed" and device["autopilot"]["outcome"] == "skipped"
    assert device["autopilot"]["error"] and association_of(device) == "skipped"
    assert len(graph.autopilot) == len(graph.associated) == len(graph.devices) == 1


def test_a_registration_that_is_listed_still_is_waited_for_within_the_timeout(bench, graph):
    record, graph.listed = graph.full("A"), 3
    result = run(bench, [record])
    assert "error" not in result and graph.devices == {} and bench.slept
    record, graph.listed = graph.full("B"), 10**6
    result = run(bench, [record], limit=10)
    assert result["error"]["name"] == "not_shown" or result["error"]["name"] == "partly_done"
    assert sum(bench.slept) <= 30 and len(graph.devices) == 1


def test_an_associated_device_stays_pending_and_the_mark_is_told(bench, graph):
    record = graph.full("A")
    graph.associate("SN-A", associationState="associated")
    checked = run(bench, [record], check_mode=True)
    done = run(bench, [record])
    assert checked["changes"] == done["changes"] and association_of(done["devices"][0]) == "changed"
    for told in (checked, done):
        assert any("firmware" in text and "A (" in text for text in told["warnings"])
    assert [row["associationState"] for row in graph.associated] == ["pendingRemoval"] and graph.devices == {}
    again = run(bench, [record])
    assert again["changed"] is False and association_of(again["devices"][0]) is None


def test_the_intune_record_ties_an_association_before_any_serial_number(bench, graph):
    record, other = graph.full("A"), graph.full("B")
    graph.associate("SN-A", managedDeviceId=other["intune_device_id"].upper())
    [device] = run(bench, [record])["devices"]
    assert association_of(device) is None and len(graph.associated) == 1
    assert len(graph.associated) == 1
    [device] = run(bench, [other])["devices"]
    assert "another serial number" in device["problem"] and len(graph.associated) == 1


def test_the_device_s_own_word_for_its_serial_number_selects_nothing(bench, graph):
    record = graph.full("A", proof="missing")
    graph.managed[0]["serialNumber"] = graph.autopilot[0]["serialNumber"] = None
    graph.associate("SN-A")
    own = {**record, "proof": None}
    result = run(bench, [{**record, "proof": "recorded"}])
    assert association_of(result["devices"][0]) is None and len(graph.associated) == 1
    assert any("stays" in text and "device_association" in text for text in result["warnings"])
    graph.full("A")
    assert association_of(run(bench, [own])["devices"][0]) == "changed"


def test_a_placeholder_serial_number_selects_nothing(bench, graph):
    record = graph.full("A", serial_number="Default string")
    graph.managed[0]["serialNumber"] = graph.autopilot[0]["serialNumber"] = "Default string"
    graph.associate("Default string")
    assert association_of(run(bench, [record])["devices"][0]) is None and len(graph.associated) == 1


def test_a_serial_number_of_two_registrations_selects_nothing_although_only_one_device_leaves(bench, graph):
    record, stays = graph.full("A"), graph.add("B")
    graph.register(stays, serial="sn-a")
    graph.associate("SN-A")
    result = run(bench, [record])
    [device] = result["devices"]
    assert device["association"] is None and len(graph.associated) == 1
    assert device["autopilot"]["outcome"] == device["directory"]["outcome"] == "changed"
    assert any("association" in text and "stays" in text for text in result["warnings"])


def test_two_associations_and_two_owners_are_left_out(bench, graph):
    one, two = graph.full("A"), graph.full("B")
    graph.associate("SN-A")
    graph.associate("SN-A")
    graph.autopilot[1]["serialNumber"] = "SN-C"
    graph.managed[1]["serialNumber"] = "SN-C"
    result = run(bench, [one, {**two, "serial_number": "SN-C"}])
    assert "second association" in result["devices"][0]["problem"] and len(graph.associated) == 2
    assert result["devices"][1]["problem"] is None


@pytest.mark.parametrize("status", [400, 404])
def test_a_tenant_without_associations_is_no_failure(bench, graph, status):
    record = graph.full("A")
    graph.on(f"{ASSOCIATIONS}$", error(status, "BadRequest", "Resource not found for the segment"))
    result = run(bench, [record])
    assert "error" not in result and graph.devices == {} and result["associations_unread"]
    assert run(bench, [graph.full("B")])["associations_unread"] is None


def test_a_list_of_associations_that_cannot_be_read_keeps_everything(bench, graph):
    record = graph.full("A")
    graph.on(f"{ASSOCIATIONS}$", *[error(403, "Forbidden")] * 4)
    result = run(bench, [record])
    assert result["error"] and graph.writes == [] and len(graph.devices) == 1
    graph.script.clear()
    graph.on(f"{ASSOCIATIONS}$", *[httpx.Response(200, json={"value": [{"id": 1}]})] * 4)
    assert run(bench, [record])["error"]["name"] == "unreadable_answer" and graph.writes == []


def test_without_the_option_associations_are_neither_read_nor_removed(bench, graph):
    record = graph.full("A")
    graph.associate("SN-A")
    result = run(bench, [record], association=False)
    assert "error" not in result and len(graph.associated) == 1 and result["associations_unread"] is None
    assert not [path for _method, path, body in graph.requests if ASSOCIATIONS in f"{path} {body}"]


def test_a_removal_that_gets_no_answer_is_looked_up_and_not_sent_again(bench, graph):
    record = graph.full("A")
    row = graph.associate("SN-A")

    def lost(_request):
        graph.associated.remove(row)
        return error(503, "ServiceUnavailable")

    graph.on(f"DELETE .*{ASSOCIATIONS}", lost)
    result = run(bench, [record])
    sent = [path for method, path, _body in graph.requests if method == "DELETE" and ASSOCIATIONS in path]
    assert len(sent) == 1 and association_of(result["devices"][0]) == "changed"
