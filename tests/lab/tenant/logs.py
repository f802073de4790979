# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's logs: sign-ins, directory audits, and enrollments that Intune refused, in Microsoft Graph's shapes.

An entry is written when its event happens and shows ``lag`` seconds later (Microsoft, "How long does it take for
activity logging data to become available": minutes); it is kept for 30 days with Entra ID P1 ("Data retention"). A row
has, besides Graph's properties, the second of the lab at which it happened, and that from which it shows.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .times import utc_seconds

if t.TYPE_CHECKING:
    from .model import Directory

SIGN_INS, AUDITS, ENROLLMENTS = "signIns", "directoryAudits", "troubleshootingEvents"
#: The property by which each log is sorted, newest first.
MOMENT = {SIGN_INS: "createdDateTime", AUDITS: "activityDateTime", ENROLLMENTS: "eventDateTime"}
HAPPENED, SHOWS = "_happened_at", "_shows_at"
DAY = 86_400.0
Row = dict[str, t.Any]


@dataclasses.dataclass
class Logs:
    """``lag``: seconds until an entry shows. ``licence_check``: ``done``, or ``directory_read`` where the service
    looks for the licence with the caller's own permissions. ``without_window``: a list of sign-ins or audits that
    names no beginning is ``slow`` (ends in 504), or ``answered``. ``odd_filters``: what v1.0 makes of a filter that
    only beta knows: ``refused``, ``empty``, or ``ignored`` (interactive rows). ``keep_days``: how long entries are
    kept. ``asked``: when the logs were read."""

    lag: float = 120.0
    keep_days: float = 30.0
    licence_check: str = "done"
    without_window: str = "slow"
    odd_filters: str = "refused"
    rows: dict[str, list[Row]] = dataclasses.field(default_factory=lambda: {name: [] for name in MOMENT})
    asked: list[float] = dataclasses.field(default_factory=list)
    refused: int = 0

    def write(self, name: str, row: Row, happened: float, late: float | None = None) -> Row:
        """Add an entry of something that ``happened`` at this second of the lab; ``late``: its own lag."""
        row[HAPPENED] = happened
        row[SHOWS] = happened + (self.lag if late is None else late)
        self.rows[name].append(row)
        return row

    def shown(self, name: str, now: float) -> list[Row]:
        """What a log has at this second of the lab, newest first."""
        begin = now - self.keep_days * DAY
        found = [row for row in reversed(self.rows[name]) if row[SHOWS] <= now and row[HAPPENED] >= begin]
        return sorted(found, key=lambda row: row[MOMENT[name]], reverse=True)


def moment(directory: Directory) -> str:
    """The time of an event that happens now, as audits and Intune print it: with seven digits (published exports)."""
    now = directory.now()
    return f"{utc_seconds(now)[:-1]}.{now.microsecond:06d}7Z"
