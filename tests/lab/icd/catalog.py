# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue (.cat) that the tool writes beside a package: a PKCS#7 without a signer around a list of hashes."""

from __future__ import annotations

import datetime
import hashlib

SIGNED_DATA, TRUST_LIST = "1.2.840.113549.1.7.2", "1.3.6.1.4.1.311.10.1"
CATALOG_LIST, MEMBER, INDIRECT_DATA = (f"1.3.6.1.4.1.311.{end}" for end in ("12.1.1", "12.1.3", "2.1.4"))
SHA1, SHA256 = "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.1"


def catalog(package: bytes, list_id: bytes, made: datetime.datetime) -> bytes:
    """The catalogue of this package. ``list_id`` has 16 bytes."""
    digests = sorted(
        [(hashlib.sha256(package).digest(), SHA256), (hashlib.sha1(package, usedforsecurity=False).digest(), SHA1)]
    )
    members = [_sequence(_tlv(0x04, digest), _tlv(0x31, _attribute(digest, kind))) for digest, kind in digests]
    trust_list = _sequence(
        _sequence(_oid(CATALOG_LIST)),
        _tlv(0x04, list_id),
        _tlv(0x17, made.strftime("%y%m%d%H%M%SZ").encode()),
        _sequence(_oid(MEMBER), b"\x05\x00"),
        _sequence(*members),
    )
    content = _sequence(_oid(TRUST_LIST), _tlv(0xA0, trust_list))
    signed = _sequence(b"\x02\x01\x01", b"\x31\x00", content, b"\x31\x00")
    return _sequence(_oid(SIGNED_DATA), _tlv(0xA0, signed))


def _attribute(digest: bytes, kind: str) -> bytes:
    algorithm = _sequence(_oid(kind), b"\x05\x00")
    value = _sequence(_sequence(_oid("1.3.6.1.4.1.311.2.1.25")), _sequence(algorithm, _tlv(0x04, digest)))
    return _sequence(_oid(INDIRECT_DATA), _tlv(0x31, value))


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _tlv(0x30, b"".join(parts))


def _oid(text: str) -> bytes:
    first, second, *rest = (int(part) for part in text.split("."))
    out = bytearray([first * 40 + second])
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(number & 0x7F | 0x80)
        out += bytes(reversed(digits))
    return _tlv(0x06, bytes(out))
