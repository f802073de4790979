# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make endings`: each ending of each task is played, and device and result are compared with the table.

    python -m tests.endings [--case NAME]... [--processes 2]
    python -m tests.endings --write      # the table in docs/endings.md

Ends with 1 where something is there that the table does not have, is not told, or is in the table and was never seen.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import multiprocessing
import sys

from tests.collection import make_importable

make_importable()

from . import cases, judge, table  # noqa: E402 - the collection has to be importable first


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    if given.write:
        table.PAGE.write_text(table.page_with(table.PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    names = given.case or list(cases.CASES)
    played = failed = 0
    seen: dict[tuple[str, str], set[str]] = collections.defaultdict(set)
    with concurrent.futures.ProcessPoolExecutor(given.processes, multiprocessing.get_context("fork")) as pool:
        for ending, found in pool.map(_played, [one for name in names for one in judge.endings(name)], chunksize=8):
            played += 1
            seen[found.row] |= found.now | {f"{thing} later" for thing in found.later}
            if found.problems:
                failed += 1
                print(f"{ending}:\n  " + "\n  ".join(found.problems), flush=True)
    if not given.case:
        failed += _report_unseen(seen)
    print(f"{len(names)} tasks, {played} endings, {failed} problems")
    return 1 if failed else 0


def _played(ending: judge.Ending) -> tuple[judge.Ending, judge.Seen]:
    return ending, judge.play(ending)


def _report_unseen(seen: dict[tuple[str, str], set[str]]) -> int:
    count = 0
    for ending, row in table.ROWS.items():
        missing = (row.now | {f"{thing} later" for thing in row.later}) - seen.get(ending, set())
        missing -= table.UNPLAYED.get(ending, frozenset())
        if missing or ending not in seen:
            count += 1
            print(f"{', '.join(ending)}: the table has {sorted(missing)}, and no task left it")
    return count


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.endings")
    made.add_argument("--case", action="append", choices=list(cases.CASES), help="this one only; may be repeated")
    made.add_argument("--processes", type=int, default=2)
    made.add_argument("--write", action="store_true", help="write the table into the page, and play nothing")
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
