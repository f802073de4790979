# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight checks of the way to Microsoft's services: proxy, TLS, names, an Azure VM's metadata service.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import struct

from ...findings import Finding
from .. import operations as op
from .. import requirements
from ..answers import Result
from ..reading import known
from . import endpoints, targets
from .check import Look, Rule

TLS_DOC = "https://learn.microsoft.com/windows-server/security/tls/tls-registry-settings"
WINHTTP = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
USER_PROXY = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
OBSERVATIONS = {
    "winhttp": op.registry_read(WINHTTP),
    "user_proxies": op.registry_users_read(USER_PROXY),
    "tls": op.registry_read(r"SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client"),
}


def proxy(look: Look) -> Finding:
    """Whether SYSTEM goes the way that the network wants: WinHTTP's setting, and what users have beside it."""
    rule = Rule("proxy", "direct, or a WinHTTP proxy through which the endpoints answer", targets.JOIN_DOC)
    settings = look.values("winhttp")
    if settings is None:
        return rule.unknown(look.why_not("winhttp"))
    try:
        server, _bypass = winhttp_proxy(settings.data("WinHttpSettings"))
    except ValueError as exc:
        return rule.unknown(f"the WinHTTP settings cannot be parsed: {exc}", "look at netsh winhttp show proxy")
    observed = f"WinHTTP: {server or 'direct'}"
    found = endpoints.replies(look)
    if any(reply.status in endpoints.PROXY_REFUSES for reply in endpoints.of_the_join(look).values()):
        return rule.failed(
            observed,
            "the proxy asks for a password, which SYSTEM does not have",
            "let devices through to Microsoft's endpoints without authentication",
        )
    unreached = endpoints.troubled(look, "names", "timeout", "connection", "proxy")
    users = known(lambda: user_proxies(look.answer["user_proxies"]))
    if users and not server:
        observed += f"; users: {', '.join(users)}"
        if unreached:
            return rule.failed(
                observed,
                f"users have a proxy, but {endpoints.as_whom(look)} does not, and cannot reach {unreached[0]}",
                f"set the proxy for the machine: netsh winhttp set proxy {users[0].split()[-1]}, or WPAD",
            )
    if server and unreached:
        return rule.failed(
            observed,
            f"the endpoints are asked through the proxy {server}, and {unreached[0]} does not answer",
            "correct the proxy (netsh winhttp set proxy), its bypass list, or its rules for this device",
        )
    if isinstance(found, str) and endpoints.were_asked(look):
        return rule.unknown(found)
    if users is None and unreached:
        return rule.unknown(look.why_not("user_proxies"))
    return rule.passed(observed)


def winhttp_proxy(data: bytes | None) -> tuple[str | None, str]:
    """(proxy or None for direct, bypass list) of WinHttpSettings, a REG_BINARY.

    Layout as public tools read what ``netsh winhttp`` writes: size, counter, flags (2 named proxy), length and text of
    the proxy, length and text of the bypass list. Raises ValueError.
    """
    if data is None:
        return None, ""
    try:
        _size, _counter, flags, length = struct.unpack_from("<IIII", data)
        server = data[16 : 16 + length].decode("ascii")
        (rest,) = struct.unpack_from("<I", data, 16 + length)
        bypass = data[20 + length : 20 + length + rest].decode("ascii")
    except (struct.error, UnicodeDecodeError) as exc:
        raise ValueError(f"not the layout of WinHttpSettings ({exc})") from exc
    return (_without_password(server) or None) if flags & 2 else None, bypass


def user_proxies(result: Result) -> list[str]:
    """The proxies and configuration scripts of people whose profiles are loaded, each once. Raises Unreadable."""
    found = []
    for key in result.users().values():
        server, script = key.text("ProxyServer"), key.text("AutoConfigURL")
        if key.number("ProxyEnable") == 1 and server:
            found.append(_without_password(server))
        if script:
            found.append(f"script {_without_password(script)}")
    return list(dict.fromkeys(found))


