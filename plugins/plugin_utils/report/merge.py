# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report and what is new, put together: of each device the newest attempt counts, and nobody else is touched.

An *attempt* is a record with ``run`` (the id of the run in which it was made) and ``at`` (when). Putting an attempt in
twice is the same as once, so that lines which a run had no time to remove do no harm.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Iterable, Mapping

from . import kept, records
from .door import RUN_KINDS, fields_of, read_record
from .stored import ROLLOUT_FORMAT, ROLLOUT_VERSION, Stored
from .totals import count

Record = dict[str, t.Any]

RUNS_KEPT = 100
"""Runs in a report; the oldest are dropped, and counted in ``runs_dropped``."""
ATTEMPTS_KEPT = 5
"""Earlier attempts of a device in a report: run, time and outcome of each."""
#: Of a device of which a run has told no end. What the run knew by then, it may have told.
BEGUN_RECORD = {
    "outcome": "begun",
    "name": "begun",
    "side": "controller",
    "cause": "its attempt has begun, and no end of it is recorded: the run was cut off, or goes on",
    "fix": "run the playbook again for it, unless the run goes on",
}
NOT_STARTED = "not_started"
#: Of a device of this wave, or one that Ansible has given up, of which nothing is recorded.
NOT_ASKED_RECORD = {
    "outcome": "failed",
    "name": records.NOT_ASKED,
    "side": "controller",
    "cause": "failed before it was asked, or the tasks that ask it were left out (--start-at-task, --tags)",
    "fix": "see in the output of the run where it has failed, and run the playbook for it from its beginning",
}


def update(
    stored: Stored,
    attempts: Iterable[tuple[str, Record]],
    own: Mapping[str, Record | None],
    run: Mapping[str, t.Any],
    work: str,
    now: str,
    not_asked: Collection[str] = (),
) -> dict[str, Record]:
    """Put the attempts of a journal and the records of this run into a report; returns what the report then says of the
    devices of this run.

    ``own`` has a record of each device of the run, None where there is none: one of ``not_asked`` should have one by
    now, any other is not started, which says nothing about a device that the report knows.
    """
    devices = stored.devices
    for name in own:  # In the order of the play, and not in that of who was ready first.
        devices.setdefault(name, {"device": name, "outcome": NOT_STARTED})
    for name, attempt in attempts:
        put_in(devices, name, attempt, work)
    said: dict[str, Record] = {}
    for name, record in own.items():
        known = devices[name]
        mine = known if known.get("run") == run["id"] else None
        if record is None and mine is None and name in not_asked:
            record = {"device": name, **NOT_ASKED_RECORD}
        if record is not None:
            if (
                mine is not None
                and mine["outcome"] == BEGUN_RECORD["outcome"]
                and record.get("name") == records.NOT_ASKED
            ):
                cause = f"its task has ended without a result of its own: {record.get('msg')}"
                record = {**record, "name": "no_result", "cause": cause}
            put_in(devices, name, {**record, "run": run["id"], "at": _moment_of(known, run["id"]) or now}, work)
        of_run = devices[name].get("run") == run["id"]
        said[name] = devices[name] if of_run else record or {"device": name, "outcome": NOT_STARTED}
    return said


def _moment_of(known: Record, run: str) -> str | None:
    """When the attempt of a run has ended, if the report knows it."""
    of_run = [one for one in (known, *(known.get("earlier") or ())) if one.get("run") == run]
    return of_run[0].get("at") if of_run else None


def attempts_of(entries: Iterable[Mapping[str, t.Any]]) -> tuple[list[tuple[str, Record]], dict[str, Record]]:
    """(device, attempt) of each line of a journal in their order, and the runs by id; other lines do not count."""
    found, runs = [], {}
    for entry in entries:
        run, at, told = entry.get("run"), entry.get("at"), entry.get("record")
        if not isinstance(run, dict) or not isinstance(run.get("id"), str) or not isinstance(at, str):
            continue
        runs[run["id"]] = fields_of(run, RUN_KINDS)[0]
        if told is None:
            known = entry.get("known")
            told = {**(known if isinstance(known, dict) else {}), **BEGUN_RECORD}
        record = read_record(entry["device"], told)
        if isinstance(entry.get("machine"), str):
            record["machine"] = entry["machine"]
        found.append((entry["device"], {**record, "run": run["id"], "at": at}))
    return found, runs


def put_in(devices: dict[str, Record], name: str, new: Record, work: str) -> None:
    """Put an attempt into the devices of a report, after all that were put in before it."""
    known = devices.get(name)
    first = known is None or known["outcome"] == NOT_STARTED
    devices[name] = kept.with_removals(new, {}) if first else _merged(t.cast(Record, known), new, work)


def _merged(known: Record, new: Record, work: str) -> Record:
    # The order is that of the lines: a controller's clock may be set. Only the times of one run are compared.
    earlier = list(known.get("earlier") or ())
    if known.get("run") == new["run"]:
        if new["outcome"] == BEGUN_RECORD["outcome"] and new["at"] < (known.get("at") or ""):
            return known
    elif any(one.get("run") == new["run"] and new["at"] <= (one.get("at") or "") for one in earlier):
        return known
    else:
        earlier = [_brief(known), *earlier][:ATTEMPTS_KEPT]
    made = kept.with_known(new, known, work)
    return made | ({"earlier": earlier} if earlier else {})


def _brief(record: Mapping[str, t.Any]) -> Record:
    return {field: record.get(field) for field in ("run", "at", "outcome")}


def with_runs(stored: Stored, runs: Mapping[str, Record], written: str) -> None:
    """Put runs into the report, each with the outcomes of its attempts, as far as the report still knows them."""
    outcomes: dict[str, list[Record]] = {run: [] for run in runs}
    for record in stored.devices.values():
        for attempt in (record, *(record.get("earlier") or ())):
            if attempt.get("run") in outcomes:
                outcomes[attempt["run"]].append({"outcome": attempt.get("outcome")})
    known = {run["id"]: run for run in stored.runs}
    for run, said in runs.items():
        known[run] = {**known.get(run, {}), "totals": count(outcomes[run]), **said, "written": written}
    ordered = list(known.values())
    stored.dropped += max(0, len(ordered) - RUNS_KEPT)
    stored.runs = ordered[-RUNS_KEPT:]


def as_json(stored: Stored, work: str, check_mode: bool, generated: str, totals: dict[str, int]) -> dict[str, t.Any]:
    """The report as it lies in its file."""
    return {
        "format": ROLLOUT_FORMAT,
        "version": ROLLOUT_VERSION,
        "work": work,
        "check": check_mode,
        "generated": generated,
        "totals": totals,
        "runs": stored.runs,
        "runs_dropped": stored.dropped,
        "devices": list(stored.devices.values()),
    }
