# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Conditional Access does to joins: the service's answer about each user, beside the policies as they are read.

Where the two differ, the answer decides and the finding says both. It decides about the user action "Register or join
devices" and about whom a policy covers. It does not decide what rests on something that nobody told the service (risks,
properties of the device), nor about policies for applications, which are not part of the question.

Source: Microsoft Graph, "whatIfAnalysisResult resource type" (``analysisReasons``).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...findings import FAIL, PASS, UNKNOWN, WARN, Finding
from ..what_if import asker
from ..what_if.answers import ASKS, BLOCKS, MET, REFUSES, UNCERTAIN, policy_of, reasons_of
from . import conditional_access as reading
from .access_policies import Obstacle, is_managed
from .findings import DOCS, finding
from .questions import Person

_IDENTITY = "conditional_access"
#: About whom a policy is, whatever it is asked about.
_OF_PEOPLE = {"users", "workloadIdentities"}
#: Reasons that hold only as long as what the service assumes is so.
_ASSUMED = {"signInRisk", "userRisk", "insiderRisk", "devices", "time"}
_RESULTS = {BLOCKS: FAIL, REFUSES: FAIL, ASKS: WARN}
_CAUSES = {
    BLOCKS: "it will block the joins of this user",
    REFUSES: "it will stop the joins of this user, because a new device cannot be compliant or joined before",
    ASKS: "the user will have to do that at joins",
}
_FIXES = {
    BLOCKS: "exclude the user from the policy",
    REFUSES: "exclude the user from the policy, or do not demand that of the registration",
    ASKS: "have it set up before the join, or exclude the user from the policy",
}
Row = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Reading:
    """The policies as they are read: the ``obstacles``, and the ids of those ``about_joins``; None where they could not
    be read. ``place_told``: the service was told an address."""

    obstacles: list[Obstacle]
    about_joins: set[str] | None
    place_told: bool


def judge(read: Reading, people: list[Person], answers: dict[str, asker.Answer]) -> list[Finding]:
    """Findings for each user, or about the policies where no user is named."""
    if not people:
        return reading.about_nobody(read.obstacles)
    findings: list[Finding] = []
    for person in people:
        answer = answers.get(person.id)
        if isinstance(answer, list):
            about = _with_the_answer(read, person, answer)
        else:
            about = [one for obstacle in read.obstacles for one in reading.about(obstacle, person)]
        if read.about_joins is not None and all(one.result == PASS for one in about):
            about.append(_says(PASS, "no policy blocks this user's joins", person))
        findings += about
    return findings


def _with_the_answer(read: Reading, person: Person, answer: list[Row]) -> list[Finding]:
    rows = {str(row.get("id") or number).lower(): row for number, row in enumerate(answer)}
    findings: list[Finding] = []
    for obstacle in read.obstacles:
        own, row = reading.about(obstacle, person), rows.pop(obstacle.id, None)
        findings += own if row is None else _decided(read, obstacle, own, row, person)
    for identity, row in rows.items():
        findings += _of_the_service(row, person, read, identity)
    return findings


def _decided(read: Reading, obstacle: Obstacle, own: list[Finding], row: Row, person: Person) -> list[Finding]:
    """The findings about a policy that is an obstacle as it is read."""
    policy = policy_of(row, compliant=False, hybrid=False)
    named = reading.policy_named(obstacle.name, obstacle.enforced)
    reasons = reasons_of(row)
    if policy is None or policy["effect"] == MET:
        if all(one.result == PASS for one in own):
            return own
        assumed = _ASSUMED | (set() if read.place_told else {"location"})
        if reasons and set(reasons) <= assumed:
            note = f"the service says that it does not apply, but assumes what it was not told ({', '.join(reasons)})"
            return [dataclasses.replace(one, observed=f"{one.observed}; {note}") for one in own]
        if obstacle.registers or _OF_PEOPLE & set(reasons):
            why = f" ({', '.join(reasons)})" if reasons else ""
            return [_says(PASS, f"{named} stops no join, the service says{why}; {_as_read(own)}", person)]
        return own
    if policy["effect"] == UNCERTAIN:
        if not obstacle.registers or any(one.result == FAIL for one in own):
            return own
        return [_not_decided(named, policy, person, _as_read(own))]
    return _applies(policy, person, own)


def _of_the_service(row: Row, person: Person, read: Reading, identity: str) -> list[Finding]:
    """The findings about a policy that is none as it is read: it is for other applications, or for roles only."""
    policy = policy_of(row, compliant=False, hybrid=False)
    if policy is None or policy["effect"] == MET:
        return []
    if policy["effect"] == UNCERTAIN:
        if policy["report_only"] or (read.about_joins is not None and identity not in read.about_joins):
            return []
        return [_not_decided(_named(policy), policy, person, "")]
    return _applies(policy, person, [] if read.about_joins is not None else None)


def _applies(policy: Row, person: Person, own: list[Finding] | None) -> list[Finding]:
    """A policy that applies, the service says. ``own`` is what it does as it is read, None where nobody read it."""
    does = "blocks joins" if policy["effect"] == BLOCKS else f"requires {', '.join(policy['demands'])} for joins"
    managed = policy["report_only"] and is_managed(policy["policy"])
    if policy["report_only"] and not managed:
        return [reading.report_only(f"{_named(policy)} {does}, the service says", person.name)]
    result = WARN if managed else _RESULTS[policy["effect"]]
    same = own is None or result in {one.result for one in own}
    observed = f"{_named(policy)} {does}, the service says"
    return [
        _says(
            result,
            observed if same else f"{observed}; {_as_read(own or [])}",
            person,
            reading.once(managed, not policy["report_only"]) + _CAUSES[policy["effect"]],
            _FIXES[policy["effect"]],
        )
    ]


def _as_read(own: list[Finding]) -> str:
    told = [one.observed for one in own if one.result != PASS]
    return f"as it is read, {told[0]}" if told else "as it is read, it is not about this user's joins"


def _named(policy: Row) -> str:
    return reading.policy_named(policy["policy"], not policy["report_only"])


def _not_decided(named: str, policy: Row, person: Person, note: str) -> Finding:
    return _says(
        UNKNOWN,
        f"{named}: {policy['why']}" + (f"; {note}" if note else ""),
        person,
        "it may stop joins of this user",
        "give ip_address and country, or ask What If in the Microsoft Entra admin center about the user",
    )


def _says(result: str, observed: str, person: Person, cause: str | None = None, fix: str | None = None) -> Finding:
    return finding(_IDENTITY, result, observed, cause, fix, person.name, DOCS["access"])
