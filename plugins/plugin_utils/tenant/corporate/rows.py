# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of corporate identifiers, from an option or a CSV file: which of them Intune would refuse, and why.

Sources: Microsoft Intune, "Identify devices as corporate-owned" (manufacturer, model and serial number; no header; at
most 5,000 rows and 5 MB; no periods); reports of uploads that were refused as a whole because of one row (a comma in a
value, a period at its end, a placeholder).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import csv
import dataclasses
import os

from ...autopilot.serials import is_placeholder
from ...options import bad_option
from ...untrusted import in_one_line, visible

MOST_IDENTIFIERS = 5000
LARGEST_CSV = 5_000_000
#: Letters of one value; Intune keeps 128 of an identifier's part.
LONGEST_VALUE = 128
FIELDS = ("manufacturer", "model", "serial_number")
_LABELS = ("manufacturer", "model", "serial number")
_HEADINGS = frozenset({"serialnumber", "serial", "deviceserialnumber"})
_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))
_SHOWN = 60


@dataclasses.dataclass
class Row:
    """One row: its ``line`` in the file or number in the list, ``identifier`` as Intune has it, ``problem`` why it is
    left out. ``double`` is the line of an earlier row that is the same; ``shortened``: periods were removed."""

    line: int
    identifier: str | None = None
    problem: str | None = None
    double: int | None = None
    shortened: bool = False

    @property
    def label(self) -> str:
        return f"line {self.line}"


@dataclasses.dataclass
class Rows:
    """``rows`` in their order; ``warnings`` about what was read."""

    rows: list[Row] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)


def key(identifier: str) -> str:
    """What two spellings of one identifier have in common."""
    return " ".join(identifier.split()).casefold()


def of_option(devices: list[dict], periods: str) -> Rows:
    """The rows of the option. Failure for too many."""
    if len(devices) > MOST_IDENTIFIERS:
        raise bad_option("devices", f"it has {len(devices)} entries", f"give at most {MOST_IDENTIFIERS} at once")
    values = [(number, [entry.get(name) or "" for name in FIELDS]) for number, entry in enumerate(devices, 1)]
    return _judged(values, periods)


def of_file(path: str, periods: str) -> Rows:
    """The rows of a CSV file. Failure for a file that is none, or is too large."""
    try:
        if os.path.getsize(path) > LARGEST_CSV:
            raise bad_option("src", f"{path} has more than 5 MB", "split it into smaller files")
        with open(path, "rb") as file:
            content = file.read(LARGEST_CSV + 1)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        raise bad_option("src", f"{path} cannot be read: {reason}", "give a CSV file on the controller") from exc
    values = _values(content, path)
    warnings = []
    if values and _is_heading(values[0][1]):
        warnings.append(f"src: line {values[0][0]} has headings and was skipped; the portal takes no headings")
        values = values[1:]
    if len(values) > MOST_IDENTIFIERS:
        raise bad_option("src", f"{path} has {len(values)} rows", f"give at most {MOST_IDENTIFIERS} rows in one file")
    found = _judged(values, periods)
    found.warnings[:0] = warnings
    return found


def _values(content: bytes, path: str) -> list[tuple[int, list[str]]]:
    """(line, cells) of each line that has something in it."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", "utf-8"))
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")  # what Excel writes
    if "\0" in text:
        raise bad_option("src", f"{path} is not a text", "give a CSV file in UTF-8")
    reader = csv.reader(text.splitlines(keepends=True))
    values = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                values.append((reader.line_num, cells))
    except csv.Error as exc:
        raise bad_option("src", f"line {reader.line_num} of {path}: {exc}", "give a CSV file with commas") from exc
    return values


def _is_heading(cells: list[str]) -> bool:
    plain = ["".join(letter for letter in cell.lower() if letter.isalnum()) for cell in cells]
    return bool(_HEADINGS & set(plain)) or plain[:2] == ["manufacturer", "model"]


def _judged(values: list[tuple[int, list[str]]], periods: str) -> Rows:
    found = Rows()
    seen: dict[str, int] = {}
    for line, cells in values:
        row = _row(line, cells, periods)
        if row.identifier is not None:
            first = seen.setdefault(key(row.identifier), line)
            if first != line:
                row.double, row.problem = first, f"it is the same as line {first}"
        found.rows.append(row)
    shortened = [row.label for row in found.rows if row.shortened]
    doubles = [row.label for row in found.rows if row.double is not None]
    told = (
        ("periods were removed, as Microsoft says, from", shortened),
        ("given twice, and left out the second time", doubles),
    )
    found.warnings += [f"{sentence}: {_some(labels)}" for sentence, labels in told if labels]
    return found


def _row(line: int, cells: list[str], periods: str) -> Row:
    cells = [cell.strip() for cell in cells]
    while len(cells) > len(FIELDS) and not cells[-1]:
        cells.pop()  # what spreadsheets put at the end
    if len(cells) != len(FIELDS):
        return Row(line, problem=f"it has {len(cells)} columns instead of manufacturer, model and serial number")
    shortened = False
    if periods == "remove":
        plain = [" ".join(cell.replace(".", "").split()) for cell in cells]
        shortened, cells = plain != cells, plain
    problem = next(filter(None, map(_problem, _LABELS, cells)), None)
    if problem is None and is_placeholder(cells[2]):
        problem = f"the serial number {visible(cells[2], _SHOWN)!r} is a placeholder that many devices have"
    if problem is not None:
        return Row(line, problem=problem)
    return Row(line, identifier=",".join(cells), shortened=shortened)


def _problem(name: str, value: str) -> str | None:
    """Why Intune would refuse this value."""
    if not value:
        return f"the {name} is empty"
    if "," in value:
        return f"the {name} has a comma in it"
    if value.endswith("."):
        return f"the {name} ends with a period"
    if len(value) > LONGEST_VALUE:
        return f"the {name} has {len(value)} characters"
    if value != in_one_line(value, LONGEST_VALUE):
        return f"the {name} has characters in it that cannot be seen"
    return None


def _some(labels: list[str]) -> str:
    return "; ".join(labels[:20]) + (f"; and {len(labels) - 20} more" if labels[20:] else "")
