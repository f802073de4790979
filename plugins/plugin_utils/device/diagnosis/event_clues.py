# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clues of what failed, made of events and of the errors of jobs.

Events are read by their data fields: messages are localised.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...options import is_guid
from ..answers import Answer
from ..codes.find import find_codes, spell_hresults
from ..codes.hresult import error_code
from . import downloads, package_refusals
from .clues import FAULT, Clue, clue
from .logs import FAILURE_EVENTS, LOG_TOPICS, PROVISIONING_LOG, REGISTRATION_LOG, SIGN_IN_LOG, cut, failures

ADD_PACKAGE_FAILED, ALREADY_THERE = 62, "0x800700b7"
# The type of the error that the exit code of a program is.
EXIT_CODE = "ExitCode"
# Where a data field is nothing but the id: 204 its activity, 1081 its correlation.
_ID_EVENTS = {(REGISTRATION_LOG, 204), (SIGN_IN_LOG, 1081)}


def event_clues(answer: Answer) -> list[Clue]:
    """A clue for each event in an answer to observations(), newest first within a log."""
    return [
        _event_clue(LOG_TOPICS[name], FAILURE_EVENTS[name][0], event)
        for name, event in failures(answer)
        if not _is_no_failure(event)
    ]


def _is_no_failure(event: dict) -> bool:
    """A package that cannot be added because it is there already (0x800700b7)."""
    return event["id"] == ADD_PACKAGE_FAILED and find_codes(" ".join(event["data"])) == [ALREADY_THERE]


def _event_clue(what: str, log: str, event: dict) -> Clue:
    data = [spell_hresults(text) for text in event["data"]]
    fields = [text for text in data if (log, event["id"]) in _ID_EVENTS and is_guid(text)]
    refused = (log, event["id"]) == (PROVISIONING_LOG, ADD_PACKAGE_FAILED)
    return clue(
        what,
        {"log": log, "event": event["id"], "device_utc": event["utc"], "data": data},
        request_id=fields[0] if fields else None,
        level=event.get("level"),
        message=event["message"],
        **_explained(package_refusals.explanation(find_codes(" ".join(data))) if refused else None),
    )


def _explained(explanation: dict | None) -> dict:
    """What a clue gets that knows better than the catalogue what its code means; others of the same code are its."""
    if explanation is None:
        return {}
    codes = (explanation["code"],) if explanation["code"] else ()
    return {"explanation": explanation, "weight": FAULT, "explains": codes}


def job_clue(job_error: dict, what: str = "join") -> Clue:
    """The error {type, message, hresult} of a job's step."""
    code = error_code(job_error)
    [message] = cut([job_error["message"] or ""])
    data = [*([code] if code else []), message]
    return clue(
        what,
        {"log": "the job's own error", "data": data}
        | {"error": job_error["type"], "message": job_error["message"] and message, "code": code},
        **_explained(downloads.explanation(job_error) or _of_package(job_error, code)),
    )


def _of_package(job_error: dict, code: str | None) -> dict | None:
    """Of the installation of a package; the exit code of dsregcmd is an error of another kind."""
    return package_refusals.explanation([code]) if code and job_error["type"] != EXIT_CODE else None
