# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing of a tenant is removed on a device's word: by its key, or by what was recorded before."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.devices import ownership

from ..fake_graph import error, guid
from ..tenant_graph import nothing_left, outcomes, run

OWN, FOREIGN = "AB" * 20, "CD" * 20
HASH = "zw4/fMMN7MbkH3DB7XrbDgnGchQ/wkRHkkb32d2M5Nk="
#: As lithnet/access-manager prints a real one.
SAMPLE = f"X509:<SHA1-TP-PUBKEY>1BBF43F156D6544D87BD98580273C75F0344DA56{HASH}"


def key(text: str, encoding: str = "utf-16-le") -> str:
    return base64.b64encode(text.encode(encoding)).decode()


def known_by(thumbprint: str) -> list[dict]:
    return [{"type": 2, "identityProvider": None, "key": key(f"X509:<SHA1-TP-PUBKEY>{thumbprint}{HASH}")}]


def leaver(graph, name: str, thumbprint: str | None = OWN, **changes) -> dict:
    """A device in all places, and the record of a device that has proved its key."""
    record = graph.full(name, device=name.lower(), hostname=name, proof="proved", proved_thumbprint=thumbprint)
    row = next(row for row in graph.devices.values() if row["deviceId"] == record["device_id"])
    row["alternativeSecurityIds"] = known_by(OWN)
    managed = next(one for one in graph.managed if one["id"] == record["intune_device_id"])
    managed["serialNumber"] = record["serial_number"]
    return {**record, **changes}


# --- how the directory knows a device ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "found"),
    [
        ([{"type": 2, "key": key(SAMPLE)}], {"1BBF43F156D6544D87BD98580273C75F0344DA56"}),
        ([{"type": 2, "key": key(SAMPLE.replace("4DA56", "4DA56+"))}], {"1BBF43F156D6544D87BD98580273C75F0344DA56"}),
        ([{"type": 2, "key": key(SAMPLE.lower())}], {"1BBF43F156D6544D87BD98580273C75F0344DA56"}),
        ([*known_by(OWN), *known_by(FOREIGN)], {OWN, FOREIGN}),
        ([{"type": 1, "key": key(SAMPLE)}], set()),
        ([{"type": 2, "key": key(SAMPLE, "utf-8")}], set()),
        ([{"type": 2, "key": key("X509:<SHA1-TP-PUBKEY>1BBF")}], set()),
        ([{"type": 2, "key": None}, {"type": 2, "key": "no base64"}, {"type": 2, "key": 7}, "x", None, {}], set()),
        ([], set()),
        (None, set()),
    ],
)
def test_the_thumbprints_of_a_device(items, found):
    assert ownership.thumbprints({"alternativeSecurityIds": items}) == found


# --- a proof ----------------------------------------------------------------------------------------------------------


def test_a_device_whose_key_the_directory_knows_is_removed(bench, graph):
    result = run(bench, [leaver(graph, "PC-1")])
    assert outcomes(result["devices"][0]) == ["changed"] * 3 and nothing_left(graph)
    assert (result["devices"][0]["evidence"], result["devices"][0]["device"]) == ("proved", "pc-1")


STATES = {
    "another key": {"proved_thumbprint": FOREIGN},
    "no key": {"proved_thumbprint": None},
    "nothing signed": {"proof": "missing", "proved_thumbprint": None, "not_proved": "its key is gone"},
    "a false proof": {"proof": "failed", "proved_thumbprint": None, "not_proved": "the proof is wrong"},
    "check mode": {"proof": "not_yet", "proved_thumbprint": None, "not_proved": "not proved yet"},
    "an unknown word": {"proof": "trust me", "proved_thumbprint": None},
    "another name": {"hostname": "PC-2"},
    "another serial number": {"serial_number": "SN-other"},
    "another Intune record": {"intune_device_id": guid("another")},
    "another tenant": {"tenant_id": guid("another tenant")},
}


