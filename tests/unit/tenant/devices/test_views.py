# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""directory_device_info: few requests, every answer compared with the question, three views brought together."""

from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.doc_fragments.named_devices import NAMED_DEVICES_SPEC
from ansible_collections.winops.entra.plugins.modules.directory_device_info import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.devices import views

from ..device_graph import days_ago
from ..fake_graph import error, guid
from ..resources.test_group import HOSTILE
from ..troubled_graph import INTUNE, TROUBLES, TroubledGraph, make_trouble


def run(bench, **options):
    checked = ArgumentSpecValidator({**NAMED_DEVICES_SPEC, **ARGUMENT_SPEC}).validate(options)
    assert not checked.error_messages
    return bench.run(views.find_devices, checked.validated_parameters, check_mode=True)


def names(result):
    return [device["name"] for device in result["devices"]]


def test_a_device_is_shown_in_plain_words(bench, graph):
    device = graph.add(
        "PC-1",
        approximateLastSignInDateTime=days_ago(3.5),
        isCompliant=True,
        physicalIds=["[OrderId]:kiosk", "[ZTDID]:abc"],
    )
    (found,) = run(bench, names=["pc-1"])["devices"]
    assert found["device_id"] == device["deviceId"] and found["object_id"] == device["id"]
    assert (found["join_type"], found["inactive_days"], found["compliant"]) == ("entra", 3, True)
    assert (found["autopilot_anchor"], found["group_tag"]) == (True, "kiosk")
    assert "intune" not in found and "extension_attributes" not in found


def test_a_thousand_named_devices_need_a_handful_of_requests(bench, graph):
    devices = [graph.add(f"PC-{number:04}") for number in range(1000)]
    for device in devices:
        graph.enroll(device)
    result = run(bench, device_ids=[device["deviceId"] for device in devices], intune=True)
    assert result["count"] == 1000 and not any(result["missing"].values())
    assert all(found["intune"]["name"] == found["name"] for found in result["devices"])
    assert [len(batch) for batch in graph.batches] == [20, 20, 20, 7]
    assert len(graph.requests) == 6  # two pages of Intune's list, as this one's pages hold 999


def test_devices_come_in_the_order_in_which_they_were_named_and_once_each(bench, graph):
    for name in "CAB":
        graph.add(name)
    result = run(bench, names=["A", "B", "a"], object_ids=[guid("object B"), guid("object C")])
    assert names(result) == ["B", "C", "A"]


def test_what_is_missing_is_told_by_option(bench, graph):
    graph.add("A")
    gone = guid("gone").upper()
    result = run(bench, names=["A", "Nobody"], device_ids=[gone])
    assert result["missing"] == {"names": ["Nobody"], "device_ids": [gone.lower()], "object_ids": []}
    assert names(result) == ["A"]


def test_all_devices_of_a_name_are_found_on_all_pages(bench, graph):
    graph.page = 2
    for number in range(5):
        graph.add("SAME", key=str(number))
    assert run(bench, names=["same"])["count"] == 5


def test_an_empty_list_of_names_is_not_the_whole_tenant(bench, graph):
    graph.add("A")
    assert run(bench, names=[])["devices"] == [] and graph.requests == []


def test_filters_of_the_directory_and_their_header(bench, graph):
    graph.add("STALE", approximateLastSignInDateTime=days_ago(100))
    graph.add("FRESH")
    result = run(bench, stale_days=90, join_type="entra", enabled=True)
    url = graph.urls[0]
    assert "%24" not in url and "$count=true" in url and graph.headers[0]["ConsistencyLevel"] == "eventual"
    assert "trustType%20eq%20%27AzureAd%27" in url and "accountEnabled%20eq%20true" in url
    assert names(result) == ["STALE"]


def test_a_plain_list_needs_no_index(bench, graph):
    graph.add("A")
    run(bench, enabled=True)
    assert "ConsistencyLevel" not in graph.headers[0] and "$count" not in graph.urls[0]


