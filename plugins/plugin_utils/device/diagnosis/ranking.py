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

import bisect
import collections
import functools
import math
import typing as t

from ..codes.explain import CODE_FIELDS, NO_CODE_NAME, explain_in
from ..codes.sentences import sentence, tidy
from ..state import parse_utc
from .clues import CORROBORATED, HARMLESS, OVER, UNKNOWN_CODE, WRAPPER, Clue, Diagnosis, weight

WARNING = 3
# Seconds within which the traces of one failure lie.
SAME_TIME = 120


def rank(clues: list[Clue]) -> list[Diagnosis]:
    """Findings by weight, among equals the one with the newest evidence first."""
    findings = [
        _finding(code, members)
        for code, members in _grouped([item for item in clues if item.explanation is None and item.codes])
    ]
    _add_explained(findings, [item for item in clues if item.explanation is not None])
    findings = _sorted(findings)
    _add_without_code(findings, [item for item in clues if item.explanation is None and not item.codes])
    return _sorted(findings)


def _sorted(findings: list[Diagnosis]) -> list[Diagnosis]:
    by_time = sorted(findings, key=lambda finding: _newest(finding.evidence), reverse=True)
    return sorted(by_time, key=lambda finding: -finding.weight)


def _grouped(clues: list[Clue]) -> list[tuple[str, list[Clue]]]:
    """Clues by the code that they come down to: a clue whose best code stands in a better one's clue belongs there."""
    by_code: dict[str, list[int]] = collections.defaultdict(list)
    for number, item in enumerate(clues):
        by_code[item.code or ""].append(number)
    holders = Holders(clues)
    groups: list[tuple[str, list[Clue]]] = []
    taken: set[int] = set()
    for code in sorted(by_code, key=lambda code: -weight(code)):
        own = [number for number in by_code[code] if number not in taken]
        if not own:
            continue
        taken.update(own)
        members = list(own)
        # In waves: what a member that was just added holds belongs here, too.
        while own:
            held = {held for number in own for held in clues[number].codes if held in by_code}
            own = sorted(
                number
                for inner in held
                for number in by_code[inner]
                if number not in taken
                and clues[number].what == clues[members[0]].what
                and holders.is_nearest(clues[number], code)
            )
            taken.update(own)
            members += own
        groups.append((code, [clues[number] for number in members]))
    return groups


class Holders:
    """When the clues were seen that hold a code beside one of their own that tells more."""

    def __init__(self, clues: list[Clue]) -> None:
        wanted = {item.code for item in clues}
        # By the code that is held: the times of each code that stands beside it, and of all that weigh more than it.
        self._of_code: dict[str, dict[str, Times]] = collections.defaultdict(lambda: collections.defaultdict(Times))
        self._of_weightier: dict[str, Times] = collections.defaultdict(Times)
        for other in clues:
            for held in wanted.intersection(other.codes) - {other.code}:
                self._of_code[held or ""][other.code or ""].add(other.utc)
                if weight(other.code) > weight(held):
                    self._of_weightier[held or ""].add(other.utc)

    def is_nearest(self, item: Clue, code: str) -> bool:
        """Whether no clue of a more telling code that holds this clue's code is nearer in time than those of
        ``code``."""
        held = item.code or ""
        mine = self._of_code[held][code].distance(item.utc) if held in self._of_code else math.inf
        return mine <= (self._of_weightier[held].distance(item.utc) if held in self._of_weightier else math.inf)


class Times:
    """Points in time, of which the nearest is found."""

    def __init__(self) -> None:
        self._sorted: list[float] | None = None
        self._all: list[float] = []
        self._unknown = False

    def add(self, utc: str) -> None:
        if utc:
            self._all.append(_seconds(utc))
        self._unknown = self._unknown or not utc
        self._sorted = None

    def distance(self, utc: str) -> float:
        """Seconds to the nearest; 0 where one of the two is not known, infinite where there is none."""
        if self._unknown or (self._all and not utc):
            return 0.0
        if not self._all:
            return math.inf
        if self._sorted is None:
            self._sorted = sorted(self._all)
        moment = _seconds(utc)
        at = bisect.bisect(self._sorted, moment)
        return min(abs(moment - near) for near in self._sorted[max(0, at - 1) : at + 1])


