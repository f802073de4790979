# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a join, an enrollment or a sign-in failed: from evidence to findings, the most telling first.

Evidence comes as clues: an event, a registry value, a line of dsregcmd, a check, each with the codes that stand in it.
Clues may come from elsewhere, too: whoever knows the tenant's view adds its own before rank().

Event ids are those of the event manifests of the providers (published by repnz/etw-providers-docs); 204, 304 and 305
are documented in "Troubleshoot Microsoft Entra hybrid joined devices", 1081, 1084 and 1088 in "Troubleshoot primary
refresh token issues". Events are read by their data fields: messages are localised.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from .. import operations as op
from ..answers import Answer, Result
from ..codes.find import find_codes, spell_hresults
from ..codes.hresult import error_code
from . import downloads
from .clues import FAULT, Clue, Diagnosis, clue, is_guid
from .ranking import rank

PROVISIONING_LOG = "Microsoft-Windows-Provisioning-Diagnostics-Provider/Admin"
REGISTRATION_LOG = "Microsoft-Windows-User Device Registration/Admin"
ENROLLMENT_LOG = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Admin"
SIGN_IN_LOG = "Microsoft-Windows-AAD/Operational"

# Failures only, so that a cause is never read out of an event that tells of success.
FAILURE_EVENTS = {
    "provisioning_events": (PROVISIONING_LOG, (12, 22, 62, 72)),
    "registration_events": (REGISTRATION_LOG, (200, 201, 202, 203, 204, 205, 206, 304, 305, 309)),
    "enrollment_events": (ENROLLMENT_LOG, (11, 52, 59, 71, 76)),
    "sign_in_events": (SIGN_IN_LOG, (1025, 1081, 1084, 1088, 1097, 1098, 1104)),
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
# Critical and error; in the log of sign-ins warnings, too, where the token broker tells of what it could not do (1097).
LEVELS = dict.fromkeys(FAILURE_EVENTS, (1, 2)) | {"sign_in_events": (1, 2, 3)}
# One event that comes every minute must not hide all the others.
EVENTS_PER_ID = 10
ADD_PACKAGE_FAILED, ALREADY_THERE = 62, "0x800700b7"

# Where a data field is nothing but the id: 204 its activity, 1081 its correlation.
_ID_EVENTS = {(REGISTRATION_LOG, 204), (SIGN_IN_LOG, 1081)}

# --- evidence ---------------------------------------------------------------------------------------------------------


def observations(
    since: str | None, names: tuple[str, ...] = JOIN_EVENTS, limit: int = EVENTS_PER_LOG
) -> dict[str, dict]:
    """The newest failure events of these names (of FAILURE_EVENTS) since a time on the device's own clock."""
    return {name: op.events(*FAILURE_EVENTS[name], since, limit) for name in names}


def every_failure(since: str | None, names: tuple[str, ...], limit: int) -> dict[str, dict]:
    """As observations(), and with them every other event that its provider calls an error."""
    return {name: op.events(*FAILURE_EVENTS[name], since, limit, LEVELS[name], EVENTS_PER_ID) for name in names}


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
    return event["id"] == ADD_PACKAGE_FAILED and find_codes(" ".join(event["data"])) == [ALREADY_THERE]


def _events(result: Result) -> list[dict]:
    return result.get("events", [])


def _event_clue(what: str, log: str, event: dict) -> Clue:
    data = [spell_hresults(text) for text in event["data"]]
    fields = [text for text in data if (log, event["id"]) in _ID_EVENTS and is_guid(text)]
    return clue(
        what,
        {"log": log, "event": event["id"], "device_utc": event["utc"], "data": data},
        request_id=fields[0] if fields else None,
        level=event.get("level"),
        message=event["message"],
    )


def job_clue(job_error: dict, what: str = "join") -> Clue:
    """The error {type, message, hresult} of a job's step."""
    code = error_code(job_error)
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
