# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a device holds the key of the device certificate whose id it names.

It signs a nonce that is new in each task, as SYSTEM, and the controller verifies: so nothing of a tenant is removed
because a device calls itself by another's name, and no earlier answer can be used again. That the certificate is the
one which the tenant knows is looked at where objects are removed.

Sources: [MS-DVRE] 2.3.3; MSEndpointMgr's AADDeviceTrust, which proves devices in the same way; .NET,
RSACertificateExtensions.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import secrets

from ...options import is_guid
from ...proofs import FAILED, MISSING, NOT_YET, PROOF_FIELDS, PROVED, RECORDED
from .. import operations as op
from ..answers import Result, within
from ..waiting import Waiter

SIGNING_SECONDS = 60
LARGEST_ANSWER = 16384  # letters of base64; a device certificate has about 1,400
KEY_BITS = (2048, 4096)


@dataclasses.dataclass(frozen=True)
class Proof:
    """``state``: PROVED, NOT_YET (check mode signs nothing), MISSING (nobody could ask, or it could not sign) or FAILED
    (what it signed is not right). ``thumbprint`` is that of the proved certificate, ``why_not`` a sentence."""

    state: str
    thumbprint: str | None = None
    why_not: str | None = None

    def fields(self, device_id: str | None, recorded: str | None) -> dict:
        """What the record of a device says of it. ``recorded`` is the id that the inventory has: it counts where the
        device cannot sign, never against what it has signed."""
        if device_id is None:
            return dict.fromkeys(PROOF_FIELDS)
        state = RECORDED if self.state == MISSING and device_id == recorded else self.state
        return dict(zip(PROOF_FIELDS, (state, self.thumbprint, self.why_not)))


UNASKED = Proof(MISSING, why_not="it had left, or was leaving, before it could be asked")
UNSIGNED = Proof(NOT_YET, why_not="not proved yet: in check mode the device signs nothing")


def ask(waiter: Waiter, device_id: str) -> Proof:
    """Have the device sign. Raises ConnectionLost where it does not answer; whatever else it says is a Proof."""
    if not is_guid(device_id):
        return Proof(FAILED, why_not="the id that it reports is not a GUID")
    question = op.device_key_proof(device_id, secrets.token_hex(32))
    probe = op.system_probe([question], SIGNING_SECONDS)
    answer = waiter.ask({"proof": probe}, "asking for a proof of the device's key")
    if error := answer["proof"].error:
        return Proof(MISSING, why_not=f"nothing can run as SYSTEM: {error['message']}")
    results = within(answer["proof"], [question])
    if not results:
        return Proof(MISSING, why_not=f"the device has not signed within {SIGNING_SECONDS} s")
    return judge(results[0], question)


def judge(result: Result, question: dict) -> Proof:
    """What the answer to a question proves."""
    if error := result.error:
        return Proof(MISSING, why_not=f"the device's key cannot be used: {error['message']}")
    if result["certificate"] is None:
        return Proof(MISSING, why_not="there is no device certificate for this id")
    if result["signature"] is None:
        return Proof(MISSING, why_not="the device certificate has no RSA private key")
    try:
        certificate, signature = (_bytes(result[name]) for name in ("certificate", "signature"))
        problem = _problem(certificate, signature, question)
    except ImportError:
        return Proof(
            MISSING,
            why_not="the controller lacks the Python package cryptography, which is installed with azure-identity",
        )
    except ValueError as exc:
        problem = f"its signature cannot be read: {exc}"
    if problem:
        return Proof(FAILED, why_not=f"the proof is wrong: {problem}")
    return Proof(PROVED, hashlib.sha1(certificate, usedforsecurity=False).hexdigest().upper())


def _bytes(text: str) -> bytes:
    if len(text) > LARGEST_ANSWER:
        raise ValueError("it is too long")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise ValueError("it is not base64") from exc


def _problem(der: bytes, signature: bytes, question: dict) -> str | None:
    """Why this certificate and signature do not answer the question; None where they do. ValueError, ImportError."""
    # Here, because a device is taken out of its tenant without it, too; and it takes its time to load.
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.x509.oid import NameOID

    try:
        certificate = x509.load_der_x509_certificate(der)
        names = [str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        key = certificate.public_key()
    except (UnsupportedAlgorithm, TypeError, x509.InvalidVersion) as exc:
        raise ValueError(str(exc)) from exc
    if [name.lower() for name in names] != [question["device_id"].lower()]:
        return "the certificate is not for this id"
    if not isinstance(key, rsa.RSAPublicKey) or not KEY_BITS[0] <= key.key_size <= KEY_BITS[1]:
        return "the certificate's key is not a device key"
    signed = f"winops.entra proof\n{question['device_id']}\n{question['nonce']}".encode("ascii")
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return "this nonce was not signed with the key of that certificate"
    return None
