# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Conditional Access policies demand at a join or an enrollment, in every form that Microsoft Graph has of it.

A part that is not known here is remembered (``unknown``), so that nobody takes it for nothing. Policies for workload
identities, for directory roles only, and for sign-ins by device code or transfer stop no join.

Sources: Microsoft Graph, "conditionalAccessPolicy resource type" and the types that it names; Microsoft Entra
Conditional Access, "Target resources" (user action "Register or join devices"), "Conditions", "Grant" (a device that is
new cannot be compliant), "Authentication flows as a condition", "Microsoft-managed Conditional Access policies" (their
names cannot be changed; they are switched on at the earliest 30 days after they appear).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...options import is_guid
from ..resources.mdm_scope import INTUNE_APP_ID
from .questions import INTUNE_ENROLLMENT, REGISTRATION_SERVICE

REGISTER = "urn:user:registerdevice"
#: Guests and external users, in includeUsers and excludeUsers.
ALL_GUESTS = "guestsorexternalusers"
_MANAGED = "microsoft-managed"
_STATES = ("enabled", "enabledForReportingButNotEnforced")
_DESKTOP = {"all", "mobileAppsAndDesktopClients"}
_CLIENTS = _DESKTOP | {"browser", "exchangeActiveSync", "easSupported", "other"}
_RISKS = ("signInRiskLevels", "userRiskLevels", "servicePrincipalRiskLevels", "insiderRiskLevels", "agentIdRiskLevels")
#: Sign-ins that begin on another device, as no join does.
_FLOWS = {"devicecodeflow", "authenticationtransfer"}
_USER_WORDS = {"all", "none", ALL_GUESTS}
_APPLICATION_WORDS = {"all", "none", "office365", "microsoftadminportals", "allagentidresources"}
_ACTIONS = {REGISTER, "urn:user:registersecurityinfo"}
_CONTROLS = {
    "mfa": "mfa",
    "passwordChange": "password",
    "riskRemediation": "password",
    "compliantDevice": "device",
    "domainJoinedDevice": "device",
    "approvedApplication": "app",
    "compliantApplication": "app",
}
#: From the easiest for somebody at a new Windows device to what is out of reach.
_HARDER = ("mfa", "terms", "custom", "password", "device", "app")

_PEOPLE_FIELDS = {
    "includeUsers",
    "excludeUsers",
    "includeGroups",
    "excludeGroups",
    "includeGuestsOrExternalUsers",
    "excludeGuestsOrExternalUsers",
}
_ROLE_FIELDS = {"includeRoles", "excludeRoles"}
_CONDITION_FIELDS = {
    "users",
    "applications",
    "platforms",
    "clientAppTypes",
    "clientApplications",
    "locations",
    "devices",
    "deviceStates",
    "authenticationFlows",
    *_RISKS,
}
_APPLICATION_FIELDS = {
    "includeApplications",
    "excludeApplications",
    "includeUserActions",
    "includeAuthenticationContextClassReferences",
    "applicationFilter",
    "networkAccess",
    "globalSecureAccess",
}
_GRANT_FIELDS = {"operator", "builtInControls", "customAuthenticationFactors", "termsOfUse", "authenticationStrength"}


@dataclasses.dataclass(frozen=True)
class Obstacle:
    """A policy that touches joins. ``demand`` is block, mfa, terms, custom, password, device or app; ``where`` join or
    enrollment; ``certain`` says that nothing but the user decides whether it applies; ``enforced`` that it is not in
    report-only mode; ``registers`` that it is about the user action "Register or join devices"; ``unknown`` names the
    parts of it that are not known here, ``unknown_people`` that whom it covers is one of them. ``id`` is in lower case,
    empty where the tenant did not say it."""

    name: str
    users: dict
    demand: str
    where: str
    certain: bool
    enforced: bool
    registers: bool
    unknown: tuple[str, ...] = ()
    unknown_people: bool = False
    id: str = ""

    @property
    def managed(self) -> bool:
        """Whether Microsoft will switch it on: nobody can rename a policy that Microsoft manages."""
        return not self.enforced and is_managed(self.name)


def obstacle_of(policy: dict) -> Obstacle | None:
    """What the policy has to do with joins and enrollments of Windows devices by people; None for nothing."""
    conditions = policy.get("conditions") or {}
    users, applications = conditions.get("users") or {}, conditions.get("applications") or {}
    who = [
        *_more(users, _PEOPLE_FIELDS | _ROLE_FIELDS, "users"),
        *_words(users, ("includeUsers", "excludeUsers"), _USER_WORDS),
    ]
    if policy.get("state") == "disabled" or not (who or _for_people(users)) or not _for_windows(conditions):
        return None
    flows, other_flows = _flows(conditions)
    if flows and not other_flows:
        return None
    demand, other_demands = _demand(policy.get("grantControls") or {})
    where, other_places = _where(applications, demand)
    if (demand is None and not other_demands) or (where is None and not other_places):
        return None
    unknown = [*who, *other_flows, *other_demands, *other_places, *_more(conditions, _CONDITION_FIELDS, "conditions")]
    if policy.get("state") not in _STATES:
        unknown.append(_named("state", policy.get("state")))
    clients = set(conditions.get("clientAppTypes") or [])
    unknown += [_named("clientAppTypes", name) for name in sorted(clients - _CLIENTS) if not clients & _DESKTOP]
    return Obstacle(
        str(policy.get("displayName")),
        users,
        demand or "block",
        where or "join",
        _certain(conditions, applications),
        policy.get("state") != "enabledForReportingButNotEnforced",
        registers(policy),
        tuple(unknown),
        bool(who),
        str(policy.get("id") or "").lower(),
    )


