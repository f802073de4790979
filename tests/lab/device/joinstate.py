# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The join of a device, as its registry and certificates say it: read, written and cleared here and nowhere else.

Places and value names as read by AADInternals (``Device.ps1``) and documented in the Microsoft Entra device FAQ.
"""

from __future__ import annotations

import dataclasses
import datetime

from ..tenant import device_objects
from . import key_pairs
from .certificates import DEVICE_ISSUER, Certificate, device_certificate, p2p_certificate

CLOUD_DOMAIN_JOIN = r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"
WORKPLACE_JOIN = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\WorkplaceJoin"
DRS = "https://enterpriseregistration.windows.net/EnrollmentServer/DeviceEnrollmentWebService.svc"
#: Services of a tenant that a device is told of when it joins: version, and path of the address.
SERVICES = {
    "Drs": ("1.0", "/EnrollmentServer/DeviceEnrollmentWebService.svc"),
    "Cdj": ("2.0", "/EnrollmentServer/device/"),
    "Ngc": ("1.0", "/EnrollmentServer/key/"),
    "WebAuthn": ("1.0", "/webauthn/{}/"),
    "DeviceManagement": ("1.0", "/manage/{}/"),
}


@dataclasses.dataclass(frozen=True)
class Join:
    """What a joined device knows about itself. ``key``: the name of its key below JoinInfo."""

    key: str
    device_id: str
    tenant_id: str
    tenant_name: str
    user_email: str
    certificate: Certificate
    mdm_url: str
    mdm_terms_url: str
    mdm_compliance_url: str
    tpm: bool


def read(device) -> Join | None:
    """The join of the device, None where it has none. Of several with a certificate it is the newest."""
    found = []
    for name in device.registry.subkeys(rf"{CLOUD_DOMAIN_JOIN}\JoinInfo"):
        info = rf"{CLOUD_DOMAIN_JOIN}\JoinInfo\{name}"
        certificate = next((c for c in device.certificates if name in (c.thumbprint, _device_id(c))), None)
        tenant_id = device.registry.get(info, "TenantId", "")
        if certificate is None or not tenant_id:
            continue
        tenant = rf"{CLOUD_DOMAIN_JOIN}\TenantInfo\{tenant_id}"
        join = Join(
            key=name,
            device_id=certificate.subject.removeprefix("CN="),
            tenant_id=tenant_id,
            tenant_name=device.registry.get(tenant, "DisplayName", ""),
            user_email=device.registry.get(info, "UserEmail", ""),
            certificate=certificate,
            mdm_url=device.registry.get(tenant, "MdmEnrollmentUrl", ""),
            mdm_terms_url=device.registry.get(tenant, "MdmTermsOfUseUrl", ""),
            mdm_compliance_url=device.registry.get(tenant, "MdmComplianceUrl", ""),
            tpm=device.registry.get(info, "TransportKeyStatus", 0) == 3,
        )
        found.append(join)
    return max(found, key=lambda join: join.certificate.not_before, default=None)


def leave_stale(device, tenant_id: str, tenant_name: str, with_certificate: bool, key: str) -> None:
    """What an earlier join has left: its keys, and perhaps its certificate. The key's name comes before all others."""
    issued = device.utc() - datetime.timedelta(days=400)
    number = 0
    while True:
        certificate = device_certificate(device.new_id(f"stale {number}"), issued)
        if key_name(certificate, key) < "08":
            break
        number += 1
    if with_certificate:
        device.certificates.append(certificate)
    info = {"TenantId": tenant_id, "UserEmail": "someone@earlier.example", "IdpDomain": "login.windows.net"}
    device.registry.set(rf"{CLOUD_DOMAIN_JOIN}\JoinInfo\{key_name(certificate, key)}", info)
    device.registry.set(rf"{CLOUD_DOMAIN_JOIN}\TenantInfo\{tenant_id}", {"DisplayName": tenant_name})


