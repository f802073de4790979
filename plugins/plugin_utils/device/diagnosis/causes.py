# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a join, an enrollment or a sign-in failed: from evidence to findings, the most telling first.

Evidence comes as clues: an event, a registry value, a line of dsregcmd, a check, each with the codes that stand in it.
One failure leaves many: Windows wraps what the service said into code after code. Clues that name the same code, or a
wrapper that a more telling clue holds too, make one finding. Clues may come from elsewhere, too: whoever knows the
tenant's view adds its own before rank().

Event ids are those of the event manifests of the providers (published by repnz/etw-providers-docs); 204, 304 and 305
are documented in "Troubleshoot Microsoft Entra hybrid joined devices", 1081, 1084 and 1088 in "Troubleshoot primary
refresh token issues". Events are read by their data fields: messages are localised.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import functools
import re

from ...findings import FAIL, WARN, Finding
from .. import errors
from .. import operations as op
from ..answers import Answer, Result
from ..state import parse_utc
from . import downloads

PROVISIONING_LOG = "Microsoft-Windows-Provisioning-Diagnostics-Provider/Admin"
REGISTRATION_LOG = "Microsoft-Windows-User Device Registration/Admin"
ENROLLMENT_LOG = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Admin"
SIGN_IN_LOG = "Microsoft-Windows-AAD/Operational"

# Failures only, so that a cause is never read out of an event that tells of success.
FAILURE_EVENTS = {
    "provisioning_events": (PROVISIONING_LOG, (12, 22, 62, 72)),
    "registration_events": (REGISTRATION_LOG, (200, 201, 202, 203, 204, 205, 206, 304, 305, 309)),
    "enrollment_events": (ENROLLMENT_LOG, (11, 52, 59, 71, 76)),
    "sign_in_events": (SIGN_IN_LOG, (1081, 1084, 1088, 1098)),
}
JOIN_EVENTS = ("provisioning_events", "registration_events")
MDM_EVENTS = ("enrollment_events",)
LOG_TOPICS = {
    "provisioning_events": "join",
    "registration_events": "join",
    "enrollment_events": "mdm",
    "sign_in_events": "sign_in",
}
EVENTS_PER_LOG = 20
ADD_PACKAGE_FAILED, ALREADY_THERE = 62, "0x800700b7"

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# How the services call it in their own texts, the most useful first.
_REQUEST_ID = tuple(
    re.compile(name + r"[\"']?\s*[:=]\s*[\"']?(" + _GUID + ")", re.IGNORECASE)
    for name in ("trace id", "request[- ]?id", "correlation ?id", "activity ?id")
)
_WHOLE_GUID = re.compile(_GUID)
# Where a data field is nothing but the id: 204 its activity, 1081 its correlation.
_ID_EVENTS = {(REGISTRATION_LOG, 204), (SIGN_IN_LOG, 1081)}

# By what a code tells. A known AADSTS code says what the service itself objects to; a wrapper only that something
# failed.
AADSTS, FAULT, CHECK, REPORTED, UNKNOWN_AADSTS, WRAPPER, UNKNOWN = 90, 80, 75, 70, 60, 40, 30
CORROBORATED = 10
# What is over: the device has joined, or enrolled, since.
OVER = 10
# Up to this weight a diagnosis is a warning: it is over, or only might have been a cause.
HARMLESS = 20


@dataclasses.dataclass(frozen=True)
class Clue:
    """One piece of evidence, whoever it comes from.

    ``what`` failed: join, mdm, sign_in or device. ``codes`` stand in it; ``evidence`` is what the user sees. A clue
    without a code, or one that knows better than the catalogue, brings an ``explanation`` {name, side, cause, fix,
    doc} and its ``weight``; ``explains`` are the codes that are then its doing.
    """

    what: str
    evidence: dict
    codes: tuple[str, ...] = ()
    explanation: dict | None = None
    weight: int = CHECK
    explains: tuple[str, ...] = ()
    over: bool = False

    @functools.cached_property
    def code(self) -> str | None:
        """The most telling of its codes."""
        return errors.explain(" ".join(self.codes))["code"] if self.codes else None

    @property
    def utc(self) -> str:
        return self.evidence.get("device_utc") or ""


