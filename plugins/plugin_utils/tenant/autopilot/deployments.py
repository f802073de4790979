# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments, from the newest event of each device: how it ended, where, and whether Intune and the directory agree.

An event may stay ``inProgress``, or keep an earlier ``failure``, for ever. ``successWithTimeout`` is in use although
incomplete, because somebody went past an error; ``notAttempted`` and ``disabled`` do not mean a failure. Sources:
Microsoft Graph beta, deviceManagementAutopilotEvent (50 on a page); field reports.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import re
import typing as t
from collections.abc import Iterable

from ...autopilot import serials
from ..devices.directory_device import instant
from ..devices.intune import INTUNE_READ, NO_DEVICE
from ..graph.client import GraphClient
from ..graph.errors import Purpose
from ..graph.fields import LINE, TEXT, all_of, object_of, or_null
from .assignment import Registration, date_or_none

DEPLOYED, INCOMPLETE, GOING_ON, FAILED, IN_USE, UNKNOWN = (
    "deployed",
    "incomplete",
    "in_progress",
    "failed",
    "in_use",
    "unknown",
)
ENDED = (DEPLOYED, INCOMPLETE, FAILED, IN_USE)
#: A page waits an hour by default; a device that synchronizes so long after the last word of its event is at work.
AT_WORK = datetime.timedelta(hours=4)
_OUTCOMES = {
    "success": DEPLOYED,
    "successOnRetry": DEPLOYED,
    "successWithTimeout": INCOMPLETE,
    "inProgress": GOING_ON,
    "failure": FAILED,
}
_NOT_TRACKED = ("notAttempted", "disabled")
_NOT_ENROLLED = ("failed", "blocked")
_TEXTS = (
    *("deploymentState", "deviceSetupStatus", "accountSetupStatus", "enrollmentState", "enrollmentType"),
    *("deviceSetupDuration", "accountSetupDuration", "deploymentTotalDuration", "deploymentDuration"),
    *("eventDateTime", "enrollmentStartDateTime", "deploymentStartDateTime", "deploymentEndDateTime"),
)
_LINES = (
    *("enrollmentFailureDetails", "userPrincipalName", "osVersion", "windowsAutopilotDeploymentProfileDisplayName"),
    "windows10EnrollmentCompletionPageConfigurationDisplayName",
)
_KIND = object_of(
    {
        **all_of(*_TEXTS),
        **all_of(*_LINES, kind=or_null(LINE)),
        "deviceId": or_null(TEXT),
        "deviceSerialNumber": or_null(LINE),
    }
)
_DURATION = re.compile(r"P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})(?:\.\d+)?S)?)?")
_CODE = re.compile(r"(?<![0-9A-Za-z])0[xX][0-9a-fA-F]{8}(?![0-9A-Za-z])")
#: A clock or two may be slow: a record is of a deployment that began so little after it.
_CLOCKS = datetime.timedelta(minutes=10)
Event = dict[str, t.Any]


def newest(
    client: GraphClient, found: Iterable[Registration], since: datetime.datetime | None
) -> dict[str, tuple[Event, int]]:
    """(newest event, how many there are) by the id of the registration; only of deployments that began after ``since``.

    An event is of a device by the ids of its records; by the serial number only where no other device has it.
    RequestFailure where the list cannot be read to its end.
    """
    owners: dict[str, str] = {}
    for one in found:
        names = [one.shown["managed_device_id"], one.shown["device_id"]]
        names += [f"serial {one.key}"] if one.shown["serial_usable"] else []
        owners.update((name, one.id) for name in names if name)
    latest: dict[str, tuple[Event, int]] = {}
    purpose = Purpose("list the deployments of Windows Autopilot", INTUNE_READ)
    for row in client.list("/deviceManagement/autopilotEvents", purpose, None, "beta", kind=_KIND):
        owner = _owner(row, owners)
        if owner is None or (since is not None and (_began(row) or since) <= since):
            continue
        known, count = latest.get(owner, (row, 0))
        latest[owner] = (max(known, row, key=_order), count + 1)
    return latest


def _owner(row: Event, owners: dict[str, str]) -> str | None:
    identity = (row.get("deviceId") or "").lower()
    if identity and identity != NO_DEVICE and identity in owners:
        return owners[identity]
    return owners.get(f"serial {serials.key(row.get('deviceSerialNumber') or '')}")


