# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module rollout_report: what this run has recorded goes into the report of the rollout, and is shown.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
from collections.abc import Callable, Collection, Mapping, Sequence

from ..options import bad_option
from ..result import Failure
from ..task import Task
from ..untrusted import visible
from . import (
    after_join,
    autopilot,
    diagnosed,
    gate,
    hand_over,
    journal,
    kept,
    loops,
    merge,
    records,
    security_keys,
    stored,
    table,
    totals,
    verify,
    writer,
)
from .door import read_record
from .run import moment, this_run
from .sheet_words import About, place
from .verified import totals as found

Known = Callable[[Mapping[str, t.Any], Collection[str]], dict[str, dict[str, t.Any]]]
#: Works whose steps may be done in several runs: what the report knows of a device goes into the next one.
_KNOWN: dict[str, Known] = {
    autopilot.WORK: autopilot.known,
    security_keys.KEYS_WORK: security_keys.known,
    "diagnose": diagnosed.known_devices,
    verify.VERIFY_WORK: verify.known,
    # Who verifies devices takes their ids from the report of their join.
    after_join.JOIN_WORK: verify.known,
}
_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,10}")
NAMED = 10
"""Devices that a warning names; the report has all."""


@dataclasses.dataclass
class Wave:
    """What a run has to say after a wave.

    ``run`` is as run.py gives it. ``own`` has the record of each device of the run, None where there is none. ``batch``
    are those of the wave, ``not_asked`` those that should have a record by now. ``directory`` is what the directory
    knows of the joined devices of the wave, None where it was not asked. ``gate`` is what the next wave hangs on.
    """

    work: str
    run: dict[str, t.Any]
    own: dict[str, dict[str, t.Any] | None]
    batch: Collection[str]
    not_asked: Collection[str] = ()
    directory: list[t.Any] | None = None
    gate: Sequence[str] = ()


@dataclasses.dataclass
class Made:
    """A report, and what it says of each device of this run, by outcome, and what was not understood. ``gate`` is that
    of the wave, None where none was asked for."""

    report: dict[str, t.Any]
    said: dict[str, dict[str, t.Any]]
    totals: dict[str, int]
    warnings: list[str]
    gate: dict[str, t.Any] | None = None


def write_and_show(task: Task) -> dict:
    """Put this run into the report, and show it as a table. Raises Failure that names the option."""
    args = task.args
    work, check = args["work"], task.check_mode
    dest, of_real_runs = stored.place(args["dest"], work, check), stored.place(args["dest"], work, False)
    pages = _sheet(task)
    wave = _wave(task)
    for path in dict.fromkeys((of_real_runs, dest)):
        writer.require_writable(path)
        writer.require_writable(journal.path_of(path))
    # What is known of devices is in the report of the real runs.
    real = _real(of_real_runs, work) if check else None
    if args["only_try"]:
        journal.look(dest)
        told: dict[str, t.Any] = {"totals": _so_far(stored.read(dest, work), wave.run["id"]), "dest": dest}
        if work in _KNOWN:
            before = _real(of_real_runs, work)
            told["began"] = before.runs[0]["started"] if before.runs else wave.run["started"]
            told["known"] = _KNOWN[work](before.devices, wave.own)
        return told
    failure = None
    writes = not check or args["write_in_check_mode"]
    if writes:
        with journal.locked(dest) as lines:
            entries, torn = lines.read()
            made = put_together(stored.read(dest, work), wave, entries, torn, real)
            try:
                writer.write(dest, made.report)
                if entries or torn:
                    lines.clear()
                if pages is not None:
                    hand_over.write(pages, made.report, _about(args))
            except Failure as exc:
                failure = exc
    else:
        made = put_together(stored.read(dest, work), wave, *journal.look(dest), real)
    _show(task, made, wave)
    if failure is not None:
        raise failure
    if writes:
        task.show_line(f"report: {visible(dest)}")
        if pages is not None:
            task.show_line(f"hand-over sheet: {visible(pages)}")
    said = [record for name, record in made.said.items() if name in wave.batch]
    told = {"totals": made.totals, "wave": totals.of_wave(said), "dest": dest}
    if work in hand_over.SHEETS:
        told["hand_over"] = pages if writes else None
    if made.gate is not None:
        told["gate"] = made.gate
    if work == verify.VERIFY_WORK:
        told["findings"] = found.count_findings(made.said.values())
    return told | ({"warnings": made.warnings} if made.warnings else {})


def _sheet(task: Task) -> str | None:
    """Where the hand-over sheet is to lie, which can be written there."""
    given = task.args.get(hand_over.SHEET_OPTION)
    if given is None:
        return None
    if task.args["work"] not in hand_over.SHEETS:
        works = " and ".join(hand_over.SHEETS)
        raise bad_option(hand_over.SHEET_OPTION, f"there is a hand-over sheet of work {works} alone", "leave it out")
    domain = task.args["hand_over_domain"]
    if domain is not None and not _DOMAIN.fullmatch(domain):
        raise bad_option("hand_over_domain", f"{domain!r} is not a domain", "give one such as contoso.com")
    path = place(given, task.check_mode)
    writer.require_writable(path, hand_over.SHEET_OPTION)
    return path


def _about(args: dict[str, t.Any]) -> About:
    return About(args["hand_over_contact"], args["hand_over_domain"])


