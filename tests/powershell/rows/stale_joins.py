# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of dsregcmd_leave where earlier joins have left something: what goes with the leave, and what stays."""

from __future__ import annotations

import typing as t
from pathlib import Path

from .base import Case, Scene, variant
from .windows import Document, certificate, put

JOIN_INFO = "SYSTEM\\CurrentControlSet\\Control\\CloudDomainJoin\\JoinInfo"
TENANT_INFO = "SYSTEM\\CurrentControlSet\\Control\\CloudDomainJoin\\TenantInfo"
LIVE, FIRST, SECOND, THIRD = "AA" * 20, "11" * 20, "22" * 20, "33" * 20
OLD_DEVICE, LIVE_DEVICE = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "AB")
OURS, THEIRS, GONE = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
MINE = "Cert:\\LocalMachine\\My\\"


def leave(stale: list[str], holds: t.Callable[[t.Any], bool] = lambda value: True, **more: t.Any) -> Case:
    return Case("dsregcmd_leave", {"stale": stale}, holds, **more)


def rows(_scratch: Path) -> list[Case]:
    return [
        leave([FIRST, "x"], error="ArgumentException"),
        leave([FIRST + "\n"], error="ArgumentException"),
        leave(["..\\" + FIRST[:37]], error="ArgumentException"),
        leave([FIRST[:38]], error="ArgumentException"),
        leave([""], error="ArgumentException"),
        # Nothing of it was done.
        Case("registry_read", {"path": JOIN_INFO, "depth": 1}, lambda v: len(v["key"]["keys"]) == 4),
        leave(
            [FIRST.lower(), SECOND, GONE],
            lambda v: (
                v["exit_code"] == 0
                and v["text"].startswith("/debug /leave\r\n")
                and "error" not in v
                and v["removed"]
                == [
                    f"HKLM\\{JOIN_INFO}\\{FIRST}",
                    f"{MINE}{FIRST.lower()}",
                    f"HKLM\\{JOIN_INFO}\\{SECOND}",
                    f"HKLM\\{TENANT_INFO}\\{GONE.upper()}",
                ]
            ),
        ),
        # Nobody has called THIRD stale, or its tenant.
        Case("registry_read", {"path": JOIN_INFO, "depth": 1}, lambda v: set(v["key"]["keys"]) == {LIVE, THIRD}),
        Case("registry_read", {"path": TENANT_INFO, "depth": 1}, lambda v: set(v["key"]["keys"]) == {OURS, THEIRS}),
        Case(
            "certificates",
            {"store": "My", "issuers": []},
            # Of another authority than the join's: whoever's it is, no leave takes it.
            lambda v: {one["thumbprint"][:2] for one in v["certificates"]} == {"AA", "22", "33"},
        ),
        leave([FIRST, SECOND, GONE], lambda v: v["removed"] == [] and "error" not in v),
    ]


def without_joins(_scratch: Path) -> list[Case]:
    """A registry that knows no join: only the certificate is there."""
    return [leave([FIRST], lambda v: v["removed"] == [f"{MINE}{FIRST}"] and "error" not in v)]


def without_tenants(_scratch: Path) -> list[Case]:
    return [leave([SECOND, GONE], lambda v: v["removed"] == [f"HKLM\\{JOIN_INFO}\\{SECOND}"] and "error" not in v)]


def denied(_scratch: Path) -> list[Case]:
    """What cannot be removed is told, and the leave itself has been made."""
    return [
        leave(
            [FIRST, SECOND, GONE],
            lambda v: (
                v["text"].startswith("/debug /leave\r\n")
                and v["removed"] == [f"HKLM\\{TENANT_INFO}\\{GONE.upper()}"]
                and v["error"]["type"].endswith("SecurityException")
            ),
        )
    ]


def by_device(_scratch: Path) -> list[Case]:
    """Keys that have the id of their device as the name, beside the tenants'."""
    return [
        leave(
            [OLD_DEVICE.lower(), THIRD, GONE],
            lambda v: (
                "error" not in v
                and v["removed"]
                == [
                    f"HKLM\\{JOIN_INFO}\\{OLD_DEVICE}",
                    f"HKLM\\{JOIN_INFO}\\{THIRD}",
                    f"{MINE}{THIRD}",
                    f"HKLM\\{TENANT_INFO}\\{GONE.upper()}",
                ]
            ),
        ),
        Case(
            "registry_read",
            {"path": JOIN_INFO, "depth": 1},
            lambda v: set(v["key"]["keys"]) == {LIVE, FIRST, SECOND, LIVE_DEVICE},
        ),
    ]


def devices_as_names(document: Document) -> None:
    several_joins(document)
    for name in (OLD_DEVICE, LIVE_DEVICE):
        put(document["registry"]["HKLM"], f"{JOIN_INFO}\\{name}", {"TenantId": ["REG_SZ", OURS]})


def several_joins(document: Document) -> None:
    machine = document["registry"]["HKLM"]
    for thumbprint, tenant in ((FIRST, THEIRS), (SECOND, GONE), (THIRD, THEIRS), (LIVE, OURS)):
        put(machine, f"{JOIN_INFO}\\{thumbprint}", {"TenantId": ["REG_SZ", tenant]})
    for tenant in (THEIRS, GONE.upper(), OURS):
        put(machine, f"{TENANT_INFO}\\{tenant}", {"DisplayName": ["REG_SZ", "A tenant"]})
    put(machine, f"{JOIN_INFO}\\{FIRST}\\Below")
    join = "CN=MS-Organization-Access"
    document["certificates"]["My"]["certificates"] = [
        certificate(LIVE, "CN=device", join),
        certificate(FIRST, "CN=older", join),
        certificate(SECOND, "CN=another", "CN=Another CA"),
        certificate(THIRD, "CN=spared", join),
    ]


def no_joins(document: Document) -> None:
    several_joins(document)
    del document["registry"]["HKLM"]["keys"]["SYSTEM"]["keys"]["CurrentControlSet"]["keys"]["Control"]["keys"][
        "CloudDomainJoin"
    ]


def no_tenants(document: Document) -> None:
    several_joins(document)
    del join_root(document)["keys"]["TenantInfo"]


def closed(document: Document) -> None:
    several_joins(document)
    join_root(document)["keys"]["JoinInfo"]["closed"] = "all"


def join_root(document: Document) -> Document:
    control = document["registry"]["HKLM"]["keys"]["SYSTEM"]["keys"]["CurrentControlSet"]["keys"]["Control"]
    return control["keys"]["CloudDomainJoin"]


SCENES = [
    Scene("stale joins", rows, change=several_joins),
    variant("stale joins, none in the registry", without_joins, change=no_joins),
    variant("stale joins, no tenants", without_tenants, change=no_tenants),
    variant("stale joins, by device", by_device, change=devices_as_names),
    variant("stale joins, closed", denied, change=closed),
]
