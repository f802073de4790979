# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of download and endpoints against a real server and a real proxy, those of misbehaving.py.

Not possible off Windows: that the device shows a proxy who it is (UseDefaultCredentials needs Windows' own sign-in),
that a request is aborted before its answer is closed, and that the thread pool is made larger (both only matter to .NET
Framework, which reads an answer to its end, and begins with as many threads as processors).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from . import windows
from .base import Case, own_paths, variant
from .names import NO_CODE

RIGHT = hashlib.sha256(b"downloaded").hexdigest()
TIMEOUT, CANNOT_CONNECT, ABORTED, NO_NAME = (code - 2**32 for code in (0x80072EE2, 0x80072EFD, 0x80072EFE, 0x80072EE7))
TLS, CERTIFICATE, REDIRECT = (code - 2**32 for code in (0x80072F7D, 0x80072F8F, 0x80072F7C))
HTTP = 0x80190000 - 2**32


def fetched(
    scratch: Path, url: str, error: str | None = None, hresult: int | str | None = None, timeout: int = 20
) -> Case:
    """One download of the ten bytes of misbehaving.py, or how it must fail."""
    asked = {"url": url, "path": own_paths(scratch)("fetched", "x.ppkg"), "timeout": timeout, "sha256": RIGHT}
    return Case("download", asked, lambda v: v["size"] == 10, error, hresult)


def asked(urls: list[str], holds: list[tuple]) -> Case:
    """One exchange with these addresses: (status, error's type, its code, start of the body) of each."""
    return Case(
        "endpoints",
        {"timeout": 20, "targets": [{"name": url, "url": url, "headers": {}} for url in urls]},
        lambda v: (
            [(r["status"], r["error"]["type"], r["error"]["hresult"], r["body_start"]) for r in v["results"]] == holds
        ),
    )


def direct(scratch: Path) -> list[Case]:
    """What may become of a download and of a request."""
    return [
        fetched(scratch, "https://{server}/good"),
        fetched(scratch, "https://{server}/to-good"),
        fetched(scratch, "https://{server}/missing", "not_found", HTTP + 404),
        fetched(scratch, "https://{server}/forbidden", "http", HTTP + 403),
        fetched(scratch, "https://{server}/to-http", "redirect", REDIRECT),
        # Each is looked at, and so there are not many.
        fetched(scratch, "https://{server}/hops-10"),
        fetched(scratch, "https://{server}/hops-11", "redirect", REDIRECT),
        fetched(scratch, "https://{server}/round", "redirect", REDIRECT),
        fetched(scratch, "https://{server}/cut", "cut", ABORTED),
        fetched(scratch, "https://{server}/chunks-cut", "cut", ABORTED),
        fetched(scratch, "https://{server}/slow", "timeout", TIMEOUT, timeout=1),
        fetched(scratch, "https://{server}/silent", "timeout", TIMEOUT, timeout=1),
        fetched(scratch, "https://{server}/large", "too_large", NO_CODE),
        fetched(scratch, "https://{server}/how", "hash", NO_CODE),
        fetched(scratch, "https://{refusing}/good", "tls", TLS),
        fetched(scratch, "https://localhost:9/good", "connect", CANNOT_CONNECT),
        fetched(scratch, "https://winops-entra.invalid/good", "dns", NO_NAME),
        Case("path_info", {"path": own_paths(scratch)("fetched", "x.ppkg.part")}, lambda v: not v["exists"]),
        asked(
            [f"https://{{server}}/{path}" for path in ("good", "missing", "to-good", "how")] + ["https://{refusing}/"],
            [
                (200, None, None, "downloaded"),
                (404, None, None, "downloaded"),
                (302, None, None, ""),
                (200, None, None, "direct"),
                (None, "tls", TLS, None),
            ],
        ),
        Case(
            "endpoints",
            {
                "timeout": 20,
                "targets": [{"name": "x", "url": "https://{server}/header", "headers": {"X-Proof": "sent"}}],
            },
            lambda v: v["results"][0]["body_start"] == "sent",
        ),
        Case(
            "endpoints",
            {"timeout": 1, "targets": [{"name": "x", "url": "https://{server}/silent", "headers": {}}]},
            lambda v: v["results"][0]["error"]["type"] == "timeout" and v["results"][0]["seconds"] >= 0.9,
        ),
    ]


def by_the_proxy(scratch: Path) -> list[Case]:
    """With the server as the machine's proxy; the account's own, which nobody may ask, is a closed port."""
    return [
        fetched(scratch, "https://far.winops.test/good"),
        fetched(scratch, "https://{server}/good"),
        fetched(scratch, "https://denied.winops.test/good", "proxy", HTTP + 407),
        fetched(scratch, "https://gone.winops.test/good", "proxy"),
        fetched(scratch, "https://notls.winops.test/good", "tls", TLS),
        asked(
            [f"https://{host}/how" for host in ("far.winops.test", "{server}", "denied.winops.test", "wrong.example")],
            [
                (200, None, None, "proxied"),
                (200, None, None, "direct"),
                (None, "proxy", HTTP + 407, None),
                (None, "certificate", CERTIFICATE, None),
            ],
        ),
        # One waits for the other: its cookie must not be in the second request.
        asked(["https://cookies.winops.test/cookie"] * 2, [(200, None, None, "none")] * 2),
    ]


def by_the_accounts_proxy(scratch: Path) -> list[Case]:
    """The machine has none, the account has. The metadata service of an Azure VM is never asked through any."""
    return [
        fetched(scratch, "https://far.winops.test/good"),
        fetched(scratch, "https://wrong.example/good", "certificate", CERTIFICATE),
        asked(["https://far.winops.test/how"], [(200, None, None, "proxied")]),
        Case(
            "endpoints",
            {"timeout": 2, "targets": [{"name": "near", "url": "http://169.254.169.254/how", "headers": {}}]},
            lambda v: v["results"][0]["body_start"] != "proxied",
        ),
    ]


def of_an_old_system(scratch: Path) -> list[Case]:
    """A .NET that offers TLS 1.1 only unless it is told, as those of the first Windows 10 did."""
    return [
        fetched(scratch, "https://{server}/good"),
        asked(["https://{server}/good"], [(200, None, None, "downloaded")]),
    ]


ALL_REAL = {"host": "*", "real": True}


def to_the_server(document: windows.Document) -> None:
    """Every name is really asked."""
    document["web"] = [ALL_REAL]


def behind_the_server(document: windows.Document) -> None:
    to_the_server(document)
    document[windows.PROXY] = ["{server}", "127.0.0.1"]


DEAD_PROXY = {"WINOPS_PROOF_PROXY": "http://127.0.0.1:9"}
ACCOUNTS = {"WINOPS_PROOF_PROXY": "http://{server}"}
# No culture has to do with what the network does.
SCENES = [
    variant("web, direct", direct, {"WINOPS_PROOF_MAX_BYTES": "4000"}, change=to_the_server, served=True),
    variant("web, machine's proxy", by_the_proxy, DEAD_PROXY, change=behind_the_server, served=True),
    variant("web, old TLS", of_an_old_system, {"WINOPS_PROOF_OLD_TLS": "1"}, change=to_the_server, served=True),
    variant("web, account's proxy", by_the_accounts_proxy, ACCOUNTS, change=to_the_server, served=True),
]
