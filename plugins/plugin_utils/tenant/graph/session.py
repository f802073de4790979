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

import asyncio
import base64
import os
import ssl
import typing as t
from urllib.parse import urlsplit

from ...options import bad_option
from . import libraries
from .credentials import CredentialSettings, Prompt, create
from .errors import Caller
from .libraries import httpx
from .tokens import TokenFile, TokenSource

_SESSIONS: dict[tuple[int, str], Session] = {}
CONNECT_SECONDS, READ_SECONDS = 15.0, 60.0


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

    def __init__(self, settings: CredentialSettings, tokens: TokenSource, transport: t.Any = None) -> None:
        self.settings = settings
        self.tokens = tokens
        self.origin = origin(settings.graph_url)
        self._loop = asyncio.new_event_loop()
        # No redirects: a redirected request would carry the token elsewhere.
        http = httpx.AsyncClient(
            transport=transport,
            verify=_trust(settings.ca_file),
            follow_redirects=False,
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        )
        self._http = http
        self._adapter = libraries.BaseGraphRequestAdapter(_Bearer(self), http_client=http)
        self._adapter.base_url = settings.graph_url
        self._raw = libraries.ResponseHandlerOption(libraries.NativeResponseHandler())

    @property
    def caller(self) -> Caller:
        return self.tokens.caller()

    def send(self, method: str, url: str, headers: t.Mapping[str, str], content: bytes | None) -> t.Any:
        """One request, one ``httpx.Response`` of any status. httpx.RequestError where none came, Failure without a
        token."""
        request = libraries.RequestInformation()
        request.http_method = libraries.Method(method)
        request.url = url
        for name, value in headers.items():
            request.headers.try_add(name, value)
        if content is not None:
            request.set_stream_content(content, "application/json")
        request.add_request_options([self._raw])
        return self._loop.run_until_complete(self._adapter.send_primitive_async(request, "bytes", None))

    def close(self) -> None:
        """Close the connections. A worker process that ends does not need it."""
        self._loop.run_until_complete(self._http.aclose())
        self._loop.close()


class _Bearer:
    """Puts the token on requests to the session's own Graph and on no other (kiota's AuthenticationProvider)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def authenticate_request(self, request: t.Any, additional_authentication_context: dict | None = None) -> None:
        if origin(request.url) != self._session.origin:
            raise ValueError("a request to another host gets no token")
        claims = (additional_authentication_context or {}).get("claims")
        text = base64.b64decode(claims + "=" * (-len(claims) % 4)).decode() if claims else None
        request.headers.remove("Authorization")
        request.headers.add("Authorization", f"Bearer {self._session.tokens.token(text)}")


def _trust(ca_file: str | None) -> t.Any:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise bad_option("ca_file", f"{ca_file} holds no certificate", "give a PEM file of CA certificates") from None


def session_for(settings: CredentialSettings, prompt: Prompt, sign_in_seconds: int) -> Session:
    """The session of these settings in this process: made at the first call, the same at every further one."""
    key = (os.getpid(), settings.fingerprint())
    if key not in _SESSIONS:
        file = TokenFile(settings.token_cache, key[1]) if settings.token_cache else None
        tokens = TokenSource(settings, lambda: create(settings, prompt, sign_in_seconds), file)
        _SESSIONS[key] = Session(settings, tokens)
    return _SESSIONS[key]
