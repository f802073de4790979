# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority: secrets, assertions, device codes, refresh tokens, and what a token is good for."""

from __future__ import annotations

import datetime
import hashlib
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.lab.graph.assertions import FEDERATED_AUDIENCE
from tests.lab.graph.authority import ASSERTION, DEVICE_CODE
from tests.lab.graph.oauth_errors import OAuthError
from tests.lab.graph.tokens import Rejected, Tokens, pack

from .graph_lab import ORIGIN, GraphLab

SCOPE = "https://graph.microsoft.com/.default"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
NOW = datetime.datetime.now(datetime.timezone.utc)
DER = (
    x509.CertificateBuilder()
    .subject_name(NAME)
    .issuer_name(NAME)
    .public_key(KEY.public_key())
    .serial_number(1)
    .not_valid_before(NOW)
    .not_valid_after(NOW + datetime.timedelta(days=1))
    .sign(KEY, hashes.SHA256())
).public_bytes(serialization.Encoding.DER)
THUMBPRINT = pack(hashlib.sha1(DER).digest())


@pytest.fixture
def lab() -> GraphLab:
    return GraphLab()


def _app(lab: GraphLab, name: str = "everything"):
    return next(a for a in lab.tenant.applications.values() if a.name == name)


def _secret(lab: GraphLab, **changes: str) -> dict[str, str]:
    app = _app(lab)
    return {
        "grant_type": "client_credentials",
        "client_id": app.client_id,
        "client_secret": app.secrets[0],
        "scope": SCOPE,
        **changes,
    }


def _token(lab: GraphLab, form: dict[str, str]) -> dict:
    return lab.service.authority.token(lab.tenant.id, form, ORIGIN)


def _read(lab: GraphLab, token: str):
    return lab.service.authority.tokens.read(token, lab.service.authority.resources)


def test_a_secret_gives_a_token_with_the_apps_roles(lab):
    found = _token(lab, _secret(lab))
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 3599)
    caller = _read(lab, found["access_token"])
    assert caller.permissions == _app(lab).permissions and not caller.delegated


def test_the_tenant_may_be_named_by_its_domain(lab):
    assert lab.service.authority.token("Contoso.example", _secret(lab), ORIGIN)["access_token"]


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"client_secret": "x"}, "invalid_client", "AADSTS7000215"),
        ({"client_id": "6f0a2fbe-1111-2222-3333-444444444444"}, "unauthorized_client", "AADSTS700016"),
        ({"tenant": "6f0a2fbe-1111-2222-3333-444444444444"}, "invalid_request", "AADSTS90002"),
        ({"scope": "https://evil.example/.default"}, "invalid_resource", "AADSTS500011"),
        ({"scope": "https://graph.microsoft.com/Device.Read.All"}, "invalid_scope", "AADSTS1002012"),
        ({"scope": ""}, "invalid_request", "AADSTS900144"),
        ({"grant_type": "password"}, "unsupported_grant_type", "AADSTS70003"),
    ],
)
def test_refusals_by_name(lab, changes, error, code):
    assert lab.token_error(**_secret(lab, **changes)) == (error, code)


def test_a_refusal_in_entras_form(lab):
    body = OAuthError("AADSTS7000215", "Invalid client secret provided.").body(lab.clock.utc(), "c")
    assert body["error_codes"] == [7000215] and body["correlation_id"] == "c"
    assert body["error_description"].startswith("AADSTS7000215: Invalid client secret provided. Trace ID: ")


# --- assertions ---------------------------------------------------------------------------------------------------


def _assertion(claims: dict, header: dict, key: rsa.RSAPrivateKey = KEY) -> str:
    head = ".".join(pack(json.dumps(part).encode()) for part in (header, claims))
    schemes = {"RS256": padding.PKCS1v15(), "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), 32)}
    scheme = schemes.get(header["alg"], schemes["RS256"])
    return f"{head}.{pack(key.sign(head.encode(), scheme, hashes.SHA256()))}"


def _certificate(lab: GraphLab, header: dict | None = None, key: rsa.RSAPrivateKey = KEY, **claims) -> dict[str, str]:
    app = _app(lab)
    app.certificates[:] = [DER]
    now = NOW.timestamp()
    assertion = _assertion(
        {
            "aud": f"{ORIGIN}/{lab.tenant.id}/oauth2/v2.0/token",
            "iss": app.client_id,
            "sub": app.client_id,
            "nbf": now,
            "exp": now + 600,
            **claims,
        },
        header or {"alg": "RS256", "x5t": THUMBPRINT},
        key,
    )
    return {
        "grant_type": "client_credentials",
        "client_id": app.client_id,
        "scope": SCOPE,
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion,
    }


@pytest.mark.parametrize(
    "header", [{"alg": "RS256", "x5t": THUMBPRINT}, {"alg": "PS256", "x5t#S256": pack(hashlib.sha256(DER).digest())}]
)
def test_a_certificate_gives_a_token(lab, header):
    assert _read(lab, _token(lab, _certificate(lab, header))["access_token"]).client_id == _app(lab).client_id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"header": {"alg": "RS256", "x5t": pack(b"x" * 20)}}, "AADSTS700027"),
        ({"header": {"alg": "RS256"}}, "AADSTS700027"),
        ({"header": {"alg": "none", "x5t": THUMBPRINT}}, "AADSTS700027"),
        ({"header": {"alg": "PS256", "x5t": pack(hashlib.sha256(DER).digest())}}, "AADSTS700027"),
        ({"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}, "AADSTS700027"),
        ({"aud": "https://login.evil.example/token"}, "AADSTS700023"),
        ({"iss": "someone"}, "AADSTS700021"),
        ({"exp": 1.0}, "AADSTS700024"),
        ({"nbf": NOW.timestamp() + 4000}, "AADSTS700024"),
    ],
)
def test_bad_assertions(lab, changes, code):
    assert lab.token_error(**_certificate(lab, **changes)) == ("invalid_client", code)


