# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads of a device: addresses that the world publishes; everything else cannot be resolved.

The lab never leaves the machine: an address is answered from ``directory.web`` (address to bytes) or not at all.
"""

from __future__ import annotations

import asyncio
import urllib.parse

WEB_EXCEPTION = 0x80131509


class WebError(Exception):
    """A download that failed; ``hresult`` is that of System.Net.WebException (an InvalidOperationException)."""

    hresult = WEB_EXCEPTION


async def fetch(device, url: str, timeout: float) -> bytes:
    """The bytes at an address. WebError where there are none, or after ``timeout`` device seconds."""
    host = urllib.parse.urlsplit(url).hostname or ""
    problem = device.network.problem(host)
    if problem is not None:
        await device.sleep(min(timeout, 21.0))
        raise WebError(
            "The operation has timed out."
            if host in device.network.blocked
            else "The underlying connection was closed: Could not establish trust relationship for the SSL/TLS "
            "secure channel."
        )
    await asyncio.sleep(0)
    published = device.directory.web
    if url in published:
        return published[url]
    if any(urllib.parse.urlsplit(known).hostname == host for known in published):
        raise WebError("The remote server returned an error: (404) Not Found.")
    raise WebError(f"The remote name could not be resolved: '{host}'")