def test_devices_without_a_stamp_are_judged_by_their_registration(bench, graph):
    graph.add("NEVER-OLD", approximateLastSignInDateTime=None, registrationDateTime=days_ago(200))
    graph.add("NEVER-NEW", approximateLastSignInDateTime=None, registrationDateTime=days_ago(2))
    graph.add("UNKNOWN", approximateLastSignInDateTime=None, registrationDateTime=None)
    graph.add(
        "WAITING",
        approximateLastSignInDateTime=None,
        registrationDateTime=days_ago(900),
        accountEnabled=False,
        physicalIds=["[ZTDID]:x"],
    )
    assert names(run(bench, stale_days=90)) == ["NEVER-OLD"]
    everything = {device["name"]: device["inactive_days"] for device in run(bench)["devices"]}
    assert everything == {"NEVER-OLD": 200, "NEVER-NEW": 2, "UNKNOWN": None, "WAITING": None}


def test_a_small_number_of_days_is_warned_about(bench, graph):
    assert "14 days" in run(bench, stale_days=7)["warnings"][0]
    assert "warnings" not in run(bench, stale_days=15)


def test_null_is_neither_compliant_nor_managed(bench, graph):
    graph.add("NULL")
    graph.add("NO", isCompliant=False, isManaged=False)
    graph.add("YES", isCompliant=True, isManaged=True)
    assert names(run(bench, compliant=True)) == names(run(bench, managed=True)) == ["YES"]
    assert names(run(bench, compliant=False)) == names(run(bench, managed=False)) == ["NULL", "NO"]


def test_filters_narrow_down_what_was_named(bench, graph):
    graph.add("A", trustType="Workplace")
    graph.add("B")
    result = run(bench, names=["A", "B"], join_type="registered", intune=True)
    assert names(result) == ["A"] and result["missing"]["names"] == []


def test_devices_of_an_owner(bench, graph):
    mine = [graph.add(name)["id"] for name in ("A", "B")]
    graph.add("OTHER")
    graph.owners = {"ada@contoso.com": mine}
    graph.page = 1
    assert names(run(bench, owner="ada@contoso.com")) == ["A", "B"]
    assert names(run(bench, owner="ada@contoso.com", names=["B", "OTHER"])) == ["B"]
    assert run(bench, owner="nobody@contoso.com")["error"]["name"] == "not_found"


def test_intune_is_put_beside_by_device_id(bench, graph):
    graph.enroll(graph.add("A"), serialNumber="S1")
    graph.add("B")
    a, b = run(bench, names=["A", "B"], intune=True)["devices"]
    assert (a["intune"]["serial_number"], a["intune"]["compliance"], a["intune_records"]) == ("S1", "compliant", 1)
    assert a["intune"]["enrolled"] is None and a["intune"]["user"] is None
    assert (b["intune"], b["intune_records"]) == (None, 0)


@pytest.mark.parametrize(
    ("said", "user"),
    [
        ("", None),
        ("package_3f2504e0-4f89-11d3-9a0c-0305e82c3301@contoso.com", None),
        ("Package_3F2504E0-4F89-11D3-9A0C-0305E82C3301@contoso.com", None),
        ("package_tours@contoso.com", "package_tours@contoso.com"),
        ("ada@contoso.com", "ada@contoso.com"),
    ],
)
def test_the_account_of_a_package_is_nobodys_user(bench, graph, said, user):
    graph.enroll(graph.add("A"), userPrincipalName=said)
    (found,) = run(bench, names=["A"], intune=True)["devices"]
    assert found["intune"]["user"] == user


def test_what_v1_has_no_name_for_is_not_known(bench, graph):
    graph.enroll(graph.add("VM"), deviceEnrollmentType="unknownFutureValue")
    (found,) = run(bench, names=["VM"], intune=True)["devices"]
    assert found["intune"]["enrollment_type"] is None


@pytest.mark.parametrize(("said", "ownership"), [("Company", "company"), ("personal", "personal"), (None, None)])
def test_ownership_is_written_one_way(bench, graph, said, ownership):
    graph.add("A", deviceOwnership=said)
    (found,) = run(bench, names=["A"])["devices"]
    assert found["ownership"] == ownership


