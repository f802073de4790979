# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time window of a diagnosis, and what of it the tenant has kept.

Source: Microsoft Entra, "Data retention" (sign-ins and audits: 7 days, with P1 or P2 30 days).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ...options import bad_option, require_moment

DEFAULT_LOG_HOURS = 72
KEPT_DAYS, KEPT_WITHOUT_P1 = 30, 7
_FIRST_YEAR = 2000


@dataclasses.dataclass(frozen=True)
class Window:
    """From ``start`` to ``end``, both in UTC."""

    start: datetime.datetime
    end: datetime.datetime

    def has(self, moment: datetime.datetime | None) -> bool:
        """Whether a time is within; a time that nobody knows is."""
        return moment is None or self.start <= moment

    def beyond(self, without_p1: bool) -> list[str]:
        """The note about a window that begins before what is kept."""
        kept = KEPT_WITHOUT_P1 if without_p1 else KEPT_DAYS
        if self.end - self.start <= datetime.timedelta(days=kept):
            return []
        licence = ", because the tenant has no license of Microsoft Entra ID P1" if without_p1 else ""
        oldest = in_utc(self.end - datetime.timedelta(days=kept))
        said = f"the time window begins before {oldest}, and the tenant keeps sign-ins and audits for {kept} days"
        return [said + licence]


def window(args: dict[str, t.Any], now: datetime.datetime) -> Window:
    """What the options ``hours`` and ``since`` say. Raises Failure that names the option."""
    now = now.replace(microsecond=0)
    if args["since"] is None:
        hours = args["hours"] if args["hours"] is not None else DEFAULT_LOG_HOURS
        return Window(now - datetime.timedelta(hours=hours), now)
    start = require_moment(args["since"], "since")
    try:
        start = start.astimezone(datetime.timezone.utc)
    except OverflowError:
        start = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
    if not _FIRST_YEAR <= start.year or start >= now:
        cause = f"{args['since']!r} is not a time in the past that a log may have"
        raise bad_option("since", cause, "give it as 2026-11-30T08:00:00Z")
    return Window(start, now)


def in_utc(moment: datetime.datetime) -> str:
    """As Graph writes it in filters."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
