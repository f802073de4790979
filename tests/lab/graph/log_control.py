# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logs in the lab's control API; each route also below /tenants/LABEL.

========================  ============================================================================================
GET, POST /tenant/logs    {"lag": seconds, "keep_days", "licence_check", "without_window", "odd_filters"}
                          (``tenant/logs.py``); with "sign_ins", "audits", "enrollment_failures" entries are added as a
                          scenario does it (without "minutes": now). Answers with the settings, and all that is
                          written, shown or not
========================  ============================================================================================
"""

from __future__ import annotations

import typing as t

from aiohttp import web

from ..tenant import Tenant, planted_logs
from .service import Service

PARTS = ("sign_ins", "audits", "enrollment_failures")


def add_routes(app: web.Application, service: Service, find: t.Callable[[web.Request], Tenant]) -> None:
    """Add the routes. ``find`` gives the tenant that a request is about."""

    async def logs(request: web.Request) -> web.Response:
        tenant = find(request)
        body: dict[str, t.Any] = await request.json() if request.method == "POST" else {}
        odd = sorted(set(body) - {*planted_logs.SETTINGS, *PARTS})
        if odd:
            return web.json_response({"error": f"not possible: {', '.join(odd)}"}, status=400)
        options = {**body, **{part: [{"minutes": 0, **entry} for entry in body.get(part, [])] for part in PARTS}}
        try:
            planted_logs.plant(service.directory, tenant, options, {})
        except KeyError as error:
            return web.json_response({"error": f"there is no {error}, or an entry lacks it"}, status=400)
        settings = {name: getattr(tenant.logs, name) for name in planted_logs.SETTINGS}
        return web.json_response({**settings, "rows": tenant.logs.rows})

    for prefix in ("/tenant", "/tenants/{label}"):
        app.router.add_get(prefix + "/logs", logs)
        app.router.add_post(prefix + "/logs", logs)
