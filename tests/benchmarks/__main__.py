# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench`: what the collection costs, side by side in one run with what a user would use instead.

Absolute times say more of the machine than of the code, so every goal is a ratio of medians of interleaved rounds.
Prints a table and writes build/bench.json: {name: {value, goal, better}}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from . import directory_posture, exchange, facts, lab_size, posture, preflight, tenant

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "build" / "bench.json"


def main() -> int:
    parts = (facts, preflight, posture, lab_size, tenant, directory_posture, exchange)
    figures = {name: figure for part in parts for name, figure in part.measure(ROOT).items()}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    width = max(map(len, figures))
    print(f"\n{'figure':{width}}  {'value':>9}  goal")
    missed = 0
    for name, figure in figures.items():
        met = figure["goal"] is None or (
            figure["value"] <= figure["goal"] if figure["better"] == "lower" else figure["value"] >= figure["goal"]
        )
        missed += not met
        bound = "at most" if figure["better"] == "lower" else "at least"
        goal = "" if figure["goal"] is None else f"{bound} {figure['goal']:g}"
        print(f"{name:{width}}  {figure['value']:9.3f}  {goal}{'' if met else '   MISSED'}")
    print(f"\nwritten to {RESULT.relative_to(ROOT)}; devices and tenant are simulated by the lab")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
