# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it means that a device could not download a package: the kinds of failure that vocabulary.json names.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..codes.hresult import error_code

# The device fetches as SYSTEM, by the machine's proxy: what a user's browser can reach says nothing.
_REACH = "let SYSTEM on the device reach the server (firewall, netsh winhttp show proxy), or use src instead of url"

# kind -> (side, cause, fix)
DOWNLOAD_FAILURES = {
    "not_found": (
        "controller",
        "the server has no file at the address in url",
        "correct url; open it with the query string that it needs, without a sign-in",
    ),
    "http": (
        "network",
        "the server does not give the file to the device",
        "let the server give it without a sign-in, or put an access key that is still valid into url",
    ),
    "redirect": (
        "network",
        "the server redirects away from https, or in a circle",
        "give the address that it leads to, with https",
    ),
    "cut": ("network", "the connection broke off in the middle of the file", "run the task again; " + _REACH),
    "timeout": ("network", "the file did not arrive in time", "put it on a server near the device; " + _REACH),
    "dns": (
        "network",
        "the device cannot resolve the name in url",
        "correct url, or the device's DNS servers; or use src instead of url",
    ),
    "connect": ("network", "the device cannot connect to the server in url", _REACH),
    "proxy": (
        "network",
        "the device's proxy refuses the connection to the server in url",
        "exempt the server from the proxy, or let the computer account through (netsh winhttp show proxy)",
    ),
    "tls": (
        "network",
        "the device and the server in url have no TLS version or cipher in common",
        "let the server offer TLS 1.2 with a cipher that this Windows has",
    ),
    "certificate": (
        "network",
        "the device does not trust the certificate of the server in url",
        "check the device's clock and root certificates, and exempt the server from TLS inspection",
    ),
    "too_large": ("controller", "the file at url is too large to be a provisioning package", "correct url"),
    "hash": (
        "controller",
        "the file at url is not the one that checksum describes",
        "correct url, or give package_id and sha256 of the file at that address (winops.entra.ppkg_info prints both)",
    ),
}


def explanation(error: dict) -> dict | None:
    """What explain() would say of a step's error {type, message, hresult}, None where no download failed.

    Nobody tries again by itself: to wait for the package to be applied is in vain.
    """
    if error["type"] not in DOWNLOAD_FAILURES:
        return None
    side, cause, fix = DOWNLOAD_FAILURES[error["type"]]
    return {
        "code": error_code(error),
        "name": f"download_{error['type']}",
        "side": side,
        "cause": f"the package could not be downloaded: {cause}",
        "fix": fix,
        "transient": False,
    }
