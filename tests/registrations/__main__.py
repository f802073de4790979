# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make registrations`: registrations with Windows Autopilot are killed or cut off at each exchange, and run again.

    python -m tests.registrations [--every N] [--processes 2]

Five devices in chunks of two in every way, 250 in three chunks, and 5,000 from a CSV file that are killed three times;
of these it prints the requests for each device, and how much memory the collection's own code holds. Ends with 1 where
a device is imported twice, or lost.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import multiprocessing
import sys

from tests.collection import make_importable

make_importable()

from . import many, sweep  # noqa: E402 - the collection has to be importable first


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    failed = many.report()
    with concurrent.futures.ProcessPoolExecutor(given.processes, multiprocessing.get_context("fork")) as pool:
        for devices, chunk, ways, later in (
            (5, 2, tuple(sweep.WAYS), sweep.LATER),
            (250, 100, ("killed before", "killed after"), sweep.LATER[:2]),
        ):
            total = sweep.exchanges(devices, chunk)
            troubles = [
                sweep.Trouble(way, place, seconds, devices, chunk)
                for way in ways
                for seconds in later
                for place in range(1, total + 1, given.every)
            ]
            found = [pair for pair in zip(troubles, pool.map(sweep.problem, troubles, chunksize=4)) if pair[1]]
            print(f"{devices:5} devices {total:4} exchanges {len(troubles):5} runs {len(found):4} problems", flush=True)
            for trouble, problem in found:
                print(f"  {trouble}: {problem}", flush=True)
            failed += len(found)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.registrations")
    made.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th exchange")
    made.add_argument("--processes", type=int, default=2)
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
