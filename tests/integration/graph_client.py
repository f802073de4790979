# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bare client of the lab's Graph for tests: the standard library, and nothing of the product."""

from __future__ import annotations

import json
import ssl
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path


class Reply(t.NamedTuple):
    """``body``: JSON data, or text where the answer is none."""

    status: int
    body: t.Any
    headers: t.Any


class BareGraph:
    """Speaks as one app registration of a running lab (names of tests.lab.tenant.applications), or as its user."""

    def __init__(self, out: Path, application: str = "everything") -> None:
        self.tenant = json.loads((out / "tenant.json").read_text(encoding="utf-8"))
        context = ssl.create_default_context(cafile=self.tenant["ca_file"])
        self._open = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        ).open
        self.root = self.tenant["graph_url"]
        self.application = self.tenant["applications"][application]
        self.token = self.sign_in() if self.application["client_secret"] else self.sign_in_user()

    def sign_in(self, **changes: str) -> str:
        """A new token by client secret; fails the test when there is none."""
        reply = self.ask_token(
            **{
                "grant_type": "client_credentials",
                "client_id": self.application["client_id"],
                "client_secret": self.application["client_secret"],
                "scope": "https://graph.microsoft.com/.default",
                **changes,
            }
        )
        assert reply.status == 200, reply
        return reply.body["access_token"]

    def sign_in_user(self) -> str:
        """A new token of the user who approves device codes."""
        client = {"client_id": self.application["client_id"]}
        begun = self.ask_token("devicecode", scope="https://graph.microsoft.com/.default", **client)
        assert begun.status == 200, begun
        for _attempt in range(5):
            reply = self.ask_token(
                grant_type="urn:ietf:params:oauth:grant-type:device_code",
                device_code=begun.body["device_code"],
                **client,
            )
            if reply.status == 200:
                return reply.body["access_token"]
            assert reply.body["error"] == "authorization_pending", reply
            time.sleep(0.01)
        raise AssertionError("the sign-in stays pending")

    def ask_token(self, endpoint: str = "token", tenant: str | None = None, **form: str) -> Reply:
        address = f"{self.root}/{tenant or self.tenant['tenant_id']}/oauth2/v2.0/{endpoint}"
        return self._send(urllib.request.Request(address, data=urllib.parse.urlencode(form).encode()))

    def call(self, method: str, path: str, body: t.Any = None, *, version: str = "v1.0", **headers: str) -> Reply:
        """``path`` behind the version (or a whole address); blanks and quotes in it are encoded here."""
        address = path if path.startswith("https://") else f"{self.root}/{version}{path}"
        request = urllib.request.Request(
            urllib.parse.quote(address, safe="/:?&=$,()'%"),
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "User-Agent": "lab-test",
                **({} if body is None else {"Content-Type": "application/json"}),
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        return self._send(request)

    def get(self, path: str, version: str = "v1.0", **headers: str) -> t.Any:
        """The body of an answer, which must be 200."""
        reply = self.call("GET", path, version=version, **headers)
        assert reply.status == 200, (path, reply)
        return reply.body

    def advanced(self, path: str, version: str = "v1.0") -> t.Any:
        return self.get(path, version, ConsistencyLevel="eventual")

    def pages(self, path: str, version: str = "v1.0", **headers: str) -> t.Iterator[dict]:
        """Every object of a list."""
        while path:
            body = self.get(path, version, **headers)
            yield from body["value"]
            path = body.get("@odata.nextLink", "")

    def batch(self, *requests: dict, version: str = "v1.0") -> dict[str, dict]:
        """The answers of a batch by id."""
        reply = self.call("POST", "/$batch", {"requests": list(requests)}, version=version)
        assert reply.status == 200, reply
        return {item["id"]: item for item in reply.body["responses"]}

    def reference(self, id_: str, version: str = "v1.0") -> dict[str, str]:
        return {"@odata.id": f"https://graph.microsoft.com/{version}/directoryObjects/{id_}"}

    def _send(self, request: urllib.request.Request) -> Reply:
        try:
            with self._open(request, timeout=30) as answer:
                return _reply(answer.status, answer.read(), answer.headers)
        except urllib.error.HTTPError as error:
            return _reply(error.code, error.read(), error.headers)


def _reply(status: int, data: bytes, headers: t.Any) -> Reply:
    text = data.decode("utf-8")
    is_json = text and "json" in headers.get("Content-Type", "")
    return Reply(status, json.loads(text) if is_json else text or None, headers)
