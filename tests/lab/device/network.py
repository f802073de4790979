# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device can reach, by context, and how long it takes to find out that it cannot."""

from __future__ import annotations

import dataclasses
import datetime
import fnmatch
import struct

LOGIN = "login.microsoftonline.com"
REGISTRATION = "enterpriseregistration.windows.net"
MDM = "enrollment.manage.microsoft.com"
METADATA = "169.254.169.254"

TIMEOUT = 0x80072EE2
NOT_RESOLVED = 0x80072EE7
CANNOT_CONNECT = 0x80072EFD
TLS_CLOCK = 0x80072F8F
SECURE_CHANNEL = 0x80072F7D
#: The token client (ADAL) prints the same failures with 0xCAA8 in front of WinHTTP's number.
TOKEN = 0xCAA80000

#: Device seconds until WinHTTP gives a connection up, and for an answer that comes.
CONNECT_TIMEOUT = 21.0
ROUND_TRIP = 0.4
#: Server certificates are taken to be valid this long around today: beyond it TLS fails.
CERTIFICATE_DAYS = 45
#: Beyond this a token is refused as not yet or no longer valid (no number is documented; Kerberos' five minutes).
TOKEN_MINUTES = 5
WINHTTP = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
USERS_PROXY = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
SCHANNEL = r"SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client"
TEXTS = {
    TIMEOUT: "The operation timed out",
    NOT_RESOLVED: "The server name or address could not be resolved",
    CANNOT_CONNECT: "A connection with the server could not be established",
    TLS_CLOCK: "A security error occurred",
    SECURE_CHANNEL: "An error occurred in the secure channel support",
}


class Unreachable(Exception):
    """A request that got no answer. ``hresult`` as WinHTTP gives it, ``token_hresult`` as the token client wraps it."""

    def __init__(self, host: str, hresult: int, text: str = "") -> None:
        self.text = text or TEXTS[hresult]
        super().__init__(f"{host}: {self.text}")
        self.host = host
        self.hresult = hresult
        self.token_hresult = TOKEN | hresult & 0xFFFF


@dataclasses.dataclass(frozen=True)
class Proxy:
    """The machine's WinHTTP proxy. ``bypass`` are host names with wildcards; ``answers``: it is there at all."""

    server: str
    bypass: tuple[str, ...] = ()
    answers: bool = True


class Network:
    """Reachability of one device.

    Host names by what happens to them: ``blocked`` (a firewall drops packets), ``blocked_for_system`` and
    ``blocked_for_user`` (the same for one context only), ``unresolved`` (no DNS answer), ``inspected`` (TLS opened by a
    middle box with a certificate that the machine does not trust). ``direct`` False: only the proxy gets out.
    ``users_proxied``: users have a proxy of their own that gets them out, and WinHTTP none. ``category`` is
    NetworkCategory of MSFT_NetConnectionProfile.
    """

    def __init__(self, device) -> None:
        self._device = device
        self.blocked: set[str] = set()
        self.blocked_for_system: set[str] = set()
        self.blocked_for_user: set[str] = set()
        self.unresolved: set[str] = set()
        self.inspected: set[str] = set()
        self.proxy: Proxy | None = None
        self.direct = True
        self.users_proxied = False
        self.category = 1

    async def request(self, host: str, system: bool = True) -> None:
        """One HTTPS round trip to a service, as SYSTEM unless told. Raises Unreachable after the time that takes."""
        error = self.problem(host, system) or (self.token_problem(host) if host == LOGIN else None)
        await self._device.sleep(seconds(error))
        if error:
            raise error

    def problem(self, host: str, system: bool = True) -> Unreachable | None:
        """What stands between the device and a host, without the wait."""
        code = self._connection_problem(host, system)
        if code is not None:
            return Unreachable(host, code)
        if host == METADATA:
            return None
        if host in self.inspected or abs(self._device.skew) > datetime.timedelta(days=CERTIFICATE_DAYS):
            return Unreachable(host, TLS_CLOCK)
        if self._device.registry.get(SCHANNEL, "Enabled", 1) == 0:
            return Unreachable(host, SECURE_CHANNEL)
        return None

    def token_problem(self, host: str) -> Unreachable | None:
        """A token that the device takes for not valid now: nothing that a plain request would show."""
        if abs(self._device.skew) > datetime.timedelta(minutes=TOKEN_MINUTES):
            return Unreachable(host, TLS_CLOCK, "The token is not within its valid time range")
        return None

    def _connection_problem(self, host: str, system: bool) -> int | None:
        if self.goes_by_proxy(host):
            assert self.proxy is not None
            if not self.proxy.answers:
                return CANNOT_CONNECT
        elif self.users_proxied and not system:
            pass
        elif host in self.unresolved:
            return NOT_RESOLVED
        elif not self.direct and host != METADATA:
            return TIMEOUT
        one = self.blocked_for_system if system else self.blocked_for_user
        return TIMEOUT if host in self.blocked or host in one else None

    def goes_by_proxy(self, host: str) -> bool:
        """Whether WinHTTP asks its proxy for this host."""
        return self.proxy is not None and not any(fnmatch.fnmatch(host, pattern) for pattern in self.proxy.bypass)

    def set_users_proxy(self, server: str) -> None:
        """The proxy of every user (WinINET), which SYSTEM does not know."""
        self.users_proxied = True
        for hive in self._device.users.values():
            hive.set(USERS_PROXY, {"ProxyEnable": 1, "ProxyServer": server})

    def set_proxy(self, proxy: Proxy) -> None:
        """Set it, with what ``netsh winhttp set proxy`` writes."""
        self.proxy = proxy
        server, bypass = proxy.server.encode("ascii"), ";".join(proxy.bypass).encode("ascii")
        blob = struct.pack("<IIII", 0x28, 0, 3, len(server)) + server + struct.pack("<I", len(bypass)) + bypass
        self._device.registry.set(WINHTTP, {"WinHttpSettings": blob})


def seconds(error: Unreachable | None) -> float:
    """Device seconds until an answer, or until it is clear that there is none."""
    return CONNECT_TIMEOUT if error is not None and error.hresult == TIMEOUT else ROUND_TRIP


def direct_settings() -> bytes:
    """WinHttpSettings of a machine without a proxy."""
    return struct.pack("<IIIII", 0x18, 0, 1, 0, 0)
