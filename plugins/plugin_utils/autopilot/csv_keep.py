# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of one device in a CSV file that is kept: a new file has the portal's form, one that is there keeps its own.

Lines of other devices are not looked at, and stay as they are to the byte: hundreds of hosts write to one file.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import codecs
import dataclasses
import hashlib
import re
from collections.abc import Iterable, Mapping

from . import csv_header, csv_text, serials
from . import hardware_hash as hashes
from .csv_files import CsvError
from .csv_header import ASSIGNED_USER, HASH, MANUFACTURER, MODEL_NAME, PRODUCT, SERIAL, TAG, Columns

PORTAL_COLUMNS = ("Device Serial Number", "Windows Product ID", "Hardware Hash", "Group Tag", "Assigned User")
"""What the Intune admin center takes: these names, in ANSI, without quotes."""
PORTAL_ROWS = 500
_LINE_END = re.compile(r"(\r\n|\n|\r)")
# Latin-1 gives every byte back as it was; what we write into such a file is ASCII.
_CODECS = {
    csv_text.UTF_16: "utf-16-le",
    csv_text.UTF_16_BE: "utf-16-be",
    csv_text.UTF_8: "utf-8",
    csv_text.ANSI: "latin-1",
}
_MARKS = {
    csv_text.UTF_16: codecs.BOM_UTF16_LE,
    csv_text.UTF_16_BE: codecs.BOM_UTF16_BE,
    csv_text.UTF_8: codecs.BOM_UTF8,
}
_SHOWN_OF_HASH = 12


@dataclasses.dataclass(frozen=True)
class Entry:
    """A device as it is to stand in the file. What is None keeps its value there."""

    decoded: hashes.HardwareHash
    serial_number: str
    product_id: str | None = None
    group_tag: str | None = None
    assigned_user: str | None = None
    manufacturer: str | None = None
    model: str | None = None

    @property
    def values(self) -> dict[str, str | None]:
        return {
            SERIAL: self.serial_number,
            PRODUCT: self.product_id,
            HASH: self.decoded.text,
            TAG: self.group_tag,
            ASSIGNED_USER: self.assigned_user,
            MANUFACTURER: self.manufacturer,
            MODEL_NAME: self.model,
        }


@dataclasses.dataclass(frozen=True)
class Kept:
    """``data``: the file with the row. ``before``, ``after``: the row by its columns, with a shortened hash; equal
    where nothing changes. ``rows``: how many devices the file then has."""

    data: bytes
    before: dict[str, str] | None
    after: dict[str, str]
    rows: int


def keep(data: bytes | None, entry: Entry) -> Kept:
    """The content of a file (None: there is none) with the device in it. Raises CsvError where that cannot be, with the
    line: then nothing of the file is to be changed."""
    form = _form(data)
    header: Columns | None = None
    first: tuple[int, Columns, list[str]] | None = None
    rows, last = 0, -1
    lines = form.pieces[::2]
    drop, others = [], []
    for number, line in enumerate(lines):
        text = _without_mark(line)
        if not text.strip(csv_header.BLANK_LETTERS):
            continue
        last = number
        found = csv_header.header_of(text, number + 1, header)
        if found is not None:
            header = found
            _refuse_double(header)
            continue
        if header is None:
            _refuse_device_before_header(text, number + 1)
            continue
        rows += 1
        cells = _cells_of(text, header, entry, number + 1)
        if cells is None:
            continue
        if first is not None:
            others.append(_values(cells, header))
            drop.append(number)
            rows -= 1
            continue
        first = (number, header, cells)
    if header is None:
        raise _no_header()
    if first is None:
        cells = _with_values([""] * len(header.names), header, entry, False)
        after, rows = _shown(cells, header), rows + 1
        _insert(form, last, _line(cells, header, form, last + 2))
        return Kept(form.data(), None, after, rows)
    number, header, cells = first
    changed = _with_values(cells, header, entry, _is_same(cells, header, entry))
    changed = _with_others(changed, header, others, entry, number + 1)
    before, after = _shown(cells, header), _shown(changed, header)
    if changed != cells:
        form.pieces[2 * number] = _line(changed, header, form, number + 1)
    if drop:
        # The device had several rows: what went is a change, too.
        before, after = {**before, "rows": str(len(drop) + 1)}, {**after, "rows": "1"}
        for gone in reversed(drop):
            del form.pieces[2 * gone : 2 * gone + 2]
    return Kept(form.data(), before, after, rows)


