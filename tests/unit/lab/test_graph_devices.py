# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device objects, deleted ones, Intune's and Autopilot's views of them."""

from __future__ import annotations

import pytest

from tests.lab.tenant import objects

from .graph_lab import GraphLab

MANAGED = "/deviceManagement/managedDevices"
IDENTITIES = "/deviceManagement/windowsAutopilotDeviceIdentities"


@pytest.fixture
def lab() -> GraphLab:
    lab = GraphLab()
    for number in (1, 2):
        found = lab.device(f"PC-{number}", owner=lab.admin)
        lab.tenant.managed_devices[f"m{number}"] = {
            "id": f"m{number}",
            "azureADDeviceId": found["deviceId"],
            "deviceName": f"PC-{number}",
            "userId": f"u{number}",
            "serialNumber": f"S{number}",
        }
    objects.add_autopilot(lab.tenant, "SN1", lab.clock.utc(), group_tag="kiosk")
    objects.add_autopilot(lab.tenant, "SN10", lab.clock.utc())
    return lab


def _id(lab: GraphLab, name: str) -> str:
    return lab.tenant.object_id(f"device object/{name}")


def test_two_ids_find_the_same_device(lab):
    device = lab.get(f"/devices/{_id(lab, 'PC-1')}")
    assert lab.get(f"/devices(deviceId='{device['deviceId']}')")["id"] == device["id"]
    assert lab.error("GET", f"/devices/{device['deviceId']}")[:2] == (404, "Request_ResourceNotFound")
    assert lab.error("GET", f"/devices(deviceId='{device['id']}')")[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        {"isCompliant": True},
        {"colour": "x"},
        {"accountEnabled": "no"},
        {"trustType": "x"},
        {"extensionAttributes": {"extensionAttribute16": "x"}},
        {"registeredOwners": []},
    ],
)
def test_writes_that_are_refused(lab, body):
    assert lab.error("PATCH", f"/devices/{_id(lab, 'PC-1')}", body)[0] == 400


def test_extension_attributes_are_merged(lab):
    path = f"/devices/{_id(lab, 'PC-1')}"
    for number in (1, 15):
        body = {"extensionAttributes": {f"extensionAttribute{number}": "x"}}
        assert lab.ask("PATCH", path, body, version="beta").status == 204
    shown = lab.get(path, version="beta")["extensionAttributes"]
    assert (shown["extensionAttribute1"], shown["extensionAttribute2"], shown["extensionAttribute15"]) == (
        "x",
        None,
        "x",
    )


def test_applications_change_windows_devices_only(lab):
    phone = lab.device("PHONE", operatingSystem="Android")
    assert "windows devices" in lab.error("PATCH", f"/devices/{phone['id']}", {"accountEnabled": False})[2]
    tag = {"extensionAttributes": {"extensionAttribute1": "x"}}
    assert lab.ask("PATCH", f"/devices/{phone['id']}", tag, version="beta").status == 204


def test_a_deleted_device_can_come_back(lab):
    device = lab.get(f"/devices/{_id(lab, 'PC-1')}")
    assert lab.ask("DELETE", f"/devices/{device['id']}").status == 204
    assert lab.directory.device_auth_status(lab.tenant.id, device["deviceId"]).startswith("FAILED")
    deleted = lab.get("/directory/deletedItems/microsoft.graph.device")["value"]
    assert [row["id"] for row in deleted] == [device["id"]] and deleted[0]["deletedDateTime"]
    assert lab.ask("POST", f"/directory/deletedItems/{device['id']}/restore").status == 200
    back = lab.get(f"/devices/{device['id']}")
    assert (back["deviceId"], back["isCompliant"], back["deletedDateTime"]) == (device["deviceId"], False, None)
    assert lab.directory.device_auth_status(lab.tenant.id, device["deviceId"]) == "SUCCESS"


def test_a_hybrid_device_waits_to_be_restored_and_one_without_a_trust_type_is_gone_for_good(lab):
    hybrid, made = lab.device("AD", trust="ServerAd"), lab.device("MADE", trustType=None)
    for device in (hybrid, made):
        assert lab.ask("DELETE", f"/devices/{device['id']}").status == 204
    deleted = lab.get("/directory/deletedItems/microsoft.graph.device")["value"]
    assert [row["id"] for row in deleted] == [hybrid["id"]]


def test_a_purged_device_takes_its_secrets_along(lab):
    device = lab.tenant.devices[_id(lab, "PC-1")]
    lab.tenant.recovery_keys["k"] = {"id": "k", "deviceId": device["deviceId"], "key": "secret"}
    lab.tenant.local_credentials[device["deviceId"]] = {
        "id": device["deviceId"],
        "deviceName": "PC-1",
        "credentials": [],
    }
    lab.ask("DELETE", f"/devices/{device['id']}")
    assert lab.ask("DELETE", f"/directory/deletedItems/{device['id']}").status == 204
    assert lab.tenant.recovery_keys == lab.tenant.local_credentials == lab.tenant.deleted_devices == {}


