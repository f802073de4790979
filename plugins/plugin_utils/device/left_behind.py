# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a device when a task ends, and need not be: the field ``left_behind`` of results.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from . import operations as op

RUN_AGAIN = "run the task again: it waits for the job, or ends it, and removes it"
STILL_RUNS = "it still runs"
NOT_REMOVED = "it could not be removed"
MAY_BE = "the task ended before it could see whether it is gone"


class LeftBehind(t.TypedDict):
    """One thing. ``remove`` says how to be rid of it."""

    what: str
    where: str
    why: str
    remove: str


def entry(what: str, where: str, why: str, remove: str) -> LeftBehind:
    return {"what": what, "where": where, "why": why, "remove": remove}


def job(job_id: str, why: str, remove: str = RUN_AGAIN) -> LeftBehind:
    """A job of ours: its scheduled task, and its directory with what it does and what it has answered."""
    return entry("job", rf"task \winops.entra-{job_id}, {op.DATA_DIRECTORY}\jobs\{job_id}", why, remove)


def places(entries: t.Iterable[LeftBehind]) -> list[str]:
    """Where they are."""
    return [item["where"] for item in entries]