@pytest.mark.parametrize("state", STATES)
def test_what_is_not_proved_stays_and_the_others_go_on(bench, graph, state):
    record, fine = leaver(graph, "PC-1", **STATES[state]), leaver(graph, "PC-9")
    result = run(bench, [record, fine], tenant_id=guid("this tenant"))
    assert result["error"]["name"] == "ownership_uncertain" and "pc-1" in result["error"]["evidence"][0].lower()
    assert [outcomes(device) for device in result["devices"]] == [[None] * 3, ["changed"] * 3]
    assert result["devices"][0]["problem"] and result["devices"][1]["problem"] is None
    assert [row["displayName"] for row in graph.devices.values()] == ["PC-1"]
    assert len(graph.managed) == len(graph.autopilot) == 1


def test_a_certificate_that_the_directory_does_not_know_is_named(bench, graph):
    record = leaver(graph, "PC-1", FOREIGN)
    [evidence] = run(bench, [record])["error"]["evidence"]
    assert OWN in evidence and FOREIGN in evidence
    for row in graph.devices.values():
        row["alternativeSecurityIds"] = []
    assert "by no certificate" in run(bench, [record])["error"]["evidence"][0]


def test_without_an_object_no_proof_can_be_judged(bench, graph):
    record = leaver(graph, "PC-1")
    graph.devices.clear()
    result = run(bench, [record])
    assert result["error"]["name"] == "ownership_uncertain" and "no object" in result["msg"]
    assert graph.managed and graph.autopilot and graph.writes == []


def test_of_a_device_that_the_tenant_does_not_know_nothing_needs_a_proof(bench, graph):
    record = {"device_id": guid("gone"), "proof": "failed", "not_proved": "the proof is wrong"}
    result = run(bench, [record])
    assert "failed" not in result and result["devices"][0]["problem"] is None


def test_check_mode_takes_what_is_still_to_be_proved_and_says_so(bench, graph):
    record = leaver(graph, "PC-1", None, proof="not_yet", not_proved="not proved yet")
    result = run(bench, [record], check_mode=True)
    assert len(result["changes"]) == 3 and "not proved yet" in result["warnings"][0] and "PC-1" in result["warnings"][0]


# --- what was recorded ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{"proof": "recorded"}, {"proof": None}])
def test_what_was_recorded_before_counts_where_everything_agrees(bench, graph, changes):
    record = leaver(graph, "PC-1", None, **changes)
    result = run(bench, [record])
    assert result["devices"][0]["evidence"] == "recorded" and nothing_left(graph)


@pytest.mark.parametrize(
    "odd", [{"hostname": "PC-2"}, {"serial_number": "other"}, {"intune_device_id": guid("another")}], ids=str
)
def test_what_was_recorded_before_does_not_count_where_something_disagrees(bench, graph, odd):
    record = leaver(graph, "PC-1", None, proof="recorded", **odd)
    assert run(bench, [record])["error"]["name"] == "ownership_uncertain" and graph.writes == []


@pytest.mark.parametrize(
    ("hostname", "name", "same"),
    [
        ("PC-1", "pc-1", True),
        ("PC-1", "PC-1.contoso.example", True),
        ("RECEPTION-DESKT", "RECEPTION-DESKTOP-2", True),
        ("RECEPTION", "RECEPTION-2", False),
        ("PC-1", "PC-11", False),
    ],
)
def test_names_are_compared_as_windows_writes_them(bench, graph, hostname, name, same):
    record = leaver(graph, "PC-1", hostname=hostname)
    for row, field in ((next(iter(graph.devices.values())), "displayName"), (graph.managed[0], "deviceName")):
        row[field] = name
    result = run(bench, [record], check_mode=True)
    assert ("failed" not in result) is same


@pytest.mark.parametrize("serial", ["SN PC 1", "sn-pc-1", "Default string", "To be filled by O.E.M.", ""])
def test_serial_numbers_that_are_the_same_or_none_agree(bench, graph, serial):
    record = leaver(graph, "PC-1")
    graph.managed[0]["serialNumber"] = serial
    assert "failed" not in run(bench, [record], check_mode=True)


# --- one id, several devices ------------------------------------------------------------------------------------------


