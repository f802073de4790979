# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether these users can make the bulk token of a provisioning package: role, way of signing in, MDM scope.

The token needs a role for the whole tenant; one for an administrative unit is not enough. It is asked for with a
password or a certificate, and no passkey, so a tenant that went passwordless cannot make one with its administrators.

Sources: Intune, "Bulk enrollment for Windows devices"; Windows, "Windows Configuration Designer: bulk enrollment" (not
with accounts of federated domains); Microsoft Entra, "Microsoft Entra built-in roles" for the ids of templates;
Microsoft Graph, "unifiedRoleAssignment resource type" (eligible assignments do not show there).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...findings import Finding
from ...result import Failure
from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Permissions, Purpose
from ..resources.local_admin_role import ASSIGNMENTS_PATH, WHOLE_TENANT
from ..users.registration_details import PASSKEY_METHODS, Details
from .domains import domain_of, federated
from .enrollment import mdm_groups
from .findings import DOCS, finding, unknown
from .kinds import ROLE_ASSIGNMENT_KIND
from .questions import Answered, Person

ROLES = {
    "Cloud Device Administrator": "7698a772-787b-4ac8-901f-60d6b08affd2",
    "Intune Administrator": "3a2c62db-5318-420d-8d74-23affee5d9d5",
    "Password Administrator": "966707d0-3269-4727-9be2-8c3a10f19b9d",
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
}
_NEEDED = "Cloud Device Administrator, Intune Administrator or Password Administrator"
_UNITS = "/administrativeunits/"
_READ = Permissions.same("RoleManagement.Read.Directory")
#: Ways of signing in that are neither a password nor something beside one.
_PASSWORDLESS = {
    *PASSKEY_METHODS,
    "windowsHelloForBusiness",
    "microsoftAuthenticatorPasswordless",
    "macOsSecureEnclaveKey",
    "temporaryAccessPass",
}


def role_items() -> dict[str, Item]:
    """The question who has each role, by its name."""
    return {
        name: Item(
            "GET",
            ASSIGNMENTS_PATH,
            Purpose(f"read who is {name}", _READ),
            {"$filter": odata.equals("roleDefinitionId", template), "$expand": "principal"},
            row_kind=ROLE_ASSIGNMENT_KIND,
        )
        for name, template in ROLES.items()
    }


def groups_with_roles(roles: dict[str, Answered]) -> set[str]:
    """The groups that have one of the roles."""
    return {
        row["principalId"].lower()
        for rows in roles.values()
        if not isinstance(rows, Failure)
        for row in rows
        if _is_group(row)
    }


def judge(
    requesters: list[Person],
    roles: dict[str, Answered],
    details: dict[str, Details | None | Failure],
    domains: Answered,
    mdm: Answered,
) -> list[Finding]:
    """The findings about each user who is there."""
    findings = []
    for person in requesters:
        if person.known:
            findings += [
                _role(person, roles),
                *_sign_in(person, details.get(person.id), federated(domains, domain_of(person))),
                _scope(person, mdm),
            ]
    return findings


def _is_group(row: dict) -> bool:
    return (row.get("principal") or {}).get("@odata.type") == "#microsoft.graph.group"


def _role(person: Person, roles: dict[str, Answered]) -> Finding:
    scopes: dict[str, list[str]] = {}
    groups = person.groups if isinstance(person.groups, set) else set()
    for name, rows in roles.items():
        for row in [] if isinstance(rows, Failure) else rows:
            if row["principalId"].lower() in {person.id, *groups}:
                scopes.setdefault(row["directoryScopeId"], []).append(name)
    doc = DOCS["bulk"]
    if WHOLE_TENANT in scopes:
        held = scopes[WHOLE_TENANT][0]
        return finding("token_role", "pass", f"is {held} for the whole tenant", subject=person.name, doc=doc)
    failed = [one for one in (*roles.values(), person.groups) if isinstance(one, Failure)]
    if failed:
        return unknown("token_role", failed[0], person.name, doc)
    fix = f"make the user {_NEEDED} for the whole tenant, or activate it (PIM)"
    units = [name for scope, names in scopes.items() if scope.lower().startswith(_UNITS) for name in names]
    if scopes:
        where = "an administrative unit" if units else "a part of the tenant"
        held = (units or [name for names in scopes.values() for name in names])[0]
        observed = f"is {held} for {where} only"
    else:
        observed = "has none of the roles that make bulk tokens, as far as active assignments show"
    cause = "a bulk token needs one of these roles for the whole tenant (AADSTS240005)"
    return finding("token_role", "fail", observed, cause, fix, person.name, doc)


def _sign_in(person: Person, details: Details | None | Failure, is_federated: bool | None) -> Iterable[Finding]:
    identity, doc = "token_sign_in", DOCS["bulk"]
    if is_federated:
        yield finding(
            identity,
            "warn",
            "the user's domain is federated",
            "Microsoft documents that bulk tokens cannot be made with federated accounts",
            "use an administrator of a managed domain, such as the tenant's onmicrosoft.com",
            person.name,
            doc,
        )
    if isinstance(details, Failure):
        yield unknown(identity, details, person.name, doc)
    elif details is None or details.methods is None:
        yield finding(
            identity,
            "unknown",
            "the report of registered methods does not have the user's methods",
            "a bulk token is asked for with a password or a certificate, and no passkey or other method",
            "look at the authentication methods of the user",
            person.name,
            doc,
        )
    elif details.methods and set(details.methods) <= _PASSWORDLESS:
        yield finding(
            identity,
            "warn",
            f"has registered passwordless methods only: {', '.join(details.methods)}{_as_of(details)}",
            "a bulk token is asked for with a password or a certificate, and no passkey or other method; nothing that "
            "is registered can be used beside a password",
            "use an administrator who signs in with a password or a certificate",
            person.name,
            doc,
        )
    else:
        told = ", ".join(details.methods) or "nothing beside a password"
        yield finding(identity, "pass", f"has registered {told}{_as_of(details)}", subject=person.name, doc=doc)


def _as_of(details: Details) -> str:
    return f" (as of {details.date})" if details.date else " (as of an unknown date)"


def _scope(person: Person, mdm: Answered) -> Finding:
    identity, doc = "token_scope", DOCS["mdm"]
    if isinstance(mdm, Failure):
        return unknown(identity, mdm, person.name, doc)
    scope, groups = mdm.get("appliesTo"), set(mdm_groups(mdm))
    if scope == "all":
        return finding(identity, "pass", "everybody is in the MDM scope", subject=person.name, doc=doc)
    if scope not in ("none", "selected"):
        return finding(
            identity,
            "unknown",
            f"the MDM scope is {scope!r:.60}",
            "this collection does not know that setting",
            "look at the MDM user scope in the Microsoft Entra admin center",
            person.name,
            doc,
        )
    if groups and not isinstance(person.groups, set):
        return unknown(identity, person.groups, person.name, doc)
    if groups and person.groups & groups:
        return finding(identity, "pass", "a group of the user is in the MDM scope", subject=person.name, doc=doc)
    return finding(
        identity,
        "fail",
        "the user is not in the MDM scope",
        "who makes a bulk token must be in it",
        "add a group of the user with winops.entra.mdm_scope",
        person.name,
        doc,
    )
