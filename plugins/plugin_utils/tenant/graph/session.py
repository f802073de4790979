# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection to Microsoft Graph: a token source, an HTTP client and an event loop, shared by what a process does.

A loop of 100 items runs in one Ansible worker process, so that it asks for one token and opens one connection. The
request adapter is msgraph-sdk's (``msgraph_core.BaseGraphRequestAdapter``, of which ``msgraph.GraphRequestAdapter`` is
an empty subclass); answers are taken raw, because the first typed entity of the SDK imports 1,204 modules.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import os
import typing as t
from urllib.parse import urlsplit

from . import libraries
from .answers import CHALLENGE
from .credentials import CredentialSettings, Prompt, create
from .door import Network, open_door
from .errors import Caller
from .surroundings import trust, ways
from .token_transport import TokenTransport
from .tokens import TokenFile, TokenSource

_SESSIONS: dict[tuple, Session] = {}


def origin(url: str) -> str:
    """Scheme, host and port of a URL, comparable; empty for what is no URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except (ValueError, TypeError, AttributeError):
        return ""
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


class Session:
    """Sends requests to one Graph with one credential. ``transport`` replaces the network in tests."""

    def __init__(
        self, settings: CredentialSettings, tokens: TokenSource, transport: t.Any = None, network: Network | None = None
    ) -> None:
        self.settings = settings
        self.tokens = tokens
        self.origin = origin(settings.graph_url)
        self.network = network or Network()
        self._token = ""
        # kiota would answer a challenge by itself, in the middle of an exchange.
        self._door = open_door(
            trust(settings.ca_file, settings.environment), settings.environment, transport, hidden=(CHALLENGE,)
        )
        self._adapter = libraries.BaseGraphRequestAdapter(_Bearer(self), http_client=t.cast("t.Any", self._door))
        self._adapter.base_url = settings.graph_url
        self._raw = libraries.ResponseHandlerOption(libraries.NativeResponseHandler())

    @property
    def caller(self) -> Caller:
        return self.tokens.caller()

    def send(self, method: str, url: str, headers: t.Mapping[str, str], content: bytes | None) -> t.Any:
        """One request, one harmless ``httpx.Response`` of any status. httpx.RequestError where none came, OddAnswer
        for one that nobody can read, Failure without a token."""
        self._token = self.tokens.token()
        request = libraries.RequestInformation()
        request.http_method = libraries.Method(method)
        request.url = url
        for name, value in headers.items():
            request.headers.try_add(name, value)
        if content is not None:
            request.set_stream_content(content, "application/json")
        request.add_request_options([self._raw])
        return self.network.exchange(
            self._adapter.send_primitive_async(request, "bytes", None),
            f"Microsoft Graph ({method} {urlsplit(url).path})",
        )

    def bearer(self, url: str) -> str:
        """The header of a request to this address. ValueError for one to another server, which gets no token."""
        if origin(url) != self.origin:
            raise ValueError("a request to another host gets no token")
        return f"Bearer {self._token}"

    def close(self) -> None:
        """Close the connections. A worker process that ends does not need it."""
        self.network.loop.run_until_complete(self._door.aclose())
        self.network.loop.close()


class _Bearer:
    """Puts the token on requests to the session's own Graph and on no other (kiota's AuthenticationProvider)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def authenticate_request(self, request: t.Any, additional_authentication_context: dict | None = None) -> None:
        bearer = self._session.bearer(request.url)
        request.headers.remove("Authorization")
        request.headers.add("Authorization", bearer)


def session_for(settings: CredentialSettings, prompt: Prompt, sign_in_seconds: int) -> Session:
    """The session of these settings, with these proxies and CAs, in this process: made at the first call, the same at
    every further one."""
    fingerprint = settings.fingerprint()
    key = (os.getpid(), fingerprint, ways(settings.environment))
    if key not in _SESSIONS:
        file = TokenFile(settings.token_cache, fingerprint) if settings.token_cache else None
        network = Network()
        way = TokenTransport(network, trust(settings.ca_file, settings.environment), settings.environment)
        tokens = TokenSource(settings, lambda: create(settings, prompt, sign_in_seconds, way), file, way=way)
        _SESSIONS[key] = Session(settings, tokens, network=network)
    return _SESSIONS[key]
