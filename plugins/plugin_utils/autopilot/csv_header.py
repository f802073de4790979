# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header of a CSV file of devices: which line it is, and what its columns mean. And the cells of any line.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import csv
import dataclasses
import re
from collections.abc import Iterable, Sequence

from ..untrusted import visible
from .hardware_hash import looks_like_one

DELIMITERS = (",", ";", "\t")
BLANK_LETTERS = ' \t\xa0,;"\ufeff\x1a'
"""Letters of which a line may be made that says nothing. The last is the end of a file of DOS."""
SERIAL, PRODUCT, HASH = "serial_number", "product_id", "hardware_hash"
TAG, ASSIGNED_USER = "group_tag", "assigned_user"
MANUFACTURER, MODEL_NAME = "manufacturer", "model"
# In small letters without anything but letters and digits. OrderID was the group tag; the Partner Center has maker and
# model; the names with "identifier" and "principal name" are Microsoft Graph's.
_NAMES = {
    **dict.fromkeys(("deviceserialnumber", "serialnumber", "serial"), SERIAL),
    **dict.fromkeys(("windowsproductid", "productid", "productkey", "productkeyid"), PRODUCT),
    **dict.fromkeys(("hardwarehash", "hardwareidentifier", "devicehardwaredata"), HASH),
    **dict.fromkeys(("grouptag", "orderid", "orderidentifier"), TAG),
    **dict.fromkeys(("assigneduser", "assigneduserprincipalname"), ASSIGNED_USER),
    **dict.fromkeys(("manufacturername", "manufacturer", "devicemanufacturer"), MANUFACTURER),
    **dict.fromkeys(("devicemodel", "model"), MODEL_NAME),
}
_WORDS = re.compile(r"[^a-z0-9]+")
# What spreadsheets keep a text with: ="00123"
_FORMULA = re.compile(r'="(.*)"')
LONGEST_CELL = 1024
"""Letters of a header, and of any value but a hash."""
_SAID = 40


@dataclasses.dataclass(frozen=True)
class Columns:
    """A header. ``names``: as it spells them; ``fields``: the field of a Row for each, None for what nobody knows."""

    line: int
    delimiter: str
    names: tuple[str, ...]
    fields: tuple[str | None, ...]
    quoted: bool = False


def header_of(text: str, number: int, before: Columns | None = None) -> Columns | None:
    """The columns that a line names, None where it is not a header. ``before``: the header that holds until there: one
    word is not another one, where it has several columns."""
    if len(text) > LONGEST_CELL:
        return None
    plain = _WORDS.sub("", text.lower())
    if not any(word in plain for word in ("serial", "hash", "hardware")):
        return None
    for delimiter in DELIMITERS:
        cells = cells_of(text, delimiter)
        if isinstance(cells, str):
            continue
        while len(cells) > 1 and not cells[-1]:
            cells.pop()
        fields = tuple(map(field_of, cells))
        known = [field for field in fields if field]
        single = len(cells) == 1 and (before is None or len(before.names) == 1)
        if (SERIAL in known or HASH in known) and (len(known) > 1 or single):
            return Columns(number, delimiter, tuple(cells), fields, '"' in text)
    return None


def field_of(name: str) -> str | None:
    """What a column with this name has, None for a name that nobody knows. Columns of databases end in numbers."""
    return _NAMES.get(_WORDS.sub("", name.lower()).rstrip("0123456789"))


def repeated_header(texts: Iterable[str]) -> Columns | None:
    """The columns that each line of a file names before its values, None where the lines do not.

    So Reporting Services exports a table: what surrounds the values, its headings too, is repeated in each record
    (Microsoft, "Exporting to a CSV file").
    """
    for number, text in enumerate(texts, 1):
        begin = text[:LONGEST_CELL].lower()
        if len(text) <= LONGEST_CELL or "serial" not in begin or "hash" not in begin:
            continue
        for delimiter in DELIMITERS:
            cells = cells_of(text, delimiter)
            found = _run_of_names(cells) if not isinstance(cells, str) else None
            if found is not None:
                columns = Columns(number, delimiter, *found)
                values = values_behind(columns, cells)
                if values and len(values) == len(columns.names) and looks_like_one(values[columns.fields.index(HASH)]):
                    return columns
    return None


def values_behind(columns: Columns, cells: Sequence[str]) -> list[str] | None:
    """The values that follow these names in the cells of a line, None where the names are not there. Names alone are
    followed by no values."""
    size = len(columns.names)
    for start in range(len(cells) - size + 1):
        if tuple(cells[start : start + size]) == columns.names:
            return list(cells[start + size : start + 2 * size])
    return None


def _run_of_names(cells: Sequence[str]) -> tuple[tuple[str, ...], tuple[str | None, ...]] | None:
    """The first names of columns that follow one another in a line, with serial number and hash: (names, fields)."""
    fields = list(map(field_of, cells))
    start = next((number for number, field in enumerate(fields) if field), len(fields))
    end = next((number for number in range(start, len(fields)) if not fields[number]), len(fields))
    if {SERIAL, HASH} <= set(fields[start:end]):
        return tuple(cells[start:end]), tuple(fields[start:end])
    return None


def cells_of(text: str, delimiter: str) -> list[str] | str:
    """The values of a line, without blanks around them; half a sentence where it has no such form."""
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error:
        if len(text) > csv.field_size_limit():
            return f"it has {len(text)} letters, which is too long"
        return "its quotes do not fit together"
    return [_plain(cell) for cell in cells]


def _plain(cell: str) -> str:
    cell = cell.strip(" \t\xa0\r\n")
    found = _FORMULA.fullmatch(cell)
    return found[1].strip() if found else cell


def shown(text: str, most: int = _SAID) -> str:
    return repr(visible(text, most))
