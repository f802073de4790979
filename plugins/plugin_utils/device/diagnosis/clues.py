# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clue: one piece of evidence of a failure; and a diagnosis, what clues come down to.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import functools
import re

from ...findings import FAIL, WARN, Finding
from ..codes.catalogue import is_wrapper
from ..codes.explain import codes_in, explain, most_telling
from ..codes.hresult import signed
from .logs import cut

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# How the services call it in their own texts, the most useful first.
_REQUEST_ID = tuple(
    re.compile(name + r"[\"']?\s*[:=]\s*[\"']?(" + _GUID + ")", re.IGNORECASE)
    for name in ("trace id", "request[- ]?id", "correlation ?id", "activity ?id")
)

# By what a code tells. A known AADSTS code says what the service itself objects to; a wrapper only that something
# failed.
AADSTS, FAULT, CHECK, REPORTED, UNKNOWN_AADSTS, WRAPPER, UNKNOWN_CODE = 90, 80, 75, 70, 60, 40, 30
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
    doc} and its ``weight``; ``explains`` are the codes that are then its doing, ``only_in`` the log that must tell of
    them. ``level`` is an event's (1 critical, 2 error, 3 warning), ``message`` its localised text: it is shown where
    nothing else is there, and never read.
    """

    what: str
    evidence: dict
    codes: tuple[str, ...] = ()
    explanation: dict | None = None
    weight: int = CHECK
    explains: tuple[str, ...] = ()
    over: bool = False
    only_in: str | None = None
    level: int | None = None
    message: str | None = None

    @functools.cached_property
    def code(self) -> str | None:
        """The most telling of its codes."""
        return most_telling(self.codes)

    @property
    def utc(self) -> str:
        return self.evidence.get("device_utc") or ""


@dataclasses.dataclass
class Diagnosis:
    """What clues come down to: the explanation of explain(), how much it weighs (0 to 100), and its evidence."""

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
            said["name"],
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


def clue(what: str, evidence: dict, request_id: str | None = None, **more) -> Clue:
    """A clue from ``evidence`` {log, event, device_utc, data}: the codes in its data are found and spelled in every
    form."""
    data = cut(evidence.get("data") or [])
    text = "\n".join(data)
    codes = tuple(codes_in(text))
    hresult = next((code for code in codes if code.startswith("0x")), None)
    found = next((match[1] for pattern in _REQUEST_ID if (match := pattern.search(text))), None)
    return Clue(
        what,
        {
            "log": None,
            "event": None,
            "device_utc": None,
            **evidence,
            **({"data": data} if "data" in evidence else {}),
            "hresult_hex": hresult,
            "hresult_signed": signed(int(hresult, 16)) if hresult else None,
            "aadsts": next((code for code in codes if code.startswith("AADSTS")), None),
            "request_id": request_id or found,
        },
        codes,
        **more,
    )


@functools.cache
def weight(code: str | None) -> int:
    """How much a code tells, 0 to 100."""
    known = explain(code) if code else {}
    if code and code.startswith("AADSTS"):
        return AADSTS if known.get("certainty") else UNKNOWN_AADSTS
    if not known.get("certainty"):
        return UNKNOWN_CODE
    if code and is_wrapper(code):
        return WRAPPER
    return FAULT if known["certainty"] == "documented" else REPORTED
