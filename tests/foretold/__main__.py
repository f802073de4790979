# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make foretold`: each kind of device with each option, and after runs that were cut off: in check mode, for real, and
again.

    python -m tests.foretold [--module NAME]... [--every N] [--processes 2]

Ends with 1 where check mode has not foretold the run, where the third run changes something, and, if all of it was
played, where an exception in exceptions.py is not needed any more.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import multiprocessing
import sys
import time
import traceback

from tests.collection import make_importable

make_importable()

from . import cases  # noqa: E402 - the collection has to be importable first
from .compare import Compared, compared  # noqa: E402
from .exceptions import OTHERWISE, RUN_ONLY  # noqa: E402
from .runs import play  # noqa: E402
from .story import Case  # noqa: E402


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    modules = given.module or list(cases.VARIANTS)
    failed, needed = 0, set()
    with concurrent.futures.ProcessPoolExecutor(given.processes, multiprocessing.get_context("fork")) as pool:
        for module in modules:
            cut_off = [case for case in cases.cut_off() if case.module == module]
            began, todo = time.monotonic(), [*cases.cases(module), *cut_off][:: given.every]
            found = list(zip(todo, pool.map(_played, todo, chunksize=4)))
            problems = [(case, result.problem) for case, result in found if result.problem]
            needed |= {row for _case, result in found for row in result.needed}
            failed += len(problems)
            seconds = time.monotonic() - began
            print(f"{module:12} {len(todo):5} cases {len(problems):4} problems {seconds:6.0f} s", flush=True)
            for case, problem in problems:
                print(f"  {case}: {problem}", flush=True)
    if not given.module and given.every == 1:
        for row in (*RUN_ONLY, *OTHERWISE):
            if row not in needed:
                failed += 1
                print(f"no case needs this exception: {row.reason}")
    return 1 if failed else 0


def _played(case: Case) -> Compared:
    try:
        return compared(case, play(case))
    except Exception:  # noqa: BLE001 - one case that trips must not end all the others
        return Compared(traceback.format_exc())


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.foretold")
    made.add_argument("--module", action="append", choices=list(cases.VARIANTS), help="this one only; may be repeated")
    made.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th case")
    made.add_argument("--processes", type=int, default=2)
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
