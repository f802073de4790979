# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listeners: an HTTP and an HTTPS port per device on loopback, open while the machine is on.

One aiohttp server serves all sockets; which device a connection belongs to follows from the port it came in at.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import typing as t
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field

import spnego.exceptions
from aiohttp import web

from ..host import Host
from ..recorder import Recorder, Traffic
from . import encryption, soap
from .auth import AccountFiles, Connection, Refused
from .service import MAX_ENVELOPE, Reply, WinRM
from .shell import Caller, Shell

_SOAP_TYPE = "application/soap+xml;charset=UTF-8"
_LOOPBACK = "127.0.0.1"
#: What the network takes in before the service says what it thinks of the size; sealing adds a little.
_MAX_BODY = 4 * MAX_ENVELOPE


@dataclass
class Endpoint:
    """One port of a device. While the machine is off, a bound socket that does not listen keeps the port."""

    host: Host
    service: WinRM
    tls: bool
    port: int
    socket: socket.socket
    server: asyncio.base_events.Server | None = None


@dataclass
class Link:
    """One TCP connection."""

    endpoint: Endpoint
    auth: Connection
    traffic: Traffic = field(default_factory=Traffic)
    shell: Shell | None = None


class _Server(web.Server):
    """aiohttp's low-level server, telling when a connection is lost."""

    def __init__(self, handler: t.Any, lost: t.Callable[[asyncio.BaseTransport], None]) -> None:
        super().__init__(handler, request_factory=_request, access_log=None)
        self._lost = lost
        self._transports: dict[t.Any, asyncio.BaseTransport] = {}

    def connection_made(self, handler: t.Any, transport: t.Any) -> None:
        """Called by aiohttp."""
        super().connection_made(handler, transport)
        self._transports[handler] = transport

    def connection_lost(self, handler: t.Any, exc: BaseException | None = None) -> None:
        """Called by aiohttp."""
        super().connection_lost(handler, exc)
        transport = self._transports.pop(handler, None)
        if transport is not None:
            self._lost(transport)