@functools.lru_cache(4096)
def _seconds(utc: str) -> float:
    """A time of the wire in seconds since 1970."""
    return parse_utc(utc).timestamp()


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


def _add_without_code(findings: list[Diagnosis], clues: list[Clue]) -> None:
    """An event without a code is evidence of the weightiest finding of its log and time, else a finding of its own.

    Adds to ``findings``, which are sorted.
    """
    coded: dict[tuple, list[tuple[Diagnosis, Times]]] = collections.defaultdict(list)
    same: dict[tuple, Diagnosis] = {}
    for finding in findings:
        if finding.explanation.get("code"):
            times: dict[t.Any, Times] = collections.defaultdict(Times)
            for other in finding.evidence:
                times[other.get("log")].add(other.get("device_utc") or "")
            for log, its_times in times.items():
                coded[finding.what, log].append((finding, its_times))
        elif finding.evidence:
            same.setdefault(_what_it_is(finding.evidence[0]), finding)
    for item in clues:
        log, kind = item.evidence.get("log"), _what_it_is(item.evidence)
        near = next((pair for pair in coded[item.what, log] if pair[1].distance(item.utc) <= SAME_TIME), None)
        if near:
            near[0].evidence.append(item.evidence)
            near[1].add(item.utc)
        elif kind in same:
            same[kind].evidence.append(item.evidence)
        else:
            its_weight = OVER if item.over else HARMLESS if item.level == WARNING else UNKNOWN_CODE
            same[kind] = Diagnosis(_sentence_of(item), [item.evidence], item.what, its_weight)
            findings.append(same[kind])


def _what_it_is(evidence: dict) -> tuple:
    """By what two events without a code are the same."""
    return evidence.get("log"), evidence.get("event"), tuple(evidence.get("data") or ())


def _sentence_of(item: Clue) -> dict:
    """What an event without a code says, in its own words."""
    event, log = item.evidence.get("event"), item.evidence.get("log") or "the device"
    data = [text for text in item.evidence.get("data") or [] if text]
    words = next((text for text in data if text.count(" ") >= 3), None)
    said = sentence("\n".join(data)) or words or item.message or "; ".join(data)
    where = f"event {event} of {log}" if event else log
    cause = f"{where[0].upper()}{where[1:]} tells of a failure without a code"
    return dict.fromkeys(CODE_FIELDS) | {
        "name": f"event_{event}" if event else NO_CODE_NAME,
        "cause": f"{cause}: {tidy(said)}" if said else f"{cause}, and says nothing more.",
        "fix": "Look at the other events of that time in this log and at the address or name that the event holds.",
    }


def _add_explained(findings: list[Diagnosis], clues: list[Clue]) -> None:
    """A clue that knows what it means: it tells a finding's cause where that is its doing, else it is one of its
    own. Adds to ``findings``."""
    by_code: dict[str, list[tuple[int, Diagnosis]]] = collections.defaultdict(list)
    for number, finding in enumerate(findings):
        by_code[finding.explanation.get("code") or ""].append((number, finding))
    for item in clues:
        candidates = (pair for code in dict.fromkeys(item.explains) for pair in by_code.get(code, ()))
        explained = [pair for pair in candidates if _explains(item, pair[1])]
        known = item.explanation or {}
        if explained:
            _number, finding = min(explained, key=lambda pair: pair[0])
            finding.explanation = finding.explanation | {
                field: known[field] for field in ("side", "cause", "fix") if known.get(field)
            }
            finding.evidence.append(item.evidence)
            finding.weight = min(100, max(finding.weight, item.weight) + CORROBORATED)
            continue
        made = Diagnosis(
            dict.fromkeys(CODE_FIELDS) | known, [item.evidence], item.what, OVER if item.over else item.weight
        )
        by_code[known.get("code") or ""].append((len(findings), made))
        findings.append(made)


def _explains(item: Clue, finding: Diagnosis) -> bool:
    if finding.weight <= OVER:
        return False
    return item.only_in is None or any(other.get("log") == item.only_in for other in finding.evidence)


def _newest(evidence: list[dict]) -> str:
    return max((item.get("device_utc") or "" for item in evidence), default="")
