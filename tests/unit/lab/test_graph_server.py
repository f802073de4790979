# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listeners, the files they leave, the switches of the control API, and the recording."""

from __future__ import annotations

import asyncio
import json
import stat

import aiohttp
from aiohttp.test_utils import TestClient, TestServer

from tests.lab import tls
from tests.lab.control import application
from tests.lab.graph import files
from tests.lab.graph.recording import Recording, mask
from tests.lab.graph.server import Server
from tests.lab.graph.service import Service

from .world_lab import Lab


def _with_server(tmp_path, test) -> None:
    async def main() -> None:
        lab = Lab(tmp_path, {"devices": [{"kind": "joined"}]})
        context = tls.issue(tmp_path)
        service = Service(lab.world.directory, lab.clock)
        server = Server(service, context, Recording(tmp_path / "graph.jsonl"))
        await server.start()
        files.write(tmp_path, service, lab.world.tenants, server.origin, server.identity)
        try:
            async with (
                TestClient(TestServer(application(lab.world, service))) as control,
                aiohttp.ClientSession() as http,
            ):
                tenant = json.loads((tmp_path / "tenant.json").read_text(encoding="utf-8"))
                await test(_Client(server, tenant, http), control)
        finally:
            await server.stop()
            await lab.world.stop()

    asyncio.run(main())


class _Client:
    def __init__(self, server: Server, tenant: dict, http: aiohttp.ClientSession) -> None:
        self.server, self.tenant, self.http, self.token = server, tenant, http, ""

    async def sign_in(self, **changes: str) -> dict:
        app = self.tenant["applications"]["everything"]
        form = {
            "grant_type": "client_credentials",
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "scope": self.server.origin + "/.default",
            **changes,
        }
        address = f"{self.server.origin}/{self.tenant['tenant_id']}/oauth2/v2.0/token"
        async with self.http.post(address, data=form, ssl=False) as answer:
            body = await answer.json()
            self.token = body.get("access_token", self.token)
            return {"status": answer.status, **body}

    async def ask(self, path: str, method: str = "GET", **options) -> tuple[int, dict, str]:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        address = self.server.origin + path
        async with self.http.request(method, address, headers=headers, ssl=False, **options) as answer:
            return answer.status, dict(answer.headers), await answer.text()


def test_a_token_opens_graph_and_nothing_else_does(tmp_path):
    async def test(client, control):
        status, headers, text = await client.ask("/v1.0/devices")
        assert status == 401 and json.loads(text)["error"]["code"] == "InvalidAuthenticationToken"
        assert headers["WWW-Authenticate"].startswith("Bearer")
        assert (await client.sign_in(client_secret="x"))["status"] == 401
        await client.sign_in()
        status, headers, text = await client.ask("/v1.0/devices", headers={"client-request-id": "mine"})
        assert (status, headers["client-request-id"]) == (200, "mine") and headers["request-id"]
        assert len(json.loads(text)["value"]) == 1
        await control.post("/tenant/tokens/expire")
        assert (await client.ask("/v1.0/devices"))[0] == 401
        await client.sign_in()
        assert (await client.ask("/v1.0/devices"))[0] == 200
        assert (await client.ask("/v2.0/devices"))[0] == 400

    _with_server(tmp_path, test)


def test_errors_carry_the_ids_of_the_request(tmp_path):
    async def test(client, control):
        await client.sign_in()
        _status, headers, text = await client.ask("/v1.0/devices/none", headers={"client-request-id": "mine"})
        inner = json.loads(text)["error"]["innerError"]
        assert inner["request-id"] == headers["request-id"] and inner["client-request-id"] == "mine"
        assert (await client.ask("/v1.0/groups", "POST", data="{", headers={"Content-Type": "application/json"}))[
            0
        ] == 400
        assert (await client.ask("/v1.0/groups", "POST", data="x=1"))[0] == 415

    _with_server(tmp_path, test)


