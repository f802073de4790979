# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the primary users have registered for MFA and password reset, and in which domains they are.

Null, a user who is missing and the report's date are unknown, as of that date: never a "no".

Source: Microsoft Graph, "userRegistrationDetails resource type", "domain resource type" (``authenticationType``).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ...findings import PASS, UNKNOWN, WARN, Finding
from ..because import unknown_because
from ..graph.errors import Permissions, Purpose, unreadable
from ..graph.failures import RequestFailure
from ..graph.fields import LINE, TEXT, needed, object_of
from ..users.registration_details import Details, details_item, details_of
from .findings import said
from .run import Run

_DOMAINS = Permissions.same("Domain.Read.All")
_DOMAIN_KIND = object_of({"id": needed(LINE), "authenticationType": TEXT})
_NO_NAME = "Intune does not say the user principal name"
_WHAT = "the report of registered methods"


def ask(run: Run) -> None:
    """Fill ``registration`` of every device that has a primary user. Each user is asked about once."""
    users: dict[str, str] = {}
    for device in run.devices:
        device.shown["registration"] = None
        if device.user is not None:
            users.setdefault(device.user["id"].lower(), device.user.get("userPrincipalName") or device.user["id"])
    items = [details_item(identity, name) for identity, name in users.items()]
    came = dict(zip(users, run.bodies("registration", _WHAT, items)))
    for device in run.devices:
        if device.user is None:
            continue
        found = came[device.user["id"].lower()]
        if isinstance(found, dict) and found["id"].lower() != device.user["id"].lower():
            found = unreadable(Purpose(f"read {_WHAT}", Permissions()), "it is about another user")
        if isinstance(found, RequestFailure) and not found.says_absent:
            run.not_known(device, "registration", _WHAT, found)
            continue
        if not isinstance(found, dict):
            device.shown["unread"].append(unknown_because(_WHAT, "it does not have the user"))
            device.say(_unknown("the report of registered methods does not have the primary user"))
            continue
        details = details_of(found)
        device.shown["registration"] = {
            "mfa_registered": details.mfa_registered,
            "sspr_registered": details.sspr_registered,
            "passwordless_capable": details.passwordless_capable,
            "as_of": details.date,
        }
        device.say(_judged(details))


def _unknown(observed: str) -> Finding:
    return said(
        "registration",
        UNKNOWN,
        observed,
        "the report is made by the service from time to time; a new user is not in it yet",
        "look at the authentication methods of the user",
    )


def _judged(details: Details) -> Finding:
    as_of = f"as of {details.date}" if details.date else "as of an unknown date"
    facts = {"MFA": details.mfa_registered, "password reset": details.sspr_registered}
    missing = [name for name, value in facts.items() if value is False]
    silent = [name for name, value in facts.items() if value is None]
    if missing:
        return said(
            "registration",
            WARN,
            f"the primary user has not registered for {' and '.join(missing)} ({as_of})",
            "the user is asked at the next sign-in, or cannot reset the password at the sign-in screen",
            "let the user register at https://aka.ms/mysecurityinfo",
        )
    if silent:
        return _unknown(f"whether the primary user has registered for {' and '.join(silent)} is unknown, {as_of}")
    return said("registration", PASS, f"the primary user has registered for MFA and password reset ({as_of})")


def ask_domains(run: Run) -> None:
    """Fill ``domain`` of every device that has a primary user, by one list."""
    wanted = []
    for device in run.devices:
        device.shown["domain"] = None
        if device.user is not None and "@" in (device.user.get("userPrincipalName") or ""):
            wanted.append(device)
        elif device.user is not None:
            device.shown["unread"].append(unknown_because("the domain of its primary user", _NO_NAME))
            device.say(
                said(
                    "domain",
                    UNKNOWN,
                    f"the domain of the primary user: unknown, because {_NO_NAME}",
                    "it decides where the user signs in",
                    "look at the user in the Microsoft Entra admin center; the user may be deleted",
                )
            )
    if not wanted:
        return
    kinds: dict[str, t.Any] = {}
    failure: RequestFailure | None = None
    try:
        rows = run.client.list("/domains", Purpose("list the domains of the tenant", _DOMAINS), kind=_DOMAIN_KIND)
        kinds = {row["id"].lower(): row.get("authenticationType") for row in rows}
    except RequestFailure as failed:
        failure = failed
        run.refuse("domain", "the domains of the tenant", failed)
    for device in wanted:
        name = str((device.user or {})["userPrincipalName"]).rpartition("@")[2].lower()
        if failure is not None:
            run.not_known(device, "domain", "the domain of its primary user", failure)
            continue
        federated = {"federated": True, "managed": False}.get(str(kinds.get(name) or "").lower())
        device.shown["domain"] = {"name": name, "federated": federated}
        if federated is None:
            device.say(
                said(
                    "domain",
                    UNKNOWN,
                    f"the tenant does not say whether {name} is federated",
                    "it decides where the user signs in, and which ways of sign-in there are on the device",
                    "look at the domain in the Microsoft Entra admin center",
                )
            )
        else:
            device.say(said("domain", PASS, f"{name} is {'federated' if federated else 'managed'}"))
