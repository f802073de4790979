# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a join failed, by the device's own evidence.

Event ids are those of the event manifests of the three providers (published by repnz/etw-providers-docs); 204, 304 and 305
are documented in "Troubleshoot Microsoft Entra hybrid joined devices". Events are read by their data fields: messages are
localised.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from . import errors
from . import operations as op
from .session import Answer

PROVISIONING_LOG = "Microsoft-Windows-Provisioning-Diagnostics-Provider/Admin"
REGISTRATION_LOG = "Microsoft-Windows-User Device Registration/Admin"
ENROLLMENT_LOG = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Admin"

# Failures only, so that a cause is never read out of an event that tells of success.
FAILURE_EVENTS = {
    "provisioning_events": (PROVISIONING_LOG, (12, 22)),
    "registration_events": (REGISTRATION_LOG, (201, 202, 203, 204, 205, 206, 304, 305, 309)),
    "enrollment_events": (ENROLLMENT_LOG, (11, 52, 59, 71, 76)),
}
JOIN_EVENTS = ("provisioning_events", "registration_events")
MDM_EVENTS = ("enrollment_events",)
EVENT_LIMIT = 20


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a failure comes down to: the explanation of errors.explain() and the evidence it was read from."""

    explanation: dict
    evidence: list[dict]

    @property
    def hopeless(self) -> bool:
        """Whether waiting for the engine's own retries is in vain."""
        return self.explanation.get("transient") is False

    def as_error(self) -> dict:
        """The fields of a Failure's error that a finding knows."""
        fields = ("code", "name", "cause", "fix", "doc")
        return {field: self.explanation.get(field) for field in fields} | {"evidence": self.evidence}

    @property
    def side(self) -> str:
        return self.explanation.get("side") or "device"


def observations(since: str | None, names: tuple[str, ...] = JOIN_EVENTS) -> dict[str, dict]:
    """The failure events of these names (of FAILURE_EVENTS) since a time on the device's own clock."""
    return {name: op.events(*FAILURE_EVENTS[name], since, EVENT_LIMIT) for name in names}


def find(answer: Answer, job_error: dict | None = None) -> Finding | None:
    """The best explanation of what an answer to observations() shows, None where the device shows no failure.

    Newest events first within a log; of several codes errors.explain() takes the most specific.
    """
    evidence = [
        {"log": FAILURE_EVENTS[name][0], "event": event["id"], "device_utc": event["utc"],
         "data": [errors.spell_hresults(text) for text in event["data"]]}
        for name in FAILURE_EVENTS if name in answer.results
        for event in answer[name].get("events", [])
    ]
    if job_error:
        evidence.append({"error": job_error["type"], "message": job_error["message"], "code": _hex(job_error)})
    if not evidence:
        return None
    return Finding(errors.explain(_text(evidence)), evidence)


def _text(evidence: list[dict]) -> str:
    parts = []
    for item in evidence:
        parts.extend(item.get("data") or [item.get("code") or "", item.get("message") or ""])
    return "\n".join(parts)


def _hex(error: dict) -> str | None:
    value = error.get("hresult")
    return None if value is None else f"0x{value & 0xFFFFFFFF:08x}"
