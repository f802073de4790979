# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Licences: the products a lab tenant can have, and what they bring.

Ids: Microsoft, "Product names and service plan identifiers for licensing". Real names and ids, shortened lists.
"""

from __future__ import annotations

import typing as t

from .model import Tenant

INTUNE = ("c1ec4a95-1f05-45b3-a911-aa3fa01094f5", "INTUNE_A", "SCO")
P1 = ("41781fb2-bc02-4b7c-bd55-b576c07bb09d", "AAD_PREMIUM", "AADPremiumService")
P2 = ("eec0eb4f-6444-4f95-aba0-50c24d67f998", "AAD_PREMIUM_P2", "AADPremiumService")
EXCHANGE = ("9aaf7827-d63c-4b61-89c3-182f06f82e5c", "EXCHANGE_S_STANDARD", "exchange")
#: Name in scenarios: (skuId, skuPartNumber, plans).
PRODUCTS: dict[str, tuple[str, str, tuple[tuple[str, str, str], ...]]] = {
    "intune": ("061f9ace-7d42-4136-88ac-31dc755f143f", "INTUNE_A", (INTUNE,)),
    "entra_p1": ("078d2b04-f1bd-4111-bbd4-b4b1b354cef4", "AAD_PREMIUM", (P1,)),
    "entra_p2": ("84a661c4-e949-4bd2-a560-ed7766fcaf2b", "AAD_PREMIUM_P2", (P2, P1)),
    "ems_e3": ("efccb6f7-5641-4e0e-bd10-b4976e1bf68e", "EMS", (INTUNE, P1)),
    "m365_e3": ("05e9a617-0261-4cee-bb44-138d3ef5d965", "SPE_E3", (INTUNE, P1, EXCHANGE)),
    "m365_e5": ("06ebc4ee-1bb5-47dd-8120-11324bc54e06", "SPE_E5", (INTUNE, P2, P1, EXCHANGE)),
    "exchange": ("4b9405b0-7788-4568-add1-99614e613b69", "EXCHANGESTANDARD", (EXCHANGE,)),
}


def stock(tenant: Tenant, name: str, enabled: int = 25) -> dict:
    """A product that the tenant has bought, in the shape of ``subscribedSku``."""
    sku_id, part, plans = PRODUCTS[name]
    sku: dict[str, t.Any] = {
        "id": f"{tenant.id}_{sku_id}",
        "accountId": tenant.id,
        "accountName": tenant.name,
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": 0,
        "skuId": sku_id,
        "skuPartNumber": part,
        "prepaidUnits": {"enabled": enabled, "lockedOut": 0, "suspended": 0, "warning": 0},
        "servicePlans": _plans(plans),
        "subscriptionIds": [],
    }
    return tenant.subscribed_skus.setdefault(sku["id"], sku)


def assign(tenant: Tenant, user: dict[str, t.Any], name: str, since: str, off: t.Iterable[str] = ()) -> None:
    """Give a user a licence; ``off``: names of plans that are switched off in it (provisioningStatus Disabled)."""
    sku_id, part, plans = PRODUCTS[name]
    sku, disabled = stock(tenant, name), set(off)
    sku["consumedUnits"] += 1
    user.setdefault("assignedLicenses", []).append(
        {"skuId": sku_id, "disabledPlans": [plan[0] for plan in plans if plan[1] in disabled]}
    )
    user.setdefault("assignedPlans", []).extend(
        {
            "assignedDateTime": since,
            "servicePlanId": plan[0],
            "service": plan[2],
            "capabilityStatus": "Deleted" if plan[1] in disabled else "Enabled",
        }
        for plan in plans
    )
    user.setdefault("licenseDetails", []).append(
        {
            "id": f"{tenant.id[:8]}-{sku_id}",
            "skuId": sku_id,
            "skuPartNumber": part,
            "servicePlans": _plans(plans, disabled),
        }
    )


def _plans(plans: tuple[tuple[str, str, str], ...], disabled: t.Container[str] = ()) -> list[dict[str, str]]:
    return [
        {
            "servicePlanId": id_,
            "servicePlanName": name,
            "appliesTo": "User",
            "provisioningStatus": "Disabled" if name in disabled else "Success",
        }
        for id_, name, _service in plans
    ]
