# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service plans of a user: of Intune, and of Microsoft Entra ID P1 or P2.

Plans of all clouds and editions count, and the grace period after the end of a subscription does. A plan of the same
service that is not listed here is neither taken for one nor for none.

Sources: Microsoft, "Product names and service plan identifiers for licensing"; Maester, Get-MtLicenseInformation
(Intune's plans by edition); Microsoft Graph, "assignedPlan resource type" (capabilityStatus; ``service`` is SCO for
Intune and AADPremiumService for Microsoft Entra ID P1 and P2, as published answers show); Microsoft, "What happens to
my data and access when my subscription ends" (users keep their access in the grace period, which is Warning).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

_INTUNE_SERVICE, _PREMIUM_SERVICE = "sco", "aadpremiumservice"
#: INTUNE_A, INTUNE_A_GOV, INTUNE_A_VL, INTUNE_EDU, INTUNE_SMBIZ.
INTUNE_PLANS = frozenset(
    {
        "c1ec4a95-1f05-45b3-a911-aa3fa01094f5",
        "d216f254-796f-4dab-bbfa-710686e646b9",
        "3e170737-c728-4eae-bbb9-3f3360f7184c",
        "da24caf9-af8e-485c-b7c8-e73336da2693",
        "8e9ff0ff-aa7a-4b20-83c1-2f636b600ac2",
    }
)
#: Of the same service, and no Intune: INTUNE_O365 (Basic Mobility and Security), which most Office licences have.
NO_INTUNE_PLANS = frozenset({"882e1d05-acd1-4ccb-8708-6ee03664b117"})
#: Premium P1 and P2.
PREMIUM_PLANS = frozenset({"41781fb2-bc02-4b7c-bd55-b576c07bb09d", "eec0eb4f-6444-4f95-aba0-50c24d67f998"})
#: capabilityStatus in lower case: what works, for how long, and what does not.
_WORKS, _ENDS, _ENDED = "enabled", "warning", ("suspended", "deleted", "lockedout")


def intune(plans: list[dict]) -> str:
    """The best of a user's plans of Intune: works, ends (in the grace period), unknown, ended or none."""
    return _state(plans, INTUNE_PLANS, _INTUNE_SERVICE, NO_INTUNE_PLANS)


def premium(plans: list[dict]) -> str:
    """The same of Microsoft Entra ID P1 and P2."""
    return _state(plans, PREMIUM_PLANS, _PREMIUM_SERVICE)


def _state(plans: list[dict], known: frozenset[str], service: str, others: frozenset[str] = frozenset()) -> str:
    """The best of a user's plans of a kind: works, ends, unknown, ended or none."""
    found = set()
    for plan in plans:
        identity, status = str(plan.get("servicePlanId")).lower(), str(plan.get("capabilityStatus")).lower()
        ours = identity in known
        if not ours and (str(plan.get("service")).lower() != service or identity in others):
            continue
        if status in _ENDED:
            found |= {"ended"} if ours else set()
        elif ours and status in (_WORKS, _ENDS):
            found.add("works" if status == _WORKS else "ends")
        else:
            found.add("unknown")
    return next((state for state in ("works", "ends", "unknown", "ended") if state in found), "none")
