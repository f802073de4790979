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

import dataclasses
import re
from collections.abc import Sequence

from ...autopilot import csv_files, csv_header, csv_text
from ...autopilot.serials import is_placeholder, is_rounded, typed
from ...options import bad_option
from ...untrusted import visible

MOST_IDENTIFIERS = 5000
LARGEST_CSV = 5_000_000
#: Letters of one value; Intune keeps 128 of an identifier's part.
LONGEST_VALUE = 128
FIELDS = ("manufacturer", "model", "serial_number")
_LABELS = ("manufacturer", "model", "serial number")
_SHOWN = 60
# What tells Excel how the cells are parted.
_SEPARATOR = re.compile(r'\ufeff?"?sep=."?\s*$', re.IGNORECASE)
# The heading of the serial numbers in some languages, in small letters and without anything between them.
_OTHER_SERIALS = frozenset(
    {
        "seriennummer",
        "serienummer",
        "num\u00e9rodes\u00e9rie",
        "n\u00famerodeserie",
        "n\u00famerodes\u00e9rie",
        "numerodiserie",
        "numerseryjny",
        "\u30b7\u30ea\u30a2\u30eb\u756a\u53f7",
        "\u5e8f\u5217\u53f7",
    }
)


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
        content = csv_files.content(path)
        if len(content) > LARGEST_CSV:
            raise bad_option("src", "it has more than 5 MB", "split it into smaller files")
        text = csv_text.read(content)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        raise bad_option("src", f"it cannot be read: {reason}", "give a CSV file on the controller") from exc
    values, headings, unsure = _values(text)
    if len(values) > MOST_IDENTIFIERS:
        raise bad_option("src", f"it has {len(values)} rows", f"give at most {MOST_IDENTIFIERS} rows in one file")
    if not values:
        raise bad_option("src", "it has no rows", "give manufacturer, model and serial number in each row")
    found = _judged(values, periods)
    told = (
        ("headings were skipped, which the portal does not take", headings),
        ("letters beyond ASCII were read as Western ones; a file in UTF-8 says for certain what they are", unsure),
    )
    found.warnings[:0] = [f"{sentence}: {_some(lines)}" for sentence, lines in told if lines]
    return found


def _values(text: csv_text.Text) -> tuple[list[tuple[int, list[str] | str]], list[str], list[str]]:
    """Cells in the order of FIELDS, or half a sentence, of each line that has something in it; which lines are
    headings; which have letters of a code page that nobody knows."""
    lines = [line for line in text.lines if line.text.strip(csv_header.BLANK_LETTERS)]
    delimiter = next((found for line in lines if (found := _delimiter(line.text))), ",")
    order: list[int] = []
    values: list[tuple[int, list[str] | str]] = []
    headings, unsure = [], []
    for line in lines:
        cells = csv_header.cells_of(line.text.strip("\ufeff"), delimiter)
        if _SEPARATOR.match(line.text):
            headings.append(f"line {line.number}")
            continue
        if not isinstance(cells, str) and _is_heading(cells):
            headings.append(f"line {line.number}")
            order = _order(cells, line.number)
            continue
        if not isinstance(cells, str) and order:
            cells += [""] * (max(order) + 1 - len(cells))
            cells = [cells[place] for place in order]
        if not line.sure and not line.text.isascii():
            unsure.append(f"line {line.number}")
        values.append((line.number, cells))
    return values, headings, unsure


def _delimiter(text: str) -> str | None:
    """What parts the cells of a line, None where that is not to be seen."""
    for delimiter in csv_header.DELIMITERS:
        cells = csv_header.cells_of(text, delimiter)
        if not isinstance(cells, str) and len(cells) >= len(FIELDS):
            return delimiter
    return None


def _is_heading(cells: list[str]) -> bool:
    fields = [_field(cell) for cell in cells]
    return csv_header.SERIAL in fields or fields[:2] == [csv_header.MANUFACTURER, csv_header.MODEL_NAME]


def _field(name: str) -> str | None:
    other = "".join(letter for letter in name.casefold() if letter.isalnum())
    return csv_header.SERIAL if other in _OTHER_SERIALS else csv_header.field_of(name)


def _order(cells: list[str], line: int) -> list[int]:
    """Where manufacturer, model and serial number are, by these headings; empty where they are the only columns.
    Failure for headings that do not say it."""
    while cells and not cells[-1]:
        cells = cells[:-1]
    fields = [_field(cell) for cell in cells]
    wanted = [csv_header.MANUFACTURER, csv_header.MODEL_NAME, csv_header.SERIAL]
    if set(wanted) <= set(fields):
        return [fields.index(field) for field in wanted]
    if len(fields) == len(wanted) and all(field in (None, right) for field, right in zip(fields, wanted)):
        return []
    raise bad_option(
        "src",
        f"the headings in line {line} do not name manufacturer, model and serial number",
        "name these three columns, or give them alone and in this order",
    )


def _judged(values: Sequence[tuple[int, list[str] | str]], periods: str) -> Rows:
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


def _row(line: int, cells: list[str] | str, periods: str) -> Row:
    if isinstance(cells, str):
        return Row(line, problem=cells)
    cells = [cell.strip() for cell in cells]
    while len(cells) > len(FIELDS) and not cells[-1]:
        cells.pop()  # what spreadsheets put at the end
    if len(cells) != len(FIELDS):
        return Row(line, problem=f"it has {len(cells)} columns instead of manufacturer, model and serial number")
    cells[2] = typed(cells[2])
    if is_rounded(cells[2]):
        return Row(line, problem=f"the serial number {visible(cells[2], _SHOWN)!r} was rounded by a spreadsheet")
    shortened = False
    if periods == "remove":
        shortened = any("." in cell for cell in cells)
        # Two blanks in a row may be the firmware's own: they stay where no period was.
        cells = [" ".join(cell.replace(".", "").split()) if "." in cell else cell for cell in cells]
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
    if "\ufffd" in value:
        return f"the {name} has letters that cannot be read; save the file as UTF-8"
    if not value.isprintable():
        return f"the {name} has characters in it that cannot be seen"
    return None


def _some(labels: list[str]) -> str:
    return "; ".join(labels[:20]) + (f"; and {len(labels) - 20} more" if labels[20:] else "")
