# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both halves of a diagnosis become one cause with its evidence.

A device's own cause stays where it says what is wrong. Where it says that the tenant refused, and not why, the tenant's
cause takes its place: an entry of a log that is surely the device's before a setting, that before an entry which may be
another device's. Where the two do not fit together, both are told.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...findings import FAIL, WARN
from .clues import AGREES, BY_SETTING, IS_OVER, IS_WARNING, TenantClue, strongest_first
from .device_side import ALL_SUBJECTS, DeviceFinding, DeviceSaid
from .matching import BY_USER

#: Up to this weight a device knows that something failed, and hardly what.
_VAGUE = 60
#: Above these it knows why: more than a code of Windows that is documented, or one of the service.
_BY_ITS_CODE, _KNOWN = 80, 90
MOST_EVIDENCE_SHOWN, MOST_SETTINGS = 40, 3
#: Of restrictions, what an entry says of the ownership of a device.
_PERSONAL = "personal"
_NOTHING = "neither the device nor the tenant shows a failure"
_TENANT_ALONE = "the tenant shows no failure, and the device did not say anything"


@dataclasses.dataclass(frozen=True)
class Merged:
    """``cause`` as the module returns it, None where nobody shows a failure; ``contradiction`` in words."""

    cause: dict[str, t.Any] | None
    conclusion: str
    contradiction: str | None


def merge(said: DeviceSaid, clues: list[TenantClue], denied: str | None = None, unread: bool = False) -> Merged:
    """The one cause of a device. ``denied``: what of the tenant's settings speaks against the device's own cause;
    ``unread``: something of the tenant's could not be read."""
    clues = combined(clues)
    worst = said.worst
    failing = [clue for clue in strongest_first(clues) if clue.fails]
    if worst is None:
        return _tenant_alone(said, failing, clues, unread)
    explaining = [clue for clue in failing if _explains(clue, worst)]
    if explaining:
        clue = max(explaining, key=lambda one: (_how_well(one, worst), one.weight))
        return _explained(clue, worst, denied)
    others = [clue for clue in failing if clue.sure and clue.weight >= worst.weight and clue.what == worst.subject]
    contradiction = denied
    if others and contradiction is None:
        contradiction = f"the device says: {_sentence(worst)}; the tenant says: {others[0].cause}"
    cause = _of_device(worst, [one for clue in failing[:3] if clue.what == worst.subject for one in clue.evidence])
    return Merged(cause, _concluded(cause, contradiction), contradiction)


def combined(clues: list[TenantClue]) -> list[TenantClue]:
    """An entry of a log and the setting that is behind it are one clue: the setting's words, the entry's surety."""
    settings = [clue for clue in clues if clue.matched_by == BY_SETTING]
    used: list[TenantClue] = []
    made = []
    for clue in clues:
        behind = _behind(clue, settings) if clue.fails else []
        used += behind
        made.append(_with_settings(clue, behind) if behind else clue)
    return [clue for clue in made if not any(clue is one for one in used)]


def _behind(clue: TenantClue, settings: list[TenantClue]) -> list[TenantClue]:
    """The settings that explain an entry: those that surely do, else those of the first kind that may."""
    for name in clue.kin:
        fitting = [one for one in settings if one.id == name and (clue.user is None or one.user in (None, clue.user))]
        sure = [one for one in fitting if one.fails]
        named = [one for one in fitting if _PERSONAL in one.observed] if _PERSONAL in clue.cause.lower() else fitting
        if sure or named:
            return sure[:1] or named[:MOST_SETTINGS]
    return []


def _with_settings(clue: TenantClue, behind: list[TenantClue]) -> TenantClue:
    first, told = behind[0], "; ".join(one.cause for one in behind)
    return dataclasses.replace(
        clue,
        id=first.id,
        weight=min(100, max(clue.weight, first.weight) + AGREES),
        # What only may be the reason stands behind what the log says.
        cause=f"{told} ({clue.cause})" if first.fails else f"{clue.cause}; {told}",
        fix=first.fix or clue.fix,
        side=first.side,
        doc=first.doc,
        explains=clue.explains | first.explains,
        evidence=(*clue.evidence, *(seen for one in behind for seen in one.evidence)),
    )


