# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Conditional Access policies may stand in the way of a join or an enrollment, as they are read.

This does not evaluate policies: locations, risks and device filters are known at sign-in only, and where a policy has
such conditions it is said that it may apply. Policies for directory roles are left out. Of a policy that has a part
which is not known here it is said that it is unknown what it does.

Source: ImmyBot, "Azure troubleshooting" (bulk joins that fail for MFA).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import Finding
from ...result import Failure
from .access_policies import Obstacle, obstacle_of
from .covered import covered
from .findings import DOCS, finding, unknown
from .questions import INTUNE_ENROLLMENT, Person

_IDENTITY = "conditional_access"
#: Only a person can do what these require.
_OF_PEOPLE = {
    "mfa": "confirm MFA",
    "terms": "accept terms of use",
    "custom": "pass a custom control",
    "password": "change the password",
}
_OUT_OF_REACH = {
    "device": "a new device cannot be compliant or joined before",
    "app": "no approved or protected app takes part in it",
}
_DEMANDS = {
    "block": "blocks",
    "mfa": "requires MFA for",
    "terms": "requires that somebody accepts terms of use for",
    "custom": "requires a custom control for",
    "password": "requires a change of the password for",
    "device": "requires a compliant or joined device for",
    "app": "requires an approved or protected app for",
}


def obstacles(policies: list[dict]) -> list[Obstacle]:
    """The policies that touch the join or the enrollment of a Windows device."""
    return [found for found in map(obstacle_of, policies) if found is not None]


def groups_of(found: list[Obstacle]) -> set[str]:
    """Every group that decides whether one of the policies applies."""
    return {
        group
        for obstacle in found
        for option in ("includeGroups", "excludeGroups")
        for group in obstacle.users.get(option) or []
    }


def about_nobody(found: list[Obstacle]) -> list[Finding]:
    """Findings about the policies, where no user is named."""
    return [_in_general(obstacle) for obstacle in found if obstacle.enforced or obstacle.managed] or [
        finding(_IDENTITY, "pass", "no policy requires anything at a join", doc=DOCS["access"])
    ]


def _in_general(obstacle: Obstacle) -> Finding:
    if obstacle.unknown:
        return _unknown_form(obstacle, obstacle.name)
    return finding(
        _IDENTITY,
        "warn",
        _says(obstacle),
        f"{once(obstacle.managed, obstacle.enforced)}it may stop joins of the users that it covers",
        "name the users to see whether it covers them",
        obstacle.name,
        DOCS["access"],
    )


def about(obstacle: Obstacle, person: Person) -> list[Finding]:
    """What the policy does to the user, as it is read: nothing where it is about others."""
    about = covered(obstacle.users, person)
    if about is False and not obstacle.unknown_people:
        return []
    if not obstacle.enforced and not person.package and not obstacle.managed:
        return [report_only(_says(obstacle), person.name)] if about is True and not obstacle.unknown else []
    if obstacle.unknown:
        return [_unknown_form(obstacle, person.name)]
    if isinstance(about, Failure):
        return [unknown(_IDENTITY, about, person.name, DOCS["access"])]
    if isinstance(about, str):
        return [_unknown_cover(obstacle, about, person.name)]
    grave = obstacle.demand == "block" or (obstacle.demand in _OF_PEOPLE and person.package)
    result = "fail" if grave and obstacle.certain and obstacle.enforced else "warn"
    cause = once(obstacle.managed, obstacle.enforced) + _cause(obstacle, person)
    return [finding(_IDENTITY, result, _says(obstacle), cause, _fix(obstacle, person), person.name, DOCS["access"])]


def report_only(says: str, subject: str) -> Finding:
    """A policy in report-only mode that nobody is going to switch on, as far as that is known."""
    return finding(_IDENTITY, "pass", f"{says}, and stops nobody in that mode", subject=subject, doc=DOCS["access"])


def once(managed: bool, enforced: bool) -> str:
    """The beginning of the cause for a policy that is not on."""
    if managed:
        return (
            "it will be switched on by Microsoft, at the earliest 30 days after it appeared, unless somebody switches "
            "it off; then "
        )
    return "" if enforced else "once it is switched on, "


def _cause(obstacle: Obstacle, person: Person) -> str:
    may = "" if obstacle.certain and obstacle.enforced else "may "
    what = "joins" if obstacle.where == "join" else "MDM enrollments"
    if obstacle.demand == "block":
        return f"it {may or 'will '}block the {what} of this user"
    if obstacle.demand in _OUT_OF_REACH:
        return f"it may stop the {what} of this user, because {_OUT_OF_REACH[obstacle.demand]}"
    asked = _OF_PEOPLE[obstacle.demand]
    if person.package:
        return f"it {may or 'will '}stop the {what} of this package user, because nobody can {asked}"
    return f"the user {may or 'will '}have to {asked} at {what}"


def _fix(obstacle: Obstacle, person: Person) -> str:
    if obstacle.where == "enrollment":
        return f"exclude the application Microsoft Intune Enrollment ({INTUNE_ENROLLMENT}) from the policy"
    if person.package:
        return "exclude the package users' group from the policy"
    if obstacle.demand == "block":
        return "exclude the user from the policy"
    if obstacle.demand == "mfa":
        return "have MFA set up before the join, or exclude the user"
    return "tell the user what will be asked, or exclude the user from the policy"


def _says(obstacle: Obstacle) -> str:
    scope = "" if obstacle.certain else ", under conditions that are known only at sign-in"
    return f"{policy_named(obstacle.name, obstacle.enforced)} {_DEMANDS[obstacle.demand]} {obstacle.where}s{scope}"


def policy_named(name: str, enforced: bool) -> str:
    """A policy in a sentence."""
    return f"the policy {name!r}" + ("" if enforced else " (report-only)")


def _unknown_form(obstacle: Obstacle, subject: str) -> Finding:
    return finding(
        _IDENTITY,
        "unknown",
        f"{policy_named(obstacle.name, obstacle.enforced)} has parts that this collection does not know: "
        + ", ".join(obstacle.unknown),
        "it may stop joins or MDM enrollments",
        "look at the policy in the Microsoft Entra admin center; What If shows what it does to a user",
        subject,
        DOCS["access"],
    )


def _unknown_cover(obstacle: Obstacle, why: str, subject: str) -> Finding:
    return finding(
        _IDENTITY,
        "unknown",
        f"whether {policy_named(obstacle.name, obstacle.enforced)} covers the user cannot be told: {why}",
        f"it {_DEMANDS[obstacle.demand]} {obstacle.where}s",
        "ask What If in the Microsoft Entra admin center about the user",
        subject,
        DOCS["access"],
    )
