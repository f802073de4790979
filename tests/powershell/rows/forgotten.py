# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of package_forget: what goes, in which order, and what stays."""

from __future__ import annotations

import typing as t
from pathlib import Path

from .base import Case, Scene, variant
from .names import ENROLLED, FOREIGN, JOB
from .windows import Document, put

STATUS = "SOFTWARE\\Microsoft\\Multivariant\\Status\\CachedCRCs"
CHECKSUMS, RESULTS = f"{STATUS}\\RunTime", "SOFTWARE\\Microsoft\\Provisioning\\Results"
OTHERS = (
    f"{CHECKSUMS}\\{{{FOREIGN}}}",
    f"{RESULTS}\\{{{FOREIGN}}}",
    f"{STATUS}\\User_RunTime\\{{{JOB}}}",
    f"SOFTWARE\\Microsoft\\Provisioning\\PackageInfo\\{{{JOB}}}",
    f"SOFTWARE\\Microsoft\\Provisioning\\CommandResults\\DeviceContext\\{{{JOB}}}",
    "SOFTWARE\\Microsoft\\Multivariant\\UICC",
    f"SOFTWARE\\Microsoft\\EnterpriseResourceManager\\Tracked\\{JOB}",
    f"SOFTWARE\\Microsoft\\PolicyManager\\Providers\\{JOB}",
)
"""Keys of other packages, and others of this one."""


def forget(name: str, holds: t.Callable[[t.Any], bool] = lambda value: True, **more: t.Any) -> Case:
    return Case("package_forget", {"id": name}, holds, **more)


def went(*keys: str) -> t.Callable[[t.Any], bool]:
    return lambda v: v == {"removed": [f"HKLM\\{key}" for key in keys]}


def is_there(*paths: str) -> list[Case]:
    return [Case("registry_read", {"path": path}, lambda v: v["exists"]) for path in paths]


def rows(_scratch: Path) -> list[Case]:
    checksums, results = f"{CHECKSUMS}\\{{{JOB}}}", f"{RESULTS}\\{{{JOB.upper()}}}"
    return [
        *[
            forget(name, error="ArgumentException")
            for name in ("", "RunTime", "{" + JOB + "}", JOB + "\n", JOB[:35], JOB + "\\x", f"..\\{JOB[3:]}")
        ],
        *is_there(checksums, results),
        # Another package, of which the engine remembers nothing.
        forget(ENROLLED, went()),
        forget(JOB.upper(), went(checksums)),
        # Asked once more, its results go, too: not before.
        *is_there(results),
        forget(JOB, went(results)),
        forget(JOB, went()),
        *is_there(CHECKSUMS, RESULTS, *OTHERS),
    ]


def only_results(_scratch: Path) -> list[Case]:
    """A Windows whose engine has never kept a checksum."""
    return [forget(JOB, went(f"{RESULTS}\\{{{JOB.upper()}}}")), forget(JOB, went())]


def refused(_scratch: Path) -> list[Case]:
    return [forget(JOB, error="InvalidOperationException"), *is_there(f"{CHECKSUMS}\\{{{JOB}}}")]


def to_others(_scratch: Path) -> list[Case]:
    return [forget(JOB, error="UnauthorizedAccessException"), *is_there(f"{CHECKSUMS}\\{{{JOB}}}")]


def denied(_scratch: Path) -> list[Case]:
    """What cannot be opened is an error, and is not passed over."""
    return [forget(JOB, error="SecurityException"), *is_there(f"{RESULTS}\\{{{JOB.upper()}}}")]


def applied(document: Document) -> None:
    machine = document["registry"]["HKLM"]
    put(machine, f"{CHECKSUMS}\\{{{JOB}}}", {"0__DevDetail.provxml": ["REG_DWORD", 7]})
    put(machine, f"{RESULTS}\\{{{JOB.upper()}}}\\DeviceContext\\DevDetail\\0__DevDetail.provxml")
    for path in OTHERS:
        put(machine, path)
    document["processes"] = [{"name": "provtool2.exe", "pid": 5}]


def without_checksums(document: Document) -> None:
    applied(document)
    del document["registry"]["HKLM"]["keys"]["SOFTWARE"]["keys"]["Microsoft"]["keys"]["Multivariant"]


def at_work(document: Document) -> None:
    applied(document)
    document["processes"] = [{"name": "provtool.exe", "pid": 5}]


def closed(document: Document) -> None:
    applied(document)
    top = document["registry"]["HKLM"]
    for name in f"{CHECKSUMS}".split("\\"):
        top = top["keys"][name]
    top["closed"] = "all"


SCENES = [
    Scene("forgotten packages", rows, change=applied),
    variant("forgotten, only results", only_results, change=without_checksums),
    variant("forgotten, engine at work", refused, change=at_work),
    variant("forgotten, not as SYSTEM", to_others, {"WINOPS_PROOF_CALLER": "1"}, change=applied),
    variant("forgotten, closed", denied, change=closed),
]
