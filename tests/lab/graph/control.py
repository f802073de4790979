# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switches of a tenant's Graph in the lab's control API; each also below /tenants/LABEL.

=================================  ====================================================================================
GET, POST, DELETE /tenant/faults   the waiting faults; add one: {"kind": ..., ...} as in ``faults``; none any more
GET, POST /tenant/settings         {"lag": reads, "route_lag": reads of each route, "page_size": objects (0: the
                                   service's own), "rule_reads": reads, "token_lifetime": seconds,
                                   "sign_in": {"user", "polls", "outcome", "interval"}}
GET, DELETE /tenant/requests       {total, routes: {"GET /v1.0/devices": n}, tokens: {total, ...}}; begin to count anew
POST /tenant/tokens/expire         every token issued so far is expired
POST /tenant/sync                  a synchronization by Entra Connect: {restored: n} hybrid joined devices are back
GET, POST /tenant/autopilot        settings of Autopilot's service (``autopilot.DEFAULTS`` of the tenant) and its state
GET, POST /tenant/approvals        ``approval_control``
GET, POST /tenant/logs             ``log_control``
GET, POST /tenant/intune           ``arrival_control``
POST /tenant/passkeys              {"user", "aaguid", "type", "name", "model"}: the user registers one
POST /tenant/applications          {"name", "permissions": []}: {client_id, client_secret}
=================================  ====================================================================================
"""

from __future__ import annotations

import datetime
import typing as t

from aiohttp import web

from ..tenant import Tenant, authentication
from ..tenant.applications import register
from ..tenant.autopilot import DEFAULTS
from ..tenant.furnish import add_service_principal
from ..tenant.objects import utc_seconds
from . import approval_control, arrival_control, log_control
from .faults import FaultError
from .service import Service


def add_routes(app: web.Application, service: Service, find: t.Callable[[web.Request], Tenant]) -> None:
    """Add the switches to the control API. ``find`` gives the tenant that a request is about."""
    switches = _Switches(service, find)
    approval_control.add_routes(app, find)
    log_control.add_routes(app, service, find)
    arrival_control.add_routes(app, service, find)
    for prefix in ("/tenant", "/tenants/{label}"):
        app.router.add_get(prefix + "/faults", switches.faults)
        app.router.add_post(prefix + "/faults", switches.add_fault)
        app.router.add_delete(prefix + "/faults", switches.clear_faults)
        app.router.add_get(prefix + "/settings", switches.settings)
        app.router.add_post(prefix + "/settings", switches.settings)
        app.router.add_get(prefix + "/requests", switches.requests)
        app.router.add_delete(prefix + "/requests", switches.requests)
        app.router.add_post(prefix + "/tokens/expire", switches.expire)
        app.router.add_post(prefix + "/sync", switches.synchronize)
        app.router.add_get(prefix + "/autopilot", switches.autopilot)
        app.router.add_post(prefix + "/autopilot", switches.autopilot)
        app.router.add_post(prefix + "/applications", switches.application)
        app.router.add_post(prefix + "/passkeys", switches.passkey)


class _Switches:
    def __init__(self, service: Service, find: t.Callable[[web.Request], Tenant]) -> None:
        self.service = service
        self.find = find

    async def faults(self, request: web.Request) -> web.Response:
        return web.json_response({"faults": self.service.side(self.find(request)).faults.pending()})

    async def add_fault(self, request: web.Request) -> web.Response:
        side = self.service.side(self.find(request))
        try:
            body = await _body(request)
            side.faults.add(body.pop("kind", ""), body)
        except FaultError as error:
            return _refuse(error)
        return await self.faults(request)

    async def clear_faults(self, request: web.Request) -> web.Response:
        self.service.side(self.find(request)).faults.clear()
        return await self.faults(request)

    async def settings(self, request: web.Request) -> web.Response:
        try:
            body = await _body(request) if request.method == "POST" else {}
            return web.json_response(self.service.configure(self.find(request), body))
        except FaultError as error:
            return _refuse(error)

    async def requests(self, request: web.Request) -> web.Response:
        tenant = self.find(request)
        found = self.service.requests(tenant)
        if request.method == "DELETE":
            self.service.forget_requests(tenant)
        return web.json_response(found)

    async def synchronize(self, request: web.Request) -> web.Response:
        """Every computer is still in scope, so that what was deleted here comes back with its old ids."""
        tenant = self.find(request)
        side = self.service.side(tenant)
        back = [row for row in tenant.deleted_devices.values() if row.get("trustType") == "ServerAd"]
        for row in back:
            side.view.touch("devices", row["id"])
            del tenant.deleted_devices[row["id"]]
            tenant.devices[row["id"]] = {**row, "deletedDateTime": None, "isCompliant": False}
        return web.json_response({"restored": len(back)})

    async def autopilot(self, request: web.Request) -> web.Response:
        tenant = self.find(request)
        try:
            body = await _body(request) if request.method == "POST" else {}
        except FaultError as error:
            return _refuse(error)
        unknown = set(body) - set(DEFAULTS)
        if unknown:
            return _refuse(FaultError(f"no setting of Autopilot: {', '.join(sorted(unknown))}"))
        tenant.autopilot_service.update(body)
        return web.json_response({**DEFAULTS, **tenant.autopilot_service})

    async def expire(self, request: web.Request) -> web.Response:
        self.service.authority.tokens.expire_all()
        return web.json_response({"expired": True})

    async def passkey(self, request: web.Request) -> web.Response:
        tenant = self.find(request)
        try:
            body = await _body(request)
        except FaultError as error:
            return _refuse(error)
        user = tenant.user(f"{body.pop('user', '')}@{tenant.domains[0]}")
        if user is None or "aaguid" not in body:
            return _refuse(FaultError("a passkey needs user, one of the tenant, and aaguid"))
        now = datetime.datetime.now(datetime.timezone.utc)
        number = len(tenant.passkeys.get(user["id"], ()))
        return web.json_response(authentication.add_passkey(tenant, user, f"later-{number}", body, utc_seconds(now)))

    async def application(self, request: web.Request) -> web.Response:
        tenant = self.find(request)
        try:
            body = await _body(request)
        except FaultError as error:
            return _refuse(error)
        found = register(tenant, str(body.get("name", "test")), tuple(body.get("permissions", ())))
        add_service_principal(tenant, found.client_id, found.name, found.object_id)
        return web.json_response({"client_id": found.client_id, "client_secret": found.secrets[0]})


async def _body(request: web.Request) -> dict[str, t.Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise FaultError(f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise FaultError("the body must be an object")
    return body


def _refuse(error: FaultError) -> web.Response:
    return web.json_response({"error": str(error)}, status=400)
