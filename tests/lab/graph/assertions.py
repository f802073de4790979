# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client assertions: a JWT signed with a registered certificate, or by a trusted identity provider.

Microsoft, "Microsoft identity platform application authentication certificate credentials" and "Workload identity
federation"; RFC 7523.
"""

from __future__ import annotations

import base64
import hashlib
import json
import typing as t

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ..tenant.applications import Application
from .oauth_errors import OAuthError

FEDERATED_AUDIENCE = "api://AzureADTokenExchange"


def check(
    assertion: str,
    application: Application,
    audiences: set[str],
    now: float,
    issuer: tuple[str, rsa.RSAPublicKey] | None = None,
) -> None:
    """Accept an assertion or raise OAuthError AADSTS700027 and its kin.

    ``audiences``: addresses of the token endpoint that may stand in ``aud``; ``issuer``: name and key of the identity
    provider that applications may trust by ``federated``.
    """
    try:
        head, payload, signature = assertion.split(".")
        header, claims = json.loads(_unpack(head)), json.loads(_unpack(payload))
        signed = f"{head}.{payload}".encode()
        data = _unpack(signature)
    except (ValueError, UnicodeDecodeError) as error:
        raise OAuthError("AADSTS50027", "JWT token is invalid or malformed.") from error
    if issuer is not None and claims.get("iss") == issuer[0]:
        return _check_federated(header, claims, signed, data, application, issuer, now)
    key = _registered_key(header, application)
    if not _verifies(key, header.get("alg"), data, signed):
        raise OAuthError(
            "AADSTS700027",
            "The certificate with identifier used to sign the client assertion is not "
            "registered on application, or the assertion failed signature validation.",
        )
    if claims.get("iss") != application.client_id or claims.get("sub") != application.client_id:
        raise OAuthError("AADSTS700021", "Client assertion application identifier doesn't match 'client_id' parameter.")
    if claims.get("aud") not in audiences:
        raise OAuthError(
            "AADSTS700023",
            f"Client assertion audience claim does not match Realm issuer. Received: '{claims.get('aud')}'.",
        )
    _check_time(claims, now)
    return None


def _check_federated(
    header: dict,
    claims: dict,
    signed: bytes,
    data: bytes,
    application: Application,
    issuer: tuple[str, rsa.RSAPublicKey],
    now: float,
) -> None:
    if (claims.get("iss"), claims.get("sub")) not in application.federated:
        raise OAuthError(
            "AADSTS700213",
            f"No matching federated identity record found for presented assertion subject '{claims.get('sub')}'.",
        )
    if claims.get("aud") != FEDERATED_AUDIENCE:
        raise OAuthError(
            "AADSTS700212",
            f"No matching federated identity record found for presented assertion audience '{claims.get('aud')}'.",
        )
    if not _verifies(issuer[1], header.get("alg"), data, signed):
        raise OAuthError("AADSTS5000814", "The signature of the presented assertion is not valid.")
    _check_time(claims, now)


def _registered_key(header: dict, application: Application) -> rsa.RSAPublicKey:
    """The key of the certificate that ``x5t`` (SHA-1) or ``x5t#S256`` names."""
    for der in application.certificates:
        names = {"x5t": hashlib.sha1(der, usedforsecurity=False), "x5t#S256": hashlib.sha256(der)}
        given = [name for name in names if name in header]
        if given and all(_unpack(str(header[name])) == names[name].digest() for name in given):
            key = x509.load_der_x509_certificate(der).public_key()
            if isinstance(key, rsa.RSAPublicKey):
                return key
    raise OAuthError(
        "AADSTS700027",
        "The certificate with identifier used to sign the client assertion is not registered on application.",
    )


def _verifies(key: rsa.RSAPublicKey, algorithm: t.Any, signature: bytes, signed: bytes) -> bool:
    schemes: dict[t.Any, padding.AsymmetricPadding] = {
        "RS256": padding.PKCS1v15(),
        "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size),
    }
    if algorithm not in schemes:
        return False
    try:
        key.verify(signature, signed, schemes[algorithm], hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _check_time(claims: dict, now: float) -> None:
    if not float(claims.get("nbf", 0)) - 300 <= now <= float(claims.get("exp", 0)) + 300:
        raise OAuthError("AADSTS700024", "Client assertion is not within its valid time range.")


def _unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
