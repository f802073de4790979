# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the device registration policy: who may join, how many devices, MFA.

Source: Microsoft Entra, "Manage device identities".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...findings import Finding
from ...result import Failure
from ..resources.memberships import membership_text
from .access_policies import REGISTER, Obstacle
from .findings import DOCS, finding, unknown
from .questions import Answered, Person


def join_membership(policy: Answered) -> dict:
    """``{scope, users, groups}`` of who may join; empty where the policy could not be read."""
    if isinstance(policy, Failure):
        return {}
    return membership_text((policy.get("azureADJoin") or {}).get("allowedToJoin"))


def policy(policy: Answered, people: list[Person], obstacles: list[Obstacle]) -> list[Finding]:
    """Who may join, how many devices, MFA."""
    doc = DOCS["policy"]
    if isinstance(policy, Failure):
        return [unknown("registration_policy", policy, doc=doc)]
    findings = list(_who_may_join(join_membership(policy), people))
    if policy.get("userDeviceQuota") == 0:
        findings.append(
            finding(
                "device_quota",
                "fail",
                "the registration policy allows 0 devices for each user",
                "nobody can add a device",
                "raise devices_per_user of the registration policy",
                doc=doc,
            )
        )
    findings.append(_mfa_at_join(policy, people, obstacles))
    return findings


def _who_may_join(membership: dict, people: list[Person]) -> Iterable[Finding]:
    identity, doc, scope = "join_scope", DOCS["policy"], membership["scope"]
    if scope == "all":
        yield finding(identity, "pass", "everybody may join devices", doc=doc)
    elif scope == "none":
        yield finding(
            identity,
            "fail",
            "nobody may join devices",
            "every join by a user or a package fails (0x801C0003)",
            "set join of the registration policy to all or selected",
            doc=doc,
        )
    elif scope != "selected":
        yield finding(
            identity,
            "unknown",
            f"who may join is {scope}",
            "this collection does not know that setting",
            "look at the device settings in the portal",
            doc=doc,
        )
    elif not people:
        yield finding(
            identity,
            "warn",
            f"{len(membership['users'])} users and {len(membership['groups'])} groups may join",
            "it was not checked whether the right ones are among them",
            "name them in users or user_prefixes",
            doc=doc,
        )
    else:
        for person in people:
            if person.known:
                yield _may_join(membership, person)


def _may_join(membership: dict, person: Person) -> Finding:
    identity, doc = "join_scope", DOCS["policy"]
    if person.id in membership["users"]:
        return finding(identity, "pass", "the user is named in the registration policy", subject=person.name, doc=doc)
    if membership["groups"] and not isinstance(person.groups, set):
        return unknown(identity, person.groups, person.name, doc)
    if membership["groups"] and person.groups & set(membership["groups"]):
        return finding(
            identity, "pass", "a group of the user is named in the registration policy", subject=person.name, doc=doc
        )
    fix = (
        'add the user, or a group with the rule (user.userPrincipalName -startsWith "package_"), to join of the '
        "registration policy"
        if person.package
        else "add the user, or a group of the user, to join of the registration policy"
    )
    return finding(
        identity,
        "fail",
        "the registration policy names neither the user nor a group of the user",
        "its joins fail (0x801C0003)",
        fix,
        person.name,
        doc,
    )


def _mfa_at_join(policy: dict, people: list[Person], obstacles: list[Obstacle]) -> Finding:
    identity, doc = "mfa_at_join", DOCS["policy"]
    setting = policy.get("multiFactorAuthConfiguration")
    if setting == "notRequired":
        return finding(identity, "pass", "the registration policy requires no MFA", doc=doc)
    if setting != "required":
        return finding(
            identity,
            "unknown",
            f"MFA of the registration policy is {setting!r:.60}",
            "this collection does not know that setting",
            "look at the device settings in the portal",
            doc=doc,
        )
    observed = "the registration policy requires MFA to join or register"
    twice = [obstacle.name for obstacle in obstacles if obstacle.registers and obstacle.enforced]
    both = f"Conditional Access requires it as well ({twice[0]!r}), and then it must be off here" if twice else ""
    if any(person.package for person in people):
        return finding(
            identity,
            "fail",
            observed,
            "joins with provisioning packages fail, because nobody can confirm" + (f"; {both}" if both else ""),
            "set mfa_required of the registration policy to false, and use Conditional Access",
            doc=doc,
        )
    if twice:
        return finding(
            identity,
            "warn",
            observed,
            f"{both} ({REGISTER})",
            "set mfa_required of the registration policy to false",
            doc=doc,
        )
    return finding(
        identity,
        "warn",
        observed,
        "users have to confirm MFA at the join; provisioning packages cannot",
        "set mfa_required of the registration policy to false if packages are used",
        doc=doc,
    )
