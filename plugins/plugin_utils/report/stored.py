# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report that earlier runs have written: its door, and where it lies. docs/reports.md has its form.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ..options import bad_option
from ..result import Failure
from ..untrusted import read_json, visible
from .door import RECORD_KINDS, REPORT_KINDS, REPORT_OUTCOMES, RUN_KINDS, fields_of

ROLLOUT_FORMAT, ROLLOUT_VERSION = "winops.entra.rollout", 2
"""Version 1 had no format: ``{generated, totals, devices}`` of one run."""
MAX_REPORT_BYTES = 2**29
"""Of an earlier report: that of 100,000 devices has a quarter of it."""


@dataclasses.dataclass
class Stored:
    """A report: records by device, its runs, the oldest first, and how many older ones it does not hold any more."""

    devices: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    runs: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    dropped: int = 0


def place(dest: str | None, work: str, check_mode: bool) -> str:
    """The absolute path of a report. That of check mode lies beside the other: ``join-report.check.json``."""
    path = os.path.abspath(dest if dest is not None else f"{work}-report.json")
    if not check_mode:
        return path
    stem, ending = os.path.splitext(path)
    return f"{stem}.check{ending}"


def read(path: str, work: str) -> Stored:
    """The report there, an empty one where there is none.

    Raises the Failure of a bad option ``dest`` for one that cannot be read, and for what is not a report of this work:
    by its ids objects are found, so nothing of it is guessed, and it is not written over.
    """
    try:
        told = read_json(path, MAX_REPORT_BYTES)
    except FileNotFoundError:
        return Stored()
    except (OSError, ValueError) as exc:
        said = exc.strerror if isinstance(exc, OSError) else None
        raise _no_report(path, f"it cannot be read: {said or exc}") from exc
    if not isinstance(told, dict):
        raise _no_report(path, "it is not an object")
    if "format" in told:
        return _second(path, told, work)
    devices = _by_name(path, told.get("devices"))
    generated = told.get("generated") if isinstance(told.get("generated"), str) else None
    return Stored({name: {"run": None, "at": generated, **device} for name, device in devices.items()})


def _second(path: str, told: dict[str, t.Any], work: str) -> Stored:
    if told["format"] != ROLLOUT_FORMAT or told.get("version") != ROLLOUT_VERSION:
        version = f"{visible(str(told['format']))} {told.get('version')!r}"
        raise _no_report(path, f"its form is {version}, and this release reads {ROLLOUT_FORMAT} {ROLLOUT_VERSION}")
    if told.get("work") != work:
        raise _no_report(path, f"its work is {visible(str(told.get('work')))}, and that of this task is {work}")
    runs, dropped = told.get("runs"), told.get("runs_dropped")
    if not isinstance(runs, list) or not isinstance(dropped, int):
        raise _no_report(path, "runs is not a list, or runs_dropped is not a number")
    for number, run in enumerate(runs):
        problems = fields_of(run, RUN_KINDS)[1] if isinstance(run, dict) and run.get("id") else ["it has no id"]
        if problems:
            raise _no_report(path, f"runs[{number}]: {problems[0]}")
    return Stored(_by_name(path, told.get("devices")), runs, dropped)


def _by_name(path: str, devices: t.Any) -> dict[str, dict[str, t.Any]]:
    if not isinstance(devices, list) or not all(isinstance(device, dict) for device in devices):
        raise _no_report(path, "devices is not a list of objects")
    found: dict[str, dict[str, t.Any]] = {}
    for number, device in enumerate(devices):
        name = device.get("device")
        _found, problems = fields_of(device, RECORD_KINDS | REPORT_KINDS)
        if not isinstance(name, str) or name in found:
            problems.append("device is not a name of its own")
        if device.get("outcome") not in REPORT_OUTCOMES:
            problems.append("it has no outcome that a report knows")
        if problems:
            raise _no_report(path, f"devices[{number}]: {problems[0]}")
        found[name] = device
    return found


def _no_report(path: str, problem: str) -> Failure:
    return bad_option(
        "dest",
        f"what lies at {visible(path)} is not the report of an earlier run: {visible(problem)}",
        "move it away or give another path; it is not written over, as ids in it may be needed",
    )