def test_an_autopilot_anchor_is_kept(lab):
    anchor = f"/devices/{_id(lab, 'SN1')}"
    assert lab.error("DELETE", anchor)[:2] == (403, "Authorization_RequestDenied")
    [identity] = [row for row in lab.get(IDENTITIES)["value"] if row["serialNumber"] == "SN1"]
    assert lab.ask("DELETE", f"{IDENTITIES}/{identity['id']}").status == 204
    assert lab.ask("DELETE", anchor).status == 204


def test_a_deleted_device_leaves_its_groups(lab):
    group = lab.tenant.add_group("G", [_id(lab, "PC-1")])
    lab.ask("DELETE", f"/devices/{_id(lab, 'PC-1')}")
    assert group["members"] == []


def test_secrets_show_only_when_selected(lab):
    lab.tenant.local_credentials["d"] = {"id": "d", "deviceName": "PC", "credentials": [{"passwordBase64": "eA=="}]}
    assert "credentials" not in lab.get("/directory/deviceLocalCredentials/d")
    assert lab.get("/deviceLocalCredentials/d?$select=credentials")["credentials"][0]["passwordBase64"] == "eA=="
    lab.tenant.recovery_keys["k"] = {"id": "k", "deviceId": "d", "key": "secret"}
    assert "key" not in lab.get("/informationProtection/bitlocker/recoveryKeys")["value"][0]
    for query in ("$select=key", "$top=1", "$count=true"):
        assert lab.error("GET", f"/informationProtection/bitlocker/recoveryKeys?{query}")[0] == 400


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("deviceName eq 'PC-1'", ["PC-1"]),
        ("userId eq 'u1'", ["PC-1", "PC-2"]),
        ("not(deviceName eq 'PC-1')", ["PC-1", "PC-2"]),
        ("deviceName ne 'PC-1'", ["PC-1"]),
        ("deviceName eq 'PC-1' and userId eq 'u2'", ["PC-1"]),
        ("startswith(serialNumber,'S')", ["PC-1", "PC-2"]),
        ("deviceName eq 'PC-1' or deviceName eq 'PC-2'", ["PC-1", "PC-2"]),
        ("deviceEnrollmentType eq 'x'", ["PC-1", "PC-2"]),
    ],
)
def test_intune_ignores_filters_it_does_not_know(lab, text, found):
    assert sorted(row["deviceName"] for row in lab.get(f"{MANAGED}?$filter={text}")["value"]) == found


def test_intune_looks_at_the_first_device_id_only(lab):
    ids = [row["azureADDeviceId"] for row in lab.tenant.managed_devices.values()]
    text = " or ".join(f"azureADDeviceId eq '{id_}'" for id_ in ids)
    assert [row["azureADDeviceId"] for row in lab.get(f"{MANAGED}?$filter={text}")["value"]] == ids[:1]


def test_deleting_from_intune_leaves_the_directory_object(lab):
    lab.tenant.devices[_id(lab, "PC-1")]["isManaged"] = True
    assert lab.ask("DELETE", MANAGED + "/m1").status == 204
    assert lab.get(f"/devices/{_id(lab, 'PC-1')}")["isManaged"] is False
    assert lab.error("DELETE", MANAGED + "/m1")[0] == 404


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("contains(serialNumber,'SN1')", 200),
        ("serialNumber eq 'SN1'", 400),
        ("contains(serialNumber,'S-1')", 400),
        ("contains(serialNumber,'S 1')", 400),
        ("contains(displayName,'x')", 400),
    ],
)
def test_filters_of_autopilot(lab, text, status):
    found = lab.ask("GET", f"{IDENTITIES}?$filter={text}")
    assert found.status == status
    if status == 200:  # look-alikes too
        assert [row["serialNumber"] for row in found.body["value"]] == ["SN1", "SN10"]


def test_a_group_tag_reaches_the_directory(lab):
    identity = lab.tenant.object_id("autopilot/SN1")
    path = f"{IDENTITIES}/{identity}/updateDeviceProperties"
    assert lab.ask("POST", path, {"groupTag": "desk"}).status == 204
    assert lab.tenant.devices[_id(lab, "SN1")]["physicalIds"] == [f"[ZTDID]:{identity}", "[OrderId]:desk"]
    assert lab.error("POST", path, {"colour": "blue"})[0] == 400


def test_owned_devices(lab):
    owned = f"/users/{lab.admin['userPrincipalName']}/ownedDevices"
    assert lab.names(owned + "/microsoft.graph.device") == ["PC-1", "PC-2"]
    assert lab.get(owned)["value"][0]["@odata.type"] == "#microsoft.graph.device"
    assert lab.get(f"/devices/{_id(lab, 'PC-1')}/registeredOwners")["value"][0]["id"] == lab.admin["id"]
