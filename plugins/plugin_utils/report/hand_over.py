# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-over sheet of a work: pages for the people who go on where the automatic part ends, to be printed.

It is made of the records of a report, and of nothing else. Each work that has one has its pages in a module of its own.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Iterable, Mapping

from . import after_join, autopilot, security_keys, sheet_join, sheet_keys, sheet_unpacking, writer
from .sheet_words import About, Page, Record, as_html

SHEET_OPTION = "hand_over"


@dataclasses.dataclass(frozen=True)
class Sheet:
    """How the sheet of a work is made. ``head`` says what to do with it, after the time of the report."""

    head: str
    pages: Callable[[Iterable[Record], About], list[Page]]
    note: Callable[[Iterable[Record]], str]


SHEETS: dict[str, Sheet] = {
    autopilot.WORK: Sheet(
        "a page for each device. Print it, and put each page into the box of its device.",
        sheet_unpacking.pages,
        sheet_unpacking.note,
    ),
    security_keys.KEYS_WORK: Sheet(
        "a page for each person who has to register a security key. Print it, and hand each page over with the key.",
        sheet_keys.pages,
        sheet_keys.note,
    ),
    after_join.JOIN_WORK: Sheet(
        "a page for each joined device. Print it, and hand each page over with its device.",
        sheet_join.pages,
        sheet_join.note,
    ),
}


def page_file(report: Mapping[str, t.Any], about: About) -> str:
    """The sheet of a report as one HTML text."""
    made, records = SHEETS[report["work"]], report["devices"]
    head = f"Hand-over sheet of {report['generated']}: {made.head}"
    return as_html("Hand-over sheet", head, made.note(records), made.pages(records, about))


def write(path: str, report: Mapping[str, t.Any], about: About) -> None:
    """Write the sheet of a report to ``path``. Raises the Failure of a bad option ``hand_over``."""
    writer.require_writable(path, SHEET_OPTION)
    try:
        with writer.directory_of(path):
            writer.put(path, page_file(report, about))
    except (OSError, ValueError) as exc:
        raise writer.unwritable(path, exc, SHEET_OPTION) from exc
