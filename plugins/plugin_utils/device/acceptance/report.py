# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the acceptance run tells: a report to attach to a bug report, and the same as lines for a screen.

The report holds numbers, yes or no, sentences of this collection's own, and the few words that system.py lets through.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import pathlib
import re
import typing as t

from ansible.release import __version__ as ansible_core_version

from ...untrusted import visible
from .. import operations as op
from .. import wire
from .system import Standing
from .trial import FAILED, NOT_POSSIBLE, RAN, Trial

if t.TYPE_CHECKING:
    from .run import AcceptanceRun

REPORT_FORMAT, REPORT_VERSION = "winops.entra.acceptance", 1
_COLLECTION = pathlib.Path(__file__).parents[4]


def result(run: AcceptanceRun, now: Standing | None) -> dict:
    """``report`` and ``table`` of a run; ``now`` is what of ours is on the device afterwards, None where unknown."""
    made = build(run, now)
    return {"report": made, "table": table(made)}


def build(run: AcceptanceRun, now: Standing | None) -> dict:
    """The report. The run has ended."""
    left = None if now is None else is_left(now, run.system.before)
    failed = any(trial.status == FAILED for trial in run.trials) or (run.touched and left is not False)
    moment = datetime.datetime.now(datetime.timezone.utc)
    return {
        "format": REPORT_FORMAT,
        "version": REPORT_VERSION,
        "generated": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "collection": collection_version(),
        "ansible_core": ansible_core_version,
        "runner": runner_digest(),
        "connection": run.plan.connection,
        "check_mode": run.check_mode,
        "verdict": "stopped" if run.stopped else "failed" if failed else "passed",
        "stopped": run.stopped.cause if run.stopped else None,
        "system": run.system.facts,
        "earlier_run_left_something": run.system.before.left,
        "left_on_the_device": left,
        "exchanges": run.session.exchanges,
        "seconds": round(run.deadline.elapsed, 1),
        "operations": {trial.operation: _operation(trial) for trial in run.trials},
        "package_questions": run.questions,
    }


def is_left(now: Standing, before: Standing) -> bool:
    """Whether anything of a run is on the device."""
    return now.left or now.probes > before.probes


def table(made: dict) -> list[str]:
    """The report as lines of a screen."""
    system = {name: "?" if value is None else value for name, value in made["system"].items()}
    lines = [
        visible(_system_line(system)),
        visible(_software_line(system, made)),
        "",
        f"{'operation':<24} {'result':<13} {'seconds':>7}  seen, or why",
    ]
    for name, entry in made["operations"].items():
        said = entry["why"] or ", ".join(f"{what} {_said(seen)}" for what, seen in entry["seen"].items())
        status = entry["status"].replace("_", " ")
        lines.append(f"{name:<24} {status:<13} {entry['seconds']:>7.1f}  {visible(said)}")
        lines += [f"{'':<46}  {visible(problem)}" for problem in entry["problems"][1:]]
    return [*lines, *_questions(made["package_questions"]), "", _last_line(made)]


def collection_version() -> str | None:
    """This collection's version: an installed one has a manifest, a clone has galaxy.yml."""
    manifest, source = _COLLECTION / "MANIFEST.json", _COLLECTION / "galaxy.yml"
    if manifest.exists():
        version = json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"]
    elif source.exists():
        found = re.search(r"(?m)^version: *(\S+)", source.read_text(encoding="utf-8"))
        version = found and found[1]
    else:
        return None
    return version and str(version)


def runner_digest() -> str:
    """The start of the SHA-256 of the whole runner: reports with the same one are of the same PowerShell text."""
    text = wire.runner_text(op.VOCABULARY["operations"])
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def connection_name(connection) -> str:
    """The connection plugin's name: winrm, psrp, ssh."""
    name = str(getattr(connection, "transport", ""))
    return name if re.fullmatch(r"[a-z_.]{1,60}", name) else "unknown"


_STATUSES = (RAN, FAILED, NOT_POSSIBLE)
_LEFT = {
    True: "something is left on the device",
    False: "nothing is left on the device",
    None: "whether something is left on the device is not known",
}


def _questions(asked: dict) -> list[str]:
    """A line a step; one where nothing was asked."""
    lines = ["", "about a package that was applied before: " + (asked["why"] or "asked")]
    for step in asked["steps"]:
        told = {name: seen for name, seen in step.items() if name not in ("step", "events", "code")}
        events = " ".join(f"{number}x{count}" for number, count in step["events"].items())
        seen = ", ".join(f"{name.replace('_', ' ')} {_said(value)}" for name, value in told.items())
        lines.append(f"{step['step']:<13} {step['code'] or '':<10}  {seen}; events {events or 'none'}")
    return lines


def _operation(trial: Trial) -> dict:
    return {
        "status": trial.status,
        "why": trial.why,
        "changing": trial.operation in op.CHANGING,
        "seen": trial.seen,
        "checks": trial.checks,
        "problems": trial.problems,
        "seconds": round(trial.seconds, 1),
    }


def _said(seen) -> str:
    if isinstance(seen, bool):
        return "yes" if seen else "no"
    return "-" if seen is None else str(seen)


def _system_line(system: dict) -> str:
    return (
        f"Windows {system['edition']} {system['version']}, build {system['build']}.{system['revision']}, "
        f"{system['architecture']}, {system['language']}, culture {system['culture']}, "
        f"code page {system['code_page']}"
    )


def _software_line(system: dict, made: dict) -> str:
    return (
        f"PowerShell {system['powershell']} ({system['powershell_edition']}) over {made['connection']}; "
        f"winops.entra {made['collection'] or '?'}, ansible-core {made['ansible_core']}"
    )


def _last_line(made: dict) -> str:
    counts = [sum(entry["status"] == status for entry in made["operations"].values()) for status in _STATUSES]
    return (
        f"{made['verdict']}: {counts[0]} ran, {counts[1]} failed, {counts[2]} not possible; "
        f"{_LEFT[made['left_on_the_device']]}; {made['seconds']:.0f} s, {made['exchanges']} exchanges"
    )
