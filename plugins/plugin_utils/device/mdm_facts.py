# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What manages a device: the facts ``mdm``, made of its enrollments and of what Configuration Manager says.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from . import enrollment
from .answers import Answer
from .enrollment import is_foreign, is_local, manages
from .enrollment_channels import INTUNE, host_of
from .join_facts import is_joined
from .reading import known

FACTS = (
    "provider",
    "enrollment_id",
    "upn",
    "discovery_url",
    "channel",
    "tenant_id",
    "state",
    "certificate_expires",
    "last_sync",
)
# CoManagementFlags of the client of Configuration Manager (byteben.com, "Co-management Capabilities"): one bit says
# that the device is co-managed, each of the others that this workload is the MDM's. Further bits have no known meaning.
CO_MANAGED = 1
WORKLOADS = {
    "compliance_policies": 2,
    "resource_access": 4,
    "device_configuration": 8,
    "windows_update": 16,
    "endpoint_protection": 32,
    "client_apps": 64,
    "office_click_to_run": 128,
}


def mdm_facts(answer: Answer, join: dict, found: list[dict] | None) -> dict:
    """``mdm``: the enrollment by which the device is managed, or that there is none; null where that could not be read.

    ``join`` are the facts of the join: an enrollment of another tenant than the join's is none. ``found`` are the
    enrollments, None where they could not be read.
    """
    tenant_id = join["tenant_id"]
    counting = [item for item in found or [] if manages(item, tenant_id)]
    working = [item for item in counting if item["enrolled"]]
    tenant_unknown = tenant_id is None and (join["type"] is None or is_joined(join))
    sure = [item for item in working if not (tenant_unknown and item["tenant_id"])]
    first = min(sure, key=lambda item: _rank(item, tenant_id), default={})
    unknown = found is None or sure != working or any(item["enrolled"] is None for item in counting)
    enrolled = True if first else None if unknown else False
    return {
        "enrolled": enrolled,
        **{field: first.get(field) for field in FACTS},
        "offered_by_tenant": known(lambda: _is_offered(answer, first, tenant_id)) if first else None,
        "why_not": _why_not(found or [], tenant_id) if enrolled is False else None,
        **_co_management(answer),
    }


def _co_management(answer: Answer) -> dict:
    """``co_managed`` and ``workloads``, those that are the MDM's: what the client of Configuration Manager says."""
    flags = known(lambda: answer["configuration_manager"].key().number("CoManagementFlags") or 0)
    co_managed = None if flags is None else bool(flags & CO_MANAGED)
    workloads = [name for name, bit in WORKLOADS.items() if flags is not None and flags & bit]
    return {"co_managed": co_managed, "workloads": workloads if co_managed else None}


def _rank(item: dict, tenant_id: str | None) -> tuple:
    """Of several that work: the one of the join's tenant, then Intune's, then the one that synchronized last."""
    last = item["last_sync"] or ""
    backwards = tuple(-ord(char) for char in last) or (0,)
    return item["tenant_id"] != tenant_id, item["channel"] != INTUNE, backwards, item["enrollment_id"]


def _is_offered(answer: Answer, item: dict, tenant_id: str | None) -> bool | None:
    """Whether an enrollment has the address of the MDM that the tenant gave the device when it joined."""
    address = host_of(enrollment.offered_address(answer["cloud_join"], tenant_id))
    return address == host_of(item["discovery_url"]) if address else None


def _why_not(found: list[dict], tenant_id: str | None) -> str | None:
    """What there is in the place of an enrollment that works; null where there is nothing, or it was not all read."""
    if any(None in (item["channel"], *item["witnesses"].values()) for item in found):
        return None
    sentences = [f"{enrollment.named(item)}: {_objection(item, tenant_id)}" for item in found if not is_local(item)]
    return "; ".join(sentences) or None


def _objection(item: dict, tenant_id: str | None) -> str:
    if is_foreign(item, tenant_id):
        return f"it belongs to the tenant {item['tenant_id']}"
    return item["why_not"] or "it is a child of an enrollment that is gone (MMP-C)"
