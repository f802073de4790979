# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the environment of a task says about the way to a tenant: proxies, and whom to trust.

The variables are those of curl and requests. Both pass over entries of NO_PROXY that they do not understand; so does
this. A proxy or a file of CAs that cannot be used is refused by the name of its variable before the first request.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import re
import ssl
import typing as t
from urllib.parse import urlsplit

from ...environment import Environment
from ...options import bad_option
from ...result import Failure
from .libraries import httpx

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXY_VARIABLES = ("https_proxy", "http_proxy", "all_proxy", "no_proxy")
_SOCKS = ("socks5", "socks5h")
_PORTS = {"https": 443, "http": 80}


class Routes:
    """The transport of an ``httpx.AsyncClient``: each request goes straight, or through the proxy that the environment
    names for its address. ``trust`` is httpx's ``verify``."""

    def __init__(self, trust: t.Any, environment: Environment) -> None:
        self._trust = trust
        self._environment = environment
        self._ways: dict[str | None, t.Any] = {}

    async def handle_async_request(self, request: t.Any) -> t.Any:
        proxy = proxy_for(str(request.url), self._environment)
        if proxy not in self._ways:
            self._ways[proxy] = httpx.AsyncHTTPTransport(verify=self._trust, proxy=proxy, trust_env=False)
        return await self._ways[proxy].handle_async_request(request)

    async def aclose(self) -> None:
        for way in self._ways.values():
            await way.aclose()

    async def __aenter__(self) -> Routes:
        return self

    async def __aexit__(self, *_exception: t.Any) -> None:
        await self.aclose()


def proxy_for(url: str, environment: Environment) -> str | None:
    """The proxy's URL for this address, None for the straight way. Failure of side controller for one that is none."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if _is_spared(host, parts.port or _PORTS.get(parts.scheme, 0), environment):
        return None
    name, value = _variable(environment, f"{parts.scheme}_proxy", "all_proxy")
    if not value:
        return None
    proxy = value if "://" in value else f"http://{value}"
    try:
        read = urlsplit(proxy)
        known = read.scheme in ("http", "https", *_SOCKS) and bool(read.hostname) and read.port != 0
    except ValueError:
        known = False
    if not known or not proxy.isprintable() or " " in proxy:
        raise _unusable(
            name, "it is not the URL of an HTTP or SOCKS5 proxy", "give it as http://proxy.example.com:8080"
        )
    if read.scheme in _SOCKS and importlib.util.find_spec("socksio") is None:
        raise _unusable(name, "a SOCKS proxy needs the Python package socksio", "install it, or name an HTTP proxy")
    return proxy


def _is_spared(host: str, port: int, environment: Environment) -> bool:
    """Whether NO_PROXY, or its nature, has a host reached without a proxy."""
    address = _address(host)
    if address is not None and address.is_link_local:  # the VM's own identity endpoint, which no proxy can reach
        return True
    _name, value = _variable(environment, "no_proxy")
    return any(_matches(entry, host.lower(), address, port) for entry in re.split(r"[\s,]+", value) if entry)


def _matches(entry: str, host: str, address: t.Any, port: int) -> bool:
    if entry == "*":
        return True
    bare = entry.strip("[]")
    if address is not None:
        try:
            return address in ipaddress.ip_network(bare, strict=False)
        except ValueError:
            pass
    named, _colon, its_port = entry.rpartition(":") if re.search(r"[^:]:[0-9]+$|\]:[0-9]+$", entry) else (entry, "", "")
    if its_port and int(its_port[:6]) != port:
        return False
    named = named.strip("[]").lower().removeprefix("*").strip(".")
    if address is not None:
        return _address(named) == address
    return bool(named) and (host == named or host.endswith(f".{named}"))


def _address(text: str) -> t.Any:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def _variable(environment: Environment, *names: str) -> tuple[str, str]:
    """The first of these variables that is there and not empty, small letters before capital ones, as curl reads
    them."""
    found = environment.find(*(spelled for name in names for spelled in (name, name.upper())))
    return (found.name, found.value.strip()) if found else (names[0], "")


def ways(environment: Environment) -> tuple[str | None, ...]:
    """All that the environment says here, to be compared with what another says."""
    return environment.of((*CA_VARIABLES, *_PROXY_VARIABLES, *map(str.upper, _PROXY_VARIABLES)))


def trust(ca_file: str | None, environment: Environment) -> t.Any:
    """Whom requests and sign-ins trust, as httpx takes it: the CAs of the option, of the environment, or its own.

    Failure that names the option or the variable whose file holds no certificate or cannot be read.
    """
    if ca_file is not None:
        context = _context(ca_file)
        if context is None:
            raise bad_option("ca_file", f"{ca_file} holds no certificate", "give a PEM file of CA certificates")
        return context
    found = environment.find(*CA_VARIABLES)
    if found is None:
        return True
    context = _context(found.value)
    if context is None:
        raise _unusable(
            found.name,
            f"{found.value} cannot be read, or holds no certificate",
            "correct it, or name the CA file with ca_file",
        )
    return context


def _context(path: str) -> ssl.SSLContext | None:
    try:
        if os.path.isdir(path):
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except (OSError, ValueError):  # ssl's errors are OSErrors
        return None


def _unusable(variable: str, why: str, fix: str) -> Failure:
    cause = f"the environment variable {variable} cannot be used: {why}"
    return Failure(f"could not begin: {cause}; {fix}", side="controller", name="bad_environment", cause=cause, fix=fix)
