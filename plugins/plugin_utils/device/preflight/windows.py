# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight checks of Windows itself: edition, state, clock, hardware, policies, leftovers.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import Finding
from .. import join_facts, requirements, state
from .. import operations as op
from ..reading import known
from . import enrollments
from .check import Look, Rule

PLAN_DOC = "https://learn.microsoft.com/entra/identity/devices/device-join-plan"
BULK_DOC = "https://learn.microsoft.com/mem/intune/enrollment/windows-bulk-enroll"
VM_DOC = "https://learn.microsoft.com/entra/identity/devices/howto-vm-sign-in-azure-ad-windows"
FAQ_DOC = "https://learn.microsoft.com/entra/identity/devices/faq"
HYBRID_DOC = "https://learn.microsoft.com/entra/identity/devices/troubleshoot-hybrid-join-windows-current"
POLICY_DOC = "https://learn.microsoft.com/windows/client-management/mdm/policy-csp-security"

# No page gives a number. TLS and tokens are the first to break; Kerberos' five minutes are what people know.
CLOCK_FAIL, CLOCK_WARN = 300, 120
MIB = 2**20
# A package, its copy in the engine's store, and logs.
DISK_FAIL, DISK_WARN = 100 * MIB, 2048 * MIB

PACKAGE_POLICIES = (
    "AllowAddProvisioningPackage",
    "AllowRemoveProvisioningPackage",
    "RequireProvisioningPackageSignature",
)
OBSERVATIONS = {
    "package_policy": op.registry_read(requirements.PACKAGE_POLICY_PATH),
    "tpm": op.cim_query(
        "Win32_Tpm",
        ("SpecVersion", "IsEnabled_InitialValue", "IsActivated_InitialValue"),
        "root/cimv2/security/microsofttpm",
    ),
    # Without the filter Windows would also ask network drives and empty card readers.
    "disks": op.cim_query("Win32_LogicalDisk", ("DeviceID", "FreeSpace")) | {"filter": "DriveType = 3"},
}


def edition(look: Look) -> Finding:
    rule = Rule("edition", "Windows Pro, Enterprise, Education or Server", PLAN_DOC)
    name = look.facts["os"]["edition"]
    if name is None:
        return rule.unknown(look.why_not("version"))
    refusal = requirements.edition_refusal(look.facts["os"])
    return rule.failed(name, refusal.cause, refusal.fix) if refusal else rule.passed(name)


def build(look: Look) -> Finding:
    rule = Rule("build", f"build {requirements.first_build(look.plan.method)} or newer", BULK_DOC)
    number = look.facts["os"]["build"]
    if number is None:
        return rule.unknown(look.why_not("version"))
    refusal = requirements.build_refusal(look.facts["os"], look.plan.method)
    return rule.failed(number, refusal.cause, refusal.fix) if refusal else rule.passed(number)


def server(look: Look) -> Finding:
    azure = look.plan.method == "azure_vm"
    rule = Rule("server", "an Azure VM" if azure else "a Windows client", VM_DOC)
    os = look.facts["os"]
    if os["server"] is None or look.read("enclosure") is None:
        return rule.unknown(look.why_not("system", "version", "enclosure"))
    observed = ("Windows Server" if os["server"] else "Windows client") + (" in Azure" if os["azure_vm"] else "")
    observed += " (Server Core)" if os["server"] and os["installation_type"] == requirements.SERVER_CORE else ""
    observed += " (Enterprise multi-session)" if os["multi_session"] else ""
    observed += " connected to Azure Arc" if os["arc"] else ""
    refusal = requirements.server_refusal(os, look.plan.method)
    return rule.failed(observed, refusal.cause, refusal.fix) if refusal else rule.passed(observed)


def join_state(look: Look) -> Finding:
    tenant_id = look.plan.tenant_id
    wanted = f"not joined, or Entra joined to tenant {tenant_id}" if tenant_id else "not joined"
    rule = Rule("join_state", wanted, FAQ_DOC)
    unreadable = state.refused_reads(look.answer, ("cloud_join", "certificates", "computer"))
    if unreadable:
        return rule.unknown(unreadable[0])
    join = look.facts["join"]
    nobody_hides = known(lambda: join_facts.is_registered(look.answer)) is not None
    if join["type"] is None and (look.read("dsregcmd") is None or nobody_hides):
        return rule.unknown(look.why_not("dsregcmd"))  # The other witnesses do not agree, and it might decide.
    shown = join["type"] or "none or registered"
    observed = f"{shown}, tenant {join['tenant_id']}" if join["tenant_id"] else shown
    if join["type"] == "entra" and tenant_id is None:
        return rule.warned(
            observed,
            f"the device is already Entra joined, to {join['tenant_name'] or 'unnamed'}",
            "give tenant_id, so that it is checked against the right tenant",
        )
    refusal = requirements.join_state_refusal(join, tenant_id or "")
    if refusal:
        return rule.failed(observed, refusal.cause, refusal.fix)
    if join["witnesses_agree"] is False:
        return rule.warned(
            observed,
            "registry, certificate and dsregcmd do not agree about the join: an incomplete join is left",
            "disconnect the device completely (dsregcmd /leave as SYSTEM), then join it",
        )
    if join["stale_joins"]:
        return rule.warned(
            observed,
            f"{requirements.stale_joins_shown(join)} is left in the registry, beside the current join",
            requirements.STALE_JOINS_FIX,
        )
    return rule.passed(observed)


