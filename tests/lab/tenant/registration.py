# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token service and the device registration service, as a device meets them.

Codes and their causes: Microsoft Entra and Windows documentation, ImmyBot's "Azure troubleshooting", AADInternals. The
wording of server messages is paraphrased; only codes and JSON keys are meant to be read by programs.
"""

from __future__ import annotations

import dataclasses
import json

from . import device_objects, policy
from .model import Directory, Tenant

#: Where the Azure VMs of the lab are, and where earlier ones were.
SUBSCRIPTION, EARLIER = "lab", "earlier"


class TenantError(Exception):
    """A refusal. ``phase`` is auth or join; ``hresult`` what the device makes of it; ``server_code`` an AADSTS code or
    the registration service's own; ``response`` the body the device logs."""

    def __init__(self, phase: str, hresult: int, server_code: str, message: str, request_id: str, status: int = 400):
        super().__init__(message)
        self.phase = phase
        self.hresult = hresult
        self.server_code = server_code
        self.message = message
        self.request_id = request_id
        self.status = status

    @property
    def response(self) -> str:
        if self.phase == "auth":
            return f"{self.message} Trace ID: {self.request_id} Correlation ID: {self.request_id}"
        return json.dumps(
            {"code": self.server_code, "message": self.message, "operation": "DeviceJoin", "requestid": self.request_id}
        )


@dataclasses.dataclass(frozen=True)
class Grant:
    """A redeemed bulk token: who the device may register as."""

    tenant: Tenant
    user_id: str
    upn: str


@dataclasses.dataclass(frozen=True)
class Registered:
    """The answer to a registration; empty MDM URLs where the MDM scope does not cover the user."""

    device_id: str
    tenant_id: str
    tenant_name: str
    user_upn: str
    mdm_url: str = ""
    mdm_terms_url: str = ""
    mdm_compliance_url: str = ""
    request_id: str = ""


def redeem(directory: Directory, token: str) -> Grant:
    """Exchange a bulk token for the right to register a device. TenantError where the token service refuses."""
    request = directory.request_id()
    found = directory.find_token(token)
    if found is None:
        raise TenantError(
            "auth", 0xCAA20003, "AADSTS70000", "AADSTS70000: The provided grant is invalid or malformed.", request
        )
    tenant, bulk = found
    user = tenant.users.get(bulk.user_id)
    if user is None:
        raise TenantError(
            "auth",
            0x801C0024,
            "AADSTS50034",
            f"AADSTS50034: The user account does not exist in the {tenant.name} directory.",
            request,
        )
    if bulk.expires <= directory.clock.utc():
        raise TenantError(
            "auth",
            0xCAA20003,
            "AADSTS700082",
            "AADSTS700082: The refresh token has expired due to inactivity. The token was issued on "
            f"{bulk.issued:%Y-%m-%dT%H:%M:%SZ} and was inactive for too long.",
            request,
        )
    if not user["accountEnabled"]:
        raise TenantError("auth", 0xCAA20003, "AADSTS50057", "AADSTS50057: The user account is disabled.", request)
    demand = policy.conditional_access_demands(tenant, bulk.user_id)
    if demand == "block":
        raise TenantError(
            "auth",
            0xCAA2000C,
            "AADSTS53003",
            "AADSTS53003: Access has been blocked by Conditional Access policies.",
            request,
        )
    if demand == "mfa":
        raise TenantError(
            "auth",
            0xCAA2000C,
            "AADSTS50076",
            "AADSTS50076: Due to a configuration change made by your administrator, or because you moved "
            "to a new location, you must use multi-factor authentication.",
            request,
        )
    return Grant(tenant, user["id"], user["userPrincipalName"])


def register(directory: Directory, grant: Grant, device) -> Registered:
    """Create the device object of a bulk join. TenantError where the registration service refuses."""
    request = directory.request_id()
    tenant, rules = grant.tenant, grant.tenant.registration_policy
    if rules["multiFactorAuthConfiguration"] == "required":
        raise TenantError(
            "join",
            0x801C03ED,
            "authorization_error",
            "Multi-factor authentication is required to register this device.",
            request,
            401,
        )
    if not policy.may_join(tenant, grant.user_id):
        raise TenantError(
            "join",
            0x801C0003,
            "authorization_error",
            f"User '{grant.user_id}' is not eligible to enroll a device of type 'Windows'. "
            "Reason 'UserNotAllowedToJoin'.",
            request,
            403,
        )
    if policy.quota_left(tenant, grant.user_id) <= 0:
        raise TenantError(
            "join",
            0x801C000E,
            "authorization_error",
            f"User '{grant.user_id}' is not eligible to enroll a device of type 'Windows'. Reason 'DeviceCapReached'.",
            request,
            403,
        )
    return create(directory, tenant, device, grant.upn, policy.mdm_applies(tenant, grant.user_id), request)


def create(
    directory: Directory, tenant: Tenant, device, upn: str, mdm: bool, request: str = "", trust_type: str = "AzureAd"
) -> Registered:
    """Add the device object (Graph's ``device``) and say what the device gets to know."""
    device_id = device.next_id("device")
    owner = tenant.user(upn) if upn else None
    device_objects.add(
        tenant,
        f"device/{device_id}",
        device_id,
        device.hostname,
        directory.clock.utc().strftime("%Y-%m-%dT%H:%M:%SZ"),
        owner,
        trustType=trust_type,
        physicalIds=device_objects.physical_ids(device.hardware.serial, owner["id"] if owner else device_id),
        **_hardware(device),
    )
    rules = tenant.mdm_policy
    return Registered(
        device_id,
        tenant.id,
        tenant.name,
        upn,
        rules["discoveryUrl"] if mdm else "",
        rules["termsOfUseUrl"] if mdm else "",
        rules["complianceUrl"] if mdm else "",
        request,
    )


def _hardware(device) -> dict:
    return {
        "operatingSystemVersion": f"10.0.{device.image.build}.{device.image.revision}",
        "manufacturer": device.hardware.manufacturer,
        "model": device.hardware.model,
    }


def leave_earlier_vm(tenant: Tenant, device) -> None:
    """An earlier Azure VM of this name was deleted in Azure; its device object is still there."""
    found = device_objects.add(
        tenant,
        f"earlier/{device.hostname}",
        tenant.object_id(f"earlier device/{device.hostname}"),
        device.hostname,
        "2026-01-12T09:00:00Z",
        approximateLastSignInDateTime="2026-03-02T09:00:00Z",
        profileType=device_objects.SECURE_VM,
        **_hardware(device),
    )
    found["physicalIds"].insert(0, device_objects.azure_resource(tenant, EARLIER, device.hostname))


def name_is_taken(tenant: Tenant, device) -> bool:
    """Whether an object of another VM has the host name: names of VMs with a managed identity are unique."""
    earlier = device_objects.azure_resource(tenant, EARLIER, device.hostname)
    return any(
        found["displayName"].lower() == device.hostname.lower() and earlier in found["physicalIds"]
        for found in tenant.devices.values()
    )


def join_with_identity(directory: Directory, tenant: Tenant, device) -> Registered:
    """Register an Azure VM by its managed identity: no user, so the registration policy does not apply, and the tenant
    offers no MDM: its address is asked for afterwards."""
    registered = create(directory, tenant, device, "", False, directory.request_id())
    found = tenant.device(registered.device_id)
    assert found is not None
    found["profileType"] = device_objects.SECURE_VM
    resource = device.hardware.resource or device.hostname
    found["physicalIds"].insert(0, device_objects.azure_resource(tenant, SUBSCRIPTION, resource))
    return registered
