# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One kind of finding for every module that looks at something and judges it: preflight, readiness, diagnosis.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Collection, Sequence

from .options import bad_option
from .result import Failure

PASS, WARN, FAIL, UNKNOWN = "pass", "warn", "fail", "unknown"
RESULTS = (PASS, WARN, FAIL, UNKNOWN)
#: A failure's sentence names so many findings; its evidence holds all.
SAID = 3


@dataclasses.dataclass(frozen=True)
class Finding:
    """``id`` is stable and meant for programs. ``subject`` is who or what it is about, None for the whole that was
    looked at. ``observed`` is what was seen, ``expected`` what would be right, ``cause`` why that matters, ``fix`` what
    to do (both None on a pass), ``side`` where that is (one of result.SIDES).

    ``permissions`` are those that were missing, ``evidence`` dicts of what was read.
    """

    id: str
    result: str
    observed: str
    side: str
    subject: str | None = None
    expected: str | None = None
    cause: str | None = None
    fix: str | None = None
    doc: str | None = None
    permissions: tuple[str, ...] = ()
    evidence: tuple[dict, ...] = ()

    def as_dict(self) -> dict[str, t.Any]:
        """As modules return it."""
        values = {name: getattr(self, name) for name in FINDING_FIELDS}
        return values | {"permissions": list(self.permissions), "evidence": list(self.evidence)}


#: In the order in which modules show them.
FINDING_FIELDS = (
    "id",
    "result",
    "subject",
    "observed",
    "expected",
    "cause",
    "fix",
    "side",
    "doc",
    "permissions",
    "evidence",
)


def summary(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings have each result: ``{pass, warn, fail, unknown}``."""
    return {result: sum(finding.result == result for finding in findings) for result in RESULTS}


def require_known(fail_on: Sequence[str], ids: Collection[str]) -> None:
    """Each entry of the option ``fail_on`` is a result or one of these ids. Raises Failure."""
    known = (FAIL, WARN, UNKNOWN, *ids)
    for name in fail_on:
        if name not in known:
            raise bad_option("fail_on", f"there is no result or finding {name!r}", f"use {', '.join(known)}")


def verdict(findings: Sequence[Finding], fail_on: Collection[str], what: str, prefix: str) -> Failure | None:
    """The failure of a task with this ``fail_on``, None where nothing that it names was found.

    An entry is a result, for every finding that has it, or an id, for a finding of that id with the result fail.
    ``what`` begins the sentence "the device is not fit for a join", ``prefix`` the error's name.
    """
    chosen = [one for one in findings if one.result in fail_on or (one.result == FAIL and one.id in fail_on)]
    if not chosen:
        return None
    first = chosen[0]
    results = " or ".join(sorted({finding.result for finding in chosen}))
    said = "; ".join(map(_said, chosen[:SAID]))
    if len(chosen) > SAID:
        said += f"; and {len(chosen) - SAID} more"
    return Failure(
        f"{what}, {len(chosen)} of {len(findings)} findings are {results}: {said}"
        + (f"; {first.fix}" if first.fix else ""),
        side=first.side,
        name=f"{prefix}_{first.id}",
        cause=first.cause or first.observed,
        fix=first.fix or "look at the findings",
        doc=first.doc,
        evidence=[_evidence(finding) for finding in chosen],
        permissions=sorted({name for finding in chosen for name in finding.permissions}),
    )


def _said(finding: Finding) -> str:
    about = f"{finding.id} ({finding.subject})" if finding.subject else finding.id
    return f"{about}: {finding.cause or finding.observed}"


def _evidence(finding: Finding) -> dict:
    return {name: getattr(finding, name) for name in ("id", "result", "subject", "observed", "expected")}
