# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a Conditional Access policy is about a user: by id, by group, as a guest in the old form and in the new one.

Directory roles are not looked at. Sources: Microsoft Graph, "conditionalAccessUsers resource type",
"conditionalAccessGuestsOrExternalUsers resource type"; Microsoft Entra External ID, "Properties of a B2B collaboration
user" (#EXT# in the user principal name, userType Guest or Member).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...result import Failure
from .access_policies import ALL_GUESTS, lowered
from .questions import Person

#: Yes, no, why the groups could not be read, or a text that says what of the policy leaves it open.
Covered = bool | Failure | str
_KINDS_OF_GUESTS = {
    "internalguest",
    "b2bcollaborationguest",
    "b2bcollaborationmember",
    # These have no user in the tenant, and join no device to it.
    "b2bdirectconnectuser",
    "otherexternaluser",
    "serviceprovider",
    "none",
}


def covered(users: dict, person: Person) -> Covered:
    """Whether a policy with these ``users`` is about the person."""
    guest = person.row.get("userType") == "Guest"
    told_out, told_in = lowered(users.get("excludeUsers")), lowered(users.get("includeUsers"))
    guest_out = _as_guest(users.get("excludeGuestsOrExternalUsers"), person)
    guest_in = _as_guest(users.get("includeGuestsOrExternalUsers"), person)
    if person.id in told_out or (guest and ALL_GUESTS in told_out) or guest_out is True:
        return False
    direct = bool({"all", person.id} & told_in) or (guest and ALL_GUESTS in told_in) or guest_in is True
    excluded, included = lowered(users.get("excludeGroups")), lowered(users.get("includeGroups"))
    if not direct and not included:
        return guest_in
    if isinstance(person.groups, set):
        if person.groups & excluded:
            return False
        if not direct and not person.groups & included:
            return guest_in
    elif excluded or not direct:
        return person.groups
    return True if guest_out is False else guest_out


def _as_guest(form: dict | None, person: Person) -> bool | str:
    """Whether the person is one of these guests and external users; a text where that cannot be told."""
    kinds = {kind.strip().lower() for kind in str((form or {}).get("guestOrExternalUserTypes") or "none").split(",")}
    external = "#ext#" in str(person.row.get("userPrincipalName")).lower()
    if person.row.get("userType") == "Guest":
        own = "b2bcollaborationguest" if external else "internalguest"
    elif external:
        own = "b2bcollaborationmember"
    else:
        return False
    if own in kinds:
        tenants = ((form or {}).get("externalTenants") or {}).get("membershipKind")
        if own == "internalguest" or tenants in (None, "all"):
            return True
        return "it is about guests of some tenants only, and the user's own tenant is not known"
    if kinds - _KINDS_OF_GUESTS:
        return "it is about a kind of guests that this collection does not know"
    return False
