# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries show in the logs some minutes after what they tell of: they are waited for, with a limit.

It is waited for devices that have failed a short time ago at the sign-in service, of which their own evidence has an
id, or their code says so. The wait ends as soon as each of them has its entry. Source: Microsoft Entra, "Log latency"
(sign-ins: 2 to 5 minutes, 15 at most for nearly all).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime

from ...task import Task
from .device_side import Asked
from .logs import SIGN_INS, LogRead, Reader
from .matching import AROUND, match

LAG = datetime.timedelta(minutes=15)
LOG_POLL_SECONDS = 30.0
#: Codes of a refusal at the token service begin so.
_OF_SIGN_INS = ("aadsts", "0xcaa2", "0x801c0024")


def at_the_service(device: Asked) -> bool:
    """Whether a device says that its failure was at the sign-in service, so that the log must have it."""
    worst = device.said.worst
    if worst is None or worst.subject not in ("join", "sign_in", "mdm"):
        return False
    return any(code.startswith(_OF_SIGN_INS) for code in worst.codes)


def wait_for_entries(
    task: Task, reader: Reader, reads: dict[str, LogRead], devices: list[Asked], now: datetime.datetime
) -> tuple[int, list[str]]:
    """Read the sign-ins again until each device has its entry or the time is up: seconds waited, and a note."""
    came = reads.get(SIGN_INS.name)
    if came is None or came.failure is not None:
        return 0, []
    began = {device.name: moment for device in devices if (moment := _fresh(device, now)) is not None}
    waits = task.client.waits.another(task.args["log_wait"])
    missing = _missing(devices, came, set(began))
    while missing:
        seconds = min(LOG_POLL_SECONDS, waits.left)
        left = f"the sign-ins of {len(missing)} devices are not in the log yet"
        if seconds < 1 or not waits.wait(seconds, left):
            break
        reader.more(came, min(began[name] for name in missing) - AROUND)
        missing = _missing(devices, came, missing)
    if not missing:
        return int(waits.spent), []
    named = ", ".join(sorted(missing)[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    return int(waits.spent), [
        f"the log lags: it has no sign-in of {named} yet, whose failure is some minutes old; look again later"
    ]


def _fresh(device: Asked, now: datetime.datetime) -> datetime.datetime | None:
    """When a device failed that is to be waited for, by the tenant's time."""
    worst = device.said.worst
    if worst is None or not at_the_service(device):
        return None
    newest = max(device.said.moments(worst), default=None)
    return newest if newest is not None and now - newest <= LAG else None


def _missing(devices: list[Asked], came: LogRead, names: set[str]) -> set[str]:
    """Those whose sign-in is not in the log: with ids of its own a device has to be found by them."""
    if not names:
        return set()
    found = match([device for device in devices if device.name in names], {SIGN_INS.name: came})
    ids = {device.name: device.said.ids for device in devices}
    return {name for name in names if not (found[name].traced(ids[name]) if ids[name] else found[name].sign_ins)}
