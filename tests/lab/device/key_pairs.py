# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key pairs of devices, and the certificates that the registration service signs for them.

Real RSA keys of 2048 bits, but weak on purpose: each is two of the 32 primes in primes.json, so that a thousand devices
cost a quarter of a second, and a name always has the same one. Certificates are really signed, too, so that their
thumbprints are what everybody else computes.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import itertools
import json
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat, pkcs12
from cryptography.x509.oid import NameOID

EXPONENT = 65537
#: All in one part, as Windows shows it: with a plus between them.
_ISSUER = x509.Name(
    [
        x509.RelativeDistinguishedName(
            [
                x509.NameAttribute(NameOID.DOMAIN_COMPONENT, "net"),
                x509.NameAttribute(NameOID.DOMAIN_COMPONENT, "windows"),
                x509.NameAttribute(NameOID.COMMON_NAME, "MS-Organization-Access"),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "82dbaca4-3e81-46ca-9c73-0950c1eaca97"),
            ]
        )
    ]
)
#: Real ones are signed with RSA. Nobody has the issuer's certificate, so nobody looks; this is quicker.
_SIGNER = ed25519.Ed25519PrivateKey.from_private_bytes(b"MS-Organization-Access of a lab.")


@functools.cache
def _pairs() -> list[tuple[int, int]]:
    primes = json.loads(Path(__file__).with_name("primes.json").read_text(encoding="ascii"))
    return list(itertools.combinations([int(prime, 16) for prime in primes], 2))


def _primes(name: str) -> tuple[int, int]:
    pairs = _pairs()
    return pairs[int.from_bytes(hashlib.sha256(name.encode("utf-8")).digest()[:8], "big") % len(pairs)]


@functools.cache
def certificate(name: str, common_name: str, start: datetime.datetime, end: datetime.datetime) -> bytes:
    """The DER of a device certificate for the public key of this name."""
    first, second = _primes(name)
    return (
        x509.CertificateBuilder()
        .issuer_name(_ISSUER)
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .public_key(rsa.RSAPublicNumbers(EXPONENT, first * second).public_key())
        .serial_number(int.from_bytes(hashlib.sha256(f"{name}|{start}".encode()).digest()[:15], "big") | 1)
        .not_valid_before(start)
        .not_valid_after(end)
        .sign(_SIGNER, None)
        .public_bytes(Encoding.DER)
    )


def public_key(der: bytes) -> bytes:
    """The RSAPublicKey (PKCS #1) of a certificate: of it Entra keeps a hash."""
    return x509.load_der_x509_certificate(der).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)


@functools.cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """The private key of this name, made when somebody first asks for it."""
    first, second = _primes(name)
    secret = rsa.rsa_recover_private_exponent(EXPONENT, first, second)
    numbers = rsa.RSAPrivateNumbers(
        first,
        second,
        secret,
        rsa.rsa_crt_dmp1(secret, first),
        rsa.rsa_crt_dmq1(secret, second),
        rsa.rsa_crt_iqmp(first, second),
        rsa.RSAPublicNumbers(EXPONENT, first * second),
    )
    return numbers.private_key()


@functools.cache
def pfx(name: str, der: bytes) -> bytes:
    """A certificate with its private key, as every .NET reads it; the password is ``proof``."""
    form = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1).hmac_hash(hashes.SHA1())
    form = form.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
    certificate_of_it = x509.load_der_x509_certificate(der)
    return pkcs12.serialize_key_and_certificates(None, private_key(name), certificate_of_it, None, form.build(b"proof"))


def sign(name: str, text: bytes) -> bytes:
    """A signature as RSA and SHA-256 in .NET give it with Pkcs1."""
    return private_key(name).sign(text, padding.PKCS1v15(), hashes.SHA256())