def test_of_several_records_the_one_that_synchronized_last_counts(bench, graph):
    device = graph.add("A")
    graph.enroll(device, lastSyncDateTime=days_ago(50), serialNumber="old")
    graph.enroll(device, lastSyncDateTime=days_ago(1), serialNumber="new")
    graph.enroll(device, lastSyncDateTime="0001-01-01T00:00:00Z", serialNumber="never")
    (found,) = run(bench, names=["A"], intune=True)["devices"]
    assert (found["intune"]["serial_number"], found["intune_records"]) == ("new", 3)


def test_a_filter_that_intune_ignores_is_noticed(bench, graph):
    for name in "ABC":
        graph.enroll(graph.add(name))
    graph.ignore_filters = True
    assert run(bench, names=["A"], intune=True)["error"]["name"] == "filter_ignored"


def test_each_device_is_asked_for_alone(bench, graph):
    """Of several device ids in one filter Intune looks at the first only."""
    for name in "AB":
        graph.enroll(graph.add(name))
    run(bench, names=["A", "B"], intune=True)
    assert all(" or " not in item["url"] for item in graph.batches[1])


def test_a_large_intune_is_not_read_for_a_few_devices(bench, graph):
    devices = [graph.add(f"PC-{number}") for number in range(30)]
    for number in range(5000):
        graph.managed.append({"id": str(number), "azureADDeviceId": guid(f"other {number}"), "deviceName": "x"})
    for device in devices:
        graph.enroll(device)
    result = run(bench, device_ids=[device["deviceId"] for device in devices], intune=True)
    assert all(device["intune"] for device in result["devices"])
    assert len(graph.requests) <= 1 + 3 + 2  # look-up, two pages and the one after, 30 ids


def test_devices_that_only_intune_has_are_found_by_their_id_and_in_the_whole_tenant(bench, graph):
    graph.enroll({"deviceId": guid("orphan"), "displayName": "ORPHAN"})
    graph.add("A")
    result = run(bench, device_ids=[guid("orphan")], intune=True)
    assert names(result) == ["ORPHAN"] and result["devices"][0]["object_id"] is None
    assert result["missing"]["device_ids"] == [guid("orphan")]
    assert names(run(bench, intune=True)) == ["A", "ORPHAN"]
    assert names(run(bench, intune=True, enabled=True)) == ["A"]


def test_autopilot_is_put_beside_by_device_id(bench, graph):
    device = graph.add("A")
    graph.autopilot += [
        {
            "id": "1",
            "serialNumber": "S1",
            "groupTag": "kiosk",
            "azureActiveDirectoryDeviceId": device["deviceId"],
            "lastContactedDateTime": "0001-01-01T00:00:00Z",
        },
        {"id": "2", "serialNumber": "S2", "azureActiveDirectoryDeviceId": views.NO_DEVICE},
    ]
    (found,) = run(bench, names=["A"], autopilot=True)["devices"]
    assert (found["autopilot"]["serial_number"], found["autopilot"]["group_tag"]) == ("S1", "kiosk")
    assert found["autopilot"]["last_contact"] is None
    whole = run(bench, autopilot=True, intune=True)["devices"]
    assert [device["autopilot"]["serial_number"] for device in whole] == ["S1", "S2"]
    assert whole[1]["device_id"] is None and whole[1]["intune"] is None


def test_extension_attributes_where_asked(bench, graph):
    graph.add("A", extensionAttributes={"extensionAttribute2": "x", "extensionAttribute3": ""})
    (found,) = run(bench, extension_attributes=True)["devices"]
    assert found["extension_attributes"]["extensionAttribute2"] == "x" and "/beta/" in graph.urls[0]
    assert found["extension_attributes"]["extensionAttribute3"] is None and len(found["extension_attributes"]) == 15


@pytest.mark.parametrize(
    "options, path, permission",
    [
        ({}, "v1.0/devices", "Device.Read.All"),
        ({"intune": True}, "managedDevices", "DeviceManagementManagedDevices.Read.All"),
        ({"autopilot": True}, "Autopilot", "DeviceManagementServiceConfig.Read.All"),
        ({"owner": "ada@contoso.com"}, "ownedDevices", "User.Read.All"),
    ],
    ids=str,
)
def test_a_missing_permission_is_named(bench, graph, options, path, permission):
    graph.on(f"GET .*{path}", error(403, "Authorization_RequestDenied"))
    assert run(bench, **options)["error"]["permissions"] == [permission]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_finds_exactly_the_named_device(bench, graph, name):
    graph.add(name)
    graph.add("bystander")
    assert names(run(bench, names=[name])) == [name]


