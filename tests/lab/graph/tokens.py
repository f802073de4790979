# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens: they look as Entra's do, only this process can tell whether they are real.

Claims as in Microsoft's "Access token claims reference"; the signature is a keyed hash of this process and no RS256.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
import secrets
import time
import typing as t
import uuid

from ..tenant import Tenant
from ..tenant.applications import Application

GRAPH = "00000003-0000-0000-c000-000000000000"


@dataclasses.dataclass(frozen=True)
class Caller:
    """Who asks. ``permissions``: app roles, or scopes when ``delegated``; ``roles``: directory roles (template ids);
    ``demanded``: the claims that the token was asked for with."""

    tenant_id: str
    client_id: str
    permissions: frozenset[str]
    delegated: bool = False
    user_id: str | None = None
    roles: frozenset[str] = frozenset()
    demanded: t.Any = None


class Rejected(Exception):
    """A token that is not accepted; the text is what Graph says."""


class Tokens:
    """Issues and reads tokens. ``lifetime`` in seconds; ``expire_all`` ends every token issued so far."""

    def __init__(self, clock: t.Callable[[], float] = time.time, lifetime: int = 3599) -> None:
        self.lifetime = lifetime
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._expired_until = 0.0
        self.issued = 0

    def issue(
        self,
        tenant: Tenant,
        application: Application,
        audience: str,
        *,
        user: dict | None = None,
        scopes: t.Iterable[str] = (),
        roles: t.Iterable[str] = (),
        lifetime: int | None = None,
        demanded: t.Any = None,
    ) -> str:
        """An access token; with ``user`` a delegated one with ``scopes``, else one with the app's roles."""
        now = self._clock()
        claims: dict[str, t.Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant.id}/",
            "iat": int(now),
            "nbf": int(now),
            "exp": now + (self.lifetime if lifetime is None else lifetime),
            "app_displayname": application.name,
            "appid": application.client_id,
            "tid": tenant.id,
            "uti": secrets.token_urlsafe(16),
            "ver": "1.0",
            "idtyp": "user" if user else "app",
            "lab_demanded": demanded,
        }
        if user:
            claims.update(
                oid=user["id"],
                upn=user["userPrincipalName"],
                name=user["displayName"],
                scp=" ".join(sorted(scopes)),
                wids=sorted(roles),
            )
        else:
            claims.update(oid=application.object_id, sub=application.object_id, roles=sorted(application.permissions))
        self.issued += 1
        return self._sign(claims)

    def read(self, token: str, audiences: t.Container[str]) -> Caller:
        """Who the token speaks for; Rejected with Graph's words."""
        head, _dot, signature = token.rpartition(".")
        if token.count(".") != 2:
            raise Rejected("IDX14100: JWT is not well formed, there are no dots (.).")
        if not hmac.compare_digest(signature, self._signature(head)):
            raise Rejected("Signature is invalid.")
        claims = json.loads(_unpack(head.partition(".")[2]))
        if claims["aud"] not in audiences:
            raise Rejected("Access token validation failure. Invalid audience.")
        if claims["exp"] <= self._clock() or claims["nonce"] <= self._expired_until:
            raise Rejected("Lifetime validation failed, the token is expired.")
        delegated = claims["idtyp"] == "user"
        return Caller(
            claims["tid"],
            claims["appid"],
            frozenset(claims["scp"].split() if delegated else claims["roles"]),
            delegated,
            claims["oid"] if delegated else None,
            frozenset(claims.get("wids", [])),
            claims["lab_demanded"],
        )

    def expire_all(self) -> None:
        """Every token issued up to now is expired."""
        self._expired_until = time.monotonic_ns()

    def identity_token(self, tenant: Tenant, application: Application, user: dict, issuer: str) -> str:
        """The id_token of a delegated sign-in; clients read it without checking its signature."""
        now = int(self._clock())
        return self._sign(
            {
                "aud": application.client_id,
                "iss": issuer,
                "iat": now,
                "nbf": now,
                "exp": now + 3600,
                "tid": tenant.id,
                "oid": user["id"],
                "sub": user["id"],
                "preferred_username": user["userPrincipalName"],
                "name": user["displayName"],
                "ver": "2.0",
            }
        )

    def _sign(self, claims: dict[str, t.Any]) -> str:
        header = {"typ": "JWT", "alg": "RS256", "kid": hashlib.sha256(self._key).hexdigest()[:27]}
        claims = {**claims, "nonce": time.monotonic_ns(), "jti": str(uuid.uuid4())}
        head = ".".join(pack(json.dumps(part).encode()) for part in (header, claims))
        return f"{head}.{self._signature(head)}"

    def _signature(self, head: str) -> str:
        # As long as an RS256 signature: 256 bytes.
        return pack(b"".join(hmac.digest(self._key, f"{part}.{head}".encode(), "sha256") for part in range(8)))


def pack(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
