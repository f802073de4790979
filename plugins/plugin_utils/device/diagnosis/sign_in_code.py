# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code that the sign-in service gave (AADSTS...), where a join has failed and the device does not tell it.

What Windows makes of such a code is told everywhere: in the engine's events and results, as the error of the cmdlet.
The code itself stands in events of dsregcmd (304, 305) and of the sign-in plug-in (1081); by public analyses and
manifests a join by a package may go by neither. Then the cause is what Windows made of it, and it is said that more is
not to be had on the device.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import operations as op
from . import logs
from .clues import Diagnosis

if t.TYPE_CHECKING:
    from ..answers import Answer
    from ..waiting import Waiter

# The answers of the token service, as Windows numbers them, and the code of a package whose user is gone.
OF_THE_SERVICE = ("0xcaa200", "0x801c0024")
LOOK_UP = (
    "The tenant has it in its sign-in log: look among the non-interactive user sign-ins for the package's user "
    "(package_...) at this time."
)


def is_missing(finding: Diagnosis) -> bool:
    """Whether a join has failed at the sign-in service, and nothing that the finding rests on has its code."""
    code = finding.explanation.get("code") or ""
    told = any(item.get("aadsts") for item in finding.evidence)
    return finding.what == "join" and code.startswith(OF_THE_SERVICE) and not told


def say_what_is_missing(findings: list[Diagnosis], answer: Answer) -> list[Diagnosis]:
    """The findings, with a word about the service's code where the device does not have it."""
    if any(item.get("aadsts") for finding in findings for item in finding.evidence):
        return findings  # Of this failure or of another: to say that none is there would be wrong.
    read = logs.SIGN_IN in answer.results and answer[logs.SIGN_IN].ok
    return [_said(finding, read) if is_missing(finding) else finding for finding in findings]


def _said(finding: Diagnosis, read: bool) -> Diagnosis:
    where = "is not on the device" if read else f"is not in the events of the join, and {logs.SIGN_IN_LOG} was not read"
    said = finding.explanation
    return dataclasses.replace(
        finding,
        explanation=said
        | {"cause": f"{said['cause']} The service's own code (AADSTS...) {where}.", "fix": f"{said['fix']} {LOOK_UP}"},
    )


def look_for(waiter: Waiter, since: logs.Start) -> dict:
    """What the sign-in plug-in has told since the task began, as results to be added to an answer. One exchange."""
    events = op.events(logs.SIGN_IN_LOG, (logs.TOKEN_REFUSED,), since[logs.SIGN_IN_LOG], logs.EVENTS_PER_LOG)
    return waiter.ask({logs.SIGN_IN: events}, "looking for the code of the sign-in service").results