def pending_reboot(look: Look) -> Finding:
    rule = Rule("pending_reboot", "no restart pending", HYBRID_DOC)
    if any(look.read(name) is None for name in ("servicing", "update", "session_manager", "computer_name")):
        return rule.unknown(look.why_not("servicing", "update", "session_manager", "computer_name"))
    reasons = look.facts["os"]["pending_reboot_reasons"]
    if reasons:
        return rule.warned(
            ", ".join(reasons),
            "Windows waits for a restart, and may refuse to register until then (0x801c000f)",
            "restart the device before the join",
        )
    return rule.passed("none")


def clock(look: Look) -> Finding:
    rule = Rule("clock", f"within {CLOCK_FAIL} s of the controller")
    facts = look.facts["clock"]
    skew = facts["skew_seconds"]
    certain = max(0.0, abs(skew) - facts["uncertainty_seconds"])
    observed = f"{skew:+.1f} s, give or take {facts['uncertainty_seconds']:.1f} s"
    if certain <= CLOCK_WARN:
        return rule.passed(observed)
    direction = "ahead of" if skew > 0 else "behind"
    cause = f"the device's clock is {_duration(abs(skew))} {direction} the controller's"
    fix = (
        "correct the clock and check its time source: w32tm /query /source, NTP over UDP 123 (and the "
        "controller's own clock)"
    )
    if certain <= CLOCK_FAIL:
        return rule.warned(observed, cause, fix)
    return rule.failed(observed, f"{cause}: TLS certificates and tokens are refused as invalid", fix)


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def tpm(look: Look) -> Finding:
    rule = Rule("tpm", "TPM 2.0, ready (a join works without it)", FAQ_DOC)
    result = look.read("tpm")
    if result is None:
        return rule.unknown(look.why_not("tpm"))
    chips = result.instances()
    if not chips:
        return rule.warned(
            "none",
            "the device has no TPM: its keys will be in software, and can be copied",
            "switch the TPM on in the firmware; a join works without it",
        )
    version = (chips[0].text("SpecVersion") or "").split(",", maxsplit=1)[0]
    if not (chips[0].flag("IsEnabled_InitialValue") and chips[0].flag("IsActivated_InitialValue")):
        return rule.warned(
            f"TPM {version}, not ready",
            "the TPM is switched off: the keys will be in software",
            "switch the TPM on in the firmware; a join works without it",
        )
    if not version.startswith("2"):
        return rule.warned(
            f"TPM {version}",
            "a TPM 1.2 in FIPS mode cannot be used for a join (0x80280036)",
            "switch the TPM to 2.0 in the firmware, or FIPS mode off",
        )
    return rule.passed(f"TPM {version}")


def disk(look: Look) -> Finding:
    rule = Rule("disk", f"{DISK_WARN // MIB} MiB free on the system drive")
    result = look.read("disks")
    if result is None:
        return rule.unknown(look.why_not("disks"))
    drive = (known(lambda: look.answer["version"].key().text("SystemRoot")) or "C:")[:2].upper()
    found = next((disk for disk in result.instances() if (disk.text("DeviceID") or "").upper() == drive), None)
    free = found.number("FreeSpace") if found else None
    if free is None:
        return rule.unknown(f"Windows does not say how much of {drive} is free", "look at the drive on the device")
    observed = f"{free // MIB} MiB free on {drive}"
    fix = "free space on the system drive: Disk Cleanup, or cleanmgr /sagerun"
    if free < DISK_FAIL:
        return rule.failed(observed, "there is no room for the package, the engine's copy of it and its logs", fix)
    if free < DISK_WARN:
        return rule.warned(observed, "the system drive is nearly full, and apps and policies will follow the join", fix)
    return rule.passed(observed)


def package_policy(look: Look) -> Finding:
    rule = Rule("package_policy", "provisioning packages allowed", POLICY_DOC)
    if look.plan.method != "provisioning_package":
        return rule.passed("no package is needed")
    values = look.values("package_policy")
    if values is None:
        return rule.unknown(look.why_not("package_policy"))
    observed = ", ".join(f"{name} {values.get(name)}" for name in PACKAGE_POLICIES if name in values)
    refusal = requirements.package_policy_refusal(values)
    if refusal:
        return rule.failed(observed, refusal.cause, refusal.fix)
    if values.number("RequireProvisioningPackageSignature") == 1:
        return rule.warned(
            observed,
            "a policy refuses packages that are not signed by a trusted provisioner",
            "sign the package and trust its certificate on the device, or remove the policy",
        )
    if values.number("AllowRemoveProvisioningPackage") == 0:
        return rule.warned(
            observed,
            "a policy forbids the removal of packages: one whose join fails stays on the device",
            "allow it, or take into account that the engine continues to try",
        )
    return rule.passed(observed or "no policy")


WINDOWS_CHECKS = {
    check.__name__: check
    for check in (
        edition,
        build,
        server,
        join_state,
        pending_reboot,
        clock,
        tpm,
        disk,
        package_policy,
        enrollments.enrollment_leftovers,
    )
}
