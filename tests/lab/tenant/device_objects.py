# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device objects as the registration service and Intune make them.

Properties of real ones: example outputs of rapid7/insightconnect-plugins, yaegashi/himdsproxy (an Azure VM) and
lithnet/access-manager (the key). Microsoft Graph, "device resource type": Intune sets ownership, enrollment type,
``isRooted`` and the management type, so before an enrollment they are null.
"""

from __future__ import annotations

import base64
import hashlib
import typing as t

from .model import Tenant

REGISTERED, SECURE_VM = "RegisteredDevice", "SecureVM"
#: What an enrollment in Intune sets, in the spelling of the directory, which is not that of Intune.
MANAGED = {
    "enrollmentType": "AzureDomainJoined",
    "managementType": "MDM",
    "deviceOwnership": "Company",
    "isRooted": False,
}
FORGOTTEN = {"isManaged": False, "managementType": None, "mdmAppId": None}
_RESOURCE = "[AzureResourceId]:/subscriptions/{0}/resourceGroups/lab/providers/Microsoft.Compute/virtualMachines/{1}"


def add(
    tenant: Tenant, key: str, device_id: str, name: str, stamp: str, owner: dict | None = None, **properties: t.Any
) -> dict:
    """A device object that has just been registered. ``key`` tells its object id, ``stamp`` is the time in Graph's
    form."""
    object_id = tenant.object_id(key)
    found = {
        "id": object_id,
        "deviceId": device_id,
        "displayName": name,
        "accountEnabled": True,
        "trustType": "AzureAd",
        "operatingSystem": "Windows",
        "operatingSystemVersion": "10.0.19045.5011",
        "registrationDateTime": stamp,
        "approximateLastSignInDateTime": stamp,
        "isManaged": None,
        "isCompliant": None,
        "profileType": REGISTERED,
        "deviceVersion": 2,
        **dict.fromkeys(MANAGED),
        "physicalIds": physical_ids(name, owner["id"] if owner else object_id),
        "systemLabels": [],
        "alternativeSecurityIds": [security_id(_digest(f"thumbprint {device_id}"), device_id.encode())],
        "registeredOwners": [owner["id"]] if owner else [],
        **properties,
    }
    tenant.devices[object_id] = found
    return found


def physical_ids(hardware: str, user_id: str) -> list[str]:
    """The four ids of every registered device: two numbers, each alone and with the user who registered it.

    For whom an Azure VM is registered is not published.
    """
    group, machine = (6_755_000_000_000_000 + int(_digest(f"{kind} {hardware}")[:11], 16) for kind in ("g", "h"))
    return [
        f"[USER-GID]:{user_id}:{group}",
        f"[GID]:g:{group}",
        f"[USER-HWID]:{user_id}:{machine}",
        f"[HWID]:h:{machine}",
    ]


def azure_resource(tenant: Tenant, subscription: str, name: str) -> str:
    """The physical id that ties an object to a virtual machine in Azure."""
    return _RESOURCE.format(tenant.object_id(f"subscription/{subscription}"), name)


def security_id(thumbprint: str, public_key: bytes) -> dict:
    """How the directory knows a device's key: thumbprint of its certificate, and a hash of the RSAPublicKey.

    [MS-DVRE] 2.3.3 puts a plus between them; real objects have none.
    """
    said = base64.b64encode(hashlib.sha256(public_key).digest()).decode("ascii")
    key = base64.b64encode(f"X509:<SHA1-TP-PUBKEY>{thumbprint}{said}".encode("utf-16-le")).decode("ascii")
    return {"type": 2, "identityProvider": None, "key": key}


def trust(tenant: Tenant, device_id: str, thumbprint: str, public_key: bytes) -> None:
    """The service has signed a certificate for this key: from now on it is the device's."""
    found = tenant.device(device_id)
    if found is not None:
        found["alternativeSecurityIds"] = [security_id(thumbprint, public_key)]


def _digest(text: str) -> str:
    return hashlib.sha1(text.encode("utf-8"), usedforsecurity=False).hexdigest().upper()
