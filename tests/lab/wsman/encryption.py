# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Message encryption of WS-Man over plain HTTP: multipart/encrypted bodies (MS-WSMV 2.2.9.1)."""

from __future__ import annotations

import re
import struct
import typing as t

SPNEGO = "application/HTTP-SPNEGO-session-encrypted"
CONTENT_TYPE = f'multipart/encrypted;protocol="{SPNEGO}";boundary="Encrypted Boundary"'

_BOUNDARY = b"--Encrypted Boundary"
_OCTETS = b"\tContent-Type: application/octet-stream\r\n"
_LENGTH = re.compile(rb"OriginalContent:[^\r\n]*;\s*Length=(\d+)", re.IGNORECASE)


class Sealer(t.Protocol):
    """What of a completed pyspnego context is needed here."""

    def wrap_winrm(self, data: bytes) -> t.Any:
        """Seal: an object with header, data, padding_length."""

    def unwrap_winrm(self, header: bytes, data: bytes) -> bytes:
        """Open what the other side has sealed."""


class BadMessage(ValueError):
    """The body is not a message sealed by this connection's context."""


def is_encrypted(content_type: str) -> bool:
    """Tell a sealed body by its media type."""
    return content_type.lower().startswith(("multipart/encrypted", "multipart/x-multi-encrypted"))


def decrypt(context: Sealer, body: bytes) -> bytes:
    """Open a body of one or more sealed parts; raises BadMessage on form, the context's own errors on a bad seal."""
    plain: list[bytes] = []
    rest = body
    while rest and not rest.startswith(_BOUNDARY + b"--"):
        head_start, separator, rest = rest.partition(_BOUNDARY + b"\r\n")
        head, separator, rest = rest.partition(_BOUNDARY + b"\r\n")
        length = _LENGTH.search(head)
        if head_start or not separator or not length or not rest.startswith(_OCTETS):
            raise BadMessage("a part has no OriginalContent or no octet stream")
        rest = rest[len(_OCTETS) :]
        if len(rest) < 4:
            raise BadMessage("a part ends before its signature")
        header_length = struct.unpack("<i", rest[:4])[0]
        # The sealed data are as long as the plain ones (RC4); a boundary inside them cannot mislead.
        start, end = 4 + header_length, 4 + header_length + int(length.group(1))
        if header_length != 16 or len(rest) < end:
            raise BadMessage("a part ends before its data")
        plain.append(context.unwrap_winrm(rest[4:start], rest[start:end]))
        rest = rest[end:]
    return b"".join(plain)


def encrypt(context: Sealer, plain: bytes) -> bytes:
    """Seal an answer as one part."""
    sealed = context.wrap_winrm(plain)
    return b"".join(
        (
            _BOUNDARY,
            b"\r\n\tContent-Type: ",
            SPNEGO.encode(),
            b"\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=",
            str(len(plain) + sealed.padding_length).encode(),
            b"\r\n",
            _BOUNDARY,
            b"\r\n",
            _OCTETS,
            struct.pack("<i", len(sealed.header)),
            sealed.header,
            sealed.data,
            _BOUNDARY,
            b"--\r\n",
        )
    )
