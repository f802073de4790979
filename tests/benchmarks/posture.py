# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What device_posture costs over 200 devices some time after their join, in interleaved rounds with device_facts.

Both are one command a device. Whoever looks at a fleet pays for bytes and for seconds, so both are held against facts.
"""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.lab import process

from .facts import DEVICES, ROUNDS, _play
from .measure import Run

GOAL = 1.5


def measure(root: Path) -> dict:
    """Figures by name."""
    contenders = facts, posture = ("device_facts.yml", "device_posture.yml")
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    commands: dict[str, list[dict]] = {name: [] for name in contenders}
    folder = root / "build" / "bench" / "posture"
    with process.running(folder, "--scenario", "posture", "--devices", str(DEVICES)) as lab:
        _play(root, lab, "assert.yml")  # Warms the disk cache for both.
        for _round in range(ROUNDS):
            for name in contenders:
                before = len(lab.commands())
                runs[name].append(_play(root, lab, name))
                commands[name] += lab.commands()[before:]
    wire = {
        name: sum(c["bytes_in"] + c["bytes_out"] for c in many) / ROUNDS / DEVICES for name, many in commands.items()
    }
    for name in contenders:
        wall = statistics.median(run.seconds for run in runs[name])
        print(f"{name:18} {wall:6.2f} s for {DEVICES} devices, {wire[name]:9.0f} bytes a device")
    return {
        "device_posture: time against device_facts": {
            "value": statistics.median(p.seconds / f.seconds for p, f in zip(runs[posture], runs[facts])),
            "goal": GOAL,
            "better": "lower",
        },
        "device_posture: bytes on the wire against device_facts": {
            "value": wire[posture] / wire[facts],
            "goal": GOAL,
            "better": "lower",
        },
        "device_posture: commands a device": {
            "value": len(commands[posture]) / ROUNDS / DEVICES,
            "goal": 1,
            "better": "lower",
        },
    }