def test_an_id_that_two_devices_have_proved_is_nobodys(bench, graph):
    record, fine = leaver(graph, "PC-1"), leaver(graph, "PC-9")
    clone = {**record, "device": "clone"}
    result = run(bench, [record, clone, fine])
    assert result["error"]["name"] == "ownership_uncertain" and "2 of 3 devices were left out" in result["msg"]
    assert [bool(device["problem"]) for device in result["devices"]] == [True, True, False]
    assert "clone" in result["devices"][0]["problem"] and "pc-1" in result["devices"][1]["problem"]
    assert [row["displayName"] for row in graph.devices.values()] == ["PC-1"]


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_devices_the_one_that_has_proved_the_id_goes_on(bench, graph, order):
    record = leaver(graph, "PC-1")
    liar = {**record, "device": "liar", "proof": "failed", "proved_thumbprint": None, "not_proved": "false"}
    result = run(bench, [record, liar][::order])
    assert result["error"]["name"] == "ownership_uncertain" and nothing_left(graph)
    assert {device["device"]: outcomes(device)[0] for device in result["devices"]} == {"pc-1": "changed", "liar": None}


def test_a_record_that_is_given_twice_is_one(bench, graph):
    record = leaver(graph, "PC-1")
    assert "failed" not in run(bench, [record, dict(record)]) and nothing_left(graph)


# --- the registration that a device names -----------------------------------------------------------------------------


def test_a_registration_that_only_the_device_names_stays(bench, graph):
    record, other = leaver(graph, "PC-1", autopilot=False), leaver(graph, "PC-2")
    mine, theirs = graph.autopilot
    record |= {"autopilot_id": theirs["id"], "serial_number": theirs["serialNumber"]}
    graph.managed[0]["serialNumber"] = theirs["serialNumber"]
    graph.autopilot.remove(mine)
    for row in graph.devices.values():
        if row["displayName"] == "PC-1":
            row["physicalIds"] = []
    result = run(bench, [record])
    assert outcomes(result["devices"][0]) == ["changed", None, "changed"] and graph.autopilot == [theirs]
    assert any(theirs["id"] in text and "own word" in text for text in result["warnings"])
    assert "failed" not in run(bench, [other]) and nothing_left(graph)


def test_a_registration_that_names_the_intune_record_is_the_device_s(bench, graph):
    record = leaver(graph, "PC-1")
    graph.autopilot[0].update(
        azureActiveDirectoryDeviceId=guid("its anchor"), managedDeviceId=record["intune_device_id"]
    )
    for row in graph.devices.values():
        row["physicalIds"] = []
    assert outcomes(run(bench, [record])["devices"][0]) == ["changed"] * 3 and nothing_left(graph)


# --- records that name no device --------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [{"device_id": "PC-1"}, {"device_id": None}, {"device_id": "x", "autopilot_id": "SN1"}])
def test_a_bad_id_leaves_that_one_out(bench, graph, bad):
    result = run(bench, [leaver(graph, "PC-1"), {**bad, "device": "odd"}])
    assert result["error"]["name"] == "ownership_uncertain" and "odd" in result["error"]["evidence"][0]
    assert nothing_left(graph) and [device["device"] for device in result["devices"]] == ["pc-1", "odd"]
    assert [bool(device["problem"]) for device in result["devices"]] == [False, True]
    alone = run(bench, [{**bad, "device": "odd"}])
    assert alone["error"]["name"] == "ownership_uncertain" and len(alone["devices"]) == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"hostname": ["PC-1"]},
        {"serial_number": {"a": 1}},
        {"tenant_id": [[]]},
        {"proof": True},
        {"proved_thumbprint": ["AB"]},
        {"device_id": ["PC-1"]},
        {"device_id": "x" * 100_000},
        {"device_id": "\ud800"},
        {"intune_device_id": {}, "autopilot_id": ["x"]},
    ],
    ids=",".join,
)
def test_what_a_device_says_that_is_not_a_text_leaves_that_one_out(bench, graph, odd):
    result = run(bench, [{**leaver(graph, "PC-1"), **odd}, leaver(graph, "PC-9")])
    assert result["error"]["name"] == "ownership_uncertain" and len(result["msg"]) < 1000
    assert {device["device"]: bool(device["problem"]) for device in result["devices"]} == {"pc-1": True, "pc-9": False}
    assert [row["displayName"] for row in graph.devices.values()] == ["PC-1"]


