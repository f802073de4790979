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
import typing as t

from . import access, audits, authentication, device_objects, policy, sign_ins
from .defaults import DEVICE_REGISTRATION
from .model import Directory, Tenant

#: Where the Azure VMs of the lab are, and where earlier ones were.
SUBSCRIPTION, EARLIER = "lab", "earlier"


class TenantError(Exception):
    """A refusal. ``phase`` is auth or join; ``hresult`` what the device makes of it; ``server_code`` an AADSTS code or
    the registration service's own; ``response`` the body the device logs. ``request_id`` is the service's id of the
    request, ``correlation_id`` the one that the device gave it."""

    def __init__(
        self,
        phase: str,
        hresult: int,
        server_code: str,
        message: str,
        request_id: str,
        status: int = 400,
        correlation_id: str = "",
    ):
        super().__init__(message)
        self.phase = phase
        self.hresult = hresult
        self.server_code = server_code
        self.message = message
        self.request_id = request_id
        self.correlation_id = correlation_id or request_id
        self.status = status

    @property
    def response(self) -> str:
        if self.phase == "auth":
            return f"{self.message} Trace ID: {self.request_id} Correlation ID: {self.correlation_id}"
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


def redeem(directory: Directory, token: str, device: t.Any = None) -> Grant:
    """Exchange a bulk token for the right to register a device. TenantError where the token service refuses.

    The sign-in of the package user is in the tenant's log, whatever comes of it; a token that no tenant knows is in
    nobody's.
    """
    request, correlation = directory.request_id(), directory.request_id()
    found = directory.find_token(token)
    if found is None:
        said = "AADSTS70000: The provided grant is invalid or malformed."
        raise TenantError("auth", 0xCAA20003, "AADSTS70000", said, request, correlation_id=correlation)
    tenant, bulk = found
    user = tenant.users.get(bulk.user_id)
    known = user or {"id": bulk.user_id, "userPrincipalName": bulk.upn, "displayName": bulk.upn.partition("@")[0]}
    verdict = access.judge(tenant, access.Attempt(bulk.user_id, registers=True))
    refusal = _grant_refusal(directory, tenant, bulk, user) or _access_refusal(verdict.error)
    code = int(refusal[1].removeprefix("AADSTS")) if refusal else 0
    sign_ins.write(
        directory,
        tenant,
        known,
        verdict,
        app=sign_ins.AADJ_CSP,
        resource=DEVICE_REGISTRATION,
        request=request,
        correlation=correlation,
        error=code,
        client=sign_ins.client_of(device),
    )
    if refusal:
        hresult, name, text = refusal
        raise TenantError("auth", hresult, name, f"{name}: {text}", request, correlation_id=correlation)
    assert user is not None
    return Grant(tenant, user["id"], user["userPrincipalName"])


def _grant_refusal(directory: Directory, tenant: Tenant, bulk, user: dict | None) -> tuple[int, str, str] | None:
    """(HRESULT, code, text) where the grant itself is no good."""
    if user is None:
        return 0x801C0024, "AADSTS50034", f"The user account does not exist in the {tenant.name} directory."
    if bulk.expires <= directory.now():
        issued = f"{bulk.issued:%Y-%m-%dT%H:%M:%SZ}"
        said = "The refresh token has expired due to inactivity. The token was issued on "
        return 0xCAA20003, "AADSTS700082", f"{said}{issued} and was inactive for too long."
    if not user["accountEnabled"]:
        return 0xCAA20003, "AADSTS50057", "The user account is disabled."
    return None


def _access_refusal(error: int) -> tuple[int, str, str] | None:
    """The same where policies refuse."""
    if not error:
        return None
    said = {
        50076: "Due to a configuration change made by your administrator, or because you moved to a new location, you "
        "must use multi-factor authentication.",
        53003: "Access has been blocked by Conditional Access policies.",
    }
    return 0xCAA2000C, f"AADSTS{error}", said.get(error, sign_ins.REASONS[error])


def sign_in(directory: Directory, tenant: Tenant, user: dict, device) -> str:
    """A person signs in to join a device, and passes MFA where they can. TenantError where they may not, by Conditional
    Access (phase auth) or by the registration policy (phase join); else the id of the request."""
    request, correlation = directory.request_id(), directory.request_id()
    mfa = authentication.can_pass(tenant, user)
    attempt = access.Attempt(user["id"], registers=True, met=frozenset({"mfa"} if mfa else ()))
    verdict = access.judge(tenant, attempt)
    code = 50057 if not user["accountEnabled"] else verdict.error
    sign_ins.write(
        directory,
        tenant,
        user,
        verdict,
        app=sign_ins.BROKER,
        resource=DEVICE_REGISTRATION,
        request=request,
        correlation=correlation,
        error=code,
        interactive=True,
        mfa=mfa,
        client=sign_ins.client_of(device),
    )
    if code:
        said = f"AADSTS{code}: {sign_ins.REASONS[code]}"
        raise TenantError("auth", 0xCAA2000C, f"AADSTS{code}", said, request, correlation_id=correlation)
    return _admit(directory, tenant, user, device, mfa)


def register(directory: Directory, grant: Grant, device) -> Registered:
    """Create the device object of a bulk join. TenantError where the registration service refuses."""
    tenant = grant.tenant
    request = _admit(directory, tenant, tenant.users[grant.user_id], device)
    return create(directory, tenant, device, grant.upn, policy.mdm_applies(tenant, grant.user_id), request)


def _admit(directory: Directory, tenant: Tenant, user: dict, device, mfa: bool = False) -> str:
    """The id of the request, or TenantError and its entry in the log."""
    request = directory.request_id()
    refusal = registration_refusal(tenant, user["id"], mfa)
    if refusal is not None:
        hresult, message, status = refusal
        audits.refused(directory, tenant, device.hostname, user, request, message)
        raise TenantError("join", hresult, "authorization_error", message, request, status)
    return request


def registration_refusal(tenant: Tenant, user_id: str, mfa: bool = False) -> tuple[int, str, int] | None:
    """(HRESULT, message, HTTP status) where the registration policy does not let a user join; ``mfa``: they passed
    it."""
    not_eligible = f"User '{user_id}' is not eligible to enroll a device of type 'Windows'. Reason "
    if tenant.registration_policy["multiFactorAuthConfiguration"] == "required" and not mfa:
        return 0x801C03ED, "Multi-factor authentication is required to register this device.", 401
    if not policy.may_join(tenant, user_id):
        return 0x801C0003, f"{not_eligible}'UserNotAllowedToJoin'.", 403
    if policy.quota_left(tenant, user_id) <= 0:
        return 0x801C000E, f"{not_eligible}'DeviceCapReached'.", 403
    return None


def create(
    directory: Directory,
    tenant: Tenant,
    device,
    upn: str,
    mdm: bool,
    request: str = "",
    trust_type: str = "AzureAd",
    logged: bool = True,
) -> Registered:
    """Add the device object (Graph's ``device``) and say what the device gets to know. ``logged``: it is no join of
    long ago, which the logs have forgotten."""
    device_id = device.next_id("device")
    owner = tenant.user(upn) if upn else None
    made = device_objects.add(
        tenant,
        f"device/{device_id}",
        device_id,
        device.hostname,
        directory.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        owner,
        trustType=trust_type,
        physicalIds=device_objects.physical_ids(device.hardware.serial, owner["id"] if owner else device_id),
        **_hardware(device),
    )
    if logged:
        audits.registered(directory, tenant, made, owner, request or directory.request_id())
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
