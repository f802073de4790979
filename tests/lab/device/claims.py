# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that call themselves by another device's id, and what signatures by a device's key are worth.

``how`` they do: ``forged`` (a certificate of their own making for the id), ``copied`` (the other's certificate, which
is not a secret, without its key), ``replayed`` (a signature that the other gave before), ``cloned`` (the other's key,
too, as a copied disk has it), ``serial`` (its own id and key, and the other's serial number only).
"""

from __future__ import annotations

import dataclasses

from . import joinstate, key_pairs
from .certificates import Certificate
from .errors import WindowsError

HOW = ("forged", "copied", "replayed", "cloned")
SERIAL_ALONE = "serial"
NTE_BAD_KEYSET = 0x80090016
_BEFORE = b"winops.entra proof\n00000000-0000-0000-0000-000000000000\nof an earlier task"


@dataclasses.dataclass(frozen=True)
class Claim:
    """``key``: the name of the key pair that signs, ``before``: it signs what was asked at an earlier time."""

    key: str
    before: bool = False


def claim(device, other, how: str, serial: bool = False) -> None:
    """Make a joined device call itself by the id of another one, which has an enrollment that this one hides."""
    if how == SERIAL_ALONE:
        device.hardware.serial = other.hardware.serial
        return
    own, theirs = joinstate.read(device), joinstate.read(other)
    assert own is not None and theirs is not None
    key = f"made by {device.name}"
    certificate = dataclasses.replace(theirs.certificate, key=key) if how == "forged" else theirs.certificate
    device.claim = Claim(key if how in ("forged", "copied") else theirs.certificate.key, how == "replayed")
    place = rf"{joinstate.CLOUD_DOMAIN_JOIN}\JoinInfo"
    info = device.registry.find(rf"{place}\{own.key}")
    values = dict(info.values.values()) if info else {}
    device.registry.delete(rf"{place}\{own.key}")
    device.registry.set(rf"{place}\{certificate.thumbprint}", values)
    device.certificates = [certificate if c == own.certificate else c for c in device.certificates]
    device.keys = {f"{theirs.device_id}/device"}
    if serial:
        device.hardware.serial = other.hardware.serial


def signature(device, certificate: Certificate, text: bytes) -> bytes | None:
    """What the key of a device certificate makes of a text; None where the certificate has none."""
    if not certificate.has_private_key:
        return None
    if f"{certificate.subject.removeprefix('CN=')}/device" not in device.keys:
        raise WindowsError(
            "System.Security.Cryptography.CryptographicException", "Keyset does not exist", NTE_BAD_KEYSET
        )
    if device.claim is None:
        return key_pairs.sign(certificate.key, text)
    return key_pairs.sign(device.claim.key, _BEFORE if device.claim.before else text)