def registers(policy: dict) -> bool:
    """Whether the policy is about the user action "Register or join devices"."""
    applications = (policy.get("conditions") or {}).get("applications") or {}
    return REGISTER in (applications.get("includeUserActions") or [])


def is_managed(name: str) -> bool:
    """Whether the name is that of a policy that Microsoft manages."""
    return name.lower().startswith(_MANAGED)


def lowered(values: list | None) -> set[str]:
    """The words and ids of a list, as they are compared."""
    return {str(value).lower() for value in values or []}


def _for_people(users: dict) -> bool:
    return bool(
        lowered(users.get("includeUsers")) - {"none"}
        or users.get("includeGroups")
        or users.get("includeGuestsOrExternalUsers")
    )


def _for_windows(conditions: dict) -> bool:
    """Whether desktop programs on Windows may be meant, which a policy against legacy authentication does not mean."""
    platforms = conditions.get("platforms") or {}
    included = lowered(platforms.get("includePlatforms"))
    if (included and not included & {"all", "windows"}) or "windows" in lowered(platforms.get("excludePlatforms")):
        return False
    clients = set(conditions.get("clientAppTypes") or [])
    return not clients or bool(clients & _DESKTOP) or bool(clients - _CLIENTS)


def _flows(conditions: dict) -> tuple[bool, list[str]]:
    """Whether the policy is only for sign-ins that begin elsewhere, and the ways of signing in that are not known."""
    said = str((conditions.get("authenticationFlows") or {}).get("transferMethods") or "none")
    asked = {name.strip() for name in said.split(",")} - {"none", ""}
    other = sorted(name for name in asked if name.lower() not in _FLOWS)
    return bool(asked), [_named("transferMethods", name) for name in other]


def _demand(grant: dict) -> tuple[str | None, list[str]]:
    """What is asked at least (with OR the easiest of the controls, with AND the hardest), and what is not known."""
    controls = list(grant.get("builtInControls") or [])
    if "block" in controls:
        return "block", []
    asked = {_CONTROLS[control] for control in controls if control in _CONTROLS}
    more = {"authenticationStrength": "mfa", "termsOfUse": "terms", "customAuthenticationFactors": "custom"}
    asked |= {demand for name, demand in more.items() if grant.get(name)}
    unknown = [_named("builtInControls", control) for control in controls if control not in _CONTROLS]
    unknown += _more(grant, _GRANT_FIELDS, "grantControls")
    if grant.get("operator") not in (None, "AND", "OR"):
        unknown.append(_named("operator", grant["operator"]))
    ordered = [demand for demand in _HARDER if demand in asked]
    return (ordered[-1 if grant.get("operator") == "AND" else 0] if ordered else None), unknown


def _where(applications: dict, demand: str | None) -> tuple[str | None, list[str]]:
    """join, enrollment, or None where the policy is about other applications; and what is not known of it."""
    if REGISTER in (applications.get("includeUserActions") or []):
        return "join", []
    included = lowered(applications.get("includeApplications"))
    excluded = lowered(applications.get("excludeApplications"))
    filtered = (applications.get("applicationFilter") or {}).get("mode") == "include"

    def reached(application: str) -> bool:
        return application not in excluded and (filtered or "all" in included or application in included)

    # Demands on the device are not made at the registration, which is what brings the device in the first place.
    if demand != "device" and reached(REGISTRATION_SERVICE):
        return "join", []
    if reached(INTUNE_ENROLLMENT) or (demand != "device" and reached(INTUNE_APP_ID)):
        return "enrollment", []
    unknown = [
        _named("includeUserActions", action)
        for action in applications.get("includeUserActions") or []
        if action not in _ACTIONS
    ]
    unknown += _words(applications, ("includeApplications",), _APPLICATION_WORDS)
    return None, unknown + _more(applications, _APPLICATION_FIELDS, "applications")


def _certain(conditions: dict, applications: dict) -> bool:
    locations = conditions.get("locations") or {}
    everywhere = locations.get("includeLocations") in (None, [], ["All"]) and not locations.get("excludeLocations")
    return everywhere and not (
        any(conditions.get(risk) for risk in _RISKS)
        or any((conditions.get("devices") or {}).values())
        or any((conditions.get("deviceStates") or {}).values())
        or applications.get("applicationFilter")
    )


def _words(part: dict, fields: tuple[str, ...], known: set[str]) -> list[str]:
    """The entries of these lists that are neither ids nor known words."""
    return [
        _named(field, entry)
        for field in fields
        for entry in part.get(field) or []
        if not is_guid(str(entry)) and str(entry).lower() not in known
    ]


def _more(part: dict, known: set[str], place: str) -> list[str]:
    """The fields of a part that say something and are not known. Annotations of OData say nothing."""
    return [_named(place, name) for name, value in part.items() if value and name not in known and "@" not in name]


def _named(place: str, value: t.Any) -> str:
    return f"{place} {value!r:.60}"
