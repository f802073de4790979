# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight costs over 200 devices, in interleaved rounds with device_facts.

What many devices wait for is the controller, so its processor time counts: that of ansible-playbook and all its
workers. A device needs two seconds to start a task as SYSTEM and to ask the endpoints, during which Ansible does
nothing but look whether a worker has ended, a thousand times a second; the lab's time runs fast, so that this is not
what is measured.
"""

from __future__ import annotations

import resource
import statistics
from pathlib import Path

from tests.lab import process

from .facts import DEVICES, ROUNDS, _play
from .measure import Run

SPEED = "60"


def measure(root: Path) -> dict:
    """Figures by name."""
    contenders = ("device_facts.yml", "preflight.yml")
    processor: dict[str, list[float]] = {name: [] for name in contenders}
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    commands: list[dict] = []
    with process.running(
        root / "build" / "bench" / "preflight", "--scenario", "healthy", "--devices", str(DEVICES), "--speed", SPEED
    ) as lab:
        _play(root, lab, "assert.yml")  # Warms the disk cache for both.
        for _round in range(ROUNDS):
            for name in contenders:
                before, already = _children_seconds(), len(lab.commands())
                runs[name].append(_play(root, lab, name))
                processor[name].append(_children_seconds() - before)
                commands += lab.commands()[already:] if name == "preflight.yml" else []
    facts, preflight = contenders
    for name in contenders:
        wall = statistics.median(run.seconds for run in runs[name])
        print(
            f"{name:18} {wall:6.2f} s, {statistics.median(processor[name]):6.2f} s of processor, for {DEVICES} devices"
        )
    return {
        "preflight: controller's processor time against device_facts": {
            "value": statistics.median(p / f for p, f in zip(processor[preflight], processor[facts])),
            "goal": 1.3,
            "better": "lower",
        },
        # No goal: beside the controller's time it is the lab's own, on the same processors, and the device's requests.
        "preflight: wall clock against device_facts": {
            "value": statistics.median(p.seconds / f.seconds for p, f in zip(runs[preflight], runs[facts])),
            "goal": None,
            "better": "lower",
        },
        "preflight: commands a device": {"value": len(commands) / ROUNDS / DEVICES, "goal": 1, "better": "lower"},
        "preflight: bytes a device": {
            "value": sum(c["bytes_in"] + c["bytes_out"] for c in commands) / ROUNDS / DEVICES,
            "goal": None,
            "better": "lower",
        },
    }


def _children_seconds() -> float:
    """Processor seconds of the children that have ended; the lab, which runs on, is none of them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
