# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module directory_diagnosis: the tenant's half of a diagnosis of many devices, and one cause of each.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import typing as t

from ...findings import PASS, Finding, require_known, summary, verdict
from ...task import Task
from . import objects, settings
from .device_side import asked_devices
from .findings import ABOUT_OBJECT, DIRECTORY_DIAGNOSIS_IDS, log_not_read
from .lag import wait_for_entries
from .logs import LOGS, LogRead, Reader, narrowed
from .matching import match
from .verdicts import Judge
from .window import Window, in_utc, window


def diagnose_in_tenant(task: Task) -> dict[str, t.Any]:
    """The work of the module. Failure where a finding is one that the option ``fail_on`` names."""
    args = task.args
    require_known(args["fail_on"], DIRECTORY_DIAGNOSIS_IDS)
    now = datetime.datetime.now(datetime.timezone.utc)
    when = window(args, now)
    devices, odd = asked_devices(args["devices"], now)
    if odd:
        task.learned["warnings"] = odd
    reader = Reader(task.client, narrowed(device.user for device in devices), args["max_rows"])
    reads = {log.name: reader.read(log, when.start) for log in LOGS if log.name in args["questions"]}
    waited, lagging = wait_for_entries(task, reader, reads, devices, now)
    matched = match(devices, reads)
    judge = Judge(devices, matched, reads)
    if "objects" in args["questions"]:
        judge.objects = objects.ask(task, devices)
    notes = [*_notes(when, reads), *lagging]
    if "readiness" in args["questions"]:
        unwell = judge.unwell()
        found, left_out = settings.ask(task, [judge.user(device) for device in unwell]) if unwell else ([], [])
        judge.settings = settings.Settings(found)
        notes += left_out
    general = [
        log_not_read(came.log.identity, came.log.noun, came.failure)
        for came in reads.values()
        if came.failure is not None
    ]
    if judge.objects.failure is not None:
        general.append(log_not_read(ABOUT_OBJECT, "the objects in Entra", judge.objects.failure))
    shown, told = judge.devices()
    findings: list[Finding] = [*general, *judge.unknown_settings(), *told]
    task.learned.update(
        devices=shown,
        findings=[one.as_dict() for one in findings if one.result != PASS],
        summary=summary(findings),
        logs=[came.as_dict() for came in reads.values()],
        since=in_utc(when.start),
        until=in_utc(when.end),
        waited=waited,
        notes=notes,
    )
    failure = verdict(findings, args["fail_on"], "the tenant shows why devices failed", "directory_diagnosis")
    if failure:
        raise failure
    return {}


def _notes(when: Window, reads: dict[str, LogRead]) -> list[str]:
    """What limits the answer: what is kept, and what was not read."""
    failures = [came.failure for came in reads.values() if came.failure is not None]
    without_p1 = any(failure.error["name"] == "premium_licence_missing" for failure in failures)
    of_entra = [came for came in reads.values() if came.log.path.startswith("/auditLogs")]
    beyond = when.beyond(without_p1) if of_entra else []
    return [*beyond, *(came.cut for came in reads.values() if came.cut is not None)]
