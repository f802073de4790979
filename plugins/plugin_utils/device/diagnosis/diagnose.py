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
from ...options import bad_option, optional_guid
from ...report import writer
from ...result import Failure
from ...task import Task
from .. import state
from ..answers import Answer
from . import bundles, device_diagnosis
from .clues import Diagnosis
from .device_diagnosis import DiagnosisScope

DEFAULT_HOURS = 72


def diagnose(task: Task) -> dict:
    """What a device says of failures, or what a bundle said. Failure where there is one that ``fail_on`` names."""
    args = task.args
    scope = _scope(args)
    if args["src"] is not None:
        report, findings = _report_of_bundle(bundles.read_bundle(_bundle_path(task, args["src"])), scope, args)
    else:
        report, findings = _report_of_device(task, scope)
    task.learned.update(report)
    failure = verdict(findings, args["fail_on"], "the device shows failures", "diagnosis")
    if failure:
        raise failure
    return {}


def _report_of_device(task: Task, scope: DiagnosisScope) -> tuple[dict, list[Finding]]:
    answer = task.session.run(device_diagnosis.observations(scope))
    report, findings = _report(answer, scope, task.args["limit"])
    report["source"] = "device"
    dest = task.args["dest"]
    if dest is not None:
        report["dest"] = os.path.abspath(dest)
        _save(report["dest"], bundles.pack(answer, scope, task.host, writer.now()), task)
    problems = state.problems(answer)
    return report | ({"warnings": problems} if problems else {}), findings


def _bundle_path(task: Task, src: str) -> str:
    try:
        return task.find_file(src)
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
        if moment.tzinfo is None:
            raise bad_option(
                "since", f"{since!r} does not say its time zone", "add Z for UTC, or an offset such as +01:00"
            )
        since = state.utc_text(moment)
    tenant_id = optional_guid(args["tenant_id"], "tenant_id")
    # No ids: a code that no catalogue knows is a finding, too.
    require_known(args["fail_on"], ())
    if not args["topics"]:
        raise bad_option(
            "topics", "the list is empty", f"give some of {', '.join(device_diagnosis.TOPICS)}, or leave it out"
        )
    hours = None if since else args["hours"] if args["hours"] is not None else DEFAULT_HOURS
    return DiagnosisScope(tuple(args["topics"]), since, hours, tenant_id, args["method"])


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
    return f"{first[0].what}: {first[0].explanation['cause']}" + (f" ({code})" if code else "")


def _report_of_bundle(bundle: dict, scope: DiagnosisScope, args: dict) -> tuple[dict, list[Finding]]:
    """Of a saved bundle. Shapes cannot say everything: what trips a reader all the same is damage, too."""
    try:
        answer = bundles.unpack(bundle)
        report, findings = _report(answer, scope, args["limit"])
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as exc:
        raise Failure(
            f"the bundle {args['src']} cannot be used: its content is inconsistent ({exc})",
            side="controller",
            name="damaged_bundle",
            cause="the content of the bundle is inconsistent",
            fix="use a file that winops.entra.diagnose has written with dest, as it is; collect it again if in doubt",
        ) from exc
    whose = {"host": bundle["host"], "collected": bundle["collected"]}
    return report | {"source": "bundle", "bundle": whose}, findings


def _save(path: str, bundle: dict, task: Task) -> None:
    """Write the bundle, unless the one that lies there says the same."""
    try:
        before = bundles.read_bundle(path) if os.path.exists(path) else None
    except Failure:
        before = None  # Not a bundle, or not one of ours: it is replaced.
    if before is not None and bundles.same_evidence(before, bundle):
        return
    shown = before and {"path": path, "collected": before["collected"]}
    task.changes.add("bundle", shown, {"path": path, "collected": bundle["collected"]})
    if not task.check_mode:
        writer.write(path, bundle)
