# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module diagnose: of a device or of a saved bundle, with findings and a new bundle out.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import os

from ansible.errors import AnsibleError

from ...findings import FAIL, Finding, require_known, summary, verdict
from ...options import bad_option
from ...report import writer
from ...result import Failure
from ...task import Task
from ...untrusted import visible
from .. import state
from ..answers import Answer
from ..reading import Unreadable
from . import bundles, device_diagnosis
from .clues import Diagnosis
from .device_diagnosis import DiagnosisScope

DEFAULT_HOURS = 72
OLDEST_YEAR, NEWEST_YEAR = 1970, 9000


def diagnose(task: Task) -> dict:
    """What a device says of failures, or what a bundle said. Failure where there is one that ``fail_on`` names."""
    args = task.args
    scope = _scope(args)
    if args["src"] is not None:
        report, findings = _report_of_bundle(_bundle(task, args["src"]), scope, args)
    else:
        report, findings = _report_of_device(task, scope)
    task.learned.update(report)
    failure = verdict(findings, args["fail_on"], "the device shows failures", "diagnosis")
    if failure:
        raise failure
    return {}


def _report_of_device(task: Task, scope: DiagnosisScope) -> tuple[dict, list[Finding]]:
    dest = _dest(task)
    if dest is not None:
        writer.require_writable(dest)
        _require_own(dest, _lying_at(dest), task.host)
    answer = task.session.run(device_diagnosis.observations(scope))
    report, findings = _report(answer, scope, task.args["limit"])
    report["source"] = "device"
    problems = state.problems(answer)
    if problems:
        report["warnings"] = problems
    if dest is not None:
        task.learned.update(report)  # Where it cannot be saved, what was found is told all the same.
        report["dest"] = dest
        _save(dest, bundles.pack(answer, scope, task.host, writer.now()), task)
    return report, findings


def _bundle(task: Task, src: str) -> dict:
    try:
        # Where dest has put it: relative paths of both begin at the current directory.
        path = os.path.abspath(src) if os.path.exists(src) else task.find_file(src)
        with task.in_clear(path) as readable:
            return bundles.read_bundle(readable, path)
    except AnsibleError as exc:
        raise bad_option(
            "src",
            f"there is no readable bundle {src} on the controller",
            "give the path of a file that diagnose has written",
        ) from exc


def _scope(args: dict) -> DiagnosisScope:
    """What the options ask for. Raises Failure that names the option."""
    since = args["since"]
    if since is not None:
        try:
            moment = datetime.datetime.fromisoformat(since.replace("Z", "+00:00"))
        except ValueError as exc:
            raise bad_option("since", f"{since!r} is not a time", "give it in the form 2026-11-21T08:00:00Z") from exc
        if not OLDEST_YEAR <= moment.year <= NEWEST_YEAR:
            raise bad_option(
                "since", f"no event is of the year {moment.year}", "give it in the form 2026-11-21T08:00:00Z"
            )
        if moment.tzinfo is None:
            raise bad_option(
                "since", f"{since!r} does not say its time zone", "add Z for UTC, or an offset such as +01:00"
            )
        since = state.utc_text(moment)
    # No ids: a code that no catalogue knows is a finding, too.
    require_known(args["fail_on"], ())
    if not args["topics"]:
        raise bad_option(
            "topics", "the list is empty", f"give some of {', '.join(device_diagnosis.TOPICS)}, or leave it out"
        )
    hours = None if since else args["hours"] if args["hours"] is not None else DEFAULT_HOURS
    return DiagnosisScope(tuple(args["topics"]), since, hours, args["tenant_id"], args["method"])


def _report(answer: Answer, scope: DiagnosisScope, limit: int) -> tuple[dict, list[Finding]]:
    """What the module returns, and all findings to be judged by ``fail_on``."""
    ranked, facts = device_diagnosis.diagnose(answer, scope)
    findings = [diagnosis.as_finding() for diagnosis in ranked]
    counts = summary(findings)
    return {
        "findings": [diagnosis.as_dict() for diagnosis in ranked[:limit]],
        "summary": counts,
        "omitted": len(ranked[limit:]),
        "healthy": not counts[FAIL],
        "conclusion": _conclusion(ranked[:1]),
        "since": device_diagnosis.counts_from(answer, scope),
        "device_utc": answer.device["utc"],
        "state": {"join": facts["join"], "mdm": facts["mdm"]},
    }, findings


def _conclusion(first: list[Diagnosis]) -> str:
    if not first:
        return "nothing on the device shows a failure"
    code = first[0].explanation.get("code")
    cause = visible(first[0].explanation["cause"])
    return f"{first[0].what}: {cause}" + (f" ({code})" if code else "")


def _report_of_bundle(bundle: dict, scope: DiagnosisScope, args: dict) -> tuple[dict, list[Finding]]:
    """Of a saved bundle. Shapes cannot say everything: what trips a reader all the same is damage, too."""
    try:
        answer = bundles.unpack(bundle)
        report, findings = _report(answer, scope, args["limit"])
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, Unreadable) as exc:
        raise bundles.damaged(args["src"], f"its content does not fit together ({exc})") from exc
    whose = {"host": bundle["host"], "collected": bundle["collected"]}
    return report | {"source": "bundle", "bundle": whose}, findings


def _dest(task: Task) -> str | None:
    """The absolute path of the bundle; in a directory (``dest`` ends with a slash) a file named after the device."""
    dest = task.args["dest"]
    if dest is None:
        return None
    return os.path.abspath(os.path.join(dest, bundles.file_name(task.host)) if dest.endswith("/") else dest)


def _lying_at(path: str) -> dict | None:
    try:
        return bundles.read_bundle(path) if os.path.exists(path) else None
    except Failure:
        return None  # Not a bundle, or not one of ours: it is replaced.


def _require_own(path: str, bundle: dict | None, host: str) -> None:
    """Raises the Failure of a bad option where another device's bundle lies there."""
    if bundle is not None and bundle["host"] != host:
        raise bad_option(
            "dest",
            f"{visible(path)} is the bundle of another device, {visible(bundle['host'])}",
            "give each device a file of its own; where dest ends with a slash it is a directory, in which each has one",
        )


def _save(path: str, bundle: dict, task: Task) -> None:
    """Write the bundle, unless the one that lies there says the same. A change is one once it is written."""
    before = _lying_at(path)
    _require_own(path, before, task.host)
    if before is not None and bundles.same_evidence(before, bundle):
        return
    if not task.check_mode:
        try:
            writer.write(path, bundle, new=not os.path.lexists(path))
        except FileExistsError:  # Another task has been faster.
            _require_own(path, _lying_at(path), task.host)
            writer.write(path, bundle)
    shown = before and {"path": path, "collected": before["collected"]}
    task.changes.add("bundle", shown, {"path": path, "collected": bundle["collected"]})
