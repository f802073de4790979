# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MDM enrollments of a device.

A device is enrolled where EnrollmentState is 1 AND the enrollment's certificate AND its task folder are there
(MS-MDM registry values as read by Fleet and IntuneMigration). The tenant's MdmUrl, or a key alone, proves nothing: the
Enrollments key also holds built-in subkeys and leftovers of earlier enrollments.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from .answers import Result
from .reading import Key, known

ENROLLED = 1
# The ProviderID that Intune enrolls with.
INTUNE_PROVIDER = "MS DM Server"
# Local bridges (WMI_Bridge_Server and its likes) have keys like an MDM's, and are none.
LOCAL_PROVIDERS = "wmi_bridge"
# Other subkeys (Context, Status, ValidNodePaths ...) are Windows' own.
_ID = re.compile(r"\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", re.IGNORECASE)


def enrollments(keys: Result, tasks: Result, certificates: Result) -> list[dict]:
    """Every enrollment-like subkey: ``{enrolled, provider, enrollment_id, upn, discovery_url, state, type, tenant_id,
    thumbprint, witnesses}``.

    A witness that was refused is null, and so is ``enrolled`` where it hangs on it. Raises Refused where the registry
    was refused, or the key of what may be an enrollment.
    """
    folders = known(lambda: {plain_id(folder) for folder in tasks["folders"]})
    thumbprints = known(lambda: {certificate["thumbprint"].lower() for certificate in certificates["certificates"]})
    return [
        _enrollment(name, key, folders, thumbprints)
        for name, key in keys.key().children()
        if not (key.refused and not _ID.fullmatch(name)) and "ProviderID" in key.values
    ]


def _enrollment(name: str, key: Key, folders: set[str] | None, thumbprints: set[str] | None) -> dict:
    values, enrollment_id = key.values, plain_id(name)
    thumbprint = known(lambda: values.text("DMPCertThumbPrint")) or None
    state = known(lambda: values.number("EnrollmentState"))
    tenant_id = known(lambda: values.text("AADTenantID"))
    witnesses = {
        "state": None if state is None and "EnrollmentState" in values else state == ENROLLED,
        "certificate": None if thumbprints is None else (thumbprint or "").lower() in thumbprints,
        "tasks": None if folders is None else enrollment_id in folders,
    }
    return {
        "enrolled": _all(witnesses.values()),
        "provider": str(values["ProviderID"]),
        "enrollment_id": enrollment_id,
        "upn": known(lambda: values.text("UPN")) or None,
        "discovery_url": known(lambda: values.text("DiscoveryServiceFullURL")),
        "state": state,
        "type": known(lambda: values.number("EnrollmentType")),
        "tenant_id": plain_id(tenant_id or "") or None,
        "thumbprint": thumbprint,
        "witnesses": witnesses,
    }


def plain_id(name: str) -> str:
    """An enrollment's id as it is compared and returned: lower case without braces."""
    return name.strip("{}").lower()


def is_local(item: dict) -> bool:
    """Whether an item of enrollments() belongs to Windows itself, and stands in nobody's way."""
    return item["provider"].lower().startswith(LOCAL_PROVIDERS)


def mdm_facts(keys: Result, tasks: Result, certificates: Result) -> dict:
    """``mdm``: the enrollment that counts, or that there is none; null where that could not be read."""
    found = known(lambda: [item for item in enrollments(keys, tasks, certificates) if not is_local(item)])
    first = next((item for item in found or [] if item["enrolled"]), {})
    unknown = found is None or any(item["enrolled"] is None for item in found)
    return {
        "enrolled": True if first else None if unknown else False,
        "provider": first.get("provider"),
        "enrollment_id": first.get("enrollment_id"),
        "upn": first.get("upn"),
        "discovery_url": first.get("discovery_url"),
    }


def _all(said) -> bool | None:
    """Whether all say yes; None where none says no and one says nothing."""
    said = list(said)
    return False if False in said else None if None in said else True


def offers_no_mdm(cloud_join: Result, tenant_id: str | None) -> bool:
    """Whether the tenant surely gave the device no MDM address when it joined: its key is there and has none.

    ``cloud_join`` is the answer to the registry key CloudDomainJoin.
    """

    def no_address() -> bool:
        tenant = cloud_join.key().child("TenantInfo", tenant_id or "")
        return tenant.exists and not tenant.text("MdmEnrollmentUrl")

    return known(no_address) is True
