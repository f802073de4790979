# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client needs to know: <out>/tenant.env, <out>/tenant.json, certificate and federated token (all 0600)."""

from __future__ import annotations

import json
import os
import shlex
import time
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from ..tenant import Tenant
from ..tenant.applications import Application
from .assertions import FEDERATED_AUDIENCE
from .service import Service
from .tokens import pack

ISSUER = "https://issuer.lab.example/"
SUBJECT = "system:serviceaccount:lab:controller"
EVERYTHING = "everything"


def write(out: Path, service: Service, tenants: dict[str, Tenant], origin: str, identity: str) -> None:
    """Write all files; registers the certificate and the identity provider with the apps that have every permission."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _certificate(key)
    provider = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    service.authority.issuer = (ISSUER, provider.public_key())
    for tenant in tenants.values():
        application = by_name(tenant, EVERYTHING)
        application.certificates.append(certificate.public_bytes(serialization.Encoding.DER))
        application.federated.append((ISSUER, SUBJECT))
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    paths = {"certificate_path": out / "tenant-app.pem", "federated_token_file": out / "federated-token.jwt"}
    _private(paths["certificate_path"], (certificate.public_bytes(pem) + private).decode())
    _private(paths["federated_token_file"], _federated_token(provider))
    main = next(iter(tenants.values()))
    environment = _environment(main, origin, out / "ca.pem")
    _private(out / "tenant.env", "".join(f"export {k}={shlex.quote(v)}\n" for k, v in environment.items()))
    _private(
        out / "tenant.json",
        json.dumps(
            {
                "environment": environment,
                "tenant_id": main.id,
                "domain": main.domains[0],
                "authority": origin,
                "graph_url": origin,
                "managed_identity": identity,
                "ca_file": str(out / "ca.pem"),
                **{name: str(path) for name, path in paths.items()},
                "applications": {a.name: _shown(a) for a in main.applications.values()},
                "sign_in": {"user": f"admin@{main.domains[0]}", "client_id": by_name(main, "device_code").client_id},
                "tenants": {
                    label: {
                        "tenant_id": tenant.id,
                        "domain": tenant.domains[0],
                        "applications": {a.name: _shown(a) for a in tenant.applications.values()},
                    }
                    for label, tenant in tenants.items()
                },
            },
            indent=1,
        )
        + "\n",
    )


def by_name(tenant: Tenant, name: str) -> Application:
    return next(a for a in tenant.applications.values() if a.name == name)


def _environment(tenant: Tenant, origin: str, ca: Path) -> dict[str, str]:
    application = by_name(tenant, EVERYTHING)
    return {
        "AZURE_TENANT_ID": tenant.id,
        "AZURE_CLIENT_ID": application.client_id,
        "AZURE_CLIENT_SECRET": application.secrets[0],
        "AZURE_AUTHORITY_HOST": origin,
        "WINOPS_ENTRA_GRAPH_URL": origin,
        "WINOPS_ENTRA_CA_FILE": str(ca),
        "WINOPS_ENTRA_DISABLE_INSTANCE_DISCOVERY": "true",
    }


def _shown(application: Application) -> dict[str, t.Any]:
    return {
        "client_id": application.client_id,
        "client_secret": application.secrets[0] if application.secrets else None,
        "permissions": sorted(application.delegated if application.public else application.permissions),
    }


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "winops.entra lab application")])
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )


def _federated_token(provider: rsa.RSAPrivateKey) -> str:
    """What a Kubernetes cluster would project into a pod."""
    now = int(time.time())
    head = ".".join(
        pack(json.dumps(part).encode())
        for part in (
            {"alg": "RS256", "kid": "lab", "typ": "JWT"},
            {"iss": ISSUER, "sub": SUBJECT, "aud": FEDERATED_AUDIENCE, "iat": now, "nbf": now, "exp": now + 86_400},
        )
    )
    return f"{head}.{pack(provider.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _private(path: Path, text: str) -> None:
    """Written whole and readable by the owner only from the first byte on."""
    temporary = path.with_suffix(path.suffix + ".tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)
