# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Multi Admin Approval in the lab's control API; each route also below /tenants/LABEL.

===========================  ==========================================================================================
GET, POST /tenant/approvals  {"protect": [kinds], "excluded": [client ids], "decide": "approve" | "reject" | "cancel" |
                             null, "polls": looks before that}; {"decision": ...} decides all open requests now.
                             Answers with the settings, and all "requests" as a client reads them
===========================  ==========================================================================================
"""

from __future__ import annotations

import typing as t

from aiohttp import web

from ..tenant import Tenant
from ..tenant.approvals import DECISIONS, PROTECTED

SETTINGS = ("protect", "excluded", "decide", "polls")


def add_routes(app: web.Application, find: t.Callable[[web.Request], Tenant]) -> None:
    """Add the routes. ``find`` gives the tenant that a request is about."""

    async def approvals(request: web.Request) -> web.Response:
        known = find(request).approvals
        body: dict[str, t.Any] = await request.json() if request.method == "POST" else {}
        decision = body.pop("decision", None)
        odd = [name for name in body if name not in SETTINGS]
        odd += [kind for kind in body.get("protect", ()) if kind not in PROTECTED]
        odd += [one for one in (decision, body.get("decide")) if one is not None and one not in DECISIONS]
        if odd:
            return web.json_response({"error": f"not possible: {', '.join(map(str, odd))}"}, status=400)
        for name, value in body.items():
            setattr(known, name, value)
        for one in known.requests.values():
            if decision is not None and one.row["status"] == "needsApproval":
                known.settle(one, decision)
        return web.json_response(
            {name: getattr(known, name) for name in SETTINGS} | {"requests": [o.row for o in known.requests.values()]}
        )

    for prefix in ("/tenant", "/tenants/{label}"):
        app.router.add_get(prefix + "/approvals", approvals)
        app.router.add_post(prefix + "/approvals", approvals)
