# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a CSV file to rows, one for each device; ``csv_files`` reads whole files.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from . import csv_text, serials
from . import hardware_hash as hashes
from .csv_header import (
    ASSIGNED_USER,
    BLANK_LETTERS,
    HASH,
    LONGEST_CELL,
    MANUFACTURER,
    MODEL_NAME,
    PRODUCT,
    SERIAL,
    TAG,
    Columns,
    cells_of,
    field_of,
    header_of,
    shown,
    values_behind,
)

_MOST_NAMED = 10


@dataclasses.dataclass(frozen=True)
class Remark:
    """What is said of a line. ``name`` is a word for it, ``message`` half a sentence about it."""

    line: int
    name: str
    message: str
    serial_number: str | None = None

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclasses.dataclass(frozen=True)
class Row:
    """A device. What a file does not say of it is None. ``hardware_hash`` is as a tenant takes it, ``decoded`` what
    stands in it."""

    line: int
    serial_number: str
    hardware_hash: str | None = None
    product_id: str | None = None
    group_tag: str | None = None
    assigned_user: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    decoded: hashes.HardwareHash | None = None

    @property
    def identity(self) -> tuple[str, str]:
        return self.decoded.identity if self.decoded else (serials.key(self.serial_number), "")


class Reader:
    """Takes the lines of a file one after another. ``repeated``: the columns that each line names before its values."""

    def __init__(self, need_hash: bool, repeated: Columns | None = None) -> None:
        self.need_hash = need_hash
        self.repeated = repeated
        self.columns: Columns | None = None
        self.first_columns: Columns | None = repeated
        self.had_hashes = repeated is not None
        self.rows: list[Row] = []
        self.problems: list[Remark] = []
        self.notes: list[Remark] = []
        self.skipped: list[int] = []
        self._titles: list[Remark] = []

    def take(self, line: csv_text.Line) -> None:
        text = line.text.strip("\ufeff")
        if not text.strip(BLANK_LETTERS):
            return
        if self.repeated is not None and self._repeats(text, line, self.repeated):
            return
        header = header_of(text, line.number, self.columns)
        if header is not None:
            # Pages of a report begin with titles and the header again.
            self.skipped += [line.number] if self.first_columns else []
            self.skipped += [title.line for title in self._titles]
            self._titles = []
            if self.first_columns is None or header.names != self.first_columns.names:
                self._note_unknown(header, line)
            self.columns = header
            self.first_columns = self.first_columns or header
            self.had_hashes = self.had_hashes or HASH in header.fields
        elif self.columns is None:
            self._before_header(text, line)
        else:
            self._device(text, line, self.columns)

    def _repeats(self, text: str, line: csv_text.Line, columns: Columns) -> bool:
        """Whether a line has the names and then its values; then it is taken."""
        cells = cells_of(text, columns.delimiter)
        values = values_behind(columns, cells) if not isinstance(cells, str) else None
        if not values or not any(values):
            return False
        self._settle_titles()
        found = self._values(values, columns, line)
        if found is not None:
            self._row(found, line)
        return True

    def _note_unknown(self, header: Columns, line: csv_text.Line) -> None:
        unknown = [name for name, field in zip(header.names, header.fields) if name and field is None]
        if unknown:
            names = ", ".join(shown(name) for name in unknown[:_MOST_NAMED])
            more = f" and {len(unknown) - _MOST_NAMED} more" if unknown[_MOST_NAMED:] else ""
            self._note(line, "unknown_columns", f"what is in these columns is not used: {names}{more}")

    def _before_header(self, text: str, line: csv_text.Line) -> None:
        if any(hashes.looks_like_one(cell.strip(' "')) for cell in re.split(r"[,;\t]", text)):
            self._problem(line, "no_header", "it is a device, and no line before it names the columns")
        else:
            self.skipped.append(line.number)

    def _device(self, text: str, line: csv_text.Line, columns: Columns) -> None:
        cells = cells_of(text, columns.delimiter)
        if isinstance(cells, str):
            self._problem(line, "not_csv", cells)
            return
        if len(cells) == 1 and len(columns.names) > 1 and not hashes.looks_like_one(cells[0]):
            self._title(cells[0], line)
            return
        self._settle_titles()
        if any(cells[len(columns.names) :]):
            self._problem(
                line,
                "too_many_cells",
                f"it has {len(cells)} values for {len(columns.names)} columns; is there a"
                f" {columns.delimiter!r} within one?",
            )
            return
        found = self._values(cells, columns, line)
        if found is not None:
            self._row(found, line)

    def _values(self, cells: list[str], columns: Columns, line: csv_text.Line) -> dict[str, str] | None:
        found: dict[str, str] = {}
        for field, cell in zip(columns.fields, cells):
            if field is None or not cell:
                continue
            if not cell.isprintable() or "\ufffd" in cell or (field != HASH and len(cell) > LONGEST_CELL):
                what = f"its {field} has letters that cannot be read, or too many"
                self._problem(line, "unreadable", what, found.get(SERIAL, ""))
                return None
            if not line.sure and not cell.isascii() and field not in (MANUFACTURER, MODEL_NAME):
                self._problem(
                    line,
                    "unknown_letters",
                    f"its {field} {shown(cell)} is written in a code page that nobody knows; save the file as UTF-8",
                    found.get(SERIAL, ""),
                )
                return None
            if found.setdefault(field, cell) != cell:
                what = f"two columns have a {field}: {shown(found[field])}, {shown(cell)}"
                self._problem(line, "two_values", what, found.get(SERIAL, ""))
                return None
        return found

    def _row(self, found: dict[str, str], line: csv_text.Line) -> None:
        serial = serials.typed(found.get(SERIAL, ""))
        if field_of(serial) or header_of(serial, line.number):
            self._problem(line, "not_a_device", f"its serial number is the name of a column, {shown(serial)}")
            return
        decoded = None
        if HASH in found:
            try:
                decoded = hashes.decode(found[HASH])
            except hashes.HashError as exc:
                if self.need_hash or not serial:
                    self._problem(line, f"hash_{exc.name}", f"its hardware hash cannot be used: {exc}", serial)
                    return
        if decoded is None and self.need_hash:
            self._problem(line, "no_hash", "it has no hardware hash", serial)
            return
        if decoded is not None and decoded.repaired:
            self._note(line, "hash_repaired", "the end of its hardware hash was not right, and was mended", serial)
        found.pop(HASH, None)
        right = _serial(serial, decoded.serial_number if decoded else "")
        if not right:
            problem = (
                f"its serial number is {shown(serial)}, and that in its hardware hash"
                if serial
                else "it has no serial number"
            )
            self._problem(
                line,
                "serial_differs" if serial else "no_serial",
                f"{problem} {shown(decoded.serial_number)}" if serial and decoded else problem,
                serial,
            )
            return
        if serials.is_rounded(right):
            said = f"its serial number {shown(right)} was rounded by a spreadsheet"
            self._problem(line, "rounded_serial", f"{said}; format the column as text, and export it again")
            return
        if len(right) > serials.LONGEST_SERIAL:
            self._problem(line, "long_serial", f"its serial number has {len(right)} letters")
            return
        if right != serial:
            said = f"its serial number {shown(serial)}" if serial else "its empty serial number"
            self._note(line, "serial_from_hash", f"{said} is {shown(right)} in its hardware hash, which counts", right)
        self.rows.append(
            Row(
                line.number,
                decoded=decoded,
                hardware_hash=decoded.text if decoded else None,
                **{**found, SERIAL: right},
            )
        )

    def _title(self, text: str, line: csv_text.Line) -> None:
        self._titles.append(Remark(line.number, "not_a_device", f"it is not a device: {shown(text)}"))

    def _settle_titles(self) -> None:
        """Lines that no header follows: none of them is the title of a page."""
        self.problems += self._titles
        self._titles = []

    def finish(self) -> None:
        self._settle_titles()

    def _problem(self, line: csv_text.Line, name: str, message: str, serial: str = "") -> None:
        self.problems.append(Remark(line.number, name, message, serial or None))

    def _note(self, line: csv_text.Line, name: str, message: str, serial: str = "") -> None:
        self.notes.append(Remark(line.number, name, message, serial or None))


