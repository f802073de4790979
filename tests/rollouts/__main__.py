# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make rollouts`: a hundred runs in random order, and whether the report tells the truth about every device.

    python -m tests.rollouts [--runs 100] [--seed 1] [--only SEED] [--processes 2]

Ends with 1 where the report was not true, with the line that plays that rollout again.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import functools
import multiprocessing
import sys

from tests.collection import make_importable

make_importable()

from . import episode  # noqa: E402 - the collection has to be importable first


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    if given.only is not None:
        seeds = [given.only]
    else:
        # The last run of each rollout is one more.
        seeds = list(range(given.seed, given.seed - (-given.runs // (episode.RUNS + 1))))
    runs = failed = 0
    tell = functools.partial(print, flush=True)
    with concurrent.futures.ProcessPoolExecutor(given.processes, multiprocessing.get_context("fork")) as pool:
        for seed, (count, problems) in zip(seeds, pool.map(functools.partial(episode.played, tell=tell), seeds)):
            runs += count
            failed += bool(problems)
            if problems:
                print(f"python -m tests.rollouts --only {seed}", *problems, sep="\n  ", flush=True)
    print(f"{runs} runs in {len(seeds)} rollouts, {failed} of them not told truly")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.rollouts")
    made.add_argument("--runs", type=int, default=100, help="at least so many in all")
    made.add_argument("--seed", type=int, default=1, help="of the first rollout")
    made.add_argument("--only", type=int, metavar="SEED", help="the rollout of this seed alone")
    made.add_argument("--processes", type=int, default=2)
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
