# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of one device, built from raw observations: what ``ansible_facts.entra`` holds.

A fact whose read was refused, or whose value is of another type, is null, unless other witnesses tell it all the same.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import functools

from . import operations as op
from .answers import Answer, Result
from .enrollment import mdm_facts
from .join_facts import Status, join_facts, status_of
from .reading import ABSENT, Key, WrongType, facts_of, known
from .requirements import UNREADABLE, windows_refusal

SUBSETS = ("join", "mdm", "packages", "os", "clock", "caller")

CLOUD_DOMAIN_JOIN = r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"
WORKPLACE_JOIN = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\WorkplaceJoin\JoinInfo"
CURRENT_VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
PROVISIONING_RESULTS = r"SOFTWARE\Microsoft\Provisioning\Results"

# name -> (subsets that need it, the operation)
OBSERVATIONS = {
    "cloud_join": (("join",), op.registry_read(CLOUD_DOMAIN_JOIN, depth=2)),
    "workplace_join": (("join",), op.registry_users_read(WORKPLACE_JOIN, depth=1)),
    "certificates": (("join", "mdm"), op.certificates()),
    "dsregcmd": (("join", "caller"), op.dsregcmd_status()),
    "computer": (("join", "os"), op.cim_query("Win32_ComputerSystem", ("PartOfDomain", "Domain", "DomainRole"))),
    "enrollments": (("mdm",), op.registry_read(r"SOFTWARE\Microsoft\Enrollments", depth=1)),
    "enrollment_tasks": (("mdm",), op.scheduled_tasks(r"\Microsoft\Windows\EnterpriseMgmt")),
    "packages": (("packages",), op.provisioning_packages()),
    "package_results": (("packages",), op.registry_read(PROVISIONING_RESULTS, depth=4)),
    "version": (("os",), op.registry_read(CURRENT_VERSION)),
    "system": (("os",), op.cim_query("Win32_OperatingSystem", ("ProductType", "LastBootUpTime"))),
    "enclosure": (("os",), op.cim_query("Win32_SystemEnclosure", ("SMBIOSAssetTag",))),
    "servicing": (
        ("os",),
        op.registry_read(r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"),
    ),
    "update": (
        ("os",),
        op.registry_read(r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"),
    ),
    "session_manager": (("os",), op.registry_read(r"SYSTEM\CurrentControlSet\Control\Session Manager")),
    "computer_name": (("os",), op.registry_read(r"SYSTEM\CurrentControlSet\Control\ComputerName", depth=1)),
}


def observations(subsets=SUBSETS) -> dict[str, dict]:
    """The operations that the asked subsets need, by name: one exchange."""
    wanted = set(subsets)
    return {name: operation for name, (needed_by, operation) in OBSERVATIONS.items() if wanted & set(needed_by)}


def build(answer: Answer, subsets=SUBSETS) -> dict:
    """The facts of the asked subsets from one answer to ``observations(subsets)``."""
    status = status_of(answer)
    makers = {
        "join": lambda: join_facts(answer, status),
        "mdm": lambda: mdm_facts(answer["enrollments"], answer["enrollment_tasks"], answer["certificates"]),
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


# --- packages ---------------------------------------------------------------------------------------------------------


def package_facts(packages: Result, results: Result) -> list[dict] | None:
    """``packages``: what Windows lists, ``installed`` false where it has failed so far.

    Each with the worst result the engine recorded as hexadecimal HRESULT, null if none. Null where it is refused.
    """
    listed = known(lambda: packages["packages"])
    if listed is None:
        return None
    recorded = known(lambda: {package_key(name): key for name, key in results.key().children()}) or {}
    return [
        {
            "id": package_key(package["id"]),
            "name": package["name"],
            "version": package["version"],
            "installed": package["installed"],
            "last_result": _worst_result(recorded.get(package_key(package["id"]), ABSENT)),
        }
        for package in listed
    ]


def package_key(package_id: str) -> str:
    """The one spelling in which package ids are compared and returned: lower case without braces."""
    return package_id.strip().strip("{}").lower()


def _worst_result(key: Key) -> str | None:
    """The worst HRESULT recorded in a key of a package and below it, null if none, or where it is not all read."""
    found = known(lambda: [value & 0xFFFFFFFF for value in _values_named(key, "LastResult") if isinstance(value, int)])
    return f"0x{max(found):08x}" if found else None


def _values_named(key: Key, name: str):
    if name in key.values:
        yield key.values[name]
    for _child_name, child in key.children():
        yield from _values_named(child, name)


# --- os, clock, caller ------------------------------------------------------------------------------------------------


def os_facts(answer: Answer) -> dict:
    """``os``: edition, build and whether this Windows may be Entra joined at all."""
    version = answer["version"].key()
    facts = facts_of(
        {
            "edition": lambda: version.text("EditionID"),
            "build": lambda: _build(version),
            "version": lambda: version.text("DisplayVersion") or version.text("ReleaseId"),
            "server": lambda: _is_server(answer),
            "azure_vm": lambda: answer["enclosure"].instance().text("SMBIOSAssetTag") == AZURE_ASSET_TAG,
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
    }


# The chassis asset tag by which Azure VMs know themselves (Azure documentation, "Azure Instance Metadata Service" and
# "Identify an Azure VM"; used by cloud-init's Azure data source).
# Win32_OperatingSystem: 1 work station, 2 domain controller, 3 server.
CLIENT_PRODUCT = 1
AZURE_ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"


def _is_server(answer: Answer) -> bool | None:
    product = known(lambda: answer["system"].instance().number("ProductType"))
    if product is not None:
        return product != CLIENT_PRODUCT
    installation = answer["version"].key().text("InstallationType")
    return None if installation is None else installation != "Client"


def _build(version: Key) -> str | None:
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
    """``caller``: what describes the connecting account only; over WinRM its User and SSO sections say little."""
    return {
        "account": answer.device["account"],
        "sid": answer.device["sid"],
        "elevated": answer.device["elevated"],
        "system": answer.device["system"],
        "sections": {
            title: keys
            for title, keys in status.sections.items()
            if title in ("User State", "SSO State", "Ngc Prerequisite Check") or title.startswith("Work Account")
        }
        if status.readable
        else None,
    }


def parse_utc(text: str) -> datetime.datetime:
    """A time of the wire (``2026-11-21T08:00:00.000Z``)."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def utc_text(moment: datetime.datetime) -> str:
    """The reverse, of a time that knows its zone."""
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
