# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From clues to findings, the most telling first.

One failure leaves many traces: Windows wraps what the service said into code after code. Clues that name the same
code, or a wrapper that a more telling clue holds too, make one finding. A trace without a code belongs to the finding
of its log and time, and is one by itself where there is none.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..codes.explain import CODE_FIELDS, explain_in
from ..codes.sentences import sentence, tidy
from ..state import parse_utc
from .clues import CORROBORATED, HARMLESS, OVER, UNKNOWN_CODE, WRAPPER, Clue, Diagnosis, weight

WARNING = 3
# Seconds within which the traces of one failure lie.
SAME_TIME = 120


def rank(clues: list[Clue]) -> list[Diagnosis]:
    """Findings by weight, among equals the one with the newest evidence first."""
    groups = _grouped([item for item in clues if item.explanation is None and item.codes])
    findings = [_finding(code, members) for code, members in groups]
    for item in clues:
        if item.explanation is not None:
            _add_explained(findings, item)
    findings = _sorted(findings)
    for item in clues:
        if item.explanation is None and not item.codes:
            _add_without_code(findings, item)
    return _sorted(findings)


def _sorted(findings: list[Diagnosis]) -> list[Diagnosis]:
    by_time = sorted(findings, key=lambda finding: _newest(finding.evidence), reverse=True)
    return sorted(by_time, key=lambda finding: -finding.weight)


def _grouped(clues: list[Clue]) -> list[tuple[str, list[Clue]]]:
    """Clues by the code that they come down to: a clue whose best code stands in a better one's clue belongs there."""
    best = sorted(dict.fromkeys(item.code or "" for item in clues), key=lambda code: -weight(code))
    groups: list[tuple[str, list[Clue]]] = []
    taken: set[int] = set()
    for code in best:
        own = [n for n, item in enumerate(clues) if n not in taken and (item.code or "") == code]
        if not own:
            continue
        taken.update(own)
        members = list(own)
        # In waves: what a member that was just added holds belongs here, too.
        while own:
            held = {held for n in own for held in clues[n].codes}
            own = [
                n
                for n, item in enumerate(clues)
                if n not in taken
                and item.code in held
                and item.what == clues[members[0]].what
                and _nearest(item, code, clues, groups)
            ]
            taken.update(own)
            members += own
        groups.append((code, [clues[n] for n in members]))
    return groups


def _nearest(item: Clue, code: str, clues: list[Clue], groups: list) -> bool:
    """Whether no clue of another telling code that holds this clue's code is nearer in time than those of ``code``."""

    def distance(candidates: list[Clue]) -> float:
        return min(
            (_seconds_between(item, other) for other in candidates if item.code in other.codes), default=float("inf")
        )

    mine = distance([other for other in clues if other.code == code])
    rivals = [
        other
        for other in clues
        if other.code not in (code, item.code) and weight(other.code) > weight(item.code) and item.code in other.codes
    ]
    return mine <= distance(rivals)


def _seconds_between(one: Clue, other: Clue) -> float:
    return _seconds_apart(one.utc, other.utc)


def _seconds_apart(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    return abs((parse_utc(one) - parse_utc(other)).total_seconds())


def _finding(code: str, members: list[Clue]) -> Diagnosis:
    members = sorted(members, key=lambda item: item.utc, reverse=True)
    said = "\n".join(text for item in members for text in item.evidence.get("data") or [])
    explanation = explain_in(code, said)
    its_weight = weight(explanation["code"])
    if its_weight <= WRAPPER and all(item.level == WARNING for item in members):
        its_weight = min(its_weight, HARMLESS)  # Windows itself does not call it a failure, and nothing names one.
    if all(item.over for item in members):
        its_weight = OVER
    return Diagnosis(explanation, [item.evidence for item in members], members[0].what, its_weight)


def _add_without_code(findings: list[Diagnosis], item: Clue) -> None:
    """An event without a code is evidence of the weightiest finding of its log and time, else a finding of its own."""
    log = item.evidence.get("log")
    for finding in findings:
        own_time = any(
            other.get("log") == log and _seconds_apart(other.get("device_utc") or "", item.utc) <= SAME_TIME
            for other in finding.evidence
        )
        if finding.what == item.what and own_time and (finding.explanation.get("code") or _is_same(finding, item)):
            finding.evidence.append(item.evidence)
            return
    for finding in findings:
        if _is_same(finding, item):
            finding.evidence.append(item.evidence)
            return
    its_weight = OVER if item.over else HARMLESS if item.level == WARNING else UNKNOWN_CODE
    findings.append(Diagnosis(_sentence_of(item), [item.evidence], item.what, its_weight))


def _is_same(finding: Diagnosis, item: Clue) -> bool:
    """Whether a finding is one without a code, of the same event."""
    first = finding.evidence[0] if finding.evidence else {}
    return finding.explanation.get("code") is None and all(
        first.get(name) == item.evidence.get(name) for name in ("log", "event", "data")
    )


def _sentence_of(item: Clue) -> dict:
    """What an event without a code says, in its own words."""
    event, log = item.evidence.get("event"), item.evidence.get("log") or "the device"
    data = [text for text in item.evidence.get("data") or [] if text]
    words = next((text for text in data if text.count(" ") >= 3), None)
    said = sentence("\n".join(data)) or words or item.message or "; ".join(data)
    where = f"event {event} of {log}" if event else log
    cause = f"{where[0].upper()}{where[1:]} tells of a failure without a code"
    return dict.fromkeys(CODE_FIELDS) | {
        "name": f"event_{event}" if event else None,
        "cause": f"{cause}: {tidy(said)}" if said else f"{cause}, and says nothing more.",
        "fix": "Look at the other events of that time in this log and at the address or name that the event holds.",
    }


def _add_explained(findings: list[Diagnosis], item: Clue) -> None:
    """A clue that knows what it means: it tells a finding's cause where that is its doing, else it is one of its
    own."""
    for finding in findings:
        if _explains(item, finding):
            known = item.explanation or {}
            finding.explanation = finding.explanation | {
                field: known[field] for field in ("side", "cause", "fix") if known.get(field)
            }
            finding.evidence.append(item.evidence)
            finding.weight = min(100, max(finding.weight, item.weight) + CORROBORATED)
            return
    explanation = dict.fromkeys(CODE_FIELDS) | (item.explanation or {})
    findings.append(Diagnosis(explanation, [item.evidence], item.what, OVER if item.over else item.weight))


def _explains(item: Clue, finding: Diagnosis) -> bool:
    if finding.explanation.get("code") not in item.explains or finding.weight <= OVER:
        return False
    return item.only_in is None or any(other.get("log") == item.only_in for other in finding.evidence)


def _newest(evidence: list[dict]) -> str:
    return max((item.get("device_utc") or "" for item in evidence), default="")
