# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that a device makes to find out what it can reach."""

from __future__ import annotations

import asyncio
import json
import re
import typing as t
import urllib.parse
from collections.abc import Iterator

from .. import metadata, network
from ..accounts import Caller
from ..errors import bad_argument, signed
from .dispatch import operation

NO_ERROR = {"type": None, "message": None, "hresult": None}
KINDS = {
    network.TIMEOUT: "timeout",
    network.NOT_RESOLVED: "dns",
    network.CANNOT_CONNECT: "connect",
    network.TLS_CLOCK: "certificate",
    network.SECURE_CHANNEL: "tls",
}
#: What answers on the simulated internet, by the end of the host name; everything else has no DNS entry.
CLOUDS = (
    ".microsoftonline.com",
    ".windows.net",
    ".microsoft.com",
    ".microsoftonline.us",
    ".windows.us",
    ".microsoft.us",
    ".chinacloudapi.cn",
    ".partner.microsoftonline.cn",
    ".msauth.net",
    ".msftauth.net",
    ".msauth.cn",
    ".msftauth.cn",
    ".lab.example",
)
BODY_START = 200


@operation("endpoints")
async def endpoints(device, caller: Caller, targets: list, timeout: int) -> dict:
    for target in targets:
        if not str(target.get("url", "")).lower().startswith(("https://", f"http://{network.METADATA}/")):
            raise bad_argument("Only https addresses are asked.")
    return {"results": list(await asyncio.gather(*(_ask(device, caller, target, timeout) for target in targets)))}


async def _ask(device, caller: Caller, target: dict, timeout: int) -> dict:
    begun, url = device.clock.elapsed(), urllib.parse.urlsplit(target["url"])
    host = url.hostname or ""
    problem = device.network.problem(host, caller.system)
    if host == network.METADATA:
        problem = metadata.problem(device, caller.system)
    elif problem is None and not ("." + host).endswith(CLOUDS):
        # An address needs no look-up, and nobody listens there.
        known = re.fullmatch(r"[0-9.]+", host)
        problem = network.Unreachable(host, network.CANNOT_CONNECT if known else network.NOT_RESOLVED)
    needed = network.seconds(problem)
    await device.sleep(min(needed, timeout))
    if problem is None and needed > timeout:
        problem = network.Unreachable(host, network.TIMEOUT)
    status, body = (None, None) if problem else _answer(device, url, target.get("headers") or {})
    error = (
        NO_ERROR
        if problem is None
        else {"type": _kind(device, problem), "message": problem.text, "hresult": signed(problem.hresult)}
    )
    return {
        "name": target["name"],
        "status": status,
        "seconds": round(device.clock.elapsed() - begun, 3),
        "error": error,
        "body_start": None if body is None else body[:BODY_START],
    }


def _kind(device, problem: network.Unreachable) -> str:
    """The vocabulary's type of error. With a proxy it is not the device that looks up and connects to the server."""
    kind = KINDS[problem.hresult]
    return "proxy" if kind in ("dns", "connect") and device.network.goes_by_proxy(problem.host) else kind


def _answer(device, url: urllib.parse.SplitResult, headers: dict[str, str]) -> tuple[int, str]:
    """Status and body: the discovery call knows its tenants, the registration service has nothing at its root."""
    if url.hostname == network.METADATA:
        return metadata.answer(device, url, headers)
    steps = [step for step in url.path.split("/") if step]
    if (url.hostname or "").startswith("enterpriseregistration."):
        if steps[1:] != ["discover"]:
            return 404, ""
        known = {name.lower() for tenant in device.directory.tenants.values() for name in (tenant.id, *tenant.domains)}
        if steps[0].lower() not in known:
            return 400, json.dumps({"ErrorType": "UserRealmDiscoveryFailed", "Message": "Tenant was not found."})
        return 200, json.dumps({"DiscoveryService": {"DiscoveryEndpoint": f"https://{url.hostname}/EnrollmentServer"}})
    return 200, "<html><head><title>Lab</title></head></html>"


def published(device, host: str) -> Iterator[dict]:
    """The answers of a host that can be reached, as rules of which the first that fits answers.

    ``path`` is a pattern, ``query`` a text that it must hold, ``header`` a name and a value that must be there.
    """
    if host == network.METADATA:
        told: dict[str, t.Any] = {"header": ["Metadata", "true"]}
        asked = {**told, "query": "api-version="}
        urls: list[tuple[dict[str, t.Any], str, bool]] = [
            (asked | {"path": "/metadata/identity/info"}, "/metadata/identity/info?api-version=1", True),
            (asked, "/metadata?api-version=1", True),
            (told, "/metadata", True),
            ({}, "/metadata", False),
        ]
        for rule, path, with_header in urls:
            url = urllib.parse.urlsplit(f"http://{host}{path}")
            status, body = metadata.answer(device, url, {"Metadata": "true"} if with_header else {})
            yield {**rule, "status": status, "body": body}
        return
    paths = [("*", "/")]
    if host.startswith("enterpriseregistration."):
        names = {name.lower() for tenant in device.directory.tenants.values() for name in (tenant.id, *tenant.domains)}
        paths = [(f"/{name}/discover", f"/{name}/discover") for name in sorted(names)]
        paths += [("/*/discover", "/nobody/discover"), ("*", "/")]
    for pattern, path in paths:
        status, body = _answer(device, urllib.parse.urlsplit(f"https://{host}{path}"), {})
        yield {"path": pattern, "status": status, "body": body}
