# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a readiness check says of each user: is there, enabled, and may own more devices.

Sources: Microsoft Entra, "Manage device identities" (joined and registered devices count against the quota, disabled
ones too, hybrid ones not); AADInternals, "Bulk join" (devices of package users do not count, tested in 2021).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import Finding
from ...result import Failure
from ..resources.registration_policy import LARGEST_QUOTA
from .findings import DOCS, finding, unknown
from .licences import licence
from .questions import PACKAGE_USER, Answered, Person

COUNTED = ("AzureAd", "Workplace")
#: Trust types of devices that do not: hybrid joined ones, and objects that no device has joined as yet.
UNCOUNTED = ("ServerAd", None)


def users(args: dict, policy: Answered, people: list[Person]) -> list[Finding]:
    """The findings about each user, in the order in which they were named."""
    findings = []
    for person in people:
        findings.append(account(person))
        if not person.known:
            continue
        if not person.package:
            findings += [licence(person)] if args["expect_mdm"] else []
            findings.append(_quota(args, policy, person))
    return findings


def account(person: Person) -> Finding:
    """Whether the user is there and enabled."""
    identity, doc = "user", DOCS["bulk"] if person.package else None
    if isinstance(person.row, Failure):
        if getattr(person.row, "status", None) == 404:
            return finding(
                identity,
                "fail",
                "the tenant has no such user",
                "a package's bulk token stops working with its user"
                if person.package
                else "nobody can join as this user",
                "make a new provisioning package" if person.package else "check the spelling",
                person.name,
                doc,
            )
        return unknown(identity, person.row, person.name, doc)
    if not person.known:  # a prefix without users
        return finding(
            identity,
            "fail" if person.name.startswith(PACKAGE_USER) else "warn",
            "the tenant has no user with such a name",
            "there is no user for a join",
            "make a provisioning package, or correct user_prefixes",
            person.name,
            doc,
        )
    if person.row.get("accountEnabled") is None:
        return finding(
            identity,
            "unknown",
            "the tenant does not show whether the user is enabled",
            "the application permission User.Read.All is missing",
            "grant it, and give admin consent",
            person.name,
            doc,
            permissions=("User.Read.All",),
        )
    if not person.row["accountEnabled"]:
        return finding(
            identity,
            "fail",
            "the user is disabled",
            "a disabled user gets no token, and cannot join",
            "enable the user",
            person.name,
            doc,
        )
    return finding(identity, "pass", "the user exists and is enabled", subject=person.name, doc=doc)


def _quota(args: dict, policy: Answered, person: Person) -> Finding:
    identity, doc = "device_quota", DOCS["policy"]
    for source in (policy, person.owned):
        if isinstance(source, Failure):
            return unknown(identity, source, person.name, doc)
    quota, wanted = policy["userDeviceQuota"], args["devices_per_user"]
    owned = sum(device.get("trustType") in COUNTED for device in person.owned)
    if quota >= LARGEST_QUOTA:
        return finding(identity, "pass", f"{owned} devices, no quota", subject=person.name, doc=doc)
    observed = f"{owned} of {quota} devices"
    if quota - owned < wanted:
        return finding(
            identity,
            "fail",
            observed,
            f"{wanted} more cannot be joined (0x801C000E); joined and registered devices count, also disabled ones",
            "delete the user's old devices, or raise devices_per_user of the registration policy",
            person.name,
            doc,
        )
    strange = sum(device.get("trustType") not in (*COUNTED, *UNCOUNTED) for device in person.owned)
    if quota - owned - strange < wanted:
        return finding(
            identity,
            "unknown",
            f"{observed}, and {strange} of a kind that this collection does not know",
            "whether those count against the quota is not known",
            "look at the user's devices in the Microsoft Entra admin center",
            person.name,
            doc,
        )
    return finding(identity, "pass", observed, subject=person.name, doc=doc)
