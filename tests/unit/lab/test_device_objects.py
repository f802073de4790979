# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device objects as real tenants have them, and the keys by which a tenant knows its devices."""

from __future__ import annotations

import base64
import hashlib
import re

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.lab.device import joinstate, key_pairs

from .graph_lab import GraphLab
from .world_lab import Lab, run

PACKAGE = {"type": "entra", "package": "fleet"}
FLEET = {
    "description": "Devices of each origin.",
    "kinds": {
        "plain": {"description": "joined by a package", "device": {"join": PACKAGE}},
        "managed": {"description": "and enrolled", "device": {"join": PACKAGE, "mdm": "enrolled"}},
        "named": {
            "description": "and its record has the package's user",
            "device": {"join": PACKAGE, "mdm": "enrolled", "record_user": "package"},
        },
        "person": {"description": "joined by a person", "device": {"join": {"type": "entra"}, "mdm": "enrolled"}},
        "work": {"description": "registered", "device": {"join": {"type": "registered"}}},
    },
    "devices": [{"kind": kind} for kind in ("plain", "managed", "named", "person", "work")],
}
SAMPLE = "X509:<SHA1-TP-PUBKEY>1BBF43F156D6544D87BD98580273C75F0344DA56zw4/fMMN7MbkH3DB7XrbDgnGchQ/wkRHkkb32d2M5Nk="


def _fleet(tmp_path) -> Lab:
    return Lab(tmp_path, FLEET)


def _object(lab: Lab, kind: str) -> dict:
    return next(row for row in lab.world.tenant.devices.values() if row["displayName"].lower().startswith(kind))


def _record(lab: Lab, kind: str) -> dict:
    device_id = _object(lab, kind)["deviceId"]
    return next(r for r in lab.world.tenant.managed_devices.values() if r["azureADDeviceId"] == device_id)


def test_what_intune_sets_is_null_until_it_has(tmp_path):
    lab = _fleet(tmp_path)
    names = ("enrollmentType", "managementType", "deviceOwnership", "isRooted", "deviceVersion")
    assert [_object(lab, "plain")[name] for name in names] == [None, None, None, None, 2]
    assert [_object(lab, "managed")[name] for name in names] == ["AzureDomainJoined", "MDM", "Company", False, 2]


def test_physical_ids_are_two_numbers_each_also_with_the_user(tmp_path):
    found = _object(_fleet(tmp_path), "managed")
    patterns = (
        r"\[USER-GID\]:{0}:(\d{{16}})",
        r"\[GID\]:g:(\d{{16}})",
        r"\[USER-HWID\]:{0}:(\d{{16}})",
        r"\[HWID\]:h:(\d{{16}})",
    )
    texts = zip(patterns, found["physicalIds"])
    numbers = [re.fullmatch(p.format(found["registeredOwners"][0]), text).group(1) for p, text in texts]
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3]


def test_a_package_gives_a_device_no_primary_user(tmp_path):
    lab = _fleet(tmp_path)
    assert (_record(lab, "managed")["userPrincipalName"], _record(lab, "managed")["users"]) == ("", [])
    assert _record(lab, "named")["userPrincipalName"].startswith("package_") and _record(lab, "named")["users"] == []
    person = _record(lab, "person")
    assert person["userPrincipalName"].startswith("admin@") and len(person["users"]) == 1
    kinds = [_record(lab, kind)["deviceEnrollmentType"] for kind in ("named", "person")]
    assert kinds == ["windowsBulkAzureDomainJoin", "windowsAzureADJoin"]


def test_the_directory_knows_a_device_by_its_certificate(tmp_path):
    lab = _fleet(tmp_path)
    for kind in ("plain", "managed", "work"):
        [known] = _object(lab, kind)["alternativeSecurityIds"]
        text = base64.b64decode(known["key"]).decode("utf-16-le")
        assert known["type"] == 2 and len(text) == len(SAMPLE) and text.startswith(SAMPLE[:21])
    device = lab.device("plain")
    certificate = x509.load_der_x509_certificate(joinstate.read(device).certificate.der)
    public = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    text = base64.b64decode(_object(lab, "plain")["alternativeSecurityIds"][0]["key"]).decode("utf-16-le")
    shown = joinstate.read(device).certificate.thumbprint
    assert text[21:61] == shown == hashlib.sha1(certificate.public_bytes(Encoding.DER)).hexdigest().upper()
    assert base64.b64decode(text[61:]) == hashlib.sha256(public).digest()
    assert certificate.subject.rfc4514_string() == f"CN={_object(lab, 'plain')['deviceId']}"
    assert certificate.public_key().key_size == 2048


def test_devices_have_keys_of_their_own_which_are_the_same_in_each_run(tmp_path):
    first, second = _fleet(tmp_path), _fleet(tmp_path)
    keys = {kind: _object(first, kind)["alternativeSecurityIds"] for kind in ("plain", "managed", "named")}
    assert len({str(key) for key in keys.values()}) == 3
    assert all(_object(second, kind)["alternativeSecurityIds"] == key for kind, key in keys.items())
    assert len({key_pairs.public_key(joinstate.read(first.device(kind)).certificate.der) for kind in keys}) == 3


@run
async def test_an_azure_vm_is_a_secure_vm_with_its_resource(lab):
    device = lab.device("azure_vm")
    await lab.value(device, "dsregcmd_azure_vm_join", system=True)
    found = lab.world.tenant.device(joinstate.read(device).device_id)
    assert found["profileType"] == "SecureVM" and len(found["physicalIds"]) == 5
    assert re.fullmatch(
        rf"\[AzureResourceId\]:/subscriptions/[0-9a-f-]{{36}}/resourceGroups/\w+/providers/Microsoft.Compute/virtualMachines/{device.hostname}",
        found["physicalIds"][0],
    )


def test_a_deleted_azure_vm_is_gone_for_good():
    lab = GraphLab()
    vm = lab.device("VM", profileType="SecureVM")
    assert lab.ask("DELETE", f"/devices/{vm['id']}").status == 204
    assert lab.get("/directory/deletedItems/microsoft.graph.device")["value"] == []


def test_v1_has_no_name_for_the_enrollment_of_an_azure_vm():
    lab = GraphLab()
    record = {"id": "m", "users": [], "deviceEnrollmentType": "azureAdJoinUsingAzureVmExtension"}
    lab.tenant.managed_devices["m"] = record
    path = "/deviceManagement/managedDevices"
    for version, shown in (("v1.0", "unknownFutureValue"), ("beta", record["deviceEnrollmentType"])):
        assert lab.get(path, version=version)["value"][0]["deviceEnrollmentType"] == shown
        assert lab.get(f"{path}/m", version=version)["deviceEnrollmentType"] == shown
    assert lab.get(f"{path}/m/users")["value"] == []
    record["users"] = [lab.admin["id"]]
    assert lab.names(f"{path}/m/users") == [lab.admin["displayName"]]