def test_a_device_id_that_is_none_is_missing_and_the_others_are_found(bench, graph):
    found = graph.add("PC-9")
    result = run(bench, device_ids=["PC-1", found["deviceId"]], intune=True, autopilot=True)
    assert names(result) == ["PC-9"] and result["missing"]["device_ids"] == ["PC-1"]
    assert "PC-1" in result["warnings"][0] and "is not a GUID" in result["warnings"][0]
    assert run(bench, device_ids=["PC-1"])["error"]["name"] == "bad_option"


# --- what Intune does not say -----------------------------------------------------------------------------------------


@pytest.fixture
def troubled(bench) -> TroubledGraph:
    bench.graph = TroubledGraph()
    return bench.graph


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_intune_does_not_say_of_one_device_is_null_with_its_reason(bench, troubled, trouble):
    for name in "AB":
        troubled.enroll(troubled.add(name), serialNumber=f"S{name}")
    make_trouble(troubled, INTUNE, trouble, guid("device A"))
    result = run(bench, names=["A", "B"], intune=True)
    a, b = result["devices"]
    assert (a["intune"], a["intune_records"]) == (None, None) and a["object_id"]
    assert len(a["refused"]) == 1 and "Intune could not be read" in a["refused"][0]
    assert (b["intune"]["serial_number"], b["intune_records"], b["refused"]) == ("SB", 1, [])
    assert len(result["warnings"]) == 1 and guid("device A") in result["warnings"][0]


def test_of_one_device_alone_too(bench, troubled):
    troubled.enroll(troubled.add("A"))
    make_trouble(troubled, INTUNE, "broken")
    (found,) = run(bench, names=["A"], intune=True)["devices"]
    assert found["intune_records"] is None and "answered 500" in found["refused"][0]


def test_a_device_that_only_autopilot_has_is_not_said_to_have_no_record(bench, troubled):
    troubled.register({"deviceId": guid("device A")}, displayName="A")
    make_trouble(troubled, INTUNE, "page behind a text")
    (found,) = run(bench, device_ids=[guid("device A")], intune=True, autopilot=True)["devices"]
    assert found["autopilot"] and (found["intune"], found["intune_records"]) == (None, None) and found["refused"]


@pytest.mark.parametrize("trouble", ["refused", "page behind refused"])
def test_what_is_refused_for_all_of_them_is_a_failure(bench, troubled, trouble):
    for name in "AB":
        troubled.enroll(troubled.add(name))
    make_trouble(troubled, INTUNE, trouble)
    assert run(bench, names=["A", "B"], intune=True)["error"]["permissions"]


def test_a_record_on_the_page_behind_an_empty_one_is_found(bench, troubled):
    """As Intune may answer a filtered list (microsoft-graph-docs issue 20637)."""
    troubled.enroll(troubled.add("A"), serialNumber="S1")
    make_trouble(troubled, INTUNE, "page behind a text")
    troubled.later = None
    (found,) = run(bench, names=["A"], intune=True)["devices"]
    assert (found["intune"]["serial_number"], found["intune_records"], found["refused"]) == ("S1", 1, [])


def test_a_directory_that_does_not_say_whether_a_device_is_there_is_a_failure(bench, troubled):
    for name in "AB":
        troubled.add(name)
    make_trouble(troubled, "devices", "broken", guid("device A"))
    result = run(bench, device_ids=[guid("device A"), guid("device B")])
    assert result["error"]["name"] == "service_unavailable"


def test_only_devices_that_are_enabled_or_are_not(bench, graph):
    graph.add("ON")
    graph.add("OFF", accountEnabled=False)
    assert names(run(bench, enabled=True)) == ["ON"] and names(run(bench, enabled=False)) == ["OFF"]
    assert ["eq%20true" in url for url in graph.urls] == [True, False]
    assert ["eq%20false" in url for url in graph.urls] == [False, True]
