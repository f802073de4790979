# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One tenant with its Graph and authority for unit tests: no network, a clock that stands still."""

from __future__ import annotations

import asyncio
import typing as t
import urllib.parse

from tests.lab.clock import ManualClock
from tests.lab.graph import batch, routing
from tests.lab.graph import server as _server  # noqa: F401  (registers the routes)
from tests.lab.graph.answers import Answer, Call, GraphError
from tests.lab.graph.service import Service
from tests.lab.graph.tokens import Caller
from tests.lab.tenant import Directory, Tenant, objects
from tests.lab.tenant.furnish import furnish

ORIGIN = "https://127.0.0.1:4430"


class GraphLab:
    """``ask`` is one request; ``app`` names an app registration, ``user`` a signed-in user instead."""

    def __init__(self) -> None:
        self.tenant = Tenant("8d1b3f38-2f51-4e38-9d7b-0f6f3f6a1c55", "Contoso", ["contoso.example"])
        furnish(self.tenant)
        self.clock = ManualClock()
        self.directory = Directory([self.tenant], self.clock)
        self.service = Service(self.directory, self.clock)
        self.service.listen(ORIGIN)
        self.side = self.service.side(self.tenant)
        self.admin = self.tenant.user("admin@contoso.example")

    def caller(self, app: str = "everything", user: dict | None = None) -> Caller:
        found = next(a for a in self.tenant.applications.values() if a.name == app)
        if user is None:
            return Caller(self.tenant.id, found.client_id, found.permissions)
        return Caller(
            self.tenant.id,
            found.client_id,
            found.delegated,
            True,
            user["id"],
            frozenset(self.tenant.roles_of(user["id"])),
        )

    def call(
        self,
        method: str,
        path: str,
        body: t.Any = None,
        *,
        app: str = "everything",
        user: dict | None = None,
        version: str = "v1.0",
        **headers: str,
    ) -> Call:
        """A request. ``headers`` by their names with _ for -."""
        raw_path, _mark, query = path.partition("?")
        return Call(
            self.side,
            self.caller("device_code" if user else app, user),
            method,
            version,
            f"{ORIGIN}/{version}",
            raw_path,
            routing.split(raw_path),
            dict(urllib.parse.parse_qsl(query, keep_blank_values=True)),
            {name.lower().replace("_", "-"): value for name, value in headers.items()},
            body,
        )

    def ask(self, method: str, path: str, body: t.Any = None, **options: t.Any) -> Answer:
        """The answer to ``call``; that of a refusal is its error envelope."""
        call = self.call(method, path, body, **options)
        if call.raw_path == "/$batch":
            try:
                return asyncio.run(batch.answer(call))
            except GraphError as error:
                return error.answer(call, self.clock.utc())
        return asyncio.run(self.side.answer(call))

    def get(self, path: str, **options: t.Any) -> t.Any:
        """The body of an answer, which must be 200."""
        found = self.ask("GET", path, **options)
        assert found.status == 200, found
        return found.body

    def names(self, path: str, **options: t.Any) -> list[str]:
        """Display names of a list, sorted."""
        return sorted(row["displayName"] for row in self.get(path, **options)["value"])

    def error(self, method: str, path: str, body: t.Any = None, **options: t.Any) -> tuple[int, str, str]:
        """(status, code, message) of a refusal."""
        found = self.ask(method, path, body, **options)
        assert found.status >= 400, found
        return found.status, found.body["error"]["code"], found.body["error"]["message"]

    def device(self, name: str, **options: t.Any) -> dict:
        return objects.add_device(self.tenant, name, self.clock.utc(), **options)

    def token_error(self, **form: str) -> tuple[str, str]:
        """(error, AADSTS code) of a refusal of the token endpoint."""
        from tests.lab.graph.oauth_errors import OAuthError

        try:
            self.service.authority.token(form.pop("tenant", self.tenant.id), form, ORIGIN)
        except OAuthError as error:
            return error.error, error.code
        raise AssertionError("a token was given")
