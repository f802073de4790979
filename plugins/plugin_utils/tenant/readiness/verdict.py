# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Would joins succeed? A list of findings; what cannot be read is a finding, too, and never an error.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from ...findings import FAIL, UNKNOWN, WARN, Finding, require_known, summary, verdict
from ...options import is_guid, refuse_empty
from ...result import Failure
from ...task import Task
from . import conditional_access, enrollment, preparation, registration, sign_in, users
from .access_policies import Obstacle
from .findings import DOCS, READINESS_IDS, unknown
from .questions import Answered, Person, ask, ask_memberships


def judge(task: Task) -> dict:
    """The work of the module: ``{"findings": [...], "summary": {result: n}, "ready": bool or None}``.

    Failure where a finding is one that the option ``fail_on`` names.
    """
    args = task.args
    for option in ("users", "user_prefixes"):
        refuse_empty(args[option] or [], option)
    require_known(args["fail_on"], READINESS_IDS)
    said, people = ask(task)
    if args["device_preparation"]:
        said["preparation"] = preparation.ask(task.client)
    policies = said["access"] if isinstance(said["access"], list) else []
    obstacles = conditional_access.obstacles(policies)
    ask_memberships(task.client, people, _groups(said, obstacles))
    findings = _findings(args, said, people, obstacles)
    counts = summary(findings)
    task.learned.update(findings=[one.as_dict() for one in findings], summary=counts, ready=_ready(counts))
    failure = verdict(findings, args["fail_on"], "the tenant is not ready for joins", "readiness")
    if failure:
        raise failure
    return {}


def _ready(counts: dict[str, int]) -> bool | None:
    """False where something stands in the way; None where nothing does that is known, and not all is known."""
    return False if counts[FAIL] else None if counts[UNKNOWN] else True


def _groups(said: dict[str, Answered], obstacles: list[Obstacle]) -> set[str]:
    """Every group on which a finding depends."""
    groups = conditional_access.groups_of(obstacles)
    groups |= set(registration.join_membership(said["policy"]).get("groups") or [])
    groups |= set(enrollment.mdm_groups(said.get("mdm")))
    return {group for group in groups if is_guid(group)}


def _findings(args: dict, said: dict[str, Answered], people: list[Person], obstacles: list[Obstacle]) -> list[Finding]:
    known = [person for person in people if person.known]
    findings = [*registration.policy(said["policy"], people, obstacles)]
    findings += users.users(args, said["policy"], people)
    if isinstance(said["access"], Failure):
        findings.append(unknown("conditional_access", said["access"], doc=DOCS["access"]))
    elif known or not people:
        findings += conditional_access.judge(obstacles, known)
    findings += sign_in.security_defaults(said["defaults"], people)
    findings += sign_in.principals(said["principals"], args["expect_mdm"])
    if args["expect_mdm"]:
        findings += enrollment.mdm_scope(said["mdm"], people)
        findings += enrollment.enrollment(args, said["enrollment"], people)
        findings.append(preparation.corporate(said["identifiers"]))
    if args["device_preparation"]:
        findings += preparation.preparation(said["preparation"], said["policy"])
    return _of_those_found(findings, people)


def _of_those_found(findings: list[Finding], people: list[Person]) -> list[Finding]:
    """Nobody sees whose token is in a package, and users of old packages stay in a tenant: as long as one of the users
    that were found by a prefix can join, the others are worth a warning only."""
    found = {person.name for person in people if person.found}
    stopped = {one.subject for one in findings if one.result == FAIL} & found
    if stopped == found:
        return findings
    return [
        dataclasses.replace(one, result=WARN, cause=f"{one.cause}; it matters if a package has this user")
        if one.result == FAIL and one.subject in stopped
        else one
        for one in findings
    ]