def write(device, registered, days_ago: float = 0) -> Join:
    """Make the device joined: registry, device certificate, peer-to-peer certificate, keys.

    ``registered`` is the tenant's answer (``tests.lab.tenant.registration.Registered``).
    """
    issued = device.utc() - datetime.timedelta(days=days_ago)
    certificate = _trusted(device, registered, issued)
    device.certificates += [certificate, p2p_certificate(registered.device_id, registered.tenant_id, device.utc())]
    device.registry.set(
        rf"{CLOUD_DOMAIN_JOIN}\JoinInfo\{key_name(certificate, device.join_key)}",
        {
            "IdpDomain": "login.windows.net",
            "TenantId": registered.tenant_id,
            "UserEmail": registered.user_upn,
            "AttestationLevel": 0,
            "AikCertStatus": 0,
            "TransportKeyStatus": 3 if device.hardware.tpm else 0,
            "DeviceDisplayName": device.hostname,
            "OsVersion": f"10.0.{device.image.build}.{device.image.revision}",
            "DdidUpToDate": 0,
            "DnsFullyQualifiedName": f"{device.hostname}.{device.domain}" if device.domain else device.hostname,
            "LastSyncTime": int(issued.timestamp()),
        },
    )
    device.registry.set(
        rf"{CLOUD_DOMAIN_JOIN}\TenantInfo\{registered.tenant_id}",
        {
            "DisplayName": registered.tenant_name,
            "MdmEnrollmentUrl": registered.mdm_url,
            "MdmTermsOfUseUrl": registered.mdm_terms_url,
            "MdmComplianceUrl": registered.mdm_compliance_url,
            "UserSettingSyncUrl": "",
            **_services(registered.tenant_id),
        },
    )
    device.keys |= {f"{registered.device_id}/device", f"{registered.device_id}/transport"}
    device.leave.unfinished = False
    joined = read(device)
    assert joined is not None
    return joined


def key_name(certificate: Certificate, kind: str) -> str:
    """What the key of a join below JoinInfo is called: ``thumbprint`` or ``device_id``."""
    name = certificate.thumbprint if kind == "thumbprint" else _device_id(certificate)
    assert name is not None
    return name


def _device_id(certificate: Certificate) -> str | None:
    """What a device certificate says of whose it is; None of another certificate."""
    return certificate.subject.removeprefix("CN=") if is_device_certificate(certificate) else None


def _services(tenant_id: str) -> dict[str, str]:
    """Where Windows finds the services of a tenant: values that dsreg.dll reads below TenantInfo."""
    login, registration = "https://login.microsoftonline.com", "https://enterpriseregistration.windows.net"
    found = {
        "AuthCodeUrl": f"{login}/{tenant_id}/oauth2/authorize",
        "AccessTokenUrl": f"{login}/{tenant_id}/oauth2/token",
        "RbacPolicyEndpoint": "https://pas.windows.net",
        "KerbSpn": "",
        "KerbEndpoint": "",
    }
    for service, (version, place) in SERVICES.items():
        found[f"{service}ServiceVersion"] = version
        found[f"{service}Endpoint"] = registration + place.format(tenant_id)
        found[f"{service}ResourceId"] = "urn:ms-drs:enterpriseregistration.windows.net"
    return found


def register_workplace(device, sid: str, registered, registered_at: datetime.datetime) -> None:
    """A work account of one user (workplace join): a key in the user's own hive."""
    certificate = _trusted(device, registered, registered_at)
    device.users[sid].set(
        rf"{WORKPLACE_JOIN}\JoinInfo\{certificate.thumbprint}",
        {
            "IdpDomain": "login.windows.net",
            "TenantId": registered.tenant_id,
            "UserEmail": registered.user_upn,
            "TransportKeyStatus": 3 if device.hardware.tpm else 0,
            "DeviceDisplayName": device.hostname,
        },
    )
    device.users[sid].set(
        rf"{WORKPLACE_JOIN}\TenantInfo\{registered.tenant_id}",
        {"DisplayName": registered.tenant_name, "MdmEnrollmentUrl": registered.mdm_url},
    )


def _trusted(device, registered, issued: datetime.datetime) -> Certificate:
    """The certificate that the tenant has signed, and by which its directory knows the device from now on."""
    certificate = device_certificate(registered.device_id, issued)
    tenant = device.directory.tenants[registered.tenant_id]
    device_objects.trust(tenant, registered.device_id, certificate.thumbprint, key_pairs.public_key(certificate.der))
    return certificate


def belongs_to_join(certificate: Certificate) -> bool:
    """The device certificate, or the peer-to-peer certificate of the same join."""
    return is_device_certificate(certificate) or certificate.issuer.startswith("CN=MS-Organization-P2P-Access")


def is_device_certificate(certificate: Certificate) -> bool:
    return certificate.issuer == DEVICE_ISSUER
