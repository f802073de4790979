# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with which the controller signs in: what is wrong with one is said before the sign-in, which says less of it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import datetime
import typing as t
from pathlib import Path

from ...options import bad_option

LARGEST_FILE = 2**20
"""Bytes. A certificate with its key and chain has some thousand, the token of a workload two thousand."""


def assertion(path: str) -> str:
    """The token in a ``federated_token_file``, without the line end and the byte order mark that editors add.

    Raises Failure.
    """
    content = _content("federated_token_file", path)
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig").strip()
    except UnicodeDecodeError:
        raise bad_option(
            "federated_token_file", f"{path} is not a text", "give the file that holds the workload's token"
        ) from None
    if not text:
        raise bad_option("federated_token_file", f"{path} is empty", "see why the platform has not written the token")
    return text


def require_certificate(path: str, password: str | None) -> None:
    """Refuse a certificate that is not valid now, or that does not belong to the key beside it.

    What cannot be read here is azure-identity's to refuse. Raises Failure.
    """
    content = _content("certificate_path", path)
    if not content.strip():
        raise bad_option(
            "certificate_path", f"{path} is empty", "give a PEM or PKCS12 file with certificate and private key"
        )
    read = _read(content, password.encode() if password else None)
    if read is None:
        return
    certificate, key = read
    if key.public_key().public_numbers() != certificate.public_key().public_numbers():
        raise bad_option(
            "certificate_path",
            f"the first certificate in {path} does not belong to the private key in it",
            "put the certificate of this key first, or export both together",
        )
    begins, ends = _time(certificate, "not_valid_before"), _time(certificate, "not_valid_after")
    now = datetime.datetime.now(datetime.timezone.utc)
    if not begins <= now <= ends:
        what = f"has expired on {ends:%Y-%m-%d}" if now > ends else f"is not valid before {begins:%Y-%m-%d %H:%M} UTC"
        raise bad_option(
            "certificate_path",
            f"the certificate in {path} {what}",
            "create a new one and register it with the application"
            if now > ends
            else "check the controller's clock, or wait",
        )


def _read(content: bytes, password: bytes | None) -> tuple[t.Any, t.Any] | None:
    """Certificate and private key of a PEM or PKCS12 file; None for what these are not."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
    from cryptography.x509 import load_pem_x509_certificates

    with contextlib.suppress(ValueError, TypeError, AttributeError):
        if b"-----BEGIN" in content:
            return load_pem_x509_certificates(content)[0], load_pem_private_key(content, password)
        key, certificate, _chain = pkcs12.load_key_and_certificates(content, password)
        return (certificate, key) if certificate and key else None
    return None


def _time(certificate: t.Any, name: str) -> datetime.datetime:
    # cryptography before 42 has it without its zone only.
    aware = getattr(certificate, f"{name}_utc", None)
    return aware or getattr(certificate, name).replace(tzinfo=datetime.timezone.utc)


def _content(name: str, path: str) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as exc:
        raise bad_option(
            name, f"{path} cannot be read: {exc.strerror}", "give the path of a file on the controller"
        ) from None
    if len(content) > LARGEST_FILE:
        raise bad_option(name, f"{path} has more than {LARGEST_FILE} bytes", "give the path of the right file")
    return content
