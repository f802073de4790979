# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything behind the listeners: the authority and one Side a tenant."""

from __future__ import annotations

import collections
import typing as t
import urllib.parse

from ..clock import Clock
from ..tenant import Directory, Tenant
from .authority import Authority
from .faults import FaultError
from .oauth_errors import OAuthError
from .side import Side
from .tokens import Tokens

#: What POST .../settings takes: name to (kind, smallest value).
SETTINGS: dict[str, tuple[type[int] | type[float], float]] = {
    "lag": (int, 0),
    "route_lag": (int, 0),
    "page_size": (int, 0),
    "rule_reads": (int, 0),
    "token_lifetime": (int, 1),
}
SIGN_IN: dict[str, type] = {"user": str, "polls": int, "outcome": str, "interval": int}
OUTCOMES = ("approve", "decline", "expire")


class Service:
    """The HTTP side of every tenant of one world, without its listeners."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self.clock = clock
        self.directory = directory
        self.authority = Authority(directory.tenants, Tokens())
        self.sides = {id_: Side(tenant, directory, clock) for id_, tenant in directory.tenants.items()}
        self.token_requests: collections.Counter[str] = collections.Counter()
        for tenant in directory.tenants.values():
            for fault in tenant.graph.get("faults", []):
                self.side(tenant).faults.add(fault["kind"], {k: v for k, v in fault.items() if k != "kind"})
            self.configure(tenant, tenant.graph.get("settings", {}))

    def listen(self, origin: str) -> None:
        """The address became known: tokens may be for it, with and without its port."""
        parts = urllib.parse.urlsplit(origin)
        for host in ("127.0.0.1", "localhost"):
            self.authority.resources |= {f"https://{host}", f"https://{host}:{parts.port}"}

    def side(self, tenant: Tenant) -> Side:
        return self.sides[tenant.id]

    def count_token(self, tenant: str, grant: str) -> None:
        self.token_requests[grant.rpartition(":")[2] or "none"] += 1

    def meet_token_faults(self, name: str) -> None:
        """OAuthError when a fault says so. An unknown tenant has none."""
        try:
            side = self.side(self.authority.tenant(name))
        except OAuthError:
            return
        fault = side.faults.take(("token_error", "token_unavailable"), "POST", "/token")
        if fault is not None and fault.kind == "token_unavailable":
            raise OAuthError("AADSTS90033", "A transient error has occurred. Please try again.")
        if fault is not None:
            raise OAuthError(fault.options.get("code", "AADSTS90002"), "The lab was told to refuse.")

    def requests(self, tenant: Tenant) -> dict[str, t.Any]:
        """How often each route was asked, items of batches included, and how many tokens were asked for."""
        side = self.side(tenant)
        return {
            "total": sum(side.requests.values()),
            "routes": dict(side.requests),
            "tokens": {"total": sum(self.token_requests.values()), **self.token_requests},
        }

    def forget_requests(self, tenant: Tenant) -> None:
        self.side(tenant).requests.clear()
        self.token_requests.clear()

    def configure(self, tenant: Tenant, settings: dict[str, t.Any]) -> dict[str, t.Any]:
        """Change settings and return all of them. FaultError for what is no setting."""
        side, sign_ins = self.side(tenant), self.authority.sign_ins
        for name, value in settings.items():
            if name == "sign_in" and isinstance(value, dict):
                for option, given in value.items():
                    if not isinstance(given, SIGN_IN.get(option, ())) or (
                        option == "outcome" and given not in OUTCOMES
                    ):
                        raise FaultError(f"sign_in.{option}: {given!r} is not possible")
                continue
            kind, least = SETTINGS.get(name, (None, 0.0))
            if kind is None or not isinstance(value, kind) or isinstance(value, bool) or value < least:
                raise FaultError(f"{name}: {value!r} is not possible; known are {', '.join(SETTINGS)}, sign_in")
        side.page_size = settings.get("page_size", side.page_size) or None
        side.rule_reads = settings.get("rule_reads", side.rule_reads)
        if "lag" in settings:
            side.view.lag = settings["lag"]
        if "route_lag" in settings:
            side.view.route_lag = settings["route_lag"]
        self.authority.tokens.lifetime = settings.get("token_lifetime", self.authority.tokens.lifetime)
        for option, given in settings.get("sign_in", {}).items():
            setattr(sign_ins, option, given)
        return {
            "lag": side.view.lag,
            "route_lag": side.view.route_lag,
            "page_size": side.page_size or 0,
            "rule_reads": side.rule_reads,
            "token_lifetime": self.authority.tokens.lifetime,
            "sign_in": {option: getattr(sign_ins, option) for option in SIGN_IN},
        }