@dataclasses.dataclass
class Diagnosis:
    """What clues come down to: the explanation of errors.explain(), how much it weighs (0 to 100), and its evidence."""

    explanation: dict
    evidence: list[dict]
    what: str = "join"
    weight: int = 0

    @property
    def hopeless(self) -> bool:
        """Whether waiting for the engine's own retries is in vain."""
        return self.explanation.get("transient") is False

    def as_error(self) -> dict:
        """The fields of a Failure's error that a finding knows."""
        fields = ("code", "name", "cause", "fix", "doc")
        request_id = next((item["request_id"] for item in self.evidence if item.get("request_id")), None)
        return {field: self.explanation.get(field) for field in fields} | {
            "evidence": self.evidence,
            "request_id": request_id,
        }

    def as_finding(self) -> Finding:
        """What has failed is its subject. What is over, or only might have been a cause, is a warning."""
        said = self.explanation
        return Finding(
            said.get("name") or said.get("code") or "unknown",
            FAIL if self.weight > HARMLESS else WARN,
            said.get("observed") or self._observed(),
            self.side,
            self.what,
            said.get("expected"),
            said.get("cause"),
            said.get("fix"),
            said.get("doc"),
            evidence=tuple(self.evidence),
        )

    def as_dict(self) -> dict:
        """As the module returns it: a finding, and the two things by which diagnoses are ranked."""
        return self.as_finding().as_dict() | {"code": self.explanation.get("code"), "weight": self.weight}

    def _observed(self) -> str:
        """Where the newest trace of it was seen."""
        first = self.evidence[0] if self.evidence else {}
        where = first.get("log") or "the device"
        event = f", event {first['event']}" if first.get("event") else ""
        return f"{self.explanation.get('code') or 'a failure'} in {where}{event}"

    @property
    def side(self) -> str:
        return self.explanation.get("side") or "device"


# --- evidence ---------------------------------------------------------------------------------------------------------


def observations(
    since: str | None, names: tuple[str, ...] = JOIN_EVENTS, limit: int = EVENTS_PER_LOG
) -> dict[str, dict]:
    """The newest failure events of these names (of FAILURE_EVENTS) since a time on the device's own clock."""
    return {name: op.events(*FAILURE_EVENTS[name], since, limit) for name in names}


def event_clues(answer: Answer) -> list[Clue]:
    """A clue for each event in an answer to observations(), newest first within a log."""
    return [
        _event_clue(LOG_TOPICS[name], FAILURE_EVENTS[name][0], event)
        for name in FAILURE_EVENTS
        if name in answer.results
        for event in _events(answer[name])
        if not _is_no_failure(event)
    ]


def _is_no_failure(event: dict) -> bool:
    """A package that cannot be added because it is there already (0x800700b7)."""
    return event["id"] == ADD_PACKAGE_FAILED and errors.find_codes(" ".join(event["data"])) == [ALREADY_THERE]


def _events(result: Result) -> list[dict]:
    return result.get("events", [])


def _event_clue(what: str, log: str, event: dict) -> Clue:
    data = [errors.spell_hresults(text) for text in event["data"]]
    fields = [text for text in data if (log, event["id"]) in _ID_EVENTS and _WHOLE_GUID.fullmatch(text)]
    return clue(
        what,
        {"log": log, "event": event["id"], "device_utc": event["utc"], "data": data},
        request_id=fields[0] if fields else None,
    )


def clue(what: str, evidence: dict, request_id: str | None = None, **more) -> Clue:
    """A clue from ``evidence`` {log, event, device_utc, data}: the codes in its data are found and spelled in every
    form."""
    text = "\n".join(evidence.get("data") or [])
    codes = tuple(errors.find_codes(text))
    hresult = next((code for code in codes if code.startswith("0x")), None)
    if hresult is None and codes and (known := errors.explain(" ".join(codes))["code"] or "").startswith("0x"):
        hresult = known
    found = next((match[1] for pattern in _REQUEST_ID if (match := pattern.search(text))), None)
    return Clue(
        what,
        {
            "log": None,
            "event": None,
            "device_utc": None,
            **evidence,
            "hresult_hex": hresult,
            "hresult_signed": errors.signed(int(hresult, 16)) if hresult else None,
            "aadsts": next((code for code in codes if code.startswith("AADSTS")), None),
            "request_id": request_id or found,
        },
        codes,
        **more,
    )