def _without_password(text: str) -> str:
    head, at, host = text.rpartition("@")
    return f"{head.rpartition('//')[0]}{'//' if '//' in head else ''}{host}" if at else text


def tls(look: Look) -> Finding:
    rule = Rule("tls", "TLS 1.2 for clients, certificates that the machine trusts", TLS_DOC)
    values = look.values("tls")
    if values is None:
        return rule.unknown(look.why_not("tls"))
    if values.number("Enabled") == 0:
        return rule.failed(
            "TLS 1.2 is off for clients",
            "TLS 1.2 is switched off for clients in SCHANNEL: no Microsoft service answers without it",
            "remove Enabled=0 below SCHANNEL\\Protocols\\TLS 1.2\\Client, then restart",
        )
    refused = endpoints.troubled(look, "tls")
    if refused:
        skewed = abs(look.facts["clock"]["skew_seconds"]) > 86400
        cause = "the clock is wrong" if skewed else "a proxy inspects TLS, or a root certificate is missing"
        return rule.failed(
            f"no TLS with {', '.join(refused)}",
            f"the certificate of {refused[0]} is not accepted: {cause}",
            endpoints.FIXES["tls"].format(host=refused[0]),
        )
    if isinstance(endpoints.replies(look), str) and endpoints.were_asked(look):
        return rule.unknown(str(endpoints.replies(look)))
    if values.number("DisabledByDefault") == 1:
        return rule.warned(
            "TLS 1.2 is not on by default",
            "programs that do not ask for TLS 1.2 do not get it",
            "remove DisabledByDefault=1 below SCHANNEL\\Protocols\\TLS 1.2\\Client, then restart",
        )
    return rule.passed("TLS 1.2" if isinstance(endpoints.replies(look), str) else "TLS 1.2, all certificates accepted")


def name_resolution(look: Look) -> Finding:
    rule = Rule("name_resolution", "the names of all endpoints resolve", targets.JOIN_DOC)
    found = endpoints.replies(look)
    if isinstance(found, str):
        return rule.unknown(found)
    lost = endpoints.troubled(look, "names")
    if lost:
        return rule.failed(
            f"no address for {', '.join(lost)}",
            f"the name {lost[0]} does not resolve as {endpoints.as_whom(look)}",
            endpoints.FIXES["names"].format(host=lost[0]),
        )
    return rule.passed("all resolve")


def azure_identity(look: Look) -> Finding:
    """Whether the metadata service of an Azure VM names the tenant that the VM is to join."""
    rule = Rule("azure_identity", "a managed identity of the tenant, for method azure_vm", targets.VM_DOC)
    if look.plan.method != "azure_vm":
        return rule.passed("no managed identity is needed")
    found = endpoints.replies(look)
    reply = None if isinstance(found, str) else found.get("azure_identity")
    if reply is None:
        return rule.unknown(found if isinstance(found, str) else "the device did not say how the request ended")
    if reply.status is None:
        return rule.failed(
            f"{reply.code or 'no answer'} as {endpoints.as_whom(look)}",
            "the metadata service (169.254.169.254) does not answer: the VM cannot learn its tenant (0x801c0042)",
            "let the VM reach http://169.254.169.254, past proxies and local firewalls; outside Azure there is "
            "no such service",
        )
    refusal = requirements.azure_identity_refusal(reply.status, reply.body, look.plan.tenant_id or "")
    if refusal:
        return rule.failed(f"HTTP {reply.status}", refusal.cause, refusal.fix)
    if reply.status != 200:
        return rule.warned(
            f"HTTP {reply.status}",
            "the VM's metadata service is reached, but reports that it is busy or has an error",
            "try again later",
        )
    return rule.passed("HTTP 200, the tenant's" if look.plan.tenant_id else "HTTP 200")


NETWORK_CHECKS = {check.__name__: check for check in (proxy, tls, name_resolution, azure_identity)}
