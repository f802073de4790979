# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who manages a device: Intune, another MDM, the client of Configuration Manager; and what that client still does.

Sources: Microsoft, "Co-management workloads"; public tables of ``CoManagementFlags`` (byteben.com; the values 8193 and
12543 of current clients); ``SMS\\Mobile Client`` as public inventories read it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...findings import Finding
from .. import operations as op
from ..enrollment_channels import INTUNE
from ..first_sync import Told
from ..mdm_facts import CO_MANAGED, WORKLOADS
from .points import Section, Seen, failed, passed, told_of, unknown, warned

OBSERVATIONS = {
    "site": op.registry_read(r"SOFTWARE\Microsoft\SMS\Mobile Client", names=("AssignedSiteCode", "ProductVersion")),
    "client_service": op.registry_read(r"SYSTEM\CurrentControlSet\Services\CcmExec", names=("Start",)),
}
_CONFIGURATION_MANAGER, _OTHER = "configuration_manager", "other"
_DISABLED = 4
# Current clients set a bit that older ones do not know, and say endpoint protection by two bits.
_CURRENT_CLIENT = 8192
_ENDPOINT_PROTECTION = "endpoint_protection"
_BOTH_BITS = 4096 | WORKLOADS[_ENDPOINT_PROTECTION]
DOC = "https://learn.microsoft.com/mem/configmgr/comanage/workloads"


def manager(seen: Seen) -> Section:
    """``{managed_by, provider, enrollment_id, configuration_manager, refused}``."""
    told, mdm = Told(), seen.state["mdm"]
    client = _client(seen, told)
    if mdm["enrolled"] is None:
        told.refused.append("the MDM enrollments could not be read")
    found = [INTUNE if mdm["channel"] == INTUNE else _OTHER] if mdm["enrolled"] else []
    found += [_CONFIGURATION_MANAGER] if client["installed"] else []
    sure = None not in (mdm["enrolled"], client["installed"])
    return {
        "managed_by": found if sure or INTUNE in found else None,
        "provider": mdm["provider"],
        "enrollment_id": mdm["enrollment_id"],
        "configuration_manager": client,
        "refused": told_of(told),
    }


def _client(seen: Seen, told: Told) -> Section:
    service, site = seen.key("client_service"), seen.key("site")
    start = told.of(service.number, "Start")
    known = told.of(lambda: service.exists)
    flags = told.of(seen.key("configuration_manager").number, "CoManagementFlags")
    refused = "CoManagementFlags" in " ".join(told.refused) or seen.answer["configuration_manager"].error is not None
    moved, staying, unclear = _workloads(flags or 0)
    co_managed = None if refused else bool((flags or 0) & CO_MANAGED)
    return {
        "installed": None if known is None else known and start != _DISABLED,
        "site": told.of(site.text, "AssignedSiteCode") or None,
        "version": told.of(site.text, "ProductVersion") or None,
        "co_managed": co_managed,
        "flags": flags,
        "moved": moved if co_managed else None,
        "staying": staying if co_managed else None,
        "unclear": unclear if co_managed else None,
    }


def _workloads(flags: int) -> tuple[list[str], list[str], list[str]]:
    """(Intune's, the client's, unclear): of CoManagementFlags in the meaning of the client that wrote them."""
    bits = dict(WORKLOADS)
    if flags & _CURRENT_CLIENT:
        bits[_ENDPOINT_PROTECTION] = _BOTH_BITS
    moved = [name for name, bit in bits.items() if flags & bit == bit]
    unclear = [name for name, bit in bits.items() if 0 < flags & bit < bit]
    return moved, [name for name in bits if name not in (*moved, *unclear)], unclear


def judge(section: Section, seen: Seen) -> Iterator[Finding]:
    found, client = section["managed_by"], section["configuration_manager"]
    if found is None:
        yield unknown("managed", section)
    elif INTUNE in found:
        beside = f", and Configuration Manager ({client['site'] or 'no site'})"
        yield passed("managed", f"Intune{beside if _CONFIGURATION_MANAGER in found else ''}")
    elif found:
        shown = "another MDM" if found == [_OTHER] else " and ".join(found)
        yield warned(
            "managed",
            shown,
            f"the device is managed by {shown}, and not by Intune: policies, compliance and apps of Intune do not come",
            "enroll it in Intune, or turn co-management on, if Intune is to manage it",
            doc=DOC,
            evidence=[{"managed_by": found, "configuration_manager": client}],
        )
    else:
        why = seen.state["mdm"]["why_not"]
        yield failed(
            "managed",
            "nobody",
            f"no MDM and no Configuration Manager manages the device{f': {why}' if why else ''}",
            "look at the MDM scope and the user's licence, and enroll it (winops.entra.mdm)",
            evidence=[{"managed_by": found, "why_not": why}],
        )
