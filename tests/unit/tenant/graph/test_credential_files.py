# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with which the controller signs in: trimmed, and refused before a sign-in that would not say why."""

from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.credential_files import (
    LARGEST_FILE,
    assertion,
    require_certificate,
)

KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=1024) for _number in range(2))
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "controller")])
NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
PASSWORD = "pass word"


def certificate(key=KEY, begins=NOW - DAY, ends=NOW + 30 * DAY) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )


def pem(*certificates: x509.Certificate, key=KEY, password: str | None = None) -> bytes:
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return private + b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def pfx(one: x509.Certificate, key=KEY) -> bytes:
    return pkcs12.serialize_key_and_certificates(b"x", key, one, None, BestAvailableEncryption(PASSWORD.encode()))


@pytest.fixture
def put(tmp_path):
    def put(content: bytes) -> str:
        (tmp_path / "file").write_bytes(content)
        return str(tmp_path / "file")

    return put


@pytest.mark.parametrize(
    "content",
    [b"a.b.c", b"a.b.c\n", b"\xef\xbb\xbfa.b.c\r\n", "\ufeffa.b.c\r\n".encode("utf-16-le"), b"  a.b.c  "],
    ids=["plain", "line end", "mark", "utf-16", "blanks"],
)
def test_a_token_is_sent_without_what_editors_add(put, content):
    assert assertion(put(content)) == "a.b.c"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        (b"\x80abc", "is not a text"),
        (b"a" * (LARGEST_FILE + 1), "more"),
    ],
    ids=["nothing", "mark only", "bytes", "large"],
)
def test_a_file_without_a_token_is_refused_by_its_name(put, content, why):
    with pytest.raises(Failure, match=f"bad option federated_token_file: .*{why}"):
        assertion(put(content))


def test_a_file_that_has_gone_is_refused_by_its_name(tmp_path):
    with pytest.raises(Failure, match="federated_token_file: .*cannot be read"):
        assertion(str(tmp_path / "gone"))


@pytest.mark.parametrize("form", ["pem", "locked pem", "pfx"])
@pytest.mark.parametrize(
    ("begins", "ends", "why"),
    [
        (NOW - DAY, NOW + DAY, None),
        (NOW - 9 * DAY, NOW - DAY, f"has expired on {NOW - DAY:%Y-%m-%d}"),
        (NOW + DAY, NOW + 9 * DAY, f"is not valid before {NOW + DAY:%Y-%m-%d}"),
    ],
    ids=["valid", "expired", "early"],
)
def test_a_certificate_that_is_not_valid_now_is_refused_with_its_day(put, form, begins, ends, why):
    made = certificate(begins=begins, ends=ends)
    content = {"pem": pem(made), "locked pem": pem(made, password=PASSWORD), "pfx": pfx(made)}[form]
    password = None if form == "pem" else PASSWORD
    if why is None:
        return require_certificate(put(content), password)
    with pytest.raises(Failure, match=f"bad option certificate_path: .*{why}") as caught:
        require_certificate(put(content), password)
    assert PASSWORD not in str(caught.value.error)


def test_a_certificate_of_another_key_is_refused(put):
    with pytest.raises(Failure, match="does not belong to the private key"):
        require_certificate(put(pem(certificate(OTHER_KEY))), None)


def test_a_chain_behind_the_certificate_is_none_of_its_business(put):
    require_certificate(put(pem(certificate(), certificate(OTHER_KEY))), None)


@pytest.mark.parametrize(
    ("content", "password"), [(b"x", None), (pem(certificate(), password=PASSWORD), "wrong"), (b"-----BEGIN x", None)]
)
def test_what_cannot_be_read_is_left_to_azure_identity(put, content, password):
    require_certificate(put(content), password)


def test_an_empty_file_is_no_certificate(put):
    with pytest.raises(Failure, match="certificate_path: .*is empty"):
        require_certificate(put(b"\n"), None)