def try_out(data: bytes | None, values: Mapping[str, str]) -> None:
    """Raises the CsvError of ``keep`` for a file that cannot be kept, or has no place for one of these values, whatever
    the device is."""
    form, header = _form(data), None
    for number, line in enumerate(form.pieces[::2], 1):
        header = csv_header.header_of(_without_mark(line), number)
        if header is not None:
            _refuse_double(header)
            _refuse_missing([SERIAL, HASH, *values], header)
            _line(list(values.values()), header, form, number)
            return
    raise _no_header()


def _without_mark(line: str) -> str:
    """A line without the mark of a file that was appended, also where its three bytes are letters of Latin-1."""
    return line.strip("\ufeff").removeprefix("\u00ef\u00bb\u00bf")


def _no_header() -> CsvError:
    return CsvError("no_header", f"no line names the columns; the header is {','.join(PORTAL_COLUMNS)}")


def _refuse_double(header: Columns) -> None:
    known = [field for field in header.fields if field]
    double = next((field for field in known if known.count(field) > 1), None)
    if double is not None:
        raise CsvError("two_columns", f"there are two columns for {double}", header.line)


def _refuse_missing(names: Iterable[str], header: Columns) -> None:
    missing = [name for name in names if name not in header.fields and name not in (MANUFACTURER, MODEL_NAME)]
    if missing:
        raise CsvError("no_column", f"there is no column for {missing[0]}", header.line)


@dataclasses.dataclass
class _Form:
    """``pieces``: lines and, between them, their ends."""

    encoding: str
    mark: bytes
    end: str
    pieces: list[str]
    ascii_only: bool

    def data(self) -> bytes:
        return self.mark + "".join(self.pieces).encode(_CODECS[self.encoding])


def _form(data: bytes | None) -> _Form:
    if not data:
        return _Form(csv_text.UTF_8, b"", "\r\n", [",".join(PORTAL_COLUMNS), "\r\n", ""], True)
    try:
        text = csv_text.read(data)
    except ValueError as exc:
        raise CsvError("not_text", f"it cannot be read: {exc}") from None
    if text.encoding == csv_text.MIXED:
        raise CsvError("two_encodings", "it is written in two encodings; save it in one, such as UTF-8")
    mark = _MARKS[text.encoding] if text.mark else b""
    body = data[len(mark) :].decode(_CODECS[text.encoding])
    plain = text.encoding == csv_text.ANSI or (text.encoding == csv_text.UTF_8 and not mark and body.isascii())
    return _Form(text.encoding, mark, text.line_end or "\r\n", _pieces(body), plain)


def _pieces(body: str) -> list[str]:
    """Lines and, between them, their ends."""
    if body.count("\r") != body.count("\r\n"):
        return _LINE_END.split(body)
    pieces = []
    for line in body.split("\n"):
        pieces += [line[:-1], "\r\n"] if line.endswith("\r") else [line, "\n"]
    return pieces[:-1]


def _refuse_device_before_header(text: str, line: int) -> None:
    if any(hashes.looks_like_one(cell.strip(' "')) for cell in re.split(r"[,;\t]", text)):
        raise CsvError("no_header", "there is a device, but no line before it that names the columns", line)


