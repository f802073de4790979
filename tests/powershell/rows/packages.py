# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of provisioning_packages, package_install and package_remove."""

from __future__ import annotations

from pathlib import Path

import stand_ins

from . import windows
from .base import Case, Scene, variant
from .names import JOB, NO_CODE


def rows(scratch: Path) -> list[Case]:
    return [
        Case(
            "provisioning_packages",
            {},
            lambda v: (
                v["available"]
                and [(p["id"], p["version"], p["installed"]) for p in v["packages"]] == [("{" + JOB + "}", "1.2", True)]
            ),
        ),
        Case(
            "package_install",
            {"path": str(scratch / "good.ppkg"), "force": False},
            lambda v: (
                not v["gave_up"]
                and v["error"] == {"type": None, "message": None, "hresult": None}
                and v["text"] == "LastResult:Success " + "x" * 1981
            ),
        ),
        Case(
            "package_install",
            {"path": str(scratch / "fails.ppkg"), "force": False},
            lambda v: not v["gave_up"] and v["error"]["type"] == "CmdletException" and v["text"] == "",
        ),
        Case(
            "package_install",
            {"path": str(scratch / "fails.ppkg"), "force": True},
            lambda v: v["error"]["type"] is None,
        ),
        Case(
            "package_install",
            {"path": str(scratch / "already.ppkg"), "force": True},
            lambda v: v["error"]["hresult"] == -2147024713,
        ),
        Case(
            "package_install",
            {"path": str(scratch / "absent.ppkg"), "force": True},
            error="FileNotFoundException",
            hresult=-2147024894,
        ),
        Case("package_remove", {"id": JOB.upper()}, lambda v: v == {"removed": True}),
        Case("package_remove", {"id": JOB}, lambda v: v == {"removed": False}),
        Case("package_remove", {"id": "no guid"}, error="Exception"),
    ]


def listed(_scratch: Path) -> list[Case]:
    """The list alone."""
    return [
        Case(
            "provisioning_packages",
            {},
            lambda v: (
                v["available"]
                and [(p["id"], p["version"], p["installed"]) for p in v["packages"]] == [("{" + JOB + "}", "1.2", True)]
            ),
        )
    ]


def impatient(scratch: Path) -> list[Case]:
    """A cmdlet that stopped waiting for the engine."""
    return [Case("package_install", {"path": str(scratch / "fails.ppkg"), "force": False}, lambda v: v["gave_up"])]


def still_installed(scratch: Path) -> str:
    """What the stand-ins have left of the packages."""
    return ", ".join(package["id"] for package in stand_ins.read(scratch)["provisioning"]["packages"])


def on_a_server(_scratch: Path) -> list[Case]:
    """Cmdlets that are there and do not work."""
    return [Case("provisioning_packages", {}, lambda v: v == {"available": False, "packages": []})]


def on_a_client(_scratch: Path) -> list[Case]:
    """The same where they should work."""
    return [Case("provisioning_packages", {}, error="CmdletException", hresult=NO_CODE)]


def break_cmdlets(document: windows.Document) -> None:
    document["provisioning"]["broken"] = True


def break_a_servers_cmdlets(document: windows.Document) -> None:
    break_cmdlets(document)
    path = "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
    windows.put(document["registry"]["HKLM"], path, {"InstallationType": ["REG_SZ", "Server Core"]})


SCENES = [
    Scene("packages", rows, after=still_installed),
    Scene("packages listed", listed),
    variant("packages, broken server", on_a_server, change=break_a_servers_cmdlets),
    variant("packages, broken client", on_a_client, change=break_cmdlets),
    variant("packages, gave up", impatient, {"WINOPS_PROOF_PATIENCE": "0"}),
]
