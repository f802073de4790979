# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a user's licences let devices enroll: a plan of Intune and one of Microsoft Entra ID P1 or P2.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import Finding
from .. import service_plans
from .findings import DOCS, finding
from .questions import Person

_NO_INTUNE = "the device will join, but its MDM enrollment fails (0x80180018)"


def licence(person: Person) -> Finding:
    """The finding about a user's plans."""
    plans = person.row.get("assignedPlans")
    if plans is None:
        return finding(
            "licence",
            "unknown",
            "the tenant does not show the user's service plans",
            "the application permission User.Read.All is missing",
            "grant it, and give admin consent",
            person.name,
            DOCS["licence"],
            permissions=("User.Read.All",),
        )
    intune = service_plans.intune(plans)
    premium = service_plans.premium(plans)
    if intune == "ended":
        return _says(
            person,
            "fail",
            "the user's Intune service plan is suspended or switched off",
            _NO_INTUNE,
            "renew the subscription, or switch Microsoft Intune on in the licence",
        )
    if intune == "none":
        return _says(
            person, "fail", "the user has no Intune service plan", _NO_INTUNE, "assign a licence with Microsoft Intune"
        )
    if "unknown" in (intune, premium):
        return _says(
            person,
            "unknown",
            f"the user has a plan of {'Intune' if intune == 'unknown' else 'Microsoft Entra ID Premium'} that this "
            "collection does not know, or in a state that it does not know",
            "whether devices of the user may enroll is not known",
            "look at the user's licences in the Microsoft 365 admin center",
        )
    if premium in ("none", "ended"):
        return _says(
            person,
            "warn",
            "the user has Intune, but no Microsoft Entra ID P1 or P2",
            "automatic enrollment is a feature of P1",
            "assign a licence with Microsoft Entra ID P1",
        )
    if "ends" in (intune, premium):
        return _says(
            person,
            "warn",
            "the user has Intune and Microsoft Entra ID P1 or P2, of a subscription that has ended",
            "they work during the grace period; after it the MDM enrollment fails (0x80180018)",
            "renew the subscription before the rollout",
        )
    return finding(
        "licence",
        "pass",
        "the user has Intune and Microsoft Entra ID P1 or P2",
        subject=person.name,
        doc=DOCS["licence"],
    )


def _says(person: Person, result: str, observed: str, cause: str, fix: str) -> Finding:
    return finding("licence", result, observed, cause, fix, person.name, DOCS["licence"])
