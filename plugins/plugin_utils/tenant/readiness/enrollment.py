# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the MDM enrollment that follows a join: MDM scope, and whether Intune takes the devices.

Sources: Intune, "Bulk enrollment for Windows devices"; Microsoft Graph, "mobilityManagementPolicy".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...findings import Finding
from ...result import Failure
from . import limits
from .findings import DOCS, finding, unknown
from .questions import Answered, Person
from .restrictions import platform_restrictions


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


def enrollment(
    args: dict, configurations: Answered, assigned: list[limits.Limit], people: list[Person]
) -> list[Finding]:
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
    return [*platform_restrictions(configurations, people), *limits.judge(args, configurations, assigned, people)]
