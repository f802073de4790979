# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast 500 simulated devices start, and how much memory they take."""

from __future__ import annotations

import time
from pathlib import Path

from tests.lab import process

from .measure import peak_mib

DEVICES = 500


def measure(root: Path) -> dict:
    start = time.perf_counter()
    out = root / "build" / "bench" / "lab500"
    with process.running(out, "--scenario", "healthy", "--devices", str(DEVICES)) as lab:
        seconds = time.perf_counter() - start
        memory = peak_mib(lab.process.pid)
    return {
        f"lab of {DEVICES} devices: seconds to start": {"value": seconds, "goal": 10, "better": "lower"},
        f"lab of {DEVICES} devices: peak MiB": {"value": memory, "goal": 1024, "better": "lower"},
    }
