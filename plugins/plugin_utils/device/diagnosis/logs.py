# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event logs that tell why a join, an enrollment or a sign-in failed, and what of them is asked.

Event ids are those of the event manifests of the providers (published by repnz/etw-providers-docs); 204, 304 and 305
are documented in "Troubleshoot Microsoft Entra hybrid joined devices", 1081, 1084 and 1088 in "Troubleshoot primary
refresh token issues".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from .. import operations as op
from ..answers import Answer
from .foreign_packages import events_of_others

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
# The log of sign-ins, and its event of a token that the service did not give.
SIGN_IN, TOKEN_REFUSED = "sign_in_events", 1081
JOIN_EVENTS = ("provisioning_events", "registration_events")
MDM_EVENTS = ("enrollment_events",)
LOG_TOPICS = {
    "provisioning_events": "join",
    "registration_events": "join",
    "enrollment_events": "mdm",
    "sign_in_events": "sign_in",
}
EVENTS_PER_LOG = 20
Start = t.Mapping[str, "int | str"]
"""By log from where on its events count: the number of its newest record at the beginning of a task, since a device may
set its clock while it joins, by hours and in both directions; where that could not be read, the time by this clock."""
# Critical and error; in the log of sign-ins warnings, too, where the token broker tells of what it could not do (1097).
LEVELS = dict.fromkeys(FAILURE_EVENTS, (1, 2)) | {"sign_in_events": (1, 2, 3)}
# One event that comes every minute must not hide all the others.
EVENTS_PER_ID = 10
# An event of these logs has some 20 fields at most; the longest, the answer of a service, has some 2,000 characters.
MAX_TEXTS, MAX_SAID = 100, 4096


def ends(*logs: str) -> dict[str, dict]:
    """What a task's first look asks of these logs: their newest event."""
    return {f"end of {log}": op.events(log, (), None, 1) for log in logs}


def start_of(look: Answer) -> Start:
    """Where a task begins to count, by its look with ends() of the logs that it will read."""
    return {log: _end(look, log) for log, _ids in FAILURE_EVENTS.values()}


def _end(look: Answer, log: str) -> int | str:
    events = look[f"end of {log}"] if f"end of {log}" in look.results else None
    if events is None or not events.ok:
        return look.device["utc"]
    return next((event["record"] for event in events["events"]), 0)


def observations(since: Start, names: tuple[str, ...] = JOIN_EVENTS, limit: int = EVENTS_PER_LOG) -> dict[str, dict]:
    """The newest failure events of these names (of FAILURE_EVENTS) since a task began."""
    return {name: op.events(log, ids, since[log], limit) for name in names for log, ids in [FAILURE_EVENTS[name]]}


def every_failure(since: str | None, names: tuple[str, ...], limit: int) -> dict[str, dict]:
    """The newest failure events of these names since a time on the device's own clock, and with them every other event
    that its provider calls an error."""
    return {name: op.events(*FAILURE_EVENTS[name], since, limit, LEVELS[name], EVENTS_PER_ID) for name in names}


def failures(answer: Answer) -> list[tuple[str, dict]]:
    """(its name in FAILURE_EVENTS, event) of each event in an answer to observations(), newest first within a log; not
    of packages that are on every PC."""
    found = {name: answer[name].get("events", []) for name in FAILURE_EVENTS if name in answer.results}
    others = set(map(id, events_of_others(found.get("provisioning_events", []))))
    return [(name, _cut(event)) for name, events in found.items() for event in events if id(event) not in others]


def _cut(event: dict) -> dict:
    """An event with no more text than one of these logs ever has."""
    message = event["message"]
    return {**event, "data": cut(event["data"]), "message": message and cut([message])[0]}


def cut(texts: list[str]) -> list[str]:
    """The texts of one trace of a failure, at most MAX_TEXTS with MAX_SAID characters together: a device may say
    anything, and each of them is searched for codes."""
    left, kept = MAX_SAID, []
    for text in texts[:MAX_TEXTS]:
        kept.append(text if len(text) <= left else f"{text[:left]}\u2026")
        left = max(0, left - len(text))
    return kept