def _began(row: Event) -> datetime.datetime | None:
    times = (row.get(f"{name}DateTime") for name in ("deploymentStart", "enrollmentStart", "event"))
    return next((moment for text in times if (moment := instant(text)) is not None), None)


def _order(row: Event) -> tuple[str, str]:
    began = _began(row)
    return began.isoformat() if began else "", row.get("eventDateTime") or ""


def shown(row: Event, count: int, intune: dict | None, directory: dict | None, asked: bool) -> dict[str, t.Any]:
    """A deployment as the module returns it. ``asked``: whether Intune and the directory have answered."""
    outcome = _outcome(row)
    at_work = asked and outcome in (GOING_ON, FAILED) and _is_at_work(row, intune)
    result = IN_USE if at_work else outcome
    failure = row.get("enrollmentFailureDetails") or None
    code = _CODE.search(failure or "")
    return {
        "outcome": result,
        "state": row.get("deploymentState"),
        "phase": _phase(row, result),
        "ended": result in ENDED,
        "confirmed": _confirmed(result, intune, directory) if asked else None,
        "device_setup": row.get("deviceSetupStatus"),
        "account_setup": row.get("accountSetupStatus"),
        "device_setup_seconds": seconds_of(row.get("deviceSetupDuration")),
        "account_setup_seconds": seconds_of(row.get("accountSetupDuration")),
        "seconds": seconds_of(row.get("deploymentTotalDuration") or row.get("deploymentDuration")),
        "started": date_or_none(row.get("deploymentStartDateTime")) or date_or_none(row.get("enrollmentStartDateTime")),
        "finished": date_or_none(row.get("deploymentEndDateTime")),
        "event_at": date_or_none(row.get("eventDateTime")),
        "failure": failure,
        "code": code[0].lower() if code else None,
        "kind": row.get("enrollmentType"),
        "user": row.get("userPrincipalName") or None,
        "profile": row.get("windowsAutopilotDeploymentProfileDisplayName") or None,
        "page": row.get("windows10EnrollmentCompletionPageConfigurationDisplayName") or None,
        "os_version": row.get("osVersion") or None,
        "count": count,
    }


def _outcome(row: Event) -> str:
    state, enrollment = row.get("deploymentState"), row.get("enrollmentState")
    known = _OUTCOMES.get(state or "")
    if known is not None:
        return known
    if enrollment in _NOT_ENROLLED:
        return FAILED
    # No page was shown: the enrollment was all.
    return DEPLOYED if state in _NOT_TRACKED and enrollment == "enrolled" else UNKNOWN


def _is_at_work(row: Event, intune: dict | None) -> bool:
    """Whether Intune manages the device since this deployment, and has heard of it long after its event's last word."""
    if intune is None:
        return False
    began, said = _began(row), instant(row.get("eventDateTime"))
    enrolled, synced = instant(intune["enrolled"]), instant(intune["last_sync"])
    if began is None or said is None or enrolled is None or synced is None:
        return False
    return enrolled >= began - _CLOCKS and synced - said >= AT_WORK


def _confirmed(outcome: str, intune: dict | None, directory: dict | None) -> bool | None:
    if outcome == UNKNOWN:
        return None
    if outcome in (GOING_ON, FAILED):
        return True
    return intune is not None and directory is not None and bool(directory["join_type"] and directory["enabled"])


def _phase(row: Event, outcome: str) -> str | None:
    """Where a deployment is, or where it went wrong."""
    if outcome in (DEPLOYED, UNKNOWN):
        return None
    wanted = {INCOMPLETE: ("successWithTimeout",)}.get(outcome, ("inProgress", "failure", "successWithTimeout"))
    for phase, name in (("account_setup", "accountSetupStatus"), ("device_setup", "deviceSetupStatus")):
        if row.get(name) in wanted:
            return phase
    if outcome == INCOMPLETE:
        return None
    if row.get("deviceSetupStatus") in ("success", "successOnRetry"):
        return "account_setup"
    return "device_preparation" if row.get("deviceSetupStatus") in (None, "unknown", *_NOT_TRACKED) else None


def seconds_of(text: str | None) -> int | None:
    """The seconds of an Edm.Duration (``PT1H2M3.5S``), None for another text."""
    match = _DURATION.fullmatch(text or "")
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
