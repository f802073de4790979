# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the MDM enrollment that follows a join: MDM scope, limit of devices.

Sources: Intune, "Bulk enrollment for Windows devices", "Device limit restrictions";
Microsoft Graph, "mobilityManagementPolicy".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...findings import Finding
from ...result import Failure
from .findings import DOCS, finding, unknown
from .questions import Answered, Person
from .restrictions import LIMIT_TYPE, platform_restrictions, without_type

_LIMIT_KINDS = ("limit", "defaultLimit")


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
        yield finding(identity, "pass", "everybody is in the MDM scope", doc=doc)
    elif scope not in ("none", "selected"):
        yield finding(
            identity,
            "unknown",
            f"the MDM scope is {scope!r:.60}",
            "this collection does not know that setting",
            "look at the MDM user scope in the Microsoft Entra admin center",
            doc=doc,
        )
    elif scope == "none" or not groups:
        yield finding(
            identity,
            "fail",
            "nobody is in the MDM scope",
            "joined devices do not enroll in Intune",
            "set the scope with winops.entra.mdm_scope",
            doc=doc,
        )
    elif not people:
        yield finding(
            identity,
            "warn",
            f"{len(groups)} groups are in the MDM scope",
            "it was not checked whether the right ones are among them",
            "name users in users or user_prefixes",
            doc=doc,
        )
    for person in people if scope == "selected" and groups else ():
        if not person.known:
            continue
        if not isinstance(person.groups, set):
            yield unknown(identity, person.groups, person.name, doc)
        elif person.groups & groups:
            yield finding(identity, "pass", "a group of the user is in the MDM scope", subject=person.name, doc=doc)
        else:
            yield finding(
                identity,
                "fail",
                "no group of the user is in the MDM scope",
                "the devices that the user joins do not enroll in Intune",
                "add a group of the user with winops.entra.mdm_scope",
                person.name,
                doc,
            )


def enrollment(args: dict, configurations: Answered, people: list[Person]) -> list[Finding]:
    """Intune's own limit of devices a user, and whether it takes Windows at all."""
    if isinstance(configurations, Failure):
        found = unknown("enrollment_limit", configurations, doc=DOCS["limit"])
        if configurations.error["name"] == "intune_unusable":
            return [
                finding(
                    "enrollment_limit", "fail", "the tenant has no usable Intune", found.cause, found.fix, doc=found.doc
                )
            ]
        return [found]
    return [*platform_restrictions(configurations, people), *_limit(args, configurations, people)]


def _limit(args: dict, configurations: list[dict], people: list[Person]) -> Iterable[Finding]:
    identity, doc = "enrollment_limit", DOCS["limit"]
    rows = [row for row in configurations if row.get("@odata.type") == LIMIT_TYPE or without_type(row, _LIMIT_KINDS)]
    limits = [row["limit"] for row in rows if row.get("limit") is not None]
    if len(limits) < len(rows):
        yield finding(
            identity,
            "unknown",
            "there is a device limit, but the tenant does not show its number",
            "users may not be able to enroll more devices (0x80180013)",
            "look at the device limit restrictions in the Intune admin center",
            doc=doc,
        )
        return
    if not limits:
        yield finding(identity, "pass", "Intune has no device limit for users", doc=doc)
        return
    least, most = min(limits), max(limits)
    limit = str(least) if least == most else f"{least} to {most}"
    named = [person for person in people if person.known and not person.package]
    if not named:
        yield finding(
            identity, "pass", f"Intune lets a user enroll {limit} devices; bulk enrollments do not count", doc=doc
        )
    for person in named:
        if isinstance(person.owned, Failure):
            yield unknown(identity, person.owned, person.name, doc)
            continue
        managed = sum(bool(device.get("isManaged")) for device in person.owned)
        observed = f"{managed} managed devices, and Intune's limit is {limit}"
        if managed + args["devices_per_user"] <= least:
            yield finding(identity, "pass", observed, subject=person.name, doc=doc)
        else:
            certain = managed + args["devices_per_user"] > most
            yield finding(
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
