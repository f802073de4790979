# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of a device's key: what counts, what does not, and what a leave records of it."""

from __future__ import annotations

import base64
import random
import sys

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.answers import Result, checked
from ansible_collections.winops.entra.plugins.plugin_utils.device.leaving import possession

from . import scripted
from .leavers import Leaver, signed
from .scripted import OperationError
from .test_leaving import run

ID, OTHER = scripted.DEVICE_ID, "99999999-8888-7777-6666-555555555555"
QUESTION = op.device_key_proof(ID, "ab" * 32)
OWN = "the device's own"


def judged(said: dict) -> possession.Proof:
    return possession.judge(checked(QUESTION, {"ok": True, "value": said}), QUESTION)


def proof(leave) -> tuple:
    record = leave.learned["record"]
    return record["proof"], record["proved_thumbprint"]


# --- what an answer proves --------------------------------------------------------------------------------------------


def test_a_signature_of_this_nonce_by_the_certificates_key_proves_it():
    said = signed(OWN, ID, QUESTION["nonce"])
    assert judged(said) == possession.Proof("proved", said["thumbprint"])
    # What the device calls the thumbprint is not looked at.
    assert judged(said | {"thumbprint": "00" * 20}).thumbprint == said["thumbprint"]


@pytest.mark.parametrize(
    "said",
    [
        signed(OWN, ID, "cd" * 32),
        signed(OWN, ID, ""),
        signed("another key", ID, QUESTION["nonce"], certificate_key=OWN),
        signed(OWN, OTHER, QUESTION["nonce"]),
        signed(OWN, ID, QUESTION["nonce"]) | {"signature": ""},
        signed(OWN, ID, QUESTION["nonce"]) | {"certificate": ""},
        signed(OWN, ID, QUESTION["nonce"]) | {"certificate": "no base64!"},
        signed(OWN, ID, QUESTION["nonce"]) | {"signature": "A" * 20_000},
    ],
    ids=[
        "a replayed nonce",
        "no nonce",
        "another's certificate",
        "another's id",
        "no signature",
        "no certificate",
        "text",
        "too long",
    ],
)
def test_anything_else_is_false(said):
    found = judged(said)
    assert (found.state, found.thumbprint) == ("failed", None) and found.why_not.startswith("the proof is wrong")


def test_a_key_that_is_none_of_a_device_is_false(monkeypatch):
    monkeypatch.setattr(possession, "KEY_BITS", (3072, 4096))
    assert "not a device key" in judged(signed(OWN, ID, QUESTION["nonce"])).why_not


def test_damaged_certificates_are_false_and_nothing_worse():
    good, chance = base64.b64decode(signed(OWN, ID, QUESTION["nonce"])["certificate"]), random.Random(14)
    for _each in range(300):
        damaged = bytearray(good)
        for _change in range(chance.choice((1, 2, 5))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        said = signed(OWN, ID, QUESTION["nonce"]) | {"certificate": base64.b64encode(bytes(damaged)).decode()}
        found = judged(said)
        assert (found.state == "proved") is (found.thumbprint is not None)


@pytest.mark.parametrize(
    ("result", "word"),
    [
        (Result(True, {"thumbprint": None, "certificate": None, "signature": None}), "no device certificate"),
        (Result(True, {**signed(OWN, ID, ""), "signature": None}), "no RSA private key"),
        (Result(False, {}, {"type": "x", "message": "no keyset", "hresult": None}), "no keyset"),
    ],
)
def test_what_was_not_signed_is_missing(result, word):
    found = possession.judge(result, QUESTION)
    assert found.state == "missing" and word in found.why_not


def test_without_the_library_nothing_is_proved_and_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)
    found = judged(signed(OWN, ID, QUESTION["nonce"]))
    assert found.state == "missing" and "cryptography" in found.why_not


# --- a leave ----------------------------------------------------------------------------------------------------------


def test_a_leave_is_proved_before_anything_changes_with_a_nonce_of_its_own(monkeypatch):
    thumbprints, nonces = set(), set()
    for _run in range(2):
        device = Leaver()
        leave, _result = run(device, monkeypatch)
        assert [name for name in device.executed if name in op.CHANGING][:2] == ["system_probe", "job_start"]
        [nonce] = device.nonces
        nonces.add(nonce)
        assert len(nonce) == 64 and leave.learned["record"]["not_proved"] is None
        thumbprints.add(proof(leave))
    assert len(nonces) == 2 and len(thumbprints) == 1


def test_check_mode_signs_nothing_and_says_so(monkeypatch):
    device = Leaver()
    leave, _result = run(device, monkeypatch, check_mode=True)
    assert proof(leave) == ("not_yet", None) and "check mode" in leave.learned["record"]["not_proved"]
    assert "system_probe" not in device.executed


def refuse(kind):
    def raising(_params):
        raise OperationError(kind, "the device says no", None)

    return raising


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda d: setattr(d, "key", None), "missing"),
        (lambda d: d.handlers.update(system_probe=lambda _p: {"answer": None}), "missing"),
        (lambda d: d.handlers.update(system_probe=lambda _p: {"answer": {"results": [7]}}), "missing"),
        (lambda d: d.handlers.update(system_probe=refuse("x")), "missing"),
        (lambda d: d.handlers.update(device_key_proof=lambda p: signed(OWN, p["device_id"], "old")), "failed"),
    ],
)
def test_a_device_that_does_not_prove_its_key_leaves_all_the_same_and_says_why(monkeypatch, change, state):
    device = Leaver()
    change(device)
    leave, _result = run(device, monkeypatch)
    assert leave.learned["outcome"] == "disconnected" and proof(leave) == (state, None)
    assert leave.learned["record"]["not_proved"]


def test_the_inventory_stands_in_for_a_key_that_is_gone_and_for_none_that_is_false(monkeypatch):
    gone, liar = Leaver(), Leaver()
    gone.key = None
    liar.handlers["device_key_proof"] = lambda p: signed("x", p["device_id"], p["nonce"], certificate_key=OWN)
    assert proof(run(gone, monkeypatch, device_id=ID)[0]) == ("recorded", None)
    assert proof(run(liar, monkeypatch, device_id=ID)[0]) == ("failed", None)
    assert proof(run(Leaver(), monkeypatch, device_id=ID)[0])[0] == "proved"


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_device_with_another_id_than_the_inventorys_is_refused(monkeypatch, check_mode):
    device = Leaver()
    leave, failure = run(device, monkeypatch, check_mode, device_id=OTHER)
    assert leave.learned["outcome"] == "refused" and failure.error["name"] == "another_device"
    assert ID in failure.msg and OTHER in failure.msg and not set(device.executed) & op.CHANGING


def test_a_device_that_has_left_has_the_id_of_the_inventory(monkeypatch):
    leave, _result = run(Leaver(joined=False), monkeypatch, device_id=ID)
    assert leave.learned["outcome"] == "unchanged"
    assert (leave.learned["record"]["device_id"], *proof(leave)) == (ID, "recorded", None)
    leave, _result = run(Leaver(joined=False), monkeypatch)
    assert (leave.learned["record"]["device_id"], *proof(leave)) == (None, None, None)
