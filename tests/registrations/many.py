# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""5,000 devices of a CSV file in one task, killed three times: requests for each device, and memory."""

from __future__ import annotations

import pathlib
import tempfile
import time
import tracemalloc

import pytest

from tests.unit.tenant.autopilot.registering import DOMAIN, Registering, hash_of, outcomes
from tests.unit.tenant.lab_bench import Killed

DEVICES, KILLS = 5_000, (20, 90, 200)
#: More than these for each device are not what chunks and polling need.
MOST_REQUESTS = 0.4
#: Memory is looked at for each so many chunks.
EACH = 10
OURS = tracemalloc.Filter(True, "*/plugins/plugin_utils/*")


def report(devices: int = DEVICES, kills: tuple[int, ...] = KILLS) -> int:
    """Print what it takes. Returns how many problems there are."""
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        path = pathlib.Path(directory) / "devices.csv"
        _write(path, devices)
        undisturbed = _run(path, devices, (), patch)
        killed = _run(path, devices, kills, patch)
    return undisturbed + killed


def _write(path: pathlib.Path, devices: int) -> None:
    with path.open("w", encoding="ascii", newline="") as stream:
        stream.write("Device Serial Number,Windows Product ID,Hardware Hash,Group Tag,Assigned User\r\n")
        for number in range(devices):
            serial = f"SN-{number:05}"
            stream.write(f"{serial},,{hash_of.__wrapped__(serial)},desk,ada@{DOMAIN}\r\n")


def _run(path: pathlib.Path, devices: int, kills: tuple[int, ...], patch: pytest.MonkeyPatch) -> int:
    office = Registering()
    office.keep_time(patch)
    held: list[int] = []
    chunks: list[int] = []
    waiting = list(kills)

    def meet(number: int, sent: bool) -> None:
        if sent and waiting and number >= waiting[0]:
            waiting.pop(0)
            raise Killed
        if kills or sent or not office.exchanges[-1].endswith("/import"):
            return
        chunks.append(number)
        if len(chunks) % EACH == 1:
            held.append(sum(one.size for one in tracemalloc.take_snapshot().filter_traces([OURS]).traces))

    office.trouble = meet
    began = time.monotonic()
    if not kills:
        tracemalloc.start()
    result: dict = {}
    while not result:
        try:
            result = office.register(csv=str(path), timeout=100_000)
        except Killed:
            office.pass_time(10)
    peak = tracemalloc.get_traced_memory()[1] if not kills else 0
    tracemalloc.stop()
    twice = sum(count != 1 for count in office.imported.values())
    lost = devices - len(office.tenant.autopilot_devices)
    requests = len(office.exchanges)
    how = f"killed {len(kills)} times" if kills else "undisturbed"
    print(
        f"{devices} devices of a CSV file, {how}: {requests} requests, {requests / devices:.3f} a device; "
        f"{twice} imported twice, {lost} lost; {office.lab.clock.elapsed():.0f} s of the lab, "
        f"{time.monotonic() - began:.0f} s here",
        flush=True,
    )
    if held:
        print(
            f"  memory of the collection's own code at the first chunk {held[0] / 2**20:.1f} MB, at the last "
            f"{held[-1] / 2**20:.1f} MB, at most {max(held) / 2**20:.1f} MB; peak with the lab {peak / 2**20:.0f} MB",
            flush=True,
        )
    done = not result.get("failed") and set(outcomes(result)) <= {"changed", "unchanged"}
    most = MOST_REQUESTS * devices * (1 + len(kills))
    grows = bool(held) and max(held) > held[0] * 1.5
    return twice + lost + (not done) + (requests > most) + grows
