# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The 4K hardware hash of the lab's devices: its own maker and reader. 3,000 bytes, 4,000 letters of base64.

Layout, measured on two published hashes (and as public tools read and write it): ``OA``, u16 length L of header and
records, records (u16 type, u16 length with its own four bytes, value; texts end with a zero byte), at L ``CS``, u16 36,
SHA-256 of the bytes before L, then zeros. Numbers are little endian. Without a TPM the records 11, 13 and 25 are
missing.

The unknown bytes of record 1 hold a time here, so that two harvests of one device differ, as real ones do.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import uuid

SIZE = 3000
TOOL, PROCESSOR, MEMORY, DISK, DISK_SERIAL, NETWORK = 1, 2, 5, 6, 7, 8
OFFLINE_ID, UUID, TPM_VERSION, SERIAL, FIRMWARE_MAKER, MAKER, MODEL, SKU, FAMILY = 11, 12, 13, 14, 15, 16, 17, 18, 19
PRODUCT_KEY, EK = 24, 25
TEXTS = {
    TPM_VERSION: "tpm_version",
    SERIAL: "serial",
    FIRMWARE_MAKER: "firmware_maker",
    MAKER: "manufacturer",
    MODEL: "model",
    SKU: "sku",
    FAMILY: "family",
    PRODUCT_KEY: "product_key",
}
#: What ``damaged`` can do to a hash.
DAMAGES = ("flipped", "cut", "doubled", "unpadded", "one_short", "not_base64", "no_checksum", "zeros")


def make(
    serial: str,
    manufacturer: str = "LENOVO",
    model: str = "21HM",
    *,
    smbios_uuid: str = "00000000-0000-0000-0000-000000000001",
    ek: bytes | None = b"",
    tpm_version: str = "2.0",
    build: int = 22631,
    when: int = 1_790_000_000,
    mac: bytes = b"\x00\x15\x5d\x00\x00\x01",
    product_key: str = "",
    size: int = SIZE,
) -> str:
    """The hash of such a device as base64. ``ek``: the public part of the TPM's endorsement key; b"" is one that the
    serial and the UUID give, None means that there is no TPM. ``when``: seconds since 1970."""
    if ek == b"":
        ek = endorsement_key(f"{serial}/{smbios_uuid}")
    version = struct.pack("<4H", 0, 10, 1, build)
    records = [
        (TOOL, version + version + struct.pack("<IB", when, 0) + bytes([2, 9, 3])),
        (PROCESSOR, struct.pack("<5HH", 9, 1, 8, 16, 1, 0)),
        (3, _text("GenuineIntel")),
        (4, _text("13th Gen Intel(R) Core(TM) i7-1355U")),
        (MEMORY, struct.pack("<QQHHB3x", 16, 64, 2, 1, 3)),
        (DISK, struct.pack("<QIH", 476, 17, 0)),
        (DISK_SERIAL, _text(f"DISK_{serial[:24]}")),
        (NETWORK, struct.pack("<I", 14) + mac),
        (10, bytes([10, 2, 0, 0])),
        (UUID, uuid.UUID(smbios_uuid).bytes_le),
        (SERIAL, _text(serial)),
        (FIRMWARE_MAKER, _text(manufacturer)),
        (MAKER, _text(manufacturer)),
        (MODEL, _text(model)),
        (FAMILY, _text(f"{model} family")),
        (SKU, _text(f"{model}_SKU")),
    ]
    if product_key:
        records.append((PRODUCT_KEY, _text(product_key)))
    if ek is not None:
        records += [
            (OFFLINE_ID, struct.pack("<IIH", 1, 1, 0) + hashlib.sha256(ek).digest()),
            (TPM_VERSION, _text(tpm_version)),
            (EK, ek),
        ]
    return base64.b64encode(_closed(records, size)).decode("ascii")


def endorsement_key(seed: str) -> bytes:
    """284 bytes that are the same for the same text."""
    return b"".join(hashlib.sha256(f"{seed}/{part}".encode()).digest() for part in range(9))[:284]


def read(text: str) -> dict:
    """What stands in a hash: ``serial``, ``manufacturer``, ``model``, ``smbios_uuid``, ``ek`` (bytes or None),
    ``tpm_version``, ...; ValueError for one that the service would not take."""
    data = base64.b64decode(text, validate=True)
    if len(data) < 44 or data[:2] != b"OA":
        raise ValueError("it does not begin as a hardware hash")
    (length,) = struct.unpack_from("<H", data, 2)
    if length + 36 > len(data) or data[length : length + 4] != b"CS\x24\x00":
        raise ValueError("it has no checksum")
    if hashlib.sha256(data[:length]).digest() != data[length + 4 : length + 36]:
        raise ValueError("its checksum is wrong")
    if any(data[length + 36 :]):
        raise ValueError("something follows its checksum")
    found: dict = {"ek": None, "smbios_uuid": None, **dict.fromkeys(TEXTS.values(), "")}
    position = 4
    while position < length:
        kind, size = struct.unpack_from("<HH", data, position)
        if size < 4 or position + size > length:
            raise ValueError("a record is longer than the rest")
        value = data[position + 4 : position + size]
        if kind in TEXTS:
            found[TEXTS[kind]] = value.split(b"\0")[0].decode("utf-8")
        elif kind == EK:
            found["ek"] = value
        elif kind == UUID and len(value) == 16:
            found["smbios_uuid"] = str(uuid.UUID(bytes_le=value))
        position += size
    if not found["serial"]:
        raise ValueError("it has no serial number")
    return found


def damaged(text: str, how: str) -> str:
    """The same hash after one of DAMAGES."""
    data = bytearray(base64.b64decode(text))
    (length,) = struct.unpack_from("<H", data, 2)
    if how == "flipped":
        data[length // 2] ^= 1
    elif how == "cut":
        return text[: length // 6 * 4]
    elif how == "doubled":
        return text * 2
    elif how == "unpadded":
        return base64.b64encode(data[:-1]).decode("ascii").rstrip("=")
    elif how == "one_short":
        return text[:-1]
    elif how == "not_base64":
        return text[:100] + "#" + text[101:]
    elif how == "no_checksum":
        data[length : length + 36] = bytes(36)
    elif how == "zeros":
        data = bytearray(len(data))
    else:
        raise ValueError(how)
    return base64.b64encode(data).decode("ascii")


def _text(text: str) -> bytes:
    return text.encode("utf-8") + b"\0"


def _closed(records: list[tuple[int, bytes]], size: int) -> bytes:
    body = b"".join(struct.pack("<HH", kind, len(value) + 4) + value for kind, value in records)
    head = b"OA" + struct.pack("<H", len(body) + 4) + body
    closed = head + b"CS" + struct.pack("<H", 36) + hashlib.sha256(head).digest()
    if len(closed) > size:
        raise ValueError(f"the records need {len(closed)} bytes")
    return closed.ljust(size, b"\0")
