# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device must be for a join to make sense, each rule with its reason and its fix.

The one catalogue: winops.entra.join refuses by these rules, winops.entra.preflight and diagnose report by them.

Sources: Microsoft Entra "Plan your Microsoft Entra join implementation" (editions, servers, AD-joined devices), Intune
"Bulk enrollment for Windows devices" (builds), "Sign in to a Windows VM in Azure by using Microsoft Entra ID"
(servers).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import json

from ..result import Failure
from .reading import FULL_TOKEN, UNREADABLE_FIX, Names

HOME_EDITIONS = frozenset({"Core", "CoreN", "CoreSingleLanguage", "CoreCountrySpecific"})
FIRST_BULK_JOIN_BUILD = 15063
FIRST_AZURE_VM_BUILD = 17763
# Windows Server 2025 and Windows 11 24H2: the first that the extension joins on a machine of Azure Arc (Microsoft,
# "Sign in to an Arc-enabled Windows machine by using Microsoft Entra ID").
FIRST_ARC_BUILD = 26100
# InstallationType of a server without the desktop, on which nobody can sign in with an Entra account.
SERVER_CORE = "Server Core"
JOIN_EXTENSION = (
    "the extension AADLoginForWindows (publisher Microsoft.Azure.ActiveDirectory, with settings.mdmId, which may be "
    "empty)"
)
# Where field tools read the policies of packages that are in force (Policy CSP, Security).
PACKAGE_POLICY_PATH = r"SOFTWARE\Microsoft\PolicyManager\current\device\Security"
UNREADABLE = "windows_unreadable"
"""The name of a JoinRefusal that says only that nobody can know."""


@dataclasses.dataclass(frozen=True)
class JoinRefusal:
    """Why a join is refused before anything changes. ``name`` is stable and meant for programs."""

    name: str
    cause: str
    fix: str

    def failure(self, sentence: str, evidence: list | None = None, side: str = "device") -> Failure:
        """The Failure of a task that goes no further: ``sentence`` says what it means, this why."""
        return Failure(
            f"{sentence}: {self.cause}; {self.fix}",
            side=side,
            name=self.name,
            cause=self.cause,
            fix=self.fix,
            evidence=evidence,
        )


def windows_refusal(os: dict, method: str) -> JoinRefusal | None:
    """Whether this Windows (``os`` facts) can take the join method: the first of the three rules that it breaks."""
    if os["build"] is None or os["server"] is None:
        return _unreadable("the edition and build of Windows could not be read")
    return edition_refusal(os) or server_refusal(os, method) or build_refusal(os, method)


def _unreadable(cause: str) -> JoinRefusal:
    return JoinRefusal(
        UNREADABLE,
        cause,
        UNREADABLE_FIX,
    )


def edition_refusal(os: dict) -> JoinRefusal | None:
    """Every edition but Home can be Entra joined."""
    if os["edition"] in HOME_EDITIONS:
        return JoinRefusal(
            "home_edition",
            f"Windows Home (edition {os['edition']}) cannot be Entra joined",
            "upgrade the device to Pro, Enterprise or Education, then run the join again; Home can only register: "
            "a user adds the work account in Settings, Accounts, Access work or school",
        )
    return None


def server_refusal(os: dict, method: str) -> JoinRefusal | None:
    """Servers with the desktop join as Azure VMs, or by an extension as machines of Azure Arc; and only Azure VMs join
    with a managed identity from within."""
    if os["azure_vm"] is None and (os["server"] or method == "azure_vm"):
        return _unreadable("whether the device is an Azure VM could not be read")
    if os["server"] and os.get("installation_type") == SERVER_CORE:
        return JoinRefusal(
            "server_core",
            "Windows Server Core cannot be Entra joined: it has no sign-in with an Entra account",
            "use a server with the desktop (Desktop Experience), a hybrid join, or take the host out of the inventory "
            "group",
        )
    if os.get("arc") and not os["azure_vm"] and (os["server"] or method == "azure_vm"):
        return _arc_refusal(os)
    if os["server"] and not os["azure_vm"]:
        return JoinRefusal(
            "server_outside_azure",
            "Windows Server can be Entra joined only as an Azure VM or, from Windows Server 2025 on, as an Azure "
            "Arc machine",
            f"connect a Windows Server 2025 to Azure Arc and install {JOIN_EXTENSION} there, use a hybrid join, or "
            "take the host out of the inventory group",
        )
    if os["server"] and method != "azure_vm":
        return JoinRefusal(
            "server_needs_azure_vm_method",
            "Windows Server has no provisioning packages",
            "set method=azure_vm for this host",
        )
    if method == "azure_vm" and not os["azure_vm"]:
        return JoinRefusal(
            "not_an_azure_vm",
            "the device is not an Azure VM, so it has no managed identity to join with",
            "set method=provisioning_package for this device",
        )
    return None


def _arc_refusal(os: dict) -> JoinRefusal:
    """A machine of Azure Arc has an identity, but only the extension is documented to join with it."""
    if os["build"] and int(os["build"].split(".")[0]) < FIRST_ARC_BUILD:
        return JoinRefusal(
            "arc_build_too_old",
            f"the machine is connected to Azure Arc, and Windows build {os['build']} is older than {FIRST_ARC_BUILD}, "
            "the first that can be Entra joined there",
            "update it to Windows Server 2025 or Windows 11 24H2, or use a hybrid join",
        )
    return JoinRefusal(
        "arc_needs_extension",
        "an Azure Arc machine is Entra joined from Azure, by an extension, not on the machine itself",
        f"install {JOIN_EXTENSION} on the Arc machine in Azure; it needs a system-assigned identity, and the "
        "machine must not be in an AD domain",
    )


