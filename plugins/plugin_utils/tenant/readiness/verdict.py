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
from ..graph.batch import Item
from ..users import registration_details
from ..what_if.classes import Conditions
from . import (
    asked,
    by_service,
    conditional_access,
    domains,
    enrollment,
    limits,
    preparation,
    registration,
    sign_in,
    token_requesters,
    users,
)
from .access_policies import Obstacle, registers
from .findings import DOCS, READINESS_IDS, unknown
from .questions import PACKAGE_USER, Answered, Person, ask, ask_memberships, user_item

_NAMES = ("users", "user_prefixes", "token_requesters")
#: The beginnings of the names of questions.
_ROLE, _REQUESTER = "who is ", "requester "


def judge(task: Task) -> dict:
    """The work of the module: ``{"findings": [...], "summary": {result: n}, "ready": bool or None}``.

    Failure where a finding is one that the option ``fail_on`` names.
    """
    args = task.args
    for option in _NAMES:
        refuse_empty(args[option] or [], option)
    require_known(args["fail_on"], READINESS_IDS)
    asked.require_possible(args)
    requested = list(dict.fromkeys(args["token_requesters"] or []))
    said, people = ask(task, _more(args, requested))
    look = _Look(said, people, [Person(name, said[_REQUESTER + name]) for name in requested])
    if args["device_preparation"]:
        said["preparation"] = preparation.ask(task.client)
    look.limits = limits.ask(task.client, said.get("enrollment", []))
    looked_at = asked.conditions(said["access"])
    ask_memberships(task.client, [*people, *look.requesters], look.groups(looked_at))
    known = {person.id: person.name for person in look.requesters if person.known}
    look.details = registration_details.of_users(task.client, known)
    look.asked = asked.ask(task, said["access"], looked_at, people)
    findings = look.findings(args)
    counts = summary(findings)
    task.learned.update(findings=[one.as_dict() for one in findings], summary=counts, ready=_ready(counts))
    failure = verdict(findings, args["fail_on"], "the tenant is not ready for joins", "readiness")
    if failure:
        raise failure
    return {}


def _more(args: dict, requesters: list[str]) -> dict[str, Item]:
    """What is asked of the tenant for these options only."""
    names = [*(args["users"] or []), *(args["user_prefixes"] or [])]
    more = {}
    if requesters or any(not name.lower().startswith(PACKAGE_USER) for name in names):
        more["domains"] = domains.DOMAINS
    if requesters:
        more |= {_ROLE + name: item for name, item in token_requesters.role_items().items()}
        more |= {_REQUESTER + name: user_item(name) for name in requesters}
    return more


def _ready(counts: dict[str, int]) -> bool | None:
    """False where something stands in the way; None where nothing does that is known, and not all is known."""
    return False if counts[FAIL] else None if counts[UNKNOWN] else True


@dataclasses.dataclass
class _Look:
    """Everything that was read: ``said`` by the names of the questions, and what was asked after that."""

    said: dict[str, Answered]
    people: list[Person]
    requesters: list[Person]
    limits: list[limits.Limit] = dataclasses.field(default_factory=list)
    details: dict = dataclasses.field(default_factory=dict)
    asked: asked.Asked = asked.Asked({}, [])

    @property
    def obstacles(self) -> list[Obstacle]:
        access = self.said["access"]
        return conditional_access.obstacles(access if isinstance(access, list) else [])

    @property
    def roles(self) -> dict[str, Answered]:
        return {name.removeprefix(_ROLE): rows for name, rows in self.said.items() if name.startswith(_ROLE)}

    def groups(self, looked_at: Conditions) -> set[str]:
        """Every group on which a finding depends."""
        groups = conditional_access.groups_of(self.obstacles) | looked_at.groups
        groups |= set(registration.join_membership(self.said["policy"]).get("groups") or [])
        groups |= set(enrollment.mdm_groups(self.said.get("mdm")))
        groups |= token_requesters.groups_with_roles(self.roles)
        groups |= {group for limit in self.limits for group in limit.groups}
        return {group for group in groups if is_guid(group)}

    def findings(self, args: dict) -> list[Finding]:
        """All of them, in the order of the ids."""
        said, people, obstacles = self.said, self.people, self.obstacles
        findings = [*registration.policy(said["policy"], people, obstacles)]
        findings += users.users(args, said["policy"], people)
        if "domains" in said:
            findings += domains.judge(said["domains"], people)
        findings += self._access(args, obstacles)
        findings += sign_in.security_defaults(said["defaults"], people)
        findings += sign_in.principals(said["principals"], args["expect_mdm"], bool(self.requesters))
        if args["expect_mdm"]:
            findings += enrollment.mdm_scope(said["mdm"], people)
            findings += enrollment.enrollment(args, said["enrollment"], self.limits, people)
            findings.append(preparation.corporate(said["identifiers"]))
        if args["device_preparation"]:
            findings += preparation.preparation(said["preparation"], said["policy"])
        if self.requesters:
            joining = {person.name for person in people}
            findings += [users.account(person) for person in self.requesters if person.name not in joining]
            findings += token_requesters.judge(
                self.requesters, self.roles, self.details, said["domains"], said.get("mdm")
            )
        return _of_those_found(findings, people)

    def _access(self, args: dict, obstacles: list[Obstacle]) -> list[Finding]:
        access = self.said["access"]
        known = [person for person in self.people if person.known]
        about_joins, findings = None, []
        if isinstance(access, Failure):
            findings.append(unknown("conditional_access", access, doc=DOCS["access"]))
        else:
            about_joins = {str(row.get("id")).lower() for row in access if registers(row)}
        if known or (not self.people and about_joins is not None):
            read = by_service.Reading(obstacles, about_joins, args["ip_address"] is not None)
            findings += by_service.judge(read, known, self.asked.answers)
        return findings + self.asked.findings


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
