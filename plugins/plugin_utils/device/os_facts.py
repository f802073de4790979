# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Windows a device runs: edition, build, where the machine stands, and whether it may be Entra joined at all.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools

from .answers import Answer
from .hotpatch import hotpatch_facts
from .reading import Key, WrongType, facts_of, known
from .requirements import UNREADABLE, windows_refusal

# Win32_OperatingSystem.ProductType: 1 work station, 2 domain controller, 3 server.
CLIENT_PRODUCT = 1
# The chassis asset tag by which Azure VMs know themselves (Azure documentation, "Azure Instance Metadata Service" and
# "Identify an Azure VM"; used by cloud-init's Azure data source).
AZURE_ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"
# Enterprise multi-session of Azure Virtual Desktop, by OperatingSystemSKU (PRODUCT_SERVERRDSH of winnt.h) and by
# EditionID. It is a client whose ProductType says server: Intune manages it, and packages join it.
MULTI_SESSION_SKU = 175
MULTI_SESSION_EDITIONS = ("serverrdsh", "enterprisemultisession")
CLIENT_INSTALLATION = "Client"
# What the agent of Azure Arc writes below its key, Config, Status; agents that do not write it are taken for connected.
ARC_DISCONNECTED = "disconnected"


def os_facts(answer: Answer) -> dict:
    """``os``: edition, build and whether this Windows may be Entra joined at all."""
    version = answer["version"].key()
    facts = facts_of(
        {
            "edition": lambda: version.text("EditionID"),
            "build": lambda: build_text(version),
            "version": lambda: version.text("DisplayVersion") or version.text("ReleaseId"),
            "installation_type": lambda: version.text("InstallationType"),
            "multi_session": lambda: _is_multi_session(answer),
            "server": lambda: _is_server(answer),
            "azure_vm": lambda: answer["enclosure"].instance().text("SMBIOSAssetTag") == AZURE_ASSET_TAG,
            "arc": lambda: _is_arc_enabled(answer["arc_agent"].key()),
            "last_boot": lambda: answer["system"].instance().utc("LastBootUpTime"),
            "pending_reboot_reasons": lambda: pending_reboot_reasons(answer),
        }
    )
    refusal = windows_refusal(facts, "azure_vm" if facts["server"] else "provisioning_package")
    unreadable = refusal is not None and refusal.name == UNREADABLE
    return facts | {
        "pending_reboot": _any([functools.partial(is_due, answer) for is_due in PENDING_REBOOT.values()]),
        "joinable": None if unreadable else refusal is None,
        "why_not_joinable": refusal.cause if refusal else None,
        "hotpatch": hotpatch_facts(answer, facts),
    }


def _is_multi_session(answer: Answer) -> bool | None:
    reads = (
        lambda: answer["version"].key().text("EditionID"),
        lambda: answer["version"].key().text("CompositionEditionID"),
    )
    editions = [known(read) for read in reads]
    sku = known(lambda: answer["system"].instance().number("OperatingSystemSKU"))
    if sku == MULTI_SESSION_SKU or any((edition or "").lower() in MULTI_SESSION_EDITIONS for edition in editions):
        return True
    return None if sku is None and editions[0] is None else False


def _is_server(answer: Answer) -> bool | None:
    """By ProductType, which calls Enterprise multi-session a server; where it is refused, by the registry."""
    product = known(lambda: answer["system"].instance().number("ProductType"))
    if product == CLIENT_PRODUCT:
        return False
    multi_session = _is_multi_session(answer)
    if multi_session:
        return False
    if product is not None:
        return None if multi_session is None else True
    installation = answer["version"].key().text("InstallationType")
    return None if installation is None else installation != CLIENT_INSTALLATION


def _is_arc_enabled(agent: Key) -> bool:
    """Whether the machine is connected to Azure Arc: its agent is there, and does not say that it is disconnected."""
    return agent.exists and (agent.child("Config").text("Status") or "").lower() != ARC_DISCONNECTED


def build_text(version: Key) -> str | None:
    """``26100.2314`` of the key CurrentVersion. Raises Unreadable."""
    build, revision = version.text("CurrentBuild"), version.number("UBR")
    if not build:
        return None
    if not build.isdecimal():
        raise WrongType("CurrentBuild", "a number")
    return build if revision is None else f"{build}.{revision}"


def _is_renamed(answer: Answer) -> bool:
    names = answer["computer_name"].key()
    active, future = (names.child(key).text("ComputerName") for key in ("ActiveComputerName", "ComputerName"))
    return bool(active and future and active.lower() != future.lower())


# Why Windows waits for a restart, by the four places Windows itself keeps: Component Based Servicing, Windows Update,
# pending file renames and the pending computer name.
PENDING_REBOOT = {
    "component servicing": lambda answer: answer["servicing"].key().exists,
    "windows update": lambda answer: answer["update"].key().exists,
    "pending file renames": lambda answer: bool(
        answer["session_manager"].key().values.get("PendingFileRenameOperations")
    ),
    "computer rename": _is_renamed,
}


def pending_reboot_reasons(answer: Answer) -> list[str]:
    """Why Windows waits for a restart, each of PENDING_REBOOT that is so. Raises Unreadable."""
    return [reason for reason, is_due in PENDING_REBOOT.items() if is_due(answer)]


def _any(reads: list) -> bool | None:
    """Whether one of these reads says yes; None where none does and one could not be made."""
    said = [known(read) for read in reads]
    return True if any(said) else None if None in said else False