def azure_identity_refusal(status: int, body: str, tenant_id: str) -> JoinRefusal | None:
    """Whether the answer of an Azure VM's metadata service (/metadata/identity/info) speaks against its join.

    dsregcmd joins the VM to the tenant that this answer names, whichever that is; without one it fails with 0x801c0042
    ("Sign in to a Windows virtual machine in Azure"). A service that is busy or faulty says nothing about the VM.
    """
    if status == 429 or status >= 500:
        return None
    found = _tenant_of_identity(body) if status == 200 else None
    if found is None:
        return JoinRefusal(
            "azure_identity_missing",
            f"the VM's metadata service names no tenant for its managed identity (HTTP {status}): the VM has none "
            "(0x801c0042)",
            "switch on the VM's system-assigned managed identity in Azure, then run the join again",
        )
    if tenant_id and found != tenant_id:
        return JoinRefusal(
            "azure_identity_of_another_tenant",
            f"the VM's managed identity belongs to tenant {found}: it would join there",
            "use a VM of a subscription of the right tenant, or correct tenant_id",
        )
    return None


def _tenant_of_identity(body: str) -> str | None:
    try:
        tenant_id = json.loads(body)["tenantId"]
    except (ValueError, KeyError, TypeError):
        return None
    return tenant_id.lower() if isinstance(tenant_id, str) and tenant_id else None


def first_build(method: str) -> int:
    """The first build of Windows that can join by this method."""
    return FIRST_AZURE_VM_BUILD if method == "azure_vm" else FIRST_BULK_JOIN_BUILD


def build_refusal(os: dict, method: str) -> JoinRefusal | None:
    """``os["build"]`` must be known."""
    build = int(os["build"].split(".")[0])
    if build < first_build(method):
        return JoinRefusal(
            "build_too_old",
            f"Windows build {build} is older than {first_build(method)}, the first that can join this way",
            "update Windows, then run the join again",
        )
    return None


def account_refusal(caller: dict) -> JoinRefusal | None:
    """Whether the connecting account (``caller`` facts) may do what a join needs."""
    if not caller["elevated"]:
        return JoinRefusal(
            "account_not_elevated",
            f"the account {caller['account']} does not have an administrator's full token on the device",
            FULL_TOKEN,
        )
    return None


def join_state_refusal(join: dict, tenant_id: str) -> JoinRefusal | None:
    """Whether what the device is joined to now (``join`` facts) stands in the way of a join to this tenant."""
    if join["type"] == "entra" and join["tenant_id"] is None:
        return JoinRefusal(
            "joined_tenant_unknown",
            "the device is joined to an unknown tenant: its witnesses name no tenant, or several",
            "look at join and witnesses_agree of winops.entra.device_facts; disconnect the device, then run the join "
            "again",
        )
    if join["type"] == "entra" and join["tenant_id"] != tenant_id:
        return JoinRefusal(
            "joined_to_another_tenant",
            f"the device is joined to another tenant: {join['tenant_name'] or 'unnamed'} ({join['tenant_id']})",
            "disconnect it from that tenant first, and make sure that a local administrator can sign in afterwards",
        )
    if join["type"] == "hybrid":
        return JoinRefusal(
            "hybrid_joined",
            "the device is hybrid joined; to become Entra joined it must leave AD first",
            "stop its hybrid auto-join, take it out of the AD domain, then run the join again",
        )
    if join["type"] == "domain":
        return JoinRefusal(
            "domain_joined",
            "the device is joined to an AD domain; a package with a bulk token needs a workgroup device",
            "take it out of the AD domain first, or use a hybrid join",
        )
    return None


STALE_JOINS_FIX = (
    "nothing needs to be done now: winops.entra.disconnect removes it together with the join; to remove only this "
    "key, delete it below HKLM\\SYSTEM\\CurrentControlSet\\Control\\CloudDomainJoin\\JoinInfo"
)


def stale_joins_shown(join: dict) -> str:
    """What earlier joins have left (``stale_joins`` of the ``join`` facts, not empty), for a sentence."""
    shown = [
        f"{item['key']} (tenant {item['tenant_name'] or 'unnamed'}, {item['tenant_id']})"
        for item in join["stale_joins"]
    ]
    return f"the join key of an earlier join, {', '.join(shown)},"


def package_removal_refusal(security: Names) -> JoinRefusal | None:
    """As package_policy_refusal(), of the removal of packages. Raises WrongType."""
    if security.number("AllowRemoveProvisioningPackage") == 0:
        return JoinRefusal(
            "package_removal_forbidden",
            "a policy on the device forbids the removal of provisioning packages (AllowRemoveProvisioningPackage is 0)",
            "allow it for this device in the MDM policy Security/AllowRemoveProvisioningPackage",
        )
    return None


def package_policy_refusal(security: Names) -> JoinRefusal | None:
    """Whether the device's policies (values below PolicyManager\\current\\device\\Security) forbid provisioning
    packages.

    Only the engine itself decides, so a join does not refuse by this rule. Raises WrongType.
    """
    if security.number("AllowAddProvisioningPackage") == 0:
        return JoinRefusal(
            "packages_forbidden",
            "a policy on the device forbids provisioning packages (AllowAddProvisioningPackage is 0)",
            "allow them for this device in the MDM policy Security/AllowAddProvisioningPackage, at least until "
            "it is joined",
        )
    return None
