# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads of a device: addresses that the world publishes; everything else cannot be resolved.

The lab never leaves the machine: an address is answered from ``directory.web`` (address to bytes) or not at all.
"""

from __future__ import annotations

import asyncio
import urllib.parse

from . import network
from .errors import WindowsError

#: What a download that failed was, by the code of the network's refusal.
KINDS = {
    network.TIMEOUT: "timeout",
    network.NOT_RESOLVED: "dns",
    network.CANNOT_CONNECT: "connect",
    network.TLS_CLOCK: "certificate",
    network.SECURE_CHANNEL: "tls",
}
#: Faults of a server or the way to it, by the kind that the fault "download" names: what the runner says of it.
FAULTS = {
    "cut": ("The answer broke off after 10 of 1000 bytes.", 0x80072EFE),
    "redirect": ("The server redirects to http://packages.lab.example, which is not https.", 0x80072F7C),
    "http": ("The server refuses with status 403.", 0x80190193),
    "too_large": ("It is larger than 4294967296 bytes.", None),
}


async def fetch(device, url: str, timeout: float, system: bool) -> bytes:
    """The bytes at an address. WindowsError where there are none, or after ``timeout`` device seconds."""
    host = urllib.parse.urlsplit(url).hostname or ""
    problem = device.network.problem(host, system)
    published = device.directory.web
    if problem is None and not any(urllib.parse.urlsplit(known).hostname == host for known in published):
        problem = network.Unreachable(host, network.NOT_RESOLVED)
    if problem is not None:
        await device.sleep(min(timeout, network.seconds(problem)))
        kind = KINDS[problem.hresult]
        # With a proxy it is not the device that looks up and connects to the server.
        if kind in ("dns", "connect") and device.network.goes_by_proxy(host):
            kind = "proxy"
        raise WindowsError(kind, problem.text, problem.hresult)
    await asyncio.sleep(0)
    if fault := device.faults.take("download"):
        raise WindowsError(fault["as"], *FAULTS[fault["as"]])
    if url not in published:
        raise WindowsError("not_found", "The server has nothing at this address (404).", 0x80190194)
    return published[url]
