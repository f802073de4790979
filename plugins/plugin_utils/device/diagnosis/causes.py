# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a join, an enrollment or a sign-in failed: from evidence to findings, the most telling first.

Evidence comes as clues: an event, a registry value, a line of dsregcmd, a check, each with the codes that stand in it.
Clues may come from elsewhere, too: whoever knows the tenant's view adds its own before rank().

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..answers import Answer
from .logs import failures

if t.TYPE_CHECKING:
    from .clues import Diagnosis


def find_causes(answer: Answer, job_error: dict | None = None) -> Diagnosis | None:
    """The best explanation of what an answer to logs.observations() shows, None where the device shows no failure.

    Its evidence is everything that was seen, its own first. ``job_error`` is that of a job's step.
    """
    if not job_error and not failures(answer):
        return None
    # Imported where there is something to explain: a join that goes well needs no catalogue of codes.
    from .event_clues import event_clues, job_clue
    from .ranking import rank

    clues = event_clues(answer) + ([job_clue(job_error)] if job_error else [])
    findings = rank(clues)
    if not findings:
        return None
    return dataclasses.replace(findings[0], evidence=[item for finding in findings for item in finding.evidence])
