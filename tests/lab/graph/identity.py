# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint that gives managed identities their tokens, as on a virtual machine.

Microsoft, "How to use managed identities for Azure resources on an Azure VM to acquire an access token".
"""

from __future__ import annotations

import time
import typing as t

from aiohttp import web

if t.TYPE_CHECKING:
    from .service import Service

NAME = "managed_identity"
LIFETIME = 86_399  # seconds; managed identities get tokens of a day


class Identities:
    """Answers for the first tenant of the world."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def answer(self, request: web.Request) -> web.Response:
        if request.headers.get("Metadata", "").lower() != "true":
            return _refuse(400, "invalid_request", "Required metadata header not specified")
        authority = self._service.authority
        tenant = next(iter(authority.tenants.values()))
        identity = next((a for a in tenant.applications.values() if a.name == NAME), None)
        wanted = request.query.get("client_id")
        if identity is None or wanted not in (None, identity.client_id):
            return _refuse(400, "invalid_request", "Identity not found")
        resource = request.query.get("resource", "").rstrip("/").removesuffix("/.default")
        if resource not in authority.resources:
            return _refuse(
                400, "invalid_resource", f"AADSTS500011: The resource principal named {resource} was not found."
            )
        self._service.count_token(tenant.id, NAME)
        token = authority.tokens.issue(tenant, identity, resource, lifetime=LIFETIME)
        now = int(time.time())
        return web.json_response(
            {
                "access_token": token,
                "client_id": identity.client_id,
                "expires_in": str(LIFETIME),
                "expires_on": str(now + LIFETIME),
                "ext_expires_in": str(LIFETIME),
                "not_before": str(now),
                "resource": resource,
                "token_type": "Bearer",
            }
        )


def _refuse(status: int, error: str, text: str) -> web.Response:
    return web.json_response({"error": error, "error_description": text}, status=status)
