# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of device_key_proof: real certificates with real keys, in stores that are stand-ins. Signatures were made by
OpenSSL; those of PKCS #1 v1.5 are the same each time."""

from __future__ import annotations

import hashlib
import json
import typing as t
from base64 import b64decode
from pathlib import Path

from . import windows
from .base import Case, Scene, variant
from .windows import Document

KEYS: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("device_keys.json").read_text(encoding="ascii"))
DEVICE_ID, NONCE = "3b6f2c51-0d4e-4c8a-9b7f-5f2f4f1d9a10", "nonce of the proof"
NOTHING = {"thumbprint": None, "certificate": None, "signature": None}


def certificate(name: str, *, key: bool = True) -> Document:
    """A certificate of device_keys.json as the store has it."""
    return {"thumbprint": thumbprint(name), **{part: KEYS[name][part] for part in (("pfx",) if key else ("der",))}}


def thumbprint(name: str) -> str:
    return hashlib.sha1(b64decode(KEYS[name]["der"])).hexdigest().upper()


def has(*found: Document) -> t.Callable[[Document], None]:
    def change(document: Document) -> None:
        document["certificates"]["My"]["certificates"] += found

    return change


def ask(device_id: str = DEVICE_ID) -> dict[str, t.Any]:
    return {"device_id": device_id, "nonce": NONCE}


def signed(signature: str | None, name: str = "newest") -> t.Callable[[t.Any], bool]:
    wanted = {"thumbprint": thumbprint(name), "certificate": KEYS[name]["der"], "signature": signature}
    return lambda value: value == wanted


def whole(_scratch: Path) -> list[Case]:
    return [
        Case("device_key_proof", ask(), signed(KEYS["newest"]["signature"])),
        Case("device_key_proof", ask(DEVICE_ID.upper()), signed(KEYS["newest"]["signature_of_upper_case"])),
        Case("device_key_proof", ask(DEVICE_ID[:-1]), lambda value: value == NOTHING),
    ]


def without_key(_scratch: Path) -> list[Case]:
    return [Case("device_key_proof", ask(), signed(None))]


def closed(_scratch: Path) -> list[Case]:
    return [Case("device_key_proof", ask(), error="CryptographicException", hresult=-2147024891)]


def _close(document: Document) -> None:
    document["certificates"]["My"]["closed"] = "all"


#: Of the same id and newer, and not a device certificate.
FOREIGN = windows.certificate("FF" * 20, f"CN={DEVICE_ID}", "CN=MS-Organization-P2P-Access [2026]")
FOREIGN["not_before"] = "2027-01-02T03:04:05.000Z"
SCENES = [
    Scene(
        "a proof of the device's key",
        whole,
        change=has(certificate("older"), certificate("newest"), FOREIGN),
    ),
    variant("a proof by the newest that comes first", whole, change=has(certificate("newest"), certificate("older"))),
    variant("a proof without a key", without_key, change=has(certificate("newest", key=False), certificate("older"))),
    variant("a proof from a closed store", closed, change=_close),
]
