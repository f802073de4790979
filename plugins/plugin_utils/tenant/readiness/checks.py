# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a readiness check says of the tenant's settings: registration policy, security defaults, Intune, principals.

Sources: Microsoft Entra, "Manage device identities" and "Configure security defaults"; Intune, "Bulk enrollment for
Windows devices", "Device limit restrictions", "Enrollment restrictions"; Microsoft Graph, "mobilityManagementPolicy";
ImmyBot, "Azure troubleshooting" (SyncFabric); DSRegTool (service principal of device registration).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...result import Failure
from ..resources.mdm_scope import INTUNE
from ..resources.memberships import membership_text
from .conditional_access import REGISTER, Obstacle
from .findings import DOCS, Finding, unknown
from .questions import APPLICATIONS, INTUNE_ENROLLMENT, JOIN_CLIENT, REGISTRATION_SERVICE, SYNC_FABRIC, Answered, Person

_LIMIT = "#microsoft.graph.deviceEnrollmentLimitConfiguration"
_PLATFORMS = "#microsoft.graph.deviceEnrollmentPlatformRestrictionsConfiguration"


# --- registration policy ---


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
            Finding(
                "device_quota",
                "fail",
                "the registration policy allows 0 devices a user",
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
        yield Finding(identity, "pass", "everybody may join devices", doc=doc)
    elif scope == "none":
        yield Finding(
            identity,
            "fail",
            "nobody may join devices",
            "every join by a user or a package fails (0x801C0003)",
            "set join of the registration policy to all or selected",
            doc=doc,
        )
    elif scope != "selected":
        yield Finding(
            identity,
            "unknown",
            f"who may join is {scope}",
            "this collection does not know that setting",
            "look at the device settings in the portal",
            doc=doc,
        )
    elif not people:
        yield Finding(
            identity,
            "warn",
            f"{len(membership['users'])} users and {len(membership['groups'])} groups may join",
            "whether the right ones are among them was not asked",
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
        return Finding(identity, "pass", "the user is named in the registration policy", subject=person.name, doc=doc)
    if membership["groups"] and not isinstance(person.groups, set):
        return unknown(identity, person.groups, person.name, doc)
    if membership["groups"] and person.groups & set(membership["groups"]):
        return Finding(
            identity, "pass", "a group of the user is named in the registration policy", subject=person.name, doc=doc
        )
    fix = (
        'add the user, or a group with the rule (user.userPrincipalName -startsWith "package_"), to join of the '
        "registration policy"
        if person.package
        else "add the user, or a group of the user, to join of the registration policy"
    )
    return Finding(
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
    if policy.get("multiFactorAuthConfiguration") != "required":
        return Finding(identity, "pass", "the registration policy demands no MFA", doc=doc)
    observed = "the registration policy demands MFA to join or register"
    twice = [obstacle.name for obstacle in obstacles if obstacle.registers and obstacle.enforced]
    if any(person.package for person in people):
        return Finding(
            identity,
            "fail",
            observed,
            "joins by provisioning packages fail, as nobody is there to confirm",
            "set mfa_required of the registration policy to false, and use Conditional Access",
            doc=doc,
        )
    if twice:
        return Finding(
            identity,
            "warn",
            observed,
            f"Conditional Access demands it as well ({twice[0]!r}), and wants it off here ({REGISTER})",
            "set mfa_required of the registration policy to false",
            doc=doc,
        )
    return Finding(
        identity,
        "warn",
        observed,
        "users have to confirm MFA at the join; provisioning packages cannot",
        "set mfa_required of the registration policy to false where packages are used",
        doc=doc,
    )


# --- sign-in ---


def security_defaults(defaults: Answered, people: list[Person]) -> list[Finding]:
    identity, doc = "security_defaults", DOCS["defaults"]
    if isinstance(defaults, Failure):
        return [unknown(identity, defaults, doc=doc)]
    if not defaults.get("isEnabled"):
        return [Finding(identity, "pass", "security defaults are off", doc=doc)]
    package = any(person.package for person in people)
    return [
        Finding(
            identity,
            "fail" if package else "warn",
            "security defaults are on",
            "they may demand MFA of "
            + ("package users, which cannot confirm it" if package else "users who join devices"),
            "replace them by Conditional Access that leaves package users out",
            doc=doc,
        )
    ]


def principals(rows: Answered, expect_mdm: bool) -> list[Finding]:
    """Microsoft's own applications that joins and enrollments speak to."""
    identity, doc = "service_principal", DOCS["principal"]
    if isinstance(rows, Failure):
        return [unknown(identity, rows, doc=doc)]
    enabled = {str(row.get("appId")).lower(): row.get("accountEnabled") for row in rows}
    needed = {
        REGISTRATION_SERVICE: "devices cannot join or register",
        SYNC_FABRIC: "no bulk token can be made (AADSTS90092, AADSTS90202)",
        JOIN_CLIENT: "bulk tokens cannot be redeemed",
    }
    if expect_mdm:
        needed |= {INTUNE: "devices cannot enroll", INTUNE_ENROLLMENT: "devices cannot enroll"}
    findings = []
    for application, without in needed.items():
        name = APPLICATIONS[application]
        if application not in enabled and application == JOIN_CLIENT:
            findings.append(Finding(identity, "pass", "is not in the tenant, and need not be", subject=name, doc=doc))
        elif application not in enabled:
            # Packages that exist already do without the principal that makes new ones.
            findings.append(
                Finding(
                    identity,
                    "warn" if application == SYNC_FABRIC else "fail",
                    "is not in the tenant",
                    without,
                    f"create the service principal of application {application}",
                    name,
                    doc,
                )
            )
        elif enabled[application] is False:
            findings.append(
                Finding(
                    identity,
                    "fail",
                    "is disabled for sign-in",
                    without,
                    f"enable sign-in of the enterprise application {application}",
                    name,
                    doc,
                )
            )
        else:
            findings.append(Finding(identity, "pass", "is there and enabled", subject=name, doc=doc))
    return findings


# --- MDM ---


def mdm_groups(mdm: Answered) -> list[str]:
    """Object ids of the groups in the MDM scope."""
    return [group["id"].lower() for group in mdm.get("includedGroups") or []] if isinstance(mdm, dict) else []


def mdm_scope(mdm: Answered, people: list[Person]) -> Iterable[Finding]:
    identity, doc = "mdm_scope", DOCS["mdm"]
    if isinstance(mdm, Failure):
        yield unknown(identity, mdm, doc=doc)
        return
    scope, groups = mdm.get("appliesTo"), set(mdm_groups(mdm))
    if scope == "all":
        yield Finding(identity, "pass", "everybody is in the MDM scope", doc=doc)
    elif scope == "none" or not groups:
        yield Finding(
            identity,
            "fail",
            "nobody is in the MDM scope",
            "joined devices do not enroll in Intune",
            "set the scope by winops.entra.mdm_scope",
            doc=doc,
        )
    elif not people:
        yield Finding(
            identity,
            "warn",
            f"{len(groups)} groups are in the MDM scope",
            "whether the right ones are among them was not asked",
            "name users in users or user_prefixes",
            doc=doc,
        )
    for person in people if scope == "selected" and groups else ():
        if not person.known:
            continue
        if not isinstance(person.groups, set):
            yield unknown(identity, person.groups, person.name, doc)
        elif person.groups & groups:
            yield Finding(identity, "pass", "a group of the user is in the MDM scope", subject=person.name, doc=doc)
        else:
            yield Finding(
                identity,
                "fail",
                "no group of the user is in the MDM scope",
                "the devices that the user joins do not enroll in Intune",
                "add a group of the user by winops.entra.mdm_scope",
                person.name,
                doc,
            )


def enrollment(args: dict, configurations: Answered, people: list[Person]) -> list[Finding]:
    """Intune's own limit of devices a user, and whether it takes Windows at all."""
    if isinstance(configurations, Failure):
        found = unknown("enrollment_limit", configurations, doc=DOCS["limit"])
        if configurations.error["name"] == "intune_unusable":
            return [
                Finding(
                    "enrollment_limit", "fail", "the tenant has no usable Intune", found.cause, found.fix, doc=found.doc
                )
            ]
        return [found]
    return [*_restriction(configurations), *_limit(args, configurations, people)]


def _restriction(configurations: list[dict]) -> Iterable[Finding]:
    identity, doc = "enrollment_restriction", DOCS["restriction"]
    blocking = [
        row
        for row in configurations
        if row.get("@odata.type") == _PLATFORMS and (row.get("windowsRestriction") or {}).get("platformBlocked")
    ]
    for row in blocking:
        default = row.get("priority") == 0
        yield Finding(
            identity,
            "fail" if default else "warn",
            f"{row.get('displayName')!r} blocks Windows",
            "MDM enrollments fail (0x80180014)" + ("" if default else " for those it is assigned to"),
            "allow Windows (MDM) in the enrollment restriction",
            doc=doc,
        )
    if not blocking:
        yield Finding(identity, "pass", "no enrollment restriction blocks Windows", doc=doc)


def _limit(args: dict, configurations: list[dict], people: list[Person]) -> Iterable[Finding]:
    identity, doc = "enrollment_limit", DOCS["limit"]
    limits = [
        row["limit"] for row in configurations if row.get("@odata.type") == _LIMIT and row.get("limit") is not None
    ]
    if not limits:
        yield Finding(identity, "pass", "Intune has no limit of devices a user", doc=doc)
        return
    least, most = min(limits), max(limits)
    limit = str(least) if least == most else f"{least} to {most}"
    named = [person for person in people if person.known and not person.package]
    if not named:
        yield Finding(
            identity, "pass", f"Intune lets a user enroll {limit} devices; bulk enrollments do not count", doc=doc
        )
    for person in named:
        if isinstance(person.owned, Failure):
            yield unknown(identity, person.owned, person.name, doc)
            continue
        managed = sum(bool(device.get("isManaged")) for device in person.owned)
        observed = f"{managed} managed devices, and Intune's limit is {limit}"
        if managed + args["devices_per_user"] <= least:
            yield Finding(identity, "pass", observed, subject=person.name, doc=doc)
        else:
            certain = managed + args["devices_per_user"] > most
            yield Finding(
                identity,
                "fail" if certain else "warn",
                observed,
                (
                    "the device will join, but its MDM enrollment fails (0x80180013)"
                    if certain
                    else "the device's MDM enrollment may fail (0x80180013); "
                    "which limit applies depends on the user's groups"
                ),
                "remove old devices from Intune, or raise the device limit restriction",
                person.name,
                doc,
            )
