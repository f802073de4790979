# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make faults`: each exchange of each task that changes a device goes wrong in each way, and the next run mends it.

    python -m tests.faults [--work NAME]... [--every N] [--processes 2]

Ends with 1 where a device is not as after an undisturbed run.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import multiprocessing
import sys

from tests.collection import make_importable

make_importable()

from . import sweep, works  # noqa: E402 - the collection has to be importable first


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    names = given.work or list(works.WORKS)
    failed = played = 0
    with concurrent.futures.ProcessPoolExecutor(given.processes, multiprocessing.get_context("fork")) as pool:
        for name in names:
            faults = sweep.faults(name)[:: given.every]
            found = [pair for pair in zip(faults, pool.map(sweep.problem, faults, chunksize=4)) if pair[1]]
            played += len(faults)
            failed += len(found)
            exchanges = sweep.undisturbed(name).exchanges
            print(f"{name:22} {exchanges:3} exchanges {len(faults):5} faults {len(found):4} problems", flush=True)
            for fault, problem in found:
                print(f"  {fault}: {problem}", flush=True)
    print(f"{played} faults, {failed} problems")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.faults")
    made.add_argument("--work", action="append", choices=list(works.WORKS), help="this one only; may be repeated")
    made.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th fault")
    made.add_argument("--processes", type=int, default=2)
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