class Listeners:
    """The ports of all devices."""

    def __init__(self, hosts: Sequence[Host], recorder: Recorder, tls: ssl.SSLContext) -> None:
        self._hosts = hosts
        self._tls = tls
        self._files = AccountFiles()
        self._services = {host.name: WinRM(host, recorder) for host in hosts}
        self._endpoints: dict[int, Endpoint] = {}
        self._links: weakref.WeakKeyDictionary[asyncio.BaseTransport, Link] = weakref.WeakKeyDictionary()
        self._web: web.Server | None = None
        #: Inventory name to (HTTP port, HTTPS port).
        self.ports: dict[str, tuple[int, int]] = {}

    async def start(self) -> None:
        """Bind every port, listen on those of machines that are on, and follow their power."""
        self._web = _Server(self._serve, self._lost)
        for host in self._hosts:
            ports = []
            for tls in (False, True):
                bound = _bind(0)
                endpoint = Endpoint(host, self._services[host.name], tls, bound.getsockname()[1], bound)
                self._endpoints[endpoint.port] = endpoint
                ports.append(endpoint.port)
                if host.online:
                    await self._listen(endpoint)
            self.ports[host.name] = (ports[0], ports[1])
            host.on_power.append(self._power)

    async def stop(self) -> None:
        """Close everything; open shells get their last line in the recording."""
        for host in self._hosts:
            await self._power(host, False)
        for endpoint in self._endpoints.values():
            endpoint.socket.close()
        if self._web is not None:
            await self._web.shutdown(timeout=1)
        self._files.close()

    async def _power(self, host: Host, up: bool) -> None:
        for endpoint in [self._endpoints[port] for port in self.ports[host.name]]:
            if up and endpoint.server is None:
                await self._listen(endpoint)
            elif not up and endpoint.server is not None:
                endpoint.server.close()  # closes the socket too
                endpoint.server = None
                endpoint.socket = _bind(endpoint.port)
        if not up:
            for transport, link in list(self._links.items()):
                if link.endpoint.host is host:
                    _abort(transport)
            self._services[host.name].power_off()

    async def _listen(self, endpoint: Endpoint) -> None:
        assert self._web is not None
        loop = asyncio.get_running_loop()
        endpoint.server = await loop.create_server(
            self._web, sock=endpoint.socket, ssl=self._tls if endpoint.tls else None, backlog=64
        )

    def _lost(self, transport: asyncio.BaseTransport) -> None:
        link = self._links.pop(transport, None)
        if link is not None and link.shell is not None:
            link.shell.detach()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        if transport is None:
            return web.Response(status=400)
        link = self._links.get(transport)
        if link is None:
            endpoint = self._endpoints[transport.get_extra_info("sockname")[1]]
            link = self._links[transport] = Link(endpoint, Connection(endpoint.host, endpoint.tls, self._files))
        body = await request.read()
        link.traffic.requests += 1
        link.traffic.bytes_in += len(body)
        if request.method != "POST" or request.path.rstrip("/") != "/wsman":
            return web.Response(status=404 if request.method == "POST" else 405)
        try:
            header = link.auth.authenticate(request.headers.get("Authorization", ""))
        except Refused as refused:
            return _unauthorized(refused)
        headers = {"WWW-Authenticate": header} if header else {}
        if not body:  # the handshake of a client that seals its messages
            return web.Response(headers=headers)
        content_type = request.headers.get("Content-Type", "")
        sealed = encryption.is_encrypted(content_type)
        if not sealed and not link.endpoint.tls:  # AllowUnencrypted=false
            return _unauthorized(link.auth.refusal())
        return await self._exchange(transport, link, body, sealed, headers)

    async def _exchange(
        self, transport: asyncio.Transport, link: Link, body: bytes, sealed: bool, headers: dict[str, str]
    ) -> web.StreamResponse:
        host, service, sealer = link.endpoint.host, link.endpoint.service, link.auth.sealer
        if host.faults.take("drop_request") is not None:
            _abort(transport)
            return web.Response(status=500)
        try:
            if sealed:
                if sealer is None:
                    return web.Response(status=400)
                body = encryption.decrypt(sealer, body)
            request = soap.parse(body)
        except (encryption.BadMessage, soap.BadEnvelope, spnego.exceptions.SpnegoError, ValueError):
            return web.Response(status=400)
        caller = Caller(link.auth.account, link.auth.method)
        reply = await service.handle(request, caller)
        if transport.is_closing():  # the client has gone, or the machine has lost power meanwhile
            return web.Response(status=500)
        data = reply.envelope.encode("utf-8")
        content_type = _SOAP_TYPE
        if sealed and sealer is not None and data:
            data, content_type = encryption.encrypt(sealer, data), encryption.CONTENT_TYPE
        return self._send(transport, link, reply, data, {**headers, "Content-Type": content_type})

    def _send(
        self, transport: asyncio.Transport, link: Link, reply: Reply, data: bytes, headers: dict[str, str]
    ) -> web.StreamResponse:
        sent = {"": len(data), "half": len(data) // 2, "drop": 0}[reply.cut]
        link.traffic.bytes_out += sent
        link.shell = reply.shell or link.shell
        link.endpoint.service.settle(reply, link.traffic)
        if reply.cut:
            if sent:
                head = f"HTTP/1.1 {reply.status} OK\r\nContent-Type: {headers['Content-Type']}\r\n"
                transport.write(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data[:sent])
            _abort(transport)
        return web.Response(status=reply.status, body=data, headers=headers)


def _request(message, payload, protocol, writer, task) -> web.BaseRequest:  # type: ignore[no-untyped-def]
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_MAX_BODY)


def _unauthorized(refused: Refused) -> web.Response:
    response = web.Response(status=401)
    for challenge in refused.challenges:
        response.headers.add("WWW-Authenticate", challenge)
    return response


def _abort(transport: asyncio.BaseTransport) -> None:
    with contextlib.suppress(ConnectionError):
        transport.abort()  # type: ignore[attr-defined]


def _bind(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setblocking(False)
    bound.bind((_LOOPBACK, port))
    return bound
