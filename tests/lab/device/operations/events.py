# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""events."""

from __future__ import annotations

import collections

from ..accounts import Caller
from ..errors import bad_argument
from ..wire import parse_utc, utc_text
from .dispatch import operation


@operation("events")
def events(
    device,
    caller: Caller,
    log: str,
    ids: list,
    limit: int,
    since: str | None = None,
    levels: list | None = None,
    each: int | None = None,
    after: int | None = None,
) -> dict:
    if not device.events.exists(log):
        return {"log_exists": False, "events": []}
    try:
        start = parse_utc(since) if since else None
    except ValueError:
        raise bad_argument(f"'{since}' is no time") from None
    wanted_levels = levels or []
    found, counts = [], collections.Counter[int]()
    for event in reversed(device.events.read(log)):
        wanted = not (ids or wanted_levels) or event.id in ids or event.level in wanted_levels
        if not wanted or (start is not None and event.utc < start) or (after and event.record <= after):
            continue
        counts[event.id] += 1
        if not each or counts[event.id] <= each:
            found.append(event)
    return {
        "log_exists": True,
        "events": [
            {
                "id": event.id,
                "level": event.level,
                "record": event.record,
                "utc": utc_text(event.utc),
                "provider": event.provider,
                "data": list(event.data),
                "message": device.events.message(event),
            }
            for event in found[:limit]
        ],
    }
