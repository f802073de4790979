# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the users who join sign in: at Microsoft Entra (a managed domain), or at somebody else (a federated one).

A package's user is of the cloud, and meets no federation.

Sources: Microsoft Entra, "Plan your Microsoft Entra join deployment" (WS-Fed for the join, WS-Trust for the sign-in to
the device; the endpoints of AD FS); Microsoft Graph, "domain resource type" (``authenticationType``),
"internalDomainFederation resource type" (``federatedIdpMfaBehavior``).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import Finding
from ...result import Failure
from ..graph.batch import Item
from ..graph.errors import Permissions, Purpose
from .findings import DOCS, finding, unknown
from .kinds import DOMAIN_KIND
from .questions import Answered, Person

_IDENTITY = "domain"
DOMAINS = Item(
    "GET",
    "/domains",
    Purpose("list the domains of the tenant", Permissions.same("Domain.Read.All")),
    row_kind=DOMAIN_KIND,
)


def domain_of(person: Person) -> str:
    """The domain in the user principal name, in lower case."""
    return str(person.row["userPrincipalName"]).rpartition("@")[2].lower()


def federated(rows: Answered, domain: str) -> bool | None:
    """Whether users of the domain sign in elsewhere; None where the tenant does not say it."""
    if isinstance(rows, Failure):
        return None
    kinds = {row["id"].lower(): str(row.get("authenticationType") or "").lower() for row in rows}
    return {"federated": True, "managed": False}.get(kinds.get(domain, ""))


def judge(rows: Answered, people: list[Person]) -> list[Finding]:
    """One finding for each domain of the users who join, none without such users."""
    names = sorted({domain_of(person) for person in people if person.known and not person.package})
    if names and isinstance(rows, Failure):
        return [unknown(_IDENTITY, rows, doc=DOCS["domain"])]
    return [_of_domain(federated(rows, name), name) for name in names]


def _of_domain(is_federated: bool | None, name: str) -> Finding:
    doc = DOCS["domain"]
    if is_federated is None:
        return finding(
            _IDENTITY,
            "unknown",
            "the tenant does not say whether the domain is managed or federated",
            "users of a federated domain sign in at another identity provider when they join",
            "look at the domain in the Microsoft Entra admin center",
            name,
            doc,
        )
    if not is_federated:
        return finding(_IDENTITY, "pass", "the domain is managed", subject=name, doc=doc)
    return finding(
        _IDENTITY,
        "warn",
        "the domain is federated",
        "joins by its users sign in at the identity provider, which the devices must reach; it needs WS-Fed for the "
        "join and WS-Trust for the sign-in to the device, and MFA that it has done counts only if the domain's "
        "federatedIdpMfaBehavior takes it",
        "try one join; with AD FS, enable the endpoints usernamemixed and certificatemixed of WS-Trust; packages are "
        "not affected, because their users are in the cloud",
        name,
        doc,
    )