def _explains(clue: TenantClue, worst: DeviceFinding) -> bool:
    if clue.what != worst.subject and "device" not in (worst.subject, clue.what):
        return False
    # What a device knows well by itself is not the tenant's doing, unless its code says so.
    if not clue.sure and worst.weight > (_KNOWN if clue.matched_by != BY_USER else _BY_ITS_CODE):
        return False
    return bool(worst.codes & clue.explains) or worst.weight <= _VAGUE


def _how_well(clue: TenantClue, worst: DeviceFinding) -> tuple[bool, bool, bool]:
    named = bool(worst.codes & clue.explains)
    return clue.sure, named and clue.matched_by != BY_USER, named


def _explained(clue: TenantClue, worst: DeviceFinding, denied: str | None) -> Merged:
    weight = min(100, max(clue.weight, worst.weight) + AGREES)
    cause = _of_tenant(clue, "both", weight, clue.code or worst.code, list(worst.evidence))
    conclusion = _concluded(cause, None, f"; the device saw: {_sentence(worst)}")
    # What explains the failure is more than a setting that could have been otherwise then.
    contradiction = denied if not clue.sure and clue.matched_by != BY_SETTING else None
    if contradiction:
        conclusion = f"{conclusion}; {contradiction}"
    return Merged(cause, conclusion, contradiction)


def _tenant_alone(said: DeviceSaid, failing: list[TenantClue], clues: list[TenantClue], unread: bool) -> Merged:
    if failing:
        # Of a device nobody waits for the enrollment before it has joined.
        first = min(failing, key=lambda one: (-one.sure, ALL_SUBJECTS.index(one.what), -one.weight))
        cause = _of_tenant(first, "tenant", first.weight, first.code, [])
        told = "; the device itself shows no failure" if said.answered else "; the device did not answer"
        return Merged(cause, _concluded(cause, None, told), None)
    warnings = said.findings[:1]
    if warnings:
        cause = _of_device(warnings[0], [])
        return Merged(cause, _concluded(cause, None), None)
    # What is over has a finding, and has not caused anything.
    over = [clue for clue in strongest_first(clues) if clue.weight > IS_OVER][:1]
    if over:
        cause = _of_tenant(over[0], "tenant", over[0].weight, over[0].code, [])
        return Merged(cause, _concluded(cause, None), None)
    nothing = _NOTHING if said.answered else _TENANT_ALONE
    return Merged(None, f"{nothing}, as far as it could be read" if unread else nothing, None)


def _of_device(worst: DeviceFinding, more: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    return {
        "id": worst.id,
        "result": FAIL if worst.failed else WARN,
        "subject": worst.subject,
        "code": worst.code,
        "cause": worst.cause,
        "fix": worst.fix,
        "side": worst.side,
        "doc": worst.doc,
        "weight": worst.weight,
        "said_by": "device",
        "matched_by": None,
        "evidence": [*worst.evidence, *more][:MOST_EVIDENCE_SHOWN],
    }


def _of_tenant(
    clue: TenantClue, said_by: str, weight: int, code: str | None, more: list[dict[str, t.Any]]
) -> dict[str, t.Any]:
    return {
        "id": clue.id,
        "result": FAIL if weight > IS_WARNING else WARN,
        "subject": clue.what,
        "code": code,
        "cause": clue.cause,
        "fix": clue.fix,
        "side": clue.side,
        "doc": clue.as_finding("").doc,
        "weight": weight,
        "said_by": said_by,
        "matched_by": clue.matched_by,
        "evidence": [*clue.evidence, *more][:MOST_EVIDENCE_SHOWN],
    }


def _sentence(worst: DeviceFinding) -> str:
    return worst.cause + (f" ({worst.code})" if worst.code else "")


def _concluded(cause: dict[str, t.Any], contradiction: str | None, more: str = "") -> str:
    code = f" ({cause['code']})" if cause["code"] else ""
    said = f"{cause['subject']}: {cause['cause']}{code}{more}"
    return f"{said}; {contradiction}" if contradiction else said
