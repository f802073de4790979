# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""device_association: who is meant, what is refused before a request, and that nothing is sent twice."""

from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.modules.device_association import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.option_door import ansible_spec
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.associations import association
from tests.lab.device import device_link

from ..device_graph import DeviceBench
from ..fake_graph import error, guid
from ..preparation_graph import IMPORT, PreparationGraph

UUID, OTHER = guid("smbios S1"), guid("another smbios")


@pytest.fixture
def bench() -> DeviceBench:
    made = DeviceBench()
    made.graph = PreparationGraph()
    return made


@pytest.fixture
def graph(bench) -> PreparationGraph:
    return bench.graph


def run(bench, *devices, check_mode=False, limit=300, **options):
    checked = ArgumentSpecValidator(ansible_spec(ARGUMENT_SPEC)).validate({"devices": list(devices), **options})
    assert not checked.error_messages
    return bench.run(association.ensure, checked.validated_parameters, check_mode, limit)


def link(serial="S1", uuid=UUID, **more):
    return {"device_link": device_link.make(serial, uuid), **more}


def told(result):
    return [(one["outcome"], one["state"]) for one in result["devices"]]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({}, "names no device"),
        ({"serial_number": "Default string"}, "placeholder"),
        ({"serial_number": "S2", **link()}, "is of the device S1"),
        ({"smbios_uuid": OTHER, **link()}, "is of the device"),
        ({"serial_number": "S1", "device_link": "YWJj"}, "not JSON"),
    ],
)
def test_what_names_no_device_is_refused_before_a_request(bench, graph, entry, why):
    result = run(bench, entry)
    assert result["error"]["name"] == "bad_option" and why in result["error"]["cause"] and graph.requests == []


def test_one_device_named_twice_is_one_and_not_alike_is_refused(bench, graph):
    assert told(run(bench, link(), link())) == [("changed", "preassociated")]
    result = run(bench, link(), link(device_preparation_policy="Office"))
    assert result["error"]["name"] == "bad_option" and "named twice" in result["error"]["cause"]


def test_a_serial_number_is_compared_exactly_and_with_its_uuid(bench, graph):
    graph.associate("S1X")
    graph.associate("s1")
    assert told(run(bench, {"serial_number": "S1"}, state="absent")) == [("unchanged", "absent")]
    graph.associate("S1", smbiosUuid=OTHER)
    result = run(bench, {"serial_number": "S1", "smbios_uuid": UUID}, state="absent")
    assert told(result) == [("unchanged", "absent")] and len(graph.associated) == 3


def test_a_placeholder_is_found_by_the_uuid(bench, graph):
    graph.associate("Default string", smbiosUuid=OTHER)
    graph.associate("Default string", smbiosUuid=UUID.upper())
    result = run(bench, {"serial_number": "Default string", "smbios_uuid": UUID}, state="absent")
    assert told(result) == [("changed", "absent")]
    assert [row["smbiosUuid"] for row in graph.associated] == [OTHER]


def test_two_records_of_one_serial_number_are_left_out_and_the_others_go_on(bench, graph):
    graph.associate("S1")
    graph.associate("S1")
    graph.associate("S2")
    result = run(bench, {"serial_number": "S1"}, {"serial_number": "S2"}, state="absent")
    assert told(result) == [("skipped", "absent"), ("changed", "absent")]
    assert "2 associations" in result["devices"][0]["problem"] and result["error"]["name"] == "devices_left_out"


@pytest.mark.parametrize("names", [(), ("Office", "Office")])
def test_a_policy_that_is_not_exactly_one_is_refused(bench, graph, names):
    for name in names:
        graph.prepare(name)
    graph.prepare("Office", family="endpointSecurityFirewall")
    result = run(bench, link(device_preparation_policy="Office"))
    assert result["error"]["name"] == ("policy_ambiguous" if names else "policy_unknown") and graph.writes == []


def test_a_policy_is_bound_once_and_kept_where_none_is_named(bench, graph):
    office, shop = graph.prepare("Office"), graph.prepare("Shop")
    run(bench, link(device_preparation_policy="Office"))
    assert graph.associated[0]["devicePreparationPolicyId"] == office["id"]
    for entry in ({"serial_number": "S1"}, link(device_preparation_policy=office["id"].upper())):
        assert run(bench, entry)["changed"] is False
    run(bench, {"serial_number": "S1", "device_preparation_policy": "Shop"})
    assert graph.associated[0]["devicePreparationPolicyId"] == shop["id"]


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("answer", [503, 504])
def test_an_import_without_an_answer_is_looked_up_and_never_sent_again(bench, graph, answer, arrived):
    def lost(request):
        if arrived:
            graph.associate("S1", smbiosUuid=UUID)
        return error(answer, "ServiceUnavailable")

    graph.on(IMPORT, lost)
    result = run(bench, link(), limit=20)
    assert sum(IMPORT in path for _method, path, _body in graph.requests) == 1
    assert told(result) == ([("changed", "preassociated")] if arrived else [("unknown", "unknown")])
    assert ("error" in result) is not arrived


def test_a_conflict_is_success_where_the_list_has_it_and_else_another_tenants(bench, graph):
    def others(_request):
        graph.associate("S1", smbiosUuid=UUID)
        return error(409, "Conflict")

    graph.on(IMPORT, others)
    assert told(run(bench, link())) == [("unchanged", "preassociated")]
    graph.elsewhere.add("S2")
    result = run(bench, link("S2", OTHER))
    assert told(result) == [("failed", "absent")] and "another tenant" in result["devices"][0]["error"]["cause"]


def test_a_list_that_is_not_read_to_its_end_changes_nothing(bench, graph):
    for number in range(3):
        graph.associate(f"S{number}")
    graph.on("tenantAssociatedDevices$", *[error(500, "InternalServerError")] * 9)
    result = run(bench, link("S9"), limit=5)
    assert result["error"] and graph.writes == []


def test_a_state_that_nobody_knows_is_unknown(bench, graph):
    graph.associate("S1", associationState="somethingNew")
    assert told(run(bench, {"serial_number": "S1"})) == [("unchanged", "unknown")]
