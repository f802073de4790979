# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of a Windows that lacks something: programs, cmdlets, accounts."""

from __future__ import annotations

from pathlib import Path

from .base import Case, variant
from .names import JOB
from .windows import Document


def without_dsregcmd(_scratch: Path) -> list[Case]:
    """A Windows that knows no join: that is an answer. Who joins or leaves there fails."""
    return [
        Case("dsregcmd_status", {}, lambda v: v == {"present": False, "exit_code": None, "text": ""}),
        Case("dsregcmd_azure_vm_join", {}, error="Win32Exception", hresult=-2147024894),
        Case("dsregcmd_leave", {}, error="Win32Exception", hresult=-2147024894),
    ]


def remove_dsregcmd(scratch: Path) -> None:
    (scratch / "System32" / "dsregcmd.exe").unlink()


def forget_dsregcmd(document: Document) -> None:
    document["programs"] = [rule for rule in document["programs"] if rule["program"] != "dsregcmd.exe"]


def without_cmdlets(scratch: Path) -> list[Case]:
    """A server: it has no packages, and none can be installed or removed."""
    return [
        Case("provisioning_packages", {}, lambda v: v == {"available": False, "packages": []}),
        Case("package_install", {"path": str(scratch / "good.ppkg"), "force": False}, error="NotSupportedException"),
        Case("package_remove", {"id": JOB}, error="NotSupportedException"),
    ]


def remove_cmdlets(document: Document) -> None:
    document["provisioning"] = None


def without_accounts(_scratch: Path) -> list[Case]:
    """A domain controller: without a local account nobody can tell which of the members are local."""
    return [Case("local_administrators", {}, error="InvalidOperationException")]


def remove_accounts(document: Document) -> None:
    document["cim"]["root/cimv2"]["classes"]["Win32_UserAccount"] = []


SCENES = [
    variant("no dsregcmd", without_dsregcmd, change=forget_dsregcmd, before=remove_dsregcmd),
    variant("no cmdlets", without_cmdlets, change=remove_cmdlets),
    variant("no accounts", without_accounts, change=remove_accounts),
]
