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
            {"path": str(scratch / "brief.ppkg"), "force": False},
            lambda v: v["text"] == "LastResult:Success",
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
    return [
        Case("package_install", {"path": str(scratch / "fails.ppkg"), "force": False}, lambda v: v["gave_up"]),
        # It did not end by waiting, and no engine runs.
        Case("package_install", {"path": str(scratch / "already.ppkg"), "force": False}, lambda v: not v["gave_up"]),
    ]


def while_the_engine_runs(scratch: Path) -> list[Case]:
    """Whatever ended the cmdlet after so long: the engine goes on."""
    return [Case("package_install", {"path": str(scratch / "already.ppkg"), "force": False}, lambda v: v["gave_up"])]


def with_an_engine(document: windows.Document) -> None:
    document["processes"] = [{"name": "provtool.exe", "pid": 5}]


OWN_CODES = (0x80131500, 0x8013FFFF, 0x80004001, 0x80004002, 0x80004003, 0, 5)
"""Codes that .NET makes up itself."""
WINDOWS_CODES = (0x80004000, 0x80004004, 0x80004005, 0x80070005, 0x8012FFFF, 0x80140000, 0x80310000)


def by_code(scratch: Path) -> list[Case]:
    """What an installation fails with is told where Windows can say what it is, and nothing where it cannot."""

    def case(code: int, told: int | None) -> Case:
        asked = {"path": str(scratch / f"{code}.ppkg"), "force": True}
        return Case("package_install", asked, lambda v: v["error"]["hresult"] == told)

    return [*(case(code, None) for code in OWN_CODES), *(case(code, code - 2**32) for code in WINDOWS_CODES)]


def packages_by_code(scratch: Path) -> None:
    for code in OWN_CODES + WINDOWS_CODES:
        (scratch / f"{code}.ppkg").write_bytes(b"content")


def fail_by_code(document: windows.Document) -> None:
    for code in OWN_CODES + WINDOWS_CODES:
        signed = code - 2**32 if code >= 2**31 else code
        error = {"type": "COMException", "message": "It failed", "hresult": signed}
        rule = {"program": "Install-ProvisioningPackage", "arguments": f"*[/\\\\]{code}.ppkg*", "error": error}
        document["programs"].insert(0, rule)


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
    variant("packages, codes", by_code, change=fail_by_code, before=packages_by_code),
    variant("packages, gave up", impatient, {"WINOPS_PROOF_PATIENCE": "0"}),
    variant("packages, engine", while_the_engine_runs, {"WINOPS_PROOF_PATIENCE": "0"}, change=with_an_engine),
]
