# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listeners: authority and Graph over TLS, the managed identity endpoint over plain HTTP; both on loopback."""

from __future__ import annotations

import json
import re
import ssl
import typing as t
import urllib.parse

from aiohttp import web

from . import batch, routing
from . import resources as _resources  # noqa: F401  (registers the routes)
from .answers import Answer, Call, GraphError
from .faults import STATUS
from .identity import Identities
from .oauth_errors import OAuthError
from .recording import FILE, Recording
from .service import Service
from .side import Dropped
from .tokens import Caller, Rejected

LIMIT = 4 * 1024 * 1024  # bytes of a request (documented for Graph)
_VERSIONED = re.compile(r"/(v1\.0|beta)(/.*)$")


class Server:
    """Starts and stops the listeners of a Service. ``origin`` and ``identity`` are their addresses once started."""

    def __init__(self, service: Service, context: ssl.SSLContext, recording: Recording) -> None:
        self.service = service
        self.recording = recording
        self.origin = ""
        self.identity = ""
        self._context = context
        self._runners: list[web.AppRunner] = []

    async def start(self) -> None:
        graph = web.Application(client_max_size=LIMIT)
        graph.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", self._configuration)
        graph.router.add_post("/{tenant}/oauth2/v2.0/token", self._token)
        graph.router.add_post("/{tenant}/oauth2/v2.0/devicecode", self._device_code)
        graph.router.add_route("*", "/{rest:.*}", self._graph)
        self.origin = f"https://127.0.0.1:{await self._listen(graph, self._context)}"
        identities = Identities(self.service)
        plain = web.Application()
        plain.router.add_get("/metadata/identity/oauth2/token", identities.answer)
        self.identity = f"http://127.0.0.1:{await self._listen(plain, None)}"
        self.service.listen(self.origin)

    async def stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        self.recording.close()

    async def _listen(self, app: web.Application, context: ssl.SSLContext | None) -> int:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        return runner.addresses[0][1]

    # --- the authority --------------------------------------------------------------------------------------------

    async def _configuration(self, request: web.Request) -> web.Response:
        return self._oauth(request, lambda name, _f: self.service.authority.configuration(name, _origin(request)), {})

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.service.count_token(request.match_info["tenant"], form.get("grant_type", ""))
        return self._oauth(request, lambda name, f: self.service.authority.token(name, f, _origin(request)), form)

    async def _device_code(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        return self._oauth(request, lambda name, f: self.service.authority.device_code(name, f, _origin(request)), form)

    def _oauth(
        self,
        request: web.Request,
        answer: t.Callable[[str, dict[str, str]], dict],
        form: dict[str, str],
    ) -> web.Response:
        try:
            name = request.match_info["tenant"]
            if request.method == "POST":
                self.service.meet_token_faults(name)
            return web.json_response(answer(name, form), headers={"Cache-Control": "no-store"})
        except OAuthError as error:
            correlation = request.headers.get("client-request-id")
            return web.json_response(error.body(self.service.clock.utc(), correlation), status=error.status)

    # --- Graph ----------------------------------------------------------------------------------------------------

    async def _graph(self, request: web.Request) -> web.StreamResponse:
        found = _VERSIONED.fullmatch(request.rel_url.raw_path)
        headers = {name.lower(): value for name, value in request.headers.items()}
        if found is None:
            error = GraphError(400, "BadRequest", "Invalid version.")
            return _http(error.answer(None, self.service.clock.utc()), "")
        version, raw_path = found.groups()
        body, call, answer = None, None, None
        try:
            caller = self._caller(headers)
            call = Call(
                self.service.sides[caller.tenant_id],
                caller,
                request.method,
                version,
                f"{_origin(request)}/{version}",
                raw_path,
                routing.split(raw_path),
                dict(urllib.parse.parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)),
                headers,
            )
            body = call.body = await _body(request)
            answer = await self._answer(call)
        except GraphError as error:
            answer = error.answer(call, self.service.clock.utc())
        except Dropped:
            request.transport.abort()  # type: ignore[union-attr]
            self._record(request, version, headers, body, Answer(503))
            return web.Response(status=503)
        answer.headers.setdefault("request-id", call.request_id if call else _request_id(answer))
        self._record(request, version, headers, body, answer)
        return _http(answer, headers.get("client-request-id", ""))

    async def _answer(self, call: Call) -> Answer:
        if call.path == ("$batch",) and call.method == "POST":
            call.side.requests["POST /$batch"] += 1
            fault = call.side.faults.take((*STATUS, "refusal"), "POST", "/$batch")
            if fault is None:
                return await batch.answer(call)
            refusal = fault.refusal("/$batch")
            if isinstance(refusal, GraphError):
                raise refusal
            return refusal
        return await call.side.answer(call)

    def _caller(self, headers: dict[str, str]) -> Caller:
        kind, _blank, token = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise _unauthorized("Access token is empty.")
        try:
            return self.service.authority.tokens.read(token.strip(), self.service.authority.resources)
        except Rejected as error:
            raise _unauthorized(str(error)) from error

    def _record(self, request: web.Request, version: str, headers: dict[str, str], body: t.Any, answer: Answer) -> None:
        if answer.headers.get("Content-Type") == "text/html":
            return  # what stood in Graph's way has answered
        self.recording.write(
            request.method,
            request.rel_url.raw_path_qs,
            version,
            (headers, body),
            (answer.status, answer.headers, answer.body),
            answer.odd,
        )


async def _body(request: web.Request) -> t.Any:
    data = await request.read()
    if not data:
        return None
    if "json" not in request.content_type:
        raise GraphError(415, "Request_BadRequest", "Content type of the request must be application/json.")
    try:
        return json.loads(data)
    except (ValueError, UnicodeDecodeError) as error:
        raise GraphError(
            400,
            "BadRequest",
            "Unable to read JSON request payload. Please ensure Content-Type header is "
            "set and payload is of valid JSON format.",
        ) from error


def _unauthorized(message: str) -> GraphError:
    return GraphError(
        401,
        "InvalidAuthenticationToken",
        message,
        {
            "WWW-Authenticate": 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/'
            'oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"'
        },
    )


def _origin(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def _request_id(answer: Answer) -> str:
    error = answer.body.get("error", {}) if isinstance(answer.body, dict) else {}
    return error.get("innerError", {}).get("request-id", "")


def _http(answer: Answer, client_request_id: str) -> web.Response:
    headers = {
        **answer.headers,
        "client-request-id": client_request_id or answer.headers.get("request-id", ""),
        "x-ms-ags-diagnostic": '{"ServerInfo":{"DataCenter":"Lab","Slice":"E","Ring":"1"}}',
    }
    kind = headers.pop("Content-Type", "application/json")
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    if kind in ("text/plain", "text/html"):
        return web.Response(status=answer.status, text=str(answer.body), content_type=kind, headers=headers)
    data = json.dumps(answer.body, separators=(",", ":")).encode()
    if kind == FILE:
        return web.Response(status=answer.status, body=data, content_type=kind, headers=headers)
    return web.Response(
        status=answer.status,
        body=data,
        headers={
            **headers,
            "Content-Type": "application/json;odata.metadata=minimal;"
            "odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
        },
    )
