# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make fuzz`: hostile inputs at every door, and what they found.

    python -m tests.fuzz [--door NAME]... [--inputs N] [--seed S] [--processes 2]
    python -m tests.fuzz --door NAME --only SEED          the one input of this seed

Ends with 1 where an input ended in anything but a result or a refusal of the product's own.
"""

from __future__ import annotations

import argparse
import sys

from tests.collection import make_importable

from . import frame


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    make_importable()
    doors = given.door or frame.names()
    if given.only is not None:
        tally = frame.play(doors[0], given.only, 1)
        return _told({doors[0]: tally})
    counts = frame.shares(given.inputs, doors) if given.inputs else {name: frame.sample(name) for name in doors}
    width = max(map(len, doors))
    print(f"{'door':{width}}    inputs  failures  faults  inputs/s (of one core)", flush=True)
    tallies = {}
    for name, tally in frame.play_all(counts, given.seed, given.processes):
        tallies[name] = tally
        rate = tally.inputs / max(tally.seconds, 1e-9)
        print(f"{name:{width}}  {tally.inputs:8}  {tally.failed:8}  {len(tally.faults):6}  {rate:8.0f}", flush=True)
        for fault in sorted(tally.faults.values()):
            print(f"  {fault.place}, --only {fault.seed}", flush=True)
    total, failed = sum(one.inputs for one in tallies.values()), sum(one.failed for one in tallies.values())
    print(f"{'all':{width}}  {total:8}  {failed:8}")
    return _told(tallies)


def _told(tallies: dict[str, frame.Tally]) -> int:
    for name, tally in tallies.items():
        for fault in sorted(tally.faults.values()):
            print(f"\n{name}: {fault.place}\npython -m tests.fuzz --door {name} --only {fault.seed}\n{fault.told}")
    return 1 if any(tally.failed for tally in tallies.values()) else 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.fuzz")
    made.add_argument("--door", action="append", choices=frame.names(), help="play this one only; may be repeated")
    made.add_argument("--inputs", type=int, help="so many in all; without it the sample of each door")
    made.add_argument("--seed", type=int, default=1, help="the seed of the first input at each door")
    made.add_argument("--only", type=int, metavar="SEED", help="the one input of this seed, with --door")
    made.add_argument("--processes", type=int, default=2)
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
