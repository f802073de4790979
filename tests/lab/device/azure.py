# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dsregcmd /AzureSecureVMJoin: the join of an Azure VM by its managed identity.

Exit codes are HRESULTs as signed integers: -2145648574 (0x801c0042, no tenant id from the identity endpoint),
-2145648607 (0x801c0021, discovery failed); documented in "Sign in to a Windows virtual machine in Azure".
-2145648639 (0x801c0001, the registration service does not take the VM's resource name) and the lines of /debug then:
MicrosoftDocs/azure-docs issues 54844 and 58290.
"""

from __future__ import annotations

import json

from ..tenant import registration
from . import joinstate, metadata, network
from .accounts import Caller
from .errors import E_ACCESSDENIED, hexadecimal, signed
from .events import REGISTRATION
from .provisioning import aadj

NO_TENANT_ID = 0x801C0042
DISCOVERY_FAILED = 0x801C0021
BAD_REQUEST = 0x801C0001
NAME_TAKEN = 0x801C0083
LONGEST_RESOURCE = 15


async def secure_vm_join(device, caller: Caller, mdm_id: str | None) -> tuple[int, str]:
    """Exit code and the text of /debug."""
    if not caller.system:
        return _failed(device, E_ACCESSDENIED, "The join must run as SYSTEM.")
    if joinstate.read(device) is not None or device.domain is not None:
        device.event(REGISTRATION, 335)
        return _failed(device, aadj.ALREADY_JOINED, "The device is already joined.")
    unreachable = metadata.problem(device, system=True)
    await device.sleep(network.seconds(unreachable))
    if unreachable:
        return _failed(device, NO_TENANT_ID, "The instance metadata service did not answer.")
    tenant = device.directory.tenants.get(device.hardware.identity or "")
    if tenant is None:
        return _failed(device, NO_TENANT_ID, "The virtual machine has no managed identity.")
    try:
        await device.network.request(network.REGISTRATION)
        await device.network.request(network.LOGIN)
    except network.Unreachable as error:
        return _failed(device, DISCOVERY_FAILED, f"{error.host}: {hexadecimal(error.hresult)}")
    await device.sleep(3)
    resource = device.hardware.resource or device.hostname
    if len(resource) > LONGEST_RESOURCE:
        return _failed(
            device,
            BAD_REQUEST,
            "Join error code: InvalidParameter",
            f"Join message: The resource id parameter (.../virtualMachines/{resource}) is invalid.",
        )
    if registration.name_is_taken(tenant, device):
        return _name_is_taken(device)
    aadj.complete(device, registration.join_with_identity(device.directory, tenant, device, mdm_id))
    device.event(REGISTRATION, 389)
    return 0, _text("AzureSecureVMJoin succeeded.")


def _name_is_taken(device) -> tuple[int, str]:
    said = "Another object with the same value for property hostnames already exists."
    error = {"odata.error": {"code": "Request_BadRequest", "message": {"lang": "en", "value": said}}}
    device.event(REGISTRATION, 304, [signed(NAME_TAKEN), json.dumps(error), "Undefined", "Azure AD", "join"])
    return signed(NAME_TAKEN), _text(
        "Join error subcode: error_hostname_duplicate",
        f"AAD Join failed with status code: {signed(NAME_TAKEN)}. The hostname is already used by another device in "
        "this tenant, please change the VM name to redeploy the extension.",
    )


def _failed(device, code: int, *reasons: str) -> tuple[int, str]:
    if code != E_ACCESSDENIED:
        device.event(REGISTRATION, 304, [signed(code), "", "Undefined", "Azure AD", " ".join(reasons)])
    return signed(code), _text(*reasons, f"AzureSecureVMJoin failed: {hexadecimal(code)}")


def _text(*lines: str) -> str:
    return "".join(line + "\r\n" for line in lines)
