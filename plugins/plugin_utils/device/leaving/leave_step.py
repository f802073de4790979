# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The step that leaves: ``dsregcmd /leave`` as SYSTEM, and what is said of a device that has not left.

By a public analysis of dsregcmd it waits 600 s for the leave and then ends with 0x801c001c, and up to 210 s more for
the end of the MDM enrollment, where it ends that, too. So the limits rise: the runner gives the program 900 s, the job
has LEAVE_JOB_SECONDS, in which it also reads what the device was, and the task's timeout holds that job and those
before it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable

from ...result import Failure
from .. import operations as op
from ..answers import Answer, Result, within
from ..codes.hresult import hresult_hex, is_failure
from ..diagnosis import logs
from ..system_work import WorkStep, evidence
from . import leave_state

# Registration could not be cleared, or flushed (event manifest of the User Device Registration provider).
LEAVE_FAILURES = (239, 240)
LEAVE_JOB_SECONDS = 1080


def leave_step(
    look: Answer,
    record: dict,
    reading: list[dict],
    since: logs.Start,
    gate: Callable[[Answer], None],
    failure: Callable[[Answer], Failure],
) -> WorkStep:
    """The step. ``reading`` is what its job reads first; nothing counts that is older than ``since``."""
    before = {"type": record["join_type"], "tenant_id": record["tenant_id"], "device_id": record["device_id"]}
    if leave_state.join_state(look) == "half_left":
        before["half_left"] = leave_state.remains(look)
    stale = leave_state.stale_names(look)
    if stale:
        before["stale_joins"] = stale
    events = op.events(logs.REGISTRATION_LOG, LEAVE_FAILURES, since[logs.REGISTRATION_LOG], logs.EVENTS_PER_LOG)
    return WorkStep(
        job="dsregcmd_leave",
        phase="leave",
        title="the leave",
        operations=[*reading, op.dsregcmd_leave(stale)],
        changes=[("join", before, None)],
        reached=lambda answer: not leave_state.remains(answer),
        failure=failure,
        gate=gate,
        watch={"leave_events": events},
        seconds=LEAVE_JOB_SECONDS,
    )


def not_left(answer: Answer, join_state: str, remains: list[str]) -> Failure:
    """The Failure of a device on which these witnesses still say joined after the leave's end."""
    left, told = ", ".join(remains), _explained(answer)
    said = evidence(answer["dsregcmd_leave"]) + [
        {"log": logs.REGISTRATION_LOG, "event": event["id"], "device_utc": event["utc"], "data": event["data"]}
        for event in answer["leave_events"].get("events", [])
    ]
    if join_state == "half_left":
        return Failure(
            f"the device has left only in part: {left} is still there",
            side="device",
            name="half_left",
            code=told.get("code"),
            cause=f"dsregcmd /leave did not undo everything{_because(told)}",
            evidence=said,
            fix="restart the device, then run the task again; it finishes the leave",
        )
    return Failure(
        f"the device is still joined: dsregcmd /leave as SYSTEM changed nothing ({left})",
        side="device",
        name="not_left",
        code=told.get("code"),
        cause=f"Windows did not leave{_because(told)}"
        if told
        else "Windows refused to leave, or the job was ended before it began",
        evidence=said,
        fix="look at evidence and at the User Device Registration event log, restart the device, then run the task "
        "again",
    )


def _because(told: dict) -> str:
    return f" ({told['code']}): {told['cause']}" if told else ""


def _explained(answer: Answer) -> dict:
    """The explanation of the HRESULT in which the leave ended: by its newest event, else by dsregcmd's exit code."""
    # Imported where there is something to explain: a leave that goes well needs no catalogue of codes.
    from ..codes.explain import explain

    events = answer["leave_events"].get("events", [])
    codes = [code for event in events[:1] for text in event["data"][:1] if (code := _hresult(text))]
    codes = codes or [code for code in [_exit_code(answer["dsregcmd_leave"])] if code]
    return explain(codes[0]) if codes else {}


def _hresult(text: str) -> str | None:
    """A failure's code in an event's first field, which is a whole number."""
    from ..codes.find import spell_hresults

    spelled = spell_hresults(text)
    return spelled if spelled.startswith("0x") else None


def _exit_code(job: Result) -> str | None:
    results = within(job)
    code = results[-1].get("exit_code") if results and results[-1].ok else None
    return hresult_hex(code) if isinstance(code, int) and is_failure(code) else None
