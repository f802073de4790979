# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intune over time in the lab's control API; each route also below /tenants/LABEL.

========================  =============================================================================================
GET, POST /tenant/intune  how policies and enrolled devices stand by now; {"sync": NAME}, {"restart": NAME},
                          {"sign_in": NAME, "user": USER} (a name of the scenario), {"primary_user": NAME, "user": USER}
                          let something happen to a device,
                          {"assign": POLICY, "to": "devices" | "users" | "nobody"} to a policy
========================  =============================================================================================
"""

from __future__ import annotations

import typing as t

from aiohttp import web

from ..tenant import Tenant, arrival, arriving
from ..tenant.enrolled import TARGETS
from .service import Service


def add_routes(app: web.Application, service: Service, find: t.Callable[[web.Request], Tenant]) -> None:
    """Add the routes. ``find`` gives the tenant that a request is about."""

    async def intune(request: web.Request) -> web.Response:
        tenant, clock = find(request), service.clock
        directory = service.side(tenant).directory
        body: dict[str, t.Any] = await request.json() if request.method == "POST" else {}
        arrival.proceed(directory, tenant)
        try:
            _happen(tenant, body, clock.elapsed())
        except (KeyError, AttributeError) as error:
            return web.json_response({"error": f"not possible: {error}"}, status=400)
        arrival.proceed(directory, tenant)
        return web.json_response(arriving.shown(tenant, clock.elapsed()))

    for prefix in ("/tenant", "/tenants/{label}"):
        app.router.add_get(prefix + "/intune", intune)
        app.router.add_post(prefix + "/intune", intune)


def _happen(tenant: Tenant, body: dict[str, t.Any], now: float) -> None:
    """KeyError for a device, user or policy that is not known."""
    if "sync" in body:
        arrival.sync(tenant, arriving.of_name(tenant, body["sync"]), now)
    if "restart" in body:
        arriving.of_name(tenant, body["restart"]).machine.restart(now)
    if "sign_in" in body:
        arriving.sign_in(tenant, arriving.of_name(tenant, body["sign_in"]), body["user"], now)
    if "primary_user" in body:
        arriving.set_primary_user(tenant, arriving.of_name(tenant, body["primary_user"]), body["user"])
    if "assign" in body:
        if tenant.intune is None or body.get("to") not in TARGETS:
            raise KeyError(body.get("to"))
        tenant.intune.policies[body["assign"]]["assigned"] = body["to"]
