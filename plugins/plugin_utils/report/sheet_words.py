# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages of hand-over sheets have in common: who is called, and how a text that others wrote is shown.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t
from collections.abc import Mapping, Sequence

from ..sheet import Section, article, escaped, page
from ..untrusted import visible

MAX_FIELD = 200
"""Letters of a text of others on a page."""

Record = Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class About:
    """What a sheet says that no record holds: ``contact`` is whom to call, ``domain`` that of people's accounts; None
    where nobody has said."""

    contact: str | None = None
    domain: str | None = None


Page = tuple[str, Sequence[Section]]
"""The name of whom or what a page is for, and its sections."""


def as_html(title: str, head: str, note: str, pages: Sequence[Page]) -> str:
    """A sheet as one HTML text, which needs nothing else: no script, no link, no image. ``note`` may be empty."""
    parts = [f"<p>{escaped(head)}</p>", f"<p>{escaped(note)}</p>" if note else ""]
    return page(title, [*parts, *(article(name, sections) for name, sections in pages)])


def text_of(record: Record, field: str) -> str:
    """The text of a field as a page shows it, empty where it is none."""
    return shown(record.get(field))


def shown(value: t.Any) -> str:
    """A text of others, bounded, with what cannot be seen spelled; empty where it is none."""
    return visible(value, MAX_FIELD) if isinstance(value, str) else ""


def calling(about: About) -> str:
    """Whom to call."""
    contact = shown(about.contact)
    return f"Call: {contact}" if contact else "Call your service desk."


def place(path: str, check_mode: bool) -> str:
    """The absolute path of a sheet; that of check mode lies beside the other, as a report does."""
    absolute = os.path.abspath(path)
    if not check_mode:
        return absolute
    stem, ending = os.path.splitext(absolute)
    return f"{stem}.check{ending}"
