# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what pages and documentation promise with the table of the tests that hold it (docs/contributing.md).

.venv/bin/python -m tests.tools.promises            # puts the rows in the order of the texts, and says what is wrong
.venv/bin/python -m tests.tools.promises --check    # only says it, and fails if there is anything
"""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

from . import table
from .sentences import promises
from .texts import texts

ROOT = Path(__file__).resolve().parents[3]


def promised(root: Path) -> dict[str, list[str]]:
    """The sentences that promise something, by text; texts without one are left out."""
    found = {text: promises(blocks) for text, blocks in texts(root).items()}
    return {text: sentences for text, sentences in found.items() if sentences}


def main(arguments: t.Sequence[str], root: Path = ROOT) -> int:
    """Exit code: 0 where texts and table agree."""
    folder = root / "tests" / "promises"
    sentences, rows = promised(root), table.read(folder)
    if arguments != ["--check"]:
        for text, its_rows in rows.items():
            head = table.HEAD.format(text=text)
            sorted_rows = table.written(table.in_order(its_rows, sentences.get(text, ())))
            (folder / f"{text}.yml").write_text(head + sorted_rows, encoding="utf-8")
    problems = table.problems(sentences, rows, table.Tests(root))
    print("\n\n".join([*problems, *_open(rows), _summary(rows)]))
    return 1 if problems else 0


def _open(rows: t.Mapping[str, t.Sequence[table.Row]]) -> list[str]:
    """What is still missing, a line each. It does not fail the check."""
    return [
        f"open, {text}: {row['sentence']} ({row['open']})"
        for text, its_rows in rows.items()
        for row in its_rows
        if isinstance(row, dict) and "open" in row and "sentence" in row
    ]


def _summary(rows: t.Mapping[str, t.Sequence[table.Row]]) -> str:
    answers = [answer for its_rows in rows.values() for row in its_rows for answer in table.ANSWERS if answer in row]
    held, none, still_open = (answers.count(answer) for answer in table.ANSWERS)
    return f"promises: {held} held by a test, {still_open} open, {none} sentences that promise nothing"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
