# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of one device, built from raw observations: what ``ansible_facts.entra`` holds.

A fact whose read was refused, or whose value is of another type, is null, unless other witnesses tell it all the same.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime

from . import dsregcmd_rows, hotpatch
from . import operations as op
from .answers import Answer
from .enrollment import enrollments
from .join_facts import Status, join_facts, status_of
from .mdm_facts import mdm_facts
from .os_facts import os_facts
from .package_facts import ENGINE_RESULTS, package_facts
from .reading import known

SUBSETS = ("join", "mdm", "packages", "os", "clock", "caller")

CLOUD_DOMAIN_JOIN = r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"
ENROLLMENTS_KEY = r"SOFTWARE\Microsoft\Enrollments"
WORKPLACE_JOIN = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\WorkplaceJoin\JoinInfo"
CURRENT_VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
# All that is read of it: beside them stands the product key (DigitalProductId), which nobody has asked for.
VERSION_VALUES = (
    "EditionID",
    "CompositionEditionID",
    "CurrentBuild",
    "UBR",
    "DisplayVersion",
    "ReleaseId",
    "InstallationType",
    "BuildLabEx",
    "SystemRoot",
)

# name -> (subsets that need it, the operation)
OBSERVATIONS = {
    "cloud_join": (("join", "mdm"), op.registry_read(CLOUD_DOMAIN_JOIN, depth=2)),
    "workplace_join": (("join",), op.registry_users_read(WORKPLACE_JOIN, depth=1)),
    "certificates": (("join", "mdm"), op.certificates()),
    "dsregcmd": (("join", "caller"), op.dsregcmd_status()),
    "computer": (("join", "os"), op.cim_query("Win32_ComputerSystem", ("PartOfDomain", "Domain", "DomainRole"))),
    # Most of the forty keys on any Windows have no provider: they are Windows' own, and nobody's enrollment.
    "enrollments": (("mdm",), op.registry_read(ENROLLMENTS_KEY, depth=1, having="ProviderID")),
    "enrollment_tasks": (("mdm",), op.scheduled_tasks(r"\Microsoft\Windows\EnterpriseMgmt")),
    # Values only: which of the enrollments are those of provisioning packages.
    "package_enrollments": (("mdm",), op.registry_read(r"SOFTWARE\Microsoft\Provisioning\Enrollments")),
    # Accounts, the enrollment's id, Protected, ConnInfo.
    "mdm_accounts": (("mdm",), op.registry_read(r"SOFTWARE\Microsoft\Provisioning\OMADM\Accounts", depth=3)),
    "configuration_manager": (("mdm",), op.registry_read(r"SOFTWARE\Microsoft\CCM")),
    "packages": (("packages",), op.provisioning_packages()),
    "package_results": (("packages",), op.registry_read(ENGINE_RESULTS, depth=4)),
    "version": (("os",), op.registry_read(CURRENT_VERSION, names=VERSION_VALUES)),
    "system": (("os",), op.cim_query("Win32_OperatingSystem", ("ProductType", "OperatingSystemSKU", "LastBootUpTime"))),
    "enclosure": (("os",), op.cim_query("Win32_SystemEnclosure", ("SMBIOSAssetTag",))),
    # The agent of Azure Arc; its subkey Config tells how it is connected.
    "arc_agent": (("os",), op.registry_read(r"SOFTWARE\Microsoft\Azure Connected Machine Agent", depth=1)),
    "servicing": (
        ("os",),
        op.registry_read(r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"),
    ),
    "update": (
        ("os",),
        op.registry_read(r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"),
    ),
    "session_manager": (
        ("os",),
        op.registry_read(r"SYSTEM\CurrentControlSet\Control\Session Manager", names=("PendingFileRenameOperations",)),
    ),
    "computer_name": (("os",), op.registry_read(r"SYSTEM\CurrentControlSet\Control\ComputerName", depth=1)),
    **{name: (("os",), operation) for name, operation in hotpatch.OBSERVATIONS.items()},
}


def observations(subsets=SUBSETS) -> dict[str, dict]:
    """The operations that the asked subsets need, by name: one exchange."""
    wanted = set(subsets)
    return {name: operation for name, (needed_by, operation) in OBSERVATIONS.items() if wanted & set(needed_by)}


def build(answer: Answer, subsets=SUBSETS, status: Status | None = None) -> dict:
    """The facts of the asked subsets from one answer to ``observations(subsets)``; ``status`` spares reading dsregcmd
    again."""
    status = status_of(answer) if status is None else status
    join = join_facts(answer, status) if {"join", "mdm"} & set(subsets) else {}
    makers = {
        "join": lambda: join,
        "mdm": lambda: mdm_facts(answer, join, known(lambda: enrollments(answer))),
        "packages": lambda: package_facts(answer["packages"], answer["package_results"]),
        "os": lambda: os_facts(answer),
        "clock": lambda: clock_facts(answer),
        "caller": lambda: caller_facts(answer, status),
    }
    return {subset: makers[subset]() for subset in SUBSETS if subset in subsets}


# Without these nobody can say whether a join is needed, possible, or done.
ESSENTIAL = ("cloud_join", "certificates", "computer", "version", "system")


def problems(answer: Answer, names=None) -> list[str]:
    """What a warning says: one sentence for each thing (of these observations) that the device refused.

    Facts that hang on it are then null. A registry key below one that was read and that was closed is told, too.
    """
    asked = {name: result for name, result in answer.results.items() if names is None or name in names}
    closed = [(f"{name}, {path}", error) for name, result in asked.items() for path, error in result.closed_keys()]
    return refused_reads(answer, names) + [
        f"{what} could not be read: {error['message']} ({error['type']})" for what, error in closed
    ]


def refused_reads(answer: Answer, names=None) -> list[str]:
    """One sentence for each observation (of these names) that was refused as a whole.

    A subkey that was closed is none: whoever reads it learns of it then, and nobody else needs it.
    """
    return [
        f"{name} could not be read: {result.error['message']} ({result.error['type']})"
        for name, result in answer.results.items()
        if result.error is not None and (names is None or name in names)
    ]


# --- clock, caller ----------------------------------------------------------------------------------------------------


def clock_facts(answer: Answer) -> dict:
    """``clock``: the device's UTC time and how far it is ahead of the controller, in seconds.

    The device read its clock somewhere between question and answer; half of that time is the figure's uncertainty.
    """
    device = parse_utc(answer.device["utc"]).timestamp()
    middle = (answer.asked_at + answer.answered_at) / 2
    return {
        "device_utc": answer.device["utc"],
        "skew_seconds": round(device - middle, 1),
        "uncertainty_seconds": round((answer.answered_at - answer.asked_at) / 2, 1),
    }


def caller_facts(answer: Answer, status: Status) -> dict:
    """``caller``: what describes the connecting account only; over WinRM its User and SSO sections say little. With it
    stand sections of dsregcmd of which nobody knows yet whom they describe."""
    return {
        "account": answer.device["account"],
        "sid": answer.device["sid"],
        "elevated": answer.device["elevated"],
        "system": answer.device["system"],
        "sections": dsregcmd_rows.other_sections(status.sections) if status.readable else None,
    }


def parse_utc(text: str) -> datetime.datetime:
    """A time of the wire (``2026-11-21T08:00:00.000Z``)."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def utc_text(moment: datetime.datetime) -> str:
    """The reverse, of a time that knows its zone."""
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
