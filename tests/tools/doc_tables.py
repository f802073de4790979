# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the tables of README, guides and roles, so that they can be compared with the code."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from tests.collection import ROOT

PLACES = ("README.md", "docs/*.md", "roles/*/README.md")
_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`([^`]+)`")


@dataclasses.dataclass(frozen=True)
class Table:
    """One table. ``name`` is its file, the words of its first column's head, and the first cell below it."""

    file: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def name(self) -> str:
        return f"{self.file}: {plain(self.head[0])}: {plain(self.rows[0][0])}"

    def column(self, number: int = 0) -> list[str]:
        return [row[number] for row in self.rows]

    def by_code(self, number: int) -> dict[str, str]:
        """The cells of a column by each name in code in the first one."""
        return {name: row[number] for row in self.rows for name in code(row[0])}


def plain(cell: str) -> str:
    return cell.replace("`", "")


def code(cell: str) -> list[str]:
    """What is marked as code in a cell."""
    return _CODE.findall(cell)


def numbers(text: str) -> list[int]:
    """The whole numbers in a text, with commas or without."""
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", text)]


def tables() -> list[Table]:
    """Every table, in the order of files and lines."""
    return [table for place in PLACES for path in sorted(ROOT.glob(place)) for table in _of(path)]


def table(name: str) -> Table:
    """The table of this name."""
    found = [one for one in tables() if one.name == name]
    assert len(found) == 1, f"{len(found)} tables are called {name!r}"
    return found[0]


def _of(path: Path) -> list[Table]:
    found: list[list[tuple[str, ...]]] = []
    before = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            if not before.startswith("|"):
                found.append([])
            found[-1].append(tuple(cell.strip() for cell in _CELL.split(line)[1:-1]))
        before = line
    name = path.relative_to(ROOT).as_posix()
    for lines in found:
        widths = {len(cells) for cells in lines}
        assert len(lines) > 2 and set("".join(lines[1])) <= set("-:") and len(widths) == 1, f"{name}: {lines[0]}"
    return [Table(name, lines[0], tuple(lines[2:])) for lines in found]
