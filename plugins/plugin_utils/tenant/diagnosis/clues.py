# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clue: one thing of the tenant that can be why a device's join, enrollment or sign-in failed.

Weights are those of a device's own diagnosis (0 to 100; up to 20 it is a warning), so that both sides can be compared.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...findings import FAIL, WARN, Finding
from .findings import DIAGNOSIS_DOCS
from .logs import PACKAGE_PREFIX
from .matching import BY_DEVICE, BY_NAME, BY_REQUEST, BY_USER

#: Where no entry of a log but a setting of the tenant tells it.
BY_SETTING = "setting"
#: What Entra itself has of the device, by its id.
BY_OBJECT = BY_DEVICE
#: By how surely an entry is the device's: of a known cause, and of another.
_WEIGHTS = {BY_REQUEST: (90, 70), BY_DEVICE: (85, 65), BY_NAME: (65, 55), BY_USER: (50, 40)}
#: A setting that explains a device's failure; one that explains an entry of a log as well.
OF_A_SETTING, AGREES = 60, 10
#: It is over, or might have been a cause: a warning.
IS_OVER, IS_WARNING = 10, 20
Evidence = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class TenantClue:
    """``what`` failed (join, mdm, sign_in, device); ``explains`` are codes of Windows and names of a device's findings,
    in lower case, that come of it; ``kin`` are ids of settings that can be behind an entry of a log; ``user`` is whose
    entry or setting it is, in lower case."""

    what: str
    id: str
    weight: int
    observed: str
    cause: str
    fix: str | None
    matched_by: str
    evidence: tuple[Evidence, ...]
    code: str | None = None
    explains: frozenset[str] = frozenset()
    kin: tuple[str, ...] = ()
    side: str = "tenant"
    doc: str | None = None
    user: str | None = None

    @property
    def fails(self) -> bool:
        return self.weight > IS_WARNING

    @property
    def sure(self) -> bool:
        """Whether it is this device's, and not perhaps another's."""
        return self.matched_by in (BY_REQUEST, BY_DEVICE)

    @property
    def of_package(self) -> bool:
        return str(self.user).startswith(PACKAGE_PREFIX)

    def over(self) -> TenantClue:
        """The same, when it has not kept the device from anything."""
        return dataclasses.replace(self, weight=min(self.weight, IS_OVER))

    def as_finding(self, subject: str) -> Finding:
        return Finding(
            self.id,
            FAIL if self.fails else WARN,
            self.observed,
            self.side,
            subject,
            None,
            self.cause,
            self.fix,
            self.doc or DIAGNOSIS_DOCS.get(self.id),
            evidence=self.evidence,
        )


def weigh(matched_by: str, known: bool) -> int:
    """How much an entry of a log tells."""
    return _WEIGHTS[matched_by][0 if known else 1]


def evidence(
    log: str,
    utc: str | None,
    data: t.Iterable[str | None],
    matched_by: str | None,
    code: str | None = None,
    request_id: str | None = None,
    correlation_id: str | None = None,
) -> Evidence:
    """What was seen in the tenant, in the shape that both sides have."""
    return {
        "source": "tenant",
        "log": log,
        "event": None,
        "utc": utc,
        "data": [text for text in data if text],
        "code": code,
        "request_id": request_id,
        "correlation_id": correlation_id,
        "matched_by": matched_by,
    }


def strongest_first(clues: t.Iterable[TenantClue]) -> list[TenantClue]:
    return sorted(clues, key=lambda clue: -clue.weight)
