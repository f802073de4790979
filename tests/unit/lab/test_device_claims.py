# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures by a device's key, and devices that call themselves by another's id."""

from __future__ import annotations

import asyncio
import base64
import hashlib

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.lab.device import claims, joinstate
from tests.lab.scenario import ScenarioError

from .world_lab import Lab, run

HONEST = {"kind": "joined", "name": "honest"}


def _fleet(tmp_path, how: str, **more) -> Lab:
    thief = {"kind": "joined", "name": "thief", "device": {"claims": {"device": "honest", "how": how, **more}}}
    return Lab(tmp_path, {"description": "One is not honest.", "devices": [thief, HONEST]})


async def _proof(lab: Lab, device, nonce: str = "00ff") -> dict:
    device_id = joinstate.read(device).device_id
    return await lab.value(device, "device_key_proof", system=True, device_id=device_id, nonce=nonce)


def _is_good(said: dict, device_id: str, nonce: str = "00ff") -> bool:
    key = x509.load_der_x509_certificate(base64.b64decode(said["certificate"])).public_key()
    text = f"winops.entra proof\n{device_id}\n{nonce}".encode()
    try:
        key.verify(base64.b64decode(said["signature"]), text, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


@run
async def test_a_device_signs_with_its_own_key_and_no_longer_when_it_has_left(lab):
    device = lab.device("joined")
    device_id = joinstate.read(device).device_id
    said = await _proof(lab, device)
    assert said["thumbprint"] == joinstate.read(device).certificate.thumbprint
    assert said["thumbprint"] == hashlib.sha1(base64.b64decode(said["certificate"])).hexdigest().upper()
    assert _is_good(said, device_id) and not _is_good(said, device_id, "another")
    device.keys.clear()
    error = await lab.error(device, "device_key_proof", device_id=device_id, nonce="00")
    assert (error["type"].rpartition(".")[2], error["hresult"] & 0xFFFFFFFF) == ("CryptographicException", 0x80090016)
    nothing = {"thumbprint": None, "certificate": None, "signature": None}
    other = lab.device("unjoined_pro")
    assert await lab.value(other, "device_key_proof", device_id=device_id, nonce="00") == nothing


@pytest.mark.parametrize("how", claims.HOW)
def test_a_dishonest_device_has_the_others_id_and_signs_as_it_can(tmp_path, how):
    lab = _fleet(tmp_path, how, serial=True)
    thief, honest = lab.world.host("thief"), lab.world.host("honest")
    theirs = joinstate.read(honest)
    assert joinstate.read(thief).device_id == theirs.device_id and thief.hardware.serial == honest.hardware.serial
    said = asyncio.run(_proof(lab, thief))
    assert _is_good(said, theirs.device_id) is (how in ("forged", "cloned"))
    assert (said["thumbprint"] == theirs.certificate.thumbprint) is (how != "forged")
    assert _is_good(asyncio.run(_proof(lab, honest)), theirs.device_id)


def test_nobody_can_claim_to_be_a_device_that_is_not_there(tmp_path):
    with pytest.raises(ScenarioError, match="no such device"):
        Lab(
            tmp_path,
            {"description": "x", "devices": [{**HONEST, "device": {"claims": {"device": "x", "how": "cloned"}}}]},
        )


def test_a_device_may_report_another_ones_serial_number_and_nothing_else_of_it(tmp_path):
    lab = _fleet(tmp_path, "serial")
    thief, honest = lab.world.host("thief"), lab.world.host("honest")
    assert thief.hardware.serial == honest.hardware.serial
    own = joinstate.read(thief).device_id
    assert own != joinstate.read(honest).device_id and _is_good(asyncio.run(_proof(lab, thief)), own)