def test_switches(tmp_path):
    async def test(client, control):
        await client.sign_in()
        assert (await control.post("/tenant/faults", json={"kind": "throttle", "retry_after": 2})).status == 200
        assert (await (await control.get("/tenant/faults")).json())["faults"][0]["kind"] == "throttle"
        assert (await client.ask("/v1.0/devices"))[0] == 429
        assert (await control.post("/tenant/faults", json={"kind": "explode"})).status == 400
        await control.post("/tenant/faults", json={"kind": "throttle", "times": None})
        assert (await (await control.delete("/tenant/faults")).json()) == {"faults": []}
        assert (await client.ask("/v1.0/devices"))[0] == 200
        counted = await (await control.delete("/tenant/requests")).json()
        assert counted["routes"] == {"GET /v1.0/devices": 2} and counted["tokens"]["client_credentials"] == 1
        assert (await (await control.get("/tenants/other/requests")).json())["total"] == 0
        settings = await (await control.post("/tenant/settings", json={"page_size": 1, "token_lifetime": 9})).json()
        assert settings["page_size"] == 1 and (await client.sign_in())["expires_in"] == 9
        made = await (await control.post("/tenant/applications", json={"permissions": ["User.Read.All"]})).json()
        await client.sign_in(**made)
        assert (await client.ask("/v1.0/devices"))[0] == 403 and (await client.ask("/v1.0/users"))[0] == 200
        shown = await (await control.get("/tenant")).json()
        assert "applications" not in shown and made["client_secret"] not in json.dumps(shown)

    _with_server(tmp_path, test)


def test_a_dropped_connection_is_no_answer(tmp_path):
    async def test(client, control):
        await client.sign_in()
        await control.post("/tenant/faults", json={"kind": "drop", "times": 3})  # clients ask again
        try:
            await client.ask("/v1.0/devices")
        except aiohttp.ClientConnectionError:
            return
        raise AssertionError("there was an answer")

    _with_server(tmp_path, test)


def test_managed_identities(tmp_path):
    async def test(client, control):
        address = client.server.identity + "/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
        for query, headers, status in (
            ("https://graph.microsoft.com", {"Metadata": "true"}, 200),
            ("https://graph.microsoft.com", {}, 400),
            ("https://evil.example", {"Metadata": "true"}, 400),
            ("https://graph.microsoft.com&client_id=none", {"Metadata": "true"}, 400),
        ):
            async with client.http.get(address + query, headers=headers) as answer:
                assert answer.status == status
                client.token = (await answer.json()).get("access_token", client.token)
        assert (await client.ask("/v1.0/devices"))[0] == 200

    _with_server(tmp_path, test)


def test_files_with_secrets_are_private(tmp_path):
    async def test(client, control):
        for name in ("tenant.env", "tenant.json", "tenant-app.pem", "federated-token.jwt"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        environment = (tmp_path / "tenant.env").read_text(encoding="utf-8")
        for name, value in client.tenant["environment"].items():
            assert f"export {name}={value}\n" in environment

    _with_server(tmp_path, test)


def test_the_recording_has_requests_and_answers_but_no_secrets(tmp_path):
    async def test(client, control):
        await client.sign_in()
        body = {"displayName": "Ü", "mailEnabled": False, "mailNickname": "u", "securityEnabled": True}
        await client.ask("/v1.0/groups", "POST", json=body)
        await client.ask(
            "/beta/devices?$filter=displayName%20ne%20'x'&$count=true", headers={"ConsistencyLevel": "eventual"}
        )
        text = (tmp_path / "graph.jsonl").read_text(encoding="utf-8")
        posted, listed = map(json.loads, text.splitlines())
        assert (posted["method"], posted["url"], posted["status"]) == ("POST", "/v1.0/groups", 201)
        assert posted["request_body"] == body and posted["response_body"]["displayName"] == "Ü"
        assert listed["version"] == "beta" and listed["url"].startswith("/beta/devices?$filter=displayName%20ne")
        assert listed["request_headers"]["consistencylevel"] == "eventual"
        secret = client.tenant["applications"]["everything"]["client_secret"]
        assert client.token not in text and secret not in text and "authorization" not in posted["request_headers"]

    _with_server(tmp_path, test)


def test_answers_that_are_odd_on_purpose_are_recorded_apart(tmp_path):
    async def test(client, control):
        await client.sign_in()
        await control.post("/tenant/faults", json={"kind": "odd_answer", "path": "/groups", "body": {}})
        items = [{"id": name, "method": "GET", "url": f"/{name}"} for name in ("devices", "groups")]
        await client.ask("/v1.0/$batch", "POST", json={"requests": items})
        await client.ask("/v1.0/groups")
        texts = [(tmp_path / name).read_text(encoding="utf-8") for name in ("graph.jsonl", "graph-odd.jsonl")]
        (plain,), (odd,) = ([json.loads(line) for line in text.splitlines()] for text in texts)
        assert plain["url"] == "/v1.0/groups" and odd["url"] == "/v1.0/$batch"

    _with_server(tmp_path, test)


def test_passwords_in_answers_are_masked():
    shown = mask({"value": [{"credentials": [{"accountName": "a", "passwordBase64": "c2VjcmV0"}], "key": "1-2"}]})
    assert "c2VjcmV0" not in json.dumps(shown) and "1-2" not in json.dumps(shown)
    assert shown["value"][0]["credentials"][0]["accountName"] == "a"
