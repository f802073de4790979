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

from ..untrusted import visible

DELIMITERS = (",", ";", "\t")
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
LONGEST_VALUE = 1024
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
    if len(text) > LONGEST_VALUE:
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
        fields = tuple(_NAMES.get(_WORDS.sub("", cell.lower())) for cell in cells)
        known = [field for field in fields if field]
        single = len(cells) == 1 and (before is None or len(before.names) == 1)
        if (SERIAL in known or HASH in known) and (len(known) > 1 or single):
            return Columns(number, delimiter, tuple(cells), fields, '"' in text)
    return None


def names_a_column(text: str) -> bool:
    """Whether a value is the name of a column."""
    return _WORDS.sub("", text.lower()) in _NAMES


def cells_of(text: str, delimiter: str) -> list[str] | str:
    """The values of a line, without blanks around them; half a sentence where it has no such form."""
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return "its quotes do not fit together"
    return [_plain(cell) for cell in cells]


def _plain(cell: str) -> str:
    cell = cell.strip(" \t\xa0\r\n")
    found = _FORMULA.fullmatch(cell)
    return found[1].strip() if found else cell


def shown(text: str, most: int = _SAID) -> str:
    return repr(visible(text, most))
