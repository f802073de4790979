# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device reaches on the Internet, and how Windows says that it does not."""

from __future__ import annotations

import datetime

LOGIN = "login.microsoftonline.com"
REGISTRATION = "enterpriseregistration.windows.net"
MDM = "enrollment.manage.microsoft.com"
METADATA = "169.254.169.254"

TIMEOUT = 0x80072EE2
TLS_CLOCK = 0x80072F8F
#: The same failures as the token client (ADAL) prints them.
TOKEN_TIMEOUT = 0xCAA82EE2
TOKEN_TLS_CLOCK = 0xCAA82F8F

#: Device seconds until WinHTTP gives a connection up, and for an answer that comes.
CONNECT_TIMEOUT = 21.0
ROUND_TRIP = 0.4
#: Server certificates are taken to be valid this long around today: beyond it TLS fails.
CERTIFICATE_DAYS = 45
#: Beyond this a token is refused as not yet or no longer valid (no number is documented; Kerberos' five minutes).
TOKEN_MINUTES = 5


class Unreachable(Exception):
    """A request that got no answer. ``hresult`` as WinHTTP gives it, ``token_hresult`` as the token client wraps it."""

    def __init__(self, host: str, hresult: int, token_hresult: int, text: str) -> None:
        super().__init__(f"{host}: {text}")
        self.host = host
        self.hresult = hresult
        self.token_hresult = token_hresult
        self.text = text


class Network:
    """Reachability of one device. ``blocked`` holds host names a firewall drops packets to."""

    def __init__(self, device) -> None:
        self._device = device
        self.blocked: set[str] = set()

    async def request(self, host: str) -> None:
        """One HTTPS round trip to a service. Raises Unreachable after the time that takes on a device."""
        error = self.problem(host)
        await self._device.sleep(CONNECT_TIMEOUT if error and error.hresult == TIMEOUT else ROUND_TRIP)
        if error:
            raise error

    def problem(self, host: str) -> Unreachable | None:
        """What stands between the device and a host, without the wait."""
        if host in self.blocked:
            return Unreachable(host, TIMEOUT, TOKEN_TIMEOUT, "The operation timed out")
        if abs(self._device.skew) > datetime.timedelta(days=CERTIFICATE_DAYS) and host != METADATA:
            return Unreachable(host, TLS_CLOCK, TOKEN_TLS_CLOCK, "A security error occurred")
        if abs(self._device.skew) > datetime.timedelta(minutes=TOKEN_MINUTES) and host == LOGIN:
            return Unreachable(host, TLS_CLOCK, TOKEN_TLS_CLOCK, "The token is not within its valid time range")
        return None