def job_clue(job_error: dict, what: str = "join") -> Clue:
    """The error {type, message, hresult} of a job's step."""
    code = errors.error_code(job_error)
    data = [*([code] if code else []), job_error["message"] or ""]
    return clue(
        what,
        {"log": "the job's own error", "data": data}
        | {"error": job_error["type"], "message": job_error["message"], "code": code},
        explanation=downloads.explanation(job_error),
        weight=FAULT,
    )


# --- findings ---------------------------------------------------------------------------------------------------------


def find_causes(answer: Answer, job_error: dict | None = None) -> Diagnosis | None:
    """The best explanation of what an answer to observations() shows, None where the device shows no failure.

    Its evidence is everything that was seen, its own first.
    """
    clues = event_clues(answer) + ([job_clue(job_error)] if job_error else [])
    findings = rank(clues)
    if not findings:
        return None
    return dataclasses.replace(findings[0], evidence=[item for finding in findings for item in finding.evidence])


def rank(clues: list[Clue]) -> list[Diagnosis]:
    """Findings by weight, among equals the one with the newest evidence first."""
    groups = _grouped([item for item in clues if item.explanation is None])
    findings = [_finding(code, members) for code, members in groups]
    for item in clues:
        if item.explanation is not None:
            _add_explained(findings, item)
    findings.sort(key=lambda finding: _newest(finding.evidence), reverse=True)
    return sorted(findings, key=lambda finding: -finding.weight)


def _grouped(clues: list[Clue]) -> list[tuple[str | None, list[Clue]]]:
    """Clues by the code that they come down to: a clue whose best code stands in a better one's clue belongs there."""
    best = sorted(dict.fromkeys(item.code or "" for item in clues), key=lambda code: -weight(code or None))
    groups: list[tuple[str | None, list[Clue]]] = []
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
        groups.append((code or None, [clues[n] for n in members]))
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
    if not one.utc or not other.utc:
        return 0.0
    return abs((parse_utc(one.utc) - parse_utc(other.utc)).total_seconds())


@functools.cache
def weight(code: str | None) -> int:
    """How much a code tells, 0 to 100."""
    known = errors.explain(code) if code else {}
    if code and code.startswith("AADSTS"):
        return AADSTS if known.get("certainty") else UNKNOWN_AADSTS
    if not known.get("certainty"):
        return UNKNOWN
    if code and errors.catalogue().get(code, {}).get("wrapper"):
        return WRAPPER
    return FAULT if known["certainty"] == "documented" else REPORTED


def _finding(code: str | None, members: list[Clue]) -> Diagnosis:
    members = sorted(members, key=lambda item: item.utc, reverse=True)
    explanation = errors.explain(
        code or "\n".join(text for item in members for text in item.evidence.get("data") or [])
    )
    its_weight = OVER if all(item.over for item in members) else weight(code)
    return Diagnosis(explanation, [item.evidence for item in members], members[0].what, its_weight)


def _add_explained(findings: list[Diagnosis], item: Clue) -> None:
    """A clue that knows what it means: it tells a finding's cause where that is its doing, else it is one of its
    own."""
    for finding in findings:
        if finding.explanation.get("code") in item.explains and finding.weight > OVER:
            known = item.explanation or {}
            finding.explanation = finding.explanation | {
                field: known[field] for field in ("side", "cause", "fix") if known.get(field)
            }
            finding.evidence.append(item.evidence)
            finding.weight = min(100, max(finding.weight, item.weight) + CORROBORATED)
            return
    explanation = dict.fromkeys(errors.CODE_FIELDS) | (item.explanation or {})
    findings.append(Diagnosis(explanation, [item.evidence], item.what, OVER if item.over else item.weight))


def _newest(evidence: list[dict]) -> str:
    return max((item.get("device_utc") or "" for item in evidence), default="")
