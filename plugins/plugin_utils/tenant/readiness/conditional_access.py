# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Conditional Access policies may stand in the way of a join or an enrollment.

This does not evaluate policies: locations, risks and device filters are known at sign-in only, and where a policy has
such conditions it is said that it may apply. Policies for directory roles are left out.

Sources: Microsoft Entra Conditional Access, "Target resources" (user action "Register or join devices"), "Conditions",
"Grant" (a device that is new cannot be compliant); ImmyBot, "Azure troubleshooting" (bulk joins that fail for MFA).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from ...findings import Finding
from ..resources.mdm_scope import INTUNE_APP_ID
from .findings import DOCS, finding, unknown
from .questions import INTUNE_ENROLLMENT, REGISTRATION_SERVICE, Person

REGISTER = "urn:user:registerdevice"
_DESKTOP = {"all", "mobileAppsAndDesktopClients"}
_RISKS = ("signInRiskLevels", "userRiskLevels", "servicePrincipalRiskLevels", "insiderRiskLevels")
_WHO_GUESTS = "GuestsOrExternalUsers"


@dataclasses.dataclass(frozen=True)
class Obstacle:
    """A policy that touches joins. ``demand`` is block, mfa or device; ``where`` join or enrollment; ``certain``
    says that nothing but the user decides whether it applies; ``enforced`` that it is not in report-only mode;
    ``registers`` that it is about the user action "Register or join devices"."""

    name: str
    users: dict
    demand: str
    where: str
    certain: bool
    enforced: bool
    registers: bool

    def covers(self, person: Person) -> bool | None:
        """Whether the policy is about the user. None where the user's groups are not known."""
        if person.id in _lower(self.users.get("excludeUsers")):
            return False
        guest = person.row.get("userType") == "Guest"
        if guest and (_WHO_GUESTS in (self.users.get("excludeUsers") or [])):
            return False
        excluded, included = _lower(self.users.get("excludeGroups")), _lower(self.users.get("includeGroups"))
        listed = _lower(self.users.get("includeUsers"))
        direct = "all" in listed or person.id in listed or (guest and _WHO_GUESTS.lower() in listed)
        if not direct and not included:
            return False
        if not isinstance(person.groups, set):
            return None if excluded or not direct else True
        return not person.groups & excluded and (direct or bool(person.groups & included))


def obstacles(policies: list[dict]) -> list[Obstacle]:
    """The policies that touch the join or the enrollment of a Windows device."""
    found = (_obstacle(policy) for policy in policies if policy.get("state") != "disabled")
    return [obstacle for obstacle in found if obstacle is not None]


def groups_of(found: list[Obstacle]) -> set[str]:
    """Every group that decides whether one of the policies applies."""
    return {
        group
        for obstacle in found
        for option in ("includeGroups", "excludeGroups")
        for group in obstacle.users.get(option) or []
    }


def judge(found: list[Obstacle], people: list[Person]) -> list[Finding]:
    """Findings for each user, or about the policies where no user is named."""
    identity = "conditional_access"
    if not people:
        return [
            finding(
                identity,
                "warn",
                _says(obstacle),
                "it may stop joins of the users that it covers",
                "name the users to see whether it covers them",
                obstacle.name,
                DOCS["access"],
            )
            for obstacle in found
            if obstacle.enforced
        ] or [finding(identity, "pass", "no policy requires anything at a join", doc=DOCS["access"])]
    findings = []
    for person in people:
        obstacles = [finding for obstacle in found for finding in _about(obstacle, person)]
        findings += obstacles or [
            finding(
                identity,
                "pass",
                "no policy blocks this user's joins",
                subject=person.name,
                doc=DOCS["access"],
            )
        ]
    return findings


