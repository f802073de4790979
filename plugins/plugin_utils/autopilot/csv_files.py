# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV files of devices as they are met: the portal's, Get-WindowsAutopilotInfo's, the Partner Center's, an export of a
Configuration Manager report, and what spreadsheets have made of them.

    from ..autopilot import csv_files

    found = csv_files.read(path)          # CsvError: it is not such a file at all
    found.rows                            # one for each device
    found.problems                        # what is left out, each with its line, and why
    found.notes                           # what was put right, each with its line

A line is a device, a line of titles (``skipped``) or a problem: nothing is lost, and no device is made of a header.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import os
import stat

from . import csv_header, csv_rows, csv_text
from .csv_header import Columns
from .csv_rows import Remark, Row

__all__ = ("CsvError", "CsvFile", "Remark", "Row", "parse", "read")

MAX_CSV_BYTES = 256 * 1024 * 1024
MAX_CSV_ROWS = 20_000
_SAID = 60


class CsvError(ValueError):
    """Nothing of a file can be used. ``line`` is where that shows, None for the whole file; ``name`` is a word for it.
    The message is a whole sentence without a full stop, and names the line."""

    def __init__(self, name: str, message: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.name, self.line = name, line


@dataclasses.dataclass(frozen=True)
class CsvFile:
    """What a file holds. ``skipped``: lines of titles. ``columns``: those of the first header. ``text``: its form."""

    rows: tuple[Row, ...]
    problems: tuple[Remark, ...]
    notes: tuple[Remark, ...]
    skipped: tuple[int, ...]
    columns: Columns
    text: csv_text.Text


def read(path: str, need_hash: bool = True, code_page: str | None = None) -> CsvFile:
    """The devices of the file at ``path``. Raises CsvError, and OSError where there is no file that can be read."""
    return parse(content(path), need_hash, code_page)


def content(path: str) -> bytes:
    """The bytes of a regular file. Raises CsvError and OSError."""
    # Without waiting: a pipe that nobody writes into would be opened for ever.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise CsvError("not_a_file", "it is not a regular file")
        # Python takes as much memory at once as may be read.
        data = stream.read(min(found.st_size, MAX_CSV_BYTES) + 1)
    if len(data) > MAX_CSV_BYTES:
        raise CsvError("too_large", f"it has more than {MAX_CSV_BYTES // 2**20} MB")
    return data


def parse(data: bytes, need_hash: bool = True, code_page: str | None = None) -> CsvFile:
    """The devices of a file's bytes.

    ``need_hash``: a device without a hardware hash is a problem. ``code_page``: Python's name of the encoding of text
    that is neither UTF-8 nor UTF-16; without it such letters are a problem, where they are not in a maker's name.
    Raises CsvError.
    """
    try:
        text = csv_text.read(data, code_page)
    except ValueError as exc:
        raise CsvError("not_text", f"it cannot be read: {exc}") from None
    first = next((line for line in text.lines if line.text.strip()), None)
    if first is None:
        raise CsvError("empty", "it is empty")
    lines = tuple(csv_text.unwrapped(text.lines))
    reader = csv_rows.Reader(need_hash, csv_header.repeated_header(line.text for line in lines))
    for line in lines:
        reader.take(line)
        if len(reader.rows) > MAX_CSV_ROWS:
            raise CsvError("too_many", f"it has more than {MAX_CSV_ROWS} devices", line.number)
    reader.finish()
    if reader.first_columns is None:
        raise _without_header(first, reader)
    if need_hash and not reader.had_hashes:
        raise CsvError(
            "no_hashes",
            f"there is no column of hardware hashes, only {_quoted(reader.first_columns.names)}; devices cannot be"
            " registered from such an export",
            reader.first_columns.line,
        )
    rows, problems, notes = csv_rows.merged(reader.rows)
    return CsvFile(
        tuple(rows),
        tuple(sorted([*reader.problems, *problems], key=lambda one: one.line)),
        tuple(sorted([*reader.notes, *notes], key=lambda one: one.line)),
        tuple(reader.skipped),
        reader.first_columns,
        text,
    )


def _without_header(first: csv_text.Line, reader: csv_rows.Reader) -> CsvError:
    if reader.problems:
        return CsvError(
            "no_header",
            "there is a device, but no line before it that names the columns, such as Device Serial Number,Windows"
            " Product ID,Hardware Hash",
            reader.problems[0].line,
        )
    return CsvError(
        "no_header",
        f"no line names the columns, such as Device Serial Number,Windows Product ID,Hardware Hash; this one says"
        f" {_quoted([first.text])}",
        first.number,
    )


def _quoted(texts) -> str:
    return csv_header.shown(", ".join(text for text in texts if text), _SAID)