def merged(rows: list[Row]) -> tuple[list[Row], list[Remark], list[Remark]]:
    """One row for each device, in the order of the file: (rows, problems, notes).

    Two rows of one device become one where they do not contradict each other, with the hash of the later one.
    """
    places: dict[t.Any, list[Row]] = {}
    for row in rows:
        key = serials.key(row.serial_number)
        # A number that many devices have says nothing: what else there is says whether it is the same.
        places.setdefault((key, row.identity) if serials.is_placeholder(key) else key, []).append(row)
    kept, problems, notes = [], [], []
    for same in places.values():
        row, contradiction = _one(same)
        if contradiction:
            lines = ", ".join(str(one.line) for one in same)
            problems += [
                Remark(
                    one.line,
                    "contradiction",
                    f"lines {lines} have one serial number and {contradiction}",
                    one.serial_number,
                )
                for one in same
            ]
            continue
        kept.append(row)
        notes += [
            Remark(one.line, "duplicate", f"it is the same device as in line {same[0].line}", one.serial_number)
            for one in same[1:]
        ]
    return sorted(kept, key=lambda row: row.line), problems, notes


def _one(same: list[Row]) -> tuple[Row, str]:
    row = same[0]
    for later in same[1:]:
        if row.decoded and later.decoded and not hashes.same_device(row.decoded, later.decoded):
            return row, "hashes of two devices"
        changes: dict[str, t.Any] = {}
        for field in (PRODUCT, TAG, ASSIGNED_USER):
            one, other = getattr(row, field), getattr(later, field)
            if one and other and one.lower() != other.lower():
                return row, f"different values of {field}: {shown(one)}, {shown(other)}"
            changes[field] = one or other
        for field in (MANUFACTURER, MODEL_NAME):
            changes[field] = getattr(row, field) or getattr(later, field)
        if later.decoded:
            changes |= {HASH: later.hardware_hash, "decoded": later.decoded}
        row = dataclasses.replace(row, **changes)
    return row, ""


def _serial(cell: str, inside: str) -> str:
    """The serial number of a row: as the cell has it, or whole as the hash has it; empty where there is none, or where
    the two are of different devices."""
    if not inside or serials.key(cell) == serials.key(inside):
        return cell
    if not cell or serials.lost_leading_zeros(cell, inside) or serials.rounded_from(cell, inside):
        return inside
    return ""
