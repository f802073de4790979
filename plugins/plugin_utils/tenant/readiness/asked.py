# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service itself asked about joins: what Conditional Access says when each user registers or joins a device.

The device is one that is about to join: Windows, no id, not compliant, joined to nothing. An answer about a package's
user would prove nothing, because its token is redeemed by a sign-in that is not interactive.

Source: Microsoft Graph, "conditionalAccessRoot: evaluate", "userActionContext resource type".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Hashable

from ...findings import Finding
from ...result import Failure
from ...task import Task
from ..graph.batch import Item
from ..what_if import asker, classes
from .access_policies import obstacle_of, registers
from .findings import DOCS, finding, unknown
from .questions import Answered, Person

_IDENTITY = "what_if"
_ACTION = {"userAction": "registerOrJoinDevices"}
_NOT_KNOWN_BEFORE = (
    *("deviceId", "displayName", "trustType", "operatingSystemVersion", "manufacturer", "model", "mdmAppId"),
    *("ownership", "profileType", "enrollmentProfileName"),
)
#: A missing ``isCompliant`` would mean the same; the others would be assumed.
JOINING_DEVICE: dict[str, t.Any] = {
    **dict.fromkeys(_NOT_KNOWN_BEFORE),
    "isCompliant": False,
    "operatingSystem": "Windows",
    "physicalIds": [],
}


class Asked(t.NamedTuple):
    """The ``answers`` by lower-case object id, and what is said of the asking itself."""

    answers: dict[str, asker.Answer]
    findings: list[Finding]


def require_possible(args: dict[str, t.Any]) -> None:
    """Failure for an option that the service would refuse."""
    asker.require_place(args)


def conditions(access: Answered) -> classes.Conditions:
    """What the policies about joins look at. Where they could not be read, each user is by itself."""
    if isinstance(access, Failure):
        return classes.Conditions(each_user=True)
    return classes.conditions_of([row for row in access if registers(row) or obstacle_of(row) is not None])


def ask(task: Task, access: Answered, looked_at: classes.Conditions, people: list[Person]) -> Asked:
    """Ask about everybody who could be meant. The groups of the users must have been read."""
    people = [person for person in people if person.known]
    persons = [person for person in people if not person.package]
    if not task.args["what_if"] or not people:
        return Asked({}, [])
    if not isinstance(access, Failure) and all(row["state"] == "disabled" for row in access):
        return Asked({}, [_passed("was not asked: no policy is on or in report-only mode")])
    if not persons:
        return Asked({}, [_passed(f"was not asked: {_NO_PROOF}")])
    of_person = {person.id: _class(looked_at, person) for person in persons}
    questions: dict[Hashable, Item] = {}
    for person in persons:
        questions.setdefault(of_person[person.id], _question(task, person))
    answers, refused = asker.ask(task.client, task.show, questions)
    if refused is not None:
        return Asked({}, [unknown(_IDENTITY, refused, doc=DOCS["what_if"])])
    by_person = {person.id: answers[of_person[person.id]] for person in persons}
    findings = [one for person in persons for one in _not_answered(person, by_person[person.id])]
    if not findings:
        more = "" if len(persons) == len(people) else f"; not about users of packages: {_NO_PROOF}"
        about, told = _count(len(persons), "user"), _count(len(questions), "question")
        findings = [_passed(f"was asked about {about} in {told}{more}")]
    return Asked(by_person, findings)


_NO_PROOF = (
    "an answer about a package's user would prove nothing, because its token is redeemed by a sign-in that is not "
    "interactive, so the policies as they are read decide"
)


def _class(looked_at: classes.Conditions, person: Person) -> Hashable:
    groups = frozenset(person.groups & looked_at.groups) if isinstance(person.groups, set) else None
    return classes.class_of(looked_at, person.id, groups, JOINING_DEVICE)[0]


def _question(task: Task, person: Person) -> Item:
    of = f"{person.name} who joins a device"
    return asker.question(task.args, person.id, "userActionContext", _ACTION, JOINING_DEVICE, of)


def _passed(says: str) -> Finding:
    return finding(_IDENTITY, "pass", f"Conditional Access {says}", doc=DOCS["what_if"])


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _not_answered(person: Person, answer: asker.Answer) -> list[Finding]:
    if isinstance(answer, Failure):
        return [unknown(_IDENTITY, answer, person.name, DOCS["what_if"])]
    if not isinstance(answer, str):
        return []
    return [
        finding(
            _IDENTITY,
            "unknown",
            f"Conditional Access was not asked about the user: {answer}",
            "only the policies as they are read say whether it stops the joins of this user",
            "give a longer timeout, or name fewer users",
            person.name,
            DOCS["what_if"],
        )
    ]