def _cells_of(text: str, header: Columns, entry: Entry, line: int) -> list[str] | None:
    """The cells of a line that is the device's own, None for any other line."""
    # Most lines are of others: a search is a hundred times faster than reading each.
    wanted = entry.serial_number.lstrip("0") or entry.serial_number
    rounded = wanted.isdigit() and "E+" in text.upper()
    if not rounded and wanted.upper() not in text.upper():
        return None
    cells = csv_header.cells_of(text, header.delimiter)
    if isinstance(cells, str):
        raise CsvError("not_csv", cells, line)
    values = _values(cells, header)
    serial, key = serials.typed(values.get(SERIAL, "")), serials.key(entry.serial_number)
    # Many numbers are rounded to the same one: the hash says whose it is.
    rounded = serials.rounded_from(serial, entry.serial_number) and _is_same(cells, header, entry)
    if serials.key(serial) != key and not serials.lost_leading_zeros(serial, entry.serial_number) and not rounded:
        return None
    if serials.is_placeholder(key) and not _is_same(cells, header, entry):
        return None  # Another device with the same placeholder.
    return cells + [""] * (len(header.names) - len(cells))


def _is_same(cells: list[str], header: Columns, entry: Entry) -> bool:
    """Whether the hash in a row is one of the device: then it stays, whenever it was harvested."""
    try:
        return hashes.same_device(hashes.decode(_values(cells, header).get(HASH, "")), entry.decoded)
    except hashes.HashError:
        return False


def _values(cells: list[str], header: Columns) -> dict[str, str]:
    return {field: cell for field, cell in zip(header.fields, cells) if field and cell}


def _with_values(cells: list[str], header: Columns, entry: Entry, keeps_hash: bool) -> list[str]:
    values = {name: value for name, value in entry.values.items() if value is not None}
    _refuse_missing(values, header)
    if keeps_hash:
        del values[HASH]
    changed = [values.get(field, cell) if field else cell for field, cell in zip(header.fields, cells)]
    return changed + cells[len(header.fields) :]


def _with_others(cells: list[str], header: Columns, others: list[dict[str, str]], entry: Entry, line: int) -> list[str]:
    """The cells, with what only the device's other rows say. Raises CsvError where they say something else."""
    found = dict(zip(header.fields, cells))
    for values in others:
        for field in (field for field in values if entry.values[field] is None):
            said = found.get(field) or values[field]
            if said.lower() != values[field].lower():
                both = f"{csv_header.shown(said)}, {csv_header.shown(values[field])}"
                raise CsvError("contradiction", f"the device has several rows with different {field}: {both}", line)
            found[field] = said
    end = len(header.fields)
    return [found.get(field, cell) if field else cell for field, cell in zip(header.fields, cells)] + cells[end:]


def _line(cells: list[str], header: Columns, form: _Form, line: int) -> str:
    """The line as the file writes its lines. Raises CsvError for a value that has no place in it."""
    for cell in cells:
        if not cell.isprintable():
            raise CsvError("letters", f"{csv_header.shown(cell)} has letters that have no place in a row", line)
        if form.ascii_only and not cell.isascii():
            raise CsvError(
                "letters",
                f"{csv_header.shown(cell)} has letters beyond ASCII, which the file cannot hold for certain",
                line,
            )
        if not header.quoted and (header.delimiter in cell or '"' in cell):
            raise CsvError("quotes", f"{csv_header.shown(cell)} needs quotes, which the file does not use", line)
    if header.quoted:
        cells = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    return header.delimiter.join(cells)


def _insert(form: _Form, last: int, line: str) -> None:
    """Put a line behind the last one that is not blank."""
    place = 2 * last + 1
    if place < len(form.pieces):
        form.pieces[place + 1 : place + 1] = [line, form.end]
    else:
        form.pieces += [form.end, line, form.end, ""]


def _shown(cells: list[str], header: Columns) -> dict[str, str]:
    shown = {}
    for name, field, cell in zip(header.names, header.fields, cells):
        long = field == HASH and len(cell) > 2 * _SHOWN_OF_HASH
        if long:
            digest = hashlib.sha256(cell.encode("utf-8", "replace")).hexdigest()
            cell = f"{cell[:_SHOWN_OF_HASH]}... ({len(cell)} letters, SHA-256 {digest[:_SHOWN_OF_HASH]}...)"
        shown[name] = cell
    return shown
