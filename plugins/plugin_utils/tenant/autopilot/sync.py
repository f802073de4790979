# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The synchronization of Windows Autopilot: what is registered and not listed yet shows after one.

The service refuses another within ten minutes (429). Beta alone has it. Source: Microsoft Graph beta,
"windowsAutopilotSettings resource type", "sync"; Windows Autopilot, "Sync" of the admin center.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import typing as t

from ...task import Task
from ..devices.directory_device import instant
from ..devices.intune import AUTOPILOT_READ
from ..graph.client import GraphClient
from ..graph.errors import Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import TEXT, all_of, object_of, or_null
from .identities import AUTOPILOT_WRITE

SYNC_SETTINGS, BETA = "/deviceManagement/windowsAutopilotSettings", "beta"
SECONDS_BETWEEN = 600
_KIND = object_of(all_of("syncStatus", "lastSyncDateTime", "lastManualSyncTriggerDateTime", kind=or_null(TEXT)))
_READ = Purpose("read the settings of Windows Autopilot", AUTOPILOT_READ)
_SYNC = Purpose("ask Windows Autopilot for a synchronization", AUTOPILOT_WRITE)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


class Sync:
    """At most one synchronization for a task. ``asked``: this task has asked for it."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._before: str | None = None
        self._tried = False
        self.asked = False

    def ask_once(self) -> None:
        """Ask for it, unless somebody did a moment ago. That it is not possible is a warning: registrations are listed
        without it, too, only later."""
        if self._tried:
            return
        self._tried = True
        client = self._task.client
        try:
            settings = _settings(client)
            self._before = settings.get("lastSyncDateTime")
            last = instant(settings.get("lastManualSyncTriggerDateTime"))
            if last is not None and (now() - last).total_seconds() < SECONDS_BETWEEN:
                self._task.show("a synchronization of Windows Autopilot was asked for in the last ten minutes")
                return
            # Throttled is said of ten minutes: there is nothing to wait for.
            with client.waits.at_most(0), client.asking_nobody():
                client.post(SYNC_SETTINGS + "/sync", None, _SYNC, BETA)
            self.asked = True
        except RequestFailure as failed:
            self._warn(failed)

    def ended(self) -> bool:
        """Whether the one that this task has asked for is over. False where that is not known."""
        if not self.asked:
            return False
        try:
            settings = _settings(self._task.client)
        except RequestFailure:
            return False
        return settings.get("syncStatus") == "completed" and settings.get("lastSyncDateTime") != self._before

    def _warn(self, failed: RequestFailure) -> None:
        warnings = self._task.learned.setdefault("warnings", [])
        warnings.append(f"no synchronization of Windows Autopilot could be asked for: {failed.error['cause']}")


def _settings(client: GraphClient) -> dict[str, t.Any]:
    return client.get(SYNC_SETTINGS, _READ, None, BETA, _KIND)
