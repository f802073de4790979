# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs and clocks: what a device says of its work as SYSTEM, of its time, and of the times in its answers."""

from __future__ import annotations

import datetime
import random
import typing as t

from ansible_collections.winops.entra.plugins.plugin_utils.device.shapes import is_utc
from tests.fuzz import runs, values
from tests.unit.device import hostile
from tests.unit.device.lying import MISSING

SAMPLE = 250
# Those that have jobs, or reckon with times.
_RUNS = [name for name in hostile.RUNS if name not in ("ppkg_info", "device_facts fresh")]
_JOBS = ("job_status", "job_start", "job_remove", "system_probe")
_STEPS: tuple[dict[str, t.Any], ...] = (
    {"exit_code": 0, "text": ""},
    {"exit_code": -2145648611, "text": "AADSTS700082", "removed": [], "error": None},
    {"gave_up": True, "seconds": 1.0, "error": {"type": None, "message": None, "hresult": None}, "text": "x"},
    {"gave_up": False, "seconds": 1.0, "error": {"type": "x", "message": "y", "hresult": -2147024891}, "text": ""},
    {"removed": ["HKLM\\x"], "unregistered": False, "error": {"type": "x", "message": None, "hresult": None}},
    {"key": {"values": {}, "keys": {}}, "exists": True},
    {},
)


def one(chance: random.Random) -> None:
    name = chance.choice(_RUNS)
    device, told = runs.liar(chance, name), runs.told(name)
    jobs = [operation for operation in told if operation.split(":")[0] in _JOBS]
    times = [(operation, way) for operation, found in told.items() for way, old in found if is_utc(old)]
    for _lie in range(chance.choice((1, 2, 4))):
        if jobs and chance.random() < 0.5:
            operation = chance.choice(jobs)
            way, old = chance.choice(told[operation])
            device.change(operation, way, values.like(chance, old) if chance.random() < 0.3 else _of_a_job(chance, way))
        else:
            operation, way = chance.choice(times)
            device.change(operation, way, _time(chance))
    runs.play(name, device)


def _of_a_job(chance: random.Random, way: tuple) -> t.Any:
    if way and way[-1] == "state":
        return chance.choice(("absent", "running", "done", "lost", "DONE", "", None, values.value(chance)))
    if way and way[-1] == "started":
        return _time(chance)
    if way and way[-1] == "results":
        return [_result(chance) for _n in range(chance.randrange(4))]
    return chance.choice(
        (
            values.value(chance),
            MISSING,
            {"results": [_result(chance) for _n in range(chance.randrange(4))]},
            _result(chance),
        )
    )


def _result(chance: random.Random) -> t.Any:
    if chance.random() < 0.2:
        return values.value(chance)
    value = dict(chance.choice(_STEPS))
    if value and chance.random() < 0.5:
        value[chance.choice(list(value))] = values.value(chance)
    error = {
        "type": values.text(chance),
        "message": values.text(chance),
        "hresult": chance.choice((*values.NUMBERS, None)),
    }
    return chance.choice(({"ok": True, "value": value}, {"ok": False, "error": error}, {"ok": True}, {"ok": False}))


def _time(chance: random.Random) -> t.Any:
    """A time far away, one near, or none."""
    if chance.random() < 0.3:
        return values.value(chance)
    year = chance.choice((1, 2, 1601, 1970, 2025, 2026, 2038, 9999))
    moment = datetime.datetime(year, chance.choice((1, 12)), chance.choice((1, 31)), chance.choice((0, 23)), 59, 59)
    return f"{moment.isoformat()}{chance.choice(('', '.000', '.999999', '.1234567'))}{chance.choice('ZZZz ')}"