def _about(obstacle: Obstacle, person: Person) -> list[Finding]:
    identity, covered = "conditional_access", obstacle.covers(person)
    if covered is False or (not obstacle.enforced and not person.package):
        return []
    if covered is None:
        return [unknown(identity, person.groups, person.name, DOCS["access"])]
    grave = obstacle.demand == "block" or (obstacle.demand == "mfa" and person.package)
    result = "fail" if grave and obstacle.certain and obstacle.enforced else "warn"
    may = "" if obstacle.certain and obstacle.enforced else "may "
    what = "joins" if obstacle.where == "join" else "MDM enrollments"
    cause = {
        "block": f"it {may or 'will '}block the {what} of this user",
        "mfa": (
            f"it {may or 'will '}stop the {what} of this package user, because nobody can confirm MFA"
            if person.package
            else f"the user {may or 'will '}have to confirm MFA at {what}"
        ),
        "device": f"it may stop the {what} of this user, because a new device cannot be compliant or joined before",
    }[obstacle.demand]
    if not obstacle.enforced:
        cause = "once it is switched on, " + cause
    app = "Microsoft Intune Enrollment" if obstacle.where == "enrollment" else None
    fix = (
        f"exclude the application {app} ({INTUNE_ENROLLMENT}) from the policy"
        if app
        else "exclude the package users' group from the policy"
        if person.package or obstacle.demand == "block"
        else "have MFA set up before the join, or exclude the user"
    )
    return [finding(identity, result, _says(obstacle), cause, fix, person.name, DOCS["access"])]


def _says(obstacle: Obstacle) -> str:
    demand = {"block": "blocks", "mfa": "requires MFA for", "device": "requires a compliant or joined device for"}
    mode = "" if obstacle.enforced else " (report-only)"
    scope = "" if obstacle.certain else ", under conditions that are known only at sign-in"
    return f"the policy {obstacle.name!r}{mode} {demand[obstacle.demand]} {obstacle.where}s{scope}"


def _obstacle(policy: dict) -> Obstacle | None:
    conditions = policy.get("conditions") or {}
    demand = _demand(policy.get("grantControls") or {})
    where = _where(conditions.get("applications") or {}, demand)
    if demand is None or where is None or not _for_windows(conditions):
        return None
    certain = not (
        any(conditions.get(risk) for risk in _RISKS)
        or (conditions.get("locations") or {}).get("includeLocations")
        or (conditions.get("devices") or {}).get("deviceFilter")
        or conditions.get("authenticationFlows")
        or (conditions.get("applications") or {}).get("applicationFilter")
    )
    actions = (conditions.get("applications") or {}).get("includeUserActions") or []
    return Obstacle(
        str(policy.get("displayName")),
        conditions.get("users") or {},
        demand,
        where,
        certain,
        policy.get("state") == "enabled",
        REGISTER in actions,
    )


def _demand(grant: dict) -> str | None:
    """What is asked at least: with OR the easiest of the controls, with AND the hardest."""
    controls = set(grant.get("builtInControls") or [])
    if "block" in controls:
        return "block"
    asked = {"mfa" if control == "mfa" else "device" for control in controls}
    if grant.get("authenticationStrength"):
        asked.add("mfa")
    if not asked:
        return None
    easiest = grant.get("operator") != "AND"
    return "mfa" if asked == {"mfa"} or (easiest and "mfa" in asked) else "device"


def _where(applications: dict, demand: str | None) -> str | None:
    """join, enrollment, or None where the policy is about other applications."""
    if REGISTER in (applications.get("includeUserActions") or []):
        return "join"
    included = _lower(applications.get("includeApplications"))
    excluded = _lower(applications.get("excludeApplications"))

    def reached(application: str) -> bool:
        return application not in excluded and ("all" in included or application in included)

    # Demands on the device are not made at the registration, which is what brings the device in the first place.
    if demand != "device" and reached(REGISTRATION_SERVICE):
        return "join"
    return "enrollment" if reached(INTUNE_ENROLLMENT) or (demand != "device" and reached(INTUNE_APP_ID)) else None


def _for_windows(conditions: dict) -> bool:
    """Whether desktop programs on Windows are meant, which a policy against legacy authentication does not mean."""
    platforms = conditions.get("platforms") or {}
    included = _lower(platforms.get("includePlatforms"))
    if (included and not included & {"all", "windows"}) or "windows" in _lower(platforms.get("excludePlatforms")):
        return False
    clients = set(conditions.get("clientAppTypes") or [])
    return not clients or bool(clients & _DESKTOP)


def _lower(values: list | None) -> set[str]:
    return {str(value).lower() for value in values or []}
