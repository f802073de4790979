# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of one device, built from raw observations: what ``ansible_facts.entra`` holds.

Witnesses of a join, strongest first: the CloudDomainJoin registry key with the device certificate (read by AADInternals
and others, the certificate documented in the Entra devices FAQ), then ``dsregcmd /status`` (documented in "Troubleshoot
devices by using the dsregcmd command").

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime

from . import dsregcmd
from . import operations as op
from .enrollment import mdm_facts
from .requirements import why_not_joinable
from .session import Answer, Result

SUBSETS = ("join", "mdm", "packages", "os", "clock", "caller")

CLOUD_DOMAIN_JOIN = r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"
WORKPLACE_JOIN = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\WorkplaceJoin\JoinInfo"
CURRENT_VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
PROVISIONING_RESULTS = r"SOFTWARE\Microsoft\Provisioning\Results"
DEVICE_CERTIFICATE_ISSUER = "MS-Organization-Access"

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
    status = _dsregcmd(answer)
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
    """One sentence for each observation (of these names) that the device refused.

    Facts that hang on it are then null.
    """
    return [
        f"{name} could not be read: {result.error['message']} ({result.error['type']})"
        for name, result in answer.results.items()
        if not result.ok and (names is None or name in names)
    ]


# --- join -------------------------------------------------------------------------------------------------------------


def join_facts(answer: Answer, status: dict | None = None) -> dict:
    """``join``: what the device is joined to.

    Needs cloud_join and certificates; the rest sharpens it where it was asked.
    """
    key = answer["cloud_join"].get("key") or {}
    thumbprint, info = next(iter(_subkey(key, "JoinInfo").get("keys", {}).items()), (None, {"values": {}}))
    values = info["values"]
    certificate = device_certificate(answer["certificates"], thumbprint)
    keys = (status or {}).get("keys", {})
    votes = [
        vote
        for vote in (
            bool(thumbprint) if answer["cloud_join"].ok else None,
            bool(certificate) if answer["certificates"].ok else None,
            _yes(keys.get("AzureAdJoined")),
        )
        if vote is not None
    ]
    joined = sum(votes) * 2 > len(votes)
    tenant_id = _lower(values.get("TenantId") or _one(keys.get("TenantId")))
    tenant = _subkey(_subkey(key, "TenantInfo"), tenant_id)
    return {
        "type": _join_type(joined, _in_domain(answer, keys), _registered_users(answer)),
        "device_id": _lower(_common_name(certificate) or _one(keys.get("DeviceId"))) if joined else None,
        "tenant_id": tenant_id if joined else None,
        "tenant_name": (tenant.get("values", {}).get("DisplayName") or _one(keys.get("TenantName")))
        if joined
        else None,
        "joined_by": values.get("UserEmail") if joined else None,
        "thumbprint": (thumbprint or _one(keys.get("Thumbprint"))) if joined else None,
        "certificate_expires": certificate["not_after"] if joined and certificate else None,
        "tpm_protected": _tpm_protected(values, keys) if joined else None,
        "device_auth_status": _one(keys.get("DeviceAuthStatus")) if joined else None,
        "witnesses_agree": len(set(votes)) <= 1,
    }


def device_certificate(certificates: Result, thumbprint: str | None) -> dict | None:
    """The device certificate: the one the registry names, or any of that issuer where the registry names none."""
    issued = [c for c in certificates.get("certificates", []) if DEVICE_CERTIFICATE_ISSUER in c["issuer"]]
    if thumbprint:
        issued = [c for c in issued if c["thumbprint"].lower() == thumbprint.lower()]
    return issued[0] if issued else None


def _join_type(joined: bool, in_domain: bool, registered: list[str]) -> str:
    if joined:
        return "hybrid" if in_domain else "entra"
    if in_domain:
        return "domain"
    return "registered" if registered else "none"


def _in_domain(answer: Answer, keys: dict) -> bool:
    instances = answer.results["computer"].get("instances") if "computer" in answer.results else None
    return bool(instances[0]["PartOfDomain"]) if instances else bool(_yes(keys.get("DomainJoined")))


def _registered_users(answer: Answer) -> list[str]:
    users = answer.results["workplace_join"].get("users", {}) if "workplace_join" in answer.results else {}
    return [sid for sid, key in users.items() if key and key.get("keys")]


def _tpm_protected(values: dict, keys: dict) -> bool | None:
    said = _yes(keys.get("TpmProtected"))
    if said is None and "TransportKeyStatus" in values:
        # AADInternals reads 3 for keys in the TPM and 0 for software keys.
        return values["TransportKeyStatus"] == 3
    return said


# --- packages ---------------------------------------------------------------------------------------------------------


def package_facts(packages: Result, results: Result) -> list[dict]:
    """``packages``: what Windows lists, ``installed`` false where it has failed so far.

    Each with the worst result the engine recorded as hexadecimal HRESULT, null if none.
    """
    recorded = (results.get("key") or {}).get("keys", {})
    by_id = {package_key(name): _worst_result(key) for name, key in recorded.items()}
    return [
        {
            "id": package_key(package["id"]),
            "name": package["name"],
            "version": package["version"],
            "installed": package["installed"],
            "last_result": by_id.get(package_key(package["id"])),
        }
        for package in packages.get("packages", [])
    ]


def package_key(package_id: str) -> str:
    """The one spelling in which package ids are compared and returned: lower case without braces."""
    return package_id.strip().strip("{}").lower()


def _worst_result(key: dict) -> str | None:
    found = [value & 0xFFFFFFFF for value in _values_named(key, "LastResult") if isinstance(value, int)]
    return f"0x{max(found):08x}" if found else None


def _values_named(key: dict, name: str):
    if name in key["values"]:
        yield key["values"][name]
    for child in key["keys"].values():
        yield from _values_named(child, name)


# --- os, clock, caller ------------------------------------------------------------------------------------------------


def os_facts(answer: Answer) -> dict:
    """``os``: edition, build and whether this Windows may be Entra joined at all."""
    version = (answer["version"].get("key") or {}).get("values", {})
    system = _instance(answer["system"])
    facts = {
        "edition": version.get("EditionID"),
        "build": _build(version),
        "version": version.get("DisplayVersion") or version.get("ReleaseId"),
        "server": _is_server(system, version),
        "azure_vm": _instance(answer["enclosure"]).get("SMBIOSAssetTag") == AZURE_ASSET_TAG,
        "last_boot": system.get("LastBootUpTime"),
        "pending_reboot_reasons": pending_reboot_reasons(answer),
    }
    reason = why_not_joinable(facts)
    return facts | {
        "pending_reboot": bool(facts["pending_reboot_reasons"]),
        "joinable": reason is None,
        "why_not_joinable": reason,
    }


# The chassis asset tag by which Azure VMs know themselves (Azure documentation, "Azure Instance Metadata Service" and
# "Identify an Azure VM"; used by cloud-init's Azure data source).
AZURE_ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"


def _is_server(system: dict, version: dict) -> bool | None:
    if "ProductType" in system:
        return system["ProductType"] != 1
    return version["InstallationType"] != "Client" if "InstallationType" in version else None


def _build(version: dict) -> str | None:
    build = version.get("CurrentBuild")
    return f"{build}.{version['UBR']}" if build and "UBR" in version else build


def pending_reboot_reasons(answer: Answer) -> list[str]:
    """Why Windows waits for a restart, by the four places Windows itself keeps.

    These are Component Based Servicing, Windows Update, pending file renames and the pending computer name.
    """
    reasons = []
    if answer["servicing"].get("exists"):
        reasons.append("component servicing")
    if answer["update"].get("exists"):
        reasons.append("windows update")
    if ((answer["session_manager"].get("key") or {}).get("values", {})).get("PendingFileRenameOperations"):
        reasons.append("pending file renames")
    names = (answer["computer_name"].get("key") or {}).get("keys", {})
    active, future = (
        names.get(key, {}).get("values", {}).get("ComputerName") for key in ("ActiveComputerName", "ComputerName")
    )
    if active and future and active.lower() != future.lower():
        reasons.append("computer rename")
    return reasons


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


def caller_facts(answer: Answer, status: dict | None) -> dict:
    """``caller``: what describes the connecting account only; over WinRM its User and SSO sections say little."""
    sections = (status or {}).get("sections", {})
    return {
        "account": answer.device["account"],
        "sid": answer.device["sid"],
        "elevated": answer.device["elevated"],
        "system": answer.device["system"],
        "sections": {
            title: keys
            for title, keys in sections.items()
            if title in ("User State", "SSO State", "Ngc Prerequisite Check") or title.startswith("Work Account")
        },
    }


def parse_utc(text: str) -> datetime.datetime:
    """A time of the wire (``2026-11-21T08:00:00.000Z``)."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


# --- small readers ----------------------------------------------------------------------------------------------------


def _dsregcmd(answer: Answer) -> dict | None:
    result = answer.results.get("dsregcmd")
    if result is None or not result.ok or not result.get("present"):
        return None
    try:
        return dsregcmd.parse(result.get("text"))
    except dsregcmd.DsregcmdError:
        return None


def _subkey(key: dict, name: str | None) -> dict:
    wanted = (name or "").lower()
    return next((child for child_name, child in key.get("keys", {}).items() if child_name.lower() == wanted), {})


def _instance(result: Result) -> dict:
    instances = result.get("instances")
    return instances[0] if instances else {}


def _yes(value) -> bool | None:
    return {"YES": True, "NO": False}.get(_one(value))


def _one(value):
    return value[0] if isinstance(value, list) and value else (value or None)


def _lower(text: str | None) -> str | None:
    return text.lower() if text else None


def _common_name(certificate: dict | None) -> str | None:
    subject = certificate["subject"] if certificate else ""
    return next((part.strip()[3:] for part in subject.split(",") if part.strip().upper().startswith("CN=")), None)
