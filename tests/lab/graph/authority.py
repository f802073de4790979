# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OAuth 2.0 authority: discovery, and the token endpoint with its grants.

Microsoft, "OAuth 2.0 client credentials flow", "OAuth 2.0 device authorization grant", "Refresh tokens".
"""

from __future__ import annotations

import json
import time
import typing as t
import urllib.parse

from cryptography.hazmat.primitives.asymmetric import rsa

from ..tenant import Tenant
from ..tenant.applications import Application
from . import assertions
from .device_code import SignIns
from .oauth_errors import OAuthError
from .tokens import GRAPH, Tokens

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
#: Scopes of OpenID Connect, which are no permissions of Graph.
OPENID = {"openid", "profile", "email", "offline_access"}


class Authority:
    """Answers for every tenant of the world. ``origin`` is https://host:port, ``resources`` what tokens may be for."""

    def __init__(self, tenants: dict[str, Tenant], tokens: Tokens, clock: t.Callable[[], float] = time.time) -> None:
        self.tenants = tenants
        self.tokens = tokens
        self.sign_ins = SignIns(clock)
        self.issuer: tuple[str, rsa.RSAPublicKey] | None = None
        self.resources: set[str] = {"https://graph.microsoft.com", GRAPH}
        self._clock = clock

    def tenant(self, name: str) -> Tenant:
        """By id or domain; AADSTS90002 when there is none."""
        wanted = name.lower()
        for tenant in self.tenants.values():
            if wanted in (tenant.id, *tenant.domains):
                return tenant
        raise OAuthError(
            "AADSTS90002",
            f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID "
            "and are signing into the correct cloud.",
        )

    def configuration(self, name: str, origin: str) -> dict[str, t.Any]:
        """The OpenID Connect discovery document."""
        tenant = self.tenant(name)
        base = f"{origin}/{tenant.id}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
            "msgraph_host": "graph.microsoft.com",
        }

    def token(self, name: str, form: dict[str, str], origin: str) -> dict[str, t.Any]:
        """The answer of the token endpoint; OAuthError when it refuses."""
        tenant = self.tenant(name)
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            application = self._confidential(tenant, form, origin)
            audience, scopes = self._scopes(form)
            if scopes != [".default"]:
                raise OAuthError(
                    "AADSTS1002012",
                    f"The provided value for scope {form.get('scope')} is not valid. "
                    "Client credential flows must have a scope value with /.default "
                    "suffixed to the resource identifier (application ID URI).",
                )
            return self._answer(self.tokens.issue(tenant, application, audience, demanded=_claims(form)))
        if grant == DEVICE_CODE:
            application = self.application(tenant, form.get("client_id", ""))
            waiting = self.sign_ins.redeem(form.get("device_code", ""), application.client_id)
            return self._delegated(tenant, application, waiting.user_id, waiting.scope, origin)
        if grant == "refresh_token":
            application = self.application(tenant, form.get("client_id", ""))
            user_id, scope = self.sign_ins.refresh(form.get("refresh_token", ""), application.client_id)
            return self._delegated(tenant, application, user_id, form.get("scope") or scope, origin)
        raise OAuthError("AADSTS70003", f"The app requested an unsupported grant type '{grant}'.")

    def device_code(self, name: str, form: dict[str, str], origin: str) -> dict[str, t.Any]:
        """Begin a sign-in with a code."""
        tenant = self.tenant(name)
        application = self.application(tenant, form.get("client_id", ""))
        if not application.public:
            raise OAuthError(
                "AADSTS7000218",
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            )
        self._scopes(form)
        return self.sign_ins.begin(tenant, application.client_id, form.get("scope", ""), origin)

    def application(self, tenant: Tenant, client_id: str) -> Application:
        """By client id; AADSTS700016 when the tenant does not know it."""
        found = tenant.applications.get(client_id.lower())
        if found is None:
            raise OAuthError(
                "AADSTS700016",
                f"Application with identifier '{client_id}' was not found in the "
                f"directory '{tenant.name}'. This can happen if the application has not "
                "been installed by the administrator of the tenant.",
            )
        return found

    def _confidential(self, tenant: Tenant, form: dict[str, str], origin: str) -> Application:
        application = self.application(tenant, form.get("client_id", ""))
        if "client_assertion" in form:
            if form.get("client_assertion_type") != ASSERTION:
                raise OAuthError(
                    "AADSTS900144", "The request body must contain the following parameter: 'client_assertion_type'."
                )
            audiences = {
                f"{origin}/{part}/{end}"
                for part in (tenant.id, *tenant.domains)
                for end in ("oauth2/v2.0/token", "v2.0")
            }
            assertions.check(form["client_assertion"], application, audiences, self._clock(), self.issuer)
        elif "client_secret" not in form:
            raise OAuthError(
                "AADSTS7000216",
                "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
            )
        elif form["client_secret"] not in application.secrets:
            raise OAuthError(
                "AADSTS7000215",
                "Invalid client secret provided. Ensure the secret being sent in the "
                "request is the client secret value, not the client secret ID, for a "
                f"secret added to app '{application.client_id}'.",
            )
        return application

    def _delegated(
        self, tenant: Tenant, application: Application, user_id: str, scope: str, origin: str
    ) -> dict[str, t.Any]:
        user = tenant.users.get(user_id)
        if user is None or not user["accountEnabled"]:
            raise OAuthError("AADSTS50057", "The user account is disabled.")
        audience, scopes = self._scopes({"scope": scope})
        missing = set(scopes) - application.delegated - {".default"}
        if missing:
            raise OAuthError(
                "AADSTS65001",
                "The user or administrator has not consented to use the application with "
                f"ID '{application.client_id}' named '{application.name}'. Send an "
                "interactive authorization request for this user and resource.",
            )
        granted = sorted(application.delegated)  # Entra gives all that was consented to, whatever was asked for
        token = self.tokens.issue(
            tenant, application, audience, user=user, scopes=granted, roles=tenant.roles_of(user_id)
        )
        issuer = f"{origin}/{tenant.id}/v2.0"
        return {
            **self._answer(token),
            "scope": " ".join(f"{audience}/{name}" for name in granted),
            "refresh_token": self.sign_ins.refresh_token(application.client_id, user_id, scope),
            "id_token": self.tokens.identity_token(tenant, application, user, issuer),
            "client_info": self.sign_ins.client_info(tenant.id, user_id),
        }

    def _scopes(self, form: dict[str, str]) -> tuple[str, list[str]]:
        """(resource, names of its permissions) that are asked for."""
        wanted = [name for name in form.get("scope", "").split() if name not in OPENID]
        if not wanted:
            raise OAuthError("AADSTS900144", "The request body must contain the following parameter: 'scope'.")
        resources, names = set(), []
        for scope in wanted:
            if "://" in scope:
                address = urllib.parse.urlsplit(scope)
                resources.add(f"{address.scheme}://{address.netloc}")
                names.append(address.path.rpartition("/")[2])
            else:
                resources.add("https://graph.microsoft.com")
                names.append(scope)
        if len(resources) > 1:
            raise OAuthError(
                "AADSTS28000",
                "Provided value for the input parameter scope is not valid because it contains more than one resource.",
            )
        resource = resources.pop()
        if resource not in self.resources:
            raise OAuthError(
                "AADSTS500011",
                f"The resource principal named {resource} was not found in the tenant. "
                "This can happen if the application has not been installed by the "
                "administrator of the tenant or consented to by any user in the tenant.",
            )
        return resource, names

    def _answer(self, token: str) -> dict[str, t.Any]:
        return {
            "token_type": "Bearer",
            "expires_in": self.tokens.lifetime,
            "ext_expires_in": self.tokens.lifetime,
            "access_token": token,
        }


def _claims(form: dict[str, str]) -> t.Any:
    """The claims that a token is asked for with; clients add their capabilities to what was demanded."""
    try:
        claims = json.loads(form.get("claims", "null"))
    except ValueError as error:
        raise OAuthError("AADSTS90100", "claims parameter is not valid.") from error
    token = claims.get("access_token") if isinstance(claims, dict) else None
    return {"access_token": {k: v for k, v in token.items() if k != "xms_cc"}} if isinstance(token, dict) else None