def test_what_is_no_assertion(lab):
    for text in ("", "x", "a.b.c", "e30.e30.e30"):
        form = {**_certificate(lab), "client_assertion": text}
        assert lab.token_error(**form)[1] in ("AADSTS50027", "AADSTS700027")


def test_a_trusted_provider_gives_a_token(lab):
    lab.service.authority.issuer = ("https://issuer.example/", KEY.public_key())
    _app(lab).federated.append(("https://issuer.example/", "job"))
    header, claims = {"alg": "RS256"}, {"iss": "https://issuer.example/", "sub": "job", "aud": FEDERATED_AUDIENCE}
    assert _token(lab, _certificate(lab, header, **claims))["access_token"]
    assert lab.token_error(**_certificate(lab, header, **{**claims, "sub": "other"}))[1] == "AADSTS700213"
    assert lab.token_error(**_certificate(lab, header, **{**claims, "aud": "x"}))[1] == "AADSTS700212"
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert lab.token_error(**_certificate(lab, header, stranger, **claims))[1] == "AADSTS5000814"


# --- people -------------------------------------------------------------------------------------------------------


def _begin(lab: GraphLab, app: str = "device_code", scope: str = SCOPE) -> dict[str, str]:
    client = _app(lab, app).client_id
    begun = lab.service.authority.device_code(lab.tenant.id, {"client_id": client, "scope": scope}, ORIGIN)
    return {"grant_type": DEVICE_CODE, "client_id": client, "device_code": begun["device_code"]}


def test_a_device_code_is_approved_after_some_polls(lab):
    lab.service.configure(lab.tenant, {"sign_in": {"polls": 2}})
    form = _begin(lab)
    assert [lab.token_error(**form) for _poll in range(2)] == [("authorization_pending", "AADSTS70016")] * 2
    found = _token(lab, form)
    caller = _read(lab, found["access_token"])
    assert caller.delegated and caller.user_id == lab.admin["id"]
    assert "Policy.ReadWrite.MobilityManagement" in caller.permissions
    assert caller.roles == lab.tenant.roles_of(lab.admin["id"])
    again = _token(
        lab, {"grant_type": "refresh_token", "client_id": form["client_id"], "refresh_token": found["refresh_token"]}
    )
    assert _read(lab, again["access_token"]).user_id == lab.admin["id"]


@pytest.mark.parametrize(("outcome", "error"), [("decline", "authorization_declined"), ("expire", "expired_token")])
def test_a_device_code_may_come_to_nothing(lab, outcome, error):
    lab.service.configure(lab.tenant, {"sign_in": {"polls": 0, "outcome": outcome}})
    assert lab.token_error(**_begin(lab))[0] == error


def test_another_user_may_sign_in(lab):
    lab.service.configure(lab.tenant, {"sign_in": {"polls": 0, "user": "lab.user@contoso.example"}})
    caller = _read(lab, _token(lab, _begin(lab))["access_token"])
    assert caller.user_id == lab.tenant.user("lab.user@contoso.example")["id"] and caller.roles == frozenset()


def test_permissions_nobody_consented_to(lab):
    lab.service.configure(lab.tenant, {"sign_in": {"polls": 0}})
    form = _begin(lab, "device_code_without_permissions", "https://graph.microsoft.com/Device.Read.All")
    assert lab.token_error(**form) == ("invalid_grant", "AADSTS65001")


def test_apps_with_a_secret_sign_nobody_in(lab):
    with pytest.raises(OAuthError, match="client_secret"):
        _begin(lab, "everything")
    assert lab.token_error(grant_type=DEVICE_CODE, client_id=_app(lab, "device_code").client_id, device_code="x") == (
        "bad_verification_code",
        "AADSTS70018",
    )


# --- tokens -------------------------------------------------------------------------------------------------------


def test_tokens_end(lab):
    now = [1000.0]
    tokens = Tokens(lambda: now[0], lifetime=60)
    audience = "https://graph.microsoft.com"
    first = tokens.issue(lab.tenant, _app(lab), audience)
    assert tokens.read(first, {audience})
    tokens.expire_all()
    second = tokens.issue(lab.tenant, _app(lab), audience)
    with pytest.raises(Rejected, match="expired"):
        tokens.read(first, {audience})
    assert tokens.read(second, {audience})
    now[0] += 60
    with pytest.raises(Rejected, match="expired"):
        tokens.read(second, {audience})


def test_tokens_cannot_be_made_up(lab):
    audience = "https://graph.microsoft.com"
    token = lab.service.authority.tokens.issue(lab.tenant, _app(lab, "nothing"), audience)
    head, claims, signature = token.split(".")
    other = lab.service.authority.tokens.issue(lab.tenant, _app(lab), audience).split(".")[1]
    for bad in ("", "x", "a.b.c", f"{head}.{other}.{signature}", f"{head}.{claims}.{signature[:-2]}xx"):
        with pytest.raises(Rejected):
            _read(lab, bad)
    with pytest.raises(Rejected, match="audience"):
        lab.service.authority.tokens.read(token, {"https://management.azure.com"})


def test_token_faults(lab):
    lab.side.faults.add("token_error", {"code": "AADSTS7000222"})
    lab.side.faults.add("token_unavailable", {})
    for error in ("invalid_client", "temporarily_unavailable"):
        with pytest.raises(OAuthError) as refused:
            lab.service.meet_token_faults(lab.tenant.id)
        assert refused.value.error == error
    lab.service.meet_token_faults(lab.tenant.id)
