# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue (``.cat``) that lies beside an unsigned package: it has the hashes of the package, and no signature.

Form: PKCS #7 SignedData (RFC 2315) without signer, whose content is a certificate trust list of Microsoft ([MS-CAESO]),
as tools that make catalogues of version 2 write it: one entry by the SHA-256 of the file, with its indirect data, and
one by its SHA-1, each marked as no program. Real catalogues of packages have 306 bytes, and so has this one.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_TRUST_LIST = "1.3.6.1.4.1.311.10.1"
_CATALOGUE = "1.3.6.1.4.1.311.12.1.1"
_MEMBER_OF_VERSION_2 = "1.3.6.1.4.1.311.12.1.3"
_MEMBER_INFO = "1.3.6.1.4.1.311.12.2.3"
_INDIRECT_DATA = "1.3.6.1.4.1.311.2.1.4"
_LINK = "1.3.6.1.4.1.311.2.1.25"
_SHA256 = "2.16.840.1.101.3.4.2.1"
_INTEGER, _OCTETS, _NULL, _OID, _UTC_TIME, _SEQUENCE, _SET = 0x02, 0x04, 0x05, 0x06, 0x17, 0x30, 0x31
_CONTENT, _LINK_TO_FILE, _NO_PROGRAM = 0xA0, 0xA2, 0x82
_FIRST_YEAR, _YEARS = 1950, 100
"""What the two digits of a UTCTime can say (RFC 5280)."""


def catalogue(sha256: bytes, sha1: bytes, made: datetime) -> bytes:
    """The catalogue of a package with these hashes.

    ``made`` (UTC) is the time in it. The list's id, which is random in Microsoft's, is derived from the hash, so that
    the same package has the same catalogue.
    """
    list_id = hashlib.sha256(b"list of " + sha256).digest()[:16]
    info = _tlv(_SEQUENCE, _oid(_MEMBER_INFO), _tlv(_SET, _tlv(_NO_PROGRAM)))
    members = {sha256: _tlv(_SET, info, _indirect_data(sha256)), sha1: _tlv(_SET, info)}
    trust_list = _tlv(
        _SEQUENCE,
        _tlv(_SEQUENCE, _oid(_CATALOGUE)),
        _tlv(_OCTETS, list_id),
        _tlv(_UTC_TIME, _utc_time(made)),
        _algorithm(_MEMBER_OF_VERSION_2),
        _tlv(_SEQUENCE, *(_tlv(_SEQUENCE, _tlv(_OCTETS, key), members[key]) for key in sorted(members))),
    )
    signed = _tlv(
        _SEQUENCE,
        _tlv(_INTEGER, b"\1"),
        _tlv(_SET),  # no digest algorithms, as there is no signer
        _tlv(_SEQUENCE, _oid(_TRUST_LIST), _tlv(_CONTENT, trust_list)),
        _tlv(_SET),
    )
    return _tlv(_SEQUENCE, _oid(_SIGNED_DATA), _tlv(_CONTENT, signed))


def _indirect_data(sha256: bytes) -> bytes:
    link = _tlv(_SEQUENCE, _oid(_LINK), _tlv(_LINK_TO_FILE, _tlv(0x80)))
    digest = _tlv(_SEQUENCE, _algorithm(_SHA256), _tlv(_OCTETS, sha256))
    return _tlv(_SEQUENCE, _oid(_INDIRECT_DATA), _tlv(_SET, _tlv(_SEQUENCE, link, digest)))


def _algorithm(dotted: str) -> bytes:
    return _tlv(_SEQUENCE, _oid(dotted), _tlv(_NULL))


def _utc_time(made: datetime) -> bytes:
    inside = _FIRST_YEAR <= made.year < _FIRST_YEAR + _YEARS
    return (made if inside else datetime(2000, 1, 1)).strftime("%y%m%d%H%M%SZ").encode()


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray([40 * first + second])
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(number & 0x7F | 0x80)
        out += bytes(reversed(digits))
    return _tlv(_OID, bytes(out))


def _tlv(tag: int, *parts: bytes) -> bytes:
    """One element of DER: its tag, its length in the shortest form, its content."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes(-(-size.bit_length() // 8), "big")
    return bytes((tag, 0x80 | len(length))) + length + content
