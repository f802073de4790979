# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The 4K hardware hash of Windows Autopilot: read, verified, put right.

Layout, measured on published hashes: ``OA``, u16 length L of header and records, records (u16 type, u16 length with its
own four bytes, value), at L ``CS``, u16 36, SHA-256 of the bytes before L, then zeros. Numbers are little endian. Most
are 3,000 bytes, other lengths exist. Without a TPM the records 11, 13 and 25 are missing. The time at which it was
harvested is inside, so two hashes of one device differ: serial number and endorsement key say whose it is.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import struct
import uuid

from ..untrusted import in_one_line
from . import serials

USUAL_LETTERS = 4000
MAX_HASH_LETTERS = 16_000
"""Letters of base64 that are looked at: four times what a hash has."""
MAX_RECORDS = 1000
_CHECKSUM = struct.pack("<2sH", b"CS", 36)
_UUID, _TPM, _SERIAL, _MAKER, _MODEL, _SKU, _FAMILY, _EK = 12, 13, 14, 16, 17, 18, 19, 25
_TEXTS = {
    _TPM: "tpm_version",
    _SERIAL: "serial_number",
    _MAKER: "manufacturer",
    _MODEL: "model",
    _SKU: "sku",
    _FAMILY: "family",
}


class HashError(ValueError):
    """A text is not a whole hardware hash. ``name`` says in a word why: one of NAMES; the message is half a sentence,
    such as "its checksum is wrong"."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


NAMES = ("empty", "not_base64", "not_a_hash", "cut", "doubled", "damaged", "too_long")


@dataclasses.dataclass(frozen=True)
class HardwareHash:
    """``text`` is the base64 as a tenant takes it, with its padding. ``ek`` is the SHA-256 (hexadecimal) of the public
    part of the TPM's endorsement key, None without a TPM. Other values are empty where the hash does not have them.

    ``repaired``: letters of zeros or of padding were missing at the end, or too many, and that was put right.
    """

    text: str
    size: int
    serial_number: str = ""
    manufacturer: str = ""
    model: str = ""
    sku: str = ""
    family: str = ""
    smbios_uuid: str = ""
    tpm_version: str = ""
    ek: str | None = None
    repaired: bool = False

    @property
    def identity(self) -> tuple[str, str]:
        """What another hash of the same device has, too: the serial number, and the endorsement key or else the UUID
        of the firmware."""
        return serials.key(self.serial_number), self.ek or self.smbios_uuid


def decode(text: str) -> HardwareHash:
    """The hash that a text of base64 is. Blanks, line ends, and a lack of padding are put right. Raises HashError."""
    data, letters, repaired = _bytes("".join(text[: 2 * MAX_HASH_LETTERS].split()) if text else "")
    length = _verified_length(data)
    found: dict[str, str] = {}
    ek = None
    for kind, value in _records(data, length):
        if kind in _TEXTS:
            found.setdefault(_TEXTS[kind], _text(value))
        elif kind == _UUID and len(value) == 16:
            found.setdefault("smbios_uuid", str(uuid.UUID(bytes_le=value)))
        elif kind == _EK and any(value):
            ek = ek or hashlib.sha256(value).hexdigest()
    return HardwareHash(letters, len(data), ek=ek, repaired=repaired, **found)


def same_device(one: HardwareHash, other: HardwareHash) -> bool:
    """Whether two hashes are of one device, harvested at any time."""
    return one.identity == other.identity


def looks_like_one(text: str) -> bool:
    """Whether a text is meant to be a hash, whole or not: ``OA`` in base64 and some hundred letters."""
    return len(text) > 200 and text.lstrip().startswith(("T0E", "T0F", "T0G", "T0H"))


def _bytes(letters: str) -> tuple[bytes, str, bool]:
    """The bytes, the base64 as it should have been, and whether it was another."""
    if not letters:
        raise HashError("empty", "it is empty")
    if len(letters) > MAX_HASH_LETTERS:
        raise HashError("too_long", f"it has more than {MAX_HASH_LETTERS} letters")
    plain = letters.rstrip("=")
    if USUAL_LETTERS < len(plain) < USUAL_LETTERS + 4 and not plain[USUAL_LETTERS:].strip("A"):
        plain = plain[:USUAL_LETTERS]
    missing = -len(plain) % 4
    # A hash ends in zeros, which are letters A: what is missing there can be known, and whether it was that the
    # checksum says.
    if missing == 3 or len(plain) + missing == USUAL_LETTERS:
        right = plain + "A" * missing
    else:
        right = plain + "=" * missing
    if "=" in plain:
        raise HashError("doubled", "something follows its end, as if two hashes were put together")
    try:
        return base64.b64decode(right, validate=True), right, right != letters
    except (binascii.Error, ValueError):  # ValueError for letters beyond ASCII
        raise HashError("not_base64", "it is not base64") from None


def _verified_length(data: bytes) -> int:
    """The length of header and records, of which the checksum is right. Raises HashError."""
    if data[:2] != b"OA" or len(data) < 4:
        raise HashError("not_a_hash", "it does not begin as a hardware hash does")
    (length,) = struct.unpack_from("<H", data, 2)
    end = length + 4 + hashlib.sha256().digest_size
    if length < 4:
        raise HashError("damaged", f"it says that it has {length} bytes")
    if end > len(data):
        raise HashError("cut", f"it is cut off: it has {len(data)} of at least {end} bytes")
    if data[length : length + 4] != _CHECKSUM:
        raise HashError("damaged", "its checksum is not where it should be")
    if hashlib.sha256(memoryview(data)[:length]).digest() != data[length + 4 : end]:
        raise HashError("damaged", "its checksum is wrong")
    if data.count(0, end) != len(data) - end:
        if data.find(b"OA", end) >= 0:
            raise HashError("doubled", "something follows its end, as if two hashes were put together")
        raise HashError("damaged", "something follows its end")
    return length


def _records(data: bytes, length: int) -> list[tuple[int, bytes]]:
    records: list[tuple[int, bytes]] = []
    position = 4
    while position + 4 <= length:
        kind, size = struct.unpack_from("<HH", data, position)
        if size < 4 or position + size > length or len(records) == MAX_RECORDS:
            raise HashError("damaged", "its records do not fit into it")
        records.append((kind, data[position + 4 : position + size]))
        position += size
    return records


def _text(value: bytes) -> str:
    return in_one_line(value.split(b"\0")[0].decode("utf-8", errors="replace"), serials.LONGEST_SERIAL)