@pytest.mark.parametrize("name", [["a"], {"a": 1}, "pc\x1b[2J\r\n", "y" * 5000, "\ud800"], ids=range(5))
def test_a_device_of_an_odd_name_spoils_nothing(bench, graph, name):
    result = run(bench, [{**leaver(graph, "PC-1"), "device": name}, leaver(graph, "PC-9")])
    assert "PC-9" not in [row["displayName"] for row in graph.devices.values()]
    for device in result["devices"]:
        assert (device["device"] or "").isprintable() and len(device["device"] or "") <= 300


def test_a_number_is_a_text_without_its_quotes(bench, graph):
    record = leaver(graph, "PC-1", serial_number=4711)
    graph.managed[0]["serialNumber"] = graph.autopilot[0]["serialNumber"] = "4711"
    assert "failed" not in run(bench, [record]) and nothing_left(graph)


def test_a_recorded_record_that_cannot_be_looked_up_is_told_and_stops_nobody(bench, graph):
    record, fine = leaver(graph, "PC-1"), leaver(graph, "PC-9")
    graph.managed.pop(0)
    graph.on(f"GET v1.0/deviceManagement/managedDevices/{record['intune_device_id']}", error(400, "BadRequest"))
    result = run(bench, [record, fine])
    assert "failed" not in result and nothing_left(graph)
    assert any("could not be looked up" in warning for warning in result["warnings"])


# --- what a device may try to have another one's objects removed ------------------------------------------------------


def _another_s_id(graph, thief, owner):
    return {**thief, "device_id": owner["device_id"]}


def _another_s_serial(graph, thief, owner):
    return {**thief, "serial_number": owner["serial_number"], "autopilot_id": owner["autopilot_id"]}


def _of_another_tenant(graph, thief, owner):
    return {**thief, "device_id": owner["device_id"], "tenant_id": guid("another tenant")}


def _two_hosts_of_one_id(graph, thief, owner):
    """The thief has the disk of the owner, with its key, and both leave at once."""
    return {**owner, "device": thief["device"]}


def _a_proof_of_before(graph, thief, owner):
    """The controller saw that what was signed is not what it asked for now."""
    stale = {"proof": "failed", "proved_thumbprint": FOREIGN, "not_proved": "the proof is false"}
    return {**thief, "device_id": owner["device_id"], **stale}


@pytest.mark.parametrize(
    ("theft", "why"),
    [
        (_another_s_id, "the directory knows this id by"),
        (_another_s_serial, "its serial number is"),
        (_of_another_tenant, "it was in another tenant"),
        (_two_hosts_of_one_id, "devices call themselves by this id"),
        (_a_proof_of_before, "the proof is false"),
    ],
)
@pytest.mark.parametrize("hidden", [{}, {"intune_device_id": None, "autopilot_id": None, "hostname": None}])
def test_five_thefts_touch_nothing_of_the_other_device_and_the_reason_is_told(bench, graph, theft, why, hidden):
    thief, owner, honest = leaver(graph, "THIEF"), leaver(graph, "OWNER", FOREIGN), leaver(graph, "HONEST")
    row = next(row for row in graph.devices.values() if row["displayName"] == "OWNER")
    row["alternativeSecurityIds"] = known_by(FOREIGN)
    records = [{**theft(graph, thief, owner), **hidden}, honest]
    if theft is _two_hosts_of_one_id:
        records.append(owner)
    result = run(bench, records, tenant_id=guid("this tenant"))
    assert {row["displayName"] for row in graph.devices.values()} == {"THIEF", "OWNER"}
    assert {row["deviceName"] for row in graph.managed} == {"THIEF", "OWNER"}
    assert {row["serialNumber"] for row in graph.autopilot} == {"SN-THIEF", "SN-OWNER"}
    assert result["error"]["name"] == "ownership_uncertain"
    [problem] = [device["problem"] for device in result["devices"] if device["device"] == "thief"]
    assert why in problem and why in " ".join(result["error"]["evidence"])


@pytest.mark.parametrize(("proof", "found"), [(None, True), ("recorded", False), ("proved", False)])
def test_a_registration_is_found_by_the_recorded_id_only_without_a_proof(bench, graph, proof, found):
    record = leaver(graph, "PC-1", proof=proof)
    graph.autopilot[0].update(azureActiveDirectoryDeviceId=guid("nobody"), managedDeviceId=None)
    for row in graph.devices.values():
        row["physicalIds"] = []
    run(bench, [record])
    assert (graph.autopilot == []) is found
