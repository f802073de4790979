# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of a sheet: pages of sections, made into one HTML text to be printed. What the pages say, other modules do.

A text that others wrote is made visible, and stays a text in the page.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import html
import os
import typing as t
from collections.abc import Mapping, Sequence

from ..untrusted import visible

MAX_FIELD = 200
"""Letters of a text of others on a page."""

Record = Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class About:
    """What a sheet says that no record holds: ``contact`` is whom to call, None where nobody has said."""

    contact: str | None = None


@dataclasses.dataclass(frozen=True)
class Section:
    """A part of a page: a heading, and its sentences; in ``ordered`` ones they are steps, with numbers."""

    title: str
    sentences: tuple[str, ...]
    ordered: bool = False


Page = tuple[str, Sequence[Section]]
"""The name of whom or what a page is for, and its sections."""


def as_html(title: str, head: str, note: str, pages: Sequence[Page]) -> str:
    """A sheet as one HTML text, which needs nothing else: no script, no link, no image. ``note`` may be empty."""
    noted = f"<p>{_escaped(note)}</p>" if note else ""
    articles = "\n".join(_article(name, sections) for name, sections in pages)
    return _PAGE.format(title=_escaped(title), head=_escaped(head), note=noted, pages=articles)


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


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 12pt/1.5 sans-serif; margin: 2em auto; max-width: 42em; }}
article {{ break-after: page; border-top: 2px solid; }}
h2 {{ font-size: 1.1em; margin-bottom: 0; }}
</style>
</head>
<body>
<p>{head}</p>
{note}
{pages}
</body>
</html>
"""


def _article(name: str, sections: Sequence[Section]) -> str:
    parts = [f"<article>\n<h1>{_escaped(name)}</h1>"]
    for section in sections:
        kind = "ol" if section.ordered else "ul"
        rows = "\n".join(f"<li>{_escaped(sentence)}</li>" for sentence in section.sentences)
        parts.append(f"<h2>{_escaped(section.title)}</h2>\n<{kind}>\n{rows}\n</{kind}>")
    return "\n".join([*parts, "</article>"])


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)
