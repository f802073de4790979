# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event logs: records with their fields in the order of the provider's manifest, and a message for people.

Field order and types follow the public event manifests (repnz/etw-providers-docs, jdu2600/Windows10EtwEvents); the
messages are paraphrased after them. ``win:HexInt32`` and ``win:Int32`` fields read as signed integers through .NET's
EventProperty, ``win:UInt32`` as unsigned ones.
"""

from __future__ import annotations

import datetime
import json
import pathlib
import typing as t
from collections.abc import Iterable

PROVISIONING = "Microsoft-Windows-Provisioning-Diagnostics-Provider/Admin"
REGISTRATION = "Microsoft-Windows-User Device Registration/Admin"
MDM = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Admin"
AAD = "Microsoft-Windows-AAD/Operational"
SYSTEM = "System"
#: As of Windows 11 24H2 the sessions of an MDM are told there, and not in Admin.
SYNC = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Sync"
BITLOCKER = "Microsoft-Windows-BitLocker-API/Management"
LAPS = "Microsoft-Windows-LAPS/Operational"
SETUP = "Setup"

#: log -> provider of the events written there by this model; the System log has several, see ``write``.
PROVIDERS = {
    PROVISIONING: "Microsoft-Windows-Provisioning-Diagnostics-Provider",
    REGISTRATION: "Microsoft-Windows-User Device Registration",
    MDM: "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider",
    AAD: "Microsoft-Windows-AAD",
    SYNC: "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider",
    BITLOCKER: "Microsoft-Windows-BitLocker-API",
    LAPS: "Microsoft-Windows-LAPS",
    SETUP: "Microsoft-Windows-Servicing",
}
KEPT = 2000
CRITICAL, ERROR, WARNING, INFORMATION = 1, 2, 3, 4
#: log -> ids that the manifests call errors or warnings, of those that this model writes or plants; all others inform.
LEVELS: dict[str, dict[int, tuple[int, ...]]] = {
    PROVISIONING: {ERROR: (12, 22, 42, 45, 62, 65, 67, 69, 72, 81), WARNING: (40, 100, 165, 177)},
    REGISTRATION: {
        ERROR: (*range(200, 208), 218, *range(223, 229), 230, 231, *range(233, 237), 239, 240, 304, 305, 307, 309),
        WARNING: (333, 334, 360, 362),
    },
    MDM: {ERROR: (7, 11, 15, 52, 59, 71, 76, 201, 204, 404, 454, 809, 820, 867, 1924), WARNING: (62, 77, 211, 1200)},
    AAD: {
        ERROR: (1024, 1025, *range(1081, 1092), 1098, 1101, 1103, 1104, 1105, 1112, 1118),
        WARNING: (1097, 1100, 1111),
    },
    BITLOCKER: {ERROR: (846, 851), WARNING: (778,)},
    LAPS: {ERROR: (10005, 10059)},
}

_TEXTS: dict = json.loads(pathlib.Path(__file__).with_name("event_texts.json").read_text(encoding="utf-8"))


class Event(t.NamedTuple):
    """One record; ``utc`` is the device's own clock."""

    log: str
    id: int
    record: int
    utc: datetime.datetime
    provider: str
    data: tuple[str, ...]
    level: int


class EventLogs:
    """The logs of one device. ``names`` are the channels that exist; writes to others are dropped, as Windows does."""

    def __init__(self, names: Iterable[str], language: str = "en") -> None:
        self._logs: dict[str, list[Event]] = {name: [] for name in names}
        self._names = {name.lower(): name for name in self._logs}
        self._last: dict[str, int] = {}
        self.language = language

    def names(self) -> list[str]:
        """The channels that exist."""
        return list(self._logs)

    def exists(self, log: str) -> bool:
        return log.lower() in self._names

    def write(
        self,
        log: str,
        event_id: int,
        utc: datetime.datetime,
        data: Iterable = (),
        provider: str = "",
        level: int | None = None,
    ) -> None:
        """Append a record; ``data`` are the fields in the manifest's order, ``level`` is the manifest's where None."""
        if not self.exists(log):
            return
        self._last[log] = self._last.get(log, 0) + 1
        fields = tuple(str(field) for field in data)
        events = self._logs[log]
        level = level or _level(log, event_id)
        events.append(Event(log, event_id, self._last[log], utc, provider or PROVIDERS[log], fields, level))
        del events[:-KEPT]

    def read(self, log: str) -> list[Event]:
        """The records of a log, oldest first."""
        return self._logs.get(self._names.get(log.lower(), ""), [])

    def count(self) -> dict[str, int]:
        """Records by log, logs without any left out."""
        return {name: len(events) for name, events in self._logs.items() if events}

    def message(self, event: Event) -> str | None:
        """The text a person sees, in the device's language where the lab has it; None where no text is known."""
        texts = _TEXTS.get(event.provider, {}).get(str(event.id))
        if texts is None:
            return None
        return texts.get(self.language, texts["en"]).format(*event.data)


def _level(log: str, event_id: int) -> int:
    return next((level for level, ids in LEVELS.get(log, {}).items() if event_id in ids), INFORMATION)
