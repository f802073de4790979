# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dsregcmd /AzureSecureVMJoin: the join of an Azure VM by its managed identity.

Exit codes are HRESULTs as signed integers: -2145648574 (0x801c0042, no tenant id from the identity endpoint),
-2145648607 (0x801c0021, discovery failed); documented in "Sign in to a Windows virtual machine in Azure".
-2145648639 (0x801c0001, the registration service does not take the VM's resource name) and the lines of /debug then:
MicrosoftDocs/azure-docs issues 54844 and 58290. After a public analysis of ``AzureSecureVMJoinOperation``: what is said
of a device that is joined already or in a domain, the order of the steps, event 389 before the MDM enrollment, and
event 304 of every failure, whose fourth field names the step.
"""

from __future__ import annotations

from ..tenant import registration
from . import azure_mdm, joinstate, leaving, metadata, network
from .accounts import Caller
from .azure_mdm import JoinFailed
from .errors import E_ACCESSDENIED, hexadecimal, signed
from .events import REGISTRATION
from .provisioning import aadj

NO_TENANT_ID = 0x801C0042
DISCOVERY_FAILED = 0x801C0021
BAD_REQUEST = 0x801C0001
NAME_TAKEN = 0x801C0083
OTHERWISE_JOINED = 0x801C0044
JOINED_WITHOUT_MDM = 0x801C0074
IN_DOMAIN = 0x801C0075
LONGEST_RESOURCE = 15


async def secure_vm_join(device, caller: Caller, mdm_id: str | None) -> tuple[int, str]:
    """Exit code and the text of /debug."""
    if not caller.system:
        return signed(E_ACCESSDENIED), _text("The join must run as SYSTEM.")
    join = joinstate.read(device)
    try:
        if join is not None:
            return _joined_already(device, join, mdm_id)
        if device.domain is not None:
            raise JoinFailed(IN_DOMAIN, "IsLocalMachineDomainJoined", "VM is joined to Active Directory.")
        tenant = await _discover(device)
        registered = await _register(device, tenant)
    except JoinFailed as failed:
        return _failed(device, failed)
    aadj.complete(device, registered)
    device.secure_vm = registered.device_id
    device.event(REGISTRATION, 389)
    lines = ["AzureSecureVMJoin succeeded."]
    if mdm_id is None:
        return 0, _text(*lines)
    try:
        lines += await azure_mdm.enroll(device, tenant, mdm_id)
    except JoinFailed as failed:
        hresult, said = await leaving.roll_back(device)
        failed.reasons += ("Rolling back device join.", *said)
        if not hresult:
            failed.reasons += ("Device successfully unjoined from Azure AD.",)
        return _failed(device, failed)
    return 0, _text(*lines)


def _joined_already(device, join: joinstate.Join, mdm_id: str | None) -> tuple[int, str]:
    said = "Device is already joined to Azure AD."
    if device.secure_vm != join.device_id:
        raise JoinFailed(OTHERWISE_JOINED, "Dsreg::DsrGetJoinInfoEx", said, "VM is not in SecureVM state.")
    if mdm_id is not None:
        raise JoinFailed(JOINED_WITHOUT_MDM, "Dsreg::DsrGetJoinInfoEx", said, "MDM enrollment is requested.")
    return 0, _text(said)


async def _discover(device):
    """The tenant that the metadata service and the registration service name."""
    step = "DsrCmdAzureHelper::GetTenantId"
    unreachable = metadata.problem(device, system=True)
    await device.sleep(network.seconds(unreachable))
    if unreachable:
        raise JoinFailed(NO_TENANT_ID, step, "The instance metadata service did not answer.")
    tenant = device.directory.tenants.get(device.hardware.identity or "")
    if tenant is None:
        raise JoinFailed(NO_TENANT_ID, step, "The virtual machine has no managed identity.")
    try:
        await device.network.request(network.REGISTRATION)
        await device.network.request(network.LOGIN)
    except network.Unreachable as error:
        said = f"{error.host}: {hexadecimal(error.hresult)}"
        raise JoinFailed(DISCOVERY_FAILED, "TenantInfo::Discover", said) from error
    return tenant


async def _register(device, tenant) -> registration.Registered:
    step = "DeviceEnroller::AutoEnroll"
    await device.sleep(3)
    resource = device.hardware.resource or device.hostname
    if len(resource) > LONGEST_RESOURCE:
        raise JoinFailed(
            BAD_REQUEST,
            step,
            "Join error code: InvalidParameter",
            f"Join message: The resource id parameter (.../virtualMachines/{resource}) is invalid.",
        )
    if registration.name_is_taken(tenant, device):
        raise JoinFailed(
            NAME_TAKEN,
            step,
            "Join error subcode: error_hostname_duplicate",
            "Join message: Another object with the same value for property hostnames already exists.",
            f"AAD Join failed with status code: {signed(NAME_TAKEN)}. The hostname is already used by another device "
            "in this tenant, please change the VM name to redeploy the extension.",
        )
    return registration.join_with_identity(device.directory, tenant, device)


def _failed(device, failed: JoinFailed) -> tuple[int, str]:
    """Event 304: exit code, what failed in words, the tenant's type, the step, debug output."""
    said = " ".join(failed.reasons)
    device.event(REGISTRATION, 304, [signed(failed.hresult), said, "Managed", f"AzureSecureVMJoin-{failed.step}", ""])
    return signed(failed.hresult), _text(*failed.reasons, f"AzureSecureVMJoin failed: {hexadecimal(failed.hresult)}")


def _text(*lines: str) -> str:
    return "".join(line + "\r\n" for line in lines)
