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

from .session import Result

ENROLLED = 1
# Local bridges (WMI_Bridge_Server and its likes) have keys like an MDM's, and are none.
LOCAL_PROVIDERS = "wmi_bridge"


def enrollments(keys: Result, tasks: Result, certificates: Result) -> list[dict]:
    """Every enrollment-like subkey: ``{enrolled, provider, enrollment_id, upn, discovery_url, state, type, tenant_id,
    thumbprint, witnesses}``."""
    folders = {folder.strip("{}").lower() for folder in tasks.get("folders", [])}
    thumbprints = {certificate["thumbprint"].lower() for certificate in certificates.get("certificates", [])}
    found = []
    for name, key in ((keys.get("key") or {}).get("keys", {})).items():
        values = key["values"]
        if "ProviderID" not in values:
            continue
        witnesses = {
            "state": values.get("EnrollmentState") == ENROLLED,
            "certificate": str(values.get("DMPCertThumbPrint", "")).lower() in thumbprints,
            "tasks": name.strip("{}").lower() in folders,
        }
        found.append(
            {
                "enrolled": all(witnesses.values()),
                "provider": values["ProviderID"],
                "enrollment_id": name.strip("{}").lower(),
                "upn": values.get("UPN") or None,
                "discovery_url": values.get("DiscoveryServiceFullURL"),
                "state": values.get("EnrollmentState"),
                "type": values.get("EnrollmentType"),
                "tenant_id": str(values.get("AADTenantID") or "").strip("{}").lower() or None,
                "thumbprint": values.get("DMPCertThumbPrint") or None,
                "witnesses": witnesses,
            }
        )
    return found


def is_local(item: dict) -> bool:
    """Whether an item of enrollments() belongs to Windows itself, and stands in nobody's way."""
    return str(item["provider"]).lower().startswith(LOCAL_PROVIDERS)


def mdm_facts(keys: Result, tasks: Result, certificates: Result) -> dict:
    """``mdm``: the enrollment that counts, or that there is none."""
    found = enrollments(keys, tasks, certificates)
    enrolled = [item for item in found if item["enrolled"] and not is_local(item)]
    first = enrolled[0] if enrolled else {}
    return {
        "enrolled": bool(enrolled),
        "provider": first.get("provider"),
        "enrollment_id": first.get("enrollment_id"),
        "upn": first.get("upn"),
        "discovery_url": first.get("discovery_url"),
    }
