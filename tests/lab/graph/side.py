# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One tenant's side of Microsoft Graph: checks a call, meets its faults, and hands it to the resource."""

from __future__ import annotations

import asyncio
import collections
import typing as t
import urllib.parse

from ..clock import Clock
from ..tenant import Directory, Tenant, arrival
from ..tenant.roles import GLOBAL_ADMINISTRATOR
from . import routing
from .answers import Answer, Call, GraphError, intune_error
from .faults import DEMANDED, STATUS, Faults
from .refusal_forms import unsupported_app_only
from .replica import Replica
from .resources.approvals import guard

#: Faults that a request meets before its resource is asked.
BEFORE = (*STATUS, "refusal", "drop", "odd_answer")
#: What the reports' service says (public projects quote it).
MISSING = (
    "The principal does not have required Microsoft Graph permission(s): {} to call this API. For more information "
    "about Microsoft Graph permissions, please visit https://learn.microsoft.com/graph/permissions-overview."
)


class Dropped(Exception):
    """The connection is to end without an answer."""


class Side:
    """The Graph of one tenant. ``page_size`` overrides the service's own; a membership rule counts as processed after
    ``rule_reads`` questions for its status."""

    def __init__(self, tenant: Tenant, directory: Directory, clock: Clock) -> None:
        self.tenant = tenant
        self.directory = directory
        self.clock = clock
        self.view = Replica(tenant)
        self.faults = Faults()
        self.page_size: int | None = None
        self.rule_reads = 1
        self.requests: collections.Counter[str] = collections.Counter()
        self._router = routing.Router()

    async def answer(self, call: Call) -> Answer:
        """The answer to a request, or to one item of a batch. Dropped when the connection is to end."""
        path = "/" + "/".join(call.path)
        arrival.proceed(self.directory, self.tenant)
        try:
            found = self._route(call)
            self.requests[f"{call.method} /{call.version}{found.template}"] += 1
            self._permit(call, found)
            late = self.faults.take(("latency",), call.method, path)
            if late is not None:
                await asyncio.sleep(late.options.get("seconds", 0.1))
            return self._handle(call, found, path)
        except GraphError as error:
            if error.seconds:
                await self.clock.sleep(error.seconds)
            return error.answer(call, self.clock.utc())

    def next_link(self, call: Call, query: str) -> str:
        """The address of the next page; with a fault on another host."""
        root = call.root
        foreign = self.faults.take(("foreign_next_link",), call.method, "/" + "/".join(call.path), call.query_text)
        if foreign is not None:
            parts = urllib.parse.urlsplit(root)
            root = urllib.parse.urlunsplit(parts._replace(netloc=foreign.options.get("host", "graph.evil.example")))
        return f"{root}{call.raw_path}?{query}"

    def _route(self, call: Call) -> routing.Route:
        found = self._router.find(call.version, call.path)
        if not found:
            raise GraphError(400, "BadRequest", f"Resource not found for the segment '{call.path[-1]}'.")
        for known, params in found:
            if known.method == call.method:
                call.params = params
                return known
        raise GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")

    def _permit(self, call: Call, found: routing.Route) -> None:
        """403 without one of the permissions, and, for people, without one of the directory roles."""
        caller = call.caller
        wanted = found.delegated if caller.delegated else found.application
        if wanted and caller.permissions & set(wanted):
            if not (caller.delegated and found.roles) or caller.roles & {*found.roles, GLOBAL_ADMINISTRATOR}:
                return
        if not caller.delegated and not found.application and "ManagementPolicies" in found.template:
            raise unsupported_app_only()
        if call.path[0] == "deviceManagement":
            raise intune_error(
                403,
                "Forbidden",
                "Application is not authorized to perform this operation. Application "
                f"must have one of the following scopes: {', '.join(wanted)}",
            )
        if call.path[0].lower() == "auditlogs":
            raise GraphError(403, "Authentication_MSGraphPermissionMissing", MISSING.format(", ".join(wanted)))
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")

    def _handle(self, call: Call, found: routing.Route, path: str) -> Answer:
        if call.path[0] == "deviceManagement" and self.faults.take(("no_intune",), call.method, path):
            raise intune_error(400, "BadRequest", "Request not applicable to target tenant.")
        self.view.route = f"{call.method} {found.template}"
        # A token that has what a challenge demands meets none.
        kinds = [kind for kind in BEFORE if kind != "claims_challenge" or call.caller.demanded != DEMANDED]
        fault = self.faults.take(kinds, call.method, path, call.query_text, call.body)
        if fault is None:
            guard(call)
            return found.handler(call)
        if fault.kind == "odd_answer":
            return Answer(200, fault.options.get("body"), odd=True)
        if fault.options.get("after"):
            found.handler(call)
        if fault.kind == "drop":
            raise Dropped
        refusal: t.Any = fault.refusal(path)
        if isinstance(refusal, GraphError):
            raise refusal
        return refusal