def _wave(task: Task) -> Wave:
    args, variables, work = task.args, task.variables, task.args["work"]
    asked = list(dict.fromkeys(args["gate"]))
    if asked and work != after_join.JOIN_WORK:
        raise bad_option(
            "gate", f"there is a gate between the waves of work {after_join.JOIN_WORK} alone", "leave it out"
        )
    hosts = args["hosts"] if args["hosts"] is not None else variables["ansible_play_hosts_all"]
    hostvars = variables["hostvars"]
    unknown = [host for host in hosts if host not in hostvars]
    if unknown:
        raise bad_option("hosts", f"{', '.join(unknown)} is not in the inventory", "give names of the inventory")
    told: dict[str, t.Any] = dict.fromkeys(hosts)
    if not args["only_try"]:
        told = loops.by_device({host: hostvars[host].get(records.fact(work)) for host in hosts}, hostvars)
    not_started = set(args["not_started"])
    told = {host: None if host in not_started else record for host, record in told.items()}
    looped = set(told) - set(hosts)  # Who looped them is of this batch.
    own = {host: None if record is None else read_record(host, record) for host, record in told.items()}
    run = this_run(variables, task.check_mode)
    if args["hosts"] is not None:
        return Wave(work, run, own, set(hosts) | looped, (), args["directory"], asked)
    batch = set(variables["ansible_play_batch"]) | looped
    # Ansible has taken out of the play what has failed before, in another play too.
    lost = set(hosts) - set(variables.get("ansible_play_hosts", hosts))
    return Wave(work, run, own, batch, (batch | lost) - not_started, args["directory"], asked)


def _so_far(report: stored.Stored, run: str) -> dict[str, int]:
    """The totals of the waves that a run has reported."""
    return next((known["totals"] for known in report.runs if known["id"] == run and "totals" in known), {"devices": 0})


def _real(dest: str, work: str) -> stored.Stored:
    """The report of the real runs with what lies in its journal, as a run in check mode knows it."""
    entries, _torn = journal.look(dest)
    known = stored.read(dest, work)
    for name, attempt in merge.attempts_of(entries)[0]:
        merge.put_in(known.devices, name, attempt, work)
    return known


def put_together(
    report: stored.Stored, wave: Wave, entries: list[dict], torn: int = 0, real: stored.Stored | None = None
) -> Made:
    """Put what the journal holds and what a run has to say into a report; ``torn`` lines of the journal are damaged.

    In check mode ``real`` is the report of the real runs, by which records are completed.
    """
    run, own, work, now = wave.run, wave.own, wave.work, moment()
    if real is not None:
        # The ids of an earlier look count for nothing: nobody has proved them.
        known, work = real.devices, ""
        own = {
            name: kept.with_known(record, known[name], wave.work) if record and name in known else record
            for name, record in own.items()
        }
    attempts, runs = merge.attempts_of(entries)
    said = merge.update(report, attempts, own, run, work, now, wave.not_asked)
    problems: list[str] = []
    if wave.directory is not None:
        problems = totals.prove(said, wave.batch, wave.directory, run["id"], now)
    counted = totals.count(said.values())
    if wave.directory is not None:
        counted |= totals.count_proofs(said.values(), run["id"])
    of_all = totals.count(report.devices.values()) | totals.find_same(report.devices)
    judged = _judged(wave, now)
    if own:
        runs[run["id"]] = {**run, "totals": counted, **({"problems": problems} if problems else {})}
        if judged is not None:
            earlier = next((known.get("gates") for known in report.runs if known["id"] == run["id"]), None) or []
            runs[run["id"]]["gates"] = [*earlier, gate.stored_gate(judged)][-gate.MOST_GATES :]
    merge.with_runs(report, runs, writer.now())
    warnings = [*problems, *_not_understood(said), *_same(said)]
    if torn:
        warnings.append(f"{torn} lines of the journal are damaged: a run was killed while it wrote them")
    file = merge.as_json(report, wave.work, run["check"], writer.now(), of_all)
    if wave.work == verify.VERIFY_WORK:
        file["findings"] = found.count_findings(report.devices.values())
    return Made(file, said, counted, warnings, judged)


def _judged(wave: Wave, now: str) -> dict[str, t.Any] | None:
    """The gate after the wave, by what this run itself has recorded."""
    if not wave.gate:
        return None
    return gate.judge(
        wave.gate, {name: record for name, record in wave.own.items() if record and name in wave.batch}, now
    )


def _show(task: Task, made: Made, wave: Wave) -> None:
    lost = {name for name in wave.not_asked if name in made.said and made.said[name].get("name") == records.NOT_ASKED}
    shown = [record for name, record in made.said.items() if name in wave.batch or name in lost]
    more = found.lines(made.said.values()) if wave.work == verify.VERIFY_WORK else []
    for line in [*table.table(shown, task.args["table_limit"]), *more, table.summary(made.totals)]:
        task.show_line(line)
    if made.gate is not None:
        task.show_line(made.gate["says"])


def _not_understood(said: dict[str, dict]) -> list[str]:
    names = [name for name, record in said.items() if record.get("unreadable")]
    sentence = "not everything in the records of these devices is understood, see unreadable"
    return [f"{sentence}: {_named(names)}"] if names else []


def _same(said: dict[str, dict]) -> list[str]:
    names = [name for name, record in said.items() if record.get("same_device")]
    sentence = "these are the same device as others, or have the same device id, see same_device"
    return [f"{sentence}: {_named(names)}"] if names else []


def _named(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
