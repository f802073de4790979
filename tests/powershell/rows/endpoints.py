# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of endpoints."""

from __future__ import annotations

import functools
from pathlib import Path

from . import windows
from .base import Case, Scene, variant


def rows(_scratch: Path) -> list[Case]:
    return [
        Case(
            "endpoints",
            {
                "timeout": 10,
                "targets": [
                    {"name": "closed", "url": "https://127.0.0.1:9/", "headers": {}},
                    *[
                        {"name": name, "url": f"https://{name}.proof/x", "headers": {"Accept": "application/json"}}
                        for name in ("200", "404", "407", "dns", "cert", "tls")
                    ],
                    {"name": "plain", "url": "http://127.0.0.1:9/", "headers": {}},
                    {"name": "near", "url": "http://169.254.169.254:81/", "headers": {}},
                    {"name": "nearly", "url": "http://169.254.169.254.proof/", "headers": {}},
                    {"name": "nonsense", "url": "no address", "headers": {}},
                ],
            },
            lambda v: (
                [(r["name"], r["status"], r["error"]["type"], r["error"]["hresult"]) for r in v["results"]]
                == [
                    ("closed", None, "connect", 0x80072EFD - 2**32),
                    ("200", 200, None, None),
                    ("404", 404, None, None),
                    ("407", None, "proxy", 0x80190197 - 2**32),
                    ("dns", None, "dns", 0x80072EE7 - 2**32),
                    ("cert", None, "certificate", 0x80072F8F - 2**32),
                    ("tls", None, "tls", 0x80072F7D - 2**32),
                    ("plain", None, "other", None),
                    ("near", None, "other", None),
                    ("nearly", None, "other", None),
                    ("nonsense", None, "other", None),
                ]
                and v["results"][1]["body_start"] == "application/json\u20ac" + "x" * 183
                and v["results"][4]["error"]["message"] == "It failed: dns"
                # Who answers does it before the time is over, and what is no address takes none.
                and v["results"][1]["seconds"] < 10
                and v["results"][-1]["seconds"] == 0
            ),
        ),
        Case(
            "endpoints",
            {"timeout": 10, "targets": [{"name": "pair", "url": "https://pair.proof/", "headers": {}}]},
            # The cut would leave half of a character.
            lambda v: v["results"][0]["body_start"] == "x" * 199 + "?",
        ),
        Case("endpoints", {"timeout": 1, "targets": []}, lambda v: v == {"results": []}),
    ]


def silent(_scratch: Path) -> list[Case]:
    """Who does not answer in time is not waited for, and whoever answers meanwhile is heard."""
    targets = [{"name": name, "url": f"https://{name}.proof/", "headers": {}} for name in ("slow", "200", "slow")]
    return [
        Case(
            "endpoints",
            {"timeout": 1, "targets": targets},
            lambda v: (
                [(r["status"], r["error"]["type"]) for r in v["results"]]
                == [(None, "timeout"), (200, None), (None, "timeout")]
            ),
        )
    ]


PROXY = ("http=one.proof:80;https=two.proof:8080", "<local>;*.near.proof;https://SKIP.proof:443")
"""Proxies and exceptions, as netsh winhttp set proxy takes them; names have no case, wherever the device is."""

SETTINGS = windows.proxy_bytes(*PROXY)
NO_PROXY = {
    "not set": None,
    "a text": ["REG_SZ", "http://two.proof:8080, and more than twenty characters"],
    "switched off": windows.binary(SETTINGS[:8] + b"\1" + SETTINGS[9:]),
    "cut before its name": windows.binary(SETTINGS[:19]),
    "cut in its name": windows.binary(SETTINGS[:40]),
    "a wrong length": windows.binary(SETTINGS[:12] + b"\xff" * 4 + SETTINGS[16:]),
}
NO_NAME = 0x80072EE7 - 2**32


def behind_a_proxy(_scratch: Path) -> list[Case]:
    """With the proxy of PROXY: who fails to look up a name is the proxy, but for the names that go past it."""
    targets = [
        {"name": name, "url": f"https://{name}/", "headers": {}}
        for name in ("dns.proof", "dns.near.proof", "200.proof", "intranet", "skip.proof")
    ]
    return [
        Case(
            "endpoints",
            {"timeout": 10, "targets": targets},
            lambda v: (
                [(r["error"]["type"], r["error"]["hresult"], r["status"]) for r in v["results"]]
                == [("proxy", NO_NAME, None), ("dns", NO_NAME, None), (None, None, 200)] + [("dns", NO_NAME, None)] * 2
            ),
        ),
    ]


def past_the_proxy(_scratch: Path) -> list[Case]:
    """Where this runs in Azure the metadata service answers; nowhere is it the proxy that does not."""
    return [
        Case(
            "endpoints",
            {"timeout": 2, "targets": [{"name": "near", "url": "http://169.254.169.254/winops", "headers": {}}]},
            lambda v: v["results"][0]["status"] or v["results"][0]["error"]["type"] in ("connect", "timeout"),
        ),
    ]


def proxied(document: windows.Document) -> None:
    windows.behind_proxy(document, *PROXY)


ONLY_NAMED = ("two.proof:8080", "*.near.proof")


def no_way_past_for_short_names(_scratch: Path) -> list[Case]:
    """With ONLY_NAMED: a name without a dot is asked for like every other one."""
    targets = [{"name": "x", "url": "https://intranet/", "headers": {}}]
    return [
        Case("endpoints", {"timeout": 10, "targets": targets}, lambda v: v["results"][0]["error"]["type"] == "proxy")
    ]


def without_a_proxy(_scratch: Path) -> list[Case]:
    """Settings that say nothing, or what is none, are no proxy."""
    targets = [{"name": "x", "url": "https://dns.proof/", "headers": {}}]
    return [Case("endpoints", {"timeout": 10, "targets": targets}, lambda v: v["results"][0]["error"]["type"] == "dns")]


SCENES = [
    Scene("endpoints", rows),
    variant("endpoints, silent", silent),
    Scene("behind a proxy", behind_a_proxy, change=proxied),
    variant("past the proxy", past_the_proxy, change=proxied),
    variant(
        "proxy, short names",
        no_way_past_for_short_names,
        change=lambda document: windows.behind_proxy(document, *ONLY_NAMED),
    ),
    # Nobody else's account is shown to the proxy.
    variant("proxy, not as SYSTEM", behind_a_proxy, {"WINOPS_PROOF_CALLER": "1"}, change=proxied),
    *(
        variant(f"proxy, {name}", without_a_proxy, change=functools.partial(windows.proxy_settings, pair=pair))
        for name, pair in NO_PROXY.items()
    ),
]
